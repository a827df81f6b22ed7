package text

import (
	"errors"
	"reflect"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// somebodys draws splices of a text by one person.
func somebodys(t *rapid.T, s string, letters []string) (out []Splice) {
	for range rapid.IntRange(0, 5).Draw(t, "splices") {
		n := len([]rune(s))
		x := Splice{Pos: rapid.IntRange(0, n).Draw(t, "pos"), Ins: rapid.SampledFrom(letters).Draw(t, "ins")}
		x.Del = rapid.IntRange(0, min(6, n-x.Pos)).Draw(t, "del")
		out = append(out, x)
		s = edited(s, []Splice{x})
	}
	return out
}

func TestTransformBringsTwoTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const s = "0123456789abcdef"
		a := somebodys(t, s, []string{"", "A", "AAA"})
		b := somebodys(t, s, []string{"", "B", "é😀"})
		afterB, afterA, err := Transform(a, b, Points)
		if err != nil {
			t.Fatal(err)
		}
		one, other := edited(edited(s, a), afterA), edited(edited(s, b), afterB)
		if one != other {
			t.Fatalf("a then b: %q, b then a: %q", one, other)
		}
		alone, none, err := Transform(a, nil, Points)
		if err != nil || len(none) > 0 || edited(s, alone) != edited(s, a) {
			t.Fatalf("beside nothing: got %v and %v, %v", alone, none, err)
		}
	})
}

func TestTransformCases(t *testing.T) {
	cases := map[string]struct{ a, b, afterB, afterA []Splice }{
		"same place":          {[]Splice{{Pos: 3, Ins: "A"}}, []Splice{{Pos: 3, Ins: "B"}}, []Splice{{Pos: 3, Ins: "A"}}, []Splice{{Pos: 4, Ins: "B"}}},
		"both delete":         {[]Splice{{Pos: 2, Del: 3}}, []Splice{{Pos: 4, Del: 3}}, []Splice{{Pos: 2, Del: 2}}, []Splice{{Pos: 2, Del: 2}}},
		"insert into deleted": {[]Splice{{Pos: 2, Del: 4}}, []Splice{{Pos: 4, Ins: "B"}}, []Splice{{Pos: 2, Del: 2}, {Pos: 3, Del: 2}}, []Splice{{Pos: 2, Ins: "B"}}},
		"typed, then taken":   {[]Splice{{Pos: 2, Ins: "xy"}, {Pos: 2, Del: 2}}, []Splice{{Pos: 4, Ins: "B"}}, nil, []Splice{{Pos: 4, Ins: "B"}}},
	}
	for name, c := range cases {
		afterB, afterA, err := Transform(c.a, c.b, Points)
		if err != nil || !reflect.DeepEqual(afterB, c.afterB) || !reflect.DeepEqual(afterA, c.afterA) {
			t.Errorf("%s: got %v and %v, %v, want %v and %v", name, afterB, afterA, err, c.afterB, c.afterA)
		}
	}
}

func TestTransformRefuses(t *testing.T) {
	cases := map[string]struct {
		s    []Splice
		u    Unit
		want error
	}{
		"before the start":     {[]Splice{{Pos: -1, Ins: "x"}}, Points, ErrForm},
		"deletes less":         {[]Splice{{Del: -1}}, Points, ErrForm},
		"too far":              {[]Splice{{Pos: MaxPos + 1}}, Points, ErrForm},
		"deep":                 {[]Splice{{Ins: "x", Deep: true}}, Points, ErrForm},
		"into a surrogate":     {[]Splice{{Pos: 5, Ins: "😀"}, {Pos: 6, Ins: "x"}}, UTF16, ErrRange},
		"half of a surrogate":  {[]Splice{{Pos: 5, Ins: "😀"}, {Pos: 4, Del: 2}}, UTF16, ErrRange},
		"into a byte sequence": {[]Splice{{Ins: "é"}, {Pos: 1, Ins: "x"}}, Bytes, ErrRange},
	}
	for name, c := range cases {
		for _, pair := range [][2][]Splice{{c.s, nil}, {nil, c.s}} {
			if _, _, err := Transform(pair[0], pair[1], c.u); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
		}
	}
}

// Splices of UTF-16, as a browser makes them, do to the text what they did there.
func TestRecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const s = "aé😀b€😀😀c"
		points := somebodys(t, s, []string{"", "x", "😀é"})
		want := edited(s, points)
		browser := utf16.Encode([]rune(s))
		there, err := Recode(s, points, Points, UTF16)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range there {
			ins := utf16.Encode([]rune(x.Ins))
			browser = append(append(browser[:x.Pos:x.Pos], ins...), browser[x.Pos+x.Del:]...)
		}
		if got := string(utf16.Decode(browser)); got != want {
			t.Fatalf("%v of code points is %v of UTF-16: got %q, want %q", points, there, got, want)
		}
		back, err := Recode(s, there, UTF16, Points)
		if err != nil || edited(s, back) != want {
			t.Fatalf("back: got %v, %v", back, err)
		}
	})
	for name, x := range map[string]Splice{"within a surrogate pair": {Pos: 3, Ins: "x"}, "deletes half of one": {Pos: 2, Del: 1}, "behind the end": {Pos: 13, Ins: "x"}} {
		if got, err := Recode("aé😀b€😀😀c", []Splice{x}, UTF16, Points); !errors.Is(err, ErrRange) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, ErrRange)
		}
	}
}
