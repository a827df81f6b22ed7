package p2p_test

import (
	"context"
	"crypto/ed25519"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"navette/transport"
	"navette/transport/p2p"
	"navette/transport/transporttest"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
)

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// join listens and runs until the test ends or leave is called.
func join(t *testing.T, o p2p.Options) (n *p2p.Network, leave func()) {
	t.Helper()
	if o.Key == nil {
		o.Key = newKey(t)
	}
	if o.Protocols == nil {
		o.Protocols = []string{transporttest.A, transporttest.B}
	}
	n, err := p2p.Listen(o)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := n.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	leave = func() { cancel(); wait.Wait() }
	t.Cleanup(leave)
	return n, leave
}

func loopback(n *p2p.Network) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(n.Port())))
}

// world puts a relay before each node, whose silence is the cut of the suite.
type world struct {
	t      *testing.T
	relays map[transport.Peer]*relay
}

func (w *world) Join() (transport.Network, func()) {
	n, leave := join(w.t, p2p.Options{})
	r := newRelay(w.t, loopback(n))
	w.relays[n.Self()] = r
	return n, func() { r.stop(); leave() }
}

func (w *world) Addrs(n transport.Network) []string {
	return []string{w.relays[n.Self()].addr}
}

func (w *world) Cut() {
	for _, r := range w.relays {
		r.cut()
	}
}

func (w *world) Mend() {
	for _, r := range w.relays {
		r.mend()
	}
}

func TestSuite(t *testing.T) {
	transporttest.Run(t, func(t *testing.T, test func(*testing.T, transporttest.World)) {
		test(t, &world{t: t, relays: map[transport.Peer]*relay{}})
	})
}

// relay passes on what comes to addr, until it is cut: then it keeps the
// connections, silent, and refuses new ones.
type relay struct {
	t    *testing.T
	addr string
	to   string

	mu       sync.Mutex // guards what follows
	listener net.Listener
	pass     chan struct{} // closed while it is cut
	conns    []net.Conn
	wait     sync.WaitGroup
}

func newRelay(t *testing.T, to string) *relay {
	r := &relay{t: t, addr: "127.0.0.1:0", to: to}
	r.mend()
	t.Cleanup(r.stop)
	return r
}

func (r *relay) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		r.t.Fatalf("relay: %v", err)
	}
	r.addr, r.listener, r.pass = l.Addr().String(), l, make(chan struct{})
	pass := r.pass
	r.wait.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", r.to)
			if err != nil {
				in.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, in, out)
			r.mu.Unlock()
			r.wait.Go(func() { relayOne(in, out, pass) })
			r.wait.Go(func() { relayOne(out, in, pass) })
		}
	})
}

func relayOne(to, from net.Conn, pass chan struct{}) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-pass:
			io.Copy(io.Discard, from) // swallow, until it is closed
			return
		default:
		}
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			to.Close()
			from.Close()
			return
		}
	}
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listener.Close()
	close(r.pass)
}

func (r *relay) stop() {
	r.mu.Lock()
	r.listener.Close()
	for _, c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.wait.Wait()
}

func TestPeerTextIsLibp2ps(t *testing.T) {
	for range 50 {
		key := newKey(t)
		public, err := crypto.UnmarshalEd25519PublicKey(key.Public().(ed25519.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		id, err := peer.IDFromPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		if got := transport.Peer(key.Public().(ed25519.PublicKey)); got.String() != id.String() {
			t.Errorf("peer text: got %s, libp2p has %s", got, id)
		}
	}
}
