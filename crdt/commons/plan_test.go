package commons

import (
	"errors"
	"slices"
	"testing"

	"navette/crdt"
)

// A shelf holds many resources for plans to be made against.
type shelf struct {
	t     *testing.T
	sites map[crdt.ID]*site
}

func newShelf(t *testing.T) *shelf { return &shelf{t, make(map[crdt.ID]*site)} }

func (s *shelf) holder(origin string) Holder {
	return Holder{
		Doc: func(id crdt.ID) *crdt.Doc {
			if s.sites[id] == nil {
				return nil
			}
			return s.sites[id].doc
		},
		Find: func(kind, field, value string) (found []crdt.ID) {
			for id, x := range s.sites {
				r := x.view()
				if f, ok := r.Get(field); ok && r.Kind == kind && !r.Deleted && f.Value == value {
					found = append(found, id)
				}
			}
			return found
		},
		Origin: origin,
	}
}

// carry plans the records and carries them out.
func (s *shelf) carry(origin string, records ...Record) []Planned {
	s.t.Helper()
	plan := Plan(s.holder(origin), records, paris)
	for _, p := range plan {
		if s.sites[p.ID] == nil && len(p.Edits) > 0 {
			s.sites[p.ID] = newSite(s.t, origin, p.ID)
		}
		for _, edits := range p.Edits {
			s.sites[p.ID].write(edits)
		}
	}
	return plan
}

func states(plan []Planned) (out []State) {
	for _, p := range plan {
		out = append(out, p.State)
	}
	return out
}

func toolRecord(t *testing.T, line int, key string, texts ...string) Record {
	return Record{Line: line, Kind: "tools", Key: key, By: "tag", Name: key, Fields: assign(t, append(texts, "tag="+key)...)}
}

func TestPlan(t *testing.T) {
	s := newShelf(t)
	records := []Record{
		toolRecord(t, 2, "A1", "name=Scie", "price=10"),
		toolRecord(t, 3, "A2", "name=Perceuse", "price=cher"),
		toolRecord(t, 4, "A1", "name=Autre"),
		toolRecord(t, 5, "A1", "name=Scie", "price=10"),
		toolRecord(t, 6, "A3", "brand=x"),
		{Line: 7, Kind: "spaceship", Key: "x"},
		toolRecord(t, 8, "A4", "name=Tour", "notes= "),
	}
	plan := s.carry("A", records...)
	want := []State{New, Refused, Refused, Unchanged, Refused, Refused, New}
	if got := states(plan); !slices.Equal(got, want) {
		t.Fatalf("states = %v; want %v", got, want)
	}
	var repeat *RepeatError
	for i, reason := range []error{1: ErrValue, 4: ErrMissing, 5: ErrKind} {
		if reason != nil && !errors.Is(plan[i].Err, reason) {
			t.Errorf("record %d: %v; want %v", i, plan[i].Err, reason)
		}
	}
	if !errors.As(plan[2].Err, &repeat) || repeat.Line != 2 {
		t.Errorf("the same tag again: %v; want line 2 named", plan[2].Err)
	}
	if again := states(s.carry("A", records[0], records[6])); !slices.Equal(again, []State{Unchanged, Unchanged}) {
		t.Errorf("again: %v; want both unchanged", again)
	}
	changed := s.carry("A", toolRecord(t, 2, "A1", "name=Scie", "price=12", "brand="))
	if changed[0].State != Changed || !slices.Equal(changed[0].Fields, []string{"price"}) {
		t.Errorf("edited: %v %v; want the price changed", changed[0].State, changed[0].Fields)
	}
	x := s.sites[changed[0].ID]
	x.do(Remove(x.doc))
	if got := s.carry("A", records[0]); got[0].State != Gone || got[0].Edits != nil {
		t.Errorf("a removed one: %+v; want it left alone", got[0])
	}
}

// A tool that somebody made by hand is the one that a file speaks of by its
// tag.
func TestPlanFindsByTag(t *testing.T) {
	s := newShelf(t)
	id := crdt.ID{9}
	s.sites[id] = newSite(t, "A", id)
	s.sites[id].do(Add(id, "tool", assign(t, "name=Scie", "tag=A1"), paris))
	if plan := s.carry("A", toolRecord(t, 2, "A1", "name=Scie", "brand=Bosch")); plan[0].ID != id || plan[0].State != Changed {
		t.Errorf("plan = %v of %v; want a change of %v", plan[0].State, plan[0].ID, id)
	}
}

func TestPlanLeavesTwoVersionsToPeople(t *testing.T) {
	s := newShelf(t)
	plan := s.carry("A", toolRecord(t, 2, "A1", "name=Scie"))
	a := s.sites[plan[0].ID]
	b := a.with("B")
	a.set("name=Scie sauteuse")
	b.set("name=Scie circulaire")
	a.meet(b)
	shown := a.view().Title
	if again := s.carry("A", toolRecord(t, 2, "A1", "name="+shown)); again[0].State != Unchanged {
		t.Errorf("importing what is shown: %v; want it unchanged", again[0].State)
	}
}

// Two places import one folder before they meet: each has its page, and no
// text is there twice.
func TestPagesOfTwoPlaces(t *testing.T) {
	record := Record{Kind: "page", Key: "laser.md", By: "path", Fields: assign(t, "path=laser.md", "body=# Laser\n")}
	a, b := newShelf(t), newShelf(t)
	pa, pb := a.carry("A", record), b.carry("B", record)
	if pa[0].ID == pb[0].ID {
		t.Fatal("two places made one page")
	}
	a.sites[pb[0].ID] = b.sites[pb[0].ID]
	if again := a.carry("A", record); again[0].State != Unchanged {
		t.Errorf("again, with both there: %v; want it unchanged", again[0].State)
	}
	c := newShelf(t)
	c.sites[pa[0].ID] = a.sites[pa[0].ID]
	if third := c.carry("C", record); third[0].State != Unchanged || third[0].ID != pa[0].ID {
		t.Errorf("a place that has it from another: %v; want it unchanged", third[0].State)
	}
}

func TestDerivedID(t *testing.T) {
	if got := DerivedID("tool", "LFB-0001").String(); got != derivedVector {
		t.Errorf("DerivedID = %s; want %s", got, derivedVector)
	}
}

// Computed apart, by sha256sum: printf 'navette/id/tool\0LFB-0001'.
const derivedVector = "a63f764ffcfdb7d2d7d02634df207cbb"
