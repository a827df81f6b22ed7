package crdt_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/text"
)

// scene is a history written by hand: changes named by a letter.
type scene struct {
	t    *testing.T
	doc  *crdt.Doc
	seen map[crdt.ChangeID][]crdt.ChangeID
	all  map[string]*crdt.Change
}

func newScene(t *testing.T) *scene {
	return &scene{t, crdt.NewDoc(res), map[crdt.ChangeID][]crdt.ChangeID{}, map[string]*crdt.Change{}}
}

var res = crdt.ID{7}

func (s *scene) Saw(later, earlier crdt.ChangeID) bool {
	return later == earlier || slices.Contains(s.seen[later], earlier)
}

// change applies a change that has seen the named ones and all they had seen.
func (s *scene) change(name string, after string, edits ...crdt.Edit) crdt.ChangeID {
	s.t.Helper()
	c := &crdt.Change{ID: sha256.Sum256([]byte(name)), Log: crdt.LogID{name[0]}, Lamport: 1}
	for _, a := range strings.Fields(after) {
		past := s.all[a]
		c.Deps = append(c.Deps, past.ID)
		c.Lamport = max(c.Lamport, past.Lamport+1)
		s.seen[c.ID] = append(append(s.seen[c.ID], past.ID), s.seen[past.ID]...)
	}
	c.Wall.Seconds = c.Lamport
	for i := range edits {
		edits[i].Resource = res
	}
	ops, err := crdt.EncodeOps(edits, c.Refs())
	if err != nil {
		s.t.Fatalf("encode %s: %v", name, err)
	}
	c.Ops = ops
	s.all[name] = c
	s.doc.Apply(s, c)
	return c.ID
}

func set(field uint64, v crdt.Value, over ...crdt.Dot) crdt.Edit {
	return crdt.Edit{Code: crdt.Set, Field: field, Value: v, Over: over}
}

func dot(c crdt.ChangeID, i uint32) crdt.Dot { return crdt.Dot{Change: c, Index: i} }

func texts(entries []crdt.Entry) (out []string) {
	for _, e := range entries {
		s, _ := e.Value.Text()
		out = append(out, s)
	}
	return out
}

func TestConcurrentSetsBothSurvive(t *testing.T) {
	s := newScene(t)
	a := s.change("a", "", set(1, crdt.Text("scie")))
	s.change("b", "a", set(1, crdt.Text("scie sauteuse"), dot(a, 0)))
	s.change("c", "a", set(1, crdt.Text("scie à ruban"), dot(a, 0)))
	if got := texts(s.doc.Register(1)); len(got) != 2 {
		t.Fatalf("register holds %q, want both versions", got)
	}
	if got := len(s.doc.Conflicts()); got != 1 {
		t.Fatalf("%d conflicts, want 1", got)
	}
	s.change("d", "b c", set(1, crdt.Text("scie à ruban"), crdt.Dots(s.doc.Register(1))...))
	if got := texts(s.doc.Register(1)); !slices.Equal(got, []string{"scie à ruban"}) {
		t.Fatalf("after a choice the register holds %q", got)
	}
}

func TestEqualConcurrentSetsAreNoConflict(t *testing.T) {
	s := newScene(t)
	s.change("a", "", set(1, crdt.Text("scie")))
	s.change("b", "", set(1, crdt.Text("scie")))
	if got := s.doc.Conflicts(); len(got) != 0 {
		t.Fatalf("conflicts %v, want none", got)
	}
	if got := len(s.doc.Register(1)); got != 2 {
		t.Fatalf("the fold keeps %d dots, want both", got)
	}
}

func TestEditBeatsConcurrentRemoval(t *testing.T) {
	s := newScene(t)
	a := s.change("a", "", crdt.Edit{Code: crdt.Create, Value: crdt.Text("tool")}, set(1, crdt.Text("scie")))
	s.change("b", "a", crdt.Edit{Code: crdt.Remove})
	if !s.doc.Deleted() {
		t.Fatal("removed, and still there")
	}
	s.change("c", "a", set(2, crdt.Text("réserve")))
	if s.doc.Deleted() {
		t.Fatal("an edit that the removal had not seen must bring the resource back")
	}
	if got := texts(s.doc.Register(1)); len(got) != 1 || s.doc.Kind() != "tool" {
		t.Fatalf("it came back as %q with %q, want all of it", s.doc.Kind(), got)
	}
	s.change("d", "b c", crdt.Edit{Code: crdt.Remove})
	if !s.doc.Deleted() {
		t.Fatal("a removal that saw every edit removes")
	}
	s.change("e", "d", crdt.Edit{Code: crdt.Restore})
	if s.doc.Deleted() {
		t.Fatal("restored, and still removed")
	}
	_ = a
}

