package text

import (
	"cmp"
	"iter"
	"slices"
	"unicode/utf8"
)

// Events are numbered as they arrive, which is a topological order, and
// elements (inserted code points) likewise.

// A run is events that arrived one after the other, as keystrokes do: each has
// the one before as its only parent and says the same in the next name and at
// the next place. What follows is of the first one. An event that doesn't
// continue a run is one of its own, and may have several ops.
type run struct {
	first  int32 // its number
	parent int32 // its only parent, or -1 for none, or -2-i for joins[i]
	up     int32 // the run that the only parent is in
	// Runs whose first event has one parent form paths. jump is a further one
	// on the same path, chosen so that any can be reached in O(log n) steps
	// (Myers, "An applicative random-access stack", 1983); depth is the
	// distance from the path's first run, whose jump is itself.
	jump, depth int32
	op          int32 // its first op
	move        int32 // how far the op's position moves from event to event
	len         int32 // of the raw text at exactly its version
	log         uint32
	id          uint32 // of its change
	index       uint32
	lamport     uint64
	chained     bool // each event is of the next change; else of the same with the next index
	deep        bool
}

// An op is a splice, or the same one of each event of a run. It inserts the
// elements from elem to the next op's.
type op struct {
	pos, del int32
	elem     uint32 // its first element
	text     uint32 // where its first element's bytes begin
}

// A step is one splice of one event.
type step struct {
	pos, del int
	elem, n  int // the first element inserted, and how many
	text     []byte
}

// A history is the event graph: who did what, having seen what.
type history struct {
	n     int32 // events
	runs  []run
	joins [][]spot // parents of events that have several, descending
	ops   []op
	elems int    // elements so far
	text  []byte // all that was ever inserted, element by element

	heads []int32 // events that are no parents, descending
	// crit holds the critical events: those that every other event has seen or
	// was seen by. -1, the empty version, is always one.
	crit     []stretch
	void     []uint64 // a bit for each void event, as far as there are any
	voids    int      // how many events are void
	lastDeep int32    // the last deep event, or -1
	names
	index
}

// A spot is an event and the run that it is in.
type spot struct{ e, run int32 }

// A stretch is the events from first to last.
type stretch struct{ first, last int32 }

func newHistory() history {
	return history{crit: []stretch{{-1, -1}}, lastDeep: -1, index: index{top: -1}}
}

// runOf returns the number of the run that an event is in.
func (h *history) runOf(e int32) int {
	i, k := 0, len(h.runs)-1
	if e >= h.runs[k].first {
		return k
	}
	for i+1 < k { // the event is in run i or behind, but before run k
		if m := int(uint(i+k) / 2); h.runs[m].first <= e {
			i = m
		} else {
			k = m
		}
	}
	return i
}

// at returns the run that an event is in, and how many events of it stand before.
func (h *history) at(e int32) (r *run, k int) {
	r = &h.runs[h.runOf(e)]
	return r, int(e - r.first)
}

// size returns how many events a run has.
func (h *history) size(i int) int {
	if i+1 < len(h.runs) {
		return int(h.runs[i+1].first - h.runs[i].first)
	}
	return int(h.n - h.runs[i].first)
}

// opsEnd returns the number of the first op behind a run's.
func (h *history) opsEnd(i int) int {
	if i+1 < len(h.runs) {
		return int(h.runs[i+1].op)
	}
	return len(h.ops)
}

// inserted returns how many elements, and how many bytes, the op numbered i
// inserts in all events of its run.
func (h *history) inserted(i int) (n, size int) {
	if i+1 < len(h.ops) {
		return int(h.ops[i+1].elem - h.ops[i].elem), int(h.ops[i+1].text - h.ops[i].text)
	}
	return h.elems - int(h.ops[i].elem), len(h.text) - int(h.ops[i].text)
}

