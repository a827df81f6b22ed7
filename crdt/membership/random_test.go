package membership_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// runs is how many random graphs a test looks at: share of NAVETTE_RUNS, or a
// few.
func runs(tb testing.TB, few int) int {
	s := os.Getenv("NAVETTE_RUNS")
	if s == "" {
		if testing.Short() {
			return few / 10
		}
		return few
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		tb.Fatalf("NAVETTE_RUNS: %v", err)
	}
	return n
}

// A graph is a commons whose changes are drawn at random. Nothing is signed:
// State doesn't look.
type graph struct {
	rng     *rand.Rand
	genesis *oplog.CommonsGenesis
	state   *membership.State
	changes []*oplog.MembershipChange
	names   []string // persons; each has devices /1 and /2, and is hosted by H/1
	auths   []crdt.ChangeID
	invites []crdt.ChangeID
	others  []crdt.ChangeID // what may be annulled or cut
	data    []crdt.ChangeID // what may be cut, adopted and reverted
}

var keys = map[string]oplog.Key{}

func key(name string) oplog.Key {
	k, ok := keys[name]
	if !ok {
		k = pub(name)
		keys[name] = k
	}
	return k
}

func newGraph(seed uint64) *graph {
	gen := &oplog.CommonsGenesis{Roots: []oplog.Key{key("R"), key("S")}}
	slices.SortFunc(gen.Roots, func(a, b oplog.Key) int { return slices.Compare(a[:], b[:]) })
	block, err := gen.Encode()
	if err != nil {
		panic(err)
	}
	gen.ID = oplog.CommonsID(oplog.Sum(block))
	g := &graph{
		rng:     rand.New(rand.NewPCG(seed, 5)),
		genesis: gen,
		state:   membership.New(gen),
		names:   []string{"A", "B", "C", "D", "E", "F"},
		auths:   []crdt.ChangeID{crdt.ChangeID(gen.ID)},
	}
	for _, name := range g.names {
		g.add(name, crdt.ChangeID{}, g.ids(crdt.ChangeID(gen.ID)), &oplog.Certify{Device: key(name + "/1"), Person: key(name)})
	}
	for i, role := range []oplog.Role{steward, steward, doorkeeper} {
		g.add("R", crdt.ChangeID(gen.ID), g.state.Next(), &oplog.Grant{Target: key(g.names[i]), Role: role})
	}
	return g
}

func (g *graph) ids(ids ...crdt.ChangeID) []crdt.ChangeID { return ids }

// add adds a change if it is admissible.
func (g *graph) add(signer string, auth crdt.ChangeID, parents []crdt.ChangeID, op oplog.MemberOp) bool {
	m := &oplog.MembershipChange{Commons: g.genesis.ID, Parents: parents, Auth: auth, Signer: key(signer), Op: op}
	block, err := m.Encode()
	if err != nil {
		panic(err)
	}
	m.ID = oplog.Sum(block)
	if g.state.Has(m.ID) || g.state.Add(m) != nil {
		return false
	}
	g.changes = append(g.changes, m)
	switch op.(type) {
	case *oplog.Grant:
		g.auths = append(g.auths, m.ID)
	case *oplog.Invite:
		g.invites = append(g.invites, m.ID)
	}
	g.others = append(g.others, m.ID)
	return true
}

func pick[T any](rng *rand.Rand, s []T) T { return s[rng.IntN(len(s))] }

// parents draws some of what is stored, new or old, and auth with it.
func (g *graph) parents(auth crdt.ChangeID) []crdt.ChangeID {
	var ps []crdt.ChangeID
	switch g.rng.IntN(4) {
	case 0: // everything
		ps = g.state.Next(auth)
	case 1: // little: back-dating
		ps = []crdt.ChangeID{pick(g.rng, g.others)}
	default:
		for range 1 + g.rng.IntN(3) {
			ps = append(ps, g.others[len(g.others)-1-g.rng.IntN(min(8, len(g.others)))])
		}
	}
	if auth != (crdt.ChangeID{}) && !g.state.Reaches(ps, auth) {
		ps = append(ps, auth)
	}
	for i := 0; i < len(ps) && len(ps) > oplog.MaxLinks; i++ {
		ps = ps[1:]
	}
	return oplog.SortLinks(ps)
}

// some draws up to n of ids.
func (g *graph) some(ids []crdt.ChangeID, n int) []crdt.ChangeID {
	var s []crdt.ChangeID
	for range g.rng.IntN(n + 1) {
		if len(ids) > 0 {
			s = append(s, pick(g.rng, ids))
		}
	}
	return oplog.SortLinks(s)
}

