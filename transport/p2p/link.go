package p2p

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"navette/transport"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	tpt "github.com/libp2p/go-libp2p/core/transport"
	yamux "github.com/libp2p/go-yamux/v5"
	"github.com/multiformats/go-multistream"
)

// link is one secured connection to a peer; Conns are streams in it.
type link struct {
	net     *Network
	conn    tpt.CapableConn
	peer    transport.Peer
	host    string // the peer's address without its port
	remote  string // host:port
	inbound bool
	once    sync.Once // closes it

	// Guarded by net.mu.
	conns    map[*conn]struct{}
	stranger bool      // it isn't Known
	served   bool      // it has had a stream
	idle     time.Time // since when there is no stream, if there is none
}

// add puts a new connection into the table and serves it. Nil if there is no
// room; then it is closed.
func (n *Network) add(c tpt.CapableConn, inbound bool) *link {
	p, err := peerOf(c.RemotePeer())
	if err != nil {
		c.Close()
		return nil
	}
	l := &link{
		net: n, conn: c, peer: p, inbound: inbound,
		host:     hostOf(c.RemoteMultiaddr()),
		remote:   hostPortOf(c.RemoteMultiaddr()),
		conns:    map[*conn]struct{}{},
		stranger: inbound && !n.options.Known(p),
		idle:     time.Now(),
	}
	n.mu.Lock()
	if n.closed || l.stranger && !n.room(l.host) {
		n.mu.Unlock()
		c.Close()
		return nil
	}
	older := n.links[p]
	n.links[p] = append(slices.Clone(older), l)
	n.wait.Go(l.serve)
	n.mu.Unlock()
	for _, o := range older { // the peer may come again because they have died
		n.start(o.probe)
	}
	return l
}

// admits says whether p may connect from host.
func (n *Network) admits(p transport.Peer, host string) bool {
	if n.options.Known(p) {
		return true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.room(host)
}

// room counts the strangers. The caller holds n.mu.
func (n *Network) room(host string) bool {
	all, same := 0, 0
	for _, links := range n.links {
		for _, l := range links {
			if l.stranger {
				all++
				if l.host == host {
					same++
				}
			}
		}
	}
	return all < n.options.Strangers && same < max(1, n.options.Strangers/4)
}

// newest link to p, or nil.
func (n *Network) newest(p transport.Peer) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	links := n.links[p]
	for i := len(links) - 1; i >= 0; i-- {
		if !links[i].conn.IsClosed() {
			return links[i]
		}
	}
	return nil
}

func (n *Network) all() []*link {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []*link
	for _, links := range n.links {
		all = append(all, links...)
	}
	return all
}

// remove takes l out of the table and closes it with all its Conns.
func (n *Network) remove(l *link) {
	l.once.Do(func() {
		n.mu.Lock()
		rest := slices.DeleteFunc(slices.Clone(n.links[l.peer]), func(m *link) bool { return m == l })
		if n.links[l.peer] = rest; len(rest) == 0 {
			delete(n.links, l.peer)
		}
		conns := l.conns
		l.conns = nil
		n.mu.Unlock()
		l.conn.Close()
		for c := range conns {
			c.drop()
		}
	})
}

// tend closes links that have no use, and probes those whose muxer doesn't
// probe by itself.
func (n *Network) tend() {
	now := time.Now()
	for _, l := range n.all() {
		known := n.options.Known(l.peer)
		n.mu.Lock()
		l.stranger = l.inbound && !known
		keep := idleTime
		if l.stranger && !l.served {
			keep = handshakeTime
		}
		unused := len(l.conns) == 0 && now.Sub(l.idle) >= keep
		n.mu.Unlock()
		var session *yamux.Session
		if unused {
			n.remove(l)
		} else if !l.conn.As(&session) {
			n.start(l.probe)
		}
	}
}

// serve takes the streams that the peer opens, until the link ends.
func (l *link) serve() {
	defer l.net.remove(l)
	for {
		s, err := l.conn.AcceptStream()
		if err != nil {
			return
		}
		scope, err := l.net.stack.limits.OpenStream(l.conn.RemotePeer(), network.DirInbound)
		if err != nil {
			s.Reset()
			continue
		}
		if !l.net.start(func() { l.net.handle(newConn(l, s, scope)) }) {
			scope.Done()
			return
		}
	}
}

// open opens a stream and agrees on its protocol.
func (l *link) open(ctx context.Context, proto string) (*conn, error) {
	scope, err := l.net.stack.limits.OpenStream(l.conn.RemotePeer(), network.DirOutbound)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", transport.ErrRefused, err)
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	s, err := l.conn.OpenStream(ctx)
	if err != nil {
		scope.Done()
		return nil, fmt.Errorf("%w: %w", transport.ErrUnreachable, err)
	}
	c := newConn(l, s, scope)
	done := interrupt(ctx, s.SetDeadline)
	err = multistream.SelectProtoOrFail(protocol.ID(proto), s)
	done()
	if err == nil {
		err = c.begin(protocol.ID(proto))
	}
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil || l.conn.IsClosed():
		err = fmt.Errorf("%w: %w", transport.ErrUnreachable, err)
	default:
		err = fmt.Errorf("%w: %w", transport.ErrRefused, err)
	}
	c.drop()
	return nil, err
}

// begin notes with its link a Conn whose protocol has been agreed on, and
// starts to read.
func (c *conn) begin(p protocol.ID) error {
	if err := c.scope.SetProtocol(p); err != nil {
		return err
	}
	c.protocol = string(p)
	n := c.link.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || c.link.conns == nil {
		return transport.ErrClosed
	}
	c.link.conns[c] = struct{}{}
	c.link.served = true
	n.conns[c] = struct{}{}
	n.wait.Go(c.pump)
	return nil
}

// probe closes the link if the peer doesn't answer within probeTime.
func (l *link) probe() {
	alive := make(chan bool, 1)
	if !l.net.start(func() { alive <- l.ping() == nil }) {
		return
	}
	timer := time.NewTimer(probeTime)
	defer timer.Stop()
	select {
	case ok := <-alive:
		if ok {
			return
		}
	case <-timer.C:
	case <-l.net.life.Done():
		return
	}
	l.net.remove(l)
}

// ping waits for any answer; it ends by itself when the link is closed.
func (l *link) ping() error {
	var session *yamux.Session
	if l.conn.As(&session) {
		_, err := session.Ping()
		return err
	}
	ctx, cancel := context.WithTimeout(l.net.life, probeTime)
	defer cancel()
	s, err := l.conn.OpenStream(ctx)
	if err != nil {
		return err
	}
	defer s.Reset()
	defer interrupt(ctx, s.SetDeadline)()
	// The name of multistream itself is what any peer repeats before all else.
	if _, err = multistream.SelectOneOf([]string{"/navette/ping/1"}, s); ctx.Err() != nil {
		return err
	}
	return nil
}

// interrupt makes reads or writes fail when ctx ends: set is one of a stream's
// Set…Deadline. The function it returns takes that back.
func interrupt(ctx context.Context, set func(time.Time) error) (done func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		set(past)
		close(fired)
	})
	return func() {
		if !stop() {
			<-fired
			set(time.Time{})
		}
	}
}

// past is a deadline that is over.
var past = time.Unix(1, 0)
