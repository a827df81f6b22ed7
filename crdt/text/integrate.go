package text

import "cmp"

// insert puts n new elements from id on at a position of the prepare version
// (by the measure inCurrent, or inWhole for deep splices) and returns their
// position in the effect version.
func (t *tracker) insert(measure, pos, id, n int) int {
	c, effect, left := cursor{leaf: t.first}, 0, noLeft
	if pos > 0 {
		c, effect = t.seek(measure, pos-1)
		s := &c.leaf.spans[c.slot]
		left = s.id + c.off
		c.off++
		if !s.gone {
			effect += c.off
		}
		if c.off < int(s.n) { // between elements that stand together there is no conflict
			t.insertAt(t.split(c), span{id: id, n: int32(n), state: 1, left: left, right: left + 1})
			return effect
		}
		c.off, c.slot = 0, c.slot+1
	}
	// The right origin is the next element that the prepare version has, or
	// had. What stands before it was inserted concurrently.
	right := noRight
	here := c.roll()
	conflict := here.more() && here.leaf.spans[here.slot].state == 0
	for r := here; r.more(); r = (cursor{leaf: r.leaf, slot: r.slot + 1}).roll() {
		if s := &r.leaf.spans[r.slot]; s.state > 0 {
			if !t.fugue || s.left == left {
				right = s.id
			}
			break
		}
	}
	if conflict {
		c, effect = t.integrate(here, effect, id, left, right)
	}
	t.insertAt(c, span{id: id, n: int32(n), state: 1, left: left, right: right})
	return effect
}

// integrate finds the place of a new element among the concurrent ones from
// the cursor on. Siblings (of the same left origin) stand in FugueMax order:
// the ones with the rightmost right origin first, equal ones as before says.
func (t *tracker) integrate(c cursor, effect int, id, left, right int) (cursor, int) {
	to, toEffect := c, effect
	scanning := false
	for c.more() {
		s := &c.leaf.spans[c.slot]
		if s.state != 0 {
			break
		}
		o := t.compare(s.left, left)
		if o < 0 {
			break
		}
		if o == 0 {
			o := t.compare(s.right, right)
			if o == 0 && t.before(id, s.id) {
				break
			}
			scanning = o < 0
		}
		if !s.gone {
			effect += int(s.n)
		}
		c.slot++
		if !scanning {
			to, toEffect = c, effect // before rolling: better at a leaf's end than at the next one's start
		}
		c = c.roll()
	}
	return to, toEffect
}

// compare tells which of two elements stands first.
func (t *tracker) compare(a, b int) int {
	switch {
	case a == b:
		return 0
	case a == noLeft || b == noRight:
		return -1
	case b == noLeft || a == noRight:
		return 1
	case a < 0 && b < 0:
		return cmp.Compare(a, b)
	}
	x, y := t.locate(a), t.locate(b)
	if x.leaf == y.leaf {
		return cmp.Or(cmp.Compare(x.slot, y.slot), cmp.Compare(x.off, y.off))
	}
	n, m := x.leaf, y.leaf
	for n.up != m.up {
		n, m = n.up, m.up
	}
	return cmp.Compare(n.slot, m.slot)
}

// insertAt inserts a new span at the cursor, or lengthens the one before if that
// is what the new one continues.
func (t *tracker) insertAt(c cursor, s span) {
	if c.slot > 0 {
		p := &c.leaf.spans[c.slot-1]
		if p.id >= 0 && p.id+int(p.n) == s.id && s.left == s.id-1 && p.right == s.right && p.state == 1 && !p.gone && p.n+s.n <= spanMax {
			p.n += s.n
			d := s.counts()
			t.bump(c.leaf, &d)
			return
		}
	}
	t.put(c.leaf, c.slot, s)
}

// A piece is elements that a deletion met: their position in the effect
// version, or -1 if they were gone from it.
type piece struct{ id, n, effect int }

// remove deletes n elements from a position of the prepare version on and
// appends what it met. The positions in the effect version are those after the
// removal of the pieces before.
func (t *tracker) remove(measure, pos, n int, met []piece) []piece {
	for n > 0 {
		c, effect := t.seek(measure, pos)
		if s := &c.leaf.spans[c.slot]; !s.gone {
			effect += c.off
		}
		c = t.trim(c, n)
		s := &c.leaf.spans[c.slot]
		k := int(s.n)
		if s.gone {
			effect = -1
		}
		met = append(met, piece{s.id, k, effect})
		t.strike(c)
		n -= k
		if measure == inWhole {
			pos += k
		}
	}
	return met
}

// shift changes the state of n elements in the prepare version by d. States add
// up, so that it doesn't matter in which order events take part in it.
func (t *tracker) shift(id, n int, d int32) {
	var owed counts // to the sums above c.leaf
	var c cursor
	for n > 0 {
		if next := c.slot + 1; c.leaf != nil && next < len(c.leaf.spans) && c.leaf.spans[next].id == id {
			c.slot = next
		} else {
			t.bump(c.leaf, &owed)
			owed, c = counts{}, t.locate(id)
		}
		if s := &c.leaf.spans[c.slot]; c.off > 0 || int(s.n) > n {
			t.bump(c.leaf, &owed)
			owed, c = counts{}, t.trim(c, n)
		}
		s := &c.leaf.spans[c.slot]
		was := *s
		s.state += d
		owed.change(&was, s)
		id, n = id+int(s.n), n-int(s.n)
	}
	t.bump(c.leaf, &owed)
}

// trim splits so that the span under the cursor begins there and has at most n
// elements.
func (t *tracker) trim(c cursor, n int) cursor {
	c = t.split(c)
	if int(c.leaf.spans[c.slot].n) <= n {
		return c
	}
	c.off = n
	c = t.split(c)
	c.slot--
	return c
}

// strike deletes the span under the cursor in both versions.
func (t *tracker) strike(c cursor) {
	s := &c.leaf.spans[c.slot]
	was := *s
	s.state++
	s.gone = true
	var d counts
	d.change(&was, s)
	t.bump(c.leaf, &d)
}
