// Package replica decides everything that a node decides about one commons,
// without threads, clock, disk or network: events go in by method, effects
// come out as values, and whoever drives it carries them out.
//
//	r, err := replica.New(options)
//	id, effects := r.Connect(now, peer, initiator)    // an admitted peer
//	effects = r.Receive(now, id, frame)
//	ticket := r.Propose(proposal)                     // what a person asks
//	c, effects := r.Next(now)                         // is there anything to store?
//	_, err = log.Commit(c.Batches...)
//	effects = r.Committed(now, c, err)
//
// The order is: persist, then send. Next gathers what waits, from people and
// from peers, into one transaction; nothing of it is confirmed, announced or
// sent on before Committed says that it is durable. One commit is under way at
// a time; whatever comes meanwhile waits for the next one. That is the group
// commit.
//
// A change is stored once its run's signature is verified, it is valid, and
// all that it names is stored. Until then it waits, in bounded memory, and is
// neither confirmed nor offered; what is dropped is asked for again. Whether a
// writer may write is no question here: see crdt/membership.
//
// A Replica isn't safe for concurrent use. It reads the store, whose commits
// the driver makes, on the goroutine that calls it. Results are a function of
// the calls alone: the same ones give the same effects, to the byte.
//
// It doesn't dial, listen or admit: a session begins after node/gate let the
// peer in. And it never reads what an op says: see crdt/commons.
package replica

import (
	"cmp"
	"errors"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/crdt/reconcile/mutant"
	"navette/storage"
)

// Why a proposal isn't made, or a session ends.
var (
	// ErrNoWriter is a proposal of a person that this device may not write
	// for: there is no certificate, or no grant that permits it.
	ErrNoWriter = errors.New("replica: this device may not write for that person")
	// ErrEnded comes with an ErrNoWriter where there was a right to write, and
	// there isn't any more: the person was removed, or the device revoked.
	ErrEnded = errors.New("replica: the right to write has ended")
	// ErrTooBig is a proposal whose change exceeds the bounds of the format.
	ErrTooBig = errors.New("replica: more than fits in one change")
	// ErrEmpty is a proposal without an edit.
	ErrEmpty = errors.New("replica: nothing to change")
	// ErrExpelled ends the session with a device that is of the commons no
	// more.
	ErrExpelled = errors.New("replica: the device is no longer of the commons")
	// ErrInvalid ends the session with a peer that sent too much that can
	// never be valid. Don't dial it for ten minutes.
	ErrInvalid = errors.New("replica: too much from the peer is invalid")
	// ErrStalled ends a session in which nothing moved for too long.
	ErrStalled = errors.New("replica: the peer has stalled")
)

// Options of a replica. Fields without a default must be set.
type Options struct {
	Genesis *oplog.CommonsGenesis // the commons, with its ID
	Log     *storage.Log          // its store; the driver commits to it
	Device  oplog.Key             // of this node
	// Sign signs a block with the device's key.
	Sign func(kind oplog.SigKind, block []byte) oplog.Signature
	// Nonce returns eight fresh random bytes.
	Nonce func() [8]byte
	// Bounds of memory. Default: DefaultBounds.
	Bounds Bounds
	// Mutant is what node/sim breaks to see that it notices. Nothing else sets
	// it.
	Mutant mutant.Set
}

// Bounds of what a replica keeps in memory for its peers, and how long it
// waits for them. Zero fields mean the value of DefaultBounds.
type Bounds struct {
	// Waiting changes of one peer, their bytes, and the bytes of all peers:
	// verified, but for what they name not storable yet.
	PeerChanges, PeerBytes, Bytes int
	// Lacks is how many tips a session keeps in mind: reconcile.Options.
	Lacks int
	// Credit is how many bytes of data may be on the way from a peer, at most
	// what the transport's stream holds. All nodes of a commons have the same.
	Credit int
	// Unsent is how many bytes of frames the driver may hold for a session
	// before it says that they are Sent.
	Unsent int
	// Invalid blocks that end a session.
	Invalid int
	// Ask is after how long an unanswered want is asked of another peer,
	// Stall after how long without progress a session ends.
	Ask, Stall time.Duration
	// CommitChanges and CommitBytes bound what of peers goes into one commit:
	// as much as the store folds in the same transaction.
	CommitChanges, CommitBytes int
}

// DefaultBounds are what SECURITY calls for.
var DefaultBounds = Bounds{
	PeerChanges: 1024, PeerBytes: 4 << 20, Bytes: 16 << 20,
	Lacks: 1 << 16, Credit: reconcile.MaxCredit, Unsent: 512 << 10, Invalid: 8,
	Ask: 10 * time.Second, Stall: 10 * time.Minute,
	CommitChanges: 1024, CommitBytes: 160 << 10,
}

// A SessionID names a session of this replica; it is never used again.
type SessionID uint64

// A Ticket names a proposal, until its Done.
type Ticket uint64

// An Effect is what the driver has to do: *Send, *Close, *Verify, *Heard or
// *Done, in the order given.
type Effect interface{ effect() }

// Send asks to send a frame to the session's peer, and to call Sent once the
// connection has taken it.
type Send struct {
	Session SessionID
	Frame   []byte
}

// Close asks to end the session's connection, after the frames sent so far.
// The session is gone: Disconnected need not be called. Err says why.
type Close struct {
	Session SessionID
	Err     error
}