// step draws one change under a grant from auths, by one who holds it.
func (g *graph) step(auths []crdt.ChangeID) bool {
	auth := pick(g.rng, auths)
	person, signer := "", pick(g.rng, []string{"R", "S"})
	if m := g.state.Get(auth); m != nil {
		target := m.Op.(*oplog.Grant).Target
		for _, n := range g.names {
			if key(n) == target {
				person = n
			}
		}
		signer = person + pick(g.rng, []string{"", "/1", "/1", "/1", "/2", "/3"})
	}
	if signer == person+"/3" {
		signer = "H/1"
	}
	if person != "" && g.rng.IntN(6) == 0 {
		device := pick(g.rng, []string{person + "/1", person + "/2", "H/1"})
		return g.add(person, crdt.ChangeID{}, g.parents(auth),
			&oplog.Certify{Device: key(device), Person: key(person), Hosted: device == "H/1"})
	}
	parents := g.parents(auth)
	if person != "" && g.rng.IntN(2) == 0 { // with a certificate among the ancestors
		if c, ok := g.state.CertOf(key(signer), key(person)); ok && !g.state.Reaches(parents, c) && len(parents) < oplog.MaxLinks {
			parents = oplog.SortLinks(append(parents, c))
		}
	}
	return g.add(signer, auth, parents, g.op(person, signer, auth))
}

func (g *graph) op(person, signer string, auth crdt.ChangeID) oplog.MemberOp {
	if len(g.data) > 0 && g.rng.IntN(3) > 0 {
		return g.dataOp()
	}
	other := pick(g.rng, g.names)
	role := pick(g.rng, []oplog.Role{reader, member, doorkeeper, steward, steward})
	switch g.rng.IntN(15) {
	case 0, 1:
		return &oplog.Grant{Target: key(other), Role: role}
	case 2, 3, 4:
		r := &oplog.Remove{Target: key(other), Keep: g.rng.IntN(4) == 0, Annul: g.some(g.others, 2)}
		if g.rng.IntN(4) == 0 {
			r.Scope = oplog.ScopeSteward
		}
		return r
	case 5:
		return &oplog.Leave{}
	case 6, 7:
		whose := other
		if person != "" && g.rng.IntN(2) == 0 {
			whose = person
		}
		v := &oplog.RevokeDevice{
			Device: key(pick(g.rng, []string{whose + "/1", whose + "/2", "H/1"})),
			Person: key(whose), Cut: g.some(g.others, 2),
		}
		return v
	case 8:
		return invite("i" + strconv.Itoa(g.rng.IntN(4)))
	case 9:
		if len(g.invites) > 0 {
			return &oplog.RevokeInvite{Invite: pick(g.rng, g.invites)}
		}
	case 10:
		return &oplog.UnknownOp{Num: 77, Raw: []byte{0x81, 0x18, 77}}
	}
	if len(g.invites) == 0 {
		return &oplog.Grant{Target: key(other), Role: member}
	}
	return g.join(signer, other, pick(g.rng, g.invites))
}

// join is a grant by an invitation. Its proof isn't one: State doesn't look.
func (g *graph) join(host, joiner string, id crdt.ChangeID) oplog.MemberOp {
	j := &oplog.JoinProof{Invite: id, Device: key(joiner + "/1"), Host: key(host)}
	return &oplog.Grant{Target: key(joiner), Role: member, Join: j}
}

// grow adds about n changes.
func (g *graph) grow(n int, auths func() []crdt.ChangeID) {
	for range n {
		g.step(auths())
	}
}

func (g *graph) all() []crdt.ChangeID { return g.auths }

// verdicts are what a State says of everything, in text.
func verdicts(s *membership.State) string {
	out := ""
	for _, id := range s.Order() {
		out += fmt.Sprintf("%v %v %v\n", id, s.Counts(id), s.Live(id))
	}
	return out + fmt.Sprint(s.Members(), s.Heads())
}

// TestConvergence: what a State says depends on the set of changes, not on
// their order, agrees with the rule read word for word, and takes no cycle.
func TestConvergence(t *testing.T) {
	n := runs(t, 400)
	for seed := range uint64(n) {
		converge(t, seed, 40)
	}
	t.Logf("figure: %d random membership graphs, each in 3 orders: 0 differences", n)
}

func FuzzResolve(f *testing.F) {
	f.Add(uint64(1), uint8(10))
	f.Add(uint64(2), uint8(200))
	f.Fuzz(func(t *testing.T, seed uint64, n uint8) { converge(t, seed, int(n)) })
}

func converge(t *testing.T, seed uint64, n int) {
	g := newGraph(seed)
	g.grow(n, g.all)
	want := verdicts(g.state)
	if g.state.Cyclic() {
		t.Fatalf("seed %d: the recursion ran into itself", seed)
	}
	for range 2 {
		s := membership.New(g.genesis)
		for i, m := range shuffled(g.rng, g.genesis, g.changes) {
			if err := s.Add(m); err != nil {
				t.Fatalf("seed %d: adding in another order: %v", seed, err)
			}
			if g.rng.IntN(8) == 0 {
				s.Counts(g.changes[i].ID) // asked too early, on purpose
			}
		}
		if got := verdicts(s); got != want {
			t.Fatalf("seed %d: in another order:\n%s\nwant\n%s", seed, got, want)
		}
	}
	rule := newNaive(g.genesis, g.changes)
	for _, m := range g.changes {
		if got, want := g.state.Counts(m.ID), rule.counts(m.ID); got != want {
			t.Fatalf("seed %d: counts(%v) = %v, the rule says %v", seed, m.ID, got, want)
		}
		if got, want := g.state.Live(m.ID), rule.live(m.ID); got != want {
			t.Fatalf("seed %d: live(%v) = %v, the rule says %v", seed, m.ID, got, want)
		}
	}
	roles := map[oplog.Key]oplog.Role{}
	for _, m := range g.state.Members() {
		roles[m.Person] = m.Role
	}
	if want := rule.members(); !maps.Equal(roles, want) {
		t.Fatalf("seed %d: members %v, the rule says %v", seed, roles, want)
	}
}

