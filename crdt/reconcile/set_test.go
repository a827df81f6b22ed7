package reconcile

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"navette/crdt/cbor"
)

func items(t *rapid.T, label string) []Item {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Item {
		var it Item
		it.Order = rapid.Uint64Range(0, 5).Draw(t, "order")
		it.Log[0] = 1 + byte(rapid.IntRange(0, 3).Draw(t, "log"))
		it.ID[0] = byte(rapid.IntRange(0, 3).Draw(t, "id"))
		it.ID[1], it.ID[2] = byte(it.Order), it.Log[0] // a CID tells the rest
		it.ID[31] = byte(rapid.IntRange(0, 255).Draw(t, "id's end"))
		return it
	}), 0, 60).Draw(t, label)
}

// Bounds cut a set where they should, and are no longer than needed.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewSet(items(t, "items"))
		for i := 1; i < s.Len(); i++ {
			a, b := s.items[i-1], s.items[i]
			cut := between(a, b)
			if cut.above(a) || !cut.above(b) {
				t.Fatalf("between(%v, %v) = %v doesn't part them", a, b, cut)
			}
			if n := len(cut.prefix); n > 0 && (bound{cut.order, cut.prefix[:n-1]}).above(a) == false {
				t.Fatalf("between(%v, %v) = %v could be shorter", a, b, cut)
			}
			if got := s.find(0, s.Len(), cut); got != i {
				t.Fatalf("find(%v) = %d, want %d", cut, got, i)
			}
		}
	})
}

// Two comparisons, whatever their sets, find exactly the difference.
func TestComparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		common := items(t, "common")
		key := sipKey{1, 2}
		a := &comparison{mine: salt(NewSet(append(items(t, "a"), common...)), key)}
		b := &comparison{mine: salt(NewSet(append(items(t, "b"), common...)), key)}
		a.ask()
		b.reply(a.mine.summary(0, a.mine.Len()) != b.mine.summary(0, b.mine.Len()))
		for x, y, rounds := b, a, 0; !a.settled() || !b.settled(); x, y, rounds = y, x, rounds+1 {
			if rounds > 20 {
				t.Fatal("no end")
			}
			for _, answer := range x.next() {
				if err := y.receive(newReader(answer)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, side := range [][2]*comparison{{a, b}, {b, a}} {
			mine, other := side[0], side[1]
			var want []Item
			for _, it := range other.mine.items {
				if !mine.mine.Has(it) {
					want = append(want, it)
				}
			}
			got := NewSet(mine.theirs).items
			if !slices.Equal(got, want) {
				t.Fatalf("found %d items lacking, want %d", len(got), len(want))
			}
			told := map[int]bool{}
			for _, i := range other.told {
				told[i] = true
			}
			for _, i := range other.untold {
				delete(told, i)
			}
			if len(told) != len(want) {
				t.Fatalf("the other side has told %d items, want %d", len(told), len(want))
			}
		}
	})
}

func newReader(b []byte) *cbor.Reader { return cbor.NewReader(b) }
