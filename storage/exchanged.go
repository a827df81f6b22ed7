package storage

import (
	"bytes"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// Tips returns the open tips of the exchanged set: those of what isn't void and
// of what that rests on.
func (l *Log) Tips() []Tip {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tips(l.front.Tips())
}

// Exposed returns the open tips of the exchanged set that the verdicts of the
// last commit have brought back: stored long since, and not exchanged before.
func (l *Log) Exposed() []Tip {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tips(l.exposed)
}

// Exchanges tells whether an entry is of the exchanged set: offered to others.
func (l *Log) Exchanges(id crdt.ChangeID) (bool, error) {
	p, _, err := l.locate(id)
	if err != nil {
		return has(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.front.Version().Has(p), nil
}

// Void tells whether an entry is stored and void (crdt/membership).
func (l *Log) Void(id crdt.ChangeID) (bool, error) {
	p, _, err := l.locate(id)
	if err != nil {
		return has(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.void.Has(p), nil
}

// VoidTips returns the void ends of chains of links: what to name in order to
// adopt all that is void before them.
func (l *Log) VoidTips() (tips []Tip) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var places []oplog.Place
	for i := range l.frontier.chains {
		if p := (oplog.Place{Chain: uint32(i), Pos: l.frontier.chains[i].end.pos}); l.void.Has(p) {
			places = append(places, p)
		}
	}
	return l.tips(places)
}

func (l *Log) tips(places []oplog.Place) []Tip {
	tips := make([]Tip, len(places))
	for i, p := range places {
		c, n := &l.frontier.chains[p.Chain], l.nameOf(p)
		s := c.at(p.Pos)
		tips[i] = Tip{Log: s.log, ID: n.id, Seq: s.seqAt(p.Pos), Birth: s.birth}
		if c.end.pos == p.Pos && c.end.sig != nil {
			tips[i].Sig = *c.end.sig
		}
	}
	return tips
}

// nameOf returns the name of an end of a chain, or of the exchanged set.
func (l *Log) nameOf(p oplog.Place) named {
	if e := &l.frontier.chains[p.Chain].end; e.pos == p.Pos {
		return named{e.id, e.lamport}
	}
	return l.names[p]
}

// Heads returns the links of the exchanged set that no other in it names: what
// the next change made here has seen, by deps or prev. They are sorted by ID.
func (l *Log) Heads() []oplog.Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	var heads []oplog.Link
	for _, p := range l.front.Heads() {
		n := l.nameOf(p)
		heads = append(heads, l.frontier.link(p, n.id, n.lamport))
	}
	slices.SortFunc(heads, func(a, b oplog.Link) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return heads
}

// Fingerprint sums up the exchanged set and the membership: see
// oplog.FingerprintOf.
func (l *Log) Fingerprint() oplog.Fingerprint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fingerprint(l.members.headIDs())
}

func (l *Log) fingerprint(heads []crdt.ChangeID) oplog.Fingerprint {
	places := l.front.Tips()
	tips := make([]crdt.ChangeID, len(places))
	for i, p := range places {
		tips[i] = l.nameOf(p).id
	}
	return oplog.FingerprintOf(l.o.Commons, tips, heads)
}
