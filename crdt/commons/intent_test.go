package commons

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
)

func newTool(t *testing.T, texts ...string) *site {
	t.Helper()
	id := DerivedID("tool", "LFB-0001")
	s := newSite(t, "A", id)
	s.do(Add(id, "tool", assign(t, texts...), paris))
	return s
}

// with returns another site that has all that s has.
func (s *site) with(name string) *site {
	o := newSite(s.t, name, s.id)
	o.now = s.now
	o.meet(s)
	return o
}

func TestAddAndSet(t *testing.T) {
	s := newTool(t, "name=Découpeuse laser", "tag=LFB-0001", "price=14 500,00 €", "bought=2021-03-12",
		"loanable=non", "condition=Good", "tags=bois, métal", "custom.Quantité=1", "log+=Réglée")
	s.shows("name", "Découpeuse laser")
	s.shows("title", "Découpeuse laser")
	s.shows("price", json.Number("14500"))
	s.shows("bought", "2021-03-12")
	s.shows("loanable", false)
	s.shows("condition", "good")
	s.shows("tags", []string{"bois", "métal"})
	s.shows("custom.Quantité", "1")
	s.shows("log", []string{"Réglée"})
	if r := s.view(); r.Title != "Découpeuse laser" || !r.Known || r.Deleted || r.Created == nil || r.Versions != 0 {
		t.Errorf("view = %+v", r)
	}

	s.set("tags+=verre", "tags-=bois", "custom.Quantité=", "brand=Trotec", "price=", "log+=Courroie changée")
	s.shows("tags", []string{"métal", "verre"})
	s.shows("custom.Quantité", nil)
	s.shows("brand", "Trotec")
	s.shows("price", nil)
	s.shows("log", []string{"Réglée", "Courroie changée"})

	if edits, err := Set(s.doc, assign(t, "brand=Trotec", "tags=verre,métal", "price="), paris); err != nil || len(edits) > 0 {
		t.Errorf("setting what is there makes %v, %v; want nothing", edits, err)
	}
}

func TestRefusedIntents(t *testing.T) {
	s := newTool(t, "name=Scie")
	tests := []struct {
		name, assign string
		want         error
	}{
		{"unknown field", "colour=red", ErrField},
		{"key of a register", "brand.x=1", ErrField},
		{"number", "price=cher", ErrValue},
		{"date", "bought=12/03/2021", ErrValue},
		{"yes or no", "loanable=peut-être", ErrValue},
		{"choice", "condition=shiny", ErrValue},
		{"link with a space", "manual=a b", ErrValue},
		{"resource", "home=Nowhere", ErrValue},
		{"not UTF-8", "brand=\xff", ErrValue},
		{"set sign on a register", "brand+=x", ErrValue},
		{"list replaced", "log=x", ErrValue},
		{"map without key", "custom=x", ErrValue},
		{"256 bytes", "brand=" + strings.Repeat("x", 257), ErrBound},
		{"16 KiB", "notes=" + strings.Repeat("x", 16<<10+1), ErrBound},
		{"256 bytes of a key", "custom." + strings.Repeat("k", 257) + "=1", ErrBound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			edits, err := Set(s.doc, assign(t, tt.assign), paris)
			if !errors.Is(err, tt.want) || edits != nil {
				t.Errorf("Set(%.40q) = %v, %v; want %v", tt.assign, edits, err, tt.want)
			}
			var fe *FieldError
			if !errors.As(err, &fe) || fe.Field == "" || fe.Error() == "" {
				t.Errorf("error %v names no field", err)
			}
		})
	}
	s.set("brand="+strings.Repeat("x", 256), "notes="+strings.Repeat("x", 16<<10), "custom."+strings.Repeat("k", 256)+"=1")

	id := DerivedID("place", "x")
	if _, err := Add(id, "spaceship", nil, paris); !errors.Is(err, ErrKind) {
		t.Errorf("Add(spaceship) = %v; want %v", err, ErrKind)
	}
	if _, err := Add(id, "place", nil, paris); !errors.Is(err, ErrMissing) {
		t.Errorf("Add(place) without a name = %v; want %v", err, ErrMissing)
	}
	if _, err := Add(id, "place", assign(t, "name="+strings.Repeat("é", 65)), paris); !errors.Is(err, ErrBound) {
		t.Errorf("a name of 65 characters = %v; want %v", err, ErrBound)
	}
	if _, err := Add(id, "place", assign(t, "name="+strings.Repeat("é", 64), "latitude=91"), paris); !errors.Is(err, ErrValue) {
		t.Errorf("latitude 91 = %v; want %v", err, ErrValue)
	}
	if _, err := Set(crdt.NewDoc(id), nil, paris); !errors.Is(err, ErrAbsent) {
		t.Errorf("Set of nothing = %v; want %v", err, ErrAbsent)
	}
}

