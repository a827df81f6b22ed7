package oplog

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// naive is ancestry by the book: every block with its parents, searched in
// full for every question.
type naive struct {
	own, deps [][]int
	places    []Place
}

func (n *naive) past(of ...int) map[int]bool {
	seen := map[int]bool{}
	for todo := slices.Clone(of); len(todo) > 0; {
		i := todo[0]
		todo = todo[1:]
		if seen[i] {
			continue
		}
		seen[i] = true
		todo = append(todo, n.own[i]...)
		todo = append(todo, n.deps[i]...)
	}
	return seen
}

// childless returns those of set without a child in set among the kinds of
// parents given, by place.
func (n *naive) childless(set map[int]bool, parents ...[][]int) (places []Place) {
	left := map[int]bool{}
	for i := range set {
		left[i] = true
	}
	for i := range set {
		for _, kind := range parents {
			for _, p := range kind[i] {
				delete(left, p)
			}
		}
	}
	for i := range left {
		places = append(places, n.places[i])
	}
	sortPlaces(places)
	return places
}

func (n *naive) all() map[int]bool {
	set := map[int]bool{}
	for i := range n.own {
		set[i] = true
	}
	return set
}

func sortPlaces(places []Place) {
	slices.SortFunc(places, func(a, b Place) int {
		return int(a.Chain)<<32 + int(a.Pos) - int(b.Chain)<<32 - int(b.Pos)
	})
}

// drawParents draws what the next block names: a genesis without parents, one
// that closes tips, a change after the newest of a log, or a fork.
func (n *naive) drawParents(t *rapid.T) (own, deps []int) {
	count := len(n.own)
	if count == 0 {
		return nil, nil
	}
	any := rapid.IntRange(0, count-1)
	recent := rapid.IntRange(max(0, count-4), count-1)
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
	case 1:
		own = rapid.SliceOfNDistinct(any, 0, 3, rapid.ID[int]).Draw(t, "prevLogs")
		return own, nil
	case 2:
		own = []int{any.Draw(t, "fork")}
	default:
		own = []int{recent.Draw(t, "prev")}
	}
	for _, d := range rapid.SliceOfNDistinct(any, 0, 3, rapid.ID[int]).Draw(t, "deps") {
		if !slices.Contains(own, d) {
			deps = append(deps, d)
		}
	}
	return own, deps
}

func (n *naive) placesOf(ids []int) (places []Place) {
	for _, i := range ids {
		places = append(places, n.places[i])
	}
	return places
}

func (n *naive) add(t *rapid.T, g *Graph, own, deps []int) {
	p, err := g.Add(n.placesOf(own), n.placesOf(deps))
	if err != nil {
		t.Fatalf("Add(%v, %v) = %v", own, deps, err)
	}
	if slices.Contains(n.places, p) {
		t.Fatalf("Add gave the place %v twice", p)
	}
	n.own, n.deps, n.places = append(n.own, own), append(n.deps, deps), append(n.places, p)
}

// drawHistory draws a graph with forks, and its naive twin.
func drawHistory(t *rapid.T, each func(g *Graph, n *naive)) (*Graph, *naive) {
	g, n := &Graph{}, &naive{}
	g.pasts.budget = rapid.IntRange(1, 60).Draw(t, "budget")
	for range rapid.IntRange(1, 40).Draw(t, "blocks") {
		own, deps := n.drawParents(t)
		n.add(t, g, own, deps)
		if each != nil {
			each(g, n)
		}
	}
	return g, n
}

func (n *naive) compareSaw(t *rapid.T, g *Graph, later, earlier int) {
	want := n.past(later)[earlier]
	if got := g.Saw(n.places[later], n.places[earlier]); got != want {
		t.Fatalf("Saw(%d at %v, %d at %v) = %v, want %v\nown %v\ndeps %v", later, n.places[later], earlier, n.places[earlier], got, want, n.own, n.deps)
	}
}

// TestGraphSaw asks in the order of folding, in which the newest block is the
// later one, between looks back.
func TestGraphSaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawHistory(t, func(g *Graph, n *naive) {
			newest := len(n.own) - 1
			for earlier := range n.own {
				n.compareSaw(t, g, newest, earlier)
			}
			if ps := &g.pasts; len(ps.cursors) > 1 && ps.words > ps.budget {
				t.Fatalf("%d cursors hold %d words, budget %d", len(ps.cursors), ps.words, ps.budget)
			}
			for range 3 {
				i := rapid.IntRange(0, newest)
				n.compareSaw(t, g, i.Draw(t, "later"), i.Draw(t, "earlier"))
			}
		})
	})
}

