package storage

import (
	"bytes"
	"slices"
	"sync"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A Log is the store of one commons. Its methods may be called from several
// goroutines: commits run one at a time, readers beside them. A reader waits
// for a commit's thinking at most, never for its disk.
type Log struct {
	kv     KV
	o      Options
	stored storedKeys

	// writing is held by whoever writes, from beginning to end, and guards
	// docs and broken.
	writing sync.Mutex
	docs    docCache
	broken  error // ErrBroken: the store may hold more than memory knows

	// mu guards what follows. It is held for moments, never over I/O.
	mu sync.Mutex
	// graph holds what is published, and at its end what a commit under way
	// has added. Invariant: without one, graph.Len() == pos.
	graph *oplog.Graph
	// What is published: stored, durable, and known to readers.
	frontier frontier
	members  memberState
	pos      uint64 // the feed's end
	derived  derivedKeys
	epochs   []Epoch
	lag      bool // some resources aren't folded yet
	changed  chan struct{}

	places placeCache // has its own lock
}

// Pos returns the end of the feed: how many entries are stored.
func (l *Log) Pos() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pos
}

// Changed returns a channel that is closed when the next commit, of data or
// membership, is done. Take it before looking at what is there.
func (l *Log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Room returns nil, or ErrFull if a commit of class c would be refused.
func (l *Log) Room(c Class) error { return l.kv.Room(c) }

// Size returns the bytes that the store underneath takes on the disk.
func (l *Log) Size() (int64, error) { return l.kv.Size() }

// Tips returns the open tips of what is stored. Today that is the exchanged
// set: nothing is void.
func (l *Log) Tips() []Tip {
	l.mu.Lock()
	defer l.mu.Unlock()
	var tips []Tip
	for i := range l.frontier.chains {
		if c := &l.frontier.chains[i]; !c.continued {
			tips = append(tips, c.tip())
		}
	}
	return tips
}

func (c *chain) tip() Tip {
	s := c.at(c.end.pos)
	t := Tip{Log: s.log, ID: c.end.id, Seq: s.seqAt(c.end.pos), Birth: s.birth}
	if c.end.sig != nil {
		t.Sig = *c.end.sig
	}
	return t
}

// Heads returns the links that no other names: what the next change made here
// has seen, by deps or prev. They are sorted by ID.
func (l *Log) Heads() []oplog.Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	var heads []oplog.Link
	for i := range l.frontier.chains {
		if c := &l.frontier.chains[i]; !c.seen {
			heads = append(heads, l.frontier.link(oplog.Place{Chain: uint32(i), Pos: c.end.pos}, c.end.id, c.end.lamport))
		}
	}
	slices.SortFunc(heads, func(a, b oplog.Link) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return heads
}

// Fingerprint sums up all that is stored: see oplog.FingerprintOf.
func (l *Log) Fingerprint() oplog.Fingerprint {
	l.mu.Lock()
	defer l.mu.Unlock()
	var tips []crdt.ChangeID
	for i := range l.frontier.chains {
		if c := &l.frontier.chains[i]; !c.continued {
			tips = append(tips, c.end.id)
		}
	}
	return oplog.FingerprintOf(l.o.Commons, tips, l.members.headIDs())
}

// Meta returns a local value that SetMeta stored, or ErrNotFound.
func (l *Log) Meta(key string) ([]byte, error) {
	var value []byte
	err := l.kv.View(func(r Reader) (err error) {
		value, err = r.Get(metaKey(key))
		return err
	})
	return value, err
}

// SetMeta stores a small local value, at most 32 KiB, that is never sent
// anywhere; nil removes it. It is durable on return.
func (l *Log) SetMeta(key string, value []byte) error {
	return l.kv.Update(Membership, func(t Txn) error {
		if value == nil {
			return t.Delete(metaKey(key))
		}
		return t.Set(metaKey(key), value)
	})
}