func TestConcurrentEditsOfAField(t *testing.T) {
	a := newTool(t, "name=Perceuse", "brand=Bosch")
	b := a.with("B")
	a.set("name=Perceuse à colonne", "brand=Makita", "tags=métal", "custom.x=1")
	b.set("name=Perceuse-visseuse", "location=Atelier", "tags=bois", "custom.y=2")
	a.meet(b)
	a.shows("brand", "Makita")
	a.shows("location", "Atelier")
	a.shows("tags", []string{"bois", "métal"})
	a.shows("custom.x", "1")
	a.shows("custom.y", "2")
	conflicts := Conflicts(a.doc)
	if len(conflicts) != 1 || conflicts[0].Name != "name" || len(conflicts[0].Versions) != 2 {
		t.Fatalf("conflicts = %+v; want the two names", conflicts)
	}
	if r := a.view(); r.Versions != 1 || !slices.Contains(r.Fields[0].Marks, MarkVersions) || r.Fields[0].Versions[1].Log == r.Fields[0].Versions[0].Log {
		t.Errorf("view marks %+v", r.Fields[0])
	}

	both := a.with("C")
	both.do(Resolve(both.doc, "name", 0, 1))
	both.shows("name", conflicts[0].Versions[0].Value.(string)+" / "+conflicts[0].Versions[1].Value.(string))
	second := a.with("D")
	second.do(Resolve(second.doc, "name", 1))
	second.shows("name", conflicts[0].Versions[1].Value)
	if n := len(Conflicts(second.doc)); n != 0 {
		t.Errorf("%d conflicts are left", n)
	}
	for _, keep := range [][]int{{}, {2}, {-1}} {
		if _, err := Resolve(a.doc, "name", keep...); !errors.Is(err, ErrVersions) {
			t.Errorf("Resolve(keep %v) = %v; want %v", keep, err, ErrVersions)
		}
	}
	if _, err := Resolve(a.doc, "brand", 0); !errors.Is(err, ErrVersions) {
		t.Errorf("Resolve(brand) = %v; want %v", err, ErrVersions)
	}
	a.set("name=" + conflicts[0].Versions[0].Value.(string))
	if n := len(Conflicts(a.doc)); n != 0 {
		t.Errorf("setting the shown value leaves %d conflicts", n)
	}
}

func TestBothOfWhatCantBeJoined(t *testing.T) {
	a := newTool(t, "name=Scie", "price=10")
	b := a.with("B")
	a.set("price=20")
	b.set("price=30")
	a.meet(b)
	if _, err := Resolve(a.doc, "price", 0, 1); !errors.Is(err, ErrBoth) {
		t.Errorf("both prices = %v; want %v", err, ErrBoth)
	}
}

func TestRemoveAndRestore(t *testing.T) {
	a := newTool(t, "name=Scie", "brand=Bosch", "tags=bois", "custom.x=1", "log+=un")
	old := a.with("old")
	b := a.with("B")
	a.do(Remove(a.doc))
	if !a.doc.Deleted() {
		t.Fatal("removed, but isn't deleted")
	}
	if _, err := Set(a.doc, assign(t, "brand=x"), paris); !errors.Is(err, ErrRemoved) {
		t.Errorf("Set of a removed one = %v; want %v", err, ErrRemoved)
	}
	b.set("brand=Makita", "tags=métal", "custom.x=", "custom.y=2", "log+=deux")
	a.meet(b)
	if a.doc.Deleted() {
		t.Error("the edit should beat the removal")
	}
	if _, err := Restore(a.doc); !errors.Is(err, ErrThere) {
		t.Errorf("Restore of one that is there = %v; want %v", err, ErrThere)
	}
	a.do(Remove(a.doc))
	a.do(Restore(a.doc))
	a.shows("brand", "Makita")

	was := View(old.doc)
	a.do(RestoreAt(a.doc, old.doc))
	if d := Diff(was, *a.view()); len(d) > 0 {
		t.Errorf("restored differs: %+v", d)
	}
	a.do(Remove(a.doc))
	a.do(RestoreAt(a.doc, b.doc))
	if d := Diff(*b.view(), *a.view()); len(d) > 0 {
		t.Errorf("restored from removed differs: %+v", d)
	}
	if edits, err := RestoreAt(a.doc, b.doc); err != nil || len(edits) > 0 {
		t.Errorf("restoring what is there = %v, %v; want nothing", edits, err)
	}
}

