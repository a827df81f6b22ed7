package commons

import "navette/crdt"

const fieldAbout = 32

// noteKind is what somebody found out about another resource: "j'ajoute mon
// expérience". It is a resource of its own, so that whoever adds one writes
// nothing into what others keep.
var noteKind = &Kind{
	Name: "note", Plural: "notes",
	Fields: shared("title",
		Field{ID: fieldAbout, Name: "about", Type: RegisterType, Form: Reference, Needed: true},
		Field{ID: 33, Name: "experience", Type: RegisterType, Form: Choice, Choices: []string{"worked", "failed", "tip"}},
		Field{ID: 34, Name: "text", Type: RegisterType, Form: Words, Bound: Long, Needed: true},
	),
}

// About returns the resource that a note is about; not ok if it names none.
func About(note *crdt.Doc) (id crdt.ID, ok bool) { return reference(note, fieldAbout) }

// reference returns the resource that a register shows.
func reference(d *crdt.Doc, field uint64) (id crdt.ID, ok bool) {
	v, _ := d.Shown(field)
	b, isBytes := v.Bytes()
	if !isBytes || len(b) != len(id) {
		return id, false
	}
	return crdt.ID(b), true
}
