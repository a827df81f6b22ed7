package text

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// Sizes of a rope's nodes: bytes in a leaf, and in one of a text that was just
// read, and kids of an inner node.
const (
	leafMax  = 2048
	leafRead = 1536
	ropeKids = 16
)

// A rope is a string of which any part can be replaced in O(log n): a B+tree
// over leaves that are gap buffers. As writers seldom jump it keeps to the leaf
// of the last splice, and tells the nodes above it what changed when it leaves.
type rope struct {
	root *ropeNode // nil: empty
	n    length
	// The leaf of the last splice, what stands before it, and how long the sums
	// above it take it to be.
	at            *ropeNode
	before, known length
}

// A ropeNode is an inner node or a leaf.
type ropeNode struct {
	up   *ropeNode
	slot int         // of this one in up.kids
	kids []*ropeNode // nil in a leaf
	sums []length    // of kids
	gap              // of a leaf
}

func newRope(s string) rope {
	var r rope
	if s == "" {
		return r
	}
	var level []*ropeNode
	for rest := []byte(s); len(rest) > 0; {
		k := min(leafRead, len(rest))
		for k < len(rest) && !utf8.RuneStart(rest[k]) {
			k--
		}
		level = append(level, &ropeNode{gap: gapOf(rest[:k:k])})
		rest = rest[k:]
	}
	sums := make([]length, len(level))
	for i, l := range level {
		sums[i] = l.n
		r.n.add(&l.n)
	}
	for len(level) > 1 {
		var above []*ropeNode
		var over []length
		for i := 0; i < len(level); i += ropeKids {
			end := min(i+ropeKids, len(level))
			n := &ropeNode{kids: level[i:end:end], sums: sums[i:end:end]}
			var sum length
			for k := range n.kids {
				n.kids[k].up, n.kids[k].slot = n, k
				sum.add(&n.sums[k])
			}
			above, over = append(above, n), append(over, sum)
		}
		level, sums = above, over
	}
	r.root = level[0]
	return r
}

// len returns the length in code points, size in bytes.
func (r *rope) len() int  { return r.n[Points] }
func (r *rope) size() int { return r.n[Bytes] }

func (r *rope) String() string {
	var b strings.Builder
	b.Grow(r.size())
	r.root.each(func(l *gap) {
		b.Write(l.b[:l.from])
		b.Write(l.b[l.to:])
	})
	return b.String()
}

// appendTo appends its length in bytes, and these.
func (r *rope) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(r.size()))
	r.root.each(func(l *gap) {
		b = append(append(b, l.b[:l.from]...), l.b[l.to:]...)
	})
	return b
}

// each calls f for the leaves in order.
func (n *ropeNode) each(f func(*gap)) {
	if n == nil {
		return
	}
	if n.kids == nil {
		f(&n.gap)
	}
	for _, k := range n.kids {
		k.each(f)
	}
}

// prefix returns the length of what stands before a position, or before the code
// point that the position is within; at most that of everything.
func (r *rope) prefix(u Unit, pos int) (l length) {
	if pos >= r.n[u] {
		return r.n
	}
	r.settle()
	n := r.root
	for n.kids != nil {
		i := 0
		for pos >= l[u]+n.sums[i][u] {
			l.add(&n.sums[i])
			i++
		}
		n = n.kids[i]
	}
	here := n.prefix(u, pos-l[u])
	l.add(&here)
	return l
}

// seek goes to the leaf that holds position pos; at the end of a leaf to that
// one, or, if after is set, to the next.
func (r *rope) seek(pos int, after bool) {
	end := pos
	if after {
		end++
	}
	if r.at != nil && pos >= r.before[Points] && end <= r.before[Points]+r.at.n[Points] {
		return
	}
	r.settle()
	n, before := r.root, length{}
	for n.kids != nil {
		i, last := 0, len(n.kids)-1
		for i < last && end > before[Points]+n.sums[i][Points] {
			before.add(&n.sums[i])
			i++
		}
		n = n.kids[i]
	}
	r.at, r.before, r.known = n, before, n.n
}

// settle tells the nodes above the leaf of the last splice how long it is now.
func (r *rope) settle() {
	if r.at == nil || r.at.n == r.known {
		return
	}
	d := r.at.n
	d.sub(&r.known)
	for n := r.at; n.up != nil; n = n.up {
		n.up.sums[n.slot].add(&d)
	}
	r.known = r.at.n
}

