package oplog

import (
	"slices"
	"sort"
)

// A Version is a set of places that holds all ancestors of its members: how
// many places of each chain, from the first, are in it. Chains beyond its
// length have none.
type Version []uint32

// Has tells whether p is in v.
func (v Version) Has(p Place) bool {
	return int64(p.Chain) < int64(len(v)) && p.Pos < v[p.Chain]
}

// Len returns the number of places in v.
func (v Version) Len() (n int) {
	for _, k := range v {
		n += int(k)
	}
	return n
}

// All returns the version of everything in the graph.
func (g *Graph) All() Version {
	v := make(Version, len(g.chains))
	for i := range g.chains {
		v[i] = uint32(len(g.chains[i].order))
	}
	return v
}

// Past returns the places and all their ancestors. Places that aren't in the
// graph are left out.
func (g *Graph) Past(places ...Place) Version {
	v := make(Version, len(g.chains))
	for _, p := range places {
		if g.Has(p) {
			v = g.extend(v, p)
		}
	}
	return v
}

// A span is the places of a chain that a walk has just reached: from up to, but
// not including, to.
type span struct{ chain, from, to uint32 }

// extend adds p and its ancestors to v. Its cost is the number of edges that
// start at what it adds.
func (g *Graph) extend(v Version, p Place) Version {
	v, _ = g.walk(v, p, false)
	return v
}

// walk adds p and its ancestors to v, those by prev and prevLogs alone if own
// is set, and returns the spans that it added.
func (g *Graph) walk(v Version, p Place, own bool) (Version, []span) {
	if n := len(g.chains); len(v) < n {
		v = append(v, make(Version, n-len(v))...)
	}
	if v.Has(p) {
		return v, nil
	}
	todo := []span{{p.Chain, v[p.Chain], p.Pos + 1}}
	v[p.Chain] = p.Pos + 1
	// Newest first, breadth first: what is older is mostly in by then.
	for i := 0; i < len(todo); i++ {
		s := todo[i]
		c := &g.chains[s.chain]
		for k := c.edgesBefore(s.to) - 1; k >= 0 && c.edges[k].pos() >= s.from; k-- {
			if to := c.edges[k].to; !v.Has(to) && (!own || c.edges[k].own()) {
				todo = append(todo, span{to.Chain, v[to.Chain], to.Pos + 1})
				v[to.Chain] = to.Pos + 1
			}
		}
	}
	return v, todo
}

// Behind returns the places and all that they go on from by prev and prevLogs,
// whatever else they had seen: what is inside a cut of these entries. Places
// that aren't in the graph are left out.
func (g *Graph) Behind(places ...Place) Version {
	v := make(Version, len(g.chains))
	for _, p := range places {
		if g.Has(p) {
			v, _ = g.walk(v, p, true)
		}
	}
	return v
}

// edgesBefore returns how many edges start before pos.
func (c *chain) edgesBefore(pos uint32) int {
	n := len(c.edges)
	if n == 0 || c.edges[n-1].pos() < pos {
		return n
	}
	return sort.Search(n, func(i int) bool { return c.edges[i].pos() >= pos })
}

// Exchanged returns E, the exchanged set: all places that aren't void, and all
// their ancestors, void or not.
func (g *Graph) Exchanged(void func(Place) bool) Version {
	v := make(Version, len(g.chains))
	for i := range g.chains {
		// The last that isn't void brings the rest of its chain.
		for pos := len(g.chains[i].order) - 1; pos >= 0; pos-- {
			if p := (Place{uint32(i), uint32(pos)}); !void(p) {
				v = g.extend(v, p)
				break
			}
		}
	}
	return v
}

// HeadsOf returns the places of v without children in v, by chain.
func (g *Graph) HeadsOf(v Version) []Place {
	return g.lastOf(v, func(edge) bool { return true })
}

// TipsOf returns the open tips of v, by chain: its places that no change in v
// goes on from and no genesis in v closes.
func (g *Graph) TipsOf(v Version) []Place { return g.lastOf(v, edge.own) }

// lastOf returns the last place of v on each chain, unless one of v's edges
// that count leads to it.
func (g *Graph) lastOf(v Version, counts func(edge) bool) (places []Place) {
	left := slices.Clone(v)
	for i := range min(len(v), len(g.chains)) {
		c := &g.chains[i]
		for _, e := range c.edges {
			if e.pos() >= v[i] {
				break
			}
			if counts(e) && e.to.Pos+1 == v[e.to.Chain] {
				left[e.to.Chain] = 0
			}
		}
	}
	for i, n := range left {
		if n > 0 {
			places = append(places, Place{uint32(i), n - 1})
		}
	}
	return places
}
