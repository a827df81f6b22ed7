package membership

import (
	"bytes"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A Verdict says what of a log is visible, adoptions and reverts aside.
type Verdict struct {
	// Visible: all of it. Otherwise Counts, and nothing in Cuts.
	Visible bool
	// Counts: the log's grant counts and lets its person write. Where it
	// doesn't, nothing of the log is visible.
	Counts bool
	// Cuts has one for each removal and revocation that ends the log. What is
	// inside all of them is visible, the rest is void. An empty cut has nothing
	// inside.
	Cuts [][]crdt.ChangeID
	// By names those removals and revocations, in the order of Cuts.
	By []crdt.ChangeID
}

// Log returns the verdict on a log that names this certificate and grant, both
// of which must be stored, as oplog.CheckGenesis has it.
func (s *State) Log(cert, grant crdt.ChangeID) Verdict {
	c, g := s.byID[cert], s.byID[grant]
	if c == nil || c.MembershipChange == nil || g.grant() == nil {
		return Verdict{}
	}
	certify, ok := c.Op.(*oplog.Certify)
	if !ok || certify.Person != g.grant().Target {
		return Verdict{}
	}
	v := Verdict{Counts: g.grant().Role >= oplog.RoleMember && s.counts(g)}
	var enders []*node
	for _, r := range s.removals[certify.Person] {
		if r.cuts() && s.ends(r, g) && s.counts(r) {
			enders = append(enders, r)
		}
	}
	by := oplog.Signing{Cert: c.id, Height: c.Height, Hosted: certify.Hosted}
	for _, r := range s.revocations[oplog.Writer{Device: certify.Device, Person: certify.Person}] {
		if r.binds(g, by) && s.counts(r) {
			enders = append(enders, r)
		}
	}
	slices.SortFunc(enders, func(a, b *node) int { return bytes.Compare(a.id[:], b.id[:]) })
	for _, r := range enders {
		v.By, v.Cuts = append(v.By, r.id), append(v.Cuts, s.cut(r))
	}
	v.Visible = v.Counts && len(enders) == 0
	return v
}

// cuts tells whether r takes from its target's data what it hadn't seen: a
// removal for good that isn't in peace. Who is demoted goes on writing, under
// another grant; what they wrote under this one stands.
func (r *node) cuts() bool {
	op, ok := r.Op.(*oplog.Remove)
	return ok && !op.Keep && op.Scope == oplog.ScopeWhole
}
