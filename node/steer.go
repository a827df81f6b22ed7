package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/gate"
)

// Why a change of membership isn't made.
var (
	// ErrSenior: whom it is about was made steward before this node's person,
	// or by somebody before them. The recovery kit can do it.
	ErrSenior = errors.New("node: that person is senior to this one")
	// ErrRole is a role that nobody can be given.
	ErrRole = errors.New("node: no role that can be given")
	// ErrSelf is a removal of oneself: there is Leave.
	ErrSelf = errors.New("node: one can't remove oneself")
	// ErrLastSteward: without the kit nobody could let anybody in or out any
	// more.
	ErrLastSteward = errors.New("node: the last steward")
	// ErrOldDevice: a device isn't revoked by a newer one of the same person.
	ErrOldDevice = errors.New("node: that device is older than this one")
)

// entitled finds under which authority this node may act, against a person or,
// if that is zero, against nobody: its own person's, else the root's, if it is
// here.
func (c *Commons) entitled(over oplog.Key) (root ed25519.PrivateKey, err error) {
	c.withMembers(func(s *membership.State) {
		d, ok := s.DeviceOf(c.n.self, c.Person())
		theirs, _, any := s.GrantOf(over)
		switch {
		case !ok || d.Role < oplog.RoleSteward:
			err = ErrNotAllowed
		case any && !s.Senior(d.Grant, theirs):
			err = ErrSenior
		}
	})
	if err != nil {
		if root, kept := c.n.keys.private(keyRoots + c.id.String()); kept == nil {
			return root, nil
		}
	}
	return nil, err
}

// act makes a change of membership that is directed against nobody.
func (c *Commons) act(ctx context.Context, op oplog.MemberOp) error {
	root, err := c.entitled(oplog.Key{})
	if err == nil {
		_, err = c.sign(ctx, authority{root: root}, op)
	}
	return err
}

// retire ends a person's grants, all or a steward's, and spares what they did.
func (c *Commons) retire(ctx context.Context, person oplog.Key, demote bool) error {
	root, err := c.entitled(person)
	if err == nil {
		_, err = c.Remove(ctx, person, RemoveOptions{Keep: true, Demote: demote, Root: root})
	}
	return err
}

// SetRole gives a person of the commons another role: more, or less. What they
// did before stands, what they do under the old role elsewhere meanwhile too.
// The errors are ErrNotAllowed, ErrSenior, ErrNobody, ErrRole, ErrLastSteward
// and those of storing.
func (c *Commons) SetRole(ctx context.Context, person oplog.Key, role oplog.Role) error {
	now := c.RoleOf(person)
	switch {
	case now == oplog.RoleNone || now == oplog.RoleRoot:
		return fmt.Errorf("%w: %v", ErrNobody, person)
	case role < oplog.RoleReader || role > oplog.RoleSteward:
		return fmt.Errorf("%w: %v", ErrRole, role)
	case role == now:
		return nil
	}
	grant := &oplog.Grant{Target: person, Role: role}
	if role > now {
		return c.act(ctx, grant)
	}
	if person == c.Person() {
		if now == oplog.RoleSteward && c.lastSteward() {
			return ErrLastSteward
		}
		if c.Role() == oplog.RoleSteward {
			if err := c.act(ctx, grant); err != nil {
				return err
			}
			return c.leaveAbove(ctx, role)
		}
		return ErrNotAllowed
	}
	if err := c.retire(ctx, person, role >= oplog.RoleMember && now >= oplog.RoleDoorkeeper); err != nil {
		return err
	}
	if c.RoleOf(person) == role {
		return nil
	}
	return c.act(ctx, grant)
}

// Leave ends what this node's person is in the commons: the node keeps what it
// holds, and only reads it. The errors are ErrNobody for whoever is no member,
// ErrLastSteward unless force is set, and those of storing.
func (c *Commons) Leave(ctx context.Context, force bool) error {
	switch role := c.Role(); {
	case role == oplog.RoleNone:
		return ErrNobody
	case role == oplog.RoleSteward && !force && c.lastSteward():
		return ErrLastSteward
	}
	return c.leaveAbove(ctx, oplog.RoleNone)
}

// leaveAbove leaves every grant above a role: each leave ends the one it cites,
// which is the best.
func (c *Commons) leaveAbove(ctx context.Context, role oplog.Role) error {
	for c.Role() > role {
		if _, err := c.sign(ctx, authority{}, &oplog.Leave{}); err != nil {
			return err
		}
	}
	return nil
}

// lastSteward tells whether this node's person is the only steward.
func (c *Commons) lastSteward() bool {
	for _, m := range c.MemberList() {
		if m.Role == oplog.RoleSteward && m.Person != c.Person() {
			return false
		}
	}
	return true
}

// Succeed gives a person the role of another, whose keys are lost: the two are
// one for whoever reads. The other is retired. The errors are those of SetRole.
func (c *Commons) Succeed(ctx context.Context, old, successor oplog.Key) error {
	role := c.RoleOf(old)
	if now := c.RoleOf(successor); old == successor || role == oplog.RoleNone || role == oplog.RoleRoot || now == oplog.RoleNone {
		return fmt.Errorf("%w: %v", ErrNobody, successor)
	}
	if old == c.Person() {
		return ErrSelf
	}
	if err := c.retire(ctx, old, false); err != nil {
		return err
	}
	return c.act(ctx, &oplog.Grant{Target: successor, Role: max(role, c.RoleOf(successor)), Succeeds: &old})
}

// Uninvite revokes an invitation, by the id of its change. Nobody who knows of
// it lets anybody in by it. The error is ErrNotAllowed, or that of storing.
func (c *Commons) Uninvite(ctx context.Context, invitation crdt.ChangeID) error {
	return c.act(ctx, &oplog.RevokeInvite{Invite: invitation})
}

// RestoreKit puts the root back on this machine, from the words of the recovery
// kit, so that it can do what no steward can. The errors are gate.ErrKit, and
// ErrNobody for the kit of another commons.
func (c *Commons) RestoreKit(words string) error {
	seed, err := gate.ParseKit(words)
	if err != nil {
		return err
	}
	if c.RoleOf(oplog.PublicKey(ed25519.NewKeyFromSeed(seed[:]))) != oplog.RoleRoot {
		return fmt.Errorf("%w: a kit of another commons", ErrNobody)
	}
	return c.n.keys.write(keyRoots+c.id.String(), seed[:])
}
