package text

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// A page typed by one after the other gives the same bytes whether it stays in
// memory, is reopened now and then, or has its history read.
func TestGoingOnAfterDecode(t *testing.T) {
	kept, reopened, read := New(nil), New(nil), New(nil)
	blocks, edge := 0, 0 // full ones, and events since the last became so
	for i := range 2000 {
		// A change of log a, b or c has two events.
		n := testName(string(rune('a'+i/40%3)), i/2)
		n.Index = uint32(i % 2)
		x := []Splice{{Pos: i / 2, Ins: strings.Repeat("éa", 10)}, {Pos: i / 3, Ins: "ab"}}
		if i%7 == 6 {
			x = []Splice{{Pos: i / 5, Del: 2}}
		}
		reopen := i < 3 || edge < 3 || i%211 == 0
		if reopen {
			y, err := Decode(reopened.Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			reopened = y
			if err := read.load(); err != nil {
				t.Fatal(err)
			}
		}
		for _, text := range []*Text{kept, reopened, read} {
			if err := text.Apply(n, uint64(i/2), func(Name) bool { return true }, x, false); err != nil {
				t.Fatalf("event %d: %v", i, err)
			}
		}
		if edge++; len(kept.file.blocks) > blocks {
			blocks, edge = len(kept.file.blocks), 0
		}
		if reopen {
			want := kept.Encode()
			for name, text := range map[string]*Text{"reopened": reopened, "read": read} {
				if !bytes.Equal(text.Encode(), want) {
					t.Fatalf("%s text has other bytes after event %d", name, i)
				}
			}
		}
	}
	if blocks < 2 {
		t.Fatalf("got %d full blocks, want some", blocks)
	}
	if !reopened.unread || read.unread {
		t.Fatalf("history unread: got %v and %v, want true and false", reopened.unread, read.unread)
	}
	if !bytes.Equal(reopened.Encode(), kept.Encode()) || !bytes.Equal(read.Encode(), kept.Encode()) {
		t.Error("other bytes in the end")
	}
	if err := reopened.Apply(testName("a", 0), 0, nil, []Splice{{Ins: "é"}}, false); err != nil {
		t.Errorf("the first event again: %v", err)
	}
	if !bytes.Equal(reopened.Encode(), kept.Encode()) {
		t.Error("an event that was there changed something")
	}
	if err := reopened.Check(); err != nil {
		t.Error(err)
	}
}

// An event that hasn't seen the last one, and one that doesn't fit, are treated
// as if the history had been read.
func TestLateAfterDecode(t *testing.T) {
	write := func(x *Text, author string, seq int, saw bool, s ...Splice) error {
		return x.Apply(testName(author, seq), uint64(seq), func(Name) bool { return saw }, s, false)
	}
	x := New(nil)
	for i := range 3 {
		if err := write(x, "a", i, true, Splice{Ins: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	y, err := Decode(x.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(y, "b", 9, true, Splice{Pos: 4, Ins: "x"}); !errors.Is(err, ErrRange) {
		t.Errorf("behind the end: got %v, want %v", err, ErrRange)
	}
	if err := write(y, "b", 9, false, Splice{Ins: "b"}); err != nil {
		t.Fatal(err)
	}
	if err := write(x, "b", 9, false, Splice{Ins: "b"}); err != nil {
		t.Fatal(err)
	}
	if len(y.Heads()) != 2 || !bytes.Equal(x.Encode(), y.Encode()) {
		t.Errorf("heads %v and text %q, want those of a text kept in memory, %q", y.Heads(), y, x)
	}
}
