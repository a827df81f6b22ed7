package reconcile

import (
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile/mutant"
)

// What ends a session, besides ErrProtocol.
var (
	// ErrVersion is a peer that speaks no version that we do.
	ErrVersion = errors.New("reconcile: no version in common")
	// ErrCommons is a peer whose session is about another commons.
	ErrCommons = errors.New("reconcile: a session about another commons")
	// ErrBye is a peer that says it goes; it comes as a ByeError.
	ErrBye = errors.New("reconcile: the peer ends the session")
)

// A ByeError is ErrBye with the peer's reason.
type ByeError struct{ Reason Reason }

// Error says the reason.
func (e *ByeError) Error() string { return fmt.Sprintf("%v: %v", ErrBye, e.Reason) }

// Is makes it an ErrBye.
func (e *ByeError) Is(target error) bool { return target == ErrBye }

// A Reason is the number that goes with a bye.
type Reason uint64

// The reasons.
const (
	ByeLeaving  Reason = 0 // the node stops, or the connection isn't needed
	ByeProtocol Reason = 1 // ErrProtocol, ErrVersion, ErrCommons
	ByeInvalid  Reason = 2 // too much that isn't valid
	ByeExpelled Reason = 3 // the peer's device is no longer of the commons
	ByeStalled  Reason = 4 // nothing new for too long
)

// String says the reason in English.
func (r Reason) String() string {
	switch r {
	case ByeLeaving:
		return "leaving"
	case ByeProtocol:
		return "protocol broken"
	case ByeInvalid:
		return "too much that is invalid"
	case ByeExpelled:
		return "device not of this commons"
	case ByeStalled:
		return "nothing new for too long"
	}
	return fmt.Sprintf("reason %d", uint64(r))
}

// Options begin a session.
type Options struct {
	Commons oplog.CommonsID
	// Initiator is true on the side that opened the connection.
	Initiator bool
	// Guest: the peer isn't known to belong to the commons. It is exchanged
	// membership with, and given nothing else until Welcome.
	Guest bool
	// Nonce is fresh for each session, and random.
	Nonce  Nonce
	Source Source
	// MaxLacks bounds how many items that the peer has and this node lacks are
	// kept in mind at once; what is beyond is found by comparing again.
	// Default: 65 536.
	MaxLacks int
	// Credit is how many bytes of data may be on the way in either direction,
	// the same on both sides. Default: MaxCredit.
	Credit int
	// Mutant is what node/sim breaks to see that it notices.
	Mutant mutant.Set
}

// A Session is one side of the exchange between two nodes, over frames that
// arrive whole and in order. It isn't safe for concurrent use.
//
// The snapshot of both sets is taken by New: whatever is stored from then on
// must be given to Committed, without a gap, or the peer will never hear of it.
type Session struct {
	o       Options
	key     sipKey
	mine    [2]*Set // the snapshots, by kind
	begun   bool    // our hello was given out
	heard   bool    // the peer's hello was read
	over    bool
	compare [2]comparison
	salted  [2]bool // compare[k].mine is set

	told   [2]map[uint64]Item        // the peer was told of and hasn't got, by hash
	named  map[uint64]Item           // all tips that it was ever told of
	lacks  [2]map[crdt.ChangeID]Item // the peer told us of and we haven't got
	missed [2]bool                   // more of them than fit in lacks

	control [][]byte    // frames to go out before all others
	beside  [][]byte    // what is to be told beside, at most maxBeside
	got     [2][]byte   // hashes to confirm
	wants   [2][][]byte // wants to send
	vain    int         // wants of the peer's that were refused
	queued  int         // bytes of all these
	release int         // credit to give back
	window  int         // credit that the peer has left

	parcels [2]parcel
	serve   server
	// news are membership changes to push.
	news []Item

	rounds, idle int // comparisons begun; of these without anything new
	receives     Count
}

// New begins a session and freezes what is compared.
func New(o Options) *Session {
	if o.MaxLacks == 0 {
		o.MaxLacks = 1 << 16
	}
	if o.Credit == 0 {
		o.Credit = MaxCredit
	}
	s := &Session{o: o, window: o.Credit, serve: newServer(o.Source, o.Credit)}
	s.mine = [2]*Set{o.Source.Members(), o.Source.Tips()}
	s.named = map[uint64]Item{}
	for k := range s.told {
		s.told[k] = map[uint64]Item{}
		s.lacks[k] = map[crdt.ChangeID]Item{}
	}
	return s
}

// An Event is what a frame brought: *Runs, *Members, *Lacking or *Beside.
type Event interface{ event() }

// Runs are pieces of logs, decoded but not verified. Release is to be called
// with Bytes once they are stored, refused, or set aside.
type Runs struct {
	Runs  []*oplog.Run
	Bytes int
}

// Members are membership changes with their signatures, not verified. Release
// is to be called with Bytes once they are stored, refused, or set aside.
type Members struct {
	Members []Member
	Bytes   int
}

// A Member is an encoded membership change with its signature.
type Member struct {
	Block []byte
	Sig   oplog.Signature
}

// Lacking are items that the peer has and this node hasn't stored, found just
// now: membership changes or tips. Want asks for them.
type Lacking struct {
	Tips  bool
	Items []Item
}

// Beside is what the peer told beside the exchange: see Tell.
type Beside struct{ Data []byte }

func (*Beside) event()  {}
func (*Runs) event()    {}
func (*Members) event() {}
func (*Lacking) event() {}
