package crdt_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"navette/crdt"
	"navette/crdt/text"
)

var update = flag.Bool("update", false, "write testdata/ops.json anew; read the diff before you commit it")

const vectorsFile = "testdata/ops.json"

// vectors is testdata/ops.json: bodies of single ops, decoded or skipped, and
// histories with what they amount to. Bytes are hexadecimal.
type vectors struct {
	Bodies    []bodyVector    `json:"bodies"`
	Histories []historyVector `json:"histories"`
}

type bodyVector struct {
	Name  string   `json:"name"`
	Self  string   `json:"self"` // the change that the op stands in
	Prev  string   `json:"prev"`
	Deps  []string `json:"deps"`
	Index int      `json:"index"` // of the op
	Code  uint64   `json:"code"`
	Body  string   `json:"body"`
	Edit  string   `json:"edit,omitempty"` // what it says; absent: it is skipped
}

type historyVector struct {
	Name    string         `json:"name"`
	Changes []changeVector `json:"changes"`
	State   string         `json:"state"`
}

type changeVector struct {
	ID      string     `json:"id"`
	Log     string     `json:"log"`
	Lamport uint64     `json:"lamport"`
	Wall    uint64     `json:"wall"`
	Void    bool       `json:"void,omitempty"`
	Saw     []string   `json:"saw"` // all its ancestors
	Deps    []string   `json:"deps"`
	Ops     []opVector `json:"ops"` // all on one resource
}

type opVector struct {
	Code uint64 `json:"code"`
	Body string `json:"body"`
}

func unhex(s string) (id crdt.ChangeID) { b, _ := hex.DecodeString(s); copy(id[:], b); return id }

