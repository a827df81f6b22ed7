package membership_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

func TestRolesAndDevices(t *testing.T) {
	w := base(t)
	w.do("host B", "B", "", "", &oplog.Certify{Device: pub("H/1"), Person: pub("B"), Hosted: true})
	w.do("host M", "M", "", "", &oplog.Certify{Device: pub("H/1"), Person: pub("M"), Hosted: true})
	w.device("B/2")
	w.do("gB2", "A/1", "gA", "", grant("B", member))
	w.do("v2", "B", "gB2", "", revoke("B/2")) // binds below gB only
	w.do("gN", "A/1", "gA", "", grant("N", reader))
	w.do("rC", "A/1", "gA", "", retire("C"))
	s := w.state
	for _, c := range []struct {
		person string
		role   oplog.Role
		writes bool
	}{{"R", oplog.RoleRoot, false}, {"A", steward, true}, {"B", steward, true}, {"C", oplog.RoleNone, false}, {"M", member, true}, {"N", reader, false}, {"Z", oplog.RoleNone, false}} {
		if got := s.Role(pub(c.person)); got != c.role {
			t.Errorf("Role(%s) = %v, want %v", c.person, got, c.role)
		}
		if got := s.CanWrite(pub(c.person)); got != c.writes {
			t.Errorf("CanWrite(%s) = %v, want %v", c.person, got, c.writes)
		}
	}
	for _, c := range []struct {
		device   string
		person   string // "": not live
		role     oplog.Role
		standing membership.Standing
	}{
		{"A/1", "A", steward, membership.Live},
		{"B/1", "B", steward, membership.Live},
		{"B/2", "", 0, membership.Removed}, // by the person key: for good
		{"C/1", "", 0, membership.Removed},
		{"H/1", min2("B", "M"), member, membership.Live}, // a steward's, hosted: acts as a member
		{"N/1", "N", reader, membership.Live},
		{"Z/1", "", 0, membership.Unknown}, // certified, never granted anything
		{"Q/1", "", 0, membership.Unknown},
	} {
		d, ok := s.DeviceLive(pub(c.device))
		if ok != (c.person != "") || ok && (d.Person != pub(c.person) || d.Role != c.role || d.Key != pub(c.device)) {
			t.Errorf("DeviceLive(%s) = %v for %v, %v; want %v for %q", c.device, d.Role, d.Person, ok, c.role, c.person)
		}
		if got := s.StandingOf(pub(c.device)); got != c.standing {
			t.Errorf("StandingOf(%s) = %v, want %v", c.device, got, c.standing)
		}
	}
	if d, ok := s.DeviceOf(pub("H/1"), pub("B")); !ok || !d.Hosted || d.Role != member || d.Grant != w.id("gB") || d.Cert != w.id("host B") {
		t.Errorf("DeviceOf(H/1, B) = %+v, %v; want hosted, a member, under gB", d, ok)
	}
	if d := s.Devices(pub("B")); len(d) != 2 {
		t.Errorf("Devices(B): %d, want B/1 and H/1", len(d))
	}
	if c, ok := s.CertOf(pub("B/2"), pub("B")); !ok || c != w.id("cB/2") {
		t.Errorf("CertOf(B/2, B) = %v, %v; want cB/2", c, ok)
	}
	if _, ok := s.CertOf(pub("B/1"), pub("A")); ok {
		t.Error("CertOf(B/1, A) is ok, want none")
	}
	if g, role, ok := s.GrantOf(pub("M")); !ok || g != w.id("gM") || role != member {
		t.Errorf("GrantOf(M) = %v, %v, %v; want gM", g, role, ok)
	}
	var members []oplog.Key
	for _, m := range s.Members() {
		members = append(members, m.Person)
	}
	if len(members) != 4 || !slices.IsSortedFunc(members, func(a, b oplog.Key) int { return slices.Compare(a[:], b[:]) }) {
		t.Errorf("Members() = %v, want A, B, M, N sorted by key", members)
	}
}

// min2 returns the one of two persons whose key is the lesser.
func min2(a, b string) string {
	x, y := pub(a), pub(b)
	if slices.Compare(x[:], y[:]) < 0 {
		return a
	}
	return b
}

func TestBestGrant(t *testing.T) {
	w := base(t)
	w.do("gM2", root, "genesis", "", grant("M", member))
	if g, _, _ := w.state.GrantOf(pub("M")); g != w.id("gM") {
		t.Errorf("of two members' grants the best is %v, want the one whose path begins with gA", g)
	}
	w.do("gM3", "C/1", "gC", "", grant("M", steward))
	if g, role, _ := w.state.GrantOf(pub("M")); g != w.id("gM3") || role != steward {
		t.Errorf("of a member's and a steward's grant the best is %v, want the steward's", g)
	}
}