func TestCountAbsorbsWhatItSaw(t *testing.T) {
	inc := func(n int64) crdt.Edit { return crdt.Edit{Code: crdt.Increment, Field: 4, N: n} }
	s := newScene(t)
	s.change("a", "", inc(5))
	s.change("b", "a", crdt.Edit{Code: crdt.Count, Field: 4, N: 12})
	s.change("c", "a", inc(-2)) // unseen by the count
	if got := s.doc.Counter(4); got != 10 {
		t.Fatalf("counter %d, want 12 - 2", got)
	}
}

func TestListMove(t *testing.T) {
	s := newScene(t)
	hold := func(v string, parent *crdt.Dot, right bool) crdt.Edit {
		return crdt.Edit{Code: crdt.Insert, Field: 5, Value: crdt.Text(v), Parent: parent, Right: right}
	}
	var last crdt.Dot
	for i, v := range []string{"un", "deux", "trois"} {
		parent, right := s.doc.Gap(5, i)
		after := ""
		if i > 0 {
			after = fmt.Sprint("k", i-1)
		}
		last = dot(s.change(fmt.Sprint("k", i), after, hold(v, parent, right)), 0)
	}
	parent, right := s.doc.Gap(5, 0)
	move := crdt.Edit{Code: crdt.Move, Field: 5, Item: last, Parent: parent, Right: right, Over: []crdt.Dot{last}}
	s.change("m", "k2", move)
	s.change("n", "k2", move) // the same wish elsewhere, at once
	if got := shownList(s.doc, 5); !slices.Equal(got, []string{"trois", "un", "deux"}) {
		t.Fatalf("list %q after two concurrent moves of one item", got)
	}
	it := s.doc.List(5)[0]
	s.change("t", "k2", crdt.Edit{Code: crdt.Take, Field: 5, Item: it.Dot, Over: crdt.Dots(it.Entries)})
	if got := shownList(s.doc, 5); !slices.Equal(got, []string{"un", "deux"}) {
		t.Fatalf("list %q after taking an item out", got)
	}
	s.change("u", "k2", crdt.Edit{Code: crdt.Amend, Field: 5, Item: it.Dot, Over: crdt.Dots(it.Entries), Value: crdt.Text("3")})
	if got := shownList(s.doc, 5); !slices.Equal(got, []string{"3", "un", "deux"}) {
		t.Fatalf("list %q: an edit of an item beats its concurrent removal", got)
	}
}

func shownList(d *crdt.Doc, field uint64) (out []string) {
	for _, it := range d.List(field) {
		out = append(out, texts(it.Entries)[0])
	}
	return out
}

func TestSkipped(t *testing.T) {
	long := strings.Repeat("x", crdt.MaxValue)
	stranger := dot(sha256.Sum256([]byte("nobody")), 0)
	paste := func(n int) crdt.Edit {
		return crdt.Edit{Code: crdt.Splice, Field: 6, Splices: []text.Splice{{Ins: strings.Repeat("x", n)}}}
	}
	tests := []struct {
		name  string
		edits []crdt.Edit
		raw   func([]crdt.Op)
		want  func(*crdt.Doc) bool // holds when the op was skipped
	}{
		{"names what it had not seen", []crdt.Edit{set(1, crdt.Text("a"), stranger)}, nil, nil},
		{"value over its bound", []crdt.Edit{set(1, crdt.Text(""))}, func(ops []crdt.Op) {
			ops[0].Body = append([]byte{0x83, 0x01}, append(crdt.Text(long), 0x80)...)
		}, nil},
		{"body with a trailing byte", []crdt.Edit{set(1, crdt.Text("a"))}, func(ops []crdt.Op) { ops[0].Body = append(ops[0].Body, 0) }, nil},
		{"body cut off", []crdt.Edit{set(1, crdt.Text("a"))}, func(ops []crdt.Op) { ops[0].Body = ops[0].Body[:2] }, nil},
		{"unknown code", []crdt.Edit{set(1, crdt.Text("a"))}, func(ops []crdt.Op) { ops[0].Code = 1000 }, nil},
		{"kind that isn't a text", []crdt.Edit{{Code: crdt.Create, Value: crdt.Int(1)}}, nil, nil},
		{"item that isn't there", []crdt.Edit{set(1, crdt.Null), {Code: crdt.Take, Field: 5}}, nil,
			func(d *crdt.Doc) bool { return len(d.List(5)) == 0 }},
		{"text over a change's bound", []crdt.Edit{paste(8192), paste(8192), paste(8192), paste(8192), paste(1)}, nil,
			func(d *crdt.Doc) bool { return d.Text(6).Len() == 32768 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t)
			s.change("z", "")
			c := &crdt.Change{ID: sha256.Sum256([]byte("c")), Lamport: 2, Deps: []crdt.ChangeID{s.all["z"].ID}}
			for i := range tt.edits {
				tt.edits[i].Resource = res
			}
			ops, err := crdt.EncodeOps(tt.edits, c.Refs())
			if err != nil {
				t.Fatal(err)
			}
			if tt.raw != nil {
				tt.raw(ops)
			}
			c.Ops = ops
			s.doc.Apply(s, c)
			if tt.want == nil {
				tt.want = func(d *crdt.Doc) bool { return d.Deleted() && len(d.Fields()) == 0 }
			}
			if !tt.want(s.doc) {
				t.Fatal("the op was not skipped")
			}
		})
	}
}

