package reconcile

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
)

// What ends a session, besides ErrProtocol.
var (
	// ErrVersion is a peer that speaks no version that we do.
	ErrVersion = errors.New("reconcile: no version in common")
	// ErrCommons is a peer whose session is about another commons.
	ErrCommons = errors.New("reconcile: a session about another commons")
	// ErrBye is a peer that says it goes; the text has its reason.
	ErrBye = errors.New("reconcile: the peer ends the session")
)

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

// Options begin a session.
type Options struct {
	Commons oplog.CommonsID
	// Initiator is true on the side that opened the connection.
	Initiator bool
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
	ask     [2]bool // a comparison is to be begun again

	told   [2]map[uint64]Item        // the peer was told of and hasn't got, by hash
	named  map[uint64]Item           // all tips that it was ever told of
	lacks  [2]map[crdt.ChangeID]Item // the peer told us of and we haven't got
	missed [2]bool                   // more of them than fit in lacks

	control [][]byte // frames to go out before all others
	got     [2][]byte
	release int // credit to give back
	window  int // credit that the peer has left
	wants   [2][][]byte

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

// An Event is what a frame brought: *Runs, *Members or *Lacking.
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

func (*Runs) event()    {}
func (*Members) event() {}
func (*Lacking) event() {}

// Receive takes a frame of the peer's, which the session may keep. An error
// ends the session; it is ErrProtocol, ErrVersion, ErrCommons, ErrBye, or
// oplog.ErrInvalid for a run that doesn't decode.
func (s *Session) Receive(frame []byte) ([]Event, error) {
	events, err := s.receive(frame)
	if err != nil {
		s.over = true
		return nil, err
	}
	return events, nil
}

func (s *Session) receive(frame []byte) ([]Event, error) {
	if s.over {
		return nil, fmt.Errorf("%w: a frame after the end", ErrProtocol)
	}
	if !s.heard {
		return nil, s.greet(frame)
	}
	if len(frame) > MaxFrame {
		return nil, fmt.Errorf("%w: a frame of %d bytes", ErrProtocol, len(frame))
	}
	r := cbor.NewReader(frame)
	n := r.Array() - 1
	typ := r.Uint()
	if r.Err() != nil || n < 0 {
		return nil, fmt.Errorf("%w: not a frame", ErrProtocol)
	}
	switch typ {
	case typeHello:
		return nil, fmt.Errorf("%w: hello twice", ErrProtocol)
	case typeAnswers:
		return s.readAnswers(r, n)
	case typeAsk:
		return nil, s.readAsk(r)
	case typeWant:
		return nil, s.readWants(r, n)
	case typeRuns, typeMembers:
		return s.readData(typ, r, len(frame))
	case typeGot:
		return nil, s.readGot(r)
	case typeRefused:
		return nil, s.readRefused(r)
	case typeFork:
		return nil, s.readFork(r)
	case typeBye:
		return nil, fmt.Errorf("%w: %v", ErrBye, Reason(r.Uint()))
	case typeTold:
		return s.readItems(r)
	}
	// A later version's: it may hold anything well formed.
	if err := cbor.Valid(frame); err != nil {
		return nil, fmt.Errorf("%w: frame of type %d: %w", ErrProtocol, typ, err)
	}
	return nil, nil
}

// greet reads the peer's hello. Where the summaries agree nothing is compared;
// else the initiator's is the first question.
func (s *Session) greet(frame []byte) error {
	h, err := ReadHello(frame)
	if err != nil {
		return err
	}
	switch {
	case h.Min > MaxVersion || h.Max < MinVersion || h.Min > h.Max:
		return fmt.Errorf("%w: theirs are %d to %d, ours %d to %d", ErrVersion, h.Min, h.Max, MinVersion, MaxVersion)
	case !h.Is(s.o.Commons):
		return fmt.Errorf("%w: %x", ErrCommons, h.Commons)
	case h.Nonce == s.o.Nonce:
		return fmt.Errorf("%w: our own nonce", ErrProtocol)
	}
	s.heard = true
	s.key = sessionKey(s.o.Nonce, h.Nonce)
	if !s.o.Initiator {
		s.key = sessionKey(h.Nonce, s.o.Nonce)
	}
	theirs := helloKey(h.Nonce)
	for k, sum := range [2]summary{h.Members, h.Tips} {
		switch {
		case s.mine[k].summarise(theirs) == sum:
		case s.o.Initiator:
			s.begin(kind(k))
			s.compare[k].ask()
		default:
			s.begin(kind(k))
			s.compare[k].reply(true)
		}
	}
	return nil
}

// begin salts the snapshot of a set for a comparison.
func (s *Session) begin(k kind) {
	if !s.salted[k] {
		s.compare[k].mine, s.salted[k] = salt(s.mine[k], s.key), true
	}
}

// readAnswers reads [1, set, answer…].
func (s *Session) readAnswers(r *cbor.Reader, n int) ([]Event, error) {
	k, err := readKind(r)
	if err != nil {
		return nil, err
	}
	c := &s.compare[k]
	for range n - 1 {
		if err := c.receive(r); err != nil {
			return nil, err
		}
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: answers: %w", ErrProtocol, err)
	}
	s.noteTold(k)
	theirs := c.theirs
	c.theirs = nil
	return s.lacking(k, theirs), nil
}

// readAsk reads [2, set, count, sum]: the peer begins another comparison.
func (s *Session) readAsk(r *cbor.Reader) error {
	k, err := readKind(r)
	sum := summary{Count: r.Uint(), Sum: r.Uint()}
	if err != nil || r.End() != nil {
		return fmt.Errorf("%w: not a question", ErrProtocol)
	}
	if s.rounds++; s.rounds > maxRounds {
		return fmt.Errorf("%w: %d comparisons", ErrProtocol, s.rounds)
	}
	c := &s.compare[k]
	fresh := c.settled()
	if fresh {
		s.refreeze(k)
	}
	s.begin(k)
	c.reply(c.mine.summary(0, c.mine.Len()) != sum)
	// Whatever it still lacks of these it will be told again.
	covered := func(_ uint64, it Item) bool { return fresh || c.mine.Has(it) }
	maps.DeleteFunc(s.told[k], covered)
	if k == tips {
		maps.DeleteFunc(s.serve.pushed, covered)
	}
	return nil
}

// Comparisons that one session may hold, and that many without anything new.
const (
	maxRounds = 64
	maxIdle   = 8
)

// refreeze takes a new snapshot.
func (s *Session) refreeze(k kind) {
	s.mine[k] = s.o.Source.Tips()
	if k == members {
		s.mine[k] = s.o.Source.Members()
	}
	s.salted[k] = false
}

// readItems reads [10, set, items]: the peer says what it has.
func (s *Session) readItems(r *cbor.Reader) ([]Event, error) {
	k, err := readKind(r)
	if err != nil {
		return nil, err
	}
	items, err := readItems(r)
	if err == nil && r.End() != nil {
		err = fmt.Errorf("%w: items: %w", ErrProtocol, r.End())
	}
	if err != nil {
		return nil, err
	}
	return s.lacking(k, items), nil
}

// lacking takes note of what the peer has: it hears at once of what is stored
// here all the same, and the rest is lacking.
func (s *Session) lacking(k kind, items []Item) []Event {
	var news []Item
	for _, it := range items {
		if k == tips {
			s.serve.peerHas(it.Log, it.ID)
		}
		if s.stored(k, it.ID) {
			s.ack(k, it.ID)
			continue
		}
		if _, known := s.lacks[k][it.ID]; known {
			continue
		}
		if len(s.lacks[k]) >= s.o.MaxLacks {
			s.missed[k] = true
			continue
		}
		s.idle = 0
		s.lacks[k][it.ID] = it
		news = append(news, it)
		if k == tips {
			s.receives.Total += it.Seq - min(it.Seq, s.height(it))
		}
	}
	if len(news) == 0 {
		return nil
	}
	return []Event{&Lacking{Tips: k == tips, Items: news}}
}

// height returns how far the snapshot has come in the log of an item.
func (s *Session) height(it Item) (seq uint64) {
	for _, mine := range s.mine[tips].ofLog(it.Order, it.Log) {
		seq = max(seq, mine.Seq)
	}
	return seq
}

func (s *Session) stored(k kind, id crdt.ChangeID) bool {
	if k == members {
		_, _, ok := s.o.Source.Member(id)
		return ok
	}
	_, ok := s.o.Source.Link(id)
	return ok
}

// noteTold remembers what the peer was told of in answers.
func (s *Session) noteTold(k kind) {
	c := &s.compare[k]
	for _, i := range c.told {
		s.told[k][c.mine.hash[i]] = c.mine.items[i]
		if k == tips {
			s.named[c.mine.hash[i]] = c.mine.items[i]
		}
	}
	for _, i := range c.untold {
		delete(s.told[k], c.mine.hash[i])
	}
	c.told, c.untold = nil, nil
}

// readData reads frames of runs and of members.
func (s *Session) readData(typ uint64, r *cbor.Reader, size int) ([]Event, error) {
	if s.window -= size; s.window < 0 {
		return nil, fmt.Errorf("%w: data beyond the credit", ErrProtocol)
	}
	p := &s.parcels[typ-typeRuns]
	batch, err := p.add(r)
	if err != nil {
		return nil, err
	}
	if batch == nil {
		s.Release(size) // held by the parcel, which is bounded by itself
		return nil, nil
	}
	if typ == typeMembers {
		m, err := readMembers(batch)
		if err != nil {
			return nil, err
		}
		for i := range m {
			s.arrived(members, Item{ID: oplog.Sum(m[i].Block)})
		}
		return []Event{&Members{m, size}}, nil
	}
	runs, err := readRuns(batch)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		s.receives.Done += uint64(len(run.Blocks))
		it := Item{ID: run.ID()}
		if n := len(run.Changes); n > 0 {
			it.Log, it.Seq = run.Changes[n-1].Log, run.Changes[n-1].Seq
		} else {
			it.Log = run.Genesis.Log()
		}
		s.arrived(tips, it)
	}
	return []Event{&Runs{runs, size}}, nil
}