func TestInvitations(t *testing.T) {
	w := door(t)
	w.do("k", "B/1", "gB", "", invite("k"))
	w.do("u", "A/1", "gA", "", &oplog.RevokeInvite{Invite: w.id("i")})
	w.do("gZ", "D/1", "gD", "u", w.join("D/1", "Z", "k"))
	find := func(name string) membership.Invitation {
		t.Helper()
		in, ok := w.state.Invitation(invite(name).ID)
		if !ok {
			t.Fatalf("Invitation(%s): none", name)
		}
		return in
	}
	if in := find("k"); !in.Valid || in.Revoked || in.Used != 1 || in.By != pub("B") || in.ID != w.id("k") {
		t.Errorf("invitation k: %+v, want valid, used once, by B", in)
	}
	if in := find("i"); in.Valid || !in.Revoked || in.Used != 0 {
		t.Errorf("invitation i: %+v, want revoked", in)
	}
	if n := len(w.state.Invitations()); n != 3 {
		t.Errorf("%d invitations, want 3", n)
	}
	w.do("rB", "A/1", "gA", "", remove("B"))
	if in := find("k"); in.Valid || in.Revoked {
		t.Errorf("invitation k by one who is gone: %+v, want neither valid nor revoked", in)
	}
	if _, ok := w.state.Invitation(invite("x").ID); ok {
		t.Error("Invitation(x) is ok, want none")
	}
	if w.state.Bars(pub("Z"), w.id("k")) {
		t.Error("Z is barred without having been removed")
	}
	w.do("rZ", "A/1", "gA", "", remove("Z"))
	w.do("l", "A/1", "gA", "", invite("l"))
	if !w.state.Bars(pub("Z"), w.id("k")) || w.state.Bars(pub("Z"), w.id("l")) {
		t.Error("a removal bars by invitations that are older, and by no others")
	}
	w.do("rM", "A/1", "gA", "", retire("M"))
	if w.state.Bars(pub("M"), w.id("i")) {
		t.Error("M retired, and may not come back")
	}
}

