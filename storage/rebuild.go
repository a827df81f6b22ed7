package storage

import (
	"fmt"
	"maps"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// Rebuild folds all resources anew from the changes, into a new generation
// that takes the place of the present one when it is complete. Readers go on
// with the old one meanwhile, commits wait.
func (l *Log) Rebuild() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.rebuild()
}

func (l *Log) rebuild() error {
	old := l.derived
	g := old + 1
	l.docs.clear()
	defer l.docs.clear()
	if err := l.clear(g.key(0, 0)[:2]); err != nil {
		return err
	}
	begin := func(t Txn) error { return t.Set(g.cursor(), (&cursor{}).encode()) }
	if err := l.kv.Update(Membership, begin); err != nil {
		return err
	}
	if err := l.catchUp(g, l.pos); err != nil {
		return err
	}
	if err := l.setRoot(root{l.stored, g, foldFormat}); err != nil {
		return err
	}
	l.mu.Lock()
	l.derived, l.lag = g, false
	l.mu.Unlock()
	return l.clear(old.key(0, 0)[:2])
}

func (l *Log) setRoot(r root) error {
	return l.kv.Update(Membership, func(t Txn) error { return t.Set(rootKey, r.encode()) })
}

// clear deletes all keys that begin with prefix, in many transactions.
func (l *Log) clear(prefix []byte) error {
	limits := l.kv.Limits()
	for {
		var some rows
		err := l.kv.View(func(r Reader) error {
			return r.Scan(prefix, nil, func(key, _ []byte) error {
				some.delete(slices.Clone(key))
				if some.cost+Cost(key, nil) > limits.Bytes || len(some.list) == limits.Keys {
					return Stop
				}
				return nil
			})
		})
		if err != nil || len(some.list) == 0 {
			return err
		}
		if err := l.kv.Update(Membership, some.write); err != nil {
			return err
		}
	}
}

// What salvage commits at once.
const (
	salvageEntries = 256
	salvageBytes   = 128 << 10
)

// salvage stores what is sound of the feed a second time, under new
// generations, through the door that everything comes in by, and lets go of
// the rest. Places and feed positions change, so no epoch is known afterwards.
func (l *Log) salvage(report *Report) error {
	keep, err := l.sound()
	if err != nil {
		return err
	}
	report.RolledBack = l.lost(keep)
	report.Refolded = true
	n := newLog(l.kv, l.o)
	n.stored, n.derived = l.stored+1, l.derived+1
	for _, prefix := range [][]byte{n.stored.key(0, 0)[:2], n.derived.key(0, 0)[:2]} {
		if err := n.clear(prefix); err != nil {
			return err
		}
	}
	if err := l.copyTo(n, keep); err != nil {
		return err
	}
	if err := l.setRoot(root{n.stored, n.derived, foldFormat}); err != nil {
		return err
	}
	for _, prefix := range [][]byte{l.stored.key(0, 0)[:2], l.derived.key(0, 0)[:2], {tagEpoch}} {
		if err := l.clear(prefix); err != nil {
			return err
		}
	}
	l.stored, l.derived, l.graph, l.frontier, l.pos, l.epochs = n.stored, n.derived, n.graph, n.frontier, n.pos, nil
	l.places.clear()
	l.docs.clear()
	return nil
}

// copyTo commits the entries of a version to an empty log on the same store.
func (l *Log) copyTo(n *Log, keep oplog.Version) error {
	for from := uint64(0); from < l.pos; {
		var part []Entry
		err := l.kv.View(func(r Reader) error {
			size := 0
			return l.scanFeed(r, from, l.pos, func(pos uint64, at *node) error {
				if len(part) == salvageEntries || size > salvageBytes {
					return Stop
				}
				from = pos + 1
				if !keep.Has(at.place) {
					return nil
				}
				e, err := l.entry(r, at.place)
				size += len(e.Block)
				part = append(part, e)
				return err
			})
		})
		if err != nil {
			return err
		}
		if _, err := n.commit([]Batch{{Class: Membership, Data: part}}, true); err != nil {
			return fmt.Errorf("storing again what is good: %w", err)
		}
	}
	return n.recover()
}

// lost says what isn't in a version.
func (l *Log) lost(keep oplog.Version) (lost []RolledBack) {
	count := map[crdt.LogID]int{}
	for i := range l.frontier.chains {
		c := &l.frontier.chains[i]
		for pos := keep[i]; pos <= c.end.pos; pos++ {
			count[c.at(pos).log]++
		}
	}
	for _, log := range slices.SortedFunc(maps.Keys(count), compareLogs) {
		lost = append(lost, RolledBack{log, count[log]})
	}
	return lost
}

func compareLogs(a, b crdt.LogID) int { return slices.Compare(a[:], b[:]) }
