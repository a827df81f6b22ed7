package commons

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"navette/crdt"
)

// An Assign is what a person wants of one field: FIELD=VALUE. An empty value
// empties the field.
type Assign struct {
	Field string   // its name or an alias
	Key   string   // which entry of a map: FIELD.KEY=VALUE
	How   How      // FIELD+=VALUE, FIELD-=VALUE: of a set or list
	Text  string   // the value as people type it
	Items []string // of a set: the elements one by one, instead of Text
}

// How says what an Assign does.
type How byte

// What an Assign does.
const (
	Replace How = iota
	Include
	Exclude
)

// ParseAssign reads FIELD=VALUE, FIELD.KEY=VALUE, FIELD+=VALUE or FIELD-=VALUE.
func ParseAssign(s string) (Assign, error) {
	name, text, ok := strings.Cut(s, "=")
	if !ok || strings.TrimSpace(name) == "" {
		return Assign{}, fmt.Errorf("%w: %q", ErrAssign, clip(s))
	}
	a := Assign{Text: text}
	if rest, plus := strings.CutSuffix(name, "+"); plus {
		name, a.How = rest, Include
	} else if rest, minus := strings.CutSuffix(name, "-"); minus {
		name, a.How = rest, Exclude
	}
	a.Field, a.Key, _ = strings.Cut(strings.TrimSpace(name), ".")
	return a, nil
}

