package text

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"
)

// An event as it is kept: events are numbered as they arrive, which is a
// topological order, and elements (inserted code points) likewise.
type event struct {
	change uint32 // in changes
	index  uint32
	op     int32 // its first op
	// parent is the only parent, or -1 for none, or -2-i for joins[i].
	parent int32
	// Events with one parent form paths. jump is a further one on the same
	// path, chosen so that any can be reached in O(log n) steps (Myers, "An
	// applicative random-access stack", 1983); depth is the distance from the
	// path's first event, whose jump is itself.
	jump, depth int32
	len         int32 // of the raw text at exactly this version
	void, deep  bool
}

// A change holds what its events have in common.
type change struct {
	log     [16]byte
	id      [32]byte
	lamport uint64
}

// An op is one splice. It inserts the elements from elem to the next op's.
type op struct {
	pos, del int32
	elem     uint32 // its first element
	text     uint32 // where its first element's bytes begin
}

// A stretch is the events from first to last.
type stretch struct{ first, last int32 }

// A history is the event graph: who did what, having seen what.
type history struct {
	changes []change
	events  []event
	joins   [][]int32 // parents of events that have several, descending
	ops     []op
	elems   int    // elements so far
	text    []byte // all that was ever inserted, element by element

	heads []int32 // events that are no parents, descending
	// crit holds the critical events: those that every other event has seen or
	// was seen by. -1, the empty version, is always one.
	crit []stretch
	// sorted holds the events by compare; late, likewise, those whose place is
	// in the middle of it, until tidy. rank is the inverse of sorted then.
	sorted, late, rank []int32
	voids              int   // how many events are void
	lastDeep           int32 // the last deep event, or -1
	byName             map[Name]int32
}

func (h *history) name(e int32) Name {
	c := &h.changes[h.events[e].change]
	return Name{Log: c.log, Change: c.id, Index: h.events[e].index}
}

func (h *history) names(es []int32) []Name {
	ns := make([]Name, len(es))
	for i, e := range es {
		ns[i] = h.name(e)
	}
	slices.SortFunc(ns, Name.Compare)
	return ns
}

// find returns the event of a name.
func (h *history) find(n Name) (int32, bool) {
	if h.byName == nil {
		h.byName = make(map[Name]int32, len(h.events))
		for e := range h.events {
			h.byName[h.name(int32(e))] = int32(e)
		}
	}
	e, ok := h.byName[n]
	return e, ok
}

// compare compares the place of an event in the canonical order, (lamport,
// change, log, index), with one that may not be here.
func (h *history) compare(e int32, lamport uint64, n Name) int {
	c := &h.changes[h.events[e].change]
	if c.lamport != lamport {
		return cmp.Compare(c.lamport, lamport)
	}
	return cmp.Or(bytes.Compare(c.id[:], n.Change[:]), bytes.Compare(c.log[:], n.Log[:]), cmp.Compare(h.events[e].index, n.Index))
}

// has tells whether an event is here already.
func (h *history) has(n Name, lamport uint64) bool {
	compare := func(e int32, n Name) int { return h.compare(e, lamport, n) }
	if k := len(h.sorted); k == 0 || compare(h.sorted[k-1], n) < 0 {
		return false // it usually is the newest
	}
	_, there := slices.BinarySearchFunc(h.sorted, n, compare)
	if !there {
		_, there = slices.BinarySearchFunc(h.late, n, compare)
	}
	return there
}

// lateMax bounds the events that wait for tidy, so that a long branch that
// arrives late doesn't move all of sorted at each event.
const lateMax = 1024

// insert puts the newest event in its place.
func (h *history) insert(e int32) {
	n, lamport := h.name(e), h.changes[h.events[e].change].lamport
	if k := len(h.sorted); k == 0 || h.compare(h.sorted[k-1], lamport, n) < 0 {
		h.sorted = append(h.sorted, e)
		h.rank = append(h.rank, int32(k))
		return
	}
	at, _ := slices.BinarySearchFunc(h.late, n, func(e int32, n Name) int { return h.compare(e, lamport, n) })
	h.late = slices.Insert(h.late, at, e)
	h.rank = append(h.rank, 0)
}

// tidy completes sorted and rank.
func (t *Text) tidy() {
	h := &t.history
	if len(h.late) == 0 {
		return
	}
	i, j := len(h.sorted)-1, len(h.late)-1
	h.sorted = append(h.sorted, h.late...)
	for k := len(h.sorted) - 1; j >= 0; k-- { // merge from the end
		e := h.late[j]
		n, lamport := h.name(e), h.changes[h.events[e].change].lamport
		if i >= 0 && h.compare(h.sorted[i], lamport, n) > 0 {
			e = h.sorted[i]
			i--
		} else {
			j--
		}
		h.sorted[k], h.rank[e] = e, int32(k)
	}
	h.late = h.late[:0]
	t.file.spoil(i + 1)
}

// parents calls f for each parent of e, the latest first.
func (h *history) parents(e int32, f func(p int32)) {
	switch p := h.events[e].parent; {
	case p >= 0:
		f(p)
	case p < -1:
		for _, p := range h.joins[-2-p] {
			f(p)
		}
	}
}

// opsOf returns the ops of e.
func (h *history) opsOf(e int32) []op {
	if int(e)+1 < len(h.events) {
		return h.ops[h.events[e].op:h.events[e+1].op]
	}
	return h.ops[h.events[e].op:]
}

