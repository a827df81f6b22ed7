package text

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// Where a part of a view belongs to.
type place uint8

const (
	both      place = iota
	rawOnly         // inserted by a void event
	shownOnly       // deleted by void events alone
)

// A part is consecutive characters of a view that belong to the same places.
type part struct {
	in    place
	bytes int
	n     int // code points
}

// A view is the characters of the raw and the shown text together, in order.
type view struct {
	all   string
	parts []part
}

// add appends a part.
func (v *view) add(b *strings.Builder, in place, s []byte, n int) {
	b.Write(s)
	if k := len(v.parts); k > 0 && v.parts[k-1].in == in {
		v.parts[k-1].bytes += len(s)
		v.parts[k-1].n += n
		return
	}
	v.parts = append(v.parts, part{in, len(s), n})
}

// text returns the raw (rawOnly) or the shown (shownOnly) text.
func (v *view) text(side place) string {
	var b strings.Builder
	from := 0
	for _, p := range v.parts {
		if p.in == both || p.in == side {
			b.WriteString(v.all[from : from+p.bytes])
		}
		from += p.bytes
	}
	return b.String()
}

// len returns the length of the raw or the shown text in code points.
func (v *view) len(side place) (n int) {
	for _, p := range v.parts {
		if p.in == both || p.in == side {
			n += p.n
		}
	}
	return n
}

// settle forgets what was shown after an event or a verdict.
func (t *Text) settle() { t.view = nil }

// shown returns the view, or nil if no event is void, and so the raw text is
// what is shown.
func (t *Text) shown() *view {
	if t.unread {
		return t.view
	}
	if t.voids == 0 {
		return nil
	}
	if t.view == nil {
		v := &view{}
		var b strings.Builder
		t.elements(nil, func(id, n int, raw, shown bool) {
			if !raw && !shown {
				return
			}
			in := both
			if !raw {
				in = shownOnly
			} else if !shown {
				in = rawOnly
			}
			v.add(&b, in, t.bytes(id, n), n)
		})
		v.all = b.String()
		t.view = v
	}
	return t.view
}

// elements calls f for the elements of a version (nil: the present one) in
// their order: whether the raw text of that version has them, and whether they
// are shown.
func (t *Text) elements(version []int32, f func(id, n int, raw, shown bool)) {
	w := t.whole()
	if version == nil {
		version = t.heads
	}
	w.moveTo(version)
	in := t.past(version)
	struck := make([]bool, t.elems) // deleted by an event that isn't void
	for e := range t.n {
		if t.voids == 0 || !in[e] || t.isVoid(e) {
			continue
		}
		for _, p := range w.metBy(e) {
			for i := range p.n {
				struck[p.id+i] = true
			}
		}
	}
	for leaf := w.tree.first; leaf != nil; leaf = leaf.next {
		for _, s := range leaf.spans {
			if s.state == 0 {
				continue
			}
			raw := s.state == 1
			if t.voids == 0 {
				f(s.id, int(s.n), raw, raw)
				continue
			}
			for i, end := s.id, s.id+int(s.n); i < end; {
				e, stop := t.inserter(i)
				j := i + 1
				for j < min(end, stop) && struck[j] == struck[i] {
					j++
				}
				f(i, j-i, raw, !t.isVoid(e) && !struck[i])
				i = j
			}
		}
	}
}

// Spans returns the passages of the shown text in order, each with the event
// that wrote it. Neighbours have different events.
func (t *Text) Spans() iter.Seq2[Name, string] {
	return func(yield func(Name, string) bool) {
		if t.load() != nil {
			return
		}
		var (
			by   int32 = -1
			b    strings.Builder
			done bool
		)
		flush := func() {
			if b.Len() > 0 && !done {
				done = !yield(t.name(by), b.String())
			}
			b.Reset()
		}
		t.elements(nil, func(id, n int, _, shown bool) {
			if !shown {
				return
			}
			for end := id + n; id < end; {
				e, stop := t.inserter(id)
				if e != by {
					flush()
					by = e
				}
				stop = min(stop, end)
				b.Write(t.bytes(id, stop-id))
				id = stop
			}
		})
		flush()
	}
}

