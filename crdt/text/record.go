package text

import "slices"

// room makes room for n more, by doubling: histories are long, and append would
// move them four times as often.
func room[T any](s []T, n int) []T {
	if len(s)+n > cap(s) {
		s = slices.Grow(s, max(n, len(s)))
	}
	return s
}

// addOp appends an op of the next event, which inserts n elements; their bytes
// are left to the caller.
func (h *history) addOp(pos, del, n int) {
	h.ops = append(room(h.ops, 1), op{pos: int32(pos), del: int32(del), elem: uint32(h.elems), text: uint32(len(h.text))})
	h.elems += n
}

// record appends an event that passed all checks, and whose ops, from the one
// numbered first on, are written. size is the length of the raw text at exactly
// its version. parents may be h.heads itself.
func (h *history) record(n *Name, lamport uint64, parents []int32, first, size int, deep, void bool) int32 {
	e := h.n
	log, id := h.named(n, lamport)
	follows := !deep && len(parents) == 1 && parents[0] == e-1
	if follows && h.extend(log, id, n.Index, lamport, first) {
		h.n++
	} else {
		r := run{first: e, op: int32(first), len: int32(size), log: log, id: id, index: n.Index, lamport: lamport, deep: deep}
		h.link(&r, parents)
		h.runs = append(room(h.runs, 1), r)
		h.n++
	}
	if void {
		h.setVoid(e, true)
	}
	if deep {
		h.lastDeep = e
	}
	if follows && len(h.heads) == 1 {
		h.heads[0], h.crit[len(h.crit)-1].last = e, e
	} else {
		h.grow(e, parents)
	}
	h.note(e, log)
	return e
}

// grow brings heads and crit up to date with a new event.
func (h *history) grow(e int32, parents []int32) {
	h.crit = h.criticalUpTo(parents)
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

// extend makes the next event part of the last run, if it continues it.
func (h *history) extend(log, id, index uint32, lamport uint64, first int) bool {
	r := &h.runs[len(h.runs)-1]
	k := uint32(h.n - r.first)
	if r.deep || r.log != log || int(r.op)+1 != first || first+1 != len(h.ops) {
		return false
	}
	chained := id == r.id+k && index == r.index && lamport == r.lamport+uint64(k)
	if !chained && (id != r.id || index != r.index+k || lamport != r.lamport) || k > 1 && chained != r.chained {
		return false
	}
	p, o := &h.ops[first-1], &h.ops[first]
	n, size := h.inserted(first)
	if o.del != p.del || o.elem-p.elem != k*uint32(n) || o.text-p.text != k*uint32(size) {
		return false
	}
	move := r.move
	if k == 1 {
		move = int32(moveOf(p, int(o.pos), n))
	}
	if int(o.pos) != int(p.pos)+int(k)*int(move) {
		return false
	}
	r.move, r.chained = move, chained
	h.ops = h.ops[:first]
	return true
}

// moveOf returns how far a run of events moves that begins with o, if it goes on
// at pos; each inserts n elements.
func moveOf(o *op, pos, n int) int {
	if n == 0 && pos < int(o.pos) {
		return -int(o.del) // backspace
	}
	return n
}

// link sets a run's place in the graph.
func (h *history) link(r *run, parents []int32) {
	r.jump = int32(len(h.runs))
	switch len(parents) {
	case 0:
		r.parent = -1
	case 1:
		r.parent = parents[0]
		h.linkTo(r, int32(h.runOf(r.parent)))
	default:
		r.parent = int32(-2 - len(h.joins))
		h.joins = append(h.joins, h.spots(parents, nil))
	}
}

// linkTo hangs a run on another, the one that its only parent is in.
func (h *history) linkTo(r *run, up int32) {
	u := &h.runs[up]
	j := &h.runs[u.jump]
	r.up, r.depth, r.jump = up, u.depth+1, up
	if u.depth-j.depth == j.depth-h.runs[j.jump].depth {
		r.jump = j.jump
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

// base returns the latest critical event that an event whose first parent is
// this has seen, or is a child of.
func (h *history) base(least int32) int32 {
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
