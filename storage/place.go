package storage

import (
	"sync"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A placeCache remembers where entries are that were asked for lately: what
// folding and checking need again and again. The zero value is ready.
type placeCache struct {
	mu       sync.Mutex
	new, old map[crdt.ChangeID]located
}

type located struct {
	place   oplog.Place
	lamport uint64
}

// placeCacheSize is when the older half is dropped: 2 × 4 096 × some 80 bytes.
const placeCacheSize = 4096

func (c *placeCache) get(id crdt.ChangeID) (located, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.new[id]; ok {
		return at, true
	}
	at, ok := c.old[id]
	if ok {
		c.put(id, at)
	}
	return at, ok
}

func (c *placeCache) set(id crdt.ChangeID, at located) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(id, at)
}

func (c *placeCache) put(id crdt.ChangeID, at located) {
	if c.new == nil || len(c.new) >= placeCacheSize {
		c.old, c.new = c.new, make(map[crdt.ChangeID]located, placeCacheSize)
	}
	c.new[id] = at
}

func (c *placeCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.new, c.old = nil, nil
}

// find returns where a stored entry is, and its lamport, or ErrNotFound.
func (l *Log) find(r Reader, id crdt.ChangeID) (oplog.Place, uint64, error) {
	if at, ok := l.places.get(id); ok {
		return at.place, at.lamport, nil
	}
	at, err := l.readIndex(r, id)
	if err == nil {
		l.places.set(id, at)
	}
	return at.place, at.lamport, err
}

// readIndex reads where an entry is stored.
func (l *Log) readIndex(r Reader, id crdt.ChangeID) (located, error) {
	b, err := r.Get(l.stored.index(id))
	if err != nil {
		return located{}, err
	}
	d := decoder{b: b, what: "where an entry is"}
	at := located{place: d.place(), lamport: d.uint()}
	return at, d.end()
}

// A history answers, for folding, what changes had seen: crdt.History. Its
// first failure to read sticks; until it is looked at, answers are false.
type history struct {
	l      *Log
	r      Reader
	staged map[crdt.ChangeID]oplog.Place // not stored yet
	err    error
}

// Saw implements crdt.History.
func (h *history) Saw(later, earlier crdt.ChangeID) bool {
	if later == earlier {
		return true
	}
	a, ok := h.place(later)
	if !ok {
		return false
	}
	b, ok := h.place(earlier)
	if !ok {
		return false
	}
	h.l.mu.Lock()
	defer h.l.mu.Unlock()
	return h.l.graph.Saw(a, b)
}

func (h *history) place(id crdt.ChangeID) (oplog.Place, bool) {
	if p, ok := h.staged[id]; ok {
		return p, true
	}
	p, _, err := h.l.find(h.r, id)
	ok, err := has(err)
	if err != nil && h.err == nil {
		h.err = err
	}
	return p, ok
}
