package membership_test

import (
	"bytes"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// naive is RULES.md word for word: sets in maps, ancestors by walking, nothing
// remembered but answers. It is what State is compared with.
type naive struct {
	genesis *oplog.CommonsGenesis
	all     map[crdt.ChangeID]*oplog.MembershipChange
	past    map[crdt.ChangeID]map[crdt.ChangeID]bool // ancestors
	height  map[crdt.ChangeID]uint64
	known   map[crdt.ChangeID]bool // answers of counts
}

func newNaive(g *oplog.CommonsGenesis, changes []*oplog.MembershipChange) *naive {
	n := &naive{
		genesis: g,
		all:     map[crdt.ChangeID]*oplog.MembershipChange{},
		past:    map[crdt.ChangeID]map[crdt.ChangeID]bool{crdt.ChangeID(g.ID): {}},
		height:  map[crdt.ChangeID]uint64{},
		known:   map[crdt.ChangeID]bool{},
	}
	for _, m := range changes { // ancestors first
		n.all[m.ID] = m
		n.past[m.ID] = map[crdt.ChangeID]bool{}
		for _, p := range m.Parents {
			n.past[m.ID][p] = true
			for a := range n.past[p] {
				n.past[m.ID][a] = true
			}
			n.height[m.ID] = max(n.height[m.ID], n.height[p]+1)
		}
	}
	return n
}

func (n *naive) isGenesis(id crdt.ChangeID) bool { return id == crdt.ChangeID(n.genesis.ID) }

// anc: is a an ancestor of x?
func (n *naive) anc(a, x crdt.ChangeID) bool { return n.past[x][a] }

func (n *naive) grant(id crdt.ChangeID) *oplog.Grant {
	if m := n.all[id]; m != nil {
		g, _ := m.Op.(*oplog.Grant)
		return g
	}
	return nil
}

func (n *naive) person(x *oplog.MembershipChange) oplog.Key {
	if g := n.grant(x.Auth); g != nil {
		return g.Target
	}
	return x.Signer
}

type naiveStep struct {
	height uint64
	id     crdt.ChangeID
}

// rank of the genesis or a grant: depth (-1: below every steward) and path.
func (n *naive) rank(id crdt.ChangeID) (depth int, path []naiveStep) {
	if n.isGenesis(id) {
		return 0, nil
	}
	depth, path = n.rank(n.all[id].Auth)
	if depth >= 0 {
		depth++
	}
	if n.grant(id).Role < oplog.RoleSteward {
		depth = -1
	}
	return depth, append(slices.Clone(path), naiveStep{n.height[id], id})
}

func (n *naive) senior(a, b crdt.ChangeID) bool {
	da, pa := n.rank(a)
	db, pb := n.rank(b)
	if da != db {
		return da >= 0 && (db < 0 || da < db)
	}
	return slices.CompareFunc(pa, pb, func(x, y naiveStep) int {
		if x.height != y.height {
			return int(x.height) - int(y.height)
		}
		return bytes.Compare(x.id[:], y.id[:])
	}) < 0
}

type naiveKey struct {
	hosted bool
	height uint64
	id     crdt.ChangeID
}

// key of x: zero for a person's or a root's.
func (n *naive) key(x *oplog.MembershipChange) (least naiveKey, device bool) {
	person := n.person(x)
	for id, c := range n.all {
		op, ok := c.Op.(*oplog.Certify)
		if !ok || op.Device != x.Signer || op.Person != person || !n.anc(id, x.ID) || x.Signer == person {
			continue
		}
		if k := (naiveKey{op.Hosted, n.height[id], id}); !device || k.less(least) {
			least, device = k, true
		}
	}
	return least, device
}

func (k naiveKey) less(l naiveKey) bool {
	if k.hosted != l.hosted {
		return l.hosted
	}
	if k.height != l.height {
		return k.height < l.height
	}
	return bytes.Compare(k.id[:], l.id[:]) < 0
}

func (n *naive) ends(r *oplog.MembershipChange, g crdt.ChangeID) bool {
	if _, ok := r.Op.(*oplog.Leave); ok {
		return r.Auth == g
	}
	op, grant := r.Op.(*oplog.Remove), n.grant(g)
	if grant == nil || grant.Target != op.Target {
		return false
	}
	seen := n.anc(r.ID, g)
	if by := n.grant(n.all[g].Auth); by != nil && by.Role == oplog.RoleDoorkeeper {
		seen = seen && n.anc(r.ID, grant.Join.Invite)
	}
	return !seen &&
		(!op.Keep || n.anc(g, r.ID)) &&
		(op.Scope != oplog.ScopeSteward || grant.Role >= oplog.RoleDoorkeeper) &&
		n.senior(r.Auth, g)
}

func (n *naive) removalsOf(person oplog.Key) (all []*oplog.MembershipChange, keep []bool) {
	for _, r := range n.all {
		switch op := r.Op.(type) {
		case *oplog.Remove:
			if op.Target == person {
				all, keep = append(all, r), append(keep, op.Keep)
			}
		case *oplog.Leave:
			if n.person(r) == person {
				all, keep = append(all, r), append(keep, true)
			}
		}
	}
	return all, keep
}

func (n *naive) inCut(x crdt.ChangeID, v *oplog.RevokeDevice) bool {
	cut := slices.Clone(v.Cut)
	for _, p := range v.Parts {
		cut = append(cut, n.all[p].Op.(*oplog.CutPart).Cut...)
	}
	for _, e := range cut {
		if e == x || n.anc(x, e) {
			return true
		}
	}
	return false
}

func (n *naive) counts(id crdt.ChangeID) bool {
	if v, ok := n.known[id]; ok {
		return v
	}
	v := n.work(id)
	n.known[id] = v
	return v
}

func (n *naive) work(id crdt.ChangeID) bool {
	x := n.all[id]
	if x == nil {
		return n.isGenesis(id)
	}
	switch x.Op.(type) {
	case *oplog.Certify:
		return true
	case *oplog.UnknownOp:
		return false
	}
	if !n.counts(x.Auth) {
		return false
	}
	for _, a := range n.all {
		op, ok := a.Op.(*oplog.Remove)
		if ok && slices.Contains(op.Annul, id) && n.senior(a.Auth, x.Auth) && n.counts(a.ID) {
			return false
		}
	}
	person := n.person(x)
	own, revokes := x.Op.(*oplog.RevokeDevice)
	removals, keep := n.removalsOf(person)
	for i, r := range removals {
		_, leave := r.Op.(*oplog.Leave)
		switch {
		case r == x, n.anc(id, r.ID), keep[i] && !n.anc(r.ID, id), leave && revokes && own.Person == person:
			continue
		case n.ends(r, x.Auth) && n.counts(r.ID):
			return false
		}
	}
	if key, device := n.key(x); device {
		for _, v := range n.all {
			op, ok := v.Op.(*oplog.RevokeDevice)
			if !ok || v == x || op.Device != x.Signer || op.Person != person || n.anc(id, v.ID) || n.inCut(id, op) {
				continue
			}
			lesser, _ := n.key(v)
			if (n.senior(v.Auth, x.Auth) || v.Auth == x.Auth && lesser.less(key)) && n.counts(v.ID) {
				return false
			}
		}
	}
	g, by := n.grant(id), n.grant(x.Auth)
	if g == nil || by == nil || by.Role != oplog.RoleDoorkeeper {
		return true
	}
	in := n.all[g.Join.Invite]
	if !n.counts(in.ID) {
		return false
	}
	for _, u := range n.all {
		if op, ok := u.Op.(*oplog.RevokeInvite); ok && op.Invite == in.ID && n.anc(u.ID, id) && n.counts(u.ID) {
			return false
		}
	}
	removals, keep = n.removalsOf(n.person(in))
	for i, r := range removals {
		if !n.anc(id, r.ID) && (!keep[i] || n.anc(r.ID, id)) && n.ends(r, in.Auth) && n.counts(r.ID) {
			return false
		}
	}
	return true
}

func (n *naive) live(g crdt.ChangeID) bool {
	if n.grant(g) == nil || !n.counts(g) {
		return false
	}
	removals, _ := n.removalsOf(n.grant(g).Target)
	return !slices.ContainsFunc(removals, func(r *oplog.MembershipChange) bool {
		return n.ends(r, g) && n.counts(r.ID)
	})
}

// members are roles by person.
func (n *naive) members() map[oplog.Key]oplog.Role {
	roles := map[oplog.Key]oplog.Role{}
	for id := range n.all {
		if n.live(id) {
			g := n.grant(id)
			roles[g.Target] = max(roles[g.Target], g.Role)
		}
	}
	return roles
}