func TestVectors(t *testing.T) {
	if *update {
		b, err := json.MarshalIndent(vectors{bodyVectors(t), historyVectors(t)}, "", " ")
		if err == nil {
			err = os.WriteFile(vectorsFile, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var all vectors
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Bodies) < 20 || len(all.Histories) < 5 {
		t.Fatalf("only %d bodies and %d histories", len(all.Bodies), len(all.Histories))
	}
	for _, v := range all.Bodies {
		if got := decodeBody(v); got != v.Edit {
			t.Errorf("%s: decodes to %q, want %q", v.Name, got, v.Edit)
		}
	}
	for _, v := range all.Histories {
		if got := describe(foldVector(v)); got != v.State {
			t.Errorf("%s: folds to %s\nwant %s", v.Name, got, v.State)
		}
	}
}

func decodeBody(v bodyVector) string {
	c := &crdt.Change{ID: unhex(v.Self), Prev: unhex(v.Prev), Ops: make([]crdt.Op, v.Index+1)}
	for _, d := range v.Deps {
		c.Deps = append(c.Deps, unhex(d))
	}
	body, _ := hex.DecodeString(v.Body)
	c.Ops[v.Index] = crdt.Op{Code: v.Code, Body: body}
	e, err := crdt.DecodeEdit(c, v.Index, res)
	if err != nil {
		return ""
	}
	dots := func(list ...crdt.Dot) (out []string) {
		for _, d := range list {
			out = append(out, fmt.Sprintf("%x/%d", d.Change[:2], d.Index))
		}
		return out
	}
	s := fmt.Sprintf("code=%d field=%d", e.Code, e.Field)
	if e.Key != nil {
		s += fmt.Sprintf(" key=%x", []byte(e.Key))
	}
	if e.Value != nil {
		s += fmt.Sprintf(" value=%x", []byte(e.Value))
	}
	s += fmt.Sprintf(" over=%v n=%d", dots(e.Over...), e.N)
	if e.Item != (crdt.Dot{}) {
		s += fmt.Sprintf(" item=%v", dots(e.Item))
	}
	if e.Parent != nil {
		s += fmt.Sprintf(" parent=%v", dots(*e.Parent))
	}
	return s + fmt.Sprintf(" right=%v splices=%v", e.Right, e.Splices)
}

func bodyVectors(t *testing.T) []bodyVector {
	self, prev, dep, far := crdt.ChangeID{0xaa}, crdt.ChangeID{0xbb}, crdt.ChangeID{0xcc}, crdt.ChangeID{0xdd}
	refs := crdt.Refs{Prev: prev, Deps: []crdt.ChangeID{dep}}
	far1 := crdt.Dot{Change: far, Index: 1}
	edits := []struct {
		name string
		e    crdt.Edit
	}{
		{"create", crdt.Edit{Code: crdt.Create, Value: crdt.Text("tool")}},
		{"remove", crdt.Edit{Code: crdt.Remove}},
		{"restore", crdt.Edit{Code: crdt.Restore}},
		{"set, over nothing", set(1, crdt.Text("scie"))},
		{"set, over this change, prev, a dep and another", set(1, crdt.Int(-1), crdt.Dot{}, crdt.Dot{Change: prev, Index: 3}, crdt.Dot{Change: dep}, far1)},
		{"put", crdt.Edit{Code: crdt.Put, Field: 2, Key: crdt.Text("SUMMARY"), Value: crdt.Bytes([]byte{1}), Over: []crdt.Dot{far1}}},
		{"drop", crdt.Edit{Code: crdt.Drop, Field: 2, Key: crdt.Text("SUMMARY"), Over: []crdt.Dot{far1}}},
		{"add", crdt.Edit{Code: crdt.Add, Field: 3, Value: crdt.List(crdt.Bool(true), crdt.Null)}},
		{"discard", crdt.Edit{Code: crdt.Discard, Field: 3, Over: []crdt.Dot{far1}}},
		{"increment", crdt.Edit{Code: crdt.Increment, Field: 4, N: -7}},
		{"count", crdt.Edit{Code: crdt.Count, Field: 4, N: 1 << 40}},
		{"insert at the list itself", crdt.Edit{Code: crdt.Insert, Field: 5, Right: true, Value: crdt.Text("un")}},
		{"insert at a position", crdt.Edit{Code: crdt.Insert, Field: 5, Parent: &far1, Value: crdt.Text("un")}},
		{"move", crdt.Edit{Code: crdt.Move, Field: 5, Item: far1, Parent: &far1, Over: []crdt.Dot{far1}}},
		{"amend", crdt.Edit{Code: crdt.Amend, Field: 5, Item: far1, Value: crdt.Text("deux"), Over: []crdt.Dot{far1}}},
		{"take", crdt.Edit{Code: crdt.Take, Field: 5, Item: far1, Over: []crdt.Dot{far1}}},
		{"splice", crdt.Edit{Code: crdt.Splice, Field: 6, Splices: []text.Splice{{Pos: 2, Del: 1, Ins: "é"}}}},
		{"the longest value", set(1, crdt.Bytes(make([]byte, crdt.MaxValue-3)))},
	}
	var out []bodyVector
	add := func(name string, code crdt.Code, body []byte) {
		v := bodyVector{Name: name, Self: self.String(), Prev: prev.String(), Deps: []string{dep.String()}, Index: 1, Code: uint64(code), Body: hex.EncodeToString(body)}
		v.Edit = decodeBody(v)
		out = append(out, v)
	}
	for _, x := range edits {
		x.e.Resource = res
		ops, err := crdt.EncodeOps([]crdt.Edit{x.e}, refs)
		if err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		add(x.name, x.e.Code, ops[0].Body)
	}
	long := append([]byte{0x83, 0x01, 0x59, 0xbf, 0xfe}, make([]byte, crdt.MaxValue-2)...)
	raw := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	digest := func(c crdt.ChangeID) []byte { return raw([]byte{0x58, 0x20}, c[:]) }
	over := func(ref []byte) []byte { return raw([]byte{0x83, 0x01, 0x01, 0x81, 0x82}, ref) }
	add("skipped: a value one byte too long", crdt.Set, append(long, 0x80))
	add("skipped: trailing byte", crdt.Set, []byte{0x83, 0x01, 0x01, 0x80, 0x00})
	add("skipped: an item too few", crdt.Set, []byte{0x82, 0x01, 0x01})
	add("skipped: a float", crdt.Set, []byte{0x83, 0x01, 0xf9, 0x00, 0x00, 0x80})
	add("skipped: a number not in its shortest form", crdt.Set, []byte{0x83, 0x18, 0x01, 0x01, 0x80})
	add("skipped: reference to itself", crdt.Set, over([]byte{0x00, 0x01}))
	add("skipped: reference beyond the deps", crdt.Set, over([]byte{0x03, 0x00}))
	add("skipped: prev by its digest", crdt.Set, over(raw(digest(prev), []byte{0x00})))
	add("skipped: a dep by its digest", crdt.Set, over(raw(digest(dep), []byte{0x00})))
	add("skipped: this change by its digest", crdt.Set, over(raw(digest(self), []byte{0x00})))
	add("skipped: unknown code", 1000, []byte{0x80})
	return out
}

func foldVector(v historyVector) *crdt.Doc {
	s := newScene(&testing.T{})
	for _, cv := range v.Changes {
		c := &crdt.Change{ID: unhex(cv.ID), Lamport: cv.Lamport, Wall: crdt.Wall{Seconds: cv.Wall, Quality: crdt.QualityPeers}, Void: cv.Void}
		log, _ := hex.DecodeString(cv.Log)
		copy(c.Log[:], log)
		for _, d := range cv.Deps {
			c.Deps = append(c.Deps, unhex(d))
		}
		for _, a := range cv.Saw {
			s.seen[c.ID] = append(s.seen[c.ID], unhex(a))
		}
		for _, op := range cv.Ops {
			body, _ := hex.DecodeString(op.Body)
			c.Ops = append(c.Ops, crdt.Op{Code: op.Code, Target: crdt.Target{ID: res}, Body: body})
		}
		s.doc.Apply(s, c)
	}
	return s.doc
}

func describe(d *crdt.Doc) string {
	vals := func(list []crdt.Entry) (out []string) {
		for _, e := range list {
			out = append(out, hex.EncodeToString(e.Value))
		}
		return out
	}
	s := fmt.Sprintf("kind=%q deleted=%v", d.Kind(), d.Deleted())
	for _, n := range d.Fields() {
		s += fmt.Sprintf(" %d:{register=%v map=[", n, vals(d.Register(n)))
		for _, m := range d.Map(n) {
			s += fmt.Sprintf("%x=%v ", []byte(m.Key), vals(m.Entries))
		}
		s += fmt.Sprintf("] set=%x counter=%d list=[", d.Set(n), d.Counter(n))
		for _, it := range d.List(n) {
			s += fmt.Sprintf("%v ", vals(it.Entries))
		}
		s += "] text="
		if tx := d.Text(n); tx != nil {
			s += fmt.Sprintf("%q", tx.String())
		}
		s += "}"
	}
	return s
}

func historyVectors(t *testing.T) []historyVector {
	create := crdt.Edit{Code: crdt.Create, Value: crdt.Text("tool")}
	var out []historyVector
	record := func(name string, play func(*scene)) {
		s := newScene(t)
		play(s)
		v := historyVector{Name: name}
		for _, n := range sortedByLamport(s.all) {
			c := s.all[n]
			cv := changeVector{ID: c.ID.String(), Log: c.Log.String(), Lamport: c.Lamport, Wall: c.Wall.Seconds, Void: c.Void, Saw: []string{}, Deps: []string{}}
			for _, a := range s.seen[c.ID] {
				cv.Saw = append(cv.Saw, a.String())
			}
			for _, d := range c.Deps {
				cv.Deps = append(cv.Deps, d.String())
			}
			for _, op := range c.Ops {
				cv.Ops = append(cv.Ops, opVector{op.Code, hex.EncodeToString(op.Body)})
			}
			v.Changes = append(v.Changes, cv)
		}
		v.State = describe(foldVector(v))
		out = append(out, v)
	}
	record("two concurrent sets both survive", func(s *scene) {
		a := s.change("a", "", create, set(1, crdt.Text("scie")))
		s.change("b", "a", set(1, crdt.Text("scie sauteuse"), dot(a, 1)))
		s.change("c", "a", set(1, crdt.Text("scie à ruban"), dot(a, 1)))
	})
	record("a choice settles them", func(s *scene) {
		a := s.change("a", "", create, set(1, crdt.Text("scie")))
		b := s.change("b", "a", set(1, crdt.Text("scie sauteuse"), dot(a, 1)))
		c := s.change("c", "a", set(1, crdt.Text("scie à ruban"), dot(a, 1)))
		s.change("d", "b c", set(1, crdt.Text("scie à ruban"), dot(b, 0), dot(c, 0)))
	})
	record("an edit beats a concurrent removal", func(s *scene) {
		s.change("a", "", create)
		s.change("b", "a", crdt.Edit{Code: crdt.Remove})
		s.change("c", "a", set(2, crdt.Text("réserve")))
	})
	record("removed, since the removal saw the edit", func(s *scene) {
		s.change("a", "", create)
		s.change("c", "a", set(2, crdt.Text("réserve")))
		s.change("b", "c", crdt.Edit{Code: crdt.Remove})
	})
	record("a count and an increment it had not seen", func(s *scene) {
		s.change("a", "", create, crdt.Edit{Code: crdt.Increment, Field: 4, N: 5})
		s.change("b", "a", crdt.Edit{Code: crdt.Count, Field: 4, N: 12})
		s.change("c", "a", crdt.Edit{Code: crdt.Increment, Field: 4, N: -2})
	})
	record("a set: the concurrent add wins", func(s *scene) {
		a := s.change("a", "", create, crdt.Edit{Code: crdt.Add, Field: 3, Value: crdt.Text("bruit")})
		s.change("b", "a", crdt.Edit{Code: crdt.Discard, Field: 3, Over: []crdt.Dot{dot(a, 1)}})
		s.change("c", "a", crdt.Edit{Code: crdt.Add, Field: 3, Value: crdt.Text("bruit")})
	})
	record("a list: one item moved by two, another inserted", func(s *scene) {
		item := func(v string, parent *crdt.Dot, right bool) crdt.Edit {
			return crdt.Edit{Code: crdt.Insert, Field: 5, Value: crdt.Text(v), Parent: parent, Right: right}
		}
		a := s.change("a", "", create, item("un", nil, true))
		one := dot(a, 1)
		b := s.change("b", "a", item("deux", &one, true))
		two := dot(b, 0)
		move := crdt.Edit{Code: crdt.Move, Field: 5, Item: two, Parent: &one, Over: []crdt.Dot{two}}
		s.change("c", "b", move)
		s.change("d", "b", move)
		s.change("e", "b", item("trois", &two, true))
	})
	record("a text typed by two", func(s *scene) {
		write := func(pos int, ins string) crdt.Edit {
			return crdt.Edit{Code: crdt.Splice, Field: 6, Splices: []text.Splice{{Pos: pos, Ins: ins}}}
		}
		s.change("a", "", create, write(0, "la scie"))
		s.change("b", "a", write(7, " sauteuse"))
		s.change("c", "a", write(3, "vieille "))
	})
	recordVoid(record)
	return out
}

func recordVoid(record func(name string, play func(*scene))) {
	create := crdt.Edit{Code: crdt.Create, Value: crdt.Text("tool")}
	record("void: a write is skipped", func(s *scene) {
		a := s.change("a", "", create, set(1, crdt.Text("scie")))
		s.change("b", "a", set(1, crdt.Text("poubelle"), dot(a, 1)))
		s.all["b"].Void = true
	})
	record("void: what it replaced doesn't come back beside what replaced it", func(s *scene) {
		a := s.change("a", "", create, set(1, crdt.Text("scie")))
		b := s.change("b", "a", set(1, crdt.Text("poubelle"), dot(a, 1)))
		c := s.change("c", "b", set(1, crdt.Text("rebut"), dot(b, 0)))
		s.change("d", "c", set(1, crdt.Text("scie sauteuse"), dot(c, 0)))
		s.all["b"].Void, s.all["c"].Void = true, true
	})
	record("void: creation, and an edit that saw it", func(s *scene) {
		s.change("a", "", create)
		s.change("b", "a", set(1, crdt.Text("scie")))
		s.all["a"].Void = true
	})
	record("void: removal", func(s *scene) {
		s.change("a", "", create)
		s.change("b", "a", crdt.Edit{Code: crdt.Remove})
		s.all["b"].Void = true
	})
	record("void: an edit that a removal hadn't seen", func(s *scene) {
		s.change("a", "", create)
		s.change("b", "a", crdt.Edit{Code: crdt.Remove})
		s.change("c", "a", set(1, crdt.Text("scie")))
		s.all["c"].Void = true
	})
	record("void: add, discard, drop, increment and count", func(s *scene) {
		a := s.change("a", "", create, crdt.Edit{Code: crdt.Add, Field: 3, Value: crdt.Text("bruit")},
			crdt.Edit{Code: crdt.Put, Field: 2, Key: crdt.Text("k"), Value: crdt.Int(1)}, crdt.Edit{Code: crdt.Increment, Field: 4, N: 5})
		s.change("b", "a", crdt.Edit{Code: crdt.Discard, Field: 3, Over: []crdt.Dot{dot(a, 1)}}, crdt.Edit{Code: crdt.Add, Field: 3, Value: crdt.Text("eau")},
			crdt.Edit{Code: crdt.Drop, Field: 2, Key: crdt.Text("k"), Over: []crdt.Dot{dot(a, 2)}},
			crdt.Edit{Code: crdt.Increment, Field: 4, N: 100}, crdt.Edit{Code: crdt.Count, Field: 4, N: 3})
		s.all["b"].Void = true
	})
	record("void: an item, with one behind it; a move, an amendment and a taking out", func(s *scene) {
		item := func(v string, parent *crdt.Dot) crdt.Edit {
			return crdt.Edit{Code: crdt.Insert, Field: 5, Value: crdt.Text(v), Parent: parent, Right: true}
		}
		a := s.change("a", "", create, item("un", nil))
		one := dot(a, 1)
		b := s.change("b", "a", item("deux", &one), crdt.Edit{Code: crdt.Move, Field: 5, Item: one, Parent: nil, Right: true, Over: []crdt.Dot{one}},
			crdt.Edit{Code: crdt.Amend, Field: 5, Item: one, Value: crdt.Text("UN"), Over: []crdt.Dot{one}})
		two, moved := dot(b, 0), dot(b, 1)
		c := s.change("c", "b", item("trois", &two), item("quatre", &moved))
		s.change("d", "c", crdt.Edit{Code: crdt.Take, Field: 5, Item: dot(c, 1), Over: []crdt.Dot{dot(c, 1)}})
		s.all["b"].Void, s.all["d"].Void = true, true
	})
	record("void: an item that somebody amended stays, with what they wrote", func(s *scene) {
		a := s.change("a", "", create, crdt.Edit{Code: crdt.Insert, Field: 5, Value: crdt.Text("un"), Right: true})
		s.change("b", "a", crdt.Edit{Code: crdt.Amend, Field: 5, Item: dot(a, 1), Value: crdt.Text("deux"), Over: []crdt.Dot{dot(a, 1)}})
		s.all["a"].Void = true
	})
	record("void: text that another was typed into, and a deletion", func(s *scene) {
		s.change("a", "", create, crdt.Edit{Code: crdt.Splice, Field: 6, Splices: []text.Splice{{Ins: "la scie"}}})
		s.change("b", "a", crdt.Edit{Code: crdt.Splice, Field: 6, Splices: []text.Splice{{Pos: 0, Del: 2}, {Pos: 0, Ins: "une sale"}}})
		s.change("c", "b", crdt.Edit{Code: crdt.Splice, Field: 6, Splices: []text.Splice{{Pos: 4, Ins: "petite "}}})
		s.all["b"].Void = true
	})
}

func sortedByLamport(all map[string]*crdt.Change) (names []string) {
	for l := uint64(0); len(names) < len(all); l++ {
		for n := 'a'; n <= 'z'; n++ {
			if c := all[string(n)]; c != nil && c.Lamport == l {
				names = append(names, string(n))
			}
		}
	}
	return names
}
