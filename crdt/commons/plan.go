package commons

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"navette/crdt"
	"navette/crdt/commons/ical"
)

// A Record is one thing that a file says: a row, an event, a page.
type Record struct {
	File string // as the file is called; "" if it is the only one
	Line int    // where it begins, from 1; 0 if unknown
	Kind string
	Key  string // what DerivedID takes, unique within the kind
	Name string // what people call it, for messages
	// By is a field that tells things of the kind apart, "" for none: the
	// record is about whatever has its value there (a tool's tag, a page's
	// path), also if that has another id than Key gives.
	By     string
	Fields []Assign
	// Whole says that an empty field is to be emptied, as in a page. Else it
	// changes nothing: an empty cell of a table isn't a wish.
	Whole bool
	Event *ical.Event // of an event
}

// A State says what a record would do.
type State string

// What a record would do.
const (
	New       State = "new"
	Changed   State = "changed"
	Unchanged State = "unchanged"
	Gone      State = "removed" // what it is about was removed here, and stays so
	Refused   State = "refused"
)

// A Planned is what carrying out a record takes.
type Planned struct {
	Record Record        `json:"-"`
	File   string        `json:"file,omitempty"`
	Line   int           `json:"line,omitempty"`
	Kind   string        `json:"kind"`
	Name   string        `json:"name"`
	ID     crdt.ID       `json:"-"`
	State  State         `json:"state"`
	Fields []string      `json:"fields,omitempty"` // New, Changed: which
	Err    error         `json:"-"`                // Refused: why
	Left   []error       `json:"-"`                // values too long to be kept, which are left out of what is done
	Edits  [][]crdt.Edit `json:"-"`                // each to be one change, in order
}

// A Holder is what a plan is made against.
type Holder struct {
	Doc func(crdt.ID) *crdt.Doc // nil if there is none
	// Find returns what has a value in a field, removed ones left out; nil if
	// nothing is to be looked for but derived ids. Pages need it: they have no
	// derived id of their own (see Plan).
	Find func(kind, field, value string) []crdt.ID
	// Origin makes the ids of imported pages differ between places: a text
	// typed in twice merges to both, one after the other, so that pages
	// imported at two places that don't know of each other have to be two.
	Origin string
}

// Plan says what carrying out the records would do, in their order, and with
// which edits. Carried out, the same records are all unchanged. A record that
// names the same thing as one before it is refused, or unchanged if it says the
// same.
func Plan(h Holder, records []Record, env Env) []Planned {
	out := make([]Planned, len(records))
	first := make(map[crdt.ID]int)
	for i, r := range records {
		p := &out[i]
		*p = Planned{Record: r, File: r.File, Line: r.Line, Kind: r.Kind, Name: cmp.Or(r.Name, r.Key)}
		k, ok := Lookup(r.Kind)
		if !ok {
			p.State, p.Err = Refused, fmt.Errorf("%w: %q", ErrKind, clip(r.Kind))
			continue
		}
		p.Kind, p.ID = k.Name, h.id(k, r)
		if j, again := first[p.ID]; again {
			if sameRecord(records[j], r) {
				p.State = Unchanged
			} else {
				p.State, p.Err = Refused, &RepeatError{Key: r.Key, File: records[j].File, Line: records[j].Line}
			}
			continue
		}
		first[p.ID] = i
		p.plan(h.Doc(p.ID), k, env)
	}
	return out
}

// A RepeatError is a record about the same thing as one before it.
type RepeatError struct {
	Key  string
	File string // of the one before
	Line int
}

// Error says where the one before is.
func (e *RepeatError) Error() string {
	where := fmt.Sprintf("line %d", e.Line)
	if e.File != "" {
		where = e.File
	}
	return fmt.Sprintf("commons: %q is in %s already, and says something else there", clip(e.Key), where)
}

func (h Holder) id(k *Kind, r Record) crdt.ID {
	key := r.Key
	if k == pageKind {
		key += "\x00" + h.Origin
	}
	id := DerivedID(k.Name, key)
	if r.By == "" || h.Find == nil {
		return id
	}
	value := ""
	for _, a := range r.Fields {
		if fieldName(a.Field) == r.By {
			value = a.Text
		}
	}
	if value == "" {
		return id
	}
	found := h.Find(k.Name, r.By, value)
	if len(found) == 0 || slices.Contains(found, id) {
		return id
	}
	return slices.MinFunc(found, func(a, b crdt.ID) int { return slices.Compare(a[:], b[:]) })
}

func sameRecord(a, b Record) bool {
	if !slices.EqualFunc(a.Fields, b.Fields, func(x, y Assign) bool {
		return x.Field == y.Field && x.Key == y.Key && x.Text == y.Text && slices.Equal(x.Items, y.Items)
	}) {
		return false
	}
	if a.Event == nil || b.Event == nil {
		return a.Event == b.Event
	}
	return a.Event.String() == b.Event.String()
}

func (p *Planned) plan(d *crdt.Doc, k *Kind, env Env) {
	w := &writer{doc: d, kind: k, env: env}
	isNew := d == nil || d.Kind() == ""
	if isNew {
		w.doc = crdt.NewDoc(p.ID)
		w.create()
	} else if d.Deleted() {
		p.State = Gone
		return
	}
	for _, a := range p.Record.Fields {
		if !p.Record.Whole && strings.TrimSpace(a.Text) == "" && len(a.Items) == 0 {
			continue
		}
		if len(a.Text) > Raw.Bytes && !k.isText(a.Field) {
			p.Left = append(p.Left, &FieldError{Kind: k.Name, Field: a.Field, Line: p.Line, Text: clip(a.Text), Got: len(a.Text), Limit: Raw.Bytes, Unit: "bytes", Err: ErrBound})
			continue
		}
		if err := w.assign(a); err != nil {
			p.State, p.Err = Refused, err
			return
		}
	}
	if p.Record.Event != nil {
		for _, e := range w.putEvent(p.Record.Event) {
			p.Left = append(p.Left, e)
		}
	} else if isNew {
		if err := w.needs(p.Record.Fields); err != nil {
			p.State, p.Err = Refused, err
			return
		}
	}
	p.Edits, p.Fields = w.changes(), w.fields
	switch {
	case isNew:
		p.State = New
	case len(p.Edits) > 0:
		p.State = Changed
	default:
		p.State = Unchanged
	}
}

func (k *Kind) isText(field string) bool {
	f, ok := k.Field(field)
	return ok && f.Type == TextType
}