func TestGraphVersions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, n := drawHistory(t, nil)
		if got, want := g.Heads(), n.childless(n.all(), n.own, n.deps); !slices.Equal(got, want) {
			t.Fatalf("Heads() = %v, want %v", got, want)
		}
		if got, want := g.Tips(), n.childless(n.all(), n.own); !slices.Equal(got, want) {
			t.Fatalf("Tips() = %v, want %v", got, want)
		}
		if all := g.All(); all.Len() != len(n.own) || g.Len() != len(n.own) {
			t.Fatalf("All() holds %d, Len() = %d, want %d", all.Len(), g.Len(), len(n.own))
		}
		some := rapid.SliceOfN(rapid.IntRange(0, len(n.own)-1), 0, 4).Draw(t, "some")
		compareVersion(t, g, n, "Past", g.Past(n.placesOf(some)...), n.past(some...))
	})
}

func compareVersion(t *rapid.T, g *Graph, n *naive, name string, got Version, want map[int]bool) {
	for i, p := range n.places {
		if got.Has(p) != want[i] {
			t.Fatalf("%s: Has(%d at %v) = %v, want %v\nown %v\ndeps %v", name, i, p, got.Has(p), want[i], n.own, n.deps)
		}
	}
	if got.Len() != len(want) {
		t.Fatalf("%s holds %d, want %d", name, got.Len(), len(want))
	}
	if heads, want := g.HeadsOf(got), n.childless(want, n.own, n.deps); !slices.Equal(heads, want) {
		t.Fatalf("%s: HeadsOf = %v, want %v", name, heads, want)
	}
	if tips, want := g.TipsOf(got), n.childless(want, n.own); !slices.Equal(tips, want) {
		t.Fatalf("%s: TipsOf = %v, want %v\nown %v\ndeps %v\nplaces %v", name, tips, want, n.own, n.deps, n.places)
	}
}

// TestExchanged holds E against its definition: what isn't void, and all its
// ancestors.
func TestExchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, n := drawHistory(t, nil)
		void := map[Place]bool{}
		var visible []int
		for i, p := range n.places {
			if void[p] = rapid.Bool().Draw(t, "void"); !void[p] {
				visible = append(visible, i)
			}
		}
		e := g.Exchanged(func(p Place) bool { return void[p] })
		compareVersion(t, g, n, "Exchanged", e, n.past(visible...))
	})
	var g Graph
	if e := g.Exchanged(func(Place) bool { return false }); e.Len() != 0 {
		t.Errorf("Exchanged of nothing holds %d", e.Len())
	}
}

// TestGraphTruncate holds that a graph cut back is the one that was never
// longer.
func TestGraphTruncate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, n := drawHistory(t, nil)
		at := rapid.IntRange(0, g.Len()).Draw(t, "cut")
		g.Truncate(at)
		n.own, n.deps = n.own[:at], n.deps[:at]
		short := &Graph{}
		again := &naive{}
		for i := range n.own {
			again.add(t, short, n.own[i], n.deps[i])
		}
		if !slices.Equal(again.places, n.places[:at]) {
			t.Fatalf("added again, blocks are at %v, were at %v", again.places, n.places[:at])
		}
		n.places = again.places
		sameGraph(t, g, short, n)
		own, deps := n.drawParents(t)
		n.add(t, g, own, deps)
		for i := range n.own {
			n.compareSaw(t, g, len(n.own)-1, i)
		}
	})
}

func sameGraph(t *rapid.T, a, b *Graph, n *naive) {
	if a.Len() != b.Len() || a.Chains() != b.Chains() || !slices.Equal(a.Heads(), b.Heads()) || !slices.Equal(a.Tips(), b.Tips()) {
		t.Fatalf("%d blocks, %d chains, heads %v, tips %v, want %d, %d, %v, %v",
			a.Len(), a.Chains(), a.Heads(), a.Tips(), b.Len(), b.Chains(), b.Heads(), b.Tips())
	}
	for _, later := range n.places {
		for _, earlier := range n.places {
			if got, want := a.Saw(later, earlier), b.Saw(later, earlier); got != want {
				t.Fatalf("Saw(%v, %v) = %v, want %v", later, earlier, got, want)
			}
		}
	}
}

