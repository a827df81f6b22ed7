package sim

import (
	"crypto/ed25519"
	"slices"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
)

// govern changes the membership at one node: a person is removed, leaves, loses
// a device, gets another role, or something happens that only a later version
// understands. At least two of the honest stay.
func (f *fleet) govern() {
	n := pick(f, f.honest())
	members := n.rep.Members()
	target := pick(f, f.nodes)
	who := oplog.PublicKey(target.person)
	var op oplog.MemberOp
	signer, auth := f.key("root", 0), crdt.ChangeID(f.genesis.ID)
	switch r := f.rand.IntN(10); {
	case r < 2:
		op = &oplog.Remove{Target: who, Cut: n.cut(who)}
	case r == 2:
		op = &oplog.Remove{Target: who, Keep: true}
	case r == 3:
		grant, _, ok := members.GrantOf(who)
		if !ok {
			return
		}
		op, signer, auth = &oplog.Leave{}, target.device, grant
	case r == 4:
		op = &oplog.RevokeDevice{Device: oplog.PublicKey(target.device), Person: who, Cut: n.cut(who)}
	case r == 5:
		op, signer, auth = &oplog.UnknownOp{Num: 99, Raw: []byte{0x82, 0x18, 99, 0x01}}, target.person, crdt.ChangeID{}
	case r == 6:
		op = &oplog.Remove{Target: who, Scope: oplog.ScopeSteward, Cut: n.cut(who)}
	case r == 7:
		op = &oplog.Revert{Changes: n.recent()}
	default:
		role := pick(f, []oplog.Role{oplog.RoleMember, oplog.RoleSteward})
		op = &oplog.Grant{Target: who, Role: role, Adopt: n.voided()}
	}
	switch op.(type) {
	case *oplog.Remove, *oplog.Leave, *oplog.RevokeDevice:
		if !f.spare(target) {
			return
		}
		// A steward does it as well as a root.
		if d, ok := members.DeviceOf(oplog.PublicKey(n.device), oplog.PublicKey(n.person)); ok && d.Role >= oplog.RoleSteward && n.id != target.id && auth == crdt.ChangeID(f.genesis.ID) {
			signer, auth = n.device, d.Grant
		}
	}
	f.note("%v: %T of %v", n, op, target)
	n.govern(op, signer, auth)
}

// spare tells whether the fleet can do without a node, and notes that it may
// have to.
func (f *fleet) spare(target *node) bool {
	if target.manner != polite || f.leaving[target.id] {
		return true
	}
	stay := map[int]bool{}
	for _, n := range f.honest() {
		if !f.leaving[n.id] {
			stay[n.id] = true
		}
	}
	if len(stay) <= 2 {
		return false
	}
	f.leaving[target.id] = true
	return true
}

// cut returns what stands of a person's work by what the node holds.
func (n *node) cut(person oplog.Key) (cut []crdt.ChangeID) {
	for _, t := range n.log.Tips() {
		if g, err := n.log.Genesis(t.Log); err == nil && g.Person == person {
			cut = append(cut, t.ID)
		}
	}
	if n.f.chance(3) {
		cut = cut[:len(cut)/2] // somebody leaves some of it out
	}
	return oplog.SortLinks(cut[:min(len(cut), oplog.MaxCut)])
}

// unheld is what nobody holds.
var unheld = []crdt.ChangeID{{1}}

// recent returns some of what the node stored last, to be reverted; a genesis
// or something void among it changes nothing.
func (n *node) recent() (ids []crdt.ChangeID) {
	items, err := n.log.Since(n.log.Pos()-min(n.log.Pos(), 20), -1)
	if err != nil || len(items) == 0 {
		return unheld
	}
	for range 1 + n.f.rand.IntN(4) {
		if it := pick(n.f, items); it.ID != (crdt.ChangeID{}) {
			ids = append(ids, it.ID)
		}
	}
	if len(ids) == 0 {
		return unheld
	}
	return slices.Compact(oplog.SortLinks(ids))
}

// voided returns what the node holds that is void, or a part of it, to be
// adopted.
func (n *node) voided() (ids []crdt.ChangeID) {
	for _, t := range n.log.VoidTips() {
		if n.f.chance(2) {
			ids = append(ids, t.ID)
		}
	}
	return oplog.SortLinks(ids[:min(len(ids), oplog.MaxAdopt)])
}

// govern proposes a change of membership.
func (n *node) govern(op oplog.MemberOp, signer ed25519.PrivateKey, auth crdt.ChangeID) {
	m := &oplog.MembershipChange{
		Commons: n.f.genesis.ID, Parents: n.rep.Members().Next(), Auth: auth, Op: op,
		Wall: crdt.Wall{Seconds: uint64(n.f.now.Seconds()) + 1, Quality: crdt.QualityRestored},
	}
	block, sig, err := m.Seal(signer)
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	n.rep.ProposeMembers(reconcile.Member{Block: block, Sig: sig})
}

// settleMembers finds out who will belong once everybody has heard everything:
// the others can't be expected to end with the same.
func (f *fleet) settleMembers() {
	for _, n := range f.nodes {
		n.gone = false
	}
	for gone := true; gone; {
		gone = false
		all := f.membership(f.honest())
		for _, n := range f.honest() {
			if all.StandingOf(oplog.PublicKey(n.device)) != membership.Live {
				f.note("%v doesn't belong any more", n)
				n.gone, gone = true, true
				f.forgive(n.holds())
			}
		}
	}
}

// membership returns what nodes hold of it, taken together.
func (f *fleet) membership(nodes []*node) *membership.State {
	state := membership.New(f.genesis)
	var left []*oplog.MembershipChange
	for _, n := range nodes {
		for _, id := range n.rep.Members().Order() {
			if m := n.rep.Members().Get(id); m != nil {
				left = append(left, m)
			}
		}
	}
	for len(left) > 0 {
		before := len(left)
		left = slices.DeleteFunc(left, func(m *oplog.MembershipChange) bool { return state.Add(m) == nil })
		if len(left) == before {
			f.fail("membership that nobody can have stored: %v", left[0].ID)
			break
		}
	}
	return state
}
