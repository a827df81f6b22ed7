package text

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// check verifies what must hold of a tracker between events.
func (t *tracker) check(tb testing.TB) {
	tb.Helper()
	var leaves []*node
	var visit func(n *node) counts
	visit = func(n *node) (sum counts) {
		if n.kids == nil {
			leaves = append(leaves, n)
			for i := range n.spans {
				s := &n.spans[i]
				c := s.counts()
				sum.add(&c)
				if got := t.locate(s.id + int(s.n) - 1); got != (cursor{n, i, int(s.n) - 1}) {
					tb.Fatalf("element %d is noted at another place", s.id+int(s.n)-1)
				}
			}
			return sum
		}
		for i, k := range n.kids {
			c := visit(k)
			if c != n.sums[i] {
				tb.Fatalf("sums of a node: got %v, want %v", n.sums[i], c)
			}
			if k.up != n || k.slot != i {
				tb.Fatal("a node hangs elsewhere than it says")
			}
			sum.add(&c)
		}
		return sum
	}
	if sum := visit(t.root); sum != t.sum {
		tb.Fatalf("sum: got %v, want %v", t.sum, sum)
	}
	leaf := t.first
	for i := range leaves {
		if leaf != leaves[i] {
			tb.Fatal("the leaves are chained in another order")
		}
		leaf = leaf.next
	}
}

// Long branches, also when their events arrive in turns, and a merge now and
// then: enough for nodes to divide on every level.
func TestLongBranches(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var s session
	s.add("base", 0, nil, []patch{{0, 0, "Long before the branches parted."}})
	const branches, rounds, steps = 3, 4, 150
	tips := [branches]int{}
	sizes := [branches]int{32, 32, 32}
	x := New(nil) // is asked for the length of a merge
	apply := func() {
		e := &s.events[len(s.events)-1]
		if err := x.ApplyParents(e.name, e.lamport, s.namesOf(e.parents), e.splices, false); err != nil {
			t.Fatal(err)
		}
	}
	apply()
	for range rounds {
		for step := range branches * steps {
			b := step % branches
			p := patch{pos: rnd.IntN(sizes[b] + 1), ins: "éa"[:2+rnd.IntN(2)]}
			if rnd.IntN(3) == 0 {
				p.del, p.ins = min(rnd.IntN(9), sizes[b]-p.pos), "x"
			}
			s.add(string(rune('a'+b)), len(s.events), []int{tips[b]}, []patch{p})
			apply()
			tips[b] = len(s.events) - 1
			sizes[b] += len([]rune(p.ins)) - p.del
		}
		x.merge()
		x.walk.tree.check(t)
		s.add("merge", len(s.events), slices.Clone(tips[:]), []patch{{0, 0, "m"}})
		apply()
		for b := range tips {
			tips[b], sizes[b] = len(s.events)-1, x.Len()
		}
	}
	if err := x.Check(); err != nil { // replays by lamport
		t.Fatal(err)
	}
	order := []int{0} // and branch by branch
	for round := range rounds {
		first := 1 + round*(branches*steps+1)
		for i := range branches * steps {
			order = append(order, first+i%steps*branches+i/steps)
		}
		order = append(order, first+branches*steps)
	}
	y := New(nil)
	s.apply(t, y, order)
	if !bytes.Equal(x.Encode(), y.Encode()) {
		t.Error("another order gives other bytes")
	}
	y.whole().tree.check(t)
}

// A run of events that is taken in two parts, with others' deletions in between,
// steps out of a version and back as one.
func TestARunTakenInParts(t *testing.T) {
	var s session
	s.add("b", 0, nil, []patch{{0, 0, "A"}})
	s.add("a", 1, []int{0}, []patch{{0, 0, "I"}})
	s.add("a", 2, []int{1}, []patch{{0, 2, "P"}})
	s.add("b", 3, []int{0}, []patch{{0, 0, "xcde"}})
	s.add("b", 4, []int{3, 1}, []patch{{0, 2, "bé"}})
	s.add("b", 5, []int{4}, []patch{{2, 2, "bé"}})
	s.add("c", 0, nil, []patch{{0, 0, "D"}})
	x := New(nil)
	s.apply(t, x, nil)
	if got, want := x.String(), "PbébéeD"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
