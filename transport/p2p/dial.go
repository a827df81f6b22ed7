package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"navette/transport"

	"github.com/libp2p/go-libp2p/core/sec"
	tpt "github.com/libp2p/go-libp2p/core/transport"
	ma "github.com/multiformats/go-multiaddr"
)

const (
	// dialTime is what an address has to answer at all; with handshakeTime it
	// is what it has until the peer has proved who it is.
	dialTime = 5 * time.Second
	// stagger is the head start of each address over the next.
	stagger = 150 * time.Millisecond
)

// dial is a connection being made; others who want the same peer wait for it.
type dial struct {
	done chan struct{}
	link *link // nil if it failed; set before done is closed
}

// Dial opens a Conn to p, over a link that is there or a new one.
func (n *Network) Dial(ctx context.Context, p transport.Peer, addrs []string, protocol string) (transport.Conn, error) {
	c, err := n.dial(ctx, p, addrs, protocol)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		} else if n.life.Err() != nil {
			err = transport.ErrClosed
		}
		return nil, fmt.Errorf("p2p: dialling %s: %w", p, err)
	}
	return c, nil
}

func (n *Network) dial(ctx context.Context, p transport.Peer, addrs []string, protocol string) (*conn, error) {
	if p == n.self {
		return nil, fmt.Errorf("that is this node itself: %w", transport.ErrRefused)
	}
	for {
		l, fresh := n.newest(p), false
		if l == nil {
			var err error
			if l, fresh, err = n.connect(ctx, p, addrs); err != nil {
				return nil, err
			}
		}
		c, err := l.open(ctx, protocol)
		if err != nil && fresh && l.conn.IsClosed() && ctx.Err() == nil {
			err = fmt.Errorf("%w: it hung up once it knew who we are", transport.ErrRefused)
		}
		if err == nil || fresh || ctx.Err() != nil || errors.Is(err, transport.ErrRefused) {
			return c, err
		}
		n.remove(l) // it had died unnoticed
	}
}

// connect makes a link, or waits for one that is being made. fresh says that
// this call made it.
func (n *Network) connect(ctx context.Context, p transport.Peer, addrs []string) (l *link, fresh bool, err error) {
	for {
		n.mu.Lock()
		d, busy := n.dials[p]
		if !busy {
			d = &dial{done: make(chan struct{})}
			n.dials[p] = d
		}
		n.mu.Unlock()
		if !busy {
			d.link, err = n.reach(ctx, p, addrs)
			n.mu.Lock()
			delete(n.dials, p)
			n.mu.Unlock()
			close(d.done)
			return d.link, true, err
		}
		select {
		case <-d.done:
			if d.link != nil {
				return d.link, false, nil
			}
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// reach waits for a slot, dials and adds the link.
func (n *Network) reach(ctx context.Context, p transport.Peer, addrs []string) (*link, error) {
	slots := n.dialling[0]
	if n.options.Known(p) {
		slots = n.dialling[1]
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-n.life.Done():
		return nil, transport.ErrClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.life, cancel)()
	c, err := n.race(ctx, p, addrs)
	if err != nil {
		return nil, err
	}
	l := n.add(c, false)
	if l == nil {
		return nil, transport.ErrClosed
	}
	return l, nil
}

// race dials all addresses, each a little after the one before or at once when
// that has failed, TCP before QUIC; the first to prove itself wins.
func (n *Network) race(ctx context.Context, p transport.Peer, addrs []string) (tpt.CapableConn, error) {
	id, err := idOf(p)
	if err != nil {
		return nil, err
	}
	routes, err := n.routes(ctx, addrs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", transport.ErrUnreachable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime+handshakeTime)
	defer cancel()
	type outcome struct {
		conn tpt.CapableConn
		err  error
	}
	outcomes := make(chan outcome)
	next := time.NewTimer(0)
	defer next.Stop()
	var failed []error
	for started, ended := 0, 0; ended < len(routes); {
		var due <-chan time.Time
		if started < len(routes) {
			due = next.C
		}
		select {
		case <-due:
			r := routes[started]
			started++
			next.Reset(stagger)
			go func() {
				c, err := r.via.Dial(ctx, r.addr, id)
				outcomes <- outcome{c, err}
			}()
		case o := <-outcomes:
			ended++
			if o.err != nil {
				failed = append(failed, o.err)
				next.Reset(0)
				continue
			}
			cancel()
			for ; ended < started; ended++ { // losers end at once, or come too late
				if late := <-outcomes; late.err == nil {
					late.conn.Close()
				}
			}
			return o.conn, nil
		}
	}
	return nil, verdict(failed)
}

type route struct {
	via  tpt.Transport
	addr ma.Multiaddr
}

func (n *Network) routes(ctx context.Context, addrs []string) ([]route, error) {
	found, err := resolve(ctx, addrs)
	if err != nil {
		return nil, err
	}
	var tcp, quic []route
	for _, a := range found {
		if m, err := tcpOf(a); err == nil {
			tcp = append(tcp, route{n.stack.tcp, m})
		}
		if m, err := quicOf(a); err == nil && n.stack.quic != nil {
			quic = append(quic, route{n.stack.quic, m})
		}
	}
	if len(tcp) == 0 {
		return nil, errors.New("no address to try")
	}
	return append(tcp, quic...), nil
}

// verdict makes one error of those of all addresses. That somebody else
// answered says more than that nobody did elsewhere.
func verdict(failed []error) error {
	var other sec.ErrPeerIDMismatch
	var dialling *net.OpError
	refused := false
	for _, err := range failed {
		if errors.As(err, &other) {
			actual, err := peerOf(other.Actual)
			if err != nil {
				return fmt.Errorf("%w: %w", transport.ErrPeerMismatch, err)
			}
			return &transport.MismatchError{Actual: actual}
		}
		refused = refused || !errors.Is(err, context.DeadlineExceeded) &&
			!(errors.As(err, &dialling) && dialling.Op == "dial")
	}
	if refused {
		return fmt.Errorf("%w: %w", transport.ErrRefused, errors.Join(failed...))
	}
	return fmt.Errorf("%w: %w", transport.ErrUnreachable, errors.Join(failed...))
}
