package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/gate"
	"navette/storage"
)

// Host makes a person whose key this node keeps, for somebody who has no
// machine of their own here: a phone at the place's page. What they write is
// signed by this node's device, in a log of their own, and they may do no more
// than members may, whatever they are granted. They have no role until Grant
// gives them one.
func (c *Commons) Host(ctx context.Context) (oplog.Key, error) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	private := ed25519.NewKeyFromSeed(seed)
	person := oplog.PublicKey(private)
	// The key first: a person whose key is lost can't move to another device.
	if err := c.n.keys.write(keyHosted+person.String(), seed); err != nil {
		return person, err
	}
	var cert gate.Entry
	var err error
	c.withMembers(func(s *membership.State) { cert, err = gate.Certify(s, private, c.n.self, true, wall()) })
	if err == nil {
		err = c.storeMembers(ctx, []gate.Entry{cert})
	}
	if err != nil {
		return person, errors.Join(fmt.Errorf("host a person: %w", err), c.n.keys.remove(keyHosted+person.String()))
	}
	return person, nil
}

// Hosts tells whether this node keeps a person's key.
func (c *Commons) Hosts(person oplog.Key) bool {
	_, err := c.n.keys.read(keyHosted+person.String(), ed25519.SeedSize)
	return !errors.Is(err, fs.ErrNotExist)
}

// CallPerson writes down, in their own name, what a person is called.
func (c *Commons) CallPerson(ctx context.Context, person oplog.Key, name string) error {
	return c.call(ctx, PersonOf(person), Author{Person: person}, "person", name)
}

// CallPlace writes down what the place of this node is called.
func (c *Commons) CallPlace(ctx context.Context, name string) error {
	return c.call(ctx, PlaceOf(c.n.self), c.self(), "place", name)
}

func (c *Commons) call(ctx context.Context, id crdt.ID, by Author, kind, name string) error {
	fields := []commons.Assign{{Field: "name", Text: name}}
	_, err := c.WriteAs(ctx, by, func() ([][]crdt.Edit, error) {
		d, err := c.log.Doc(id)
		if errors.Is(err, storage.ErrNotFound) || err == nil && d.Kind() == "" {
			return commons.Add(id, kind, fields, c.env())
		}
		if err != nil {
			return nil, err
		}
		return commons.Set(d, fields, c.env())
	})
	if err != nil {
		return fmt.Errorf("call a %s: %w", kind, err)
	}
	return nil
}

// SetUp makes the node's commons what its people want it to be: called name,
// with this place and this person. A commons that the node had made by itself
// gives way to a new one, since a commons' name is for good; one that was used
// already keeps its own name.
func (n *Node) SetUp(ctx context.Context, name, place, person string) (*Commons, error) {
	all := n.All()
	if len(all) > 0 && !n.untouched(all[0]) {
		c := all[0]
		if c.Role() < oplog.RoleMember {
			return c, nil
		}
		return c, errors.Join(c.CallPlace(ctx, place), c.CallPerson(ctx, c.Person(), person))
	}
	c, err := n.Found(ctx, name, place, person, false)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		return c, n.giveWay(all[0])
	}
	return c, nil
}

// SelfMade tells whether the node made a commons by itself and nobody has used
// it since.
func (n *Node) SelfMade(c *Commons) bool { return n.untouched(c) }