// Assigns reads assignments given by name, as ParseAssign has it left of the
// "=", in the order of the names.
func Assigns(fields map[string]string) ([]Assign, error) {
	var out []Assign
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		a, err := ParseAssign(name + "=" + fields[name])
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// elements returns the elements of a set that an Assign names.
func (a Assign) elements() []string {
	items := a.Items
	if items == nil {
		items = strings.FieldsFunc(a.Text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' })
	}
	var out []string
	for _, s := range items {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// A writer makes edits to one document, leaving out those that would change
// nothing.
type writer struct {
	doc  *crdt.Doc
	kind *Kind
	env  Env
	// settle also edits what shows the right value already but has two
	// versions: a person who says it again settles them, an import doesn't.
	settle bool
	edits  []crdt.Edit
	fields []string // the names of the fields that the edits are for
	texts  [][]crdt.Edit
}

func (w *writer) edit(field string, e crdt.Edit) {
	e.Resource = w.doc.ID()
	w.edits = append(w.edits, e)
	w.touch(field)
}

func (w *writer) touch(field string) {
	if !slices.Contains(w.fields, field) {
		w.fields = append(w.fields, field)
	}
}

// changes returns what was gathered as changes to make in order.
func (w *writer) changes() [][]crdt.Edit {
	return join(append(Split(w.edits), w.texts...))
}

func (w *writer) unknown(name string) error {
	return &FieldError{Kind: w.kind.Name, Field: name, Known: w.kind.names(), Err: ErrField}
}

func (w *writer) assign(a Assign) error {
	f, ok := w.kind.Field(a.Field)
	if !ok || a.Key != "" && f.Type != MapType {
		return w.unknown(a.Field)
	}
	if f.Property != "" || f.Form == Lines {
		return w.assignProperty(f, a)
	}
	if a.How != Replace && f.Type != SetType && f.Type != ListType {
		return &FieldError{Kind: w.kind.Name, Field: f.Name, Text: clip(a.Text), Want: "a set: say " + f.Name + "=… instead", Err: ErrValue}
	}
	switch f.Type {
	case RegisterType:
		return w.register(f, a.Text)
	case MapType:
		return w.entry(f, a)
	case SetType:
		return w.set(f, a)
	case ListType:
		return w.list(f, a)
	case TextType:
		return w.text(f, a.Text)
	default:
		return w.unknown(a.Field)
	}
}

// put decides whether entries need an edit to come to hold v, and with which
// dots over. A nil v empties.
func (w *writer) put(entries []crdt.Entry, v crdt.Value) (over []crdt.Dot, needed bool) {
	if len(entries) == 0 {
		return nil, !v.IsNull()
	}
	same := entries[0].Value.Equal(v) || entries[0].Value.IsNull() && v.IsNull()
	return crdt.Dots(entries), !same || w.settle && several(entries)
}

// several tells whether entries hold different values.
func several(entries []crdt.Entry) bool {
	return slices.ContainsFunc(entries, func(e crdt.Entry) bool { return !e.Value.Equal(entries[0].Value) })
}

func (w *writer) register(f Field, text string) (err error) {
	v := crdt.Null
	if text != "" {
		if v, err = f.value(w.kind.Name, text, w.env); err != nil {
			return err
		}
	}
	if over, needed := w.put(w.doc.Register(f.ID), v); needed {
		w.edit(f.Name, crdt.Edit{Code: crdt.Set, Field: f.ID, Value: v, Over: over})
	}
	return nil
}

func (w *writer) entry(f Field, a Assign) error {
	if strings.TrimSpace(a.Key) == "" {
		return &FieldError{Kind: w.kind.Name, Field: f.Name, Text: clip(a.Text), Want: "an entry: say " + f.Name + ".NAME=…", Err: ErrValue}
	}
	if err := Short.check(w.kind.Name, f.Name+"."+clip(a.Key), a.Key); err != nil {
		return err
	}
	if f.Form == File && CleanCID(a.Key) == "" {
		return &FieldError{Kind: w.kind.Name, Field: f.Name, Text: clip(a.Key), Want: "the CID of a file", Err: ErrValue}
	}
	name, key := f.Name+"."+a.Key, crdt.Text(a.Key)
	if a.Text == "" {
		w.drop(name, f.ID, key)
		return nil
	}
	f.Name = name
	v, err := f.value(w.kind.Name, a.Text, w.env)
	if err != nil {
		return err
	}
	w.putEntry(name, f.ID, key, v)
	return nil
}

func (w *writer) putEntry(name string, field uint64, key, v crdt.Value) {
	if over, needed := w.put(w.doc.MapEntry(field, key), v); needed {
		w.edit(name, crdt.Edit{Code: crdt.Put, Field: field, Key: key, Value: v, Over: over})
	}
}

func (w *writer) drop(name string, field uint64, key crdt.Value) {
	if entries := w.doc.MapEntry(field, key); len(entries) > 0 {
		w.edit(name, crdt.Edit{Code: crdt.Drop, Field: field, Key: key, Over: crdt.Dots(entries)})
	}
}

func (w *writer) set(f Field, a Assign) error {
	var wanted []crdt.Value
	for _, s := range a.elements() {
		v, err := f.value(w.kind.Name, s, w.env)
		if err != nil {
			return err
		}
		wanted = append(wanted, v)
	}
	w.setTo(f, a.How, wanted)
	return nil
}

func (w *writer) setTo(f Field, how How, wanted []crdt.Value) {
	has := w.doc.Set(f.ID)
	in := func(list []crdt.Value, v crdt.Value) bool { return slices.ContainsFunc(list, v.Equal) }
	for _, v := range has {
		if how == Replace && !in(wanted, v) || how == Exclude && in(wanted, v) {
			w.edit(f.Name, crdt.Edit{Code: crdt.Discard, Field: f.ID, Over: w.doc.SetDots(f.ID, v)})
		}
	}
	for _, v := range wanted {
		if how != Exclude && !in(has, v) {
			w.edit(f.Name, crdt.Edit{Code: crdt.Add, Field: f.ID, Value: v})
		}
	}
}

// list appends to a list: what was done doesn't change any more.
func (w *writer) list(f Field, a Assign) error {
	if a.How != Include {
		return &FieldError{Kind: w.kind.Name, Field: f.Name, Text: clip(a.Text), Want: "an addition: say " + f.Name + "+=…", Err: ErrValue}
	}
	v, err := f.value(w.kind.Name, a.Text, w.env)
	if err != nil {
		return err
	}
	parent, right := w.doc.Gap(f.ID, len(w.doc.List(f.ID)))
	w.edit(f.Name, crdt.Edit{Code: crdt.Insert, Field: f.ID, Parent: parent, Right: right, Value: v})
	return nil
}