// splice deletes del code points from pos on and inserts ins there. What is
// beyond the end, as only a forged file can say, is cut off.
func (r *rope) splice(pos, del int, ins string) {
	pos = min(pos, r.n[Points])
	l := lengthOf(ins)
	r.replace(pos, min(del, r.n[Points]-pos), ins, &l)
}

// replace is splice of what is there, and of an insertion that is so long.
func (r *rope) replace(pos, del int, ins string, l *length) {
	if r.root == nil {
		r.root = &ropeNode{}
	}
	for del > 0 {
		r.seek(pos, true)
		r.at.moveTo(pos - r.before[Points])
		gone := r.at.cut(del)
		r.n.sub(&gone)
		del -= gone[Points]
		if r.at.n[Points] == 0 {
			r.prune()
		}
	}
	if ins == "" {
		return
	}
	r.seek(pos, false)
	for leafMax-r.at.n[Bytes] < len(ins) {
		r.at.moveTo(pos - r.before[Points])
		k := leafMax - r.at.n[Bytes]
		for k > 0 && !utf8.RuneStart(ins[k]) {
			k--
		}
		if k == 0 {
			r.divide(pos)
			continue
		}
		part := lengthOf(ins[:k])
		r.at.insert(ins[:k], &part)
		r.n.add(&part)
		pos += part[Points]
		ins, l = ins[k:], &length{l[Points] - part[Points], l[UTF16] - part[UTF16], l[Bytes] - part[Bytes]}
	}
	r.at.moveTo(pos - r.before[Points])
	r.at.insert(ins, l)
	r.n.add(l)
}

// divide cuts the leaf of the last splice in two and goes to that with pos.
func (r *rope) divide(pos int) {
	r.settle()
	left := r.at
	right := &ropeNode{gap: left.halve()}
	r.attach(left, right, right.n)
	r.known = left.n
	if pos-r.before[Points] > left.n[Points] || right.n[Points] == 0 {
		r.before.add(&left.n)
		r.at, r.known = right, right.n
	}
}

// attach hangs right, which holds what was moved out of left, beside left.
func (r *rope) attach(left, right *ropeNode, moved length) {
	up := left.up
	if up == nil {
		up = &ropeNode{kids: make([]*ropeNode, 0, ropeKids), sums: make([]length, 0, ropeKids)}
		up.kids, up.sums = append(up.kids, left), append(up.sums, r.n)
		left.up, r.root = up, up
	}
	if len(up.kids) == ropeKids {
		const half = ropeKids / 2
		over := &ropeNode{kids: make([]*ropeNode, 0, ropeKids), sums: make([]length, 0, ropeKids)}
		over.kids, over.sums = append(over.kids, up.kids[half:]...), append(over.sums, up.sums[half:]...)
		up.kids, up.sums = up.kids[:half:ropeKids], up.sums[:half:ropeKids]
		var out length
		for i, k := range over.kids {
			k.up, k.slot = over, i
			out.add(&over.sums[i])
		}
		r.attach(up, over, out)
		up = left.up
	}
	i := left.slot + 1
	up.sums[i-1].sub(&moved)
	up.kids = slices.Insert(up.kids, i, right)
	up.sums = slices.Insert(up.sums, i, moved)
	right.up = up
	up.number(i)
}

// number tells the kids from slot i on where they are.
func (n *ropeNode) number(i int) {
	for ; i < len(n.kids); i++ {
		n.kids[i].slot = i
	}
}

// prune takes the leaf of the last splice, which is empty, out of the tree.
func (r *rope) prune() {
	r.settle()
	n := r.at
	for n.up != nil && len(n.up.kids) == 1 {
		n = n.up
	}
	if n.up == nil { // nothing is left
		*r = rope{root: &ropeNode{}}
		return
	}
	up := n.up
	up.kids, up.sums = slices.Delete(up.kids, n.slot, n.slot+1), slices.Delete(up.sums, n.slot, n.slot+1)
	up.number(n.slot)
	for len(r.root.kids) == 1 {
		r.root = r.root.kids[0]
		r.root.up = nil
	}
	r.at = nil
}
