package reconcile

import (
	"navette/crdt"
	"navette/crdt/oplog"
)

// A Source is what a session reads of what its node has stored, which is
// durable. It is never written to.
type Source interface {
	// Members and Tips return the two sets as they are now.
	Members() *Set
	Tips() *Set
	// Member returns a stored membership change.
	Member(id crdt.ChangeID) (block []byte, sig oplog.Signature, ok bool)
	// Link returns a stored change or log genesis.
	Link(id crdt.ChangeID) (oplog.Link, bool)
	// PrevLogs returns the links that a stored log genesis goes on from; none for
	// any other name.
	PrevLogs(id crdt.ChangeID) []oplog.Link
	// Saw tells whether earlier is later itself or one of its ancestors.
	Saw(later, earlier crdt.ChangeID) bool
	// Back returns some of the stored links that lead to id, ever further
	// apart, from id to the genesis; at most 64.
	Back(id crdt.ChangeID) []crdt.ChangeID
	// Peek returns the first link on the branch of tip that isn't one of have
	// or before one of them in their logs; ok = false if there is none.
	Peek(tip crdt.ChangeID, have []crdt.ChangeID) (first oplog.Link, ok bool)
	// Open returns the branch of tip from there on, at least through tip.
	Open(tip crdt.ChangeID, have []crdt.ChangeID) (Branch, error)
}

// A Branch gives the runs that lead to a tip, oldest first. No change in them
// but a run's first depends on another log, unless signatures are missing.
type Branch interface {
	// Next returns the next run, nil after the last.
	Next() (*oplog.Run, error)
	// Peek returns the link that the next run begins with; ok = false after
	// the last.
	Peek() (first oplog.Link, ok bool, err error)
}
