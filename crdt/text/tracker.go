package text

import (
	"math"
	"math/bits"
	"slices"
)

// Elements of a tracker are named by numbers: those of the text it began with
// from -n to -1 in their order, those inserted since from 0 on as they arrive.
const (
	noLeft  = math.MinInt // the origin before the first element
	noRight = math.MaxInt // the origin behind the last
)

// What is counted. The first three are widths in three views of the sequence.
const (
	inCurrent = iota // there in the prepare version, where the next event was made
	inEffect         // there in the effect version: the merge of all events so far
	inWhole          // inserted in the prepare version, perhaps deleted since
	inBase           // of the text it began with
	measures
)

type counts [measures]int

func (c *counts) add(d *counts) {
	c[inCurrent] += d[inCurrent]
	c[inEffect] += d[inEffect]
	c[inWhole] += d[inWhole]
	c[inBase] += d[inBase]
}

func (c *counts) sub(d *counts) {
	c[inCurrent] -= d[inCurrent]
	c[inEffect] -= d[inEffect]
	c[inWhole] -= d[inWhole]
	c[inBase] -= d[inBase]
}

// change adds what counting a span otherwise makes of a difference.
func (c *counts) change(was, is *span) {
	d := is.counts()
	c.add(&d)
	d = was.counts()
	c.sub(&d)
}

// A span is consecutive elements that share their fate. All but the first have
// the element before as their left origin; all have the same right one.
type span struct {
	id          int   // of the first element
	n           int32 // elements
	state       int32 // in the prepare version: 0 not inserted, 1 there, 1+k deleted k times
	gone        bool  // in the effect version: deleted
	left, right int   // origins
}

// is tells whether a measure counts the span.
func (s *span) is(measure int) bool {
	switch measure {
	case inCurrent:
		return s.state == 1
	case inEffect:
		return !s.gone
	case inWhole:
		return s.state > 0
	default:
		return s.id < 0
	}
}

func (s *span) counts() (c counts) {
	for m := range c {
		if s.is(m) {
			c[m] = int(s.n)
		}
	}
	return c
}

// Sizes of tree nodes, and of spans that grow by typing, so that finding the
// head of one stays cheap.
const (
	leafSpans = 32
	innerKids = 16
	spanMax   = 1 << 12
)

// A node of the B+tree over the spans in sequence order.
type node struct {
	up   *node
	slot int      // of this one in up.kids
	kids []*node  // nil in a leaf
	sums []counts // of kids

	spans []span
	next  *node // the leaf to the right
	num   int32 // of a leaf, in tracker.leaves
}

// A cursor is a place in a leaf: before the element off of the span at slot.
// off may not be the span's length; slot may be the number of spans only
// behind the last one of the sequence.
type cursor struct {
	leaf      *node
	slot, off int
}

// A tracker is the temporary CRDT of the event-graph walker: the sequence of
// all elements that matter, with their state in two versions.
type tracker struct {
	root   *node
	sum    counts
	first  *node
	leaves []*node
	spare  []*node // leaves to use again
	base   int     // elements it began with
	// heads has a bit for each element from 0 on that begins a span; of these,
	// at gives the number of the leaf.
	heads []uint64
	at    []int32
	// fugue makes it Fugue's order instead of FugueMax's: right origins count
	// only among the left children of one element.
	fugue bool
	// before tells which of two siblings (their first elements) comes first.
	before func(a, b int) bool
}

func newTracker(base int, before func(a, b int) bool) *tracker {
	t := &tracker{before: before}
	t.begin(base)
	return t
}

// begin forgets all but its memory and begins with another text.
func (t *tracker) begin(base int) {
	t.spare = append(t.spare, t.leaves...)
	clear(t.heads)
	t.base, t.sum, t.leaves = base, counts{}, t.leaves[:0]
	t.root = t.leaf()
	t.first = t.root
	if base > 0 {
		s := span{id: -base, n: int32(base), state: 1, left: noLeft, right: noRight}
		t.root.spans = append(t.root.spans, s)
		t.sum = s.counts()
	}
}

// leaf returns a new leaf.
func (t *tracker) leaf() *node {
	n := &node{}
	if k := len(t.spare) - 1; k >= 0 {
		n, t.spare = t.spare[k], t.spare[:k]
		*n = node{spans: n.spans[:0]}
	} else {
		n.spans = make([]span, 0, leafSpans)
	}
	n.num = int32(len(t.leaves))
	t.leaves = append(t.leaves, n)
	return n
}

func (t *tracker) total(measure int) int { return t.sum[measure] }

// seek finds the element at a position of one measure, which must be less than
// its total, and the position in the effect version of its span.
func (t *tracker) seek(measure, pos int) (c cursor, effect int) {
	n := t.root
	for n.kids != nil {
		i := 0
		for pos >= n.sums[i][measure] {
			pos -= n.sums[i][measure]
			effect += n.sums[i][inEffect]
			i++
		}
		n = n.kids[i]
	}
	for i := range n.spans {
		s := &n.spans[i]
		if s.is(measure) {
			if pos < int(s.n) {
				return cursor{n, i, pos}, effect
			}
			pos -= int(s.n)
		}
		if !s.gone {
			effect += int(s.n)
		}
	}
	panic("text: internal error: position beyond the sequence")
}

