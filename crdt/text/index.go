package text

import "slices"

// lateMax bounds the events that wait for tidy, so that a long branch that
// arrives late doesn't move all of sorted at each event.
const lateMax = 1024

// An index knows the canonical order of the events. It is brought up to date
// when it is needed.
type index struct {
	top    int32 // the last event in this order, or -1
	placed int32 // the events before this one are in sorted or late
	// sorted holds events in order, nil as long as they arrive in it; rank is
	// its inverse. late, in order too, holds those whose place is in the middle
	// of sorted, until tidy.
	sorted, rank, late []int32
}

// ranked returns the event of a rank, rankOf the inverse, once all is tidy.
func (x *index) ranked(i int) int32 {
	if x.sorted == nil {
		return int32(i)
	}
	return x.sorted[i]
}

func (x *index) rankOf(e int32) int32 {
	if x.sorted == nil {
		return e
	}
	return x.rank[e]
}

// note notes the newest event if it is the last one, of all or of its log.
func (h *history) note(e int32, log uint32) {
	if h.top < 0 || h.before(h.top, e) {
		h.top, h.logs[log].top = e, e
	} else if top := &h.logs[log].top; *top < 0 || h.before(*top, e) {
		*top = e
	}
}

// has tells whether an event is here already.
func (t *Text) has(n *Name, lamport uint64) bool {
	h := &t.history
	if h.top < 0 || h.compare(h.top, lamport, n) < 0 {
		return false // it usually is the newest
	}
	if i, known := h.logOf[n.Log]; !known || h.compare(h.logs[i].top, lamport, n) < 0 {
		return false // or that of its log
	}
	t.place()
	return h.holds(h.sorted, int(h.placed)-len(h.late), lamport, n) || h.holds(h.late, len(h.late), lamport, n)
}

// holds looks for an event among k of a list in order; nil lists the first ones.
func (h *history) holds(list []int32, k int, lamport uint64, n *Name) bool {
	lo, hi := 0, k
	for lo < hi {
		m := (lo + hi) / 2
		e := int32(m)
		if list != nil {
			e = list[m]
		}
		switch c := h.compare(e, lamport, n); {
		case c == 0:
			return true
		case c < 0:
			lo = m + 1
		default:
			hi = m
		}
	}
	return false
}

// place puts the events that came since the last time into sorted or late.
func (t *Text) place() {
	h := &t.history
	if h.placed < h.n {
		t.file.spoil(int(h.placed) - len(h.late))
	}
	for h.placed < h.n {
		e := h.placed
		if h.sorted == nil {
			if r, k := h.at(e); e == 0 || k > 0 || h.before(e-1, r.first) {
				h.placed = r.first + int32(h.size(h.runOf(e)))
				continue
			}
			h.sorted, h.rank = make([]int32, e, 2*e+lateMax), make([]int32, e, 2*e+lateMax)
			for i := range e {
				h.sorted[i], h.rank[i] = i, i
			}
		}
		h.placed++
		if last := len(h.sorted) - 1; h.before(h.sorted[last], e) {
			h.sorted, h.rank = append(h.sorted, e), append(h.rank, int32(last+1))
			continue
		}
		at, _ := slices.BinarySearchFunc(h.late, e, func(a, e int32) int {
			if h.before(a, e) {
				return -1
			}
			return 1
		})
		h.late, h.rank = slices.Insert(h.late, at, e), append(h.rank, 0)
		if len(h.late) == lateMax {
			t.settleLate()
		}
	}
}

// tidy completes sorted and rank.
func (t *Text) tidy() {
	t.place()
	t.settleLate()
}

// settleLate merges late into sorted, from the end.
func (t *Text) settleLate() {
	h := &t.history
	if len(h.late) == 0 {
		return
	}
	i, j := len(h.sorted)-1, len(h.late)-1
	h.sorted = append(h.sorted, h.late...)
	for k := len(h.sorted) - 1; j >= 0; k-- {
		e := h.late[j]
		if i >= 0 && h.before(e, h.sorted[i]) {
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
