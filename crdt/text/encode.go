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
	unread []byte   // a whole file whose history isn't read yet; the rest is empty then
	begin  int      // where the history begins in unread
	blocks [][]byte // the first ones, as far as they are right
	logs   [][16]byte
	logsAt []int // how many of logs the blocks before each one name
}

// spoil forgets the blocks from the event of a rank on.
func (f *file) spoil(rank int) {
	if k := rank / blockEvents; k < len(f.blocks) {
		f.blocks = f.blocks[:k]
		f.logs, f.logsAt = f.logs[:f.logsAt[k]], f.logsAt[:k]
	}
}

// Encode returns the text at rest, with its history, as FORMAT.md says. The
// same events with the same verdicts give the same bytes.
func (t *Text) Encode() []byte {
	if t.file.unread != nil {
		return append([]byte(nil), t.file.unread...)
	}
	t.encodeBlocks()
	v := t.shown()
	if v == nil {
		v = &view{all: t.raw.String()}
		if v.all != "" {
			v.parts = []part{{both, len(v.all), t.raw.len()}}
		}
	}
	size := len(v.all) + 5*len(v.parts) + 64
	for _, b := range t.file.blocks {
		size += len(b) + binary.MaxVarintLen32
	}
	b := append(make([]byte, 0, size), fileVersion)
	b = binary.AppendUvarint(b, uint64(len(v.parts)))
	for _, p := range v.parts {
		b = append(b, byte(p.in))
		b = binary.AppendUvarint(b, uint64(p.n))
	}
	b = binary.AppendUvarint(b, uint64(len(v.all)))
	b = append(b, v.all...)
	b = binary.AppendUvarint(b, uint64(t.n))
	for _, block := range t.file.blocks {
		b = binary.AppendUvarint(b, uint64(len(block)))
		b = append(b, block...)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// encodeBlocks encodes what isn't yet.
func (t *Text) encodeBlocks() {
	t.tidy()
	f := &t.file
	index := map[[16]byte]int{}
	for i, l := range f.logs {
		index[l] = i
	}
	for from := len(f.blocks) * blockEvents; from < int(t.n); from += blockEvents {
		f.logsAt = append(f.logsAt, len(f.logs))
		f.blocks = append(f.blocks, t.encodeBlock(from, min(from+blockEvents, int(t.n)), index))
	}
}

// The columns of a block, in their order. colNames and colText are bytes.
const (
	colSame    = iota // 1 if the event is of the same change as the one before
	colLog            // of each other event: its log's number
	colLamport        // its change's lamport, less that before
	colIndex          // the event's index, less 1 + that before in the same change
	colParents        // 0: only the event before; else 1 + how many parents
	colParent         // each of those: its distance, then the distance less 1 from the one before
	colFlags          // 1 void + 2 deep
	colLen            // of the raw text, for events with several parents and deep ones
	colSplices        // how many, less 1
	colPos            // less the end of what the splice before inserted
	colDel
	colIns   // code points
	colNames // 16 bytes for each log when it is first named, 32 for each change
	colText  // what was inserted
	colMax
)

func (t *Text) encodeBlock(from, to int, logs map[[16]byte]int) []byte {
	var (
		h     = &t.history
		cols  [colMax]column
		names []byte
		text  []byte
		at    int
		prev  Name // of the event before, and its lamport
		prevL int
	)
	if from > 0 {
		e := h.ranked(from - 1)
		prev, prevL = h.name(e), int(h.lamport(e))
	}
	for r := from; r < to; r++ {
		e := h.ranked(r)
		n, lamport := h.name(e), int(h.lamport(e))
		if r > 0 && lamport == prevL && n.Change == prev.Change && n.Log == prev.Log {
			cols[colSame].add(1)
			cols[colIndex].add(int(n.Index) - int(prev.Index) - 1)
		} else {
			cols[colSame].add(0)
			cols[colIndex].add(int(n.Index))
			l, known := logs[n.Log]
			if !known {
				l = len(t.file.logs)
				t.file.logs, logs[n.Log] = append(t.file.logs, n.Log), l
				names = append(names, n.Log[:]...)
			}
			cols[colLog].add(l)
			cols[colLamport].add(lamport - prevL)
			names = append(names, n.Change[:]...)
		}
		prev, prevL = n, lamport
		t.encodeParents(r, e, &cols)
		flags := 0
		if h.isVoid(e) {
			flags |= flagVoid
		}
		if h.isDeep(e) {
			flags |= flagDeep
		}
		cols[colFlags].add(flags)
		splices := 0
		for x := range h.steps(e) {
			splices++
			cols[colPos].add(x.pos - at)
			cols[colDel].add(x.del)
			cols[colIns].add(x.n)
			text = append(text, x.text...)
			at = x.pos + x.n
		}
		cols[colSplices].add(splices - 1)
	}
	cols[colNames].b, cols[colText].b = names, text
	var b []byte
	for i := range cols {
		c := cols[i].flush()
		b = binary.AppendUvarint(b, uint64(len(c)))
		b = append(b, c...)
	}
	return b
}

// Bits of colFlags.
const (
	flagVoid = 1
	flagDeep = 2
)

func (t *Text) encodeParents(rank int, e int32, cols *[colMax]column) {
	h := &t.history
	var several [4]int32
	ps := h.parentsOf(e, several[:0])
	for i := range ps {
		ps[i] = h.rankOf(ps[i])
	}
	slices.SortFunc(ps, descending)
	if len(ps) == 1 && int(ps[0]) == rank-1 {
		cols[colParents].add(0)
	} else {
		cols[colParents].add(len(ps) + 1)
		last := rank
		for _, p := range ps {
			cols[colParent].add(last - int(p) - 1)
			last = int(p)
		}
	}
	if len(ps) > 1 || h.isDeep(e) {
		cols[colLen].add(h.lenAt(e))
	}
}