// steps yields the splices of an event.
func (h *history) steps(e int32) iter.Seq[step] {
	return func(yield func(step) bool) {
		i := h.runOf(e)
		r, events, end := &h.runs[i], h.size(i), h.opsEnd(i)
		k := int(e - r.first)
		for j := int(r.op); j < end; j++ {
			o := &h.ops[j]
			n, size := h.inserted(j)
			if events > 1 {
				n, size = n/events, size/events
			}
			text := h.text[int(o.text)+k*size:]
			if !yield(step{int(o.pos) + k*int(r.move), int(o.del), int(o.elem) + k*n, n, text[:size:size]}) {
				return
			}
		}
	}
}

// firstElem returns the first element that arrived with e or later.
func (h *history) firstElem(e int32) int {
	if e == h.n {
		return h.elems
	}
	return h.firstElemIn(h.runOf(e), e)
}

// firstElemIn is firstElem of an event of the run numbered i, or behind its last.
func (h *history) firstElemIn(i int, e int32) int {
	r := &h.runs[i]
	elem := int(h.ops[r.op].elem)
	k, size := int(e-r.first), h.size(i)
	if k == 0 {
		return elem
	}
	if k == size {
		if i+1 < len(h.runs) {
			return int(h.ops[h.runs[i+1].op].elem)
		}
		return h.elems
	}
	n, _ := h.inserted(int(r.op))
	return elem + n/size*k
}

// lenAt returns the length of the raw text at exactly the version of e.
func (h *history) lenAt(e int32) int {
	i := h.runOf(e)
	r := &h.runs[i]
	size := int(r.len)
	if k := int(e - r.first); k > 0 {
		n, _ := h.inserted(int(r.op))
		size += (n/h.size(i) - int(h.ops[r.op].del)) * k
	}
	return size
}

// opOf returns the op that inserted an element.
func (h *history) opOf(elem int) int {
	i, _ := slices.BinarySearchFunc(h.ops, elem, func(o op, elem int) int { return cmp.Compare(int(o.elem), elem+1) })
	// Ops that only delete share their first element with the next op; the
	// search gives the first op beyond, so the one before inserts.
	return i - 1
}

// inserter returns the event that inserted an element, and the first element
// that it didn't insert any more, or that another of its ops did.
func (h *history) inserter(elem int) (e int32, end int) {
	j := h.opOf(elem)
	i, _ := slices.BinarySearchFunc(h.runs, int32(j), func(r run, j int32) int { return cmp.Compare(r.op, j+1) })
	i--
	n, _ := h.inserted(j)
	n /= h.size(i)
	first := int(h.ops[j].elem)
	k := (elem - first) / n
	return h.runs[i].first + int32(k), first + (k+1)*n
}

// offset returns where the bytes of an element begin.
func (h *history) offset(elem int) int {
	if elem == h.elems {
		return len(h.text)
	}
	j := h.opOf(elem)
	n, size := h.inserted(j)
	from, at := elem-int(h.ops[j].elem), int(h.ops[j].text)
	if n == size {
		return at + from
	}
	return at + runeOffset(h.text[at:at+size], from)
}

// bytes returns the n elements from elem on.
func (h *history) bytes(elem, n int) []byte {
	return h.text[h.offset(elem):h.offset(elem+n)]
}

// runeOffset returns where the n-th code point of b begins, or its end.
func runeOffset(b []byte, n int) int {
	i := 0
	for ; n > 0 && i < len(b); n-- {
		_, size := utf8.DecodeRune(b[i:])
		i += size
	}
	return i
}

func (h *history) isDeep(e int32) bool { return h.runs[h.runOf(e)].deep }

// isVoid tells whether an event is void.
func (h *history) isVoid(e int32) bool {
	return int(e/64) < len(h.void) && h.void[e/64]>>(e%64)&1 == 1
}

func (h *history) setVoid(e int32, void bool) {
	if void == h.isVoid(e) {
		return
	}
	for int(e/64) >= len(h.void) {
		h.void = append(h.void, 0)
	}
	h.void[e/64] ^= 1 << (e % 64)
	h.voids += map[bool]int{true: 1, false: -1}[void]
}
