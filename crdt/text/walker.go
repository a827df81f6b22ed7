package text

import "slices"

// A walker replays the events after a critical one, its base, moving between
// versions, and keeps what it needs to go on: it takes each event at the version
// it was made against.
type walker struct {
	h    *history
	tree *tracker
	base int32   // all later events have seen it; -1: the empty version
	fed  int32   // it has taken all events up to this one
	at   []int32 // the prepare version
	// elem is the first element after base: number 0 in the tree.
	elem int
	// met holds what the deletions of each event after base met: the part
	// by[event-base-1]. Those of one run follow each other.
	met []piece
	by  []stretch

	parents     []int32 // reused memory, as are
	back, forth []leg
}

func newWalker(t *Text, base int32) *walker {
	h := &t.history
	w := &walker{h: h, base: base, fed: base, elem: h.firstElem(base + 1)}
	n := 0
	if base >= 0 {
		w.at = []int32{base}
		n = h.lenAt(base)
	}
	w.tree = newTracker(n, func(a, b int) bool {
		x, _ := h.inserter(w.elem + a)
		y, _ := h.inserter(w.elem + b)
		return t.order(h.name(x), h.name(y)) < 0
	})
	w.tree.fugue = t.fugue
	return w
}

// measureOf returns what the positions of an event count.
func measureOf(deep bool) int {
	if deep {
		return inWhole
	}
	return inCurrent
}

// walker returns a walker that has taken or can take all events, and one whose
// first parent is this: the one kept, if it has got as far as the latest critical
// event, else a new one from there. Deep events need a walker from the start.
func (t *Text) walker(least int32, deep bool) *walker {
	base := t.base(least)
	if deep || t.lastDeep > base {
		base = -1
	}
	if w := t.walk; w == nil || w.base > base || w.fed < base || !t.isCritical(w.base) {
		t.walk = newWalker(t, base)
	}
	return t.walk
}

// tracker returns a walker that has taken all events, and can take one with
// these parents.
func (t *Text) tracker(parents []int32, deep bool) *walker {
	t.merge()
	w := t.walker(least(parents), deep)
	w.catchUp(t.n, nil)
	return w
}

// whole returns a walker over the whole history, which has taken all events.
func (t *Text) whole() *walker {
	t.merge()
	if t.walk == nil || t.walk.base >= 0 {
		t.walk = newWalker(t, -1)
	}
	t.walk.catchUp(t.n, nil)
	return t.walk
}

// merge brings raw up to date.
func (t *Text) merge() {
	if t.behind == 0 {
		return
	}
	w := t.walker(t.oldest, false)
	w.catchUp(t.n-t.behind, nil)
	w.catchUp(t.n, &t.raw)
	t.behind = 0
}

// idle is how many events without concurrency end the keeping of a walker.
const idle = 1024

// cool lets go of the walker once nobody seems to need it.
func (t *Text) cool() {
	if t.walk != nil && t.n-t.walk.fed > idle {
		t.walk = nil
	}
}

// catchUp takes the events before the one numbered end that it hasn't taken,
// branch after branch, as each change of branches moves the prepare version. It
// applies their effect to a rope if there is one.
func (w *walker) catchUp(end int32, to *rope) {
	h, next := w.h, w.fed+1
	if next >= end {
		return
	}
	w.by = append(room(w.by, int(end-next)), make([]stretch, end-next)...)
	for _, i := range h.branchwise(h.runOf(next), h.runOf(end-1)) {
		first, last := h.runs[i].first, h.runs[i].first+int32(h.size(i)-1)
		first, last = max(first, next), min(last, end-1)
		w.parents = h.parentsOf(first, w.parents[:0])
		w.moveTo(w.parents)
		w.takeRun(first, last, to)
	}
	w.fed = end - 1
}

// moveTo makes version, all of which it has taken, the prepare version.
func (w *walker) moveTo(version []int32) {
	w.back, w.forth = w.h.diff(w.at, version, w.back[:0], w.forth[:0])
	for _, l := range w.back {
		w.step(l, -1)
	}
	for _, l := range slices.Backward(w.forth) {
		w.step(l, 1)
	}
	w.at = append(w.at[:0], version...)
}

// step takes events out of the prepare version or back into it.
func (w *walker) step(l leg, d int32) {
	from, to := w.h.firstElemIn(l.run, l.first), w.h.firstElemIn(l.run, l.last+1)
	w.tree.shift(from-w.elem, to-from, d)
	for _, p := range w.met[w.by[l.first-w.base-1].first:w.by[l.last-w.base-1].last] {
		w.tree.shift(p.id, p.n, d)
	}
}

// next adds the newest event, whose parents are the prepare version, and applies
// its effect to a rope.
func (w *walker) next(e int32, to *rope) {
	w.by = append(w.by, stretch{})
	w.take(e, to)
	w.fed = e
}

// takeRun takes events of one run; the first one's parents are the prepare version.
func (w *walker) takeRun(first, last int32, to *rope) {
	n := w.h.typed(first)
	if n == 0 || first == last {
		for e := first; e <= last; e++ {
			w.take(e, to)
		}
		return
	}
	n *= int(last - first + 1)
	for x := range w.h.steps(first) {
		pos := w.tree.insert(inCurrent, min(x.pos, w.tree.total(inCurrent)), x.elem-w.elem, n)
		if to != nil {
			to.splice(pos, 0, string(w.h.bytes(x.elem, n)))
		}
	}
	for e := first; e <= last; e++ {
		w.by[e-w.base-1] = stretch{int32(len(w.met)), int32(len(w.met))}
	}
	w.at = append(w.at[:0], last)
}

// take takes an event, whose parents are the prepare version, and applies its
// effect to a rope if there is one.
func (w *walker) take(e int32, to *rope) {
	measure := measureOf(w.h.isDeep(e))
	begin := len(w.met)
	for x := range w.h.steps(e) {
		k := len(w.met)
		// Recorded events fit; those of a forged file needn't.
		pos := min(x.pos, w.tree.total(measure))
		del := min(x.del, w.tree.total(measure)-pos)
		w.met = w.tree.remove(measure, pos, del, w.met)
		if to != nil {
			for _, p := range w.met[k:] {
				if p.effect >= 0 {
					to.splice(p.effect, p.n, "")
				}
			}
		}
		if x.n == 0 {
			continue
		}
		pos = w.tree.insert(measure, pos, x.elem-w.elem, x.n)
		if to != nil {
			to.splice(pos, 0, string(x.text))
		}
	}
	w.by[e-w.base-1] = stretch{int32(begin), int32(len(w.met))}
	w.at = append(w.at[:0], e)
}

// metBy returns what the deletions of an event met.
func (w *walker) metBy(e int32) []piece {
	by := w.by[e-w.base-1]
	return w.met[by.first:by.last]
}
