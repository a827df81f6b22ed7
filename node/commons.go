package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/node/replica"
	"navette/storage"
)

// Commons is one commons that the node belongs to.
type Commons struct {
	n    *Node
	id   oplog.CommonsID
	name string
	log  *storage.Log
	work chan struct{} // there may be something to store
	// intent is held alone while an intent of several changes is proposed, so
	// that none comes between them, and beside others for those of one change,
	// which are stored together.
	intent sync.RWMutex

	mu      sync.Mutex // guards what follows, and the replica
	replica *replica.Replica
	lines   map[replica.SessionID]*line
	asked   map[replica.Ticket]chan<- replica.Done
	stopped bool

	returned returned
	tally    tally // of Undone
	names    names
	pages    pageIndex
	meetings meetings
	shared   shared
	live     lives
	besides  besides
}

// open opens the commons of a registry's entry.
func (n *Node) open(e entry, clean bool) (*Commons, error) {
	genesis, err := oplog.DecodeCommonsGenesis(e.Genesis)
	if err != nil {
		return nil, err
	}
	c := &Commons{
		n: n, id: oplog.CommonsID(genesis.ID), name: genesis.Name,
		work: make(chan struct{}, 1), returned: returned{own: make(map[crdt.LogID]bool)},
		besides: newBesides(),
		lines:   make(map[replica.SessionID]*line), asked: make(map[replica.Ticket]chan<- replica.Done),
	}
	log, report, err := storage.Open(space(n.o.Store, e.Number), storage.Options{Commons: c.id, CleanStop: clean, Suspect: n.o.Suspect})
	if err != nil {
		return nil, err
	}
	c.log = log
	if err := c.meetings.load(log); err != nil {
		return nil, err
	}
	if err := c.shared.load(c); err != nil {
		return nil, err
	}
	empty := log.MemberCount() == 0
	if empty { // it was put aside, or has lost all
		first := storage.MemberEntry{ID: oplog.Sum(e.Genesis), Block: e.Genesis}
		if _, err := log.Commit(storage.Batch{Class: storage.Membership, Members: []storage.MemberEntry{first}}); err != nil {
			return nil, err
		}
	}
	if report.Damaged() || n.o.Cut || empty && n.o.Quarantined == "" {
		n.notices = append(n.notices, Notice{Code: NoticeRolledBack, Args: []string{c.name}})
	}
	c.replica, err = replica.New(replica.Options{
		Genesis: genesis, Log: log, Device: n.self,
		Sign: func(kind oplog.SigKind, block []byte) oplog.Signature {
			return oplog.Sign(n.device, kind, c.id, block)
		},
		Nonce: func() (b [8]byte) { rand.Read(b[:]); return b },
	})
	return c, err
}

// ID is the commons' name among nodes.
func (c *Commons) ID() oplog.CommonsID { return c.id }

// Name is what its founder called it.
func (c *Commons) Name() string { return c.name }

// Person is for whom this node writes.
func (c *Commons) Person() oplog.Key { return oplog.PublicKey(c.n.person) }

// write stores what waits, one transaction at a time, until ctx ends.
func (c *Commons) write(ctx context.Context) error {
	defer c.stop()
	for {
		err := c.commit()
		if err == nil {
			err = c.settle(ctx)
		}
		if err != nil {
			return fmt.Errorf("commons %q: %w", c.name, err)
		}
		select {
		case <-ctx.Done():
			return c.commit()
		case <-c.work:
		}
	}
}

// commit stores all that waits. Refusals go back to whoever asked; the error is
// a store that can't be written any more.
func (c *Commons) commit() error {
	for {
		c.mu.Lock()
		if c.stopped {
			c.mu.Unlock()
			return nil
		}
		next, effects := c.replica.Next(c.n.now())
		c.carryOut(effects)
		for _, l := range c.lines {
			signal(l.room) // what was to be stored is, or won't be
			l.look()
		}
		c.mu.Unlock()
		if next == nil {
			return nil
		}
		returned, err := c.returning(next.Batches)
		if err == nil {
			_, err = c.log.Commit(next.Batches...)
		}
		c.mu.Lock()
		if err == nil {
			c.returned.count += returned
		}
		c.carryOut(c.replica.Committed(c.n.now(), next, err))
		c.mu.Unlock()
		if err == nil {
			_, err = c.log.Settle()
		}
		// Whoever was told so may write again: let them, and store it together.
		runtime.Gosched()
		if errors.Is(err, storage.ErrBroken) || errors.Is(err, storage.ErrClosed) {
			return err
		}
	}
}

