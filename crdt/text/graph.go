package text

import "slices"

// seenBy returns the parents of a new event: walking back from the heads, the
// first events on each way that it had seen, less those that others of them
// had seen. Seeing is monotone along a path, so that a path takes O(log n)
// questions. The result may be h.heads itself.
func (h *history) seenBy(n Name, saw func(Name) bool) []int32 {
	seen := func(e int32) bool {
		m := h.name(e)
		if m.Change == n.Change && m.Log == n.Log {
			return m.Index < n.Index
		}
		return saw(m)
	}
	if !slices.ContainsFunc(h.heads, func(e int32) bool { return !seen(e) }) {
		return h.heads
	}
	var found []int32
	todo := slices.Clone(h.heads)
	for len(todo) > 0 {
		e := todo[0]
		todo = todo[1:]
		for !seen(e) {
			r := &h.runs[h.runOf(e)]
			if e > r.first && seen(r.first) {
				// The last one seen is between them.
				low := r.first
				for low+1 < e {
					if m := low + (e-low)/2; seen(m) {
						low = m
					} else {
						e = m
					}
				}
				e = low
				break
			}
			if r.depth == 0 {
				h.parents(r.first, func(p int32) { todo = push(todo, p) })
				e = -1
				break
			}
			if e = h.runs[r.jump].first; seen(e) {
				e = r.parent
			}
		}
		if e >= 0 {
			found = append(found, e)
		}
	}
	return h.maximal(found)
}

// parents calls f for each parent of e, the latest first.
func (h *history) parents(e int32, f func(p int32)) {
	r, k := h.at(e)
	switch {
	case k > 0:
		f(e - 1)
	case r.parent >= 0:
		f(r.parent)
	case r.parent < -1:
		for _, p := range h.joins[-2-r.parent] {
			f(p.e)
		}
	}
}

// spotsBefore appends the parents of an event of the run numbered i.
func (h *history) spotsBefore(i, e int32, ps []spot) []spot {
	switch r := &h.runs[i]; {
	case e > r.first:
		return append(ps, spot{e - 1, i})
	case r.parent >= 0:
		return append(ps, spot{r.parent, r.up})
	case r.parent < -1:
		return append(ps, h.joins[-2-r.parent]...)
	}
	return ps
}

// spots appends where events are.
func (h *history) spots(es []int32, to []spot) []spot {
	for _, e := range es {
		to = append(to, spot{e, int32(h.runOf(e))})
	}
	return to
}

func descending(a, b int32) int { return int(b) - int(a) }

// push adds e to a descending list without repetition.
func push(list []int32, e int32) []int32 {
	i, there := slices.BinarySearchFunc(list, e, descending)
	if there {
		return list
	}
	return slices.Insert(list, i, e)
}

// maximal returns, descending and without repetition, those of es that no
// other of them has seen.
func (h *history) maximal(es []int32) []int32 {
	if len(es) < 2 {
		return es
	}
	slices.SortFunc(es, descending)
	es = slices.Compact(es)
	return slices.DeleteFunc(es, func(e int32) bool {
		return slices.ContainsFunc(es, func(x int32) bool { return x > e && h.hasSeen(x, e) })
	})
}

// hasSeen tells whether e is an ancestor of x, or x itself.
func (h *history) hasSeen(x, e int32) bool {
	todo := []int32{x}
	for len(todo) > 0 {
		x, todo = todo[0], todo[1:]
		r := &h.runs[h.runOf(x)]
		for r.first > e && r.depth > 0 {
			if x = h.runs[r.jump].first; x >= e {
				r = &h.runs[r.jump]
			} else {
				x, r = r.parent, &h.runs[r.up]
			}
		}
		if r.first <= e {
			if x >= e {
				return true
			}
			continue
		}
		h.parents(r.first, func(p int32) {
			if p >= e {
				todo = push(todo, p)
			}
		})
	}
	return false
}

// A leg is events of one run, from first to last.
type leg struct {
	first, last int32
	run         int
}

// A side is what diff has come to: an event that one version has seen or is, or both.
type side struct {
	spot
	of uint8
}

const ofA, ofB = 1, 2

// diff appends the events that only one of two versions has seen or is, each
// list descending.
func (h *history) diff(a, b []spot, onlyA, onlyB []leg) ([]leg, []leg) {
	var (
		room   [16]side
		todo   = room[:0] // ascending
		single = 0        // of one version only
	)
	add := func(s spot, of uint8) {
		i := len(todo)
		for i > 0 && todo[i-1].e > s.e {
			i--
		}
		switch {
		case i == 0 || todo[i-1].e < s.e:
			todo = append(todo, side{})
			copy(todo[i+1:], todo[i:])
			todo[i] = side{s, of}
			if of != ofA|ofB {
				single++
			}
		case todo[i-1].of != of && todo[i-1].of != ofA|ofB:
			todo[i-1].of = ofA | ofB
			single--
		}
	}
	for _, s := range a {
		add(s, ofA)
	}
	for _, s := range b {
		add(s, ofB)
	}
	for single > 0 {
		k := len(todo) - 1
		x := todo[k]
		todo = todo[:k]
		// What is before x in its run, down to the next one, is x's too.
		r := &h.runs[x.run]
		first := r.first
		if k > 0 {
			first = max(first, todo[k-1].e+1)
		}
		switch x.of {
		case ofA:
			onlyA = append(onlyA, leg{first, x.e, int(x.run)})
			single--
		case ofB:
			onlyB = append(onlyB, leg{first, x.e, int(x.run)})
			single--
		}
		switch {
		case first > r.first:
			add(spot{first - 1, x.run}, x.of)
		case r.parent >= 0:
			add(spot{r.parent, r.up}, x.of)
		case r.parent < -1:
			for _, p := range h.joins[-2-r.parent] {
				add(p, x.of)
			}
		}
	}
	return onlyA, onlyB
}

// branchwise returns the numbers of the runs from one to another, each behind
// those that it has parents in, and if possible directly.
func (h *history) branchwise(from, to int) []int32 {
	type link struct{ run, next int32 }
	var (
		n     = to + 1 - from
		links = make([]link, 1, n+1) // lists of the runs that wait for one; 0 ends them
		list  = make([]int32, n)
		waits = make([]int32, n) // for how many parents
		ready []int32
		ps    []spot
	)
	for i := int32(n) - 1; i >= 0; i-- {
		run := int32(from) + i
		ps = h.spotsBefore(run, h.runs[run].first, ps[:0])
		for _, p := range ps {
			if r := p.run - int32(from); r >= 0 {
				waits[i]++
				links = append(links, link{i, list[r]})
				list[r] = int32(len(links) - 1)
			}
		}
		if waits[i] == 0 {
			ready = append(ready, i)
		}
	}
	order := make([]int32, 0, n)
	for len(ready) > 0 {
		i := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		order = append(order, int32(from)+i)
		for l := list[i]; l > 0; l = links[l].next {
			if waits[links[l].run]--; waits[links[l].run] == 0 {
				ready = append(ready, links[l].run)
			}
		}
	}
	return order
}

// past marks the events that a version has seen or is.
func (h *history) past(version []int32) []bool {
	in := make([]bool, h.n)
	for _, e := range version {
		in[e] = true
	}
	for e := len(in) - 1; e >= 0; e-- {
		if in[e] {
			h.parents(int32(e), func(p int32) { in[p] = true })
		}
	}
	return in
}

// parentsOf appends the parents of e to ps, descending.
func (h *history) parentsOf(e int32, ps []int32) []int32 {
	h.parents(e, func(p int32) { ps = append(ps, p) })
	return ps
}
