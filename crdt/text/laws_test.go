package text

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A world is a random history with its oracle. Events that don't fit are kept
// as refused; none has them as parents.
type world struct {
	session
	past    []map[int]bool // ancestors of each event, and itself
	refused []bool
	naive   *oracle
	nth     map[string]int
	// verdicts lets some events be void.
	verdicts bool
}

// grow adds an event of random parents, author and splices.
func (w *world) grow(t *rapid.T) {
	if w.naive == nil {
		w.naive, w.nth = newOracle(true, Name.Compare), map[string]int{}
	}
	var version []int
	for range rapid.IntRange(1, 3).Draw(t, "parents") {
		// Mostly late events: long branches and frequent merges both occur.
		back := rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 40)).Draw(t, "back")
		if e := len(w.events) - back; e >= 0 && !w.refused[e] {
			version = append(version, e)
		}
	}
	parents := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(version))), func(p int) bool {
		return slices.ContainsFunc(version, func(q int) bool { return q != p && w.past[q][p] })
	})
	deep := rapid.IntRange(0, 15).Draw(t, "deep") == 0
	size := w.size(parents, deep)
	var splices []Splice
	for range rapid.IntRange(1, 3).Draw(t, "splices") {
		x := Splice{Pos: rapid.IntRange(0, size).Draw(t, "pos"), Deep: deep}
		if rapid.IntRange(0, 60).Draw(t, "wrong") == 0 {
			x.Pos = size + 1
		}
		if rapid.IntRange(0, 2).Draw(t, "deletes") == 0 {
			x.Del = rapid.IntRange(0, max(0, size-x.Pos)).Draw(t, "del")
		}
		if x.Ins = rapid.StringOfN(rapid.RuneFrom([]rune("abcdeé😀")), 0, 4, -1).Draw(t, "ins"); x.Del == 0 && x.Ins == "" {
			x.Ins = "x"
		}
		if size += len([]rune(x.Ins)); !deep {
			size -= x.Del
		}
		splices = append(splices, x)
	}
	author := string(rune('a' + rapid.IntRange(0, 3).Draw(t, "author")))
	w.nth[author]++
	e := testEvent{name: testName(author, w.nth[author]), parents: parents, splices: splices, void: w.verdicts && rapid.IntRange(0, 12).Draw(t, "void") == 0}
	past := map[int]bool{len(w.events): true}
	for _, p := range parents {
		e.lamport = max(e.lamport, w.events[p].lamport+1)
	}
	w.goOn = rapid.Bool().Draw(t, "goes on")
	w.rename(&e)
	for _, p := range parents {
		for q := range w.past[p] {
			past[q] = true
		}
	}
	fits := w.naive.apply(e.name, parents, splices, e.void)
	if !fits {
		delete(w.last, e.name.Log)
	}
	w.refused = append(w.refused, !fits)
	w.events, w.past = append(w.events, e), append(w.past, past)
}

// size is the length of a version.
func (w *world) size(version []int, deep bool) (n int) {
	in := func(e int) bool {
		return slices.ContainsFunc(version, func(v int) bool { return w.past[v][e] })
	}
	for _, v := range w.naive.list() {
		if v.event >= 0 && in(v.event) && (deep || !slices.ContainsFunc(v.deleted, in)) {
			n++
		}
	}
	return n
}

// shuffled is a random order that respects causality.
func (w *world) shuffled(t *rapid.T) (order []int) {
	done := map[int]bool{}
	for len(order) < len(w.events) {
		var ready []int
		for e := range w.events {
			if !done[e] && !slices.ContainsFunc(w.events[e].parents, func(p int) bool { return !done[p] }) {
				ready = append(ready, e)
			}
		}
		e := rapid.SampledFrom(ready).Draw(t, "next")
		done[e] = true
		order = append(order, e)
	}
	return order
}