// settle brings up to date what awaits it because verdicts have changed, while
// nothing waits to be stored. What the store refuses now is tried again after
// the next commit.
func (c *Commons) settle(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := c.log.Settle()
		if errors.Is(err, storage.ErrBroken) || errors.Is(err, storage.ErrClosed) {
			return err
		}
		if err != nil || !more || len(c.work) > 0 {
			break
		}
	}
	return nil
}

// wake says that there may be something to store.
func (c *Commons) wake() { signal(c.work) }

// signal tells whoever waits on ch, a channel of one, or will.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// stop refuses what was asked and not done, ends the sessions, and stores
// nothing any more.
func (c *Commons) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	for t, ch := range c.asked {
		ch <- replica.Done{Ticket: t, Err: ErrStopped}
		delete(c.asked, t)
	}
	for _, l := range c.lines {
		l.end(ErrStopped)
	}
}

// carryOut carries out what the replica wants. The caller holds mu.
func (c *Commons) carryOut(effects []replica.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case *replica.Send:
			if l := c.lines[e.Session]; l != nil {
				l.put(e.Frame)
			}
		case *replica.Close:
			if l := c.lines[e.Session]; l != nil {
				delete(c.lines, e.Session)
				l.end(e.Err)
			}
		case *replica.Verify:
			if l := c.lines[e.Session]; l != nil {
				l.verify = append(l.verify, e.Work)
			}
		case *replica.Heard:
			c.besides.hear(e.Peer, e.Data)
		case *replica.Done:
			if ch, ok := c.asked[e.Ticket]; ok {
				delete(c.asked, e.Ticket)
				ch <- *e
			}
		}
	}
}

// Write makes what an intent asks for, as one change for each slice of edits,
// in order, and returns their names once they are durable. The intent is called
// when the first change is made, on the documents as they are then; it may be
// called again. No edits make no change.
func (c *Commons) Write(ctx context.Context, intent func() ([][]crdt.Edit, error)) ([]crdt.ChangeID, error) {
	return c.WriteAs(ctx, c.self(), intent)
}

// An Author is in whose name something is written. The device must act for
// Person: the node's own, or one that it hosts.
type Author struct {
	Person   oplog.Key
	OnBehalf *oplog.Key // whom Person helps; nil is nobody
}

// self is the node's own person.
func (c *Commons) self() Author { return Author{Person: c.Person()} }

