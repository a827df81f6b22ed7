package text

import (
	"errors"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// earlier returns a text with what an event of a world had seen, or nil if the
// event was refused.
func (w *world) earlier(t *rapid.T) *Text {
	e := rapid.IntRange(0, len(w.events)-1).Draw(t, "event")
	if w.refused[e] {
		return nil
	}
	y := New(nil)
	for i := range w.events {
		if w.past[e][i] {
			w.apply(t, y, i, w.events[i].void)
		}
	}
	return y
}

// Who has an earlier text gets to the present one, with what they wrote
// meanwhile or without.
func TestSinceAndRebase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{verdicts: rapid.Bool().Draw(t, "verdicts")}
		x := New(nil)
		for e := range rapid.IntRange(1, 25).Draw(t, "events") {
			w.grow(t)
			w.apply(t, x, e, w.events[e].void)
		}
		y := w.earlier(t)
		if y == nil {
			return
		}
		if rapid.Bool().Draw(t, "reopen") {
			x = reopen(t, x)
		}
		news, err := x.Since(y.Heads())
		if err != nil {
			t.Fatal(err)
		}
		if got := edited(y.String(), news); got != x.String() {
			t.Fatalf("%q with %v: got %q, want %q", y.String(), news, got, x.String())
		}
		for i := 1; i < len(news); i++ {
			if news[i].Pos < news[i-1].Pos+len([]rune(news[i-1].Ins)) {
				t.Fatalf("%v: not from left to right", news)
			}
		}
		s := somebodys(t, y.String(), []string{"N", "né"})
		if len(s) == 0 {
			s = []Splice{{Ins: "N"}}
		}
		now, rest, err := x.Rebase(y.Heads(), s)
		if err != nil {
			t.Fatal(err)
		}
		theirs, ours := edited(edited(y.String(), s), rest), edited(x.String(), now)
		if theirs != ours {
			t.Fatalf("who wrote has %q, we have %q", theirs, ours)
		}
		if len(now) == 0 {
			return
		}
		raw, err := x.ToRaw(now)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Apply(testName("z", 0), 1000, func(Name) bool { return true }, raw, false); err != nil || x.String() != ours {
			t.Fatalf("applied: %v, got %q, want %q", err, x.String(), ours)
		}
	})
}

func TestRebaseRefuses(t *testing.T) {
	x := New(nil)
	for i, s := range []Splice{{Ins: "abc"}, {Pos: 1, Del: 2}} {
		if err := x.Apply(testName("a", i), uint64(i), func(Name) bool { return true }, []Splice{s}, false); err != nil {
			t.Fatal(err)
		}
	}
	first := []Name{testName("a", 0)}
	if _, _, err := x.Rebase(first, []Splice{{Pos: 3, Ins: "d"}}); err != nil {
		t.Errorf("at the end of the earlier text: %v", err)
	}
	if _, _, err := x.Rebase(first, []Splice{{Pos: 4, Ins: "d"}}); !errors.Is(err, ErrRange) {
		t.Errorf("behind it: got %v, want %v", err, ErrRange)
	}
	if _, _, err := x.Rebase(first, []Splice{{Pos: -1, Ins: "d"}}); !errors.Is(err, ErrForm) {
		t.Errorf("before it: got %v, want %v", err, ErrForm)
	}
	if _, err := x.Since([]Name{testName("b", 0)}); !errors.Is(err, ErrUnknown) {
		t.Errorf("since an unknown event: got %v, want %v", err, ErrUnknown)
	}
}

// Positions convert as they do in the string, also where a verdict hides text.
func TestConvert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{verdicts: rapid.Bool().Draw(t, "verdicts")}
		x := New(nil)
		for e := range rapid.IntRange(1, 15).Draw(t, "events") {
			w.grow(t)
			w.apply(t, x, e, w.events[e].void)
		}
		s := x.String()
		want := map[[units]int]bool{}
		at := [units]int{}
		want[at] = true
		for _, r := range s {
			at[Points], at[UTF16], at[Bytes] = at[Points]+1, at[UTF16]+len(utf16.Encode([]rune{r})), at[Bytes]+len(string(r))
			want[at] = true
		}
		for from := Points; from < units; from++ {
			is := map[int][units]int{}
			for p := range want {
				is[p[from]] = p
			}
			for pos := range at[from] + 2 {
				p, ok := is[pos]
				for to := Points; to < units; to++ {
					if got, gotOK := x.Convert(pos, from, to); gotOK != ok || ok && got != p[to] {
						t.Fatalf("%q: %d from unit %d to %d: got %d, %v, want %d, %v", s, pos, from, to, got, gotOK, p[to], ok)
					}
				}
			}
		}
	})
}
