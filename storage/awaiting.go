package storage

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// When verdicts change, documents hold what is void now and lack what no longer
// is. What those entries change is queued in the store, beside the void that
// the other documents were folded under, and folded anew from all its changes,
// a few resources at a time. Where the process ends in between, Open finds that
// out by comparing, and goes on.

// Awaiting tells whether a resource is to be brought up to date with verdicts:
// what Doc returns of it shows void changes, or lacks some that aren't.
func (l *Log) Awaiting(id crdt.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.awaiting[id]
}

// AwaitingCount returns how many resources are to be brought up to date.
func (l *Log) AwaitingCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.awaiting)
}

// enqueue queues what the difference between the void that documents were
// folded under and the present one touches, but for what is staged, which is
// folded as it should be. The caller holds writing.
func (l *Log) enqueue(s *stage) error {
	staged := make(map[oplog.Place]bool)
	if s != nil {
		for i := range s.nodes {
			staged[s.nodes[i].place] = true
		}
	}
	var all rows
	queued := make(map[crdt.ID]bool)
	err := l.kv.View(func(r Reader) error {
		ends := l.graph.All()
		for chain := range allChains(l.applied, l.void) {
			for _, i := range l.applied.Differ(l.void, chain) {
				for pos := i.From; pos < min(i.To, ends[chain]); pos++ {
					p := oplog.Place{Chain: chain, Pos: pos}
					if staged[p] {
						continue
					}
					block, err := r.Get(l.stored.place(tagBlock, p))
					if err != nil && !errors.Is(err, ErrNotFound) {
						return err
					}
					change, err := dataOf(block)
					if err != nil || change == nil {
						continue // what is damaged, Check tells
					}
					for _, id := range resources(change) {
						if !queued[id] {
							queued[id] = true
							all.set(l.derived.awaiting(id), nil)
						}
					}
				}
			}
			l.derived.voidRows(&all, chain, l.applied[chain], l.void[chain])
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, part := range all.split(l.kv.Limits()) {
		if err := l.kv.Update(Membership, part.write); err != nil {
			return err
		}
	}
	l.applied = l.void
	l.mu.Lock()
	l.unqueued = false
	maps.Copy(l.awaiting, queued)
	l.mu.Unlock()
	return nil
}

func allChains(v, w membership.Void) map[uint32]bool {
	chains := make(map[uint32]bool)
	for c := range v {
		chains[c] = true
	}
	for c := range w {
		chains[c] = true
	}
	return chains
}

// voidRows replaces the rows of what is void on a chain.
func (g derivedKeys) voidRows(r *rows, chain uint32, old, now []membership.Interval) {
	for _, i := range old {
		if !slices.ContainsFunc(now, func(n membership.Interval) bool { return n.From == i.From }) {
			r.delete(g.void(chain, i.From))
		}
	}
	for _, i := range now {
		if !slices.Contains(old, i) {
			r.set(g.void(chain, i.From), binary.AppendUvarint(nil, uint64(i.To)))
		}
	}
}

// loadAwaiting loads the queue, and what the documents were folded under.
func (l *Log) loadAwaiting(r Reader) error {
	l.applied = membership.Void{}
	prefix := l.derived.key(tagVoid, 0)
	err := r.Scan(prefix, nil, func(key, value []byte) error {
		d := decoder{b: value, what: "what is void"}
		p, to := placeOf(key), d.uint32()
		l.applied[p.Chain] = append(l.applied[p.Chain], membership.Interval{From: p.Pos, To: to})
		return d.end()
	})
	if err != nil {
		return err
	}
	l.awaiting = make(map[crdt.ID]bool)
	prefix = l.derived.key(tagAwaiting, 0)
	return r.Scan(prefix, nil, func(key, _ []byte) error {
		var id crdt.ID
		copy(id[:], key[len(prefix):])
		l.awaiting[id] = true
		return nil
	})
}

// What Settle folds anew at once, at most.
const (
	settleResources = 64
	settleChanges   = 1024
)

// Settle brings some of the resources that await it up to date, in about one
// transaction, and tells whether there are more. It is to be called after
// commits until there are none; other commits may come in between.
func (l *Log) Settle() (more bool, err error) {
	l.mu.Lock()
	idle := len(l.awaiting) == 0 && !l.unqueued
	l.mu.Unlock()
	if idle {
		return false, nil
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.broken != nil {
		return false, l.broken
	}
	if err := l.foldRest(); err != nil {
		return false, err
	}
	if err := l.requeue(); err != nil {
		return false, err
	}
	return l.settleOnce()
}

// settleAll brings everything up to date.
func (l *Log) settleAll() error {
	for {
		more, err := l.settleOnce()
		if err != nil || !more {
			return err
		}
	}
}

func (l *Log) settleOnce() (more bool, err error) {
	var done []crdt.ID
	var p *pack
	err = l.kv.View(func(r Reader) error {
		ids, err := l.nextAwaiting(r)
		if err != nil || len(ids) == 0 {
			return err
		}
		p = l.newPack(r, l.derived, &history{l: l, r: r})
		p.reserve(Cost(l.stored.feed(0), appendTold(nil, make([]crdt.ID, settleResources))), 1)
		changes := 0
		for _, id := range ids {
			doc, segments, final, n, err := p.f.anew(id)
			if errors.Is(err, ErrCorrupt) {
				if l.stuck == nil {
					l.stuck = make(map[crdt.ID]bool)
				}
				l.stuck[id] = true // it stays in the queue, and Check says what is wrong
				continue
			}
			if err != nil {
				return err
			}
			final.delete(l.derived.awaiting(id))
			if doc == nil { // nothing is stored of it any more
				p.now.add(final)
			} else if full, err := p.put(doc, segments, final); full || err != nil {
				return err
			}
			done = append(done, id)
			if changes += n; changes >= settleChanges || p.before != nil {
				return nil
			}
		}
		return nil
	})
	if err != nil || len(done) == 0 {
		return false, err
	}
	p.now.set(l.stored.feed(l.pos), appendTold(nil, done))
	if err := p.write(); err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pos++
	for _, id := range done {
		delete(l.awaiting, id)
	}
	l.wake()
	return len(l.awaiting) > len(l.stuck), nil
}

// nextAwaiting returns the first of the queue, those aside that can't be read.
func (l *Log) nextAwaiting(r Reader) (ids []crdt.ID, err error) {
	prefix := l.derived.key(tagAwaiting, 0)
	err = r.Scan(prefix, nil, func(key, _ []byte) error {
		var id crdt.ID
		copy(id[:], key[len(prefix):])
		if !l.stuck[id] {
			ids = append(ids, id)
		}
		if len(ids) == settleResources {
			return Stop
		}
		return nil
	})
	return ids, err
}

// anew folds a resource from all its changes, n of them. Doc is nil if there is
// none.
func (f *folding) anew(id crdt.ID) (doc *folded, segments, final rows, n int, err error) {
	if doc, err = f.load(id); err != nil {
		return nil, rows{}, rows{}, 0, err
	}
	fresh, err := f.l.fold(f.r, f.keys, f.history, id, func(fed) bool { n++; return true })
	if errors.Is(err, ErrNotFound) {
		return nil, rows{}, rows{}, 0, nil
	}
	if err != nil {
		return nil, rows{}, rows{}, 0, err
	}
	doc.doc = fresh
	segments, final = f.store(doc)
	return doc, segments, final, n, nil
}