// firstElem returns the first element that arrived with e or later.
func (h *history) firstElem(e int32) int {
	if int(e) < len(h.events) {
		return int(h.ops[h.events[e].op].elem)
	}
	return h.elems
}

// insertedBy returns how many elements the op numbered i inserts, and where
// their bytes end.
func (h *history) insertedBy(i int) (n, end int) {
	if i+1 < len(h.ops) {
		return int(h.ops[i+1].elem - h.ops[i].elem), int(h.ops[i+1].text)
	}
	return h.elems - int(h.ops[i].elem), len(h.text)
}

// inserter returns the event that inserted an element.
func (h *history) inserter(elem int) int32 {
	i, _ := slices.BinarySearchFunc(h.events, elem, func(e event, elem int) int {
		return cmp.Compare(int(h.ops[e.op].elem), elem+1)
	})
	// Events that only delete share their first element with the next event;
	// the search gives the first event beyond, so the one before inserts.
	return int32(i) - 1
}

// opOf returns the op that inserted an element.
func (h *history) opOf(elem int) int {
	i, _ := slices.BinarySearchFunc(h.ops, elem, func(o op, elem int) int { return cmp.Compare(int(o.elem), elem+1) })
	return i - 1
}

// bytes returns n elements from elem on, which one op inserted.
func (h *history) bytes(elem, n int) []byte {
	i := h.opOf(elem)
	count, end := h.insertedBy(i)
	b := h.text[h.ops[i].text:end]
	if len(b) == count {
		from := elem - int(h.ops[i].elem)
		return b[from:min(from+n, len(b))]
	}
	b = b[runeOffset(b, elem-int(h.ops[i].elem)):]
	return b[:runeOffset(b, n)]
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

// record appends an event that passed all checks; its len is left to the
// caller where it isn't the raw text's of the only head.
func (t *Text) record(n Name, lamport uint64, parents []int32, s []Splice, void bool) int32 {
	h := &t.history
	e := int32(len(h.events))
	if k := len(h.changes); k == 0 || h.changes[k-1] != (change{n.Log, n.Change, lamport}) {
		h.changes = append(h.changes, change{n.Log, n.Change, lamport})
	}
	size := 0
	if slices.Equal(parents, h.heads) {
		size = t.raw.len()
	}
	first := int32(len(h.ops))
	for _, x := range s {
		h.ops = append(h.ops, op{pos: int32(x.Pos), del: int32(x.Del), elem: uint32(h.elems), text: uint32(len(h.text))})
		h.text = append(h.text, x.Ins...)
		k := utf8.RuneCountInString(x.Ins)
		h.elems += k
		size += k - x.Del
	}
	h.link(event{change: uint32(len(h.changes) - 1), index: n.Index, op: first, len: int32(size), void: void, deep: s[0].Deep}, parents)
	h.insert(e)
	if len(h.late) == lateMax {
		t.tidy()
	}
	if h.byName != nil {
		h.byName[n] = e
	}
	t.file.spoil(len(h.sorted) - 1)
	return e
}

// link appends ev to the graph. parents may be h.heads itself.
func (h *history) link(ev event, parents []int32) {
	e := int32(len(h.events))
	ev.jump = e
	switch len(parents) {
	case 0:
		ev.parent = -1
	case 1:
		p := parents[0]
		ev.parent, ev.depth = p, h.events[p].depth+1
		j := h.events[p].jump
		if jj := h.events[j].jump; h.events[p].depth-h.events[j].depth == h.events[j].depth-h.events[jj].depth {
			ev.jump = jj
		} else {
			ev.jump = p
		}
	default:
		ev.parent = int32(-2 - len(h.joins))
		h.joins = append(h.joins, slices.Clone(parents))
	}
	if ev.void {
		h.voids++
	}
	if ev.deep {
		h.lastDeep = e
	}
	h.crit = h.criticalUpTo(parents)
	h.events = append(h.events, ev)
	if slices.Equal(parents, h.heads) {
		h.heads = append(h.heads[:0], e)
	} else {
		h.heads = slices.DeleteFunc(h.heads, func(x int32) bool { return slices.Contains(parents, x) })
		h.heads = slices.Insert(h.heads, 0, e)
	}
	if len(h.heads) == 1 {
		if last := &h.crit[len(h.crit)-1]; last.last == e-1 {
			last.last = e
		} else {
			h.crit = append(h.crit, stretch{e, e})
		}
	}
}

// criticalUpTo returns the critical events that stay so beside an event with
// these parents: those that the least of them has seen, or is.
func (h *history) criticalUpTo(parents []int32) []stretch {
	least := least(parents)
	k := len(h.crit)
	for h.crit[k-1].first > least {
		k--
	}
	h.crit[k-1].last = min(h.crit[k-1].last, least)
	return h.crit[:k]
}

// base returns the latest critical event that an event with these parents has
// seen, or is a child of.
func (h *history) base(parents []int32) int32 {
	least := least(parents)
	for i := len(h.crit) - 1; ; i-- {
		if h.crit[i].first <= least {
			return min(h.crit[i].last, least)
		}
	}
}

// isCritical tells whether all events have seen e or were seen by it.
func (h *history) isCritical(e int32) bool {
	for i := len(h.crit) - 1; i >= 0 && h.crit[i].last >= e; i-- {
		if h.crit[i].first <= e {
			return true
		}
	}
	return false
}

// least returns the first of parents, which are descending, or -1.
func least(parents []int32) int32 {
	if len(parents) == 0 {
		return -1
	}
	return parents[len(parents)-1]
}
