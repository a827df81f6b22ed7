package oplog

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"navette/crdt"
)

// ErrInadmissible is a change of membership that its signer had no right to
// sign, as its own ancestors show. It never becomes admissible: drop it.
var ErrInadmissible = errors.New("oplog: inadmissible change of membership")

// SigJoin is the kind of signature that a JoinProof is, made with the
// invitation's key.
const SigJoin SigKind = "join"

// A Signing is the certificate by which a device signed for a person. The zero
// Signing is the person's own key, or a root's.
type Signing struct {
	Cert   crdt.ChangeID
	Height uint64 // of the certificate
	Hosted bool
}

// Compare orders the keys of one person: its own before its devices', those
// before hosted ones, then by the certificates' height, then by CID. Where two
// devices revoke each other, the lesser prevails.
func (s Signing) Compare(t Signing) int {
	switch {
	case s.Hosted != t.Hosted && t.Hosted:
		return -1
	case s.Hosted != t.Hosted:
		return 1
	case s.Height != t.Height:
		return cmp.Compare(s.Height, t.Height)
	}
	return bytes.Compare(s.Cert[:], t.Cert[:])
}

// An Authority is what Admit finds out about a change: where it stands and on
// whose behalf it acts. It depends on the change and its ancestors alone.
type Authority struct {
	Height uint64 // 1 + the greatest of its parents'; the genesis has 0
	Person Key    // on whose behalf; a root's own key under the genesis
	Have   Role   // what the cited grant gives; RoleNone where none is cited
	By     Signing
}

// A MemberDAG is the stored membership DAG, as Admit looks at it. The genesis
// is part of it, with height 0, though no MembershipChange.
type MemberDAG interface {
	// Genesis returns the commons' genesis, with its ID.
	Genesis() *CommonsGenesis
	// Get returns a stored change, nil if there is none.
	Get(id crdt.ChangeID) *MembershipChange
	// Height returns a stored change's height.
	Height(id crdt.ChangeID) (uint64, bool)
	// Reaches tells whether id is one of the stored changes from, or an
	// ancestor of one.
	Reaches(from []crdt.ChangeID, id crdt.ChangeID) bool
	// Certificates returns every stored Certify of the device by the person.
	Certificates(device, person Key) []crdt.ChangeID
	// PersonRevocations returns every stored RevokeDevice of the device that
	// the person's own key signed.
	PersonRevocations(device, person Key) []crdt.ChangeID
}

// Admit is admit() of crdt/membership/RULES.md: it decides whether a decoded
// change may be stored. block is what m was decoded from, sig its signature.
// The error is ErrUnknown while a parent isn't stored, else ErrInvalid (the
// signature, another commons) or ErrInadmissible; these two are for ever.
func Admit(dag MemberDAG, m *MembershipChange, block []byte, sig Signature) (Authority, error) {
	if !Verify(m.Signer, SigMembership, m.Commons, block, sig) {
		return Authority{}, fmt.Errorf("%w: signature of membership change %v", ErrInvalid, m.ID)
	}
	a, err := AdmitVerified(dag, m)
	if err != nil {
		return a, err
	}
	if g, ok := m.Op.(*Grant); ok && g.Join != nil {
		if in := invited(dag, m.Parents, g.Join.Invite); !g.Join.Verify(m.Commons, in, g.Target) {
			return a, fmt.Errorf("membership change %v: %w", m.ID, inadmissible("grant on a join proof that doesn't hold"))
		}
	}
	return a, nil
}