func TestDiff(t *testing.T) {
	a := newTool(t, "name=Scie", "brand=Bosch")
	was := *a.view()
	a.set("brand=Makita", "model=X", "custom.q=2")
	got := Diff(was, *a.view())
	want := []Difference{{"brand", "Bosch", "Makita"}, {"model", nil, "X"}, {"custom.q", nil, "2"}}
	if !slices.EqualFunc(got, want, func(a, b Difference) bool { return a.Name == b.Name && equal(a.Was, b.Was) && equal(a.Is, b.Is) }) {
		t.Errorf("Diff = %+v; want %+v", got, want)
	}
}

func TestUnknownKindsAndFieldsSurvive(t *testing.T) {
	id := DerivedID("spaceship", "x")
	s := newSite(t, "A", id)
	s.write([]crdt.Edit{
		{Code: crdt.Create, Resource: id, Value: crdt.Text("spaceship")},
		{Code: crdt.Set, Resource: id, Field: fieldTitle, Value: crdt.Text("Enterprise")},
		{Code: crdt.Set, Resource: id, Field: 700, Value: crdt.List(crdt.Int(-3), crdt.Bool(true), crdt.Bytes([]byte{1, 2}))},
		{Code: crdt.Put, Resource: id, Field: 701, Key: crdt.Int(4), Value: crdt.Text("x")},
		{Code: crdt.Add, Resource: id, Field: 702, Value: crdt.Text("y")},
		{Code: crdt.Increment, Resource: id, Field: 703, N: 5},
	})
	r := s.view()
	if r.Known || r.Title != "Enterprise" || r.Kind != "spaceship" {
		t.Errorf("view = %+v", r)
	}
	out, err := json.Marshal(r.Fields)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"field":1,"name":"title","type":"register","value":"Enterprise"},` +
		`{"field":700,"name":"field 700","type":"register","value":[-3,true,"0102"],"marks":["unknown"]},` +
		`{"field":701,"name":"field 701.4","key":"4","type":"map","value":"x","marks":["unknown"]},` +
		`{"field":702,"name":"field 702","type":"set","value":["y"],"marks":["unknown"]},` +
		`{"field":703,"name":"field 703","type":"counter","value":5,"marks":["unknown"]}]`
	if string(out) != want {
		t.Errorf("fields are\n%s\nwant\n%s", out, want)
	}
	s.set("title=Voyager")
	s.shows("title", "Voyager")
	old := s.with("old")
	s.write([]crdt.Edit{{Code: crdt.Set, Resource: id, Field: 700, Value: crdt.Int(1), Over: crdt.Dots(s.doc.Register(700))}, {Code: crdt.Increment, Resource: id, Field: 703, N: 2}})
	s.do(RestoreAt(s.doc, old.doc))
	if d := Diff(*old.view(), *s.view()); len(d) > 0 {
		t.Errorf("unknown fields aren't restored: %+v", d)
	}
}

func TestMarksOfWhatOthersWrote(t *testing.T) {
	s := newTool(t, "name=Scie")
	s.write([]crdt.Edit{
		{Code: crdt.Set, Resource: s.id, Field: 32, Value: crdt.Text(strings.Repeat("x", 300))},
		{Code: crdt.Set, Resource: s.id, Field: 39, Value: crdt.Text("shiny")},
		{Code: crdt.Set, Resource: s.id, Field: 40, Value: crdt.Int(1)},
		{Code: crdt.Set, Resource: s.id, Field: 46, Value: crdt.Text("cher")},
		{Code: crdt.Set, Resource: s.id, Field: 47, Value: crdt.Text("2021-13-01")},
		{Code: crdt.Set, Resource: s.id, Field: 3, Value: crdt.Text("somewhere")},
	})
	for field, want := range map[string]string{
		"tag": MarkTooLong, "condition": MarkMalformed, "bookable": MarkMalformed,
		"price": MarkMalformed, "bought": MarkMalformed, "home": MarkMalformed,
	} {
		if got, ok := s.view().Get(field); !ok || !slices.Equal(got.Marks, []string{want}) || got.Value == nil {
			t.Errorf("%s is shown as %+v; want it marked %q", field, got, want)
		}
	}
}
