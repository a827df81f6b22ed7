package commons

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
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
// which edits; see Planner.
func Plan(h Holder, records []Record, env Env) []Planned {
	p := NewPlanner(h, env)
	out := make([]Planned, len(records))
	for i, r := range records {
		out[i] = p.Plan(r)
	}
	return out
}

// A Planner plans the records of one import, one after the other. Carried out,
// the same records are all unchanged. A record that names the same thing as one
// before it is refused, or unchanged if it says the same.
type Planner struct {
	holder Holder
	env    Env
	first  map[crdt.ID]said
}

// said is what a record said, and where it stands.
type said struct {
	sum  [sha256.Size]byte
	file string
	line int
}

// NewPlanner returns a planner of an import that is to begin.
func NewPlanner(h Holder, env Env) *Planner {
	return &Planner{h, env, make(map[crdt.ID]said)}
}

// Plan plans the next record.
func (p *Planner) Plan(r Record) Planned {
	out := Planned{Record: r, File: r.File, Line: r.Line, Kind: r.Kind, Name: cmp.Or(r.Name, r.Key)}
	k, ok := Lookup(r.Kind)
	if !ok {
		out.State, out.Err = Refused, fmt.Errorf("%w: %q", ErrKind, clip(r.Kind))
		return out
	}
	out.Kind, out.ID = k.Name, p.holder.id(k, r)
	sum := r.sum()
	if before, again := p.first[out.ID]; !again {
		p.first[out.ID] = said{sum, r.File, r.Line}
		out.plan(p.holder.Doc(out.ID), k, p.env)
	} else if before.sum == sum {
		out.State = Unchanged
	} else {
		out.State, out.Err = Refused, &RepeatError{Key: r.Key, File: before.file, Line: before.line}
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

// sum is the same for records that say the same: an import of 100 000 of them
// isn't kept for the sake of the few that come twice.
func (r *Record) sum() (sum [sha256.Size]byte) {
	var b []byte
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	for _, a := range r.Fields {
		text(a.Field)
		text(a.Key)
		text(a.Text)
		b = binary.AppendUvarint(b, uint64(len(a.Items)))
		for _, item := range a.Items {
			text(item)
		}
	}
	if r.Event != nil {
		b = append(b, r.Event.String()...)
	}
	return sha256.Sum256(b)
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
