package text

import "slices"

// A walker replays the events after a critical one, its base, moving between
// versions, and keeps what it needs to go on: it takes each event at the version
// it was made against.
type walker struct {
	h    *history
	tree *tracker
	base int32  // all later events have seen it; -1: the empty version
	fed  int32  // it has taken all events up to this one
	at   []spot // the prepare version, descending
	// elem is the first element after base: number 0 in the tree.
	elem int
	// met holds what the deletions of each event after base met: the part
	// by[event-base-1]. A run that grew between two times of catching up has its
	// parts apart.
	met []piece
	by  []stretch

	parents     []spot // reused memory, as are
	back, forth []leg
}

func newWalker(t *Text, base int32) *walker {
	w := &walker{h: &t.history}
	w.tree = newTracker(0, func(a, b int) bool {
		x, _ := w.h.inserter(w.elem + a)
		y, _ := w.h.inserter(w.elem + b)
		return t.order(w.h.name(x), w.h.name(y)) < 0
	})
	w.tree.fugue = t.fugue
	w.begin(base)
	return w
}

// begin makes it one of another base.
func (w *walker) begin(base int32) {
	n := 0
	w.base, w.fed, w.elem = base, base, w.h.firstElem(base+1)
	w.at, w.met, w.by = w.at[:0], w.met[:0], w.by[:0]
	if base >= 0 {
		w.at = append(w.at, spot{base, int32(w.h.runOf(base))})
		n = w.h.lenAt(base)
	}
	w.tree.begin(n)
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
		first, last := h.runs[i].first, h.runs[i].first+int32(h.size(int(i))-1)
		first, last = max(first, next), min(last, end-1)
		w.parents = h.spotsBefore(i, first, w.parents[:0])
		w.move(w.parents)
		w.takeRun(i, first, last, to)
	}
	w.fed = end - 1
}

// moveTo makes version, all of which it has taken, the prepare version.
func (w *walker) moveTo(version []int32) {
	w.parents = w.h.spots(version, w.parents[:0])
	w.move(w.parents)
}

func (w *walker) move(version []spot) {
	if slices.Equal(w.at, version) {
		return
	}
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
	if o := w.h.runs[l.run].op; w.h.ops[o].del == 0 && int(o)+1 == w.h.opsEnd(l.run) {
		return
	}
	// Deletions mostly meet elements one after the other, or backwards.
	var all piece
	for e := l.first; e <= l.last; e++ {
		for _, p := range w.metBy(e) {
			switch {
			case p.id == all.id+all.n:
				all.n += p.n
			case p.id+p.n == all.id:
				all.id, all.n = p.id, all.n+p.n
			default:
				w.tree.shift(all.id, all.n, d)
				all = p
			}
		}
	}
	w.tree.shift(all.id, all.n, d)
}

// next adds the newest event, whose parents are the prepare version, and applies
// its effect to a rope.
func (w *walker) next(e int32, to *rope) {
	w.by = append(w.by, stretch{})
	w.takeRun(int32(w.h.runOf(e)), e, e, to)
	w.fed = e
}

// takeRun takes events of the run numbered i; the first one's parents are the
// prepare version. It applies their effect to a rope if there is one.
func (w *walker) takeRun(i, first, last int32, to *rope) {
	h := w.h
	r, events, end := &h.runs[i], h.size(int(i)), h.opsEnd(int(i))
	measure := measureOf(r.deep)
	for e := first; e <= last; e++ {
		begin := int32(len(w.met))
		k, n := int(e-r.first), 1
		for j := int(r.op); j < end; j++ {
			o := &h.ops[j]
			ins, size := h.inserted(j)
			if events > 1 {
				ins, size = ins/events, size/events
				if o.del == 0 && ins == int(r.move) { // typed in one go
					n = int(last-e) + 1
				}
			}
			at := int(o.text) + k*size
			w.take(step{int(o.pos) + k*int(r.move), int(o.del), int(o.elem) + k*ins, n * ins, h.text[at : at+n*size]}, measure, to)
		}
		for range n - 1 {
			w.by[e-w.base-1] = stretch{begin, begin}
			e++
		}
		w.by[e-w.base-1] = stretch{begin, int32(len(w.met))}
	}
	w.at = append(w.at[:0], spot{last, i})
}

// take takes a splice made of the prepare version.
func (w *walker) take(x step, measure int, to *rope) {
	// Recorded events fit; those of a forged file needn't.
	pos := min(x.pos, w.tree.total(measure))
	del := min(x.del, w.tree.total(measure)-pos)
	begin := len(w.met)
	w.met = w.tree.remove(measure, pos, del, w.met)
	if to != nil {
		for _, p := range w.met[begin:] {
			if p.effect >= 0 {
				to.splice(p.effect, p.n, "")
			}
		}
	}
	if x.n == 0 {
		return
	}
	pos = w.tree.insert(measure, pos, x.elem-w.elem, x.n)
	if to != nil {
		to.splice(pos, 0, string(x.text))
	}
}

// metBy returns what the deletions of an event met.
func (w *walker) metBy(e int32) []piece {
	by := w.by[e-w.base-1]
	return w.met[by.first:by.last]
}
