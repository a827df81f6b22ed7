package replica

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
)

// A session is an exchange with one peer, and what it costs.
type session struct {
	id        SessionID
	peer      oplog.Key
	initiator bool
	s         *reconcile.Session

	unsent         int // bytes given to the driver and not Sent
	sent, received uint64
	held           int           // bytes of runs in memory on behalf of the peer
	invalid        int           // blocks refused
	moved          time.Duration // when anything of it was last stored
	progress       reconcile.Progress
	changed        time.Duration // when progress last changed
	works          []*Work       // not verified yet, in order
}

// Connect begins a session with the device of an admitted peer. One that isn't
// known to belong yet is exchanged membership with, and no data until that
// says that it does.
func (r *Replica) Connect(now time.Duration, peer oplog.Key, initiator bool) (SessionID, []Effect) {
	r.now = now
	r.lastSession++
	c := &session{id: r.lastSession, peer: peer, initiator: initiator, moved: now, changed: now}
	o := reconcile.Options{
		Commons: r.o.Genesis.ID, Initiator: initiator, Nonce: r.o.Nonce(),
		Source: &r.source, MaxLacks: r.b.Lacks, Credit: r.b.Credit,
		Guest:  r.members.StandingOf(peer) != membership.Live && !r.o.Mutant.Unjudged,
		Mutant: r.o.Mutant,
	}
	if r.o.Mutant.Uncredited {
		o.Credit = 1 << 40
	}
	c.s = reconcile.New(o)
	r.sessions = append(r.sessions, c) // from now on Committed tells it everything
	r.pump(c)
	return c.id, r.take()
}

// Sessions returns what is known of the sessions, oldest first.
func (r *Replica) Sessions() []Session {
	var all []Session
	for _, c := range r.sessions {
		p := c.s.Progress()
		s := Session{
			ID: c.id, Peer: c.peer, Initiator: c.initiator,
			Receive: p.Receive, Send: p.Send, Lacks: p.Lacks, Owes: p.Owes,
			Waiting: r.waiting.changes(c.id), Invalid: c.invalid,
			SentBytes: c.sent, ReceivedBytes: c.received,
		}
		switch {
		case p.UpToDate:
			s.State = UpToDate
		case p.Greeted:
			s.State = Exchanging
		}
		all = append(all, s)
	}
	return all
}

func (r *Replica) session(id SessionID) *session {
	i, ok := slices.BinarySearchFunc(r.sessions, id, func(c *session, id SessionID) int { return int(c.id) - int(id) })
	if !ok {
		return nil
	}
	return r.sessions[i]
}

// Receive takes a frame from the session's peer. Frames of sessions that are
// gone are ignored.
func (r *Replica) Receive(now time.Duration, id SessionID, frame []byte) []Effect {
	r.now = now
	c := r.session(id)
	if c == nil {
		return nil
	}
	c.received += uint64(len(frame))
	events, err := c.s.Receive(frame)
	if err != nil {
		r.close(c, err, reconcile.ByeProtocol)
		return r.take()
	}
	for _, e := range events {
		switch e := e.(type) {
		case *reconcile.Runs:
			r.verify(c, e)
		case *reconcile.Members:
			r.receiveMembers(c, e)
		case *reconcile.Lacking:
			r.lacking(c, e)
		case *reconcile.Beside:
			if r.members.StandingOf(c.peer) == membership.Live {
				r.emit(&Heard{c.peer, e.Data})
			}
		}
	}
	r.pump(c)
	return r.take()
}

// Tell tells all peers that belong something beside the exchange, which is
// stored nowhere and may not arrive: who has a page open. It is at most
// reconcile.MaxBeside bytes, and nothing is sent on.
func (r *Replica) Tell(now time.Duration, data []byte) []Effect {
	r.now = now
	for _, c := range slices.Clone(r.sessions) {
		if r.members.StandingOf(c.peer) == membership.Live {
			c.s.Tell(data)
			r.pump(c)
		}
	}
	return r.take()
}

// Full tells that so much of the session's peer waits to be stored that no
// further frame should be given to Receive before something is: what the peer
// sends counts packed, and unpacked it may be many times that. A driver that
// goes on loses nothing but time, since what there is no room for is dropped
// and asked for again.
func (r *Replica) Full(id SessionID) bool {
	c := r.session(id)
	return c != nil && c.held > r.b.PeerBytes/4
}

// UpToDate tells whether each side of a session has stored all that the other
// has.
func (r *Replica) UpToDate(id SessionID) bool {
	c := r.session(id)
	return c != nil && c.s.Progress().UpToDate
}

// Sent tells that the connection took a frame of n bytes.
func (r *Replica) Sent(now time.Duration, id SessionID, n int) []Effect {
	r.now = now
	if c := r.session(id); c != nil {
		c.unsent -= n
		r.pump(c)
	}
	return r.take()
}

// Disconnected tells that the session's connection is gone.
func (r *Replica) Disconnected(now time.Duration, id SessionID) []Effect {
	r.now = now
	if c := r.session(id); c != nil {
		r.forget(c)
	}
	return r.take()
}

