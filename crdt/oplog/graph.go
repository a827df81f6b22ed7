package oplog

import (
	"errors"
	"fmt"
)

// ErrPlace is a place that isn't in the graph.
var ErrPlace = errors.New("oplog: no such place in the graph")

// A Place is where a stored block stands in a Graph: the Pos-th link, from 0,
// of a chain. Every place on a chain is an ancestor of those after it.
type Place struct{ Chain, Pos uint32 }

// A Graph knows the ancestry of the stored blocks of a commons, geneses and
// changes. It covers them with chains: a block goes on from its prev (a
// genesis: from one of its prevLogs) if that is still the last of its chain,
// and begins a chain otherwise. Within a chain ancestry is a comparison; the
// edges between chains are kept as they are, 12 bytes each, so that a graph
// takes 4 bytes a block and 12 a dep, whatever the shape of history.
//
// Blocks are added once, parents first. Which place a block gets depends on
// the order of arrival and is local to a node: it is stored beside the block,
// so that adding all again in that order gives the same graph, and never sent.
// A Graph isn't safe for concurrent use, not even
// by readers: Saw remembers.
//
// The zero value is an empty graph.
type Graph struct {
	chains []chain
	count  int
	pasts  pasts
}

type chain struct {
	// order is the arrival number of each place: greater than those of all
	// its ancestors.
	order []uint32
	// edges lead to parents on other chains, sorted by where they start.
	edges []edge
	// continued and seen tell whether the last place has a child by prev or
	// prevLogs, and a child at all.
	continued, seen bool
}

// An edge leads from the place pos on its chain to a parent on another.
type edge struct {
	posOwn uint32 // 2·pos, +1 for prev and prevLogs
	to     Place
}

func (e edge) pos() uint32 { return e.posOwn >> 1 }
func (e edge) own() bool   { return e.posOwn&1 == 1 }

// Len returns the number of blocks in the graph.
func (g *Graph) Len() int { return g.count }

// Chains returns the number of chains; theirs are the numbers below.
func (g *Graph) Chains() int { return len(g.chains) }

// Has tells whether there is such a place.
func (g *Graph) Has(p Place) bool {
	return int64(p.Chain) < int64(len(g.chains)) && int64(p.Pos) < int64(len(g.chains[p.Chain].order))
}

// Add adds a block and returns its place. own are the places of its prev, or,
// for a genesis, of its prevLogs; deps are those of its deps. The error is
// ErrPlace, if a parent isn't there; nothing is added then.
func (g *Graph) Add(own, deps []Place) (Place, error) {
	for _, parents := range [2][]Place{own, deps} {
		for _, p := range parents {
			if !g.Has(p) {
				return Place{}, fmt.Errorf("%w: parent %v", ErrPlace, p)
			}
		}
	}
	at, goesOn := Place{Chain: uint32(len(g.chains))}, -1
	for i, p := range own {
		if n := len(g.chains[p.Chain].order); int(p.Pos) == n-1 {
			at, goesOn = Place{p.Chain, uint32(n)}, i
			break
		}
	}
	if goesOn < 0 {
		g.chains = append(g.chains, chain{})
	}
	c := &g.chains[at.Chain]
	c.order = append(c.order, uint32(g.count))
	c.continued, c.seen = false, false
	g.count++
	for i, p := range own {
		if i != goesOn {
			g.link(at, p, true)
		}
	}
	for _, p := range deps {
		g.link(at, p, false)
	}
	return at, nil
}

// link adds the edge from a new place to a parent that isn't right before it.
func (g *Graph) link(from, to Place, own bool) {
	if from.Chain == to.Chain {
		return // the chain says it already
	}
	e := edge{posOwn: from.Pos << 1, to: to}
	if own {
		e.posOwn |= 1
	}
	g.chains[from.Chain].edges = append(g.chains[from.Chain].edges, e)
	g.mark(e)
}

// mark notes that e's parent has a child.
func (g *Graph) mark(e edge) {
	to := &g.chains[e.to.Chain]
	if int(e.to.Pos) == len(to.order)-1 {
		to.seen = true
		to.continued = to.continued || e.own()
	}
}

// Truncate forgets all but the first n blocks that were added: what a commit
// that failed has added.
func (g *Graph) Truncate(n int) {
	if n >= g.count {
		return
	}
	g.count, g.pasts = n, pasts{budget: g.pasts.budget}
	for i := range g.chains {
		c := &g.chains[i]
		for k := len(c.order); k > 0 && int(c.order[k-1]) >= n; k-- {
			c.order = c.order[:k-1]
		}
		for k := len(c.edges); k > 0 && int(c.edges[k-1].pos()) >= len(c.order); k-- {
			c.edges = c.edges[:k-1]
		}
		c.continued, c.seen = false, false
	}
	for len(g.chains) > 0 && len(g.chains[len(g.chains)-1].order) == 0 {
		g.chains = g.chains[:len(g.chains)-1]
	}
	for i := range g.chains {
		for _, e := range g.chains[i].edges {
			g.mark(e)
		}
	}
}

// Heads returns the places without children, by chain: what the next change
// made here names in its deps, less its prev.
func (g *Graph) Heads() []Place {
	return g.last(func(c *chain) bool { return !c.seen })
}

// Tips returns the open tips, by chain: the places that no change goes on from
// and no genesis closes.
func (g *Graph) Tips() []Place {
	return g.last(func(c *chain) bool { return !c.continued })
}

func (g *Graph) last(keep func(*chain) bool) (places []Place) {
	for i := range g.chains {
		if c := &g.chains[i]; keep(c) {
			places = append(places, Place{uint32(i), uint32(len(c.order) - 1)})
		}
	}
	return places
}

// Saw reports whether earlier is later itself or one of its ancestors. A place
// that isn't there has been seen by none.
//
// It is quickest for the newest place of a chain, which is what folding asks:
// amortised, it goes over the edges between this one and the last one asked.
func (g *Graph) Saw(later, earlier Place) bool {
	if !g.Has(later) || !g.Has(earlier) {
		return false
	}
	if later.Chain == earlier.Chain {
		return earlier.Pos <= later.Pos
	}
	if g.order(earlier) > g.order(later) {
		return false
	}
	if v, ok := g.pasts.of(g, later); ok {
		return v.Has(earlier)
	}
	return g.search(later, earlier)
}

func (g *Graph) order(p Place) uint32 { return g.chains[p.Chain].order[p.Pos] }

// search looks for earlier in the past of later, no further back than it.
func (g *Graph) search(later, earlier Place) bool {
	oldest := g.order(earlier)
	reached := map[uint32]uint32{later.Chain: later.Pos + 1} // as a Version
	todo := []span{{later.Chain, 0, later.Pos + 1}}
	for i := 0; i < len(todo); i++ {
		s := todo[i]
		c := &g.chains[s.chain]
		for k := c.edgesBefore(s.to) - 1; k >= 0; k-- {
			e := c.edges[k]
			if e.pos() < s.from || c.order[e.pos()] < oldest {
				break
			}
			to := e.to
			if to.Chain == earlier.Chain && to.Pos >= earlier.Pos {
				return true
			}
			if from := reached[to.Chain]; to.Pos >= from && g.order(to) > oldest {
				todo = append(todo, span{to.Chain, from, to.Pos + 1})
				reached[to.Chain] = to.Pos + 1
			}
		}
	}
	return false
}