// Verify asks to call Work.Run, on any goroutine, and to give the work back to
// Verified. Works of one session must be given back in order.
type Verify struct {
	Session SessionID
	Work    *Work
}

// Heard is what a peer told beside the exchange: see Tell.
type Heard struct {
	Peer oplog.Key
	Data []byte
}

// Done says what became of a proposal: it is durable, or it never will be.
type Done struct {
	Ticket Ticket
	ID     crdt.ChangeID
	Err    error // ErrNoWriter, ErrTooBig, ErrEmpty, storage.ErrFull, or Edit's own
}

func (*Send) effect()   {}
func (*Close) effect()  {}
func (*Verify) effect() {}
func (*Heard) effect()  {}
func (*Done) effect()   {}

// A Proposal is a change that a person asks for.
type Proposal struct {
	Person   oplog.Key
	OnBehalf *oplog.Key // the person for whom Person acts; nil if for none
	Wall     crdt.Wall
	// Edit returns what to change. It is called by Next, when the change is
	// made, and may read the store: what it then shows is what the change will
	// have seen of the resources that it edits. It may be called again, if
	// another proposal in the same commit edits one of them.
	Edit func() ([]crdt.Edit, error)
	// GoesOn says that the edits were made together with those of the change
	// before it in the log, on the same state: the change sees that one, and
	// nothing that came since.
	GoesOn bool
}

// Edits is a Proposal.Edit that always returns the same.
func Edits(edits ...crdt.Edit) func() ([]crdt.Edit, error) {
	return func() ([]crdt.Edit, error) { return edits, nil }
}

// A Commit is what is to be stored in one transaction.
type Commit struct {
	// Batches are for storage.Log.Commit, all in one call.
	Batches []storage.Batch

	parts []part // what each batch came from
}

// State is where a session is.
type State uint8

// The states of a session.
const (
	Connecting State = iota // hellos are on the way
	Exchanging              // differences are sought, or sent
	UpToDate                // each side has stored all that the other has
)

// String names the state.
func (s State) String() string {
	return [...]string{"connecting", "exchanging", "up to date"}[s%3]
}

// A Session is what is known of one.
type Session struct {
	ID        SessionID
	Peer      oplog.Key // its device
	Initiator bool      // this node opened the connection
	State     State
	// Receive and Send count changes; totals are estimates until the end.
	Receive, Send reconcile.Count
	// Lacks and Owes are how many tips either side waits for.
	Lacks, Owes int
	// Waiting is how many changes of it wait for others.
	Waiting int
	// Invalid is how many blocks of it were refused.
	Invalid int
	// Sent and Received count bytes of frames.
	SentBytes, ReceivedBytes uint64
}

// A Replica is one node's part in one commons.
type Replica struct {
	o       Options
	b       Bounds
	members *membership.State
	source  source
	now     time.Duration
	effects []Effect

	sessions    []*session // by id
	lastSession SessionID
	claims      claims
	writers     map[crdt.LogID]author

	// On the way into the store: what waits, what is ready, in causal order,
	// and the links of what is ready or being committed.
	waiting  waiting
	ready    []*incoming
	upcoming map[crdt.ChangeID]oplog.Link
	joining  []*joining // membership changes, admitted and not stored
	orphans  []*joining // membership changes whose parents are missing
	short    bool       // of room on the disk: see room.go

	proposals  []*proposal
	lastTicket Ticket
	logs       map[oplog.Key]ownLog // by person: those begun by this process
	committing *Commit
	most       int // parts of a commit, less after ErrTooBig
}

// New returns the replica of what the store holds. The error is the store's,
// or oplog's for membership that can't have been stored.
func New(o Options) (*Replica, error) {
	r := &Replica{
		o: o, b: o.Bounds.withDefaults(), source: source{log: o.Log},
		writers:  map[crdt.LogID]author{},
		upcoming: map[crdt.ChangeID]oplog.Link{},
		logs:     map[oplog.Key]ownLog{},
		most:     maxParts,
	}
	return r, r.load()
}

func (b Bounds) withDefaults() Bounds {
	d := DefaultBounds
	return Bounds{
		PeerChanges: cmp.Or(b.PeerChanges, d.PeerChanges), PeerBytes: cmp.Or(b.PeerBytes, d.PeerBytes),
		Bytes: cmp.Or(b.Bytes, d.Bytes), Lacks: cmp.Or(b.Lacks, d.Lacks), Credit: cmp.Or(b.Credit, d.Credit), Unsent: cmp.Or(b.Unsent, d.Unsent),
		Invalid: cmp.Or(b.Invalid, d.Invalid), Ask: cmp.Or(b.Ask, d.Ask), Stall: cmp.Or(b.Stall, d.Stall),
		CommitChanges: cmp.Or(b.CommitChanges, d.CommitChanges), CommitBytes: cmp.Or(b.CommitBytes, d.CommitBytes),
	}
}

func (r *Replica) emit(e Effect) { r.effects = append(r.effects, e) }

func (r *Replica) take() []Effect {
	e := r.effects
	r.effects = nil
	return e
}

// Members returns the membership: what is stored, and what is about to be. It
// belongs to the replica: ask it on the replica's goroutine, don't add to it.
func (r *Replica) Members() *membership.State { return r.members }
