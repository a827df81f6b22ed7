package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node/gate"
	"navette/node/replica"
	"navette/storage"
)

// Role is what this node's person may do in the commons.
func (c *Commons) Role() oplog.Role { return c.RoleOf(c.Person()) }

// RoleOf is what a person may do in the commons.
func (c *Commons) RoleOf(person oplog.Key) (role oplog.Role) {
	c.withMembers(func(s *membership.State) { role = s.Role(person) })
	return role
}

// MemberList returns the people of the commons.
func (c *Commons) MemberList() (list []membership.Member) {
	c.withMembers(func(s *membership.State) { list = s.Members() })
	return list
}

// withMembers calls fn with the membership as it is stored.
func (c *Commons) withMembers(fn func(*membership.State)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn(c.replica.Members())
}

// Invite makes an invitation and returns its link, which is a secret that
// nobody can show again. uses = 0 is any number; the zero until is no end. The
// error is ErrNotAllowed for whoever isn't a steward.
func (c *Commons) Invite(ctx context.Context, role oplog.Role, uses uint64, until time.Time, note string) (link string, id [16]byte, err error) {
	var seed gate.Seed
	rand.Read(seed[:])
	var end uint64
	if !until.IsZero() {
		end = uint64(until.Unix())
	}
	var entry gate.Entry
	c.withMembers(func(s *membership.State) {
		entry, err = gate.Author{State: s, Key: c.n.device, Person: c.Person(), Wall: wall()}.Sign(seed.Invite(role, uses, end, note))
	})
	if err != nil {
		return "", id, fmt.Errorf("%w: %w", ErrNotAllowed, err)
	}
	if err := c.storeMembers(ctx, []gate.Entry{entry}); err != nil {
		return "", id, err
	}
	inv := gate.Invitation{Commons: c.id, Seed: seed, Doors: []gate.Door{{Peer: c.n.self, Addrs: c.n.Addrs()}}}
	return inv.String(), seed.ID(), nil
}

// Addrs are the addresses under which this node can be reached now.
func (n *Node) Addrs() []string {
	n.mu.Lock()
	l := n.links
	n.mu.Unlock()
	if l.Network == nil {
		return nil
	}
	return l.Network.Addrs()
}

// storeMembers stores changes of membership and tells peers of them.
func (c *Commons) storeMembers(ctx context.Context, entries []gate.Entry) error {
	changes := make([]reconcile.Member, len(entries))
	for i, e := range entries {
		changes[i] = reconcile.Member{Block: e.Block, Sig: e.Sig}
	}
	_, errs, err := c.await(ctx, 1, func(int) replica.Ticket { return c.replica.ProposeMembers(changes...) })
	if err != nil {
		return err
	}
	return errs[0]
}

// house is the commons as it lets newcomers in, but for its State.
func (c *Commons) house() (*gate.House, error) {
	secret, err := c.n.keys.secret(c.id)
	if err != nil {
		return nil, err
	}
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	e := c.n.registry.find(c.id)
	if e == nil {
		return nil, ErrNoCommons
	}
	return &gate.House{Commons: gate.Commons{ID: c.id, Secret: secret}, Genesis: e.Genesis, Stored: c.stored}, nil
}

// stored returns all stored changes of membership, ancestors first.
func (c *Commons) stored() (out []gate.Entry, err error) {
	err = c.log.Members(func(height uint32, e storage.MemberEntry) error {
		if height > 0 {
			out = append(out, gate.Entry{ID: e.ID, Block: e.Block, Sig: e.Sig})
		}
		return nil
	})
	return out, err
}

// Kit returns the words of the recovery kit, as long as the root is on this
// machine. The error is ErrNotAllowed if it isn't.
func (c *Commons) Kit() ([]string, error) {
	if !c.HasKit() {
		return nil, fmt.Errorf("%w: the recovery kit isn't on this machine", ErrNotAllowed)
	}
	b, err := c.n.keys.read(keyRoots+c.id.String(), 32)
	if err != nil {
		return nil, err
	}
	return strings.Fields(gate.Kit([32]byte(b))), nil
}

// HasKit tells whether the root is still on this machine.
func (c *Commons) HasKit() bool { return c.n.keys.hasRoot(c.id) }

// ForgetKit removes the root from this machine: from then on only the paper
// has it.
func (c *Commons) ForgetKit() error { return c.n.keys.remove(keyRoots + c.id.String()) }
