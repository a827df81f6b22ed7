package storage

import (
	"encoding/binary"
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
	g := l.derived + 1
	l.docs.clear()
	defer l.docs.clear()
	if _, err := l.clear([]byte{tagDerived, byte(g)}); err != nil {
		return err
	}
	begin := func(t Txn) error { return t.Set(g.cursor(), (&cursor{}).encode()) }
	if err := l.kv.Update(Membership, begin); err != nil {
		return err
	}
	if err := l.catchUp(g, l.pos); err != nil {
		return err
	}
	var rest rows
	for chain, list := range l.void {
		g.voidRows(&rest, chain, nil, list)
	}
	told := slices.Collect(maps.Keys(l.awaiting))
	end := l.pos
	for ids := range slices.Chunk(told, settleResources) {
		rest.set(l.stored.feed(end), appendTold(nil, ids))
		end++
	}
	for _, part := range rest.split(l.kv.Limits()) {
		if err := l.kv.Update(Membership, part.write); err != nil {
			return err
		}
	}
	if err := l.setRoot(root{l.stored, g, foldFormat}); err != nil {
		return err
	}
	l.mu.Lock()
	l.derived, l.lag, l.awaiting, l.pos = g, false, map[crdt.ID]bool{}, end
	l.mu.Unlock()
	l.applied, l.unqueued, l.stuck = l.void, false, nil
	return l.sweep()
}

// sweep deletes the generations that aren't in use.
func (l *Log) sweep() error {
	for _, use := range [][]byte{{tagStored, byte(l.stored)}, {tagDerived, byte(l.derived)}} {
		for from := use[:1]; from != nil; {
			var other []byte
			err := l.kv.View(func(r Reader) error {
				return r.Scan(use[:1], from, func(key, _ []byte) error {
					other = slices.Clone(key[:2])
					return Stop
				})
			})
			if err != nil {
				return err
			}
			switch {
			case other == nil:
				from = nil
			case !slices.Equal(other, use):
				if _, err := l.clear(other); err != nil {
					return err
				}
			case other[1] == 0xff:
				from = nil
			default:
				from = []byte{use[0], use[1] + 1}
			}
		}
	}
	return nil
}

func (l *Log) setRoot(r root) error {
	return l.kv.Update(Membership, func(t Txn) error { return t.Set(rootKey, r.encode()) })
}

// clear deletes all keys that begin with prefix, in many transactions, and
// returns how many there were.
func (l *Log) clear(prefix []byte) (n int, err error) {
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
			return n, err
		}
		if err := l.kv.Update(Membership, some.write); err != nil {
			return n, err
		}
		n += len(some.list)
	}
}

// What salvage commits at once.
const (
	salvageEntries = 256
	salvageBytes   = 128 << 10
)

// salvage stores what is to be kept of the feed a second time, under new
// generations, through the door that everything comes in by, and lets go of
// the rest. Places and feed positions change, so no epoch is known afterwards.
func (l *Log) salvage(keep oplog.Version, report *Report) (err error) {
	if report.RolledBack, err = l.lost(keep); err != nil {
		return err
	}
	report.Refolded = true
	n := newLog(l.kv, l.o)
	n.stored, n.derived = l.stored+1, l.derived+1
	n.state, n.whole = l.state, map[*warrant]bool{}
	for _, prefix := range [][]byte{{tagStored, byte(n.stored)}, {tagDerived, byte(n.derived)}} {
		if _, err := n.clear(prefix); err != nil {
			return err
		}
	}
	if err := l.copyTo(n, keep); err != nil {
		return err
	}
	if err := l.setRoot(root{n.stored, n.derived, foldFormat}); err != nil {
		return err
	}
	if _, err := l.clear([]byte{tagEpoch}); err != nil {
		return err
	}
	l.stored, l.derived, l.graph, l.frontier, l.pos, l.epochs = n.stored, n.derived, n.graph, n.frontier, n.pos, nil
	l.count = n.count
	l.state, l.warrants, l.whole, l.void, l.front, l.names = n.state, n.warrants, n.whole, n.void, n.front, n.names
	l.applied, l.awaiting, l.unqueued, l.stuck = n.applied, n.awaiting, n.unqueued, n.stuck
	l.places.clear()
	l.docs.clear()
	return nil
}

// copyTo commits the entries of a version to an empty log on the same store.
func (l *Log) copyTo(n *Log, keep oplog.Version) error {
	for from := uint64(0); from < l.pos; {
		var part []Entry
		next := l.pos
		err := l.kv.View(func(r Reader) error {
			size := 0
			return l.scanFeed(r, from, l.pos, func(pos uint64, at *node) error {
				if len(part) == salvageEntries || size > salvageBytes {
					next = pos
					return Stop
				}
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
		from = next
		if _, err := n.commit([]Batch{{Class: Membership, Data: part}}, true); err != nil {
			return fmt.Errorf("storing again what is good: %w", err)
		}
	}
	return n.foldRest()
}

// lost says what isn't in a version.
func (l *Log) lost(keep oplog.Version) (lost []RolledBack, err error) {
	count := map[crdt.LogID]int{}
	for i := range l.frontier.chains {
		c := &l.frontier.chains[i]
		for pos := keep[i]; pos <= c.end.pos; pos++ {
			count[c.at(pos).log]++
		}
	}
	// What the feed no longer tells of, the ends of chains may.
	err = l.kv.View(func(r Reader) error {
		prefix := l.stored.key(tagTip, 0)
		return r.Scan(prefix, nil, func(key, value []byte) error {
			e, err := decodeEnd(value)
			if err != nil || len(key) != len(prefix)+4 {
				return nil
			}
			chain := binary.BigEndian.Uint32(key[len(prefix):])
			var loaded int64
			var log crdt.LogID
			if int(chain) < len(l.frontier.chains) {
				c := &l.frontier.chains[chain]
				loaded, log = int64(c.end.pos)+1, c.at(c.end.pos).log
			}
			more := int64(e.pos) + 1 - loaded
			block, err := r.Get(l.stored.place(tagBlock, oplog.Place{Chain: chain, Pos: e.pos}))
			if more > 0 && err == nil && oplog.Sum(block) == e.id {
				count[log] += int(more)
			}
			return nil
		})
	})
	for _, log := range slices.SortedFunc(maps.Keys(count), compareLogs) {
		lost = append(lost, RolledBack{log, count[log]})
	}
	return lost, err
}

func compareLogs(a, b crdt.LogID) int { return slices.Compare(a[:], b[:]) }
