package text

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"unicode/utf8"
)

// Decode reads a text at rest; order is as for New. It reads what is shown and
// checks the checksum; the history is read when it is first needed. It keeps
// b, which mustn't change. What Encode didn't give back gives ErrCorrupt, at
// the latest when the history is read; see Text.Check.
func Decode(b []byte, order func(a, b Name) int) (*Text, error) {
	if len(b) < 5 || binary.BigEndian.Uint32(b[len(b)-4:]) != crc32.Checksum(b[:len(b)-4], castagnoli) {
		return nil, fmt.Errorf("%w: checksum", ErrCorrupt)
	}
	t := New(order)
	if err := t.readText(b); err != nil {
		return nil, err
	}
	return t, nil
}

// readText reads what is shown, and leaves the history for later.
func (t *Text) readText(b []byte) error {
	in := source{b: b[:len(b)-4]}
	if in.uvarint(fileVersion) != fileVersion {
		return fmt.Errorf("%w: version", ErrCorrupt)
	}
	parts := make([]part, in.uvarint(uint64(len(in.b)/2)))
	for i := range parts {
		parts[i].in = place(in.uvarint(uint64(shownOnly)))
		parts[i].n = in.uvarint(uint64(len(in.b)))
	}
	all := string(in.take(in.uvarint(uint64(len(in.b)))))
	if in.bad || !utf8.ValidString(all) {
		return fmt.Errorf("%w: text", ErrCorrupt)
	}
	v, plain := &view{all: newRope(all), parts: parts}, true
	left := v.all.len()
	for i, p := range parts {
		if p.n == 0 || p.n > left || i > 0 && p.in == parts[i-1].in {
			return fmt.Errorf("%w: parts", ErrCorrupt)
		}
		left -= p.n
		plain = plain && p.in == both
	}
	if left > 0 {
		return fmt.Errorf("%w: parts", ErrCorrupt)
	}
	if plain {
		t.raw = v.all
	} else {
		t.raw, t.view = newRope(v.text(rawOnly)), v
	}
	t.unread, t.tail, t.file = true, nil, file{whole: b}
	f := &t.file
	for events := in.uvarint(1 << 31); f.upTo < events && !in.bad; {
		head := in.uvarint(1 << 32)
		x := block{first: f.upTo, packed: head&1 == 1, full: head&1 == 1}
		x.b = in.take(in.uvarint(uint64(len(in.b))))
		if f.upTo += head >> 1; head < 2 || f.upTo > events || f.upTo < events && !x.packed {
			in.fail()
		}
		f.blocks = append(f.blocks, x)
	}
	if in.bad || len(in.b) > 0 {
		return fmt.Errorf("%w: blocks", ErrCorrupt)
	}
	return nil
}

// load reads the history of a text that has only its file, once.
func (t *Text) load() error {
	if !t.unread {
		return nil
	}
	blocks, events := t.file.blocks, t.file.upTo
	if t.tail != nil {
		blocks, events = t.encodeBlocks()
	}
	d := decoder{history: newHistory()}
	size := 0
	for i := range blocks {
		size += len(blocks[i].b)
	}
	d.text, d.runs, d.ops = make([]byte, 0, 2*size), make([]run, 0, size/8), make([]op, 0, size/8) // about
	d.file.blocks, d.upTo = blocks, events
	for i := range blocks {
		blocks[i].logs = len(d.file.logs)
		if !d.block(&blocks[i], d.end(i)-blocks[i].first) {
			return fmt.Errorf("%w: block of events %d", ErrCorrupt, i)
		}
	}
	if len(d.heads) == 1 && d.lenAt(d.heads[0]) != t.raw.len() || len(d.heads) == 0 && t.raw.len() > 0 {
		return fmt.Errorf("%w: text and history differ", ErrCorrupt)
	}
	d.placed = d.n
	d.whole = t.file.whole
	t.unread, t.tail, t.history, t.file = false, nil, d.history, d.file
	if t.voids > 0 && t.view == nil {
		t.view = viewOf(t.raw.String())
	}
	return nil
}

