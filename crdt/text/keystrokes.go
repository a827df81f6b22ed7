package text

import (
	"math"
	"unicode/utf8"
)

// Most of a history are keystrokes: events of one change, each with one splice
// and the event before as its only parent. They are read many at a time.

// keystrokes reads such events, up to limit, and returns how many; something is
// wrong with what comes next, or it is none, if that is 0.
func (d *decoder) keystrokes(cols *[colMax]intake, at *int, limit int) (done int) {
	if d.n == 0 {
		return 0
	}
	plain := [...]struct{ col, value int }{{colSame, 1}, {colIndex, 0}, {colParents, 0}, {colFlags, 0}, {colSplices, 0}}
	for _, c := range plain {
		v, n := cols[c.col].ahead()
		if v != c.value {
			return 0
		}
		limit = min(limit, n)
	}
	limit = min(limit, int(math.MaxUint32-d.name.Index))
	size := d.lenAt(d.n - 1)
	for done < limit {
		next, n := cols[colPos].ahead()
		grown, k := cols[colSize].ahead()
		n = min(n, k, limit-done)
		pos, ins, del := *at+next, grown, 0
		if grown < 0 {
			ins, del = 0, -grown
			pos -= del
		}
		k = d.alike(pos, next+grown, del, ins, size, n, &cols[colText].b)
		cols[colPos].n, cols[colSize].n = cols[colPos].n-k, cols[colSize].n-k
		*at += k * (next + grown)
		size += k * grown
		done += k
		if k < n || n == 0 {
			break
		}
	}
	for _, c := range plain {
		cols[c.col].n -= done
	}
	if done > 0 {
		d.name.Index += uint32(done)
		e := d.n - 1
		d.heads[0], d.top, d.history.logs[d.runs[len(d.runs)-1].log].top = e, e, e
		if len(d.heads) == 1 {
			d.crit[len(d.crit)-1].last = e
		}
	}
	return done
}

// alike adds n keystrokes, or fewer if one is wrong, that each delete and insert
// so much, the first one at pos in a text of this size and each other one step
// further. What they insert it takes from text.
func (d *decoder) alike(pos, step, del, ins, size, n int, text *[]byte) (done int) {
	if del < 0 || del > MaxPos || ins < 0 || ins > len(*text) || del+ins == 0 {
		return 0
	}
	for done < n {
		b := (*text)[:runeOffset(*text, ins)]
		if pos < 0 || pos > MaxPos || pos+del > size || size+ins-del > MaxPos || utf8.RuneCount(b) != ins || !utf8.Valid(b) {
			break
		}
		d.keystroke(pos, del, ins, size+ins-del, len(b))
		d.text, *text = append(d.text, b...), (*text)[len(b):]
		pos, size = pos+step, size+ins-del
		done++
		if k := d.rest(pos, step, del, ins, size, n-done, *text); k > 0 {
			d.n += int32(k)
			d.elems += k * ins
			d.text, *text = append(d.text, (*text)[:k*ins]...), (*text)[k*ins:]
			return done + k
		}
	}
	return done
}

// keystroke adds an event, which inserts so many elements and bytes and leaves a
// text of this size, to the last run or as a new one. Its bytes are left to the
// caller.
func (d *decoder) keystroke(pos, del, ins, size, bytes int) {
	r := &d.runs[len(d.runs)-1]
	k := int(d.n - r.first)
	if o := &d.ops[r.op]; !r.deep && (k == 1 || !r.chained) && int(r.op)+1 == len(d.ops) &&
		int(o.del) == del && d.elems-int(o.elem) == k*ins && len(d.text)-int(o.text) == k*bytes {
		move := int(r.move)
		if k == 1 {
			move = moveOf(o, pos, ins)
		}
		if pos == int(o.pos)+k*move {
			r.move, r.chained = int32(move), false
			d.elems += ins
			d.n++
			return
		}
	}
	next := run{first: d.n, parent: d.n - 1, op: int32(len(d.ops)), len: int32(size), log: r.log,
		id: r.changeOf(k - 1), index: r.indexOf(k-1) + 1, lamport: r.lamportOf(k - 1)}
	d.linkTo(&next, int32(len(d.runs)-1))
	d.runs = append(room(d.runs, 1), next)
	d.addOp(pos, del, ins)
	d.n++
}

// rest tells whether n keystrokes go on with the last run, and returns n or 0.
func (d *decoder) rest(pos, step, del, ins, size, n int, text []byte) int {
	r := &d.runs[len(d.runs)-1]
	last, lastSize := pos+(n-1)*step, size+(n-1)*(ins-del)
	o := &d.ops[r.op]
	switch k := int(d.n - r.first); {
	case n == 0 || k < 2 || int(r.move) != step || pos != int(o.pos)+k*step:
		return 0
	case last < 0 || last > MaxPos || pos+del > size || last+del > lastSize || lastSize+ins-del > MaxPos:
		return 0
	case n*ins > len(text) || !isASCII(text[:n*ins]) || len(d.text)-int(o.text) != k*ins:
		return 0
	}
	return n
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
