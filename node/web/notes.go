package web

import (
	"navette/crdt"
	"navette/crdt/commons"
)

// Notes are what people found out about a thing: "j'ajoute mon expérience".
type notes struct {
	About string // the id of the thing
	Back  string
	// Comment: they are comments, and nobody asks whether it worked.
	Comment bool
	List    []aNote
	Form    *sheet
}

type aNote struct {
	byline
	ID         string
	Experience string // worked, failed, tip or ""
	Text       string
	Mine       bool // whoever asks wrote it
}

// noteInputs is what a note is asked.
func noteInputs(comment bool) []input {
	text := input{Name: "text", Label: "note.text", Kind: "area", Needed: true}
	if comment {
		text.Label = "note.comment"
		return []input{text}
	}
	return []input{{Name: "experience", Label: "note.experience", Kind: "radio", Options: choices("experience.", "worked", "failed", "tip", "")}, text}
}

// notesOn are the notes about a thing, which gets its files too: both stand
// below what the thing says itself.
func (v *visit) notesOn(t *thing) (*notes, error) {
	comment := t.Kind == "proposal"
	n := &notes{About: t.ID, Back: t.Path, Comment: comment, Form: v.sheet("note", noteInputs(comment), nil)}
	var err error
	if t.Files, err = v.filesOf(t); err != nil {
		return nil, err
	}
	list, err := v.aboutIt("note", t.doc.ID())
	if err != nil {
		return nil, err
	}
	for _, it := range list {
		d, err := v.commons.Doc(it.id)
		if err != nil {
			return nil, err
		}
		r := commons.View(d)
		n.List = append(n.List, aNote{
			byline: v.byline(r.Created), ID: r.ID, Experience: commons.Text(d, "experience"), Text: commons.Text(d, "text"),
			Mine: v.session != nil && it.by == v.session.Person,
		})
	}
	return n, nil
}

// addNote adds one, and comes back to the thing. One that can't be kept comes
// back with all that was written.
func (v *visit) addNote() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	f := v.sheet("note", noteInputs(t.Kind == "proposal"), nil)
	id := newID()
	err = v.write(func() ([][]crdt.Edit, error) {
		return commons.Add(id, "note", append(f.assigns(), commons.Assign{Field: "about", Text: t.ID}), v.commons.Env())
	})
	if err != nil {
		return v.askAgain(err, f, "note-again", struct {
			Thing *thing
			Form  *sheet
		}{t, f})
	}
	return v.goSaying(t.Path+"#notes", &message{Key: "said.note", Undo: v.undo("/things/"+id.String()+"/remove", t.Path)})
}
