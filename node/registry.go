package node

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"

	"navette/crdt/oplog"
	"navette/node/durable"
	"navette/storage"
)

// registryFile is in the data folder and not in the store: should the store be
// damaged beyond opening, the node still knows which commons to refill from its
// peers.
const registryFile = "commons.json"

// Every commons has a prefix of its own in the store: 'c' and its number in the
// registry. The node's own rows begin with 'n'.
const commonsSpace = 'c'

// registry is what a node knows of the commons it belongs to: local, small and
// rewritten whole.
type registry struct {
	Commons []entry `json:"commons"`
	Current string  `json:"current"` // the id of what is meant where none is named
	Next    uint16  `json:"next"`    // number of the next commons
}

// entry is one commons of a registry.
type entry struct {
	ID      string `json:"id"`
	Number  uint16 `json:"number"`
	Genesis []byte `json:"genesis"`
	// Made is where the feed stood when `up` had made the commons by itself; 0
	// if people asked for it. As long as it stands there, nobody has used it.
	Made uint64 `json:"made,omitempty"`
}

func readRegistry(dir string) (r registry, err error) {
	if _, err := durable.ReadJSON(filepath.Join(dir, registryFile), &r); err != nil {
		return r, fmt.Errorf("read the list of commons: %w", err)
	}
	return r, nil
}

func (r *registry) write(dir string) error {
	if err := durable.WriteJSON(filepath.Join(dir, registryFile), r); err != nil {
		return fmt.Errorf("write the list of commons: %w", err)
	}
	return nil
}

func (r *registry) find(id oplog.CommonsID) *entry {
	i := slices.IndexFunc(r.Commons, func(e entry) bool { return e.ID == id.String() })
	if i < 0 {
		return nil
	}
	return &r.Commons[i]
}

func (r *registry) drop(id oplog.CommonsID) {
	r.Commons = slices.DeleteFunc(r.Commons, func(e entry) bool { return e.ID == id.String() })
}

// prefixOf is what the keys of the commons of that number begin with.
func prefixOf(number uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{commonsSpace}, number)
}

// space is the store of the commons of that number.
func space(kv storage.KV, number uint16) storage.KV { return storage.Prefix(kv, prefixOf(number)) }

// clear removes every row of a space, in transactions that fit.
func clear(kv storage.KV) error {
	for {
		var keys [][]byte
		err := kv.View(func(r storage.Reader) error {
			return r.Scan(nil, nil, func(key, _ []byte) error {
				keys = append(keys, slices.Clone(key))
				if len(keys) == 1000 {
					return storage.Stop
				}
				return nil
			})
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		err = kv.Update(storage.Membership, func(t storage.Txn) error {
			for _, k := range keys {
				if err := t.Delete(k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
