package text

import "unicode/utf8"

// A Unit is what positions and lengths count. Everything in this package counts
// Points unless it says otherwise; the others are for those who edit strings of
// another kind.
type Unit uint8

const (
	Points Unit = iota // Unicode code points
	UTF16              // UTF-16 code units, as browsers count
	Bytes              // of UTF-8
	units  = 3
)

// Of returns how long s is. What isn't UTF-8 counts as U+FFFD, byte by byte.
func (u Unit) Of(s string) int {
	switch u {
	case Points:
		return utf8.RuneCountInString(s)
	case UTF16:
		n := 0
		for _, r := range s {
			n += unitsOf(r)
		}
		return n
	default:
		return len(s)
	}
}

// Offset returns where in s, in bytes, a position is. It reports false for one
// behind the end or within a code point.
func (u Unit) Offset(s string, pos int) (int, bool) {
	at := 0
	for i, r := range s {
		if at >= pos {
			return i, at == pos
		}
		switch u {
		case Points:
			at++
		case UTF16:
			at += unitsOf(r)
		default:
			at += utf8.RuneLen(r)
		}
	}
	return len(s), at == pos
}

// unitsOf returns how many UTF-16 units a code point takes.
func unitsOf(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// A length is how long a text is in each unit.
type length [units]int

func (l *length) add(m *length) {
	l[Points] += m[Points]
	l[UTF16] += m[UTF16]
	l[Bytes] += m[Bytes]
}

func (l *length) sub(m *length) {
	l[Points] -= m[Points]
	l[UTF16] -= m[UTF16]
	l[Bytes] -= m[Bytes]
}

// lengthOf measures UTF-8.
func lengthOf[S string | []byte](s S) length {
	n := len(s)
	l := length{Points: n, UTF16: n, Bytes: n}
	for i := range n {
		switch c := s[i]; {
		case c < utf8.RuneSelf:
		case c < 0xc0: // a byte that continues a code point
			l[Points]--
			l[UTF16]--
		case c >= 0xf0: // the first of four: a surrogate pair
			l[UTF16]++
		}
	}
	return l
}

// Convert turns a position in the shown text from one unit into another. It
// reports false if there is no such position: it is behind the end or within a
// code point. It takes O(log n), and while some event is void also looks at each
// passage that this changed.
func (t *Text) Convert(pos int, from, to Unit) (int, bool) {
	if v := t.shown(); v != nil {
		return v.convert(pos, from, to)
	}
	l := t.raw.prefix(from, pos)
	return l[to], l[from] == pos
}

// convert is Convert of the shown text of a view.
func (v *view) convert(pos int, from, to Unit) (int, bool) {
	var shown, start length // of what is shown before a part, and of all
	for _, p := range v.parts {
		end := v.all.prefix(Points, start[Points]+p.n)
		here := end
		here.sub(&start)
		if p.in == rawOnly {
			start = end
			continue
		}
		if left := pos - shown[from]; left <= here[from] {
			at := v.all.prefix(from, start[from]+left)
			at.sub(&start)
			return shown[to] + at[to], at[from] == left
		}
		shown.add(&here)
		start = end
	}
	return shown[to], shown[from] == pos
}
