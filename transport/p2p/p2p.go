// Package p2p is the transport.Network of real life: go-libp2p's TCP with
// Noise and yamux, and QUIC when asked for.
//
//	net, err := p2p.Listen(p2p.Options{Key: key, Port: 4242, Protocols: protocols})
//	go net.Run(ctx)
//	conn, err := net.Dial(ctx, peer, []string{"192.168.1.20:4242"}, "/navette/sync/1")
//
// It speaks libp2p on the wire: multistream-select, /noise with the device's
// Ed25519 key as identity, /yamux/1.0.0, one stream per [transport.Conn]. Of
// the library it takes the transports, their handshakes and the resource
// manager, and keeps the table of connections itself, without libp2p's swarm
// and host, because
//   - the swarm drops IPv6 link-local addresses before dialling, which are all
//     there is on a link without a router;
//   - its back-off (5 s and more per address) outlives the outage, and its view
//     of this machine's addresses may be a minute old;
//   - the host's identify protocol tells every stranger the program, its
//     addresses and its protocols, and costs some kilobytes a connection.
//
// A link that falls silent is probed after Options.Keepalive and closed when it
// doesn't answer in the same time again; older links to a peer are put to the
// test when a new one arrives, and all of them by NetworkChanged. Two peers who
// dial each other at once may get two links; each serves its own streams, and
// a link without streams is closed after half a minute.
//
// It promises that a Conn's Peer holds the key it is named by, that a stranger
// can't use more than a few of the connections, and that nothing is sent to
// anyone who isn't dialled or didn't dial. QUIC is off by default: it costs
// memory, and its certificates are refused by a machine whose clock says 2000.
//
// It is not a libp2p host: no identify, relay, NAT traversal, DHT, metrics.
package p2p

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"navette/transport"

	"github.com/libp2p/go-libp2p/core/protocol"
	tpt "github.com/libp2p/go-libp2p/core/transport"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multistream"
)

// Options of Listen.
type Options struct {
	// Key is the device's private key; the peer id is its public half.
	Key ed25519.PrivateKey
	// Port to listen on, TCP and, with QUIC, UDP, on every address of the
	// machine. Zero: any that is free.
	Port uint16
	// Protocols that Accept takes.
	Protocols []string
	// QUIC: listen and dial with it too, after TCP.
	QUIC bool
	// Keepalive is how long a link may be silent before it is probed, and how
	// long the answer may take. Zero: 5 s. So a cut is noticed within twice
	// this.
	Keepalive time.Duration
	// Known says who isn't a stranger, such as the devices of members; it is
	// called often and from several goroutines. Nil: all are strangers.
	Known func(transport.Peer) bool
	// Strangers is how many connections strangers may have open to this node
	// at a time, a quarter of them from one address. Zero: 16.
	Strangers int
}

const (
	// handshakeTime is what a peer has to prove who it is, and what one stream
	// has to say which protocol it is for.
	handshakeTime = 5 * time.Second
	// probeTime is what a suspected link has to answer.
	probeTime = 2 * time.Second
	// idleTime is how long a link is kept without a stream; a stranger's that
	// has never had one for handshakeTime only.
	idleTime = 30 * time.Second
	// partingTime is how long closing the Network waits for its Conns.
	partingTime = time.Second
	// waiting is how many accepted Conns wait for Accept; more are refused.
	waiting = 16
	// dials is how many peers are dialled at a time, and as many strangers
	// beside them, who so can't keep them waiting.
	dials = 4
)

// Network is a transport.Network over libp2p's transports.
type Network struct {
	self      transport.Peer
	options   Options
	stack     *stack
	listeners []tpt.Listener
	port      uint16
	protocols *multistream.MultistreamMuxer[protocol.ID]
	accepted  chan *conn
	slots     chan struct{}    // one for each Conn in accepted, or on its way there
	dialling  [2]chan struct{} // one for each stranger, and each known peer, being dialled

	life context.Context // ends when the Network closes
	end  context.CancelFunc
	wait sync.WaitGroup // for every goroutine

	mu     sync.Mutex // guards what follows
	closed bool
	links  map[transport.Peer][]*link // oldest first
	dials  map[transport.Peer]*dial
	conns  map[*conn]struct{} // those that have a pump
}

var _ transport.Network = (*Network)(nil)