// apply adds an event to x as its change would: telling what it had seen.
func (w *world) apply(t *rapid.T, x *Text, e int, void bool) {
	ev := &w.events[e]
	index := map[Name]int{}
	for i := range w.events {
		index[w.events[i].name] = i
	}
	err := x.Apply(ev.name, ev.lamport, func(n Name) bool { return w.past[e][index[n]] }, ev.splices, void)
	if want := w.refused[e]; errors.Is(err, ErrRange) != want || err != nil && !want {
		t.Fatalf("event %d: got %v, want out of range %v", e, err, want)
	}
}

func reopen(t *rapid.T, x *Text) *Text {
	y, err := Decode(x.Encode(), x.order)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return y
}

func TestTextIsTheOracles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{verdicts: true}
		x := New(nil)
		for i := range rapid.IntRange(1, 30).Draw(t, "events") {
			w.grow(t)
			w.apply(t, x, i, w.events[i].void)
			if got, want := x.Raw(), w.naive.raw(); got != want {
				t.Fatalf("raw text after event %d: got %q, want %q", i, got, want)
			}
			if got, want := x.String(), w.naive.shown(); got != want {
				t.Fatalf("text after event %d: got %q, want %q", i, got, want)
			}
			if got, want := x.Len(), len([]rune(w.naive.shown())); got != want {
				t.Fatalf("length after event %d: got %d, want %d", i, got, want)
			}
			if rapid.IntRange(0, 9).Draw(t, "reopen") == 0 {
				if x = reopen(t, x); x.String() != w.naive.shown() {
					t.Fatalf("text after Decode: got %q, want %q", x.String(), w.naive.shown())
				}
			}
		}
		if err := x.Check(); err != nil {
			t.Fatal(err)
		}
		y, err := Replay(x.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if y.String() != x.String() || !bytes.Equal(y.Encode(), x.Encode()) {
			t.Fatalf("replayed: got %q, want %q", y.String(), x.String())
		}
	})
}

func TestEveryOrderGivesTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{verdicts: true}
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			w.grow(t)
		}
		want := New(nil)
		for e := range w.events {
			w.apply(t, want, e, w.events[e].void)
		}
		for range 3 {
			x := New(nil)
			late := map[int]bool{} // whose verdict comes later
			for _, e := range w.shuffled(t) {
				void := w.events[e].void
				if !w.refused[e] && rapid.IntRange(0, 4).Draw(t, "late") == 0 {
					void, late[e] = !void, true
				}
				w.apply(t, x, e, void)
				w.apply(t, x, e, void) // again: no effect
				switch rapid.IntRange(0, 9).Draw(t, "then") {
				case 0:
					x = reopen(t, x)
				case 1:
					x.Encode()
				case 2:
					_ = x.String()
				}
			}
			for e := range w.events {
				if !late[e] {
					continue
				}
				if err := x.SetVoid(w.events[e].name, w.events[e].void); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := x.String(), want.String(); got != want {
				t.Fatalf("text: got %q, want %q", got, want)
			}
			if !bytes.Equal(x.Encode(), want.Encode()) {
				t.Fatal("the encoded bytes differ")
			}
			if !slices.Equal(x.Heads(), want.Heads()) {
				t.Fatalf("heads: got %v, want %v", x.Heads(), want.Heads())
			}
		}
	})
}

func TestVerdictsToggle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{verdicts: true}
		x := New(nil)
		for e := range rapid.IntRange(1, 20).Draw(t, "events") {
			w.grow(t)
			w.apply(t, x, e, w.events[e].void)
		}
		for range 5 {
			e := rapid.IntRange(0, len(w.events)-1).Draw(t, "event")
			void := rapid.Bool().Draw(t, "void")
			err := x.SetVoid(w.events[e].name, void)
			if w.refused[e] {
				if !errors.Is(err, ErrUnknown) {
					t.Fatalf("SetVoid of a refused event: got %v, want %v", err, ErrUnknown)
				}
				continue
			}
			w.naive.setVoid(e, void)
			if got, want := x.String(), w.naive.shown(); got != want {
				t.Fatalf("text: got %q, want %q", got, want)
			}
			if got, want := x.Raw(), w.naive.raw(); got != want {
				t.Fatalf("raw text: got %q, want %q", got, want)
			}
			if y := reopen(t, x); y.String() != x.String() {
				t.Fatalf("text after Decode: got %q, want %q", y.String(), x.String())
			}
		}
	})
}

func TestEditingWhatIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{verdicts: true}
		x := New(nil)
		for e := range rapid.IntRange(1, 15).Draw(t, "events") {
			w.grow(t)
			w.apply(t, x, e, w.events[e].void)
		}
		for i := range 3 {
			var s []Splice
			shown := x.String()
			for range rapid.IntRange(1, 3).Draw(t, "splices") {
				n := len([]rune(edited(shown, s)))
				pos := rapid.IntRange(0, n).Draw(t, "pos")
				s = append(s, Splice{Pos: pos, Del: rapid.IntRange(0, n-pos).Draw(t, "del"), Ins: rapid.SampledFrom([]string{"N", "né"}).Draw(t, "ins")})
			}
			raw, err := x.ToRaw(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Apply(testName("z", i), 1000+uint64(i), func(Name) bool { return true }, raw, false); err != nil {
				t.Fatalf("%v: %v", raw, err)
			}
			if got, want := x.String(), edited(shown, s); got != want {
				t.Fatalf("%v, as %v, on %q: got %q, want %q", s, raw, shown, got, want)
			}
		}
	})
}

func TestAtIsWhatAnEarlierReplicaShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{verdicts: true}
		x := New(nil)
		for e := range rapid.IntRange(1, 20).Draw(t, "events") {
			w.grow(t)
			w.apply(t, x, e, w.events[e].void)
		}
		y := w.earlier(t)
		if y == nil {
			return
		}
		got, err := x.At(y.Heads())
		if err != nil || got != y.String() {
			t.Fatalf("At: got %q, %v, want %q", got, err, y.String())
		}
		spans := ""
		for _, s := range x.Spans() {
			spans += s
		}
		if spans != x.String() {
			t.Fatalf("Spans: got %q, want %q", spans, x.String())
		}
	})
}

// Passages typed at one place at once stay whole, also when typed backwards.
func TestNobodyIsInterleaved(t *testing.T) {
	ways := map[string][]int{ // positions of six keystrokes
		"forwards":   {0, 1, 2, 3, 4, 5},
		"backwards":  {0, 0, 0, 0, 0, 0},
		"two passes": {0, 1, 0, 0, 4, 5},
		"middle out": {0, 1, 1, 2, 0, 5},
	}
	for name, way := range ways {
		for _, authors := range []string{"ab", "ba", "abc", "cba", "bca", "cab"} {
			t.Run(fmt.Sprintf("%s by %s", name, authors), func(t *testing.T) {
				var s session
				s.add("base", 0, nil, []patch{{0, 0, "[]"}})
				for i, a := range authors {
					parent := 0
					for k, pos := range way {
						s.add(string(a), k, []int{parent}, []patch{{1 + pos, 0, string("xyz"[i])}})
						parent = len(s.events) - 1
					}
				}
				x := New(nil)
				s.apply(t, x, nil)
				got := []rune(x.String())
				if runs := slices.Compact(slices.Clone(got)); len(runs) != len(authors)+2 {
					t.Errorf("got %q, want each passage whole", string(got))
				}
			})
		}
	}
}

// Weidner and Kleppmann's case A.1.9: b, then a before it; x concurrently.
func TestPassageGrownToTheLeft(t *testing.T) {
	for _, names := range []string{"pqr", "prq", "qpr", "qrp", "rpq", "rqp"} {
		var s session
		s.add(names[:1], 0, nil, []patch{{0, 0, "b"}})
		s.add(names[1:2], 0, []int{0}, []patch{{0, 0, "a"}})
		s.add(names[2:], 0, nil, []patch{{0, 0, "x"}})
		x := New(nil)
		s.apply(t, x, nil)
		if got := x.String(); got == "axb" {
			t.Errorf("authors %s: got %q, interleaved", names, got)
		}
	}
}