// At returns the text of an earlier version, as it would be shown today: with
// the present verdicts. The empty version is the empty text. A name that is no
// event here gives ErrUnknown.
func (t *Text) At(version []Name) (string, error) {
	if err := t.load(); err != nil {
		return "", err
	}
	heads := []int32{}
	for i := range version {
		e, ok := t.find(&version[i])
		if !ok {
			return "", ErrUnknown
		}
		heads = append(heads, e)
	}
	var b strings.Builder
	t.elements(t.maximal(heads), func(id, n int, _, shown bool) {
		if shown {
			b.Write(t.bytes(id, n))
		}
	})
	return b.String(), nil
}

// ToRaw turns splices of the shown text into splices for an event that has
// seen everything here: raw ones where possible, else Deep ones. They have the
// same effect on what is shown, though perhaps in more splices. It returns
// ErrRange if s doesn't fit the shown text.
func (t *Text) ToRaw(s []Splice) ([]Splice, error) {
	if err := t.load(); err != nil {
		return nil, err
	}
	if err := checkForm(s); err != nil {
		return nil, err
	}
	if s[0].Deep {
		return nil, ErrForm
	}
	if err := checkRange(s, t.Len()); err != nil {
		return nil, err
	}
	if t.voids == 0 {
		return s, nil
	}
	var cells []cell
	t.elements(nil, func(_, n int, raw, shown bool) {
		if k := len(cells) - 1; k >= 0 && cells[k].raw == raw && cells[k].shown == shown {
			cells[k].n += n
		} else {
			cells = append(cells, cell{n, raw, shown})
		}
	})
	out, ok := translate(slices.Clone(cells), s, false)
	if !ok {
		out, _ = translate(cells, s, true)
	}
	return out, nil
}

// A cell is consecutive elements, deleted or not, that are there alike.
type cell struct {
	n          int
	raw, shown bool
}

// translate follows splices of the shown text through the elements. Raw
// splices can't be had where one touches what only the shown text has.
func translate(cells []cell, s []Splice, deep bool) (out []Splice, ok bool) {
	for _, x := range s {
		// Find the cell in or before which the splice begins: as far to the
		// left as possible, behind the last shown element before it.
		i, shown, at := 0, 0, 0 // a cell, what is shown and counted before it
		count := func(c cell) int {
			if deep || c.raw {
				return c.n
			}
			return 0
		}
		for x.Pos > shown {
			c := cells[i]
			if !c.shown {
				at, i = at+count(c), i+1
				continue
			}
			if k := x.Pos - shown; k < c.n {
				cells = split(cells, i, k)
				c = cells[i]
			}
			if x.Pos == shown+c.n && !c.raw && !deep && x.Ins != "" {
				return nil, false // the insertion would stand elsewhere
			}
			shown, at, i = shown+c.n, at+count(c), i+1
		}
		ins := Splice{Pos: at, Ins: x.Ins, Deep: deep}
		if k := utf8.RuneCountInString(x.Ins); k > 0 {
			cells = insertCell(cells, i, cell{k, true, true})
			out = append(out, ins)
			at, i = at+k, i+1
		}
		for del := x.Del; del > 0; {
			c := cells[i]
			if c.shown {
				if c.n > del {
					cells = split(cells, i, del)
					c = cells[i]
				}
				if !c.raw && !deep {
					return nil, false
				}
				out = append(out, Splice{Pos: at, Del: c.n, Deep: deep})
				del -= c.n
				cells[i].raw, cells[i].shown = false, false
				c = cells[i]
			}
			at, i = at+count(c), i+1
		}
	}
	return Join(out), true
}

func split(cells []cell, i, n int) []cell {
	rest := cells[i]
	rest.n -= n
	cells[i].n = n
	return insertCell(cells, i+1, rest)
}

func insertCell(cells []cell, i int, c cell) []cell {
	cells = append(cells, cell{})
	copy(cells[i+1:], cells[i:])
	cells[i] = c
	return cells
}
