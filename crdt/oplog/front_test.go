package oplog

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestFront holds a front that grows with the graph against the walk through
// all of it.
func TestFront(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f Front
		var in []int
		g, n := drawHistory(t, func(g *Graph, n *naive) {
			if i := len(n.own) - 1; rapid.IntRange(0, 2).Draw(t, "void") > 0 {
				in = append(in, i)
				f.Grow(g, n.places[i])
			}
		})
		same := func(name string, f *Front) {
			compareVersion(t, g, n, name, f.Version(), n.past(in...))
			if got, want := f.Heads(), g.HeadsOf(f.Version()); !slices.Equal(got, want) {
				t.Fatalf("%s: Heads = %v, want %v", name, got, want)
			}
			if got, want := f.Tips(), g.TipsOf(f.Version()); !slices.Equal(got, want) {
				t.Fatalf("%s: Tips = %v, want %v", name, got, want)
			}
		}
		same("a front that grew", &f)
		same("the front of its version", NewFront(g, slices.Clone(f.Version())))
	})
}

// TestBehind holds it against its definition: by prev and prevLogs alone.
func TestBehind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, n := drawHistory(t, nil)
		of := rapid.SliceOfN(rapid.IntRange(0, len(n.own)-1), 0, 4).Draw(t, "of")
		got := g.Behind(n.placesOf(of)...)
		alone := naive{own: n.own, deps: make([][]int, len(n.own))}
		want := alone.past(of...)
		for i, p := range n.places {
			if got.Has(p) != want[i] {
				t.Fatalf("block %d behind %v: %v, want %v", i, of, got.Has(p), want[i])
			}
		}
	})
}
