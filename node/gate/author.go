package gate

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// ErrNotAllowed is a change of membership that whoever signs has no right to.
var ErrNotAllowed = errors.New("gate: not allowed to do that here")

// Certify signs, with a person's key, that a device acts for that person.
// hosted says that the device keeps the person's key. The error is
// ErrNotAllowed, for a device key that is the person's own.
func Certify(s *membership.State, person ed25519.PrivateKey, device oplog.Key, hosted bool, wall crdt.Wall) (Entry, error) {
	return seal(s, person, &oplog.MembershipChange{
		Commons: s.Genesis().ID,
		Parents: s.Next(),
		Wall:    wall,
		Op:      &oplog.Certify{Device: device, Person: oplog.PublicKey(person), Hosted: hosted},
	})
}

// An Author signs changes of membership: with a device's key, under the best
// grant that the device has here, or with a root's.
type Author struct {
	State *membership.State
	Key   ed25519.PrivateKey
	// Person is on whose behalf a device signs. Zero: who of those that have
	// certified it gives it the highest role. Anybody can certify any device,
	// so one that knows its person says so.
	Person oplog.Key
	// Grant is the live grant of Person to sign under. Zero: their best. What a
	// revocation of a device reaches depends on it.
	Grant crdt.ChangeID
	Wall  crdt.Wall
}

// Sign makes a change of op, to be stored. The error is ErrNotAllowed if the
// author may not; then what wraps oplog.ErrInadmissible says why.
func (a Author) Sign(op oplog.MemberOp) (Entry, error) {
	m := &oplog.MembershipChange{Commons: a.State.Genesis().ID, Wall: a.Wall, Op: op}
	signer := oplog.PublicKey(a.Key)
	if a.State.Role(signer) == oplog.RoleRoot {
		m.Auth = crdt.ChangeID(m.Commons)
		m.Parents = a.State.Next(needed(op)...)
	} else {
		d, ok := acting(a.State, signer, a.Person)
		if !ok {
			return Entry{}, fmt.Errorf("%w: device %v acts for no member", ErrNotAllowed, signer)
		}
		m.Auth = cmp.Or(a.Grant, d.Grant)
		m.Parents = a.State.Next(append(needed(op), m.Auth, d.Cert)...)
	}
	return seal(a.State, a.Key, m)
}

// acting returns what a device may do for a person, or, if that is zero, for
// the one that gives it the most.
func acting(s *membership.State, device, person oplog.Key) (membership.Device, bool) {
	if person == (oplog.Key{}) {
		return s.DeviceLive(device)
	}
	return s.DeviceOf(device, person)
}

// needed returns what an op has to have among its ancestors.
func needed(op oplog.MemberOp) []crdt.ChangeID {
	switch op := op.(type) {
	case *oplog.Grant:
		if op.Join != nil {
			return []crdt.ChangeID{op.Join.Invite}
		}
	case *oplog.RevokeInvite:
		return []crdt.ChangeID{op.Invite}
	case *oplog.Remove:
		return slices.Clone(op.Parts)
	case *oplog.RevokeDevice:
		return slices.Clone(op.Parts)
	}
	return nil
}

func seal(s *membership.State, key ed25519.PrivateKey, m *oplog.MembershipChange) (Entry, error) {
	block, sig, err := m.Seal(key)
	if err == nil {
		_, err = s.Admit(block, sig)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrNotAllowed, err)
	}
	return Entry{ID: m.ID, Block: block, Sig: sig}, nil
}