// TestJuniorsChangeNothingAbove: whatever the holder of a grant adds, back-dated
// or not, with puppets and any number of devices, no verdict senior to that
// grant changes.
func TestJuniorsChangeNothingAbove(t *testing.T) {
	extended := 0
	for seed := range uint64(runs(t, 400)) {
		g := newGraph(seed)
		g.grow(30, g.all)
		junior := pick(g.rng, g.auths[1:])
		honest := slices.Clone(g.changes)
		counts, live := map[crdt.ChangeID]bool{}, map[crdt.ChangeID]bool{}
		for _, m := range honest {
			counts[m.ID], live[m.ID] = g.state.Counts(m.ID), g.state.Live(m.ID)
		}
		g.grow(25, func() []crdt.ChangeID { return g.under(junior) })
		for _, m := range honest {
			if m.Auth != (crdt.ChangeID{}) && g.state.Senior(m.Auth, junior) && g.state.Counts(m.ID) != counts[m.ID] {
				t.Fatalf("seed %d: a junior changed what counts of %v", seed, m.ID)
			}
			if g.state.Senior(m.ID, junior) && g.state.Live(m.ID) != live[m.ID] {
				t.Fatalf("seed %d: a junior ended or gave back the grant %v", seed, m.ID)
			}
		}
		extended += len(g.changes) - len(honest)
	}
	if extended == 0 {
		t.Error("no change was added")
	}
	t.Logf("figure: %d changes made by juniors: 0 verdicts changed above them", extended)
}

// under returns the grants that descend from one, itself included.
func (g *graph) under(top crdt.ChangeID) []crdt.ChangeID {
	var under []crdt.ChangeID
	for _, id := range g.auths {
		for a := id; a != (crdt.ChangeID{}); {
			if a == top {
				under = append(under, id)
				break
			}
			m := g.state.Get(a)
			if m == nil {
				break
			}
			a = m.Auth
		}
	}
	return under
}

// TestNoResurrection: nothing that a removed person signs, whatever it claims
// to have seen, counts; nor what their puppets sign.
func TestNoResurrection(t *testing.T) {
	tried := 0
	for seed := range uint64(runs(t, 400)) {
		g := newGraph(seed)
		g.grow(25, g.all)
		target := g.state.Get(pick(g.rng, g.auths[1:])).Op.(*oplog.Grant).Target
		if !g.add("R", crdt.ChangeID(g.genesis.ID), g.state.Next(), &oplog.Remove{Target: target}) {
			t.Fatalf("seed %d: root may not remove", seed)
		}
		own := slices.DeleteFunc(slices.Clone(g.auths[1:]), func(id crdt.ChangeID) bool {
			return g.state.Get(id).Op.(*oplog.Grant).Target != target
		})
		before, auths := len(g.changes), len(g.auths)
		g.grow(25, func() []crdt.ChangeID { return slices.Concat(own, g.auths[auths:]) })
		for _, m := range g.changes[before:] {
			if m.Auth == (crdt.ChangeID{}) {
				continue // a certificate
			}
			tried++
			if g.state.Counts(m.ID) {
				t.Fatalf("seed %d: %v counts, under a grant that was ended", seed, m.ID)
			}
		}
		if g.state.Role(target) != oplog.RoleNone {
			t.Fatalf("seed %d: back among the members", seed)
		}
	}
	if tried == 0 {
		t.Error("nothing was tried")
	}
	t.Logf("figure: %d changes back-dated under ended grants: 0 count", tried)
}

// TestRanksAreTotal: of two grants one is senior, for ever.
func TestRanksAreTotal(t *testing.T) {
	for seed := range uint64(runs(t, 60)) {
		g := newGraph(seed)
		g.grow(40, g.all)
		n := newNaive(g.genesis, g.changes)
		sorted := slices.Clone(g.auths)
		slices.SortFunc(sorted, func(a, b crdt.ChangeID) int {
			ab, ba := g.state.Senior(a, b), g.state.Senior(b, a)
			if ab == ba && a != b {
				t.Fatalf("seed %d: of %v and %v neither or both are senior", seed, a, b)
			}
			if ab != n.senior(a, b) {
				t.Fatalf("seed %d: senior(%v, %v) = %v, the rule says otherwise", seed, a, b, ab)
			}
			return cmp.Compare(b2i(ba), b2i(ab))
		})
		for i := range sorted {
			for j := i + 1; j < len(sorted); j++ {
				if !g.state.Senior(sorted[i], sorted[j]) {
					t.Fatalf("seed %d: seniority isn't transitive", seed)
				}
			}
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
