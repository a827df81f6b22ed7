package storage

import (
	"errors"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// A warrant is what a log's genesis says its writer's right rests on. Logs that
// say the same have the same one.
type warrant struct{ cert, grant crdt.ChangeID }

func (l *Log) warrantOf(g *oplog.LogGenesis) *warrant {
	w := warrant{g.Cert, g.Grant}
	known, ok := l.warrants[w]
	if !ok {
		known = &w
		l.warrants[w] = known
	}
	return known
}

// visible tells whether all of the logs under a warrant is visible, reverts
// aside. A log whose genesis can't be read is.
func (l *Log) visible(w *warrant) bool {
	if w == nil || l.state == nil {
		return true
	}
	v, known := l.whole[w]
	if !known {
		v = l.state.Log(w.cert, w.grant).Visible
		l.whole[w] = v
	}
	return v
}

// named is an entry that isn't the end of its chain and yet an end of the
// exchanged set.
type named struct {
	id      crdt.ChangeID
	lamport uint64
}

// A judgement says what is void once a stage is stored.
type judgement struct {
	void membership.Void
	anew bool // it isn't what was void before
	// front is that of the exchanged set; nil if the present one has to grow
	// over all that is staged.
	front *oplog.Front
	names map[oplog.Place]named
	// exposed are its tips that neither were some before nor are staged.
	exposed []oplog.Place
}

// concerns tells whether a staged entry may change what else is void, or has to
// be looked at itself.
func (s *stage) concerns(id crdt.ChangeID, n *node) bool {
	l := s.l
	if l.state == nil {
		return false
	}
	return l.state.Names(id) || n.starts != nil && (len(l.void[n.place.Chain]) > 0 || !l.visible(n.starts.warrant))
}

// judge works out what is void, and what is exchanged, once the stage is
// stored.
func (s *stage) judge() error {
	l, j := s.l, &s.judgement
	j.void = l.void
	if len(s.members.list) > 0 || s.named {
		if err := s.addMembers(); err != nil {
			return err
		}
		var err error
		if j.void, err = s.voidNow(); err != nil {
			return err
		}
		j.anew = !j.void.Equal(l.void)
	}
	switch {
	case j.anew:
		j.front = oplog.NewFront(l.graph, l.graph.Exchanged(j.void.Has))
		before := make(map[oplog.Place]bool)
		for _, p := range l.front.Tips() {
			before[p] = true
		}
		for i := range s.nodes {
			before[s.nodes[i].place] = true
		}
		j.exposed = slices.DeleteFunc(j.front.Tips(), func(p oplog.Place) bool { return before[p] })
	case len(j.void) > 0:
		j.front = l.front.Clone()
		for i := range s.nodes {
			if p := s.nodes[i].place; !j.void.Has(p) {
				j.front.Grow(l.graph, p)
			}
		}
	default:
		return nil
	}
	return s.nameEnds()
}

// judgeAll judges all that is stored, from nothing.
func (s *stage) judgeAll() (err error) {
	j := &s.judgement
	if j.void, err = s.voidNow(); err != nil {
		return err
	}
	j.front = oplog.NewFront(s.l.graph, s.l.graph.Exchanged(j.void.Has))
	return s.nameEnds()
}

// addMembers takes what is staged of the membership into the state, which is to
// be loaded again if it isn't stored after all.
func (s *stage) addMembers() error {
	for _, m := range s.members.list {
		if err := s.l.learn(m.MemberEntry); err != nil {
			return err
		}
	}
	return nil
}

// learn takes a block of the membership into the state.
func (l *Log) learn(e MemberEntry) error {
	if oplog.CommonsID(e.ID) == l.o.Commons {
		g, err := oplog.DecodeCommonsGenesis(e.Block)
		if err != nil {
			return err
		}
		l.state = membership.New(g)
	} else {
		m, err := oplog.DecodeMembershipChange(e.Block)
		if err == nil {
			err = l.state.Add(m)
		}
		if err != nil {
			return fmt.Errorf("membership change %v: %w", e.ID, err)
		}
	}
	l.whole = map[*warrant]bool{}
	return nil
}

// recall loads the state again after a commit that failed.
func (l *Log) recall(r Reader) error {
	if l.state != nil {
		return nil
	}
	err := scanMembers(r, func(_ uint32, e MemberEntry) error { return l.learn(e) })
	if err != nil {
		l.state = nil
	}
	return err
}

// voidNow returns what is void of all that is stored and staged.
func (s *stage) voidNow() (membership.Void, error) {
	if s.l.state == nil {
		return nil, nil
	}
	var failed error
	place := func(id crdt.ChangeID) (oplog.Place, bool) {
		p, _, err := s.find(id)
		if err != nil && !errors.Is(err, ErrNotFound) && failed == nil {
			failed = err
		}
		return p, err == nil
	}
	return s.l.state.Void(s.l.graph, s.stretches(), place), failed
}

// stretches returns where the logs stand, those staged included.
func (s *stage) stretches() (all []membership.Stretch) {
	starts := make(map[uint32][]*segment)
	for i := range s.starts {
		n := &s.starts[i]
		starts[n.place.Chain] = append(starts[n.place.Chain], n.starts)
	}
	for chain := range uint32(s.l.graph.Chains()) {
		var segments []*segment
		if int(chain) < len(s.l.frontier.chains) {
			c := &s.l.frontier.chains[chain]
			for i := range c.segments {
				segments = append(segments, &c.segments[i])
			}
		}
		segments = append(segments, starts[chain]...)
		for i, seg := range segments {
			to := uint32(membership.Open)
			if i+1 < len(segments) {
				to = segments[i+1].pos
			}
			if w := seg.warrant; w != nil {
				all = append(all, membership.Stretch{Chain: chain, From: seg.pos, To: to, Cert: w.cert, Grant: w.grant})
			}
		}
	}
	return all
}

// nameEnds finds the names of those ends of the front that stand amid a chain.
func (s *stage) nameEnds() error {
	j := &s.judgement
	j.names = make(map[oplog.Place]named)
	for _, p := range slices.Concat(j.front.Tips(), j.front.Heads()) {
		if e := s.endOf(p.Chain); e.pos == p.Pos {
			continue
		}
		n, known := s.l.names[p]
		if !known {
			i := slices.IndexFunc(s.nodes, func(n node) bool { return n.place == p })
			if i >= 0 {
				n = named{s.links[i].id, s.links[i].lamport}
			} else {
				block, err := s.r.Get(s.l.stored.place(tagBlock, p))
				if errors.Is(err, ErrNotFound) {
					err = fmt.Errorf("%w: block at %v", ErrCorrupt, p)
				}
				if err != nil {
					return err
				}
				n.id = oplog.Sum(block)
				if _, n.lamport, err = s.l.find(s.r, n.id); err != nil {
					return fmt.Errorf("%w: the name of block %v: %w", ErrCorrupt, n.id, err)
				}
			}
		}
		j.names[p] = n
	}
	return nil
}

// endOf returns the end of a chain once the stage is stored.
func (s *stage) endOf(chain uint32) end {
	if e, ok := s.ends[chain]; ok {
		return e
	}
	return s.l.frontier.chains[chain].end
}