// arrived takes note of what the peer sent, a membership change or the end of
// a run: it waits to hear that this is stored.
func (s *Session) arrived(k kind, it Item) {
	if s.stored(k, it.ID) {
		s.ack(k, it.ID)
		return
	}
	if _, known := s.lacks[k][it.ID]; known {
		return
	}
	if len(s.lacks[k]) >= s.o.MaxLacks {
		s.missed[k] = true
		return
	}
	s.lacks[k][it.ID] = it
}

func readMembers(batch []byte) (list []Member, err error) {
	r := cbor.NewReader(batch)
	n := r.Array()
	for range n / 2 {
		m := Member{Block: slices.Clone(r.Bytes())}
		r.Fixed(m.Sig[:])
		if r.Err() != nil {
			break
		}
		list = append(list, m)
	}
	if err := r.End(); err != nil || n%2 != 0 || n > 2*MaxChanges {
		return nil, fmt.Errorf("%w: a batch of membership changes: %w", ErrProtocol, err)
	}
	return list, nil
}

func readRuns(batch []byte) (list []*oplog.Run, err error) {
	r := cbor.NewReader(batch)
	changes := 0
	for range r.Array() {
		b := r.Bytes()
		if r.Err() != nil {
			break
		}
		run, err := oplog.ReadRun(b)
		if err != nil {
			return nil, err
		}
		if changes += len(run.Blocks); changes > MaxChanges {
			return nil, fmt.Errorf("%w: a batch of more than %d changes", ErrProtocol, MaxChanges)
		}
		list = append(list, run)
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: a batch of runs: %w", ErrProtocol, err)
	}
	return list, nil
}

