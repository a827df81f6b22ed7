package formats

import (
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
)

// A place holds resources and imports into them, one change after the other.
type place struct {
	t    testing.TB
	docs map[crdt.ID]*crdt.Doc
	ids  []crdt.ID // in the order they came
	n    uint64
	prev crdt.ChangeID
}

func newPlace(t testing.TB) *place { return &place{t: t, docs: make(map[crdt.ID]*crdt.Doc)} }

// Saw is true: a single writer has seen all of its own.
func (p *place) Saw(later, earlier crdt.ChangeID) bool { return true }

// take plans the records and carries the plan out.
func (p *place) take(records []commons.Record) []commons.Planned {
	p.t.Helper()
	plan := commons.Plan(commons.Holder{Doc: func(id crdt.ID) *crdt.Doc { return p.docs[id] }, Origin: "here"}, records, env)
	for _, x := range plan {
		for _, edits := range x.Edits {
			p.write(x.ID, edits)
		}
	}
	return plan
}

func (p *place) write(id crdt.ID, edits []crdt.Edit) {
	p.t.Helper()
	if p.docs[id] == nil {
		p.docs[id] = crdt.NewDoc(id)
		p.ids = append(p.ids, id)
	}
	p.n++
	c := &crdt.Change{Log: crdt.LogID{1}, Lamport: p.n, Prev: p.prev, Wall: crdt.Wall{Seconds: 1_790_000_000 + p.n, Quality: crdt.QualityNTP}}
	c.ID = sha256.Sum256(binary.BigEndian.AppendUint64(nil, p.n))
	ops, err := crdt.EncodeOps(edits, c.Refs())
	if err != nil {
		p.t.Fatalf("encode: %v", err)
	}
	c.Ops = ops
	p.prev = c.ID
	p.docs[id].Apply(p, c)
}

func (p *place) views(kind string) (out []commons.Resource) {
	for _, id := range p.ids {
		if r := commons.View(p.docs[id]); r.Kind == kind {
			out = append(out, r)
		}
	}
	return out
}

// count counts the records of each state.
func count(plan []commons.Planned) map[commons.State]int {
	out := make(map[commons.State]int)
	for _, p := range plan {
		out[p.State]++
	}
	return out
}

// unchanged checks that taking the records again would change nothing.
func (p *place) unchanged(records []commons.Record, refused int) {
	p.t.Helper()
	for _, x := range p.take(records) {
		switch x.State {
		case commons.Unchanged:
		case commons.Refused:
			refused--
		default:
			p.t.Errorf("%s, line %d, %q again is %s: %v", x.File, x.Line, x.Name, x.State, x.Fields)
		}
	}
	if refused != 0 {
		p.t.Errorf("%d fewer refused than before", refused)
	}
}

var env = commons.Env{Zone: "Europe/Paris", Zones: time.LoadLocation}

// folder reads the files of a folder that match a pattern.
func folder(t testing.TB, parts ...string) (files []File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(parts...))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files match %v: %v", parts, err)
	}
	slices.Sort(names)
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{filepath.Base(n), b})
	}
	return files
}

// samples are the folders of calendars or pages to test with: the one shipped,
// and, if NAVETTE_TEST_DATA names one with more, that.
func samples(kind, outside, pattern string) [][]string {
	out := [][]string{{"testdata", kind, pattern}}
	if more := os.Getenv("NAVETTE_TEST_DATA"); more != "" {
		out = append(out, []string{more, outside, pattern})
	}
	return out
}
