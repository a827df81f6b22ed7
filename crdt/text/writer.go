package text

import (
	"encoding/binary"
	"slices"
)

// The columns of a block, in their order. colNames and colText are bytes.
const (
	colSame    = iota // 1 if the event is of the same change as the one before
	colLog            // of each other event: its log's number
	colLamport        // its change's lamport, less that before
	colIndex          // the event's index, less 1 + that before in the same change
	colParents        // 0: only the event before; else 1 + how many parents
	colParent         // each of those: its distance, then the distance less 1 from the one before
	colFlags          // 1 void + 2 deep
	colLen            // how much longer the raw text is than at the latest parent, for events with several and deep ones
	colSplices        // how many, less 1
	colPos            // less the end of what the splice before inserted; of a deletion, its end
	colSize           // code points inserted, or less those deleted, or 0 for both
	colDel            // of splices that do both, as is
	colIns            // this
	colNames          // 16 bytes for each log when it is first named, 32 for each change
	colText           // what was inserted
	colMax
)

// Bits of colFlags.
const (
	flagVoid = 1
	flagDeep = 2
)

// A writer appends events to a file's blocks, in the canonical order: begin,
// the parents, splice for each splice, end.
type writer struct {
	file     *file
	cols     [colMax]column // of the block that isn't full yet
	events   int            // in all blocks
	name     Name           // of the last one, and its lamport
	lamport  int
	log      int // the number of its log
	splices  int // how many it has
	at       int // behind what the last splice inserted
	logs     map[[16]byte]int
	inserted int // bytes of text in all blocks
	// plain is how many of the last events say nothing but one splice: they are of
	// the same change, with the next index and the event before as the only parent.
	plain int
	// The block that isn't full yet: whether it has no event, and how many events
	// and logs the blocks before it have.
	fresh             bool
	first, logsBefore int
}

// newWriter returns a writer that stands behind the first events; the last one's
// name, lamport and log are left to the caller.
func newWriter(f *file, events int) *writer {
	w := &writer{file: f, events: events, fresh: true, logs: make(map[[16]byte]int, len(f.logs))}
	for i, l := range f.logs {
		w.logs[l] = i
	}
	return w
}

func (w *writer) begin(n *Name, lamport int, void, deep bool) {
	w.settle()
	if w.fresh {
		w.fresh, w.first, w.logsBefore = false, w.events, len(w.file.logs)
		for i := range w.cols {
			w.cols[i] = column{b: w.cols[i].b[:0]}
		}
		w.at = 0
	}
	if w.events > 0 && lamport == w.lamport && n.Change == w.name.Change && n.Log == w.name.Log {
		w.cols[colSame].add(1)
		w.cols[colIndex].add(int(n.Index) - int(w.name.Index) - 1)
	} else {
		w.cols[colSame].add(0)
		w.cols[colIndex].add(int(n.Index))
		names := &w.cols[colNames].b
		if w.events == 0 || n.Log != w.name.Log {
			l, known := w.logs[n.Log]
			if !known {
				l = len(w.file.logs)
				w.file.logs, w.logs[n.Log] = append(w.file.logs, n.Log), l
				*names = append(*names, n.Log[:]...)
			}
			w.log = l
		}
		w.cols[colLog].add(w.log)
		w.cols[colLamport].add(lamport - w.lamport)
		*names = append(*names, n.Change[:]...)
	}
	w.name, w.lamport, w.splices = *n, lamport, 0
	flags := 0
	if void {
		flags |= flagVoid
	}
	if deep {
		flags |= flagDeep
	}
	w.cols[colFlags].add(flags)
}

// goesOn tells whether an event is the next one of the same change.
func (w *writer) goesOn(n *Name, lamport uint64) bool {
	return w.events > 0 && n.Index == w.name.Index+1 && lamport == uint64(w.lamport) && n.Change == w.name.Change && n.Log == w.name.Log
}

// settle writes what plain counts.
func (w *writer) settle() {
	w.cols[colSame].repeat(1, w.plain)
	w.cols[colIndex].repeat(0, w.plain)
	w.cols[colParents].repeat(0, w.plain)
	w.cols[colFlags].repeat(0, w.plain)
	w.cols[colSplices].repeat(0, w.plain)
	w.plain = 0
}

// splice adds a splice that inserts s, n code points.
func (w *writer) splice(pos, del int, s string, n int) {
	w.cols[colText].b = append(w.cols[colText].b, s...)
	switch {
	case del == 0:
		w.cols[colPos].add(pos - w.at)
		w.cols[colSize].add(n)
	case n == 0:
		w.cols[colPos].add(pos + del - w.at)
		w.cols[colSize].add(-del)
	default:
		w.cols[colPos].add(pos - w.at)
		w.cols[colSize].add(0)
		w.cols[colDel].add(del)
		w.cols[colIns].add(n)
	}
	w.at = pos + n
	w.splices++
}

func (w *writer) end() {
	w.cols[colSplices].add(w.splices - 1)
	w.count()
}

func (w *writer) count() {
	w.events++
	if len(w.cols[colText].b)+len(w.cols[colPos].b)+len(w.cols[colSize].b) >= blockSize {
		x := w.block()
		x.full = true
		w.file.blocks, w.file.upTo = append(w.file.blocks, x), w.events
		w.fresh = true
	}
}

// block returns the block that isn't full yet, or has just become so.
func (w *writer) block() block {
	return block{b: w.bytes(), first: w.first, logs: w.logsBefore}
}

// bytes returns its columns.
func (w *writer) bytes() []byte {
	w.settle()
	size := 0
	for i := range w.cols {
		size += len(w.cols[i].b) + 4*binary.MaxVarintLen32
	}
	b := make([]byte, 0, size)
	for i := range w.cols {
		c := w.cols[i] // goes on unflushed
		c.b = slices.Clip(c.b)
		c.flush()
		b = binary.AppendUvarint(b, uint64(len(c.b)))
		b = append(b, c.b...)
	}
	return b
}
