package memnet

import (
	"context"
	"fmt"
	"slices"
	"time"

	"navette/transport"
)

// waiting is how many accepted Conns wait for Accept; more are refused.
const waiting = 16

// Network is a node on a Net.
type Network struct {
	net       *Net
	self      transport.Peer
	addr      string
	protocols []string
	near      *Discovery
	accepted  chan *conn
	ended     chan struct{} // closed when Run returns

	// Guarded by net.mu.
	running bool
	conns   map[*conn]struct{}
}

var _ transport.Network = (*Network)(nil)

// Self is the name it was made with.
func (n *Network) Self() transport.Peer { return n.self }

// Addrs is one made-up address, while it runs.
func (n *Network) Addrs() []string { return []string{n.addr} }

// Run keeps the node on the Net until ctx ends, which is no error.
func (n *Network) Run(ctx context.Context) error {
	n.net.mu.Lock()
	n.running = true
	n.net.mu.Unlock()
	<-ctx.Done()
	n.net.mu.Lock()
	n.running = false
	for c := range n.conns {
		c.close()
	}
	n.net.mu.Unlock()
	close(n.ended)
	return nil
}

// Dial connects at once, in one trip there and back.
func (n *Network) Dial(ctx context.Context, p transport.Peer, addrs []string, protocol string) (transport.Conn, error) {
	c, err := n.dial(ctx, p, addrs, protocol)
	if err != nil {
		return nil, fmt.Errorf("memnet: dialling %s: %w", p, err)
	}
	return c, nil
}

func (n *Network) dial(ctx context.Context, p transport.Peer, addrs []string, protocol string) (*conn, error) {
	select {
	case <-n.ended:
	case <-ctx.Done():
	case <-after(2 * n.net.options.Latency):
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p == n.self {
		return nil, fmt.Errorf("that is this node itself: %w", transport.ErrRefused)
	}
	if linked := n.link(p); linked != nil {
		addrs = []string{linked.addr}
	}
	node, err := n.net.at(n, addrs)
	switch {
	case err != nil:
		return nil, err
	case node.self != p:
		return nil, fmt.Errorf("dialling %s: %w", node.addr, &transport.MismatchError{Actual: node.self})
	case !slices.Contains(node.protocols, protocol):
		return nil, fmt.Errorf("doesn't speak %s: %w", protocol, transport.ErrRefused)
	}
	return n.connect(node, protocol)
}

func (n *Network) connect(node *Network, protocol string) (*conn, error) {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	if !n.running {
		return nil, transport.ErrClosed
	}
	if !node.running {
		return nil, transport.ErrUnreachable
	}
	there, back := newPipe(n.net), newPipe(n.net)
	mine := &conn{node: n, peer: node, protocol: protocol, out: there, in: back}
	theirs := &conn{node: node, peer: n, protocol: protocol, out: back, in: there}
	mine.other, theirs.other = theirs, mine
	select {
	case node.accepted <- theirs:
	default:
		return nil, fmt.Errorf("%d others wait: %w", waiting, transport.ErrRefused)
	}
	n.conns[mine] = struct{}{}
	node.conns[theirs] = struct{}{}
	return mine, nil
}

// link is the node of p, if a connection to it is open.
func (n *Network) link(p transport.Peer) *Network {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	for c := range n.conns {
		if c.peer.self == p && !c.cut {
			return c.peer
		}
	}
	return nil
}

// Accept gives the next Conn that a peer has opened.
func (n *Network) Accept(ctx context.Context) (transport.Conn, error) {
	select {
	case c := <-n.accepted:
		return c, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("memnet: accepting: %w", ctx.Err())
	case <-n.ended:
		return nil, fmt.Errorf("memnet: accepting: %w", transport.ErrClosed)
	}
}

// Connected says whether a Conn with p is open: here a link is no more than
// its Conns.
func (n *Network) Connected(p transport.Peer) bool {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	for c := range n.conns {
		if c.peer.self == p {
			return true
		}
	}
	return false
}

// NetworkChanged makes this node notice what was cut.
func (n *Network) NetworkChanged() {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	for c := range n.conns {
		if c.cut {
			c.fail()
		}
	}
}

// after is time.After that doesn't let time pass for nothing.
func after(d time.Duration) <-chan time.Time {
	if d > 0 {
		return time.After(d)
	}
	now := make(chan time.Time)
	close(now)
	return now
}

// Discovery shows a node to the others on its Net.
type Discovery struct {
	node    *Network
	news    *transport.News
	running bool // guarded by node.net.mu
}

var _ transport.Discovery = (*Discovery)(nil)

// Found gives the other nodes whose Discovery runs.
func (d *Discovery) Found() <-chan transport.Candidate { return d.news.Found() }

// Run shows the node until ctx ends, which is no error.
func (d *Discovery) Run(ctx context.Context) error {
	d.show(true)
	d.news.Run(ctx)
	d.show(false)
	return nil
}

func (d *Discovery) show(there bool) {
	net := d.node.net
	net.mu.Lock()
	defer net.mu.Unlock()
	d.running = there
	for _, p := range net.inOrder() {
		net.see(net.nodes[p], d.node, there)
	}
	if there {
		d.look()
	}
}

// Refresh tells again who is there.
func (d *Discovery) Refresh() {
	d.node.net.mu.Lock()
	defer d.node.net.mu.Unlock()
	d.look()
}

// look tells d who is there. The caller holds the Net's mutex.
func (d *Discovery) look() {
	net := d.node.net
	for _, p := range net.inOrder() {
		if other := net.nodes[p]; other.near.running {
			net.see(d.node, other, true)
		}
	}
}

func (d *Discovery) tell(c transport.Candidate, latency time.Duration) {
	if latency == 0 {
		d.news.Tell(c)
		return
	}
	time.AfterFunc(latency, func() { d.news.Tell(c) })
}

// inOrder lists the nodes the same way each time. The caller holds n.mu.
func (n *Net) inOrder() []transport.Peer {
	peers := make([]transport.Peer, 0, len(n.nodes))
	for p := range n.nodes {
		peers = append(peers, p)
	}
	slices.SortFunc(peers, func(a, b transport.Peer) int { return slices.Compare(a[:], b[:]) })
	return peers
}
