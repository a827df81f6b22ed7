package storage

import (
	"cmp"
	"errors"
	"fmt"
)

// What a KV refuses, and why.
var (
	// ErrNotFound is a key, or a block, that isn't stored.
	ErrNotFound = errors.New("storage: not found")
	// ErrTooBig is a transaction over the limits of KV.Limits. Nothing of it
	// was written.
	ErrTooBig = errors.New("storage: transaction too big")
	// ErrFull is a disk with less free space than the class of the update
	// needs. Nothing was written; with room made, the same update succeeds.
	ErrFull = errors.New("storage: disk full")
	// ErrLocked is a store that another process has open.
	ErrLocked = errors.New("storage: in use by another process")
	// ErrBroken is a store that failed while it was writing: whether the
	// update happened is unknown, and no other is accepted until the store is
	// opened again.
	ErrBroken = errors.New("storage: writing failed, open it again")
	// ErrClosed is a store that was closed.
	ErrClosed = errors.New("storage: closed")
	// ErrCorrupt is stored data that isn't what was written.
	ErrCorrupt = errors.New("storage: damaged data")
)

// Stop, returned by the function given to Scan, ends the scan without error.
//
//lint:ignore ST1012 a signal like fs.SkipAll, no failure
var Stop = errors.New("storage: stop")

// A Class says whose data an update writes, which decides how full the disk
// may be: a node stops taking what others can send again long before it
// refuses what only it has.
type Class uint8

// The classes, first refused first.
const (
	Others     Class = iota // what peers have as well
	Own                     // what a person did here
	Membership              // who may do what, and small local values
)

// String names the class.
func (c Class) String() string {
	switch c {
	case Others:
		return "others"
	case Own:
		return "own"
	case Membership:
		return "membership"
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// Floors are the bytes that must be free on the disk for an update of each
// class. A zero field means the value of DefaultFloors.
type Floors struct{ Others, Own, Membership int64 }

// DefaultFloors are 256, 64 and 16 MiB.
var DefaultFloors = Floors{Others: 256 << 20, Own: 64 << 20, Membership: 16 << 20}

// Check returns an error that wraps ErrFull if free bytes are too few for an
// update of class c.
func (f Floors) Check(c Class, free int64) error {
	need := cmp.Or(f.Others, DefaultFloors.Others)
	switch c {
	case Own:
		need = cmp.Or(f.Own, DefaultFloors.Own)
	case Membership:
		need = cmp.Or(f.Membership, DefaultFloors.Membership)
	}
	if free < need {
		return fmt.Errorf("%w: %d MiB free, %d MiB needed for %s data", ErrFull, free>>20, need>>20, c)
	}
	return nil
}

// A Reader reads one consistent state of a store.
type Reader interface {
	// Get returns the value of key, or ErrNotFound. The caller owns the slice.
	Get(key []byte) ([]byte, error)
	// Scan calls fn with each key that begins with prefix and isn't less than
	// from, in byte order, and its value, until fn returns an error, which
	// Scan returns unless it is Stop. A nil from begins at the prefix. The
	// slices are only valid during the call.
	Scan(prefix, from []byte, fn func(key, value []byte) error) error
}

// A Txn is a Reader that sees its own writes.
type Txn interface {
	Reader
	// Set stores value under key, which must not be empty. The store keeps
	// both slices until the transaction ends: don't change them.
	Set(key, value []byte) error
	// Delete removes key, which need not be there.
	Delete(key []byte) error
}

// Limits are what one transaction may hold: so many keys, and so many bytes at
// a Cost each.
type Limits struct{ Bytes, Keys int }

// Cost is what a write counts for in Limits.Bytes.
func Cost(key, value []byte) int { return len(key) + len(value) + 32 }

// A KV is an ordered store of small values (below 64 KiB) with transactions.
// All methods may be called from several goroutines.
type KV interface {
	// View calls fn with the state at the time of the call; updates that end
	// later don't show. The Reader must not be used afterwards.
	View(fn func(Reader) error) error
	// Update calls fn with a transaction and, if fn returns nil, makes its
	// writes durable, all or none of them, before it returns. Updates run one
	// at a time. Errors: fn's own, ErrTooBig (from Set and Delete too),
	// ErrFull, ErrBroken, ErrClosed; with all but ErrBroken the store is as
	// before.
	Update(c Class, fn func(Txn) error) error
	// Room returns nil, or ErrFull if an update of class c would be refused.
	Room(c Class) error
	// Limits returns what a transaction may hold, the same at each call.
	Limits() Limits
	// Size returns the bytes allocated on the disk.
	Size() (int64, error)
	// Close ends all use of the store. It waits for running calls.
	Close() error
}
