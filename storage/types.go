package storage

import (
	"errors"
	"fmt"
	"io"

	"navette/crdt"
	"navette/crdt/oplog"
)

// Why a Log refuses.
var (
	// ErrParent is an entry that names another which is neither stored nor
	// before it in the commit.
	ErrParent = errors.New("storage: names an entry that isn't stored")
	// ErrUnsigned is a commit that would leave the newest link of a branch
	// without its signature.
	ErrUnsigned = errors.New("storage: the last link of a branch needs its signature")
	// ErrFormat is data that a newer version of the program wrote.
	ErrFormat = errors.New("storage: written by a newer version")
)

// An Entry is a block of data, a log's genesis or a change, with its name.
type Entry struct {
	ID    crdt.ChangeID
	Block []byte
	// Sig is the signature over the block, or nil: then the block is covered
	// by that of a later entry.
	Sig *oplog.Signature
}

// A MemberEntry is a block of the membership: the commons' genesis, whose Sig
// is zero, or a membership change.
type MemberEntry struct {
	ID    crdt.ChangeID
	Block []byte
	Sig   oplog.Signature
}

// A Batch is what belongs together: all of it is stored, or nothing. Members
// are stored before Data; both are in causal order.
type Batch struct {
	Class   Class
	Members []MemberEntry
	Data    []Entry
}

// A BatchError says which of the batches given to one Commit was at fault.
type BatchError struct {
	Index int
	Err   error
}

// Error says which batch it was, counting from 0.
func (e *BatchError) Error() string { return fmt.Sprintf("batch %d: %v", e.Index, e.Err) }

// Unwrap returns the fault itself.
func (e *BatchError) Unwrap() error { return e.Err }

// Committed says what a commit added: the feed positions From to To, To not
// included, and Members blocks of membership. What was stored already counts
// nowhere.
type Committed struct {
	From, To uint64
	Members  int
}

// A Tip is an open end of a log: its newest change, or the genesis of a log
// without changes, that no later log of the same writer names.
type Tip struct {
	Log   crdt.LogID
	ID    crdt.ChangeID
	Seq   uint64
	Birth uint32 // of the log, in minutes since 1970
	// Sig is the signature over it; zero where only a later link has one,
	// because what comes after the tip is void.
	Sig oplog.Signature
}

// A FeedItem is an entry in the order of commits. Between entries the feed tells
// of resources that show something else, as verdicts have changed: then ID is
// zero.
type FeedItem struct {
	Pos uint64
	ID  crdt.ChangeID
	// Resources are those that its ops change, each once, in the order of the
	// ops. Empty for a genesis.
	Resources []crdt.ID
	// Void: it doesn't count (crdt/membership), as things are now.
	Void bool
}

// Options of a Log.
type Options struct {
	// Commons is the commons whose log it is.
	Commons oplog.CommonsID
	// Rand is where the epoch is drawn from. Default: crypto/rand.Reader.
	Rand io.Reader
	// CleanStop says that the last process ended in good order, which makes
	// the audit at open look at the tips only.
	CleanStop bool
	// Suspect makes Open look through everything and fold all resources anew:
	// the store beneath may have lost any part of what it held.
	Suspect bool
	// DocCache is how many bytes of documents, encoded and each with an
	// overhead, are kept ready for folding. Default: 1 MiB.
	DocCache int
}

// A Report says what Open found and did.
type Report struct {
	// RolledBack are the logs that lost links, because a block was missing or
	// damaged or rested on one that was. Peers that have them will send them
	// again.
	RolledBack []RolledBack
	// LostMembers is how many blocks of the membership were lost likewise.
	LostMembers int
	// Remains tells that the log was begun anew over the remains of one whose
	// root is lost, and which were removed.
	Remains bool
	// Refolded tells that resources were folded anew, all of them; CaughtUp
	// that a few were, which the last commit hadn't come to.
	Refolded, CaughtUp bool
}

// Damaged tells whether anything was lost.
func (r *Report) Damaged() bool {
	return len(r.RolledBack) > 0 || r.LostMembers > 0 || r.Remains
}

// RolledBack says how much of a log was lost. What can't be told apart any more
// is counted under the zero LogID.
type RolledBack struct {
	Log  crdt.LogID
	Lost int // links
}
