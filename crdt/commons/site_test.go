package commons

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"navette/crdt"
)

// A site is a place that writes changes to one resource and takes others'.
type site struct {
	t    *testing.T
	log  crdt.LogID
	id   crdt.ID
	doc  *crdt.Doc
	has  map[crdt.ChangeID]*crdt.Change
	seen map[crdt.ChangeID]map[crdt.ChangeID]bool // shared by sites that meet
	all  []*crdt.Change                           // in the order taken
	now  uint64
}

func newSite(t *testing.T, name string, id crdt.ID) *site {
	return &site{
		t: t, log: crdt.LogID([]byte((name + "................")[:16])), id: id, doc: crdt.NewDoc(id),
		has: make(map[crdt.ChangeID]*crdt.Change), seen: make(map[crdt.ChangeID]map[crdt.ChangeID]bool), now: 1_790_000_000,
	}
}

func (s *site) Saw(later, earlier crdt.ChangeID) bool {
	return later == earlier || s.seen[later][earlier]
}

// do carries out changes as edits of this site, which has seen all it has.
func (s *site) do(changes [][]crdt.Edit, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("intent: %v", err)
	}
	for _, edits := range changes {
		s.write(edits)
	}
}

func (s *site) write(edits []crdt.Edit) {
	s.t.Helper()
	s.now++
	c := &crdt.Change{Log: s.log, Wall: crdt.Wall{Seconds: s.now, Quality: crdt.QualityNTP}}
	seen := make(map[crdt.ChangeID]bool)
	for id, d := range s.has {
		seen[id] = true
		c.Lamport = max(c.Lamport, d.Lamport)
	}
	c.Lamport++
	ops, err := crdt.EncodeOps(edits, c.Refs())
	if err != nil {
		s.t.Fatalf("encode: %v", err)
	}
	c.Ops = ops
	h := sha256.New()
	h.Write(s.log[:])
	h.Write(binary.BigEndian.AppendUint64(nil, s.now))
	size := 0
	for _, op := range ops {
		h.Write(op.Body)
		size += len(op.Body) + 24
	}
	if size > 60<<10 {
		s.t.Errorf("a change of %d bytes", size)
	}
	c.ID = crdt.ChangeID(h.Sum(nil))
	for i := range ops {
		ids, _ := c.Resources()
		if _, err := crdt.DecodeEdit(c, i, ids[i]); err != nil {
			s.t.Errorf("op %d (%v) would be skipped: %v", i, edits[i].Code, err)
		}
	}
	s.take(c, seen)
}

func (s *site) take(c *crdt.Change, seen map[crdt.ChangeID]bool) {
	if s.has[c.ID] != nil {
		return
	}
	s.has[c.ID], s.seen[c.ID] = c, seen
	s.all = append(s.all, c)
	s.doc.Apply(s, c)
}

// meet exchanges what the two sites have, and checks that they agree.
func (s *site) meet(o *site) {
	s.t.Helper()
	mine, theirs := slices.Clone(s.all), slices.Clone(o.all)
	for _, c := range theirs {
		s.take(c, o.seen[c.ID])
	}
	for _, c := range mine {
		o.take(c, s.seen[c.ID])
	}
	if a, b := s.doc.Encode(), o.doc.Encode(); !slices.Equal(a, b) {
		s.t.Fatal("the two sites hold different documents after they met")
	}
}

// assign makes assignments of FIELD=VALUE texts.
func assign(t *testing.T, texts ...string) []Assign {
	t.Helper()
	var out []Assign
	for _, s := range texts {
		a, err := ParseAssign(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

func (s *site) set(texts ...string) {
	s.t.Helper()
	s.do(Set(s.doc, assign(s.t, texts...), paris))
}

func (s *site) view() *Resource {
	r := View(s.doc)
	return &r
}

// shows checks the shown value of a field.
func (s *site) shows(field string, want any) {
	s.t.Helper()
	got, ok := s.view().Get(field)
	if !ok && want == nil {
		return
	}
	if !equal(got.Value, want) {
		s.t.Errorf("%s shows %#v; want %#v", field, got.Value, want)
	}
}

func equal(got, want any) bool {
	list, isList := got.([]any)
	texts, isTexts := want.([]string)
	if isList && isTexts {
		return slices.EqualFunc(list, texts, func(a any, b string) bool { return a == b })
	}
	return got == want
}

var paris = Env{Zone: "Europe/Paris", Zones: time.LoadLocation}
