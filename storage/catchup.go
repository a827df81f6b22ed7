package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"navette/crdt"
)

// A cursor says what remains to be folded: the changes from from on; and of
// those before to, which are being folded, only what they make of resources
// after last.
type cursor struct {
	from, to uint64
	last     *crdt.ID
}

// encode returns the value that is stored; that of nil, nothing remains, is
// empty.
func (c *cursor) encode() []byte {
	if c == nil {
		return nil
	}
	b := binary.AppendUvarint(nil, c.from)
	b = binary.AppendUvarint(b, c.to)
	if c.last != nil {
		b = append(b, c.last[:]...)
	}
	return b
}

func readCursor(r Reader, g derivedKeys) (*cursor, error) {
	b, err := r.Get(g.cursor())
	if errors.Is(err, ErrNotFound) || err == nil && len(b) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := decoder{b: b, what: "the cursor of folding"}
	c := &cursor{from: d.uint(), to: d.uint()}
	if len(d.b) > 0 {
		c.last = new(crdt.ID)
		d.fixed(c.last[:])
	}
	return c, d.end()
}

// What is folded at once, at most, when catching up.
const (
	catchUpEntries = 512
	catchUpBytes   = 256 << 10
)

// catchUp folds what the cursor of a generation says remains of the feed
// before end, in any number of transactions. The caller holds writing.
func (l *Log) catchUp(g derivedKeys, end uint64) error {
	for {
		more, err := l.catchUpOnce(g, end)
		if err != nil || !more {
			return err
		}
	}
}

// catchUpOnce makes one transaction out of what remains, or several if a
// single document is beyond its limits, and tells whether there is more.
func (l *Log) catchUpOnce(g derivedKeys, end uint64) (more bool, err error) {
	var p *pack // nil if nothing remains
	var next *cursor
	err = l.kv.View(func(r Reader) error {
		c, err := readCursor(r, g)
		if c == nil || err != nil {
			return err
		}
		more = true
		changes, to, err := l.readChanges(r, c, end)
		if err != nil {
			return err
		}
		p = l.newPack(r, g, &history{l: l, r: r})
		next = &cursor{from: to}
		sorted := byResource(changes)
		for _, id := range sortedIDs(sorted) {
			if c.last != nil && bytes.Compare(id[:], c.last[:]) <= 0 {
				continue
			}
			doc, segments, final, err := p.f.resource(id, sorted[id])
			if err != nil {
				return err
			}
			if full, err := p.put(doc, segments, final); full || err != nil {
				return err // the rest another time
			}
			next = &cursor{from: c.from, to: to, last: &id}
			if p.before != nil {
				return nil
			}
		}
		next = &cursor{from: to}
		if to >= end {
			next, more = nil, false
		}
		return nil
	})
	if p == nil || err != nil {
		return false, err
	}
	p.now.set(g.cursor(), next.encode())
	return more, p.write()
}

// readChanges returns the changes that a cursor is at, and where they end.
func (l *Log) readChanges(r Reader, c *cursor, end uint64) (changes []fed, to uint64, err error) {
	if to = end; c.to > 0 {
		to = min(end, c.to)
	}
	size := 0
	err = l.scanFeed(r, c.from, to, func(pos uint64, n *node) error {
		if c.to == 0 && (pos-c.from >= catchUpEntries || size >= catchUpBytes) {
			to = pos
			return Stop
		}
		block, err := r.Get(l.stored.place(tagBlock, n.place))
		if err != nil {
			return err
		}
		size += len(block)
		change, err := dataOf(block)
		if err != nil {
			return fmt.Errorf("feed position %d: %w", pos, err)
		}
		if change != nil {
			change.Void = l.void.Has(n.place)
			changes = append(changes, fed{pos, n.place, change})
		}
		return nil
	})
	return changes, to, err
}
