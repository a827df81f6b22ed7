package storage

import (
	"errors"
	"fmt"
)

// Commit stores batches in one transaction, folds what they say of resources
// and returns when all of it is durable. Entries that are stored already are
// left out. The caller has verified the signatures and what each block claims
// of those it names; every branch that a commit prolongs ends on an entry with
// a signature. Of several classes the one that is refused first counts: see
// Room.
//
// If the documents that have to change don't fit into the transaction, they
// follow in transactions of their own before Commit returns, or at the next
// commit or Open if that is interrupted. Entries that alone are too many for a
// transaction are ErrTooBig, before anything is written: give fewer. Other
// errors: a *BatchError around ErrParent, ErrUnsigned, ErrCorrupt or
// oplog.ErrInvalid; and those of KV.Update. With any error nothing was stored,
// except with ErrBroken, which leaves it to the next Open to find out.
func (l *Log) Commit(batches ...Batch) (Committed, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.commit(batches, false)
}

func (l *Log) commit(batches []Batch, unsigned bool) (Committed, error) {
	if l.broken != nil {
		return Committed{}, l.broken
	}
	if err := l.foldRest(); err != nil {
		return Committed{}, err
	}
	if err := l.requeue(); err != nil {
		return Committed{}, err
	}
	class := Membership
	for _, b := range batches {
		class = min(class, b.Class)
	}
	if err := l.kv.Room(class); err != nil {
		return Committed{}, err
	}
	entries := l.graph.Len()
	s, f, all, err := l.prepare(batches, unsigned)
	if err == nil && len(all.list) > 0 {
		err = l.kv.Update(class, all.write)
	}
	if err != nil {
		l.mu.Lock()
		l.graph.Truncate(entries)
		l.mu.Unlock()
		if s != nil && len(s.members.list) > 0 {
			l.state = nil // it has what wasn't stored
		}
		if errors.Is(err, ErrBroken) {
			l.broken = err
		}
		return Committed{}, err
	}
	end := s.from + uint64(len(s.links))
	done := Committed{From: s.from, To: end, Members: len(s.members.list)}
	if len(all.list) == 0 {
		l.mu.Lock()
		l.exposed = nil
		l.mu.Unlock()
		return done, nil
	}
	for id, i := range s.at {
		l.places.set(id, located{s.links[i].place, s.links[i].lamport})
	}
	l.judged(s)
	lag := false
	if f != nil {
		f.keep()
	} else {
		// It is stored; what it says of resources can wait if it must.
		lag = l.catchUp(l.derived, end) != nil
	}
	queued := s.judgement.anew && !lag && l.enqueue(s) == nil
	l.publish(s, lag)
	if queued {
		_, _ = l.settleOnce() // what can't be done now stays in the queue
	}
	return done, nil
}

// judged makes a stage's verdicts those that what is stored is folded under.
func (l *Log) judged(s *stage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.void = s.judgement.void
	l.unqueued = l.unqueued || s.judgement.anew
}

// requeue queues what an earlier commit couldn't.
func (l *Log) requeue() error {
	if !l.unqueued {
		return nil
	}
	if err := l.enqueue(nil); err != nil {
		return fmt.Errorf("queueing what the last verdicts change: %w", err)
	}
	return nil
}

// foldRest folds what an earlier commit couldn't.
func (l *Log) foldRest() error {
	if !l.lag {
		return nil
	}
	if err := l.catchUp(l.derived, l.pos); err != nil {
		return fmt.Errorf("folding what the last commit left: %w", err)
	}
	l.mu.Lock()
	l.lag = false
	l.mu.Unlock()
	return nil
}

// prepare stages batches and returns what is to be written. f is nil if the
// resources are left to the cursor, which is among the rows then.
func (l *Log) prepare(batches []Batch, unsigned bool) (s *stage, f *folding, all rows, err error) {
	err = l.kv.View(func(r Reader) error {
		if err := l.recall(r); err != nil {
			return fmt.Errorf("reading the membership: %w", err)
		}
		s = l.newStage(r)
		s.unsigned = unsigned
		for i, b := range batches {
			if err := s.batch(b); err != nil {
				return &BatchError{i, err}
			}
		}
		if err := s.finish(); err != nil {
			return err
		}
		if err := s.judge(); err != nil {
			return err
		}
		limits := l.kv.Limits()
		left := (&cursor{from: s.from}).encode()
		limits.Bytes -= Cost(l.derived.cursor(), left)
		limits.Keys--
		all = s.rows
		if !all.fit(limits) {
			return fmt.Errorf("%w: %d entries of %d bytes", ErrTooBig, len(s.links), all.cost)
		}
		folding, made, ok, err := s.fold()
		if err != nil {
			return err
		}
		if !ok {
			all.set(l.derived.cursor(), left)
			return nil
		}
		f = folding
		all.add(made)
		return nil
	})
	return s, f, all, err
}

func (s *stage) batch(b Batch) error {
	for _, e := range b.Members {
		if err := s.addMember(e); err != nil {
			return err
		}
	}
	for _, e := range b.Data {
		if err := s.add(e); err != nil {
			return err
		}
	}
	return nil
}

// publish shows a durable stage to readers.
func (l *Log) publish(s *stage, lag bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := &s.judgement
	for i := range s.nodes {
		l.frontier.add(&s.nodes[i])
		if j.front == nil {
			l.front.Grow(l.graph, s.nodes[i].place)
		}
	}
	if j.front != nil {
		l.front, l.names = j.front, j.names
	}
	l.exposed = j.exposed
	for chain, e := range s.ends {
		l.frontier.chains[chain].end = e
	}
	for _, m := range s.members.list {
		l.members.add(m.ID, m.parents)
	}
	l.pos = s.from + uint64(len(s.links))
	l.count += uint64(len(s.links))
	l.lag = lag
	l.wake()
}

// wake wakes those who follow the feed. The caller holds mu.
func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}
