package reconcile

import (
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
)

// Receive takes a frame of the peer's, which the session may keep. An error
// ends the session; it is ErrProtocol, ErrVersion, ErrCommons, ErrBye, or
// oplog.ErrInvalid for a run that doesn't decode.
func (s *Session) Receive(frame []byte) ([]Event, error) {
	events, err := s.receive(frame)
	if err == nil && s.queued > maxQueued {
		err = fmt.Errorf("%w: it doesn't take %d bytes of answers", ErrProtocol, s.queued)
	}
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
	case typeBeside:
		data := r.Bytes()
		if r.End() != nil || len(data) > MaxBeside {
			return nil, fmt.Errorf("%w: %d bytes beside", ErrProtocol, len(data))
		}
		if s.o.Guest {
			return nil, nil
		}
		return []Event{&Beside{slices.Clone(data)}}, nil
	case typeBye:
		return nil, &ByeError{Reason(r.Uint())}
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
	// Whatever it still lacks of these it will be told again: they are in the
	// snapshot, or something after them is. Only if that is older, because I
	// have asked at the same time, what I pushed since may be in neither.
	clear(s.told[k])
	if k == tips {
		s.serve.again(func(it Item) bool { return !fresh && !c.mine.Has(it) })
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
			s.missed[k] = !s.o.Mutant.Forgetful
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
	for _, mine := range s.mine[tips].ofLog(it.Log) {
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
	if s.stored(k, it.ID) || s.o.Mutant.Hasty {
		delete(s.lacks[k], it.ID)
		s.ack(k, it.ID)
		return
	}
	if _, known := s.lacks[k][it.ID]; known {
		return
	}
	if len(s.lacks[k]) >= s.o.MaxLacks {
		s.missed[k] = !s.o.Mutant.Forgetful
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
	s.WantFrom(crdt.ChangeID(tip), have)
	return nil
}

func readKind(r *cbor.Reader) (kind, error) {
	k := r.Uint()
	if r.Err() != nil || k > uint64(tips) {
		return 0, fmt.Errorf("%w: set %d", ErrProtocol, k)
	}
	return kind(k), nil
}