// Bye ends a session in good order; Err of its Close is nil.
func (r *Replica) Bye(now time.Duration, id SessionID) []Effect {
	r.now = now
	if c := r.session(id); c != nil {
		r.close(c, nil, reconcile.ByeLeaving)
	}
	return r.take()
}

// close says why, and ends a session.
func (r *Replica) close(c *session, err error, reason reconcile.Reason) {
	if !errors.Is(err, reconcile.ErrBye) {
		r.emit(&Send{c.id, c.s.Bye(reason)})
	}
	r.emit(&Close{c.id, err})
	r.forget(c)
}

// forget drops a session and asks others for what was asked of it.
func (r *Replica) forget(c *session) {
	r.sessions = slices.DeleteFunc(r.sessions, func(o *session) bool { return o == c })
	r.waiting.drop(c.id)
	for _, id := range r.claims.of(c.id) {
		r.claims.release(id)
		r.reassign(id, c.id)
	}
}

// pump takes frames from the session as long as the driver has room for them.
func (r *Replica) pump(c *session) {
	for c.unsent < r.b.Unsent {
		f := c.s.Next()
		if f == nil {
			return
		}
		c.unsent += len(f)
		c.sent += uint64(len(f))
		r.emit(&Send{c.id, f})
	}
}

// lacking asks for what the peer has and this node hasn't, unless another peer
// has been asked.
func (r *Replica) lacking(c *session, e *reconcile.Lacking) {
	for _, it := range e.Items {
		if r.o.Mutant.ByNumber && e.Tips && r.height(it.Log) >= it.Seq {
			c.s.Committed(nil, []crdt.ChangeID{it.ID}, nil)
			continue
		}
		if e.Tips && r.short || !r.claims.take(it.ID, c.id, r.now) {
			continue
		}
		if e.Tips {
			c.s.WantTip(it.ID)
		} else {
			c.s.WantMember(it.ID)
		}
	}
}

// height returns the greatest seq of a log.
func (r *Replica) height(log crdt.LogID) (seq uint64) {
	ends, err := r.o.Log.Branches(log)
	if err != nil {
		return 0
	}
	for _, id := range ends {
		if l, ok := r.source.Link(id); ok {
			seq = max(seq, l.Seq)
		}
	}
	return seq
}

// reassign asks for what but was asked for in vain: the next session in turn
// that is known to have it, or that sent what names it.
func (r *Replica) reassign(id crdt.ChangeID, but SessionID) {
	var next, first *session
	for _, c := range r.sessions {
		if !c.s.Lacks(id) && !r.waiting.of(c, id) {
			continue
		}
		if first == nil {
			first = c
		}
		if next == nil && c.id > but {
			next = c
		}
	}
	if next == nil {
		next = first
	}
	if next == nil {
		return
	}
	if _, ofTips := next.s.Lacked(id); ofTips && r.short || !r.claims.take(id, next.id, r.now) {
		return
	}
	r.want(next, id)
	r.pump(next)
}

// want asks for something again, saying what is here of its log by now.
func (r *Replica) want(c *session, id crdt.ChangeID) {
	it, ofTips := c.s.Lacked(id)
	switch {
	case !ofTips:
		c.s.WantMember(id)
	case it.Log == crdt.LogID{}: // something that a waiting run names
		c.s.WantChange(id)
	default:
		ends, err := r.o.Log.Branches(it.Log)
		if err != nil {
			return
		}
		c.s.WantFrom(id, ends[:min(len(ends), oplog.MaxLinks)])
	}
}

// charge counts what a peer sent that can never be valid.
func (r *Replica) charge(c *session, err error) {
	if c.invalid++; c.invalid >= r.b.Invalid {
		r.close(c, fmt.Errorf("%w: %w", ErrInvalid, err), reconcile.ByeInvalid)
	}
}

// sweep asks for what a session lacks and nobody is asked for.
func (r *Replica) sweep(c *session) {
	for _, ofTips := range []bool{false, true} {
		for _, it := range c.s.Lacking(ofTips) {
			r.reassign(it.ID, c.id)
		}
	}
}

// Tick lets time pass: it is to be called every second or so. What was asked
// of a peer in vain is asked of another, and sessions that stall are ended.
func (r *Replica) Tick(now time.Duration) []Effect {
	r.now = now
	r.regain()
	for _, c := range slices.Clone(r.sessions) {
		p := c.s.Progress()
		if p.UpToDate {
			c.moved = now
		}
		if p != c.progress || p.UpToDate {
			c.progress, c.changed = p, now
		}
		switch {
		case now-c.changed > r.b.Stall:
			r.close(c, ErrStalled, reconcile.ByeStalled)
		case now-c.moved > r.b.Ask && !r.o.Mutant.Patient:
			r.sweep(c)
		}
	}
	old := r.claims.older(now - r.b.Ask)
	if r.o.Mutant.Patient {
		old = nil
	}
	for _, id := range old {
		by := r.claims.all[id].session
		if c := r.session(by); c != nil && now-c.moved <= r.b.Ask {
			continue // it is at it, one after the other
		}
		r.claims.release(id)
		r.reassign(id, by)
	}
	r.askMissing(now)
	r.waiting.expire(now - r.b.Stall)
	for _, c := range slices.Clone(r.sessions) {
		r.pump(c)
	}
	return r.take()
}
