package node

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node/gate"
	"navette/node/replica"
	"navette/transport"
)

// How a node dials.
const (
	visitsAtOnce = 4
	firstPause   = 5 * time.Second
	longestPause = 10 * time.Minute
	// courtesy is how long the peer with the greater key waits for the other
	// one to dial.
	courtesy = time.Second
	lookout  = time.Second // how often it is looked whether somebody is due
	dialTime = 10 * time.Second
	// youth is how long a session lives at least that wasn't taken away.
	youth       = 3 * time.Second
	firstCalm   = time.Second
	longestCalm = 15 * time.Second
)

// peer is another device, as far as this node has met it.
type peer struct {
	addrs    []string // where it may be now, best first
	near     bool     // the discovery says that it is here
	admitted map[oplog.CommonsID]membership.Standing
	sessions map[oplog.CommonsID]*session
	address  string    // where it was last
	seen     time.Time // when it was last
	known    bool      // by an earlier run, by hand, or by an invitation

	// shuns: it says that this node is of a commons no more.
	shuns bool
	// offences are when it sent too much that can never be valid, in the last
	// day; until barred it isn't exchanged with.
	offences []time.Time
	barred   time.Time
	visiting bool
	vain     int       // visits in a row to a peer that is heard and didn't answer
	useless  bool      // a stranger, or one that sends nonsense: no hurry
	hurried  bool      // its last session ended too soon: see calm
	due      time.Time // not before
	pause    time.Duration
	// met is how many commons this node had joined or founded when it last
	// visited: when there is another one, it goes again.
	met uint16
}

// session is an exchange that is under way.
type session struct {
	initiator bool
	begun     time.Time
	cancel    context.CancelFunc
	done      chan struct{}
}

func (n *Node) peer(id transport.Peer) *peer {
	p := n.peers[id]
	if p == nil {
		p = &peer{admitted: make(map[oplog.CommonsID]membership.Standing), sessions: make(map[oplog.CommonsID]*session)}
		n.peers[id] = p
	}
	return p
}

// follow takes in what the discovery finds.
func (n *Node) follow(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c, ok := <-n.links.Discovery.Found():
			if !ok {
				return nil
			}
			n.found(c)
		}
	}
}

func (n *Node) found(c transport.Candidate) {
	if c.Peer == n.Self() {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peer(c.Peer)
	if c.Gone {
		p.near = false
		return
	}
	fresh := !p.near || !slices.Equal(p.addrs, c.Addrs)
	if fresh && !p.hurried {
		p.pause = 0
	}
	// It was heard just now, so that it couldn't be reached before says little.
	if !p.hurried && (fresh || !p.useless) {
		soon := time.Now()
		if bytes.Compare(n.self[:], c.Peer[:]) > 0 {
			soon = soon.Add(courtesy)
		}
		if fresh || soon.Before(p.due) {
			p.due = soon
		}
	}
	p.near, p.addrs = true, c.Addrs
	n.look()
}

// look wakes seek. It may be called with or without mu.
func (n *Node) look() {
	select {
	case n.poke <- struct{}{}:
	default:
	}
}

// NetworkChanged says that a link of this machine came, went or changed: who
// was out of reach is dialled again at once.
func (n *Node) NetworkChanged() {
	n.mu.Lock()
	for _, p := range n.peers {
		p.due, p.pause, p.hurried = time.Time{}, 0, false
	}
	l := n.links
	n.mu.Unlock()
	if l.Network != nil {
		l.Network.NetworkChanged()
	}
	n.look()
}

// seek visits whoever is due, a few at a time.
func (n *Node) seek(ctx context.Context) error {
	n.recall()
	n.begin(n.identify)
	tick := time.NewTicker(lookout)
	defer tick.Stop()
	for {
		for _, id := range n.due() {
			n.begin(func(ctx context.Context) { n.visit(ctx, id) })
		}
		select {
		case <-ctx.Done():
			return nil
		case <-n.poke:
		case <-tick.C:
		}
		for _, c := range n.All() {
			c.tick()
		}
	}
}

// due chooses whom to visit now, and marks them.
func (n *Node) due() (out []transport.Peer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	visits := 0
	for _, p := range n.peers {
		if p.visiting {
			visits++
		}
	}
	now := time.Now()
	for id, p := range n.peers {
		if visits+len(out) >= visitsAtOnce {
			break
		}
		busy := len(p.sessions) > 0 && p.met == n.registry.Next
		if p.visiting || busy || len(p.addrs) == 0 || now.Before(p.due) || !p.near && !p.known {
			continue
		}
		p.visiting = true
		out = append(out, id)
	}
	return out
}

// visit dials a peer, is admitted, and begins to exchange what both are of.
func (n *Node) visit(ctx context.Context, id transport.Peer) {
	n.mu.Lock()
	next := n.registry.Next
	n.mu.Unlock()
	err := n.meet(ctx, id)
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peer(id)
	p.visiting, p.met = false, next
	p.useless = errors.Is(err, errStranger)
	p.tried(err)
	if err == nil {
		return
	}
	if ctx.Err() == nil {
		n.o.Log.Debug("visiting a peer", "peer", id, "err", err)
	}
	p.pause = min(max(2*p.pause, firstPause), longestPause)
	if p.useless {
		p.pause = longestPause
	}
	p.due = time.Now().Add(p.pause + rand.N(p.pause/4))
}

// errStranger is a peer with which this node has no commons.
var errStranger = errors.New("node: no commons in common")

func (n *Node) meet(ctx context.Context, id transport.Peer) error {
	n.mu.Lock()
	addrs := slices.Clone(n.peer(id).addrs)
	network := n.links.Network
	n.mu.Unlock()
	dial := func(protocol string) (transport.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, dialTime)
		defer cancel()
		return network.Dial(ctx, id, addrs, protocol)
	}
	conn, err := dial(ProtocolAdmit)
	if err != nil {
		return err
	}
	matches, err := n.admission(ctx, conn, true)
	conn.Close()
	if err != nil {
		return err
	}
	shared := 0
	for _, m := range matches {
		c := n.commonsOf(m.Commons)
		if c == nil || m.Standing == membership.Removed {
			continue
		}
		shared++
		if n.exchanges(id, c) {
			continue
		}
		conn, err := dial(ProtocolSync)
		if err != nil {
			return err
		}
		n.begin(func(ctx context.Context) {
			if err := n.session(ctx, c, conn, true, nil); err != nil {
				n.o.Log.Debug("exchanging with a peer", "peer", id, "commons", c.name, "err", err)
			}
		})
	}
	if shared == 0 {
		return errStranger
	}
	return nil
}

