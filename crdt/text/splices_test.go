package text

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestJoinHasTheSameEffect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shown := strings.Repeat("0123456789", 3)
		var s []Splice
		at := 10
		for range rapid.IntRange(1, 12).Draw(t, "keys") {
			n := len([]rune(edited(shown, s)))
			switch key := rapid.SampledFrom([]string{"é", "type", "delete", "back", "click"}).Draw(t, "key"); {
			case key == "click":
				at = rapid.IntRange(0, n).Draw(t, "at")
			case key == "delete" && at < n:
				s = append(s, Splice{Pos: at, Del: 1})
			case key == "back" && at > 0:
				at--
				s = append(s, Splice{Pos: at, Del: 1})
			default:
				s = append(s, Splice{Pos: at, Ins: key})
				at += len([]rune(key))
			}
		}
		before := slices.Clone(s)
		joined := Join(s)
		if got, want := edited(shown, joined), edited(shown, s); got != want {
			t.Fatalf("Join(%v) = %v leads to %q, want %q", s, joined, got, want)
		}
		if !reflect.DeepEqual(s, before) {
			t.Fatal("Join changed its argument")
		}
	})
}

func TestJoinMakesOneSpliceOfOneMove(t *testing.T) {
	cases := map[string]struct{ keys, want []Splice }{
		"typing":         {[]Splice{{Pos: 4, Ins: "a"}, {Pos: 5, Ins: "bé"}, {Pos: 7, Ins: "c"}}, []Splice{{Pos: 4, Ins: "abéc"}}},
		"backspace":      {[]Splice{{Pos: 4, Del: 1}, {Pos: 3, Del: 1}}, []Splice{{Pos: 3, Del: 2}}},
		"delete":         {[]Splice{{Pos: 4, Del: 1}, {Pos: 4, Del: 1}}, []Splice{{Pos: 4, Del: 2}}},
		"deep delete":    {[]Splice{{Pos: 4, Del: 1, Deep: true}, {Pos: 5, Del: 1, Deep: true}}, []Splice{{Pos: 4, Del: 2, Deep: true}}},
		"replace, type":  {[]Splice{{Pos: 4, Del: 3, Ins: "a"}, {Pos: 5, Ins: "b"}}, []Splice{{Pos: 4, Del: 3, Ins: "ab"}}},
		"two places":     {[]Splice{{Pos: 4, Ins: "a"}, {Pos: 9, Ins: "b"}}, []Splice{{Pos: 4, Ins: "a"}, {Pos: 9, Ins: "b"}}},
		"deep undeleted": {[]Splice{{Pos: 4, Del: 1, Deep: true}, {Pos: 4, Del: 1, Deep: true}}, []Splice{{Pos: 4, Del: 1, Deep: true}, {Pos: 4, Del: 1, Deep: true}}},
	}
	for name, c := range cases {
		if got := Join(c.keys); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestCheckSplices(t *testing.T) {
	many := slices.Repeat([]Splice{{Ins: "a"}}, MaxSplices)
	cases := map[string]struct {
		s  []Splice
		ok bool
	}{
		"none":           {nil, false},
		"most splices":   {many, true},
		"one more":       {append(many, Splice{Ins: "a"}), false},
		"most text":      {[]Splice{{Ins: strings.Repeat("a", MaxInsert)}}, true},
		"a byte more":    {[]Splice{{Ins: strings.Repeat("a", MaxInsert-1)}, {Ins: "é"}}, false},
		"does nothing":   {[]Splice{{Pos: 3}}, false},
		"negative":       {[]Splice{{Pos: -1, Ins: "a"}}, false},
		"negative too":   {[]Splice{{Del: -1, Ins: "a"}}, false},
		"not UTF-8":      {[]Splice{{Ins: "\xff"}}, false},
		"deep and raw":   {[]Splice{{Ins: "a"}, {Ins: "a", Deep: true}}, false},
		"last position":  {[]Splice{{Pos: MaxPos, Ins: "a"}}, true},
		"beyond it":      {[]Splice{{Pos: MaxPos + 1, Ins: "a"}}, false},
		"deletes it all": {[]Splice{{Del: MaxPos}}, true},
	}
	for name, c := range cases {
		err := CheckSplices(c.s)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrForm) {
			t.Errorf("%s: got %v, want ok %v", name, err, c.ok)
		}
		if c.ok {
			if got, err := ReadSplices(AppendSplices(nil, c.s)); err != nil || !reflect.DeepEqual(got, c.s) {
				t.Errorf("%s: read back with %v", name, err)
			}
		}
	}
}

// A keystroke in a page of half a million characters is a few bytes.
func TestKeystrokeIsSmall(t *testing.T) {
	s := []Splice{{Pos: 499_999, Ins: "é"}}
	if got := len(AppendSplices(nil, s)); got > 10 {
		t.Errorf("got %d bytes, want at most 10", got)
	}
}
