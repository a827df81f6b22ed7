package membership

import (
	"bytes"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A Verdict says what of a log is visible.
type Verdict struct {
	// Visible: all of it.
	Visible bool
	// Cuts, where it isn't: one for each removal and revocation that ends the
	// log. What is inside all of them is visible, the rest is void. An empty
	// cut has nothing inside; without any cut all is void.
	Cuts [][]crdt.ChangeID
	// By names those removals and revocations, in the order of Cuts.
	By []crdt.ChangeID
}

// Log returns the verdict on a log that names this certificate and grant, both
// of which must be stored, as oplog.CheckGenesis has it.
func (s *State) Log(cert, grant crdt.ChangeID) Verdict {
	c, g := s.byID[cert], s.byID[grant]
	if c == nil || c.MembershipChange == nil || g.grant() == nil || g.grant().Role < oplog.RoleMember || !s.counts(g) {
		return Verdict{}
	}
	certify, ok := c.Op.(*oplog.Certify)
	if !ok || certify.Person != g.grant().Target {
		return Verdict{}
	}
	var enders []*node
	for _, r := range s.removals[certify.Person] {
		if !r.keeps() && s.ends(r, g) && s.counts(r) {
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
	v := Verdict{Visible: len(enders) == 0}
	for _, r := range enders {
		v.By, v.Cuts = append(v.By, r.id), append(v.Cuts, s.cut(r))
	}
	return v
}