func FuzzDecodeDoc(f *testing.F) {
	s := newScene(&testing.T{})
	s.change("a", "", crdt.Edit{Code: crdt.Create, Value: crdt.Text("tool")}, set(1, crdt.Text("scie")),
		crdt.Edit{Code: crdt.Insert, Field: 5, Right: true, Value: crdt.Int(1)}, crdt.Edit{Code: crdt.Count, Field: 4, N: 3})
	f.Add(s.doc.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := crdt.DecodeDoc(b)
		if err != nil {
			return
		}
		if _, err := crdt.DecodeDoc(d.Encode()); err != nil {
			t.Fatalf("decoded, encoded, and then: %v", err)
		}
		d.List(5)
		d.Conflicts()
	})
}

// FuzzApplyOps folds an op made of any bytes, void or not, among others: in
// either order, stored in between or not, the document is the same.
func FuzzApplyOps(f *testing.F) {
	f.Add(uint64(crdt.Set), []byte{0x83, 0x01, 0x01, 0x80})
	f.Add(uint64(crdt.Set), []byte{0x83, 0x01, 0x01, 0x81, 0x82, 0x02, 0x01})
	f.Add(uint64(crdt.Insert), []byte{0x84, 0x05, 0xf6, 0xf5, 0x01})
	f.Add(uint64(crdt.Move), []byte{0x85, 0x05, 0x82, 0x02, 0x00, 0xf6, 0xf5, 0x80})
	f.Add(uint64(crdt.Splice), []byte{0x82, 0x06, 0x40})
	f.Fuzz(func(t *testing.T, code uint64, body []byte) {
		s := newScene(t)
		a := s.change("a", "", crdt.Edit{Code: crdt.Insert, Field: 5, Right: true, Value: crdt.Int(1)}, set(1, crdt.Int(1)))
		c := &crdt.Change{ID: sha256.Sum256(append([]byte("fuzzed"), body...)), Lamport: 2, Deps: []crdt.ChangeID{a}, Ops: []crdt.Op{{Code: code, Target: crdt.Target{ID: res}, Body: body}}}
		s.seen[c.ID], s.all["c"] = []crdt.ChangeID{a}, c
		one, any := dot(a, 0), dot(c.ID, 0)
		s.change("d", "a", crdt.Edit{Code: crdt.Insert, Field: 5, Parent: &one, Right: true, Value: crdt.Int(2)}, set(1, crdt.Int(2), dot(a, 1)))
		s.change("e", "c", set(1, crdt.Int(3), any), crdt.Edit{Code: crdt.Insert, Field: 5, Parent: &any, Value: crdt.Int(3)},
			crdt.Edit{Code: crdt.Splice, Field: 6, Splices: []text.Splice{{Ins: "x"}}})
		for _, void := range []bool{false, true} {
			c.Void = void
			var want []byte
			for _, order := range []string{"acde", "adce", "aced"} {
				doc := crdt.NewDoc(res)
				for _, name := range order {
					doc.Apply(s, s.all[string(name)])
					back, err := crdt.DecodeDoc(doc.Encode())
					if err != nil || string(back.Encode()) != string(doc.Encode()) {
						t.Fatalf("what was folded doesn't survive storing: %v", err)
					}
					doc = back
				}
				if want == nil {
					want = doc.Encode()
				} else if got := doc.Encode(); string(got) != string(want) {
					t.Fatalf("void %v: in order %s %x, want %x", void, order, got, want)
				}
			}
		}
	})
}
