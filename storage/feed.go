package storage

import (
	"encoding/binary"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

// scanFeed calls fn with the entries of the feed from from to to, to not
// included, in order, until fn returns Stop.
func (l *Log) scanFeed(r Reader, from, to uint64, fn func(pos uint64, n *node) error) error {
	return l.scanAll(r, from, to, fn, func(uint64, []crdt.ID) error { return nil })
}

// scanAll calls entry with the entries of a part of the feed, and told where it
// tells, in between, of resources that show something else by verdicts alone.
func (l *Log) scanAll(r Reader, from, to uint64, entry func(uint64, *node) error, told func(uint64, []crdt.ID) error) error {
	if from >= to {
		return nil
	}
	next := from
	err := r.Scan(l.stored.key(tagFeed, 0), l.stored.feed(from), func(key, value []byte) error {
		if next == to {
			return Stop
		}
		if len(key) != 3+8 {
			return fmt.Errorf("%w: a key of the feed", ErrCorrupt)
		}
		last := binary.BigEndian.Uint64(key[3:])
		if ids, ok := readTold(value); ok {
			if last != next {
				return fmt.Errorf("%w: the feed has no position %d", ErrCorrupt, next)
			}
			next++
			return told(last, ids)
		}
		var nodes []*node
		err := readNodes(value, func(n *node) error {
			nodes = append(nodes, n)
			return nil
		})
		if err != nil {
			return err
		}
		first := last + 1 - uint64(len(nodes))
		if first > next || last < next {
			return fmt.Errorf("%w: the feed has no position %d", ErrCorrupt, next)
		}
		for ; next <= last; next++ {
			if next == to {
				return Stop
			}
			if err := entry(next, nodes[next-first]); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Since returns up to limit items of the feed from position pos on.
func (l *Log) Since(pos uint64, limit int) ([]FeedItem, error) {
	end := l.Pos()
	if limit >= 0 && end > pos && uint64(limit) < end-pos {
		end = pos + uint64(limit)
	}
	l.mu.Lock()
	void := l.void
	l.mu.Unlock()
	var items []FeedItem
	err := l.kv.View(func(r Reader) error {
		return l.scanAll(r, pos, end, func(pos uint64, n *node) error {
			block, err := r.Get(l.stored.place(tagBlock, n.place))
			if err != nil {
				return fmt.Errorf("feed position %d: %w", pos, err)
			}
			item := FeedItem{Pos: pos, ID: oplog.Sum(block), Void: void.Has(n.place)}
			change, err := dataOf(block)
			if err != nil {
				return fmt.Errorf("feed position %d: %w", pos, err)
			}
			if change != nil {
				item.Resources = resources(change)
			}
			items = append(items, item)
			return nil
		}, func(pos uint64, ids []crdt.ID) error {
			items = append(items, FeedItem{Pos: pos, Resources: ids})
			return nil
		})
	})
	return items, err
}

// A row of the feed that tells of resources begins with what no row of entries
// begins with: a number of nodes that follow, before any.
const toldMark = 1

func appendTold(b []byte, ids []crdt.ID) []byte {
	b = append(b, toldMark)
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return b
}

// readTold reads such a row; ok is false if it is one of entries.
func readTold(row []byte) (ids []crdt.ID, ok bool) {
	const size = len(crdt.ID{})
	if len(row) < 1+size || row[0] != toldMark || (len(row)-1)%size != 0 {
		return nil, false
	}
	for row = row[1:]; len(row) > 0; row = row[size:] {
		ids = append(ids, crdt.ID(row[:size]))
	}
	return ids, true
}

// dataOf decodes a stored block and returns what folding needs of it: nil for
// the genesis of a log.
func dataOf(block []byte) (*crdt.Change, error) {
	kind, err := oplog.Parse(block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if kind == oplog.KindLog {
		return nil, nil
	}
	c, err := oplog.DecodeChange(block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return c.Data(), nil
}