func TestLog(t *testing.T) {
	cut := func(w *world, r oplog.MemberOp, labels ...string) oplog.MemberOp {
		switch op := r.(type) {
		case *oplog.Remove:
			op.Cut = w.idsOf(labels...)
		case *oplog.RevokeDevice:
			op.Cut = w.idsOf(labels...)
		}
		return r
	}
	for _, c := range []struct {
		name        string
		do          func(*world)
		cert, grant string
		visible     bool
		by          string // what ends it, none: nothing is visible
		inside      []string
	}{
		{name: "a member's", cert: "cM/1", grant: "gM", visible: true},
		{name: "a reader's", cert: "cZ/1", grant: "gZ", do: func(w *world) { w.do("gZ", "A/1", "gA", "", grant("Z", reader)) }},
		{name: "removed with a cut", cert: "cM/1", grant: "gM", by: "r", inside: []string{"gM"},
			do: func(w *world) { w.do("r", "A/1", "gA", "", cut(w, remove("M"), "gM")) }},
		{name: "removed with a cut in parts", cert: "cM/1", grant: "gM", by: "r", inside: []string{"gA", "gB", "gM"},
			do: func(w *world) {
				w.do("p1", "A/1", "gA", "", &oplog.CutPart{Cut: w.idsOf("gA", "gM")})
				w.do("p2", "A/1", "gA", "", &oplog.CutPart{Cut: w.idsOf("gB", "gM")})
				r := remove("M")
				r.Parts = w.idsOf("p1", "p2")
				w.do("r", "A/1", "gA", "", r)
			}},
		{name: "removed, nothing stays", cert: "cM/1", grant: "gM", by: "r", do: func(w *world) { w.do("r", "A/1", "gA", "", remove("M")) }},
		{name: "retired", cert: "cM/1", grant: "gM", visible: true, do: func(w *world) { w.do("r", "A/1", "gA", "", retire("M")) }},
		{name: "left", cert: "cM/1", grant: "gM", visible: true, do: func(w *world) { w.do("r", "M/1", "gM", "", &oplog.Leave{}) }},
		{name: "demoted", cert: "cB/1", grant: "gB", visible: true, do: func(w *world) { w.do("r", "A/1", "gA", "", demote("B")) }},
		{name: "removed by a junior", cert: "cA/1", grant: "gA", visible: true, do: func(w *world) { w.do("r", "C/1", "gC", "", remove("A")) }},
		{name: "removal annulled", cert: "cM/1", grant: "gM", visible: true,
			do: func(w *world) {
				w.do("r", "C/1", "gC", "", remove("M"))
				w.do("a", "A/1", "gA", "", w.removeAnnulling("C", "r"))
			}},
		{name: "admitted by one expelled concurrently", cert: "cZ/1", grant: "gZ",
			do: func(w *world) {
				w.do("gZ", "B/1", "gB", "gM", grant("Z", member))
				w.do("r", "A/1", "gA", "gM", remove("B"))
			}},
		{name: "re-admitted: the new log", cert: "cM/1", grant: "gM2", visible: true,
			do: func(w *world) {
				w.do("r", "A/1", "gA", "", remove("M"))
				w.do("gM2", "A/1", "gA", "", grant("M", member))
			}},
		{name: "re-admitted: the old log", cert: "cM/1", grant: "gM", by: "r",
			do: func(w *world) {
				w.do("r", "A/1", "gA", "", remove("M"))
				w.do("gM2", "A/1", "gA", "", grant("M", member))
			}},
		{name: "device revoked", cert: "cM/1", grant: "gM", by: "v", inside: []string{"gM"},
			do: func(w *world) { w.do("v", "M", "gM", "", cut(w, revoke("M/1"), "gM")) }},
		{name: "another device revoked", cert: "cM/1", grant: "gM", visible: true,
			do: func(w *world) { w.do("v", "M", "gM", "", revoke("M/2")) }},
		{name: "device revoked under a grant below", cert: "cA/1", grant: "gA", visible: true,
			do: func(w *world) { w.do("v", "C/1", "gC", "", revoke("A/1")) }},
		{name: "two end it", cert: "cM/1", grant: "gM", by: "r v", inside: []string{"gM"},
			do: func(w *world) {
				w.do("r", "A/1", "gA", "", cut(w, remove("M"), "gM"))
				w.do("v", "B/1", "gB", "", cut(w, revoke("M/1"), "gM"))
			}},
		{name: "another's certificate", cert: "cA/1", grant: "gM"},
		{name: "no certificate", cert: "gA", grant: "gM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := base(t)
			if c.do != nil {
				c.do(w)
			}
			got := w.state.Log(w.id(c.cert), w.id(c.grant))
			want := membership.Verdict{Visible: c.visible}
			if c.by != "" {
				want.By = w.idsOf(fields(c.by)...)
				for range want.By {
					want.Cuts = append(want.Cuts, w.idsOf(c.inside...))
				}
			}
			if got.Visible != want.Visible || !slices.Equal(got.By, want.By) || !slices.EqualFunc(got.Cuts, want.Cuts, slices.Equal[[]crdt.ChangeID]) {
				t.Errorf("Log = %+v, want %+v", got, want)
			}
		})
	}
}

func fields(s string) (f []string) {
	for _, r := range s {
		if r != ' ' {
			f = append(f, string(r))
		}
	}
	return f
}

func TestGenesisOfLogs(t *testing.T) {
	w := base(t)
	writer := oplog.Writer{Device: pub("M/1"), Person: pub("M")}
	if got, err := w.state.Certified(w.id("cM/1")); err != nil || got != writer {
		t.Errorf("Certified(cM/1) = %v, %v; want M/1 of M", got, err)
	}
	if got, err := w.state.Granted(w.id("gM")); err != nil || got != pub("M") {
		t.Errorf("Granted(gM) = %v, %v; want M", got, err)
	}
	for name, ask := range map[string]func(crdt.ChangeID) error{
		"Certified": func(id crdt.ChangeID) error { _, err := w.state.Certified(id); return err },
		"Granted":   func(id crdt.ChangeID) error { _, err := w.state.Granted(id); return err },
	} {
		if err := ask(crdt.ChangeID{1}); !errors.Is(err, oplog.ErrUnknown) {
			t.Errorf("%s of what isn't stored: %v, want ErrUnknown", name, err)
		}
		if err := ask(w.id("genesis")); !errors.Is(err, oplog.ErrInvalid) {
			t.Errorf("%s of the genesis: %v, want ErrInvalid", name, err)
		}
	}
	g := &oplog.LogGenesis{Commons: w.genesis.ID, Device: pub("M/1"), Person: pub("M"), Cert: w.id("cM/1"), Grant: w.id("gM")}
	if _, err := oplog.CheckGenesis(g, w.genesis.ID, nil, w.state); err != nil {
		t.Errorf("CheckGenesis: %v", err)
	}
	g.Grant = w.id("gA")
	if _, err := oplog.CheckGenesis(g, w.genesis.ID, nil, w.state); !errors.Is(err, oplog.ErrInvalid) {
		t.Errorf("CheckGenesis under another's grant: %v, want ErrInvalid", err)
	}
}

