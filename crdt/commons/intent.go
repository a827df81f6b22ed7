package commons

import (
	"fmt"
	"slices"
	"strings"

	"navette/crdt"
)

// Add makes a resource. The id is random for what people make, derived for
// what is imported. A page of a template, given no body, begins as Skeleton.
func Add(id crdt.ID, kind string, in []Assign, env Env) ([][]crdt.Edit, error) {
	k, ok := Lookup(kind)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrKind, clip(kind))
	}
	w := newWriter(crdt.NewDoc(id), k, env)
	w.create()
	if k == eventKind && !slices.ContainsFunc(in, func(a Assign) bool { return fieldName(a.Field) == "uid" }) {
		in = append(slices.Clone(in), Assign{Field: "uid", Text: id.String()})
	}
	if err := w.assignAll(in); err != nil {
		return nil, err
	}
	if err := w.needs(in); err != nil {
		return nil, err
	}
	if k == pageKind {
		if err := w.begin(in); err != nil {
			return nil, err
		}
	}
	return w.changes(), nil
}

func newWriter(d *crdt.Doc, k *Kind, env Env) *writer {
	return &writer{doc: d, kind: k, env: env, settle: true}
}

func (w *writer) create() {
	w.edits = append(w.edits, crdt.Edit{Code: crdt.Create, Resource: w.doc.ID(), Value: crdt.Text(w.kind.Name)})
}

func (w *writer) assignAll(in []Assign) error {
	for _, a := range in {
		if err := w.assign(a); err != nil {
			return err
		}
	}
	return w.finishEvent()
}

// needs checks that a new resource has what its kind can't do without.
func (w *writer) needs(in []Assign) error {
	for _, f := range w.kind.Fields {
		if !f.Needed {
			continue
		}
		given := false
		for _, a := range in {
			g, ok := w.kind.Field(a.Field)
			given = given || ok && g.Name == f.Name && strings.TrimSpace(a.Text) != ""
		}
		if !given {
			return &FieldError{Kind: w.kind.Name, Field: f.Name, Err: ErrMissing}
		}
	}
	return nil
}

// known returns a writer for a resource that is there.
func known(d *crdt.Doc, env Env) (*writer, error) {
	if d == nil || d.Kind() == "" {
		return nil, ErrAbsent
	}
	if d.Deleted() {
		return nil, ErrRemoved
	}
	k, _ := Lookup(d.Kind())
	return newWriter(d, k, env), nil
}

// Set gives fields of a resource other values. Where two versions stand, it
// settles them. No edits means that nothing would change.
func Set(d *crdt.Doc, in []Assign, env Env) ([][]crdt.Edit, error) {
	w, err := known(d, env)
	if err != nil {
		return nil, err
	}
	if err := w.assignAll(in); err != nil {
		return nil, err
	}
	return w.changes(), nil
}

// Remove takes a resource away, as far as its edits are known here: an edit
// made elsewhere meanwhile brings it back.
func Remove(d *crdt.Doc) ([][]crdt.Edit, error) {
	if _, err := known(d, Env{}); err != nil {
		return nil, err
	}
	return [][]crdt.Edit{{{Code: crdt.Remove, Resource: d.ID()}}}, nil
}

// Restore brings a removed resource back.
func Restore(d *crdt.Doc) ([][]crdt.Edit, error) {
	if d == nil || d.Kind() == "" {
		return nil, ErrAbsent
	}
	if !d.Deleted() {
		return nil, ErrThere
	}
	return [][]crdt.Edit{{{Code: crdt.Restore, Resource: d.ID()}}}, nil
}

// RestoreAt gives a resource the values that an earlier version of it shows.
// What was written since stays in its history. Fields of kinds this version
// doesn't know are restored too. Items of lists are taken out or put back at
// the end.
func RestoreAt(d, old *crdt.Doc) ([][]crdt.Edit, error) {
	if d == nil || d.Kind() == "" || old == nil || old.Kind() == "" {
		return nil, ErrAbsent
	}
	k, _ := Lookup(d.Kind())
	w := newWriter(d, k, Env{})
	if d.Deleted() {
		w.edits = append(w.edits, crdt.Edit{Code: crdt.Restore, Resource: d.ID()})
	}
	for _, n := range union(d.Fields(), old.Fields()) {
		if err := w.restoreField(n, old); err != nil {
			return nil, err
		}
	}
	return w.changes(), nil
}

func union(a, b []uint64) []uint64 {
	var out []uint64
	for len(a)+len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return out
}

func (w *writer) restoreField(n uint64, old *crdt.Doc) error {
	d := w.doc
	f := Field{ID: n, Name: fmt.Sprintf("field %d", n)}
	if g, ok := w.kind.field(n); ok {
		f.Name = g.Name
	}
	v, ok := old.Shown(n)
	if !ok {
		v = crdt.Null
	}
	if over, needed := w.put(d.Register(n), v); needed {
		w.edit(f.Name, crdt.Edit{Code: crdt.Set, Field: n, Value: v, Over: over})
	}
	for _, m := range d.Map(n) {
		if len(old.MapEntry(n, m.Key)) == 0 {
			w.drop(f.Name, n, m.Key)
		}
	}
	for _, m := range old.Map(n) {
		w.putEntry(f.Name, n, m.Key, m.Entries[0].Value)
	}
	w.setTo(f, Replace, old.Set(n))
	if was, is := old.Counter(n), d.Counter(n); was != is {
		w.edit(f.Name, crdt.Edit{Code: crdt.Increment, Field: n, N: was - is})
	}
	w.restoreList(f, old)
	if t := old.Text(n); t != nil || d.Text(n) != nil {
		s := ""
		if t != nil {
			s = t.String()
		}
		return w.text(f, s)
	}
	return nil
}

func (w *writer) restoreList(f Field, old *crdt.Doc) {
	was := make(map[crdt.Dot]crdt.Item)
	for _, it := range old.List(f.ID) {
		was[it.Dot] = it
	}
	items := w.doc.List(f.ID)
	if slices.EqualFunc(items, old.List(f.ID), func(a, b crdt.Item) bool { return a.Entries[0].Value.Equal(b.Entries[0].Value) }) {
		return // put back once already, they are others that say the same
	}
	for _, it := range items {
		before, there := was[it.Dot]
		delete(was, it.Dot)
		if !there {
			w.edit(f.Name, crdt.Edit{Code: crdt.Take, Field: f.ID, Item: it.Dot, Over: crdt.Dots(it.Entries)})
		} else if over, needed := w.put(it.Entries, before.Entries[0].Value); needed {
			w.edit(f.Name, crdt.Edit{Code: crdt.Amend, Field: f.ID, Item: it.Dot, Value: before.Entries[0].Value, Over: over})
		}
	}
	// All hang on the last position; siblings of one change stand by index.
	parent, right := w.doc.Gap(f.ID, len(items))
	for _, it := range old.List(f.ID) {
		if _, gone := was[it.Dot]; !gone {
			continue
		}
		w.edit(f.Name, crdt.Edit{Code: crdt.Insert, Field: f.ID, Parent: parent, Right: right, Value: it.Entries[0].Value})
	}
}
