package commons

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"navette/crdt"
	"navette/crdt/text"
)

// maxFollowed is how many concurrent changes a version may consist of.
const maxFollowed = 1024

// BodyVersion returns the changes that the body of a page stands at: those that
// wrote what nothing else in it has seen.
func BodyVersion(d *crdt.Doc) []crdt.ChangeID {
	t := d.Text(fieldBody)
	if t == nil {
		return nil
	}
	var out []crdt.ChangeID
	for _, n := range t.Heads() {
		out = append(out, crdt.ChangeID(n.Change))
	}
	return sorted(out)
}

// Body returns what a page says; "" of what has no body.
func Body(d *crdt.Doc) string {
	if t := d.Text(fieldBody); d.Kind() == pageKind.Name && t != nil {
		return t.String()
	}
	return ""
}

// BodyText returns the text of a page's body, with its history; nil if nothing
// was ever written there. The caller must not change it.
func BodyText(d *crdt.Doc) *text.Text { return d.Text(fieldBody) }

// Original returns the page that another is a translation of.
func Original(d *crdt.Doc) (id crdt.ID, ok bool) {
	v, there := d.Shown(fieldOriginal)
	b, isBytes := v.Bytes()
	if !there || !isBytes || len(b) != len(id) || d.Kind() != pageKind.Name {
		return id, false
	}
	return crdt.ID(b), crdt.ID(b) != d.ID()
}

// Follows returns the version of the original's body that a translation says
// the same as; nil if nobody said so of any.
func Follows(d *crdt.Doc) []crdt.ChangeID {
	v, _ := d.Shown(fieldFollows)
	changes, _ := changesOf(v)
	return changes
}

// Follow says of a translation that it says the same as the original as that
// stands. No edits means that this was said already.
func Follow(d, original *crdt.Doc) ([][]crdt.Edit, error) {
	w, err := known(d, Env{})
	if err != nil {
		return nil, err
	}
	at := BodyVersion(original)
	if len(at) > maxFollowed {
		return nil, &FieldError{Kind: pageKind.Name, Field: "follows", Got: len(at), Limit: maxFollowed, Unit: "changes", Err: ErrBound}
	}
	v := since(at)
	if over, needed := w.put(d.Register(fieldFollows), v); needed {
		w.edit("follows", crdt.Edit{Code: crdt.Set, Field: fieldFollows, Value: v, Over: over})
	}
	return w.changes(), nil
}

// Translate makes a translation of a page into another language. It begins
// with the words of the original, to be written over.
func Translate(id crdt.ID, original *crdt.Doc, language, title string, env Env) ([][]crdt.Edit, error) {
	if _, err := known(original, env); err != nil {
		return nil, err
	}
	if _, is := Original(original); is {
		return nil, fmt.Errorf("%w: a translation of a translation", ErrValue)
	}
	in := []Assign{{Field: "language", Text: language}, {Field: "title", Text: title}}
	for _, field := range []string{"template", "licence", "visibility"} {
		in = append(in, Assign{Field: field, Text: Text(original, field)})
	}
	w := newWriter(crdt.NewDoc(id), pageKind, env)
	w.create()
	if err := w.assignAll(in); err != nil {
		return nil, err
	}
	own := original.ID()
	w.edit("translation-of", crdt.Edit{Code: crdt.Set, Field: fieldOriginal, Value: crdt.Bytes(own[:])})
	if at := BodyVersion(original); len(at) > 0 && len(at) <= maxFollowed {
		w.edit("follows", crdt.Edit{Code: crdt.Set, Field: fieldFollows, Value: since(at)})
	}
	for _, v := range original.Set(fieldAuthors) {
		w.edit("authors", crdt.Edit{Code: crdt.Add, Field: fieldAuthors, Value: v})
	}
	body, _ := pageKind.field(fieldBody)
	if err := w.text(body, Body(original)); err != nil {
		return nil, err
	}
	return w.changes(), nil
}

func sorted(ids []crdt.ChangeID) []crdt.ChangeID {
	slices.SortFunc(ids, func(a, b crdt.ChangeID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// since is the value of a version.
func since(changes []crdt.ChangeID) crdt.Value {
	items := make([]crdt.Value, len(changes))
	for i, c := range changes {
		items[i] = crdt.Bytes(c[:])
	}
	return crdt.List(items...)
}

// changesOf reads the value of a version.
func changesOf(v crdt.Value) (out []crdt.ChangeID, ok bool) {
	items, ok := v.List()
	if !ok || len(items) > maxFollowed {
		return nil, false
	}
	for _, it := range items {
		b, isBytes := it.Bytes()
		if !isBytes || len(b) != len(crdt.ChangeID{}) {
			return nil, false
		}
		out = append(out, crdt.ChangeID(b))
	}
	return out, slices.EqualFunc(out, sorted(slices.Clone(out)), func(a, b crdt.ChangeID) bool { return a == b })
}

// readSince reads a version as people write it: ids with spaces or commas
// between them.
func readSince(text string) (out []crdt.ChangeID, ok bool) {
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != len(crdt.ChangeID{}) {
			return nil, false
		}
		out = append(out, crdt.ChangeID(b))
	}
	return sorted(out), len(out) > 0 && len(out) <= maxFollowed
}
