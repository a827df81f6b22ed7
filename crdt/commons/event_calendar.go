package commons

import (
	"navette/crdt"
	"navette/crdt/commons/ical"
)

// PutInCalendar makes the event of an id say what ev says (see PutEvent) and
// belong to a place, to none if home is zero: one that isn't there is made, one
// that was taken away comes back. d is its document, nil or empty if there is
// none. No edits means that nothing would change.
func PutInCalendar(id crdt.ID, d *crdt.Doc, ev *ical.Event, home crdt.ID, env Env) (changes [][]crdt.Edit, leftOut []*FieldError) {
	w := &writer{doc: d, kind: eventKind, env: env}
	switch {
	case d == nil || d.Kind() == "":
		w.doc = crdt.NewDoc(id)
		w.create()
	case d.Deleted():
		w.edits = append(w.edits, crdt.Edit{Code: crdt.Restore, Resource: id})
	}
	w.setHome(home)
	leftOut = w.putEvent(ev)
	return w.changes(), leftOut
}

// MoveHome makes a resource belong to another place, to none if home is zero.
func MoveHome(d *crdt.Doc, home crdt.ID) ([][]crdt.Edit, error) {
	w, err := known(d, Env{})
	if err != nil {
		return nil, err
	}
	w.setHome(home)
	return w.changes(), nil
}

func (w *writer) setHome(home crdt.ID) {
	v := crdt.Null
	if home != (crdt.ID{}) {
		v = crdt.Bytes(home[:])
	}
	if over, needed := w.put(w.doc.Register(fieldHome), v); needed {
		w.edit("home", crdt.Edit{Code: crdt.Set, Field: fieldHome, Value: v, Over: over})
	}
}