// readGot reads [6, credit, hashes of membership changes, hashes of tips].
func (s *Session) readGot(r *cbor.Reader) error {
	credit := r.Uint()
	if r.Err() != nil || credit > uint64(s.o.Credit) || s.serve.credit+int(credit) > s.o.Credit {
		return fmt.Errorf("%w: credit of %d", ErrProtocol, credit)
	}
	s.serve.credit += int(credit)
	for k := range s.told {
		hashes, err := readHashes(r)
		if err != nil {
			return err
		}
		for _, h := range hashes {
			s.peerGot(kind(k), h)
		}
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("%w: got: %w", ErrProtocol, err)
	}
	return nil
}

// peerGot notes that the peer has stored what hashes to h.
func (s *Session) peerGot(k kind, h uint64) {
	it, ok := s.told[k][h]
	if ok {
		delete(s.told[k], h)
		if k == tips {
			s.serve.peerHas(it.Log, it.ID)
		}
	}
	if k == tips {
		s.serve.got(h)
	}
}

// readRefused reads [7, set, CIDs]: what the peer can't take, or can't give.
func (s *Session) readRefused(r *cbor.Reader) error {
	k, err := readKind(r)
	if err != nil {
		return err
	}
	ids, err := readIDs(r)
	if err != nil || r.End() != nil {
		return fmt.Errorf("%w: refused: %w", ErrProtocol, err)
	}
	for _, id := range ids {
		h := s.key.sum(id[:])
		delete(s.told[k], h)
		delete(s.lacks[k], id)
		if k == tips {
			s.serve.got(h)
		}
	}
	return nil
}

// readFork reads [8, tip, CIDs]: the peer's branch left ours somewhere among
// the links it names; ask again from the last one that is stored here.
func (s *Session) readFork(r *cbor.Reader) error {
	tip := r.Bytes()
	ids, err := readIDs(r)
	if err != nil || r.End() != nil || len(tip) != 32 || len(ids) > 64 {
		return fmt.Errorf("%w: fork: %w", ErrProtocol, err)
	}
	var have []crdt.ChangeID
	var best uint64
	for _, id := range ids {
		if l, ok := s.o.Source.Link(id); ok && (have == nil || l.Seq > best) {
			have, best = []crdt.ChangeID{id}, l.Seq
		}
	}
	s.wants[tips] = append(s.wants[tips], wantFrom(crdt.ChangeID(tip), have))
	return nil
}

func readKind(r *cbor.Reader) (kind, error) {
	k := r.Uint()
	if r.Err() != nil || k > uint64(tips) {
		return 0, fmt.Errorf("%w: set %d", ErrProtocol, k)
	}
	return kind(k), nil
}
