package storage

import (
	"errors"
	"slices"

	"navette/crdt"
)

// A KindCount says how many resources there are of a kind.
type KindCount struct {
	Kind          string
	Live, Deleted int
}

func readCount(r Reader, g derivedKeys, kind string) (*KindCount, error) {
	b, err := r.Get(g.count(kind))
	if errors.Is(err, ErrNotFound) {
		return &KindCount{Kind: kind}, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeCount(kind, b)
}

func decodeCount(kind string, b []byte) (*KindCount, error) {
	d := decoder{b: b, what: "the count of a kind"}
	c := &KindCount{Kind: kind, Live: int(d.uint()), Deleted: int(d.uint())}
	return c, d.end()
}

// Kinds returns how many resources there are of each kind, by kind.
func (l *Log) Kinds() (kinds []KindCount, err error) {
	err = l.kv.View(func(r Reader) error {
		root, err := readRoot(r)
		if err != nil {
			return err
		}
		prefix := root.derived.key(tagCount, 0)
		return r.Scan(prefix, nil, func(key, value []byte) error {
			c, err := decodeCount(string(key[len(prefix):]), value)
			if err == nil && c.Live+c.Deleted > 0 {
				kinds = append(kinds, *c)
			}
			return err
		})
	})
	return kinds, err
}

// Resources calls fn with the resources of a kind in the order of their IDs,
// from from on, until fn returns Stop. It mustn't call the Log.
func (l *Log) Resources(kind string, from crdt.ID, fn func(id crdt.ID, deleted bool) error) error {
	return l.kv.View(func(r Reader) error {
		root, err := readRoot(r)
		if err != nil {
			return err
		}
		prefix := root.derived.kind(kind)
		return r.Scan(prefix, slices.Concat(prefix, from[:]), func(key, value []byte) error {
			var id crdt.ID
			copy(id[:], key[len(prefix):])
			return fn(id, len(value) > 0)
		})
	})
}