// WriteAs is Write in the name of another. The error is replica.ErrNoWriter
// where this device doesn't act for them, or they may not write.
func (c *Commons) WriteAs(ctx context.Context, by Author, intent func() ([][]crdt.Edit, error)) ([]crdt.ChangeID, error) {
	id, err := c.writeOne(ctx, by, intent)
	if !errors.Is(err, errSeveral) {
		return id, err
	}
	c.intent.Lock()
	defer c.intent.Unlock()
	var groups [][]crdt.Edit
	first := func() (_ []crdt.Edit, err error) {
		if groups, err = intent(); err != nil || len(groups) == 0 {
			return nil, err
		}
		return groups[0], nil
	}
	done, err := c.propose(ctx, by, replica.Proposal{Edit: first})
	if errors.Is(err, replica.ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(groups) == 1 {
		return done, nil
	}
	more, err := c.goOn(ctx, by, groups[1:])
	return append(done, more...), err
}

// goOn makes the changes of an intent after its first: what peers bring
// meanwhile isn't what they were made on. The caller holds intent, so that
// nobody else writes between them.
func (c *Commons) goOn(ctx context.Context, by Author, groups [][]crdt.Edit) ([]crdt.ChangeID, error) {
	list := make([]replica.Proposal, len(groups))
	for i, g := range groups {
		list[i] = replica.Proposal{Edit: replica.Edits(g...), GoesOn: true}
	}
	return c.propose(ctx, by, list...)
}

// errSeveral is an intent that takes more than one change.
var errSeveral = errors.New("node: several changes")

// writeOne is Write for an intent of one change. For one of more it does nothing
// and returns errSeveral.
func (c *Commons) writeOne(ctx context.Context, by Author, intent func() ([][]crdt.Edit, error)) ([]crdt.ChangeID, error) {
	c.intent.RLock()
	defer c.intent.RUnlock()
	id, err := c.propose(ctx, by, replica.Proposal{Edit: func() ([]crdt.Edit, error) {
		groups, err := intent()
		switch {
		case err != nil || len(groups) == 0:
			return nil, err
		case len(groups) > 1:
			return nil, errSeveral
		}
		return groups[0], nil
	}})
	if errors.Is(err, replica.ErrEmpty) {
		return nil, nil
	}
	return id, err
}

// propose proposes changes and waits until they are durable, or won't be. If
// some are and some aren't, the error is that of the first that isn't.
func (c *Commons) propose(ctx context.Context, by Author, list ...replica.Proposal) ([]crdt.ChangeID, error) {
	ids, errs, err := c.proposeAll(ctx, by, list)
	if err != nil {
		return nil, err
	}
	for i, err := range errs {
		if err != nil {
			return ids[:i], err
		}
	}
	return ids, nil
}

// proposeAll proposes changes and waits for all of them.
func (c *Commons) proposeAll(ctx context.Context, by Author, list []replica.Proposal) ([]crdt.ChangeID, []error, error) {
	return c.await(ctx, len(list), func(i int) replica.Ticket {
		list[i].Person, list[i].OnBehalf, list[i].Wall = by.Person, by.OnBehalf, wall()
		return c.replica.Propose(list[i])
	})
}

// await makes count proposals and waits until each is done, in the order made.
func (c *Commons) await(ctx context.Context, count int, propose func(i int) replica.Ticket) ([]crdt.ChangeID, []error, error) {
	ch := make(chan replica.Done, count)
	order := make(map[replica.Ticket]int, count)
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		return nil, nil, ErrStopped
	}
	for i := range count {
		t := propose(i)
		order[t] = i
		c.asked[t] = ch
	}
	c.mu.Unlock()
	c.wake()
	ids, errs := make([]crdt.ChangeID, count), make([]error, count)
	for range count {
		select {
		case d := <-ch:
			ids[order[d.Ticket]], errs[order[d.Ticket]] = d.ID, d.Err
		case <-ctx.Done():
			// They may still become durable; whoever asked went away.
			return nil, nil, ctx.Err()
		}
	}
	return ids, errs, nil
}

// WriteAll carries out many intents, each as Write does, gathered into few
// transactions, and returns what became of each: nil, or why nothing was
// written. The error is ctx's, or ErrStopped.
func (c *Commons) WriteAll(ctx context.Context, intents []func() ([][]crdt.Edit, error)) ([]error, error) {
	return c.WriteAllAs(ctx, c.self(), intents)
}

// WriteAllAs is WriteAll in the name of another: see WriteAs.
func (c *Commons) WriteAllAs(ctx context.Context, by Author, intents []func() ([][]crdt.Edit, error)) ([]error, error) {
	c.intent.Lock()
	defer c.intent.Unlock()
	groups := make([][][]crdt.Edit, len(intents))
	first := make([]replica.Proposal, len(intents))
	for i, intent := range intents {
		first[i].Edit = func() (_ []crdt.Edit, err error) {
			if groups[i], err = intent(); err != nil || len(groups[i]) == 0 {
				return nil, err
			}
			return groups[i][0], nil
		}
	}
	_, errs, err := c.proposeAll(ctx, by, first)
	if err != nil {
		return nil, err
	}
	for i, g := range groups {
		if errors.Is(errs[i], replica.ErrEmpty) {
			errs[i] = nil
		}
		if errs[i] == nil && len(g) > 1 {
			_, errs[i] = c.goOn(ctx, by, g[1:])
		}
	}
	return errs, ctx.Err()
}
