package oplog

import (
	"crypto/ed25519"
	"fmt"

	"navette/crdt"
	"navette/crdt/cbor"
)

// A Role says what a grant lets its person do. Higher ones include lower ones.
type Role uint8

// The roles. RoleNone is that of a stranger; RoleRoot that of the genesis'
// roots, which no grant gives.
const (
	RoleNone       Role = 0
	RoleReader     Role = 1
	RoleMember     Role = 2
	RoleDoorkeeper Role = 3 // admits whom an invitation lets in, removes nobody
	RoleSteward    Role = 4
	RoleRoot       Role = 5
)

// String is the role's name in English; see cmd/navette for other languages.
func (r Role) String() string {
	switch r {
	case RoleNone:
		return "none"
	case RoleReader:
		return "reader"
	case RoleMember:
		return "member"
	case RoleDoorkeeper:
		return "doorkeeper"
	case RoleSteward:
		return "steward"
	case RoleRoot:
		return "root"
	}
	return fmt.Sprintf("role %d", uint8(r))
}

// MaxMembership is the greatest size of a change of membership in bytes.
const MaxMembership = 16 << 10

// A MembershipChange is a node of the membership DAG: [2, commons, parents,
// auth, signer, wall, op]. Its bytes and rules are in crdt/membership/RULES.md.
type MembershipChange struct {
	ID      crdt.ChangeID // set by DecodeMembershipChange and Seal
	Commons CommonsID
	Parents []crdt.ChangeID // 1 to MaxLinks, sorted, unique; the genesis at the bottom
	Auth    crdt.ChangeID   // the grant, or the genesis, that it relies on; zero for none
	Signer  Key             // a root, person or device
	Wall    crdt.Wall
	Op      MemberOp
}

// Encode returns the change's block; the error is ErrInvalid.
func (m *MembershipChange) Encode() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	b := m.append(nil)
	if len(b) > MaxMembership {
		return nil, fmt.Errorf("%w: membership change of %d bytes", ErrInvalid, len(b))
	}
	return b, nil
}

func (m *MembershipChange) append(b []byte) []byte {
	b = cbor.AppendArray(b, 7)
	b = cbor.AppendUint(b, uint64(KindMembership))
	b = cbor.AppendBytes(b, m.Commons[:])
	b = appendLinks(b, m.Parents)
	if m.Auth == (crdt.ChangeID{}) {
		b = cbor.AppendNull(b)
	} else {
		b = cbor.AppendLink(b, m.Auth)
	}
	b = cbor.AppendBytes(b, m.Signer[:])
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, m.Wall.Seconds)
	b = cbor.AppendUint(b, uint64(m.Wall.Quality))
	return m.Op.append(b)
}

// Seal makes priv the change's signer, sets its ID and returns its block and
// signature. The error is ErrInvalid.
func (m *MembershipChange) Seal(priv ed25519.PrivateKey) ([]byte, Signature, error) {
	m.Signer = PublicKey(priv)
	block, err := m.Encode()
	if err != nil {
		return nil, Signature{}, err
	}
	m.ID = Sum(block)
	return block, Sign(priv, SigMembership, m.Commons, block), nil
}

// DecodeMembershipChange decodes a block; the error is ErrInvalid. Whether the
// change may be stored is for Admit to say.
func DecodeMembershipChange(block []byte) (*MembershipChange, error) {
	if len(block) > MaxMembership {
		return nil, fmt.Errorf("%w: membership change of %d bytes", ErrInvalid, len(block))
	}
	// An unknown op may hold anything within the bounds of the encoding.
	if err := cbor.Valid(block); err != nil {
		return nil, fmt.Errorf("%w: membership change: %w", ErrInvalid, err)
	}
	m := &MembershipChange{ID: Sum(block)}
	r := cbor.NewReader(block)
	readHead(r, KindMembership, 7)
	r.Fixed(m.Commons[:])
	m.Parents = readLinks(r)
	if !r.Null() {
		if m.Auth = r.Link(); m.Auth == (crdt.ChangeID{}) {
			r.Fail(fmt.Errorf("%w: cites the zero digest", ErrInvalid))
		}
	}
	r.Fixed(m.Signer[:])
	r.Tuple(2)
	m.Wall.Seconds = r.Uint()
	m.Wall.Quality = readQuality(r)
	m.Op = readMemberOp(r)
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: membership change: %w", ErrInvalid, err)
	}
	return m, m.check()
}

func (m *MembershipChange) check() error {
	if len(m.Parents) == 0 {
		return fmt.Errorf("%w: membership change without parents", ErrInvalid)
	}
	if err := checkLinks(m.Parents); err != nil {
		return fmt.Errorf("membership change: parents: %w", err)
	}
	if m.Wall.Seconds > MaxSeconds || m.Wall.Quality > crdt.QualityNTP {
		return fmt.Errorf("%w: membership change at %d s by a clock of quality %d", ErrInvalid, m.Wall.Seconds, m.Wall.Quality)
	}
	if m.Op == nil {
		return fmt.Errorf("%w: membership change without op", ErrInvalid)
	}
	if err := m.Op.check(); err != nil {
		return fmt.Errorf("membership change: %w", err)
	}
	return nil
}
