package storage

import (
	"sync"

	"navette/crdt"
	"navette/crdt/membership"
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
	// what follows.
	writing sync.Mutex
	docs    docCache
	broken  error // ErrBroken: the store may hold more than memory knows
	// state is the membership; nil before the commons' genesis is stored, and
	// to be recalled after a commit that failed.
	state    *membership.State
	warrants map[warrant]*warrant
	whole    map[*warrant]bool // answers of visible
	// applied is the void that documents were folded under, but for those that
	// await it: see LAYOUT.md.
	applied membership.Void
	stuck   map[crdt.ID]bool // of those, what can't be read

	// mu guards what follows. It is held for moments, never over I/O.
	mu sync.Mutex
	// graph holds what is published, and at its end what a commit under way
	// has added. Invariant: without one, graph.Len() == count.
	graph *oplog.Graph
	// What is published: stored, durable, and known to readers.
	frontier frontier
	members  memberState
	pos      uint64 // the feed's end
	count    uint64 // of entries in it
	derived  derivedKeys
	epochs   []Epoch
	lag      bool // some resources aren't folded yet
	void     membership.Void
	front    *oplog.Front          // of the exchanged set
	names    map[oplog.Place]named // of its ends, those amid a chain
	unqueued bool                  // what void changes isn't queued yet
	exposed  []oplog.Place         // by the verdicts of the last commit
	awaiting map[crdt.ID]bool      // resources that are to be folded anew
	changed  chan struct{}

	places placeCache // has its own lock
}

// Len returns how many entries are stored.
func (l *Log) Len() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// Pos returns the end of the feed.
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
