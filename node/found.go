package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node/gate"
	"navette/storage"
)

// PlaceOf is the id of the resource that describes the place of a device.
func PlaceOf(device oplog.Key) crdt.ID { return commons.DerivedID("place", device.String()) }

// PersonOf is the id of the resource that describes a person.
func PersonOf(person oplog.Key) crdt.ID { return commons.DerivedID("person", person.String()) }

// Found begins a commons with this node's person as its steward. byItself says
// that nobody asked for it: as long as nobody uses it, it gives way when the
// node joins another.
func (n *Node) Found(ctx context.Context, name, place, person string, byItself bool) (*Commons, error) {
	f := gate.Founding{Name: name, Person: n.person, Device: n.self, Wall: wall()}
	rand.Read(f.Secret[:])
	rand.Read(f.Salt[:])
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	f.Root = ed25519.NewKeyFromSeed(seed)
	made, err := gate.Found(f)
	if err != nil {
		return nil, err
	}
	id := made.Commons.ID
	if err := n.keys.write(keyRoots+id.String(), seed); err != nil {
		return nil, err
	}
	c, err := n.settle(made.Commons, made.Genesis, made.Entries)
	if err != nil {
		return nil, err
	}
	if err := c.introduce(ctx, place, person); err != nil {
		return nil, err
	}
	if byItself {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.registry.find(id).Made = c.log.Pos()
		return c, n.registry.write(n.o.Dir)
	}
	return c, nil
}

// settle keeps a commons that the node now belongs to, makes it the current one
// and starts its writer. The registry comes last: what is interrupted before
// leaves keys and rows that nothing names.
func (n *Node) settle(g gate.Commons, genesis []byte, entries []gate.Entry) (*Commons, error) {
	if err := n.keys.write(keySecrets+g.ID.String(), g.Secret[:]); err != nil {
		return nil, err
	}
	n.mu.Lock()
	e := entry{ID: g.ID.String(), Number: n.registry.Next, Genesis: genesis}
	n.mu.Unlock()
	kv := space(n.o.Store, e.Number)
	if err := clear(kv); err != nil {
		return nil, fmt.Errorf("make room for a commons: %w", err)
	}
	log, _, err := storage.Open(kv, storage.Options{Commons: g.ID})
	if err != nil {
		return nil, err
	}
	batch := storage.Batch{Class: storage.Membership, Members: []storage.MemberEntry{{ID: oplog.Sum(genesis), Block: genesis}}}
	for _, e := range entries {
		batch.Members = append(batch.Members, storage.MemberEntry{ID: e.ID, Block: e.Block, Sig: e.Sig})
	}
	if _, err := log.Commit(batch); err != nil {
		return nil, fmt.Errorf("store the membership: %w", err)
	}
	c, err := n.open(e, false)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.commons = append(n.commons, c)
	n.registry.Commons = append(n.registry.Commons, e)
	n.registry.Current = e.ID
	n.registry.Next++
	err = n.registry.write(n.o.Dir)
	n.mu.Unlock()
	if err != nil {
		return nil, err
	}
	n.start(c)
	return c, nil
}

// introduce writes down which place and which person this node is, unless that
// is known.
func (c *Commons) introduce(ctx context.Context, place, person string) error {
	for _, r := range []struct {
		id         crdt.ID
		kind, name string
	}{{PlaceOf(c.n.self), "place", place}, {PersonOf(c.Person()), "person", person}} {
		_, err := c.Write(ctx, func() ([][]crdt.Edit, error) {
			d, err := c.log.Doc(r.id)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return nil, err
			}
			if err == nil && d.Kind() != "" || r.name == "" {
				return nil, nil
			}
			return commons.Add(r.id, r.kind, []commons.Assign{{Field: "name", Text: r.name}}, c.env())
		})
		if err != nil {
			return fmt.Errorf("introduce this %s: %w", r.kind, err)
		}
	}
	return nil
}

// untouched tells whether the node made the commons by itself and nobody has
// used it since: nothing was written, nobody was let in or invited.
func (n *Node) untouched(c *Commons) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.registry.find(c.id)
	return e != nil && e.Made > 0 && c.log.Pos() == e.Made && c.log.MemberCount() == foundingMembers
}

// foundingMembers is how many changes of membership a new commons has: its
// genesis, the steward's grant, and the certificate of the device.
const foundingMembers = 3

// giveWay drops an untouched commons.
func (n *Node) giveWay(c *Commons) error {
	n.mu.Lock()
	e := *n.registry.find(c.id)
	n.registry.drop(c.id)
	for i, x := range n.commons {
		if x == c {
			n.commons = append(n.commons[:i:i], n.commons[i+1:]...)
			break
		}
	}
	err := n.registry.write(n.o.Dir)
	n.mu.Unlock()
	if err != nil {
		return err
	}
	c.stop()
	return errors.Join(clear(space(n.o.Store, e.Number)), n.keys.remove(keyRoots+e.ID), n.keys.remove(keySecrets+e.ID))
}
