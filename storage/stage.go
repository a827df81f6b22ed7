package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A stage is a commit under way: what it is going to write, and how the
// frontier will be.
type stage struct {
	l     *Log
	r     Reader
	from  uint64 // feed position of the first entry
	nodes []node
	// links are the staged entries in order, at[id] their index there.
	links   []staged
	at      map[crdt.ChangeID]int
	ends    map[uint32]end // of the chains that were touched
	starts  []node         // the nodes that begin a segment
	rows    rows
	members stagedMembers
	// named tells that something staged may change what else is void.
	named     bool
	judgement judgement
	// unsigned lets branches end without a signature, as they may between two
	// parts of one restored log.
	unsigned bool
}

// A staged entry: decoded, with its place.
type staged struct {
	id      crdt.ChangeID
	place   oplog.Place
	lamport uint64
	change  *crdt.Change // nil for a genesis
}

func (l *Log) newStage(r Reader) *stage {
	return &stage{l: l, r: r, from: l.pos, at: map[crdt.ChangeID]int{}, ends: map[uint32]end{}}
}

// add stages an entry, or does nothing if it is stored or staged already.
func (s *stage) add(e Entry) error {
	if _, ok := s.at[e.ID]; ok {
		return nil
	}
	switch _, _, err := s.find(e.ID); {
	case err == nil:
		return nil
	case !errors.Is(err, ErrNotFound):
		return err
	}
	kind, err := oplog.Parse(e.Block)
	if err != nil {
		return err
	}
	switch kind {
	case oplog.KindLog:
		g, err := oplog.DecodeLogGenesis(e.Block)
		if err != nil {
			return err
		}
		return s.genesis(e, g)
	case oplog.KindChange:
		c, err := oplog.DecodeChange(e.Block)
		if err != nil {
			return err
		}
		return s.change(e, c)
	}
	return fmt.Errorf("%w: a %v among the data", oplog.ErrInvalid, kind)
}

func (s *stage) genesis(e Entry, g *oplog.LogGenesis) error {
	if g.ID != e.ID {
		return fmt.Errorf("%w: block of %v is named %v", ErrCorrupt, g.ID, e.ID)
	}
	own, lamport, err := s.parents(g.PrevLogs)
	if err != nil {
		return fmt.Errorf("log %v: %w", g.Log(), err)
	}
	return s.put(e, own, nil, staged{lamport: lamport}, func() *segment {
		return &segment{log: g.Log(), birth: g.Birth, warrant: s.l.warrantOf(g)}
	})
}

func (s *stage) change(e Entry, c *oplog.Change) error {
	if c.ID != e.ID {
		return fmt.Errorf("%w: block of %v is named %v", ErrCorrupt, c.ID, e.ID)
	}
	own, _, err := s.parents([]crdt.ChangeID{c.Prev})
	if err != nil {
		return fmt.Errorf("change %v: %w", c.ID, err)
	}
	deps, _, err := s.parents(c.Deps)
	if err != nil {
		return fmt.Errorf("change %v: %w", c.ID, err)
	}
	return s.put(e, own, deps, staged{lamport: c.Lamport, change: c.Data()}, func() *segment {
		from := s.segmentOf(own[0])
		return &segment{log: c.Log, birth: from.birth, warrant: from.warrant, seq: c.Seq, prev: own[0]}
	})
}

// parents returns the places of ids, and 1 + their greatest lamport.
func (s *stage) parents(ids []crdt.ChangeID) (places []oplog.Place, next uint64, err error) {
	for _, id := range ids {
		p, lamport, err := s.find(id)
		if errors.Is(err, ErrNotFound) {
			return nil, 0, fmt.Errorf("%w: %v", ErrParent, id)
		}
		if err != nil {
			return nil, 0, err
		}
		places, next = append(places, p), max(next, lamport+1)
	}
	return places, next, nil
}

// find returns where a stored or staged entry is, or ErrNotFound.
func (s *stage) find(id crdt.ChangeID) (oplog.Place, uint64, error) {
	if i, ok := s.at[id]; ok {
		return s.links[i].place, s.links[i].lamport, nil
	}
	return s.l.find(s.r, id)
}

// segmentOf returns the segment that a stored or staged place lies in.
func (s *stage) segmentOf(p oplog.Place) *segment {
	for i := len(s.starts) - 1; i >= 0; i-- {
		if n := &s.starts[i]; n.place.Chain == p.Chain && n.place.Pos <= p.Pos {
			return n.starts
		}
	}
	return s.l.frontier.chains[p.Chain].at(p.Pos)
}

// put stages a decoded entry. begin makes the segment that it begins if it is
// a genesis or turns out to be the first link of a branch.
func (s *stage) put(e Entry, own, deps []oplog.Place, link staged, begin func() *segment) error {
	s.l.mu.Lock()
	place, err := s.l.graph.Add(own, deps)
	s.l.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	link.id, link.place = e.ID, place
	n := node{place: place, own: own, deps: deps}
	goesOn := place.Pos > 0
	if link.change == nil || !goesOn {
		n.starts = begin()
		n.starts.pos = place.Pos
	}
	if goesOn {
		s.leave(place.Chain, n.starts != nil || len(deps) > 0)
	}
	s.named = s.named || s.concerns(e.ID, &n)
	s.at[e.ID] = len(s.links)
	s.links = append(s.links, link)
	s.nodes = append(s.nodes, n)
	if n.starts != nil {
		s.starts = append(s.starts, n)
	}
	s.rows.set(s.l.stored.index(e.ID), binary.AppendUvarint(appendPlace(nil, place), link.lamport))
	s.rows.set(s.l.stored.place(tagBlock, place), e.Block)
	s.ends[place.Chain] = end{pos: place.Pos, id: e.ID, lamport: link.lamport, size: len(e.Block), sig: e.Sig}
	return nil
}

// leave keeps the signature of what was the end of a chain so far, if it is an
// anchor's, or breaks says that a run may have to end there: before a link with
// deps, and at the end of a log. The signature at the end covers all others.
func (s *stage) leave(chain uint32, breaks bool) {
	e, ok := s.ends[chain]
	if !ok {
		e = s.l.frontier.chains[chain].end
	}
	if e.sig == nil {
		return
	}
	p := oplog.Place{Chain: chain, Pos: e.pos}
	if s.l.state != nil && s.l.state.Names(e.id) {
		breaks = true // it may be the last that isn't void
	}
	if breaks || oplog.IsAnchor(s.segmentOf(p).seqAt(e.pos), e.size) {
		s.rows.set(s.l.stored.place(tagSig, p), e.sig[:])
	}
}

// finish stages what every commit writes once: the feed and the ends.
func (s *stage) finish() error {
	for i := 0; i < len(s.nodes); i += feedRow {
		part := s.nodes[i:min(i+feedRow, len(s.nodes))]
		last := s.from + uint64(i+len(part)) - 1
		s.rows.set(s.l.stored.feed(last), appendNodes(nil, part))
	}
	for _, chain := range slices.Sorted(maps.Keys(s.ends)) {
		e := s.ends[chain]
		if e.sig == nil && !s.unsigned {
			return fmt.Errorf("%w: %v", ErrUnsigned, e.id)
		}
		s.rows.set(s.l.stored.tip(chain), e.encode())
	}
	s.members.rows(&s.rows)
	return nil
}
