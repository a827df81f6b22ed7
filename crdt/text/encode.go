package text

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// What a text at rest begins with, and when a block is full: once its largest
// columns have so many bytes, without the runs that aren't finished.
const (
	fileVersion = 2
	blockSize   = 16 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A file is what is known of a text's encoded form. The history's blocks are
// kept: usually all but the last stay as they are.
type file struct {
	whole  []byte  // all of it, while nothing changed since Decode
	blocks []block // the first ones, as far as they are right
	upTo   int     // how many events these have
	logs   [][16]byte
	// window is the end of the text in the blocks that are packed, as far as known.
	window []byte
	known  bool
}

// A block is the columns of consecutive events in the canonical order.
type block struct {
	b      []byte
	first  int // events before it
	logs   int // of file.logs, those that the blocks before it name
	full   bool
	packed bool // which only full ones are, once they were encoded
}

// end returns how many events stand before the end of the block numbered i.
func (f *file) end(i int) int {
	if i+1 < len(f.blocks) {
		return f.blocks[i+1].first
	}
	return f.upTo
}

// spoil forgets the blocks from the event of a rank on, and one that isn't full.
func (f *file) spoil(rank int) {
	f.whole = nil
	for k := len(f.blocks) - 1; k >= 0 && (f.end(k) > rank || !f.blocks[k].full); k-- {
		f.known = f.known && !f.blocks[k].packed
		f.upTo, f.logs, f.blocks = f.blocks[k].first, f.logs[:f.blocks[k].logs], f.blocks[:k]
	}
}

// Encode returns the text at rest, with its history, as FORMAT.md says. The
// same events with the same verdicts give the same bytes.
func (t *Text) Encode() []byte { return t.AppendEncode(nil) }

// AppendEncode appends what Encode returns to b. A big page that is encoded at
// each keystroke spends most of the time on fresh memory, so reuse b.
func (t *Text) AppendEncode(b []byte) []byte {
	if t.file.whole != nil {
		return append(b, t.file.whole...)
	}
	blocks, events := t.encodeBlocks()
	v := t.shown()
	if v == nil {
		v = &view{all: t.raw}
		v.add(both, t.raw.len())
	}
	size := v.all.size() + 5*len(v.parts) + 64
	for i := range blocks {
		size += len(blocks[i].b) + 2*binary.MaxVarintLen32
	}
	start := len(b)
	b = v.appendTo(append(slices.Grow(b, size), fileVersion))
	b = binary.AppendUvarint(b, uint64(events))
	for i, x := range blocks {
		n := events
		if i+1 < len(blocks) {
			n = blocks[i+1].first
		}
		head := uint64(n-x.first) << 1
		if x.packed {
			head |= 1
		}
		b = binary.AppendUvarint(binary.AppendUvarint(b, head), uint64(len(x.b)))
		b = append(b, x.b...)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// encodeBlocks encodes what isn't yet.
func (t *Text) encodeBlocks() (blocks []block, events int) {
	f := &t.file
	if w := t.tail; w != nil {
		f.pack()
		if blocks = f.blocks; !w.fresh {
			blocks = append(slices.Clip(blocks), w.block())
		}
		return blocks, w.events
	}
	t.tidy()
	h := &t.history
	if f.upTo == int(h.n) {
		return f.blocks, f.upTo
	}
	f.spoil(f.upTo)
	w := newWriter(f, f.upTo)
	if w.events > 0 {
		e := h.ranked(w.events - 1)
		w.name, w.lamport = h.name(e), int(h.lamport(e))
		w.log = w.logs[w.name.Log]
	}
	for r := w.events; r < int(h.n); r++ {
		e := h.ranked(r)
		n := h.name(e)
		w.begin(&n, int(h.lamport(e)), h.isVoid(e), h.isDeep(e))
		t.encodeParents(w, r, e)
		for x := range h.steps(e) {
			w.splice(x.pos, x.del, string(x.text), x.n)
		}
		w.end()
	}
	f.pack()
	if !w.fresh {
		f.blocks = append(f.blocks, w.block())
	}
	f.upTo = int(h.n)
	return f.blocks, f.upTo
}

func (t *Text) encodeParents(w *writer, rank int, e int32) {
	h := &t.history
	var several [4]int32
	ps := h.parentsOf(e, several[:0])
	for i := range ps {
		ps[i] = h.rankOf(ps[i])
	}
	slices.SortFunc(ps, descending)
	if len(ps) == 1 && int(ps[0]) == rank-1 {
		w.cols[colParents].add(0)
	} else {
		w.cols[colParents].add(len(ps) + 1)
		last := rank
		for _, p := range ps {
			w.cols[colParent].add(last - int(p) - 1)
			last = int(p)
		}
	}
	if len(ps) > 1 || h.isDeep(e) {
		size := h.lenAt(e)
		if len(ps) > 0 {
			size -= h.lenAt(h.ranked(int(ps[0])))
		}
		w.cols[colLen].add(size)
	}
}