// AdmitVerified is Admit for a change whose signature and join proof have been
// verified, as those of a stored one have.
func AdmitVerified(dag MemberDAG, m *MembershipChange) (Authority, error) {
	a := Authority{}
	for _, p := range m.Parents {
		h, ok := dag.Height(p)
		if !ok {
			return a, fmt.Errorf("%w: parent %v of membership change %v", ErrUnknown, p, m.ID)
		}
		a.Height = max(a.Height, h+1)
	}
	if m.Commons != dag.Genesis().ID {
		return a, fmt.Errorf("%w: membership change of commons %v", ErrInvalid, m.Commons)
	}
	if err := a.find(dag, m); err != nil {
		return a, fmt.Errorf("membership change %v: %w", m.ID, err)
	}
	if err := a.permits(dag, m); err != nil {
		return a, fmt.Errorf("membership change %v: %w", m.ID, err)
	}
	return a, nil
}

func inadmissible(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInadmissible}, args...)...)
}

// find sets whom m acts for, by what grant and certificate.
func (a *Authority) find(dag MemberDAG, m *MembershipChange) error {
	if m.Auth == (crdt.ChangeID{}) {
		switch m.Op.(type) {
		case *Certify, *UnknownOp:
			a.Person = m.Signer
			return nil
		}
		return inadmissible("op %d cites no grant", m.Op.Code())
	}
	genesis := dag.Genesis()
	if m.Auth == crdt.ChangeID(genesis.ID) {
		if !slices.Contains(genesis.Roots, m.Signer) {
			return inadmissible("the genesis cited by one who is no root")
		}
		a.Person, a.Have = m.Signer, RoleRoot
		return nil
	}
	if !dag.Reaches(m.Parents, m.Auth) {
		return inadmissible("cites what is no ancestor")
	}
	grant := granted(dag, m.Auth)
	if grant == nil {
		return inadmissible("cites what is no grant")
	}
	a.Person, a.Have = grant.Target, grant.Role
	if m.Signer == a.Person {
		switch m.Op.(type) {
		case *RevokeDevice, *CutPart, *UnknownOp:
			return nil
		}
		return inadmissible("op %d signed by a person key", m.Op.Code())
	}
	return a.findCert(dag, m)
}

// findCert sets the certificate of m's signer: the least among m's ancestors.
func (a *Authority) findCert(dag MemberDAG, m *MembershipChange) error {
	for _, id := range dag.Certificates(m.Signer, a.Person) {
		c, ok := dag.Get(id).Op.(*Certify)
		if !ok || !dag.Reaches(m.Parents, id) {
			continue
		}
		height, _ := dag.Height(id)
		if by := (Signing{Cert: id, Height: height, Hosted: c.Hosted}); a.By == (Signing{}) || by.Compare(a.By) < 0 {
			a.By = by
		}
	}
	if a.By == (Signing{}) {
		return inadmissible("signed by a device that the grant's person hasn't certified")
	}
	if a.By.Hosted && a.Have > RoleMember {
		return inadmissible("signed by a hosted device under a grant of %v", a.Have)
	}
	for _, id := range dag.PersonRevocations(m.Signer, a.Person) {
		if dag.Reaches(m.Parents, id) {
			return inadmissible("signed by a device that its person has revoked")
		}
	}
	return nil
}

// permits returns nil if the authority suffices for m's op.
func (a *Authority) permits(dag MemberDAG, m *MembershipChange) error {
	if least := leastRole(a, m.Op); a.Have < least {
		return inadmissible("op %d by %v, not %v", m.Op.Code(), a.Have, least)
	}
	roots := dag.Genesis().Roots
	switch op := m.Op.(type) {
	case *Certify:
		if m.Auth != (crdt.ChangeID{}) || m.Signer != op.Person {
			return inadmissible("certificate that its person hasn't signed, or under a grant")
		}
	case *Grant:
		if slices.Contains(roots, op.Target) {
			return inadmissible("grant to a root")
		}
		if a.Have == RoleDoorkeeper && (op.Join == nil || op.Role > RoleMember || len(op.Adopt) > 0 || op.Succeeds != nil) {
			return inadmissible("grant by a doorkeeper beyond what an invitation lets in")
		}
		if op.Join != nil {
			return checkJoin(dag, m, op)
		}
	case *Remove:
		if slices.Contains(roots, op.Target) || op.Target == a.Person {
			return inadmissible("removal of a root, or of oneself")
		}
		return a.checkParts(dag, m, op.Parts)
	case *RevokeInvite:
		if invited(dag, m.Parents, op.Invite) == nil {
			return inadmissible("revokes what is no invitation among its ancestors")
		}
	case *RevokeDevice:
		return a.checkParts(dag, m, op.Parts)
	case *Leave:
		if a.Have == RoleRoot {
			return inadmissible("a root leaves")
		}
	}
	return nil
}

