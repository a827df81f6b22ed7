package text

import (
	"encoding/binary"
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
	in place
	n  int // code points
}

// A view is the characters of the raw and the shown text together, in order.
type view struct {
	all   rope
	parts []part
}

// viewOf returns the view of a text of which all is raw and shown.
func viewOf(s string) *view {
	v := &view{all: newRope(s)}
	if s != "" {
		v.parts = []part{{both, v.all.len()}}
	}
	return v
}

// add appends a part, whose characters all has, or will.
func (v *view) add(in place, n int) {
	if k := len(v.parts); k > 0 && v.parts[k-1].in == in {
		v.parts[k-1].n += n
	} else if n > 0 {
		v.parts = append(v.parts, part{in, n})
	}
}

// text returns the raw (rawOnly) or the shown (shownOnly) text.
func (v *view) text(side place) string {
	s := v.all.String()
	if len(v.parts) == 1 && v.parts[0].in == both {
		return s
	}
	var b strings.Builder
	for _, p := range v.parts {
		k := stringOffset(s, p.n)
		if p.in == both || p.in == side {
			b.WriteString(s[:k])
		}
		s = s[k:]
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

// splice follows a splice of an event that has seen all others. It inserts right
// behind the raw character before its position.
func (v *view) splice(x *Splice, void bool) {
	old := v.parts
	v.parts = make([]part, 0, len(old)+3)
	at, raw := 0, 0 // what stands before the part in all, and in the raw text
	inserted := false
	insert := func() {
		if !inserted && raw == x.Pos {
			n := utf8.RuneCountInString(x.Ins)
			in := both
			if void {
				in = rawOnly
			}
			v.all.splice(at, 0, x.Ins)
			v.add(in, n)
			at += n
			inserted = true
		}
	}
	insert()
	for _, p := range old {
		if p.in == shownOnly {
			v.add(p.in, p.n)
			at += p.n
			continue
		}
		before := max(0, min(p.n, x.Pos-raw))
		v.add(p.in, before)
		at, raw = at+before, raw+before
		insert()
		gone := max(0, min(p.n-before, x.Pos+x.Del-raw))
		if void && p.in == both {
			v.add(shownOnly, gone)
			at += gone
		} else {
			v.all.splice(at, gone, "")
		}
		v.add(p.in, p.n-before-gone)
		at, raw = at+p.n-before-gone, raw+p.n-before
	}
}

// appendTo appends the parts and the characters.
func (v *view) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(v.parts)))
	for _, p := range v.parts {
		b = append(b, byte(p.in))
		b = binary.AppendUvarint(b, uint64(p.n))
	}
	return v.all.appendTo(b)
}

// shown returns the view, or nil if what is shown is the raw text.
func (t *Text) shown() *view {
	if t.unread {
		return t.view
	}
	t.merge()
	if t.voids == 0 {
		return nil
	}
	if t.view == nil {
		v := &view{}
		var b strings.Builder
		t.elements(nil, func(id, n int, raw, shown bool) {
			in := both
			switch {
			case !raw && !shown:
				return
			case !raw:
				in = shownOnly
			case !shown:
				in = rawOnly
			}
			b.Write(t.bytes(id, n))
			v.add(in, n)
		})
		v.all = newRope(b.String())
		t.view = v
	}
	return t.view
}