func TestAddTwiceAndTooEarly(t *testing.T) {
	w := base(t)
	m := w.state.Get(w.id("gM"))
	n := w.state.Len()
	if err := w.state.Add(m); err != nil || w.state.Len() != n {
		t.Errorf("adding again: %v, %d changes, want %d", err, w.state.Len(), n)
	}
	s := membership.New(w.genesis)
	if err := s.Add(m); !errors.Is(err, oplog.ErrUnknown) || s.Has(m.ID) {
		t.Errorf("adding before its parents: %v, want ErrUnknown", err)
	}
	if s.Counts(m.ID) || s.Live(m.ID) || s.Saw(m.ID, m.ID) {
		t.Error("what isn't stored counts, lives, or has seen")
	}
}

// TestWide: more heads than a change may have parents.
func TestWide(t *testing.T) {
	w := base(t)
	for i := range 40 {
		w.do(fmt.Sprint("c", i), "A", "", "genesis", &oplog.Certify{Device: pub(fmt.Sprint("A/", i+2)), Person: pub("A")})
	}
	old := len(w.state.Heads())
	for range 5 {
		parents := w.state.Next(w.id("gA"), w.id("cA/1"))
		if len(parents) > oplog.MaxLinks {
			t.Fatalf("Next gives %d parents", len(parents))
		}
		if !w.state.Reaches(parents, w.id("gA")) || !w.state.Reaches(parents, w.id("cA/1")) {
			t.Fatal("Next leaves out what is needed")
		}
		m := &oplog.MembershipChange{Commons: w.genesis.ID, Parents: parents, Auth: w.id("gA"), Op: invite("i")}
		block, sig, err := m.Seal(priv("A/1"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.state.Admit(block, sig); err != nil {
			t.Fatal(err)
		}
		if err := w.state.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.state.Heads()); old <= oplog.MaxLinks || n != 1 {
		t.Errorf("%d heads after 5 changes, from %d; want 1", n, old)
	}
}

// TestTenThousand: a commons of that many changes, on several branches, is
// still answered for, and ancestors are the right ones.
func TestTenThousand(t *testing.T) {
	g := newGraph(1)
	rng := rand.New(rand.NewPCG(3, 4))
	tips := [][]crdt.ChangeID{g.state.Heads(), g.state.Heads(), g.state.Heads()}
	for i := 0; i < 10_000; i++ {
		b := rng.IntN(len(tips))
		parents := tips[b]
		if rng.IntN(50) == 0 {
			parents = g.state.Next()
		}
		op := &oplog.Grant{Target: oplog.Key{byte(i), byte(i >> 8), 9}, Role: member}
		if g.add("A/1", g.auths[1], parents, op) {
			tips[b] = g.ids(g.changes[len(g.changes)-1].ID)
		}
	}
	if n := g.state.Len(); n < 10_000 {
		t.Fatalf("%d changes", n)
	}
	if !g.add("R", crdt.ChangeID(g.genesis.ID), g.changes[6000].Parents, &oplog.Remove{Target: key("A")}) {
		t.Fatal("root may not remove")
	}
	seen := map[crdt.ChangeID]bool{}
	for walk := slices.Clone(g.changes[6000].Parents); len(walk) > 0; walk = walk[1:] {
		if m := g.state.Get(walk[0]); m != nil && !seen[walk[0]] {
			seen[walk[0]] = true
			walk = append(walk, m.Parents...)
		}
	}
	members := 0
	for _, m := range g.changes {
		if got := g.state.Saw(g.changes[6000].ID, m.ID); got != (seen[m.ID] || m == g.changes[6000]) {
			t.Fatalf("Saw(…, %v) = %v", m.ID, got)
		}
		if op, ok := m.Op.(*oplog.Grant); ok && m.Auth == g.auths[1] {
			if got := g.state.Role(op.Target); (got == member) != seen[m.ID] {
				t.Fatalf("a grant that the remover had seen: %v, the role: %v", seen[m.ID], got)
			}
			if seen[m.ID] {
				members++
			}
		}
	}
	if members == 0 || g.state.Cyclic() {
		t.Errorf("%d members stay", members)
	}
}

func BenchmarkResolve(b *testing.B) {
	g := newGraph(1)
	g.grow(6000, g.all)
	s := membership.New(g.genesis)
	for _, m := range g.changes[:len(g.changes)-1] {
		if err := s.Add(m); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		s.Forget()
		for _, m := range g.changes {
			s.Counts(m.ID)
		}
		s.Members()
	}
	b.ReportMetric(float64(len(g.changes)), "changes")
}
