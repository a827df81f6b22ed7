package text

import (
	"slices"
	"unicode/utf8"
)

// ToRaw turns splices of the shown text into splices for an event that has
// seen everything here: raw ones where possible, else Deep ones. They have the
// same effect on what is shown, though perhaps in more splices. It returns
// ErrRange if s doesn't fit the shown text.
func (t *Text) ToRaw(s []Splice) ([]Splice, error) {
	if err := checkForm(s); err != nil {
		return nil, err
	}
	if s[0].Deep {
		return nil, ErrForm
	}
	if err := checkRange(s, t.Len()); err != nil {
		return nil, err
	}
	if t.unread && t.view == nil { // all is shown that is raw
		return s, nil
	}
	if err := t.load(); err != nil {
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
