package oplog

import "cmp"

// cursorBudget bounds what a graph remembers to answer Saw: 4-byte words over
// all cursors, 4 MiB.
const cursorBudget = 1 << 20

// pasts remembers, for the chains last asked about, the past of one of their
// places. Going on along a chain extends it by what is new; together with the
// order in which blocks are folded this makes Saw a look-up.
type pasts struct {
	cursors map[uint32]*cursor
	budget  int // for words; 0: cursorBudget
	// Invariant: words, the lengths of all pasts, are within the budget, or
	// there is one cursor.
	words int
	tick  uint64
}

// A cursor is the past of the place pos on its chain.
type cursor struct {
	pos  uint32
	past Version
	used uint64
}

// of returns the past of p, or ok = false if the cursor of its chain is beyond
// p already: looking back is rare, and isn't worth losing the cursor.
func (ps *pasts) of(g *Graph, p Place) (past Version, ok bool) {
	ps.tick++
	cur := ps.cursors[p.Chain]
	if cur == nil {
		cur = ps.open(g, p)
	}
	cur.used = ps.tick
	if cur.pos > p.Pos {
		return nil, false
	}
	ps.words -= len(cur.past)
	cur.past, cur.pos = g.extend(cur.past, p), p.Pos
	ps.words += len(cur.past)
	for len(ps.cursors) > 1 && ps.words > cmp.Or(ps.budget, cursorBudget) {
		ps.evict()
	}
	return cur.past, true
}

// open makes a cursor for p's chain: a copy of one that is in p's past, if
// there is such among those of p's parents' chains, or an empty one.
func (ps *pasts) open(g *Graph, p Place) *cursor {
	if ps.cursors == nil {
		ps.cursors = map[uint32]*cursor{}
	}
	cur := &cursor{past: make(Version, 0, len(g.chains))}
	c := &g.chains[p.Chain]
	for k := c.edgesBefore(p.Pos+1) - 1; k >= 0 && c.edges[k].pos() == p.Pos; k-- {
		to := c.edges[k].to
		if near := ps.cursors[to.Chain]; near != nil && near.pos <= to.Pos {
			cur.past = append(cur.past, near.past...)
			break
		}
	}
	ps.words += len(cur.past)
	ps.cursors[p.Chain] = cur
	return cur
}

// evict forgets the cursor that was used longest ago.
func (ps *pasts) evict() {
	var oldest uint32
	least := ps.tick + 1
	for chain, cur := range ps.cursors {
		if cur.used < least {
			oldest, least = chain, cur.used
		}
	}
	ps.words -= len(ps.cursors[oldest].past)
	delete(ps.cursors, oldest)
}