// Check reads the history, replays it and compares: it returns ErrCorrupt
// unless the text is what its history says, in the form that Encode gives it.
func (t *Text) Check() error {
	if err := t.load(); err != nil {
		return err
	}
	t.tidy()
	u := New(t.order)
	if err := u.load(); err != nil { // add wants a history, be it empty
		return err
	}
	h := &t.history
	for r := range int(h.n) {
		e := h.ranked(r)
		var s []Splice
		for x := range h.steps(e) {
			s = append(s, Splice{x.pos, x.del, string(x.text), h.isDeep(e)})
		}
		parents := h.parentsOf(e, nil)
		for i, p := range parents {
			parents[i] = h.rankOf(p) // as u numbers it
		}
		n := h.name(e)
		if err := u.add(&n, h.lamport(e), u.maximal(parents), s, h.isVoid(e)); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
	if !bytes.Equal(t.Encode(), u.Encode()) {
		return fmt.Errorf("%w: replaying gives another text", ErrCorrupt)
	}
	return nil
}

// A decoder is a history being read.
type decoder struct {
	history
	file
	unpacker
	name    Name // of the last event, and its lamport
	lamport int
	parents []int32 // reused memory
}

// block reads a block of n events and tells whether it made sense.
func (d *decoder) block(b *block, n int) bool {
	cols, ok := d.unpacker.openWithText(b)
	if !ok {
		return false
	}
	at := 0
	for left := n; left > 0; {
		if k := d.keystrokes(&cols, &at, left); k > 0 {
			left -= k
			continue
		}
		if !d.event(&cols, &at) {
			return false
		}
		left--
	}
	for i := range cols {
		if len(cols[i].rest()) > 0 || cols[i].bad {
			return false
		}
	}
	return true
}

func (d *decoder) event(cols *[colMax]intake, at *int) bool {
	index := 0
	if cols[colSame].count(1) == 1 {
		if d.n == 0 {
			return false
		}
		index = int(d.name.Index) + 1
	} else if !d.change(cols) {
		return false
	}
	if index += cols[colIndex].count(1 << 32); index >= 1<<32 {
		return false
	}
	d.name.Index = uint32(index)
	parents := d.readParents(cols)
	flags := cols[colFlags].count(flagVoid | flagDeep)
	deep := flags&flagDeep != 0
	first, net := len(d.ops), 0
	for range 1 + cols[colSplices].count(MaxSplices-1) {
		pos, del, ins := *at+cols[colPos].next(), 0, cols[colSize].next()
		switch {
		case ins == 0:
			del, ins = cols[colDel].count(MaxPos), cols[colIns].count(1<<31)
			if del == 0 || ins == 0 {
				return false
			}
		case ins < 0:
			del, ins = -ins, 0
			pos -= del
		}
		if pos < 0 || pos > MaxPos || del > MaxPos || ins > len(cols[colText].b) {
			return false
		}
		b := cols[colText].take(runeOffset(cols[colText].b, ins))
		if utf8.RuneCount(b) != ins || !utf8.Valid(b) {
			return false
		}
		d.addOp(pos, del, ins)
		d.text = append(room(d.text, len(b)), b...)
		*at = pos + ins
		net += ins - del
	}
	size := 0
	if len(parents) > 0 {
		size = d.lenAt(parents[0])
	}
	if len(parents) > 1 || deep {
		size += cols[colLen].next()
	} else {
		size += net
	}
	for i := range cols {
		if cols[i].bad {
			return false
		}
	}
	if size < 0 || size > MaxPos || !deep && !d.fits(first, size-net) {
		return false
	}
	d.record(&d.name, uint64(d.lamport), parents, first, size, deep, flags&flagVoid != 0)
	return true
}

// fits tells whether the ops from the one numbered i on fit a text of n.
func (d *decoder) fits(i, n int) bool {
	for ; i < len(d.ops) && n >= 0; i++ {
		o := &d.ops[i]
		if int(o.pos) > n || int(o.del) > n-int(o.pos) {
			return false
		}
		ins, _ := d.inserted(i)
		n += ins - int(o.del)
	}
	return n >= 0
}

// change reads what a change's first event says of it.
func (d *decoder) change(cols *[colMax]intake) bool {
	l := cols[colLog].count(len(d.file.logs))
	if l == len(d.file.logs) {
		d.file.logs = append(d.file.logs, [16]byte(pad(cols[colNames].take(16), 16)))
	}
	n := Name{Log: d.file.logs[l], Change: [32]byte(pad(cols[colNames].take(32), 32))}
	later := cols[colLamport].count(valueMax)
	if cols[colNames].bad || d.n > 0 && later == 0 && cmp.Or(bytes.Compare(n.Change[:], d.name.Change[:]), bytes.Compare(n.Log[:], d.name.Log[:])) <= 0 {
		return false
	}
	d.name, d.lamport = n, d.lamport+later
	return true
}

// pad gives the array that a failed take owes.
func pad(b []byte, n int) []byte {
	if len(b) < n {
		return make([]byte, n)
	}
	return b
}

func (d *decoder) readParents(cols *[colMax]intake) []int32 {
	rank := int(d.n)
	n := cols[colParents].count(1 + rank)
	if n == 0 {
		if rank == 0 {
			cols[colParents].fail()
			return nil
		}
		d.parents = append(d.parents[:0], int32(rank-1))
		return d.parents
	}
	ps := d.parents[:0]
	last := rank
	for range n - 1 {
		last -= 1 + cols[colParent].count(valueMax)
		if last < 0 || cols[colParent].bad {
			cols[colParent].fail()
			return nil
		}
		ps = append(ps, int32(last))
	}
	d.parents = ps
	return ps
}