func TestGraphErrors(t *testing.T) {
	var g Graph
	p, err := g.Add(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	missing := Place{Chain: p.Chain, Pos: p.Pos + 1}
	if _, err := g.Add([]Place{p}, []Place{missing}); !errors.Is(err, ErrPlace) || g.Len() != 1 {
		t.Errorf("Add after a missing place: %v, %d blocks, want ErrPlace and 1", err, g.Len())
	}
	if g.Saw(missing, p) || g.Saw(p, missing) || g.Saw(p, Place{Chain: 7}) {
		t.Error("a place that isn't there saw or was seen")
	}
}

// largeGraph is 10⁶ changes in 2 000 logs of some writers that take turns at
// random, each having seen the change before: the worst that people can do.
func largeGraph(tb testing.TB, writers int) (*Graph, []Place) {
	const changes, logs = 1_000_000, 2000
	rng := rand.New(rand.NewPCG(1, 2))
	g := &Graph{}
	places := make([]Place, 0, changes)
	tips := make([]Place, writers)
	for i := range changes {
		w := rng.IntN(writers)
		var own, deps []Place
		switch {
		case i < writers:
			w = i
		case rng.IntN(changes) < logs-writers:
			own = []Place{tips[w]} // the genesis of the writer's next log
		default:
			own = []Place{tips[w]}
			if last := places[i-1]; last != tips[w] {
				deps = []Place{last}
			}
		}
		p, err := g.Add(own, deps)
		if err != nil {
			tb.Fatal(err)
		}
		tips[w], places = p, append(places, p)
	}
	return g, places
}

func TestGraphMemory(t *testing.T) {
	for _, writers := range []int{100, 2000} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		g, places := largeGraph(t, writers)
		for _, p := range g.Tips()[:100] {
			if !g.Saw(p, places[0]) && p.Chain != 0 && p.Pos > 0 {
				t.Fatalf("%v hadn't seen the first change", p)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		got := int64(after.HeapAlloc) - int64(before.HeapAlloc) - int64(cap(places))*8
		t.Logf("%d changes of %d writers take %.1f MB", g.Len(), writers, float64(got)/1e6)
		if got > 30e6 {
			t.Errorf("%d changes of %d writers take %d bytes, want at most 30 MB", g.Len(), writers, got)
		}
		runtime.KeepAlive(places)
	}
}

// BenchmarkGraphSaw asks a graph whose cursors stand at the ends of chains.
func BenchmarkGraphSaw(b *testing.B) {
	g, places := largeGraph(b, 100)
	tips := g.Tips()
	for _, p := range tips {
		g.Saw(p, places[0])
	}
	rng := rand.New(rand.NewPCG(5, 6))
	n := len(places)
	for _, bm := range []struct {
		name string
		ask  func() (later, earlier Place)
	}{
		{"tip", func() (Place, Place) { return tips[rng.IntN(len(tips))], places[rng.IntN(n)] }},
		{"back 100", func() (Place, Place) { i := n/2 + rng.IntN(n/4); return places[i], places[i-100] }},
		{"back 10000", func() (Place, Place) { i := n/2 + rng.IntN(n/4); return places[i], places[i-10_000] }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				g.Saw(bm.ask())
			}
		})
	}
}

// BenchmarkGraphFold is what folding asks: as each change arrives, whether it
// had seen a few others.
func BenchmarkGraphFold(b *testing.B) {
	for b.Loop() {
		rng := rand.New(rand.NewPCG(7, 8))
		g := &Graph{}
		var tips [100]Place
		var places []Place
		for i := range 100_000 {
			d := rng.IntN(len(tips))
			var own, deps []Place
			if i < len(tips) {
				d = i
			} else {
				own, deps = []Place{tips[d]}, places[i-1:]
			}
			p, err := g.Add(own, deps)
			if err != nil {
				b.Fatal(err)
			}
			tips[d], places = p, append(places, p)
			for range 3 {
				g.Saw(p, places[rng.IntN(i+1)])
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/change")
}