// Listen opens the port. Run serves it; Close gives it back if Run is never
// called.
func Listen(o Options) (*Network, error) {
	if len(o.Key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("p2p: a private key of %d bytes, want %d", len(o.Key), ed25519.PrivateKeySize)
	}
	if o.Keepalive == 0 {
		o.Keepalive = 5 * time.Second
	}
	if o.Strangers == 0 {
		o.Strangers = 16
	}
	if o.Known == nil {
		o.Known = func(transport.Peer) bool { return false }
	}
	n := &Network{
		self:      transport.Peer(o.Key.Public().(ed25519.PublicKey)),
		options:   o,
		protocols: multistream.NewMultistreamMuxer[protocol.ID](),
		accepted:  make(chan *conn, waiting),
		slots:     make(chan struct{}, waiting),
		dialling:  [2]chan struct{}{make(chan struct{}, dials), make(chan struct{}, dials)},
		links:     map[transport.Peer][]*link{},
		dials:     map[transport.Peer]*dial{},
		conns:     map[*conn]struct{}{},
	}
	n.life, n.end = context.WithCancel(context.Background())
	for _, p := range o.Protocols {
		n.protocols.AddHandler(protocol.ID(p), nil)
	}
	var err error
	if n.stack, err = newStack(o, n.admits); err != nil {
		return nil, err
	}
	if err := n.listen(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// listen opens the port for IPv4 and IPv6; one of the two is enough.
func (n *Network) listen() error {
	const tries = 8 // a port that is free for one may be taken for the other
	var err error
	for range tries {
		n.port = n.options.Port
		if err = n.listenOnce(); err == nil || n.options.Port != 0 {
			break
		}
		n.closeListeners()
	}
	return err
}

func (n *Network) listenOnce() error {
	var failed []error
	for _, ip := range []string{"/ip4/0.0.0.0", "/ip6/::"} {
		l, err := n.stack.tcp.Listen(ma.StringCast(ip + "/tcp/" + strconv.Itoa(int(n.port))))
		if err != nil {
			if n.port != 0 && !errors.Is(err, syscall.EAFNOSUPPORT) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
				return fmt.Errorf("p2p: listening on port %d: %w", n.port, err)
			}
			failed = append(failed, err)
			continue
		}
		n.listeners = append(n.listeners, l)
		if n.port == 0 {
			n.port = uint16(l.Addr().(*net.TCPAddr).Port)
		}
		if n.stack.quic == nil {
			continue
		}
		l, err = n.stack.quic.Listen(ma.StringCast(ip + "/udp/" + strconv.Itoa(int(n.port)) + "/quic-v1"))
		if err != nil {
			return fmt.Errorf("p2p: listening on port %d with QUIC: %w", n.port, err)
		}
		n.listeners = append(n.listeners, l)
	}
	if len(n.listeners) == 0 {
		return fmt.Errorf("p2p: listening: %w", errors.Join(failed...))
	}
	return nil
}

// Self is the peer that Options.Key makes of this node.
func (n *Network) Self() transport.Peer { return n.self }

// Port is what the Network listens on.
func (n *Network) Port() uint16 { return n.port }

// Addrs are this machine's addresses, asked of the system now: private ones
// first, link-local ones last. Those have no zone, since a zone means nothing
// on another machine; Dial tries them on every link.
func (n *Network) Addrs() []string { return systemAddrs(n.port) }

// Run accepts connections until ctx ends, which is no error.
func (n *Network) Run(ctx context.Context) error {
	defer n.Close()
	failed := make(chan error, len(n.listeners))
	for _, l := range n.listeners {
		if !n.start(func() { failed <- n.serve(l) }) {
			return fmt.Errorf("p2p: %w", transport.ErrClosed)
		}
	}
	tick := time.NewTicker(n.options.Keepalive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-n.life.Done():
			return fmt.Errorf("p2p: %w", transport.ErrClosed)
		case err := <-failed:
			return fmt.Errorf("p2p: accepting connections: %w", err)
		case <-tick.C:
			n.tend()
		}
	}
}

func (n *Network) serve(l tpt.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		n.add(c, true)
	}
}

// Accept gives the next Conn that a peer has opened.
func (n *Network) Accept(ctx context.Context) (transport.Conn, error) {
	select {
	case c := <-n.accepted:
		<-n.slots
		return c, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("p2p: accepting: %w", ctx.Err())
	case <-n.life.Done():
		return nil, fmt.Errorf("p2p: accepting: %w", transport.ErrClosed)
	}
}

// Connected says whether a link to p is open, as far as is known.
func (n *Network) Connected(p transport.Peer) bool { return n.newest(p) != nil }

// NetworkChanged closes the links from addresses that this machine no longer
// has, and probes all others now.
func (n *Network) NetworkChanged() {
	has := systemHas()
	for _, l := range n.all() {
		if !has(l.conn.LocalMultiaddr()) {
			n.remove(l)
		} else {
			n.start(l.probe)
		}
	}
}

// Close ends every Conn, gives peers a moment to take in what was sent, and
// waits for all goroutines. Run does it too.
func (n *Network) Close() error {
	n.mu.Lock()
	first := !n.closed
	n.closed = true
	n.mu.Unlock()
	if first {
		n.closeListeners()
		n.settle()
		n.end()
		for _, l := range n.all() {
			n.remove(l)
		}
		n.stack.close()
	}
	n.wait.Wait()
	return nil
}

// settle closes every Conn and waits until peers have closed theirs as well,
// or partingTime is over.
func (n *Network) settle() {
	n.mu.Lock()
	conns := slices.Collect(maps.Keys(n.conns))
	n.mu.Unlock()
	timer := time.NewTimer(partingTime)
	defer timer.Stop()
	for _, c := range conns {
		c.Close()
	}
	for _, c := range conns {
		select {
		case <-c.dropped:
		case <-timer.C:
			return
		}
	}
}

func (n *Network) closeListeners() {
	for _, l := range n.listeners {
		l.Close()
	}
	n.listeners = nil
}

// start runs f in a goroutine that Close waits for; false once it is closed.
func (n *Network) start(f func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	n.wait.Go(f)
	return true
}

// handle answers a stream that a peer has opened. One that finds no slot is
// reset before its protocol is agreed on, so that the peer's Dial fails.
func (n *Network) handle(c *conn) {
	select {
	case n.slots <- struct{}{}:
	default:
		c.drop()
		return
	}
	done := interrupt(n.life, c.stream.SetDeadline)
	c.stream.SetDeadline(time.Now().Add(handshakeTime))
	proto, _, err := n.protocols.Negotiate(c.stream)
	c.stream.SetDeadline(time.Time{})
	done()
	if err == nil {
		err = c.begin(proto)
	}
	if err != nil {
		<-n.slots
		c.drop()
		return
	}
	n.accepted <- c
}
