package commons

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"navette/crdt"
	"navette/crdt/text"
)

// Bounds of what one op and one change may hold of a text, and of a change in
// all, with room for its head.
const (
	maxInsertPerOp     = 8 << 10
	maxInsertPerChange = crdt.MaxTextPerChange
	maxSplicesPerOp    = 512
	maxOpsPerChange    = 1024
	maxBytesPerChange  = 56 << 10
)

// EditText makes a text field read after where its writer began from before.
// What others wrote into it meanwhile, and is in d already, stays.
func EditText(d *crdt.Doc, field, before, after string) ([][]crdt.Edit, error) {
	w, err := known(d, Env{})
	if err != nil {
		return nil, err
	}
	f, ok := w.kind.Field(field)
	if !ok || f.Type != TextType {
		return nil, w.unknown(field)
	}
	current := w.current(f)
	splices := text.DiffWords(before, after)
	if before != current {
		// Of insertions at one place the others' come first.
		if _, splices, err = text.Transform(text.DiffWords(before, current), splices, text.Points); err != nil {
			return nil, err
		}
	}
	if err := w.room(f, splices); err != nil {
		return nil, err
	}
	if err := w.splice(f, splices); err != nil {
		return nil, err
	}
	return w.changes(), nil
}

// EditSplices carries out splices of what a text field shows, as d has it.
func EditSplices(d *crdt.Doc, field string, splices []text.Splice) ([][]crdt.Edit, error) {
	w, err := known(d, Env{})
	if err != nil {
		return nil, err
	}
	f, ok := w.kind.Field(field)
	if !ok || f.Type != TextType {
		return nil, w.unknown(field)
	}
	if err := w.room(f, splices); err != nil {
		return nil, err
	}
	if err := w.splice(f, splices); err != nil {
		return nil, err
	}
	return w.changes(), nil
}

// room refuses splices that make a text longer than a whole one may be. One
// that is longer already can be shortened.
func (w *writer) room(f Field, splices []text.Splice) error {
	grown := len(w.current(f))
	for _, s := range splices {
		grown += len(s.Ins) - s.Del
	}
	if inserts(splices) && f.Bound.Bytes > 0 && grown > f.Bound.Bytes {
		return &FieldError{Kind: w.kind.Name, Field: f.Name, Got: grown, Limit: f.Bound.Bytes, Unit: "bytes", Err: ErrBound}
	}
	return nil
}

func inserts(splices []text.Splice) bool {
	return slices.ContainsFunc(splices, func(s text.Splice) bool { return s.Ins != "" })
}

func (w *writer) current(f Field) string {
	if t := w.doc.Text(f.ID); t != nil {
		return t.String()
	}
	return ""
}

// text makes the field read s.
func (w *writer) text(f Field, s string) error {
	if !utf8.ValidString(s) {
		return &FieldError{Kind: w.kind.Name, Field: f.Name, Text: clip(s), Want: "text in UTF-8", Err: ErrValue}
	}
	if f.Bound.Bytes > 0 {
		if err := f.Bound.check(w.kind.Name, f.Name, s); err != nil {
			return err
		}
	}
	return w.splice(f, text.DiffWords(w.current(f), s))
}

// splice adds the edits that carry out splices of the text as it is shown, as
// many to an op and to a change as there is room for.
func (w *writer) splice(f Field, splices []text.Splice) error {
	if len(splices) == 0 {
		return nil
	}
	if t := w.doc.Text(f.ID); t != nil {
		raw, err := t.ToRaw(splices)
		if err != nil {
			return fmt.Errorf("edit %s: %w", f.Name, err)
		}
		splices = raw
	}
	var op []text.Splice
	inserted := 0
	flush := func() {
		if len(op) > 0 {
			w.texts = append(w.texts, []crdt.Edit{{Code: crdt.Splice, Resource: w.doc.ID(), Field: f.ID, Splices: op}})
			op, inserted = nil, 0
		}
	}
	for _, s := range splices {
		for {
			if len(op) == maxSplicesPerOp || inserted == maxInsertPerOp {
				flush()
			}
			part := prefix(s.Ins, maxInsertPerOp-inserted)
			if part == "" && s.Ins != "" {
				flush()
				continue
			}
			op = append(op, text.Splice{Pos: s.Pos, Del: s.Del, Ins: part, Deep: s.Deep})
			inserted += len(part)
			s.Ins = s.Ins[len(part):]
			if s.Ins == "" {
				break
			}
			s.Pos, s.Del = s.Pos+utf8.RuneCountInString(part), 0
		}
	}
	flush()
	w.touch(f.Name)
	w.texts = join(w.texts)
	return nil
}

// prefix returns as many whole characters of s as fit into n bytes.
func prefix(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Split deals edits out to as few changes as hold them, in order.
func Split(edits []crdt.Edit) [][]crdt.Edit {
	groups := make([][]crdt.Edit, len(edits))
	for i := range edits {
		groups[i] = edits[i : i+1 : i+1]
	}
	return join(groups)
}

// join puts changes that follow each other into one, while it has room.
func join(groups [][]crdt.Edit) (out [][]crdt.Edit) {
	size, inserted, ours := 0, 0, false
	for _, g := range groups {
		s, ins := weigh(g)
		if n := len(out); n > 0 && size+s <= maxBytesPerChange && inserted+ins <= maxInsertPerChange && len(out[n-1])+len(g) <= maxOpsPerChange {
			if !ours {
				out[n-1], ours = slices.Clip(out[n-1]), true // the next one moves it
			}
			out[n-1] = append(out[n-1], g...)
			size, inserted = size+s, inserted+ins
			continue
		}
		out = append(out, g)
		size, inserted, ours = s, ins, false
	}
	return out
}

// weigh returns how many bytes edits take at most, and how many of text they
// insert.
func weigh(edits []crdt.Edit) (size, inserted int) {
	const (
		head   = 48 // code, target, body's head, field, number
		ref    = 48 // a reference to an op
		splice = 12 // numbers of a splice
	)
	for _, e := range edits {
		size += head + len(e.Key) + len(e.Value) + ref*len(e.Over)
		if e.Parent != nil || e.Item != (crdt.Dot{}) {
			size += 2 * ref
		}
		for _, s := range e.Splices {
			size += splice + len(s.Ins)
			inserted += len(s.Ins)
		}
	}
	return size, inserted
}
