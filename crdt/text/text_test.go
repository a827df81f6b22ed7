package text

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestApplyRefuses(t *testing.T) {
	x := New(nil)
	first := testName("a", 1)
	if err := x.ApplyParents(first, 5, nil, []Splice{{Ins: "abc"}}, false); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		lamport uint64
		parents []Name
		s       []Splice
		want    error
	}{
		"insertion behind the end":     {6, []Name{first}, []Splice{{Pos: 4, Ins: "x"}}, ErrRange},
		"deletion across the end":      {6, []Name{first}, []Splice{{Pos: 2, Del: 2}}, ErrRange},
		"second splice out of range":   {6, []Name{first}, []Splice{{Del: 3}, {Pos: 1, Ins: "x"}}, ErrRange},
		"deletion beyond any text":     {6, []Name{first}, []Splice{{Pos: 1, Del: MaxPos}}, ErrRange},
		"in an earlier version":        {6, nil, []Splice{{Pos: 1, Ins: "x"}}, ErrRange},
		"deep, beyond all characters":  {6, []Name{first}, []Splice{{Pos: 4, Ins: "x", Deep: true}}, ErrRange},
		"deep, in an earlier version":  {6, nil, []Splice{{Del: 1, Deep: true}}, ErrRange},
		"no splices":                   {6, []Name{first}, nil, ErrForm},
		"not UTF-8":                    {6, []Name{first}, []Splice{{Ins: "\xc3"}}, ErrForm},
		"lamport not after the parent": {4, []Name{first}, []Splice{{Ins: "x"}}, ErrOrder},
		"an unknown parent":            {6, []Name{testName("b", 7)}, []Splice{{Ins: "x"}}, ErrUnknown},
	}
	before := x.Encode()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if err := x.ApplyParents(testName("b", 2), c.lamport, c.parents, c.s, false); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if !slices.Equal(x.Encode(), before) {
				t.Error("the event left something behind")
			}
		})
	}
}

func TestAnUnknownVersion(t *testing.T) {
	x := New(nil)
	if err := x.ApplyParents(testName("a", 1), 1, nil, []Splice{{Ins: "abc"}}, false); err != nil {
		t.Fatal(err)
	}
	if got, err := x.At(nil); got != "" || err != nil {
		t.Errorf("At the empty version: got %q, %v", got, err)
	}
	if _, err := x.At([]Name{testName("b", 1)}); !errors.Is(err, ErrUnknown) {
		t.Errorf("At: got %v, want %v", err, ErrUnknown)
	}
	if err := x.SetVoid(testName("b", 1), true); !errors.Is(err, ErrUnknown) {
		t.Errorf("SetVoid: got %v, want %v", err, ErrUnknown)
	}
}

func TestAFlippedBitIsCaught(t *testing.T) {
	x := New(nil)
	for i, s := range []string{"a page", "with é", "and 😀"} {
		if err := x.Apply(testName("a", i), uint64(i), func(Name) bool { return true }, []Splice{{Ins: s}}, i == 1); err != nil {
			t.Fatal(err)
		}
	}
	b := x.Encode()
	for i := range 8 * len(b) {
		c := slices.Clone(b)
		c[i/8] ^= 1 << (i % 8)
		if _, err := Decode(c, nil); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("bit %d: got %v, want %v", i, err, ErrCorrupt)
		}
	}
	for i := range b {
		if _, err := Decode(b[:i], nil); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut to %d bytes: got %v, want %v", i, err, ErrCorrupt)
		}
	}
}

// A history of more than one block comes back, and a late event in the first
// one changes the file as if it had come in time.
func TestBlocks(t *testing.T) {
	build := func(late bool) *Text {
		x := New(nil)
		first := testName("a", 0)
		branch := func() {
			if err := x.ApplyParents(testName("b", 1), 2, []Name{first}, []Splice{{Pos: 1, Ins: "late"}}, false); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 2000 {
			if err := x.Apply(testName("a", i), uint64(i), func(n Name) bool { return n.Log[0] == 'a' }, []Splice{{Pos: i, Ins: strings.Repeat("éa", 20)}}, false); err != nil {
				t.Fatal(err)
			}
			if i == 1 && !late {
				branch()
			}
		}
		if late {
			x.Encode()
			branch()
		}
		return x
	}
	want, got := build(false), build(true)
	if want.Encode(); len(want.file.blocks) < 3 {
		t.Fatalf("got %d blocks, want some", len(want.file.blocks))
	}
	if !slices.Equal(got.Encode(), want.Encode()) {
		t.Error("a late event gives other bytes than one in time")
	}
	y, err := Decode(got.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := y.Check(); err != nil {
		t.Error(err)
	}
}