// exchanges tells whether there is a session with a peer already.
func (n *Node) exchanges(id transport.Peer, c *Commons) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.peer(id).sessions[c.id] != nil
}

// admitted remembers what came of an admission.
func (n *Node) admitted(conn transport.Conn, matches []gate.Match) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peer(conn.Peer())
	p.address, p.seen = conn.Remote(), time.Now()
	clear := make(map[oplog.CommonsID]membership.Standing)
	for _, m := range matches {
		clear[m.Commons] = m.Standing
	}
	p.admitted = clear
}

// admittedAs returns what a peer was to a commons when it last proved that it
// knows it; not if it hasn't.
func (n *Node) admittedAs(id transport.Peer, c oplog.CommonsID) (standing membership.Standing, proved bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	standing, proved = n.peer(id).admitted[c]
	return standing, proved
}

// calm says when to go again to a peer with which a session has ended that
// lived so long. It may be back at once; but of two machines that are one device
// each takes the other's place at a third, and both come back at once. So who
// lost it soon waits, and longer each time.
func (p *peer) calm(now time.Time, lived time.Duration) {
	if p.hurried = lived < youth+2*p.pause; p.hurried {
		p.pause = min(max(2*p.pause, firstCalm), longestCalm)
	} else {
		p.pause = 0
	}
	p.due = now.Add(p.pause)
}

// session exchanges c with an admitted peer over conn. There is at most one
// for each peer and commons: the newest stays, since the older one must be
// dead; of two that were dialled at once, that of the lesser key.
func (n *Node) session(ctx context.Context, c *Commons, conn transport.Conn, initiator bool, first []byte) error {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	id := conn.Peer()
	s := &session{initiator: initiator, begun: time.Now(), cancel: cancel, done: make(chan struct{})}
	defer close(s.done)
	n.mu.Lock()
	p := n.peer(id)
	old := p.sessions[c.id]
	if old != nil && old.initiator != initiator && time.Since(old.begun) < courtesy &&
		initiator == (bytes.Compare(n.self[:], id[:]) > 0) {
		n.mu.Unlock()
		return nil
	}
	p.sessions[c.id] = s
	p.address, p.seen = conn.Remote(), time.Now()
	n.mu.Unlock()
	if old != nil {
		old.cancel()
		<-old.done
	}
	n.remember()
	c.noteMeeting(id)
	err := c.exchange(ctx, conn, initiator, first)
	c.noteMeeting(id)
	n.mu.Lock()
	defer n.mu.Unlock()
	p.seen = time.Now()
	if p.sessions[c.id] != s {
		return err
	}
	delete(p.sessions, c.id)
	p.calm(time.Now(), time.Since(s.begun))
	var bye *reconcile.ByeError
	p.shuns = errors.As(err, &bye) && bye.Reason == reconcile.ByeExpelled
	if errors.Is(err, replica.ErrInvalid) {
		p.offend(time.Now())
	}
	if p.useless = p.shuns || errors.Is(err, replica.ErrInvalid) || errors.Is(err, replica.ErrExpelled); p.useless {
		p.pause, p.due = longestPause, time.Now().Add(longestPause)
	}
	if p.due.Before(p.barred) {
		p.due = p.barred
	}
	if d := n.links.Discovery; d != nil {
		d.Refresh()
	}
	return err
}

// Whoever sends too much that is invalid is left alone for a while, and for a
// day at the third time.
const (
	offencesMost = 3
	barShort     = longestPause
	barLong      = 24 * time.Hour
)

// offend notes that the peer sent too much that is invalid.
func (p *peer) offend(now time.Time) {
	p.offences = append(slices.DeleteFunc(p.offences, func(t time.Time) bool { return now.Sub(t) >= barLong }), now)
	p.barred = now.Add(barShort)
	if len(p.offences) >= offencesMost {
		p.barred = now.Add(barLong)
	}
}

// isBarred tells whether nothing is taken from a peer for now.
func (n *Node) isBarred(id transport.Peer) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Now().Before(n.peer(id).barred)
}

// tick lets the replica look at the time.
func (c *Commons) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carryOut(c.replica.Tick(c.n.now()))
}