// leastRole returns the least role that may do op.
func leastRole(a *Authority, op MemberOp) Role {
	switch op := op.(type) {
	case *Grant:
		return RoleDoorkeeper
	case *Remove, *Invite, *RevokeInvite, *Revert:
		return RoleSteward
	case *RevokeDevice:
		if op.Person != a.Person {
			return RoleSteward
		}
	}
	return RoleNone
}

// checkParts returns nil if each part is an ancestor of m, a CutPart, and on
// behalf of the same person.
func (a *Authority) checkParts(dag MemberDAG, m *MembershipChange, parts []crdt.ChangeID) error {
	for _, id := range parts {
		if !dag.Reaches(m.Parents, id) || dag.Get(id) == nil {
			return inadmissible("part %v is no ancestor", id)
		}
		part := dag.Get(id)
		if _, ok := part.Op.(*CutPart); !ok {
			return inadmissible("part %v is no cut", id)
		}
		if by := personOf(dag, part); by != a.Person {
			return inadmissible("part %v is somebody else's", id)
		}
	}
	return nil
}

// personOf returns on whose behalf a stored change acts.
func personOf(dag MemberDAG, m *MembershipChange) Key {
	if g := granted(dag, m.Auth); g != nil {
		return g.Target
	}
	return m.Signer // a root, or a person that cites no grant
}

// granted returns a stored grant, nil if the change is none.
func granted(dag MemberDAG, id crdt.ChangeID) *Grant {
	if m := dag.Get(id); m != nil {
		g, _ := m.Op.(*Grant)
		return g
	}
	return nil
}

// invited returns the invitation id if it is among the ancestors of what has
// these parents, else nil.
func invited(dag MemberDAG, parents []crdt.ChangeID, id crdt.ChangeID) *Invite {
	if m := dag.Get(id); m != nil && dag.Reaches(parents, id) {
		in, _ := m.Op.(*Invite)
		return in
	}
	return nil
}

func checkJoin(dag MemberDAG, m *MembershipChange, g *Grant) error {
	in := invited(dag, m.Parents, g.Join.Invite)
	switch {
	case in == nil:
		return inadmissible("grant by what is no invitation among its ancestors")
	case g.Role > in.Role:
		return inadmissible("grant of %v by an invitation to be %v", g.Role, in.Role)
	case g.Join.Host != m.Signer:
		return inadmissible("grant on a proof given to another host")
	}
	return nil
}

// message is what a join proof signs, beside the commons.
func (j *JoinProof) message(id [16]byte, person Key) []byte {
	b := make([]byte, 0, len(id)+4*len(person))
	b = append(b, id[:]...)
	b = append(b, person[:]...)
	b = append(b, j.Device[:]...)
	b = append(b, j.Host[:]...)
	return append(b, j.Nonce[:]...)
}

// Sign makes the proof: priv is the invitation's key, id its ID, person the
// joiner.
func (j *JoinProof) Sign(priv ed25519.PrivateKey, commons CommonsID, id [16]byte, person Key) {
	j.Proof = Sign(priv, SigJoin, commons, j.message(id, person))
}

// Verify tells whether the proof was made for this person with the key of the
// invitation.
func (j *JoinProof) Verify(commons CommonsID, in *Invite, person Key) bool {
	return Verify(in.Public, SigJoin, commons, j.message(in.ID, person), j.Proof)
}
