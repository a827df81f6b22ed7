package membership

import (
	"bytes"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A Member is a person with a live grant.
type Member struct {
	Person oplog.Key
	Role   oplog.Role
	Grant  crdt.ChangeID // the best one
}

// A Device is a device that is live for a person.
type Device struct {
	Key    oplog.Key
	Person oplog.Key
	Role   oplog.Role // what it may act as; at most RoleMember where Hosted
	Grant  crdt.ChangeID
	Cert   crdt.ChangeID
	Hosted bool
}

// An Invitation is an invite op, and what became of it.
type Invitation struct {
	ID      crdt.ChangeID // of the change; what joiners name is Invite.ID
	Invite  *oplog.Invite
	By      oplog.Key // the inviter
	Used    int       // grants by it that count
	Revoked bool      // by a revocation that counts
	// Valid: it counts, isn't revoked, and its inviter may still invite.
	Valid bool
}

// Standing is what a device is to a commons.
type Standing uint8

// The standings of a device.
const (
	Unknown Standing = iota // nothing stored here says that it ever belonged
	Removed                 // it belonged, and doesn't now
	Live                    // it acts for a member
)

// String names the standing.
func (s Standing) String() string { return [...]string{"unknown", "removed", "live"}[s%3] }

// Members returns all members, sorted by key. Roots aren't among them.
func (s *State) Members() []Member {
	var all []Member
	for person := range s.grants {
		if g := s.best(person); g != nil {
			all = append(all, Member{Person: person, Role: g.grant().Role, Grant: g.id})
		}
	}
	slices.SortFunc(all, func(a, b Member) int { return bytes.Compare(a.Person[:], b.Person[:]) })
	return all
}

// GrantOf returns a person's best live grant: of the highest role, and of
// those the most senior one.
func (s *State) GrantOf(person oplog.Key) (grant crdt.ChangeID, role oplog.Role, ok bool) {
	g := s.best(person)
	if g == nil {
		return grant, role, false
	}
	return g.id, g.grant().Role, true
}

// LiveGrants returns all of a person's live grants, in the order of arrival.
func (s *State) LiveGrants(person oplog.Key) []crdt.ChangeID {
	return ids(slices.DeleteFunc(slices.Clone(s.grants[person]), func(g *node) bool { return !s.live(g) }))
}

func (s *State) best(person oplog.Key) *node {
	var best *node
	for _, g := range s.grants[person] {
		if s.live(g) && (best == nil || better(g, best)) {
			best = g
		}
	}
	return best
}

func better(g, than *node) bool {
	if a, b := g.grant().Role, than.grant().Role; a != b {
		return a > b
	}
	return senior(g.rank, than.rank)
}

// Live tells whether a change is a grant that counts and that nothing which
// counts ends.
func (s *State) Live(grant crdt.ChangeID) bool {
	g := s.byID[grant]
	return g != nil && s.live(g)
}

// Senior tells whether grant a is senior to grant b; the genesis is to all.
// Of two different grants one always is, and it never changes.
func (s *State) Senior(a, b crdt.ChangeID) bool {
	x, y := s.byID[a], s.byID[b]
	return x != nil && y != nil && x.rank != nil && y.rank != nil && senior(x.rank, y.rank)
}

// Role returns a person's role; RoleRoot for a root's key, RoleNone for a
// stranger.
func (s *State) Role(person oplog.Key) oplog.Role {
	if slices.Contains(s.genesis.Roots, person) {
		return oplog.RoleRoot
	}
	_, role, _ := s.GrantOf(person)
	return role
}

// CanWrite tells whether a person may write data: members and above may.
func (s *State) CanWrite(person oplog.Key) bool {
	_, role, ok := s.GrantOf(person)
	return ok && role >= oplog.RoleMember
}

// Ended tells whether a device acted for a person who belonged, and doesn't now:
// the person was removed, or left, or the device is revoked.
func (s *State) Ended(device, person oplog.Key) bool {
	_, certified := s.signing(oplog.Writer{Device: device, Person: person})
	_, live := s.DeviceOf(device, person)
	return certified && !live && slices.ContainsFunc(s.grants[person], s.counts)
}

// CertOf returns the certificate by which a device acts for a person: of those
// stored the least. It may belong to a device that is revoked.
func (s *State) CertOf(device, person oplog.Key) (crdt.ChangeID, bool) {
	by, ok := s.signing(oplog.Writer{Device: device, Person: person})
	return by.Cert, ok
}

func (s *State) signing(w oplog.Writer) (least oplog.Signing, ok bool) {
	for _, c := range s.certs[w] {
		by := oplog.Signing{Cert: c.id, Height: c.Height, Hosted: c.Op.(*oplog.Certify).Hosted}
		if !ok || by.Compare(least) < 0 {
			least, ok = by, true
		}
	}
	return least, ok
}

// DeviceLive returns what a device may do: for the person, of those that it is
// live for, who gives it the highest role. It is not ok if there is none.
func (s *State) DeviceLive(device oplog.Key) (d Device, ok bool) {
	for _, person := range s.persons[device] {
		e, live := s.DeviceOf(device, person)
		if live && (!ok || e.Role > d.Role || e.Role == d.Role && bytes.Compare(e.Person[:], d.Person[:]) < 0) {
			d, ok = e, true
		}
	}
	return d, ok
}

// DeviceOf returns what a device may do for a person, under the best live
// grant that it isn't revoked under. It is not ok if there is none.
func (s *State) DeviceOf(device, person oplog.Key) (d Device, ok bool) {
	w := oplog.Writer{Device: device, Person: person}
	by, certified := s.signing(w)
	if !certified || len(s.PersonRevocations(device, person)) > 0 {
		return d, false
	}
	var best *node
	for _, g := range s.grants[person] {
		if (best == nil || better(g, best)) && s.live(g) && !s.revokedUnder(w, g, by) {
			best = g
		}
	}
	if best == nil {
		return d, false
	}
	d = Device{Key: device, Person: person, Role: best.grant().Role, Grant: best.id, Cert: by.Cert, Hosted: by.Hosted}
	if d.Hosted {
		d.Role = min(d.Role, oplog.RoleMember)
	}
	return d, true
}

func (s *State) revokedUnder(w oplog.Writer, g *node, by oplog.Signing) bool {
	return slices.ContainsFunc(s.revocations[w], func(v *node) bool { return v.binds(g, by) && s.counts(v) })
}

// Revoked tells whether a revocation of the device for the person counts, or
// is by the person's own key: such a device is not to be let in again.
func (s *State) Revoked(device, person oplog.Key) bool {
	return slices.ContainsFunc(s.revocations[oplog.Writer{Device: device, Person: person}], func(v *node) bool {
		return v.Signer == person || s.counts(v)
	})
}

// Devices returns a person's live devices, sorted by key.
func (s *State) Devices(person oplog.Key) []Device {
	var all []Device
	for device, persons := range s.persons {
		if !slices.Contains(persons, person) {
			continue
		}
		if d, ok := s.DeviceOf(device, person); ok {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b Device) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return all
}

// StandingOf says what a device is to the commons, as far as it is known here.
func (s *State) StandingOf(device oplog.Key) Standing {
	if _, ok := s.DeviceLive(device); ok {
		return Live
	}
	for _, person := range s.persons[device] {
		if len(s.grants[person]) > 0 {
			return Removed
		}
	}
	return Unknown
}

// Invitations returns all invitations that count, by (height, CID); most
// recent last.
func (s *State) Invitations() []Invitation {
	var all []Invitation
	for _, id := range s.Order() {
		n := s.byID[id]
		if _, ok := n.Op.(*oplog.Invite); ok && s.counts(n) {
			all = append(all, s.invitation(n))
		}
	}
	return all
}

// Invitation returns the invitation that joiners name by id: the first by
// (height, CID), valid ones before others.
func (s *State) Invitation(id [16]byte) (found Invitation, ok bool) {
	var first *node
	for _, n := range s.invites {
		if n.Op.(*oplog.Invite).ID != id {
			continue
		}
		in := s.invitation(n)
		if !ok || in.Valid && !found.Valid || in.Valid == found.Valid && before(n, first) {
			found, first, ok = in, n, true
		}
	}
	return found, ok
}

func before(a, b *node) bool {
	if a.Height != b.Height {
		return a.Height < b.Height
	}
	return bytes.Compare(a.id[:], b.id[:]) < 0
}

func (s *State) invitation(n *node) Invitation {
	in := Invitation{ID: n.id, Invite: n.Op.(*oplog.Invite), By: n.Person}
	for _, g := range s.byInvite[n.id] {
		if s.counts(g) {
			in.Used++
		}
	}
	in.Revoked = slices.ContainsFunc(s.uninvites[n.id], s.counts)
	in.Valid = s.counts(n) && !in.Revoked && s.Role(n.Person) >= oplog.RoleSteward
	return in
}

// Bars tells whether a removal that counts keeps an invitation from letting a
// person back in: one that the invitation is no later than.
func (s *State) Bars(person oplog.Key, invite crdt.ChangeID) bool {
	in := s.byID[invite]
	return slices.ContainsFunc(s.removals[person], func(r *node) bool {
		op, ok := r.Op.(*oplog.Remove)
		return ok && !op.Keep && op.Scope == oplog.ScopeWhole && (in == nil || !in.saw(r)) && s.counts(r)
	})
}
