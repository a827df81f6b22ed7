package node

import (
	"bytes"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/text"
)

// FuzzPresence gives a node anything as what a peer tells of an editor.
func FuzzPresence(f *testing.F) {
	f.Add(encodeLeaving(crdt.ID{1}, "w"), "")
	f.Add(encodePresence(presenceFrame{page: crdt.ID{1}, client: "w", name: "Ana", from: 3, span: 2, context: "🙂n"}), "un 🙂n deux")
	f.Add(encodePresence(presenceFrame{client: "w", from: text.MaxPos, span: text.MaxPos, context: "a"}), strings.Repeat("a", 100))
	f.Fuzz(func(t *testing.T, b []byte, s string) {
		p, ok := decodePresence(b)
		if !ok {
			return
		}
		again := encodePresence(p)
		if p.leaving {
			again = encodeLeaving(p.page, p.client)
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%x is %+v, which is written as %x", b, p, again)
		}
		from, to := locate(s, p)
		if from < 0 || to < from || to > text.UTF16.Of(s) {
			t.Errorf("the cursor is at %d to %d of %d", from, to, text.UTF16.Of(s))
		}
		if len(again) > 1024 {
			t.Errorf("%d bytes of presence", len(again))
		}
	})
}

// FuzzTextVersion reads versions as clients send them.
func FuzzTextVersion(f *testing.F) {
	for _, names := range [][]text.Name{nil, {{Log: [16]byte{1}, Change: [32]byte{2}, Index: 3}}, make([]text.Name, maxHeads), make([]text.Name, maxHeads+1)} {
		f.Add(string(versionOf(names)))
	}
	f.Add("v")
	f.Add("0v")
	f.Fuzz(func(t *testing.T, s string) {
		heads, ok := TextVersion(s).heads()
		if ok && versionOf(heads) != TextVersion(s) {
			t.Errorf("%q names %d events, whose version is %q", s, len(heads), versionOf(heads))
		}
	})
}

func TestCursorsAreFoundInAnotherText(t *testing.T) {
	for _, c := range []struct {
		name, text string
		from, span int
		context    string
		want       [2]int
	}{
		{"the same text", "On range tout.", 9, 4, "On range ", [2]int{9, 13}},
		{"something before it", "Ici, on range. On range tout.", 9, 4, "On range ", [2]int{24, 28}},
		{"nearest of several", "a a a a", 5, 0, "a", [2]int{5, 5}},
		{"behind emojis", "🙂🙂 x", 3, 1, "🙂 ", [2]int{5, 6}},
		{"not there any more", "tout autre chose", 5, 2, "On range", [2]int{5, 7}},
		{"behind the end", "court", 50, 9, "long", [2]int{5, 5}},
	} {
		from, to := locate(c.text, presenceFrame{from: c.from, span: c.span, context: c.context})
		if got := [2]int{from, to}; got != c.want {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}
