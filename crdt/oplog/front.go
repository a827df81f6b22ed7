package oplog

import "slices"

// A Front follows a version as it grows, and knows its open tips and its heads
// without a walk through the graph: Graph.TipsOf and HeadsOf of it, always. The
// zero value is the front of the empty version.
type Front struct {
	version Version
	ends    []frontEnd // of each chain's part in the version
}

// A frontEnd says of the last place of a chain that is in the version whether
// another one in it goes on from there, or names it at all.
type frontEnd struct{ continued, seen bool }

// NewFront returns the front of a version, which it keeps.
func NewFront(g *Graph, v Version) *Front {
	f := &Front{version: v}
	f.fit(g)
	for i, n := range f.version {
		f.name(g, span{uint32(i), 0, n})
	}
	return f
}

// fit makes room for the graph's chains.
func (f *Front) fit(g *Graph) {
	if n := len(g.chains); len(f.version) < n {
		f.version = append(f.version, make(Version, n-len(f.version))...)
	}
	f.ends = append(f.ends, make([]frontEnd, len(f.version)-len(f.ends))...)
}

// Grow adds a place of the graph and all its ancestors.
func (f *Front) Grow(g *Graph, p Place) {
	f.fit(g)
	var spans []span
	f.version, spans = g.walk(f.version, p, false)
	for _, s := range spans {
		f.ends[s.chain] = frontEnd{} // what named the new end would be in already
	}
	for _, s := range spans {
		f.name(g, s)
	}
}

// name notes what the places of a span name.
func (f *Front) name(g *Graph, s span) {
	c := &g.chains[s.chain]
	for k := c.edgesBefore(s.to) - 1; k >= 0 && c.edges[k].pos() >= s.from; k-- {
		if e := c.edges[k]; e.to.Pos+1 == f.version[e.to.Chain] {
			end := &f.ends[e.to.Chain]
			end.seen = true
			end.continued = end.continued || e.own()
		}
	}
}

// Version returns the version. It is the front's own: don't change it.
func (f *Front) Version() Version { return f.version }

// Clone returns a front that grows by itself.
func (f *Front) Clone() *Front {
	return &Front{version: slices.Clone(f.version), ends: slices.Clone(f.ends)}
}

// Tips returns the open tips, by chain.
func (f *Front) Tips() []Place { return f.last(func(e frontEnd) bool { return !e.continued }) }

// Heads returns the places without children in the version, by chain.
func (f *Front) Heads() []Place { return f.last(func(e frontEnd) bool { return !e.seen }) }

func (f *Front) last(keep func(frontEnd) bool) (places []Place) {
	for i, n := range f.version {
		if n > 0 && keep(f.ends[i]) {
			places = append(places, Place{uint32(i), n - 1})
		}
	}
	return places
}
