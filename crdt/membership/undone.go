package membership

import (
	"navette/crdt"
	"navette/crdt/oplog"
)

// An Undone is a change that is stored and doesn't count: something that was
// done, perhaps in good faith at a place that was cut off, and has no effect.
type Undone struct {
	Change *oplog.MembershipChange
	Person oplog.Key // on whose behalf; a root's own key under the genesis
	// Cause is the removal, leave, revocation or annulment because of which it
	// doesn't count; if what it relies on doesn't, the cause of that.
	Cause *oplog.MembershipChange
	By    oplog.Key // on whose behalf Cause was made
}

// Undone returns what doesn't count, by (height, CID). Changes of a later
// version, which count for nobody, aren't among them.
func (s *State) Undone() []Undone {
	var all []Undone
	for _, id := range s.Order() {
		n := s.byID[id]
		if _, unknown := n.Op.(*oplog.UnknownOp); unknown || s.counts(n) {
			continue
		}
		c := s.cause(n)
		all = append(all, Undone{Change: n.MembershipChange, Person: n.Person, Cause: c.MembershipChange, By: c.Person})
	}
	return all
}

// ActsOf returns what a person did that counts and may be annulled: all but
// certificates, cuts and leaves.
func (s *State) ActsOf(person oplog.Key) []*oplog.MembershipChange {
	var acts []*oplog.MembershipChange
	for _, id := range s.Order() {
		n := s.byID[id]
		if n.Person != person || !s.counts(n) {
			continue
		}
		switch n.Op.(type) {
		case *oplog.Certify, *oplog.CutPart, *oplog.Leave:
		default:
			acts = append(acts, n.MembershipChange)
		}
	}
	return acts
}

// ActedBy returns on whose behalf a change was made: a person, or a root by its
// own key; zero for the genesis and for what isn't stored.
func (s *State) ActedBy(id crdt.ChangeID) oplog.Key {
	if n := s.byID[id]; n != nil {
		return n.Person
	}
	return oplog.Key{}
}

// cause finds why x doesn't count, in the order in which holds asks.
func (s *State) cause(x *node) *node {
	if !s.counts(x.auth) {
		return s.cause(x.auth)
	}
	for _, ask := range []func(*node) *node{s.annulled, s.removed, s.revoked} {
		if c := ask(x); c != nil {
			return c
		}
	}
	in := s.byID[x.grant().Join.Invite] // all else counts: it is a doorkeeper's grant
	if !s.counts(in) {
		return s.cause(in)
	}
	return s.uninvited(x, in)
}
