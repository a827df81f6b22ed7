package storage

import (
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

// Upto returns the links named, those before them in their logs, and perhaps
// some that their logs go on from: what After needs of Past for a tip of the
// same log, without a walk through the graph. Names that aren't stored are
// passed over.
func (l *Log) Upto(ids ...crdt.ChangeID) (oplog.Version, error) {
	var v oplog.Version
	for _, id := range ids {
		p, _, err := l.locate(id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		if n := len(l.frontier.chains); len(v) < n {
			v = append(v, make(oplog.Version, n-len(v))...)
		}
		for _, s := range l.frontier.stretches(nil, p) {
			v[s.chain] = max(v[s.chain], s.end+1)
		}
		l.mu.Unlock()
	}
	return v, nil
}

// First returns the link that After would begin with, ok = false if there is
// none, and reads no more than that one.
func (l *Log) First(have oplog.Version, tip crdt.ChangeID) (first oplog.Link, ok bool, err error) {
	end, lamport, err := l.locate(tip)
	if err != nil {
		return first, false, fmt.Errorf("tip %v: %w", tip, err)
	}
	if have.Has(end) {
		return first, false, nil
	}
	l.mu.Lock()
	way := l.frontier.stretches(have, end)
	l.mu.Unlock()
	at := oplog.Place{Chain: way[0].chain, Pos: way[0].pos}
	if at == end {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.frontier.link(end, tip, lamport), true, nil
	}
	id, err := l.idAt(at)
	if err != nil {
		return first, false, err
	}
	first, err = l.Link(id)
	return first, err == nil, err
}

// Logs returns all logs that something is stored of, by the chains they begin on.
func (l *Log) Logs() []crdt.LogID {
	l.mu.Lock()
	defer l.mu.Unlock()
	logs := make([]crdt.LogID, 0, len(l.frontier.geneses))
	for i := range l.frontier.chains {
		for _, s := range l.frontier.chains[i].segments {
			if s.seq == 0 {
				logs = append(logs, s.log)
			}
		}
	}
	return logs
}

// Branches returns the ends of a log's branches, closed ones too, in the order
// in which the branches were stored: one, unless the log has forked.
func (l *Log) Branches(log crdt.LogID) ([]crdt.ChangeID, error) {
	var ends []oplog.Place
	l.mu.Lock()
	for i := range l.frontier.chains {
		c := &l.frontier.chains[i]
		for k, s := range c.segments {
			if s.log != log {
				continue
			}
			last := c.end.pos
			if k+1 < len(c.segments) {
				last = c.segments[k+1].pos - 1
			}
			ends = append(ends, oplog.Place{Chain: uint32(i), Pos: last})
		}
	}
	l.mu.Unlock()
	ids := make([]crdt.ChangeID, 0, len(ends))
	for _, p := range ends {
		id, err := l.idAt(p)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Back returns links of the log of id, from id to the genesis, ever further
// apart: where another branch of it left this one lies between two of them.
func (l *Log) Back(id crdt.ChangeID) ([]crdt.ChangeID, error) {
	p, _, err := l.locate(id)
	if err != nil {
		return nil, fmt.Errorf("link %v: %w", id, err)
	}
	l.mu.Lock()
	way := l.frontier.stretches(nil, p)
	l.mu.Unlock()
	var ids []crdt.ChangeID
	left := 0 // links to pass over
	for i, step := len(way)-1, 1; i >= 0; i-- {
		s := way[i]
		for pos := int64(s.end); pos >= int64(s.pos); pos-- {
			genesis := i == 0 && pos == int64(s.pos)
			if left > 0 && !genesis {
				left--
				continue
			}
			id, err := l.idAt(oplog.Place{Chain: s.chain, Pos: uint32(pos)})
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
			left = step - 1
			step *= 2
		}
	}
	return ids, nil
}

// idAt returns the name of what is stored at a place.
func (l *Log) idAt(p oplog.Place) (id crdt.ChangeID, err error) {
	l.mu.Lock()
	e := l.frontier.chains[p.Chain].end
	l.mu.Unlock()
	if e.pos == p.Pos {
		return e.id, nil
	}
	err = l.kv.View(func(r Reader) error {
		block, err := r.Get(l.stored.place(tagBlock, p))
		id = oplog.Sum(block)
		return err
	})
	if err != nil {
		return id, fmt.Errorf("block at %v: %w", p, err)
	}
	return id, nil
}
