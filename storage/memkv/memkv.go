// Package memkv is a storage.KV in memory that breaks when told to: the twin
// of storage/badgerdb in tests and in the simulator.
//
//	kv := memkv.New(memkv.Options{})
//	kv.Fail(func(op memkv.Op) error { ... })   // fail by rule
//	kv.CutPower(3)                             // the last 3 updates are gone
//	twin := kv.Clone()                         // an SD card copied
//
// It keeps the contract of storage.KV, the limits of a transaction and the
// guard on free space included, and passes the same suite. Every state is a
// persistent tree, so that a snapshot or a clone costs nothing. It has no
// clock, randomness or goroutines: the same calls give the same answers. It
// keeps nothing when the process ends.
package memkv

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"navette/storage"
)

// Options of a store; the zero value is good.
type Options struct {
	// Limits of a transaction. Default: those of badgerdb's settings,
	// 629 000 bytes and 6 500 keys.
	Limits storage.Limits
	// Floors of free space, compared with what SetFree says. Zero fields:
	// storage.DefaultFloors.
	Floors storage.Floors
	// History is how many updates CutPower can take back. Default: 64.
	History int
}

// A Kind of operation that can be made to fail.
type Kind uint8

// The operations that Fail's rule is asked about.
const (
	Get    Kind = iota // one key
	Scan               // its start
	Write              // Set or Delete, inside a transaction
	Commit             // before the writes are made: none of them happens
	Synced             // after they are made: the caller gets ErrBroken, the writes stay
)

// An Op is about to happen.
type Op struct {
	Kind  Kind
	N     int // how many of its kind came before it
	Class storage.Class
	Key   []byte // of Get and Write; the prefix of Scan
}

// A DB is a store in memory. Its methods may be called from several
// goroutines; the rule given to Fail is called by whoever uses the store.
type DB struct {
	o Options

	writing sync.Mutex // held by Update from beginning to end

	mu      sync.RWMutex // guards what follows
	root    *node
	size    int64   // bytes of keys and values in root
	past    []state // the states before the last updates, oldest first
	free    int64
	rule    func(Op) error
	counts  [Synced + 1]int
	broken  bool
	closed  bool
	updates int
}

type state struct {
	root *node
	size int64
}

var _ storage.KV = (*DB)(nil)

// New returns an empty store on a disk with ample room.
func New(o Options) *DB {
	if o.Limits == (storage.Limits{}) {
		o.Limits = storage.Limits{Bytes: 629_000, Keys: 6_500}
	}
	if o.History == 0 {
		o.History = 64
	}
	return &DB{o: o, free: 1 << 40}
}

// View implements storage.KV.
func (db *DB) View(fn func(storage.Reader) error) error {
	db.mu.RLock()
	root, closed := db.root, db.closed
	db.mu.RUnlock()
	if closed {
		return storage.ErrClosed
	}
	return fn(&txn{db: db, root: root})
}

// Update implements storage.KV.
func (db *DB) Update(c storage.Class, fn func(storage.Txn) error) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.mu.RLock()
	t := &txn{db: db, class: c, root: db.root, size: db.size}
	closed, broken := db.closed, db.broken
	db.mu.RUnlock()
	switch {
	case closed:
		return storage.ErrClosed
	case broken:
		return storage.ErrBroken
	}
	if err := db.Room(c); err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	if t.err != nil {
		return t.err
	}
	if err := db.fail(Op{Kind: Commit, Class: c}); err != nil {
		return err
	}
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return storage.ErrClosed
	}
	if len(db.past) == db.o.History {
		db.past = slices.Delete(db.past, 0, 1)
	}
	db.past = append(db.past, state{db.root, db.size})
	db.root, db.size = t.root, t.size
	db.updates++
	db.mu.Unlock()
	if err := db.fail(Op{Kind: Synced, Class: c}); err != nil {
		db.mu.Lock()
		db.broken = true
		db.mu.Unlock()
		return fmt.Errorf("%w: %w", storage.ErrBroken, err)
	}
	return nil
}

// Room implements storage.KV.
func (db *DB) Room(c storage.Class) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.o.Floors.Check(c, db.free)
}

// Limits implements storage.KV.
func (db *DB) Limits() storage.Limits { return db.o.Limits }

// Size implements storage.KV: the bytes of all keys and values.
func (db *DB) Size() (int64, error) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.size, nil
}

// Close implements storage.KV.
func (db *DB) Close() error {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.mu.Lock()
	defer db.mu.Unlock()
	db.closed = true
	return nil
}

// A txn is a Reader, and in an Update a Txn.
type txn struct {
	db    *DB
	class storage.Class
	root  *node
	size  int64
	cost  int
	keys  int
	err   error // the first write that failed: the transaction can't commit
}

func (t *txn) Get(key []byte) ([]byte, error) {
	if err := t.db.fail(Op{Kind: Get, Class: t.class, Key: key}); err != nil {
		return nil, err
	}
	n := t.root.get(key)
	if n == nil {
		return nil, storage.ErrNotFound
	}
	return bytes.Clone(n.value), nil
}

func (t *txn) Scan(prefix, from []byte, fn func(key, value []byte) error) error {
	if err := t.db.fail(Op{Kind: Scan, Class: t.class, Key: prefix}); err != nil {
		return err
	}
	if bytes.Compare(from, prefix) < 0 {
		from = prefix
	}
	var err error
	t.root.scan(from, func(n *node) bool {
		if !bytes.HasPrefix(n.key, prefix) {
			return false
		}
		err = fn(n.key, n.value)
		return err == nil
	})
	if err == storage.Stop {
		return nil
	}
	return err
}

func (t *txn) Set(key, value []byte) error {
	if err := t.write(key, value); err != nil {
		return err
	}
	old := t.root.get(key)
	if old != nil {
		t.size -= int64(len(key) + len(old.value))
	}
	t.size += int64(len(key) + len(value))
	t.root = t.root.set(bytes.Clone(key), bytes.Clone(value), hash(key))
	return nil
}

func (t *txn) Delete(key []byte) error {
	if err := t.write(key, nil); err != nil {
		return err
	}
	if old := t.root.get(key); old != nil {
		t.size -= int64(len(key) + len(old.value))
		t.root = t.root.delete(key)
	}
	return nil
}

// write counts a write and refuses what the limits or the rule refuse.
func (t *txn) write(key, value []byte) error {
	if t.err != nil {
		return t.err
	}
	t.cost += storage.Cost(key, value) - 16 // a Prefix may have added that much
	t.keys++
	switch {
	case len(key) == 0:
		t.err = errEmptyKey
	case t.cost > t.db.o.Limits.Bytes || t.keys > t.db.o.Limits.Keys:
		t.err = fmt.Errorf("%w: %d bytes, %d keys", storage.ErrTooBig, t.cost, t.keys)
	default:
		t.err = t.db.fail(Op{Kind: Write, Class: t.class, Key: key})
	}
	return t.err
}
