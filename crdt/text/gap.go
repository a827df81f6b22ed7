package text

import (
	"slices"
	"unicode/utf8"
)

// A gap is a gap buffer, the leaf of a rope: UTF-8 with room where it was last
// changed, between two code points.
type gap struct {
	b        []byte // the text is b[:from] and b[to:]
	from, to int
	before   int // code points before the gap
	n        length
}

// gapOf returns one that holds b, which becomes its own.
func gapOf(b []byte) gap { return gap{b: b, n: lengthOf(b)} }

// moveTo moves the gap to a position in code points.
func (g *gap) moveTo(pos int) {
	k := pos - g.before
	switch {
	case k == 0:
		return
	case g.n[Points] == g.n[Bytes]:
	case k > 0:
		k = runeOffset(g.b[g.to:], k)
	default:
		i := g.from
		for n := k; n < 0; n++ {
			for i--; !utf8.RuneStart(g.b[i]); i-- {
			}
		}
		k = i - g.from
	}
	if k > 0 {
		copy(g.b[g.from:], g.b[g.to:g.to+k])
	} else {
		copy(g.b[g.to+k:], g.b[g.from+k:g.from])
	}
	g.from, g.to, g.before = g.from+k, g.to+k, pos
}

// cut deletes up to n code points behind the gap and returns what went.
func (g *gap) cut(n int) length {
	size := min(n, len(g.b)-g.to)
	if g.n[Points] != g.n[Bytes] {
		size = runeOffset(g.b[g.to:], n)
	}
	gone := lengthOf(g.b[g.to : g.to+size])
	g.to += size
	g.n.sub(&gone)
	return gone
}

// insert puts s, l long, before the gap. There must be room below leafMax.
func (g *gap) insert(s string, l *length) {
	if len(s) > g.to-g.from {
		size := min(leafMax, max(64, 2*len(g.b), g.n[Bytes]+len(s)))
		b := make([]byte, size)
		copy(b, g.b[:g.from])
		end := len(g.b) - g.to
		copy(b[size-end:], g.b[g.to:])
		g.b, g.to = b, size-end
	}
	g.from += copy(g.b[g.from:], s)
	g.before += l[Points]
	g.n.add(l)
}

// halve cuts off the second half, or nothing if the gap is at the end, where the
// next insertions are likely.
func (g *gap) halve() (right gap) {
	if g.to == len(g.b) {
		return right
	}
	half := g.n[Bytes] / 2
	at := g.before
	if half < g.from {
		for !utf8.RuneStart(g.b[half]) {
			half--
		}
		at -= utf8.RuneCount(g.b[half:g.from])
	} else {
		half += g.to - g.from
		for half > g.to && !utf8.RuneStart(g.b[half]) {
			half--
		}
		at += utf8.RuneCount(g.b[g.to:half])
	}
	g.moveTo(at)
	right = gapOf(slices.Clone(g.b[g.to:]))
	g.to = len(g.b)
	g.n.sub(&right.n)
	return right
}

// prefix is that of a rope.
func (g *gap) prefix(u Unit, pos int) length {
	if g.n[Points] == g.n[Bytes] {
		return length{pos, pos, pos}
	}
	var l length
	for _, b := range [][]byte{g.b[:g.from], g.b[g.to:]} {
		for len(b) > 0 && l[u] < pos {
			r, size := utf8.DecodeRune(b)
			step := length{1, unitsOf(r), size}
			if l[u]+step[u] > pos {
				return l
			}
			l.add(&step)
			b = b[size:]
		}
	}
	return l
}
