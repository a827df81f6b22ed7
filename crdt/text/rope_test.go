package text

import (
	"slices"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// check verifies what must hold of a rope.
func (r *rope) check(t *rapid.T) {
	t.Helper()
	r.settle()
	var visit func(n *ropeNode) length
	visit = func(n *ropeNode) (sum length) {
		if n.kids == nil {
			if got := lengthOf(string(n.b[:n.from]) + string(n.b[n.to:])); got != n.n {
				t.Fatalf("a leaf says %v, has %v", n.n, got)
			}
			return n.n
		}
		for i, k := range n.kids {
			l := visit(k)
			if l != n.sums[i] || k.up != n || k.slot != i {
				t.Fatalf("a node says %v of one with %v, which hangs in slot %d", n.sums[i], l, k.slot)
			}
			sum.add(&l)
		}
		return sum
	}
	if r.root != nil {
		if got := visit(r.root); got != r.n {
			t.Fatalf("the rope says %v, has %v", r.n, got)
		}
	}
}

// A rope is a slice of code points, whatever is done to it.
func TestRopeIsAString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]string{"ab", "aé", "aé€😀"}).Draw(t, "letters")
		word := func(max int) string {
			n := rapid.IntRange(0, max).Draw(t, "n")
			all := []rune(letters)
			out := make([]rune, n)
			for i := range out {
				out[i] = all[i*i%len(all)]
			}
			return string(out)
		}
		start := word(9000)
		r, want := newRope(start), []rune(start)
		for range rapid.IntRange(1, 60).Draw(t, "splices") {
			pos := rapid.IntRange(0, len(want)).Draw(t, "pos")
			del := 0
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				del = rapid.IntRange(0, len(want)-pos).Draw(t, "del")
			case 1:
				del = min(3, len(want)-pos)
			}
			ins := word(rapid.SampledFrom([]int{1, 10, 5000}).Draw(t, "most"))
			r.splice(pos, del, ins)
			want = slices.Concat(want[:pos], []rune(ins), want[pos+del:])
			r.check(t)
		}
		if r.String() != string(want) {
			t.Fatalf("got %q, want %q", r.String(), string(want))
		}
		for range 10 {
			i := rapid.IntRange(0, len(want)).Draw(t, "position")
			before := string(want[:i])
			l := length{i, len(utf16.Encode(want[:i])), len(before)}
			for u := Points; u < units; u++ {
				if got := r.prefix(u, l[u]); got != l {
					t.Fatalf("prefix of %d by unit %d: got %v, want %v", l[u], u, got, l)
				}
				if u != Points && i < len(want) && len(string(want[i])) == 4 {
					if got := r.prefix(u, l[u]+1); got != l {
						t.Fatalf("within a code point by unit %d: got %v, want %v", u, got, l)
					}
				}
			}
		}
	})
}
