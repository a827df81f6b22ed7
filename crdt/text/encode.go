package text

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// What a text at rest begins with, and how many events share their columns.
const (
	fileVersion = 1
	blockEvents = 1024
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A file is what is known of a text's encoded form. The history's blocks are
// kept: usually all but the last stay as they are.
type file struct {
	whole  []byte   // all of it, while nothing changed since Decode
	events int      // how many it had then
	blocks [][]byte // the first ones, as far as they are right
	logs   [][16]byte
	logsAt []int // how many of logs the blocks before each one name
}

// spoil forgets the blocks from the event of a rank on.
func (f *file) spoil(rank int) {
	f.whole = nil
	if k := rank / blockEvents; k < len(f.blocks) {
		f.blocks = f.blocks[:k]
		f.logs, f.logsAt = f.logs[:f.logsAt[k]], f.logsAt[:k]
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
	for _, block := range blocks {
		size += len(block) + binary.MaxVarintLen32
	}
	start := len(b)
	b = v.appendTo(append(slices.Grow(b, size), fileVersion))
	b = binary.AppendUvarint(b, uint64(events))
	for _, block := range blocks {
		b = binary.AppendUvarint(b, uint64(len(block)))
		b = append(b, block...)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// encodeBlocks encodes what isn't yet.
func (t *Text) encodeBlocks() (blocks [][]byte, events int) {
	f := &t.file
	if w := t.tail; w != nil {
		if blocks = f.blocks; w.events%blockEvents > 0 {
			blocks = append(slices.Clip(blocks), w.bytes())
		}
		return blocks, w.events
	}
	t.tidy()
	h := &t.history
	if len(f.blocks)*blockEvents >= int(h.n) {
		return f.blocks, int(h.n)
	}
	w := newWriter(f, len(f.blocks)*blockEvents)
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
	if w.events%blockEvents > 0 {
		f.blocks = append(f.blocks, w.bytes())
	}
	return f.blocks, int(h.n)
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
		w.cols[colLen].add(h.lenAt(e))
	}
}
