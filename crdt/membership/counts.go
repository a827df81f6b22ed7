package membership

import (
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

type verdict uint8

const (
	unasked verdict = iota
	asking
	yes
	no
)

// Counts tells whether a change counts, by RSR-1. The genesis does.
func (s *State) Counts(id crdt.ChangeID) bool {
	n := s.byID[id]
	return n != nil && s.counts(n)
}

func (s *State) counts(x *node) bool {
	switch s.verdicts[x.n] {
	case yes:
		return true
	case no:
		return false
	case asking:
		s.cyclic = true
		return false
	}
	s.verdicts[x.n] = asking
	v := no
	if s.holds(x) {
		v = yes
	}
	s.verdicts[x.n] = v
	return v == yes
}

func (s *State) holds(x *node) bool {
	if x.MembershipChange == nil {
		return true
	}
	switch x.Op.(type) {
	case *oplog.Certify:
		return true
	case *oplog.UnknownOp:
		return false
	}
	return s.counts(x.auth) && s.annulled(x) == nil && s.removed(x) == nil && s.revoked(x) == nil && s.invited(x)
}

// first returns the first of list that does what is asked, nil if none does.
func first(list []*node, does func(*node) bool) *node {
	if i := slices.IndexFunc(list, does); i >= 0 {
		return list[i]
	}
	return nil
}

// annulled: a removal by somebody senior undoes x.
func (s *State) annulled(x *node) *node {
	return first(s.annuls[x.id], func(a *node) bool {
		return senior(a.level(), x.level()) && s.counts(a)
	})
}

// removed: the grant that x cites is ended, by one who hadn't seen x.
func (s *State) removed(x *node) *node {
	return first(s.removals[x.Person], func(r *node) bool {
		if r == x || r.spares(x) {
			return false
		}
		if v, ok := x.Op.(*oplog.RevokeDevice); ok && r.isLeave() && v.Person == x.Person {
			return false // who leaves keeps a stolen device revoked
		}
		return s.ends(r, x.auth) && s.counts(r)
	})
}

// spares: r had seen x, or lets stand what is concurrent to it.
func (r *node) spares(x *node) bool {
	return r.saw(x) || r.keeps() && !x.saw(r)
}

func (r *node) isLeave() bool {
	_, ok := r.Op.(*oplog.Leave)
	return ok
}

func (r *node) keeps() bool {
	if op, ok := r.Op.(*oplog.Remove); ok {
		return op.Keep
	}
	return true // a leave
}

// ends: r, if it counts, ends the grant g. r removes the grant's target, or is
// that person's leave.
func (s *State) ends(r, g *node) bool {
	op, ok := r.Op.(*oplog.Remove)
	if !ok {
		return r.auth == g
	}
	grant := g.grant()
	if grant == nil {
		return false // the genesis
	}
	if g.saw(r) && (!g.byDoorkeeper() || s.byID[grant.Join.Invite].saw(r)) {
		return false // granted again, knowing of r
	}
	if op.Keep && !r.saw(g) {
		return false
	}
	if op.Scope == oplog.ScopeSteward && grant.Role < oplog.RoleDoorkeeper {
		return false
	}
	return senior(r.level(), g.rank)
}

// byDoorkeeper: the grant g was made under a doorkeeper's grant.
func (n *node) byDoorkeeper() bool {
	by := n.auth.grant()
	return by != nil && by.Role == oplog.RoleDoorkeeper
}

// revoked: the device that signed x is revoked, by one who hadn't seen x.
func (s *State) revoked(x *node) *node {
	if x.By == (oplog.Signing{}) {
		return nil
	}
	return first(s.revocations[oplog.Writer{Device: x.Signer, Person: x.Person}], func(v *node) bool {
		return v != x && !v.saw(x) && v.binds(x.auth, x.By) && !s.inside(x, v) && s.counts(v)
	})
}

// binds: the revocation v reaches what a device, by this certificate, does
// under the grant auth.
func (v *node) binds(auth *node, by oplog.Signing) bool {
	return senior(v.level(), auth.rank) || v.auth == auth && v.By.Compare(by) < 0
}

// inside: x is in the cut of v, or an ancestor of a stored change that is.
func (s *State) inside(x, v *node) bool {
	return slices.ContainsFunc(s.cut(v), func(id crdt.ChangeID) bool {
		e := s.byID[id]
		return e != nil && (e == x || e.saw(x))
	})
}

// cut returns the cut of a removal or revocation with that of its parts.
func (s *State) cut(r *node) []crdt.ChangeID {
	var cut, parts []crdt.ChangeID
	switch op := r.Op.(type) {
	case *oplog.Remove:
		cut, parts = op.Cut, op.Parts
	case *oplog.RevokeDevice:
		cut, parts = op.Cut, op.Parts
	}
	if len(parts) == 0 {
		return cut
	}
	cut = slices.Clone(cut)
	for _, id := range parts {
		cut = append(cut, s.byID[id].Op.(*oplog.CutPart).Cut...)
	}
	return oplog.SortLinks(cut)
}

// invited: x is no doorkeeper's grant, or its invitation holds for it.
func (s *State) invited(x *node) bool {
	g := x.grant()
	if g == nil || !x.byDoorkeeper() {
		return true
	}
	in := s.byID[g.Join.Invite]
	return s.counts(in) && s.uninvited(x, in) == nil
}

// uninvited: the invitation in, by which x was granted, was revoked before, or
// whoever made it was removed meanwhile.
func (s *State) uninvited(x, in *node) *node {
	if v := first(s.uninvites[in.id], func(v *node) bool { return x.saw(v) && s.counts(v) }); v != nil {
		return v
	}
	return first(s.removals[in.Person], func(r *node) bool {
		return !r.spares(x) && s.ends(r, in.auth) && s.counts(r)
	})
}

// live: the grant g counts and nothing that counts ends it.
func (s *State) live(g *node) bool {
	grant := g.grant()
	return grant != nil && s.counts(g) && !slices.ContainsFunc(s.removals[grant.Target], func(r *node) bool {
		return s.ends(r, g) && s.counts(r)
	})
}