// locate finds an element by its number.
func (t *tracker) locate(id int) cursor {
	if id < 0 {
		c, _ := t.seek(inBase, id+t.base)
		return c
	}
	head := min(id, len(t.at)-1) // spans that grew may reach beyond
	w := head / 64
	word := t.heads[w] & (^uint64(0) >> (63 - head%64))
	for word == 0 {
		w--
		word = t.heads[w]
	}
	head = w*64 + 63 - bits.LeadingZeros64(word)
	leaf := t.leaves[t.at[head]]
	for i := range leaf.spans {
		if leaf.spans[i].id == head {
			return cursor{leaf, i, id - head}
		}
	}
	panic("text: internal error: element in another leaf than noted")
}

func (t *tracker) note(s *span, leaf *node) {
	if s.id < 0 {
		return
	}
	for s.id >= len(t.at) {
		t.at = slices.Grow(t.at, s.id+1-len(t.at))[:cap(t.at)]
		t.heads = append(t.heads, make([]uint64, (cap(t.at)+63)/64-len(t.heads))...)
	}
	t.at[s.id] = leaf.num
	t.heads[s.id/64] |= 1 << (s.id % 64)
}

// bump adds d to the sums above a leaf.
func (t *tracker) bump(n *node, d *counts) {
	if *d == (counts{}) {
		return
	}
	t.sum.add(d)
	for up := n.up; up != nil; n, up = up, up.up {
		up.sums[n.slot].add(d)
	}
}

// put inserts a new span before the one at slot.
func (t *tracker) put(leaf *node, slot int, s span) {
	d := s.counts()
	t.bump(t.place(leaf, slot, s).leaf, &d)
}

// place inserts a span, which the sums above leaf count already or will, before
// the one at slot, and returns where it went.
func (t *tracker) place(leaf *node, slot int, s span) cursor {
	if len(leaf.spans) == leafSpans {
		right := t.divide(leaf)
		if k := len(leaf.spans); slot > k {
			leaf, slot = right, slot-k
		}
	}
	leaf.spans = slices.Insert(leaf.spans, slot, s)
	t.note(&s, leaf)
	return cursor{leaf, slot, 0}
}

// divide moves the right half of a leaf to a new one.
func (t *tracker) divide(leaf *node) *node {
	right := t.leaf()
	right.next = leaf.next
	right.spans = append(right.spans, leaf.spans[leafSpans/2:]...)
	leaf.spans = leaf.spans[:leafSpans/2]
	leaf.next = right
	var moved counts
	for i := range right.spans {
		c := right.spans[i].counts()
		moved.add(&c)
		t.note(&right.spans[i], right)
	}
	t.attach(leaf, right, moved)
	return right
}

// attach hangs right, which holds what was moved out of left, beside left.
func (t *tracker) attach(left, right *node, moved counts) {
	up := left.up
	if up == nil {
		up = &node{kids: make([]*node, 0, innerKids), sums: make([]counts, 0, innerKids)}
		up.kids, up.sums = append(up.kids, left), append(up.sums, t.sum)
		left.up, t.root = up, up
	}
	if len(up.kids) == innerKids {
		over := &node{kids: make([]*node, 0, innerKids), sums: make([]counts, 0, innerKids)}
		over.kids = append(over.kids, up.kids[innerKids/2:]...)
		over.sums = append(over.sums, up.sums[innerKids/2:]...)
		up.kids, up.sums = up.kids[:innerKids/2], up.sums[:innerKids/2]
		var out counts
		for i, k := range over.kids {
			k.up, k.slot = over, i
			out.add(&over.sums[i])
		}
		t.attach(up, over, out)
		up = left.up
	}
	i := left.slot + 1
	up.sums[i-1].sub(&moved)
	up.kids = slices.Insert(up.kids, i, right)
	up.sums = slices.Insert(up.sums, i, moved)
	right.up = up
	for ; i < len(up.kids); i++ {
		up.kids[i].slot = i
	}
}

// split cuts the span under the cursor at its offset and returns the cursor
// before the right part.
func (t *tracker) split(c cursor) cursor {
	if c.off == 0 {
		return c
	}
	rest := c.leaf.spans[c.slot]
	rest.id, rest.n, rest.left = rest.id+c.off, rest.n-int32(c.off), rest.id+c.off-1
	right := t.place(c.leaf, c.slot+1, rest)
	right.leaf.spans[right.slot-1].n = int32(c.off) // place keeps a span and the one before it in one leaf
	return right
}

// roll moves a cursor that stands behind a leaf's last span to the next leaf.
func (c cursor) roll() cursor {
	for c.slot == len(c.leaf.spans) && c.leaf.next != nil {
		c.leaf, c.slot = c.leaf.next, 0
	}
	return c
}

// more tells whether the cursor stands at a span.
func (c cursor) more() bool { return c.slot < len(c.leaf.spans) }
