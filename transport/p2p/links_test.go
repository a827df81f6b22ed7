package p2p_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"navette/transport"
	"navette/transport/p2p"
	"navette/transport/transporttest"
)

const proto = transporttest.A

func connect(t *testing.T, a, b *p2p.Network, addr string) (here, there transport.Conn) {
	t.Helper()
	here, err := a.Dial(t.Context(), b.Self(), []string{addr}, proto)
	if err != nil {
		t.Fatalf("dial %s: %v", addr, err)
	}
	there, err = b.Accept(t.Context())
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	return here, there
}

func TestListenRefuses(t *testing.T) {
	n, _ := join(t, p2p.Options{})
	if _, err := p2p.Listen(p2p.Options{Key: newKey(t), Port: n.Port()}); err == nil {
		t.Errorf("listening twice on port %d: no error", n.Port())
	} else if !strings.Contains(err.Error(), fmt.Sprint(n.Port())) {
		t.Errorf("listening twice: error %q doesn't name the port %d", err, n.Port())
	}
	if _, err := p2p.Listen(p2p.Options{Key: ed25519.PrivateKey("short")}); err == nil {
		t.Error("listening with a short key: no error")
	}
}

func TestListenGivesBackThePort(t *testing.T) {
	n, leave := join(t, p2p.Options{})
	port := n.Port()
	leave()
	again, _ := join(t, p2p.Options{Port: port})
	if again.Port() != port {
		t.Errorf("port %d, want %d", again.Port(), port)
	}
}

func TestAddrs(t *testing.T) {
	n, _ := join(t, p2p.Options{})
	for _, a := range n.Addrs() {
		ap, err := netip.ParseAddrPort(a)
		if err != nil || ap.Port() != n.Port() || ap.Addr().IsLoopback() || ap.Addr().Zone() != "" {
			t.Errorf("address %q (%v), want one of a link, without zone, with port %d", a, err, n.Port())
		}
	}
}

func TestAddresses(t *testing.T) {
	a, _ := join(t, p2p.Options{})
	for _, c := range []struct {
		name string
		addr string // %d is the port
		want error
	}{
		{"IPv4", "127.0.0.1:%d", nil},
		{"IPv6", "[::1]:%d", nil},
		{"a name", "localhost:%d", nil},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:%d", nil},
		{"no port", "127.0.0.1", transport.ErrUnreachable},
		{"port 0", "127.0.0.1:0", transport.ErrUnreachable},
		{"port too large", "127.0.0.1:1%d", transport.ErrUnreachable},
		{"port by name", "127.0.0.1:http", transport.ErrUnreachable},
		{"a multiaddr", "/ip4/127.0.0.1/tcp/%d", transport.ErrUnreachable},
		{"nothing", "", transport.ErrUnreachable},
		{"a zone that isn't there", "[fe80::1%%none]:%d", transport.ErrUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := join(t, p2p.Options{})
			addr := c.addr
			if strings.Contains(addr, "%d") {
				addr = fmt.Sprintf(addr, b.Port())
			}
			conn, err := a.Dial(t.Context(), b.Self(), []string{addr}, proto)
			if !errors.Is(err, c.want) {
				t.Errorf("dial %s: got error %v, want %v", addr, err, c.want)
			}
			if conn != nil {
				conn.Close()
			}
		})
	}
}

// Wrong addresses beside the right one, even those where another peer answers,
// don't keep two peers apart.
func TestGoodAddressAmongBad(t *testing.T) {
	a, _ := join(t, p2p.Options{})
	b, _ := join(t, p2p.Options{})
	other, _ := join(t, p2p.Options{})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	addrs := []string{"", "127.0.0.1:1", silent.Addr().String(), loopback(other), loopback(b)}
	if _, err := a.Dial(t.Context(), b.Self(), addrs, proto); err != nil {
		t.Errorf("dial: %v", err)
	}
}

func TestQUIC(t *testing.T) {
	a, _ := join(t, p2p.Options{QUIC: true})
	b, _ := join(t, p2p.Options{QUIC: true})
	plain, _ := join(t, p2p.Options{})
	// Nothing but UDP comes through to b under this address.
	udp := newUDPRelay(t, loopback(b))
	here, there := connect(t, a, b, udp)
	if err := here.Send(t.Context(), make([]byte, transport.MaxFrame)); err != nil {
		t.Errorf("send: %v", err)
	}
	if frame, err := there.Receive(t.Context()); err != nil || len(frame) != transport.MaxFrame {
		t.Errorf("receive: got %d bytes, error %v", len(frame), err)
	}
	a.NetworkChanged() // the link answers, and stays
	if err := there.Send(t.Context(), []byte("x")); err != nil {
		t.Errorf("send after a probe: %v", err)
	}
	if frame, err := here.Receive(t.Context()); err != nil || string(frame) != "x" {
		t.Errorf("receive after a probe: got %q, error %v", frame, err)
	}
	connect(t, plain, b, loopback(b)) // who has no QUIC uses TCP
	connect(t, b, plain, loopback(plain))
	if _, err := plain.Dial(t.Context(), a.Self(), []string{udp}, proto); !errors.Is(err, transport.ErrUnreachable) {
		t.Errorf("dial over UDP without QUIC: error %v, want ErrUnreachable", err)
	}
}

// newUDPRelay passes on datagrams of one client to addr.
func newUDPRelay(t *testing.T, to string) (addr string) {
	front, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	back, err := net.Dial("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	clients := make(chan net.Addr, 1)
	wait.Go(func() {
		defer close(clients)
		buf := make([]byte, 64<<10)
		for {
			n, from, err := front.ReadFrom(buf)
			if err != nil {
				return
			}
			select {
			case clients <- from:
			default:
			}
			back.Write(buf[:n])
		}
	})
	wait.Go(func() {
		client := <-clients
		buf := make([]byte, 64<<10)
		for client != nil {
			n, err := back.Read(buf)
			if err != nil {
				return
			}
			front.WriteTo(buf[:n], client)
		}
	})
	t.Cleanup(func() { front.Close(); back.Close(); wait.Wait() })
	return front.LocalAddr().String()
}

// A silent cut is noticed by both sides without anything being sent.
func TestKeepalive(t *testing.T) {
	t.Parallel()
	a, _ := join(t, p2p.Options{Keepalive: time.Second})
	b, _ := join(t, p2p.Options{Keepalive: time.Second})
	r := newRelay(t, loopback(b))
	here, there := connect(t, a, b, r.addr)
	r.cut()
	for _, c := range []transport.Conn{here, there} {
		if _, err := c.Receive(t.Context()); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("receive after a silent cut: error %v, want ErrClosed", err)
		}
	}
}

// An idle link outlives many probes, and the silence of its Conns.
func TestKeepaliveKeeps(t *testing.T) {
	t.Parallel()
	const keepalive = 1500 * time.Millisecond
	a, _ := join(t, p2p.Options{Keepalive: keepalive})
	b, _ := join(t, p2p.Options{Keepalive: keepalive})
	here, there := connect(t, a, b, loopback(b))
	ctx, cancel := context.WithTimeout(t.Context(), 4*keepalive)
	defer cancel()
	if _, err := here.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("receive on an idle link: error %v, want DeadlineExceeded", err)
	}
	if err := here.Send(t.Context(), []byte("still here")); err != nil {
		t.Errorf("send: %v", err)
	}
	if frame, err := there.Receive(t.Context()); err != nil || string(frame) != "still here" {
		t.Errorf("receive: got %q, error %v", frame, err)
	}
}

// A peer that comes again puts its earlier link to the test: here the one who
// is dialled hasn't noticed the cut, and needn't wait for its own keepalive.
func TestOlderLinkIsTested(t *testing.T) {
	t.Parallel()
	keyA := newKey(t)
	a, leave := join(t, p2p.Options{Key: keyA, Keepalive: time.Minute})
	b, _ := join(t, p2p.Options{Keepalive: time.Minute})
	r := newRelay(t, loopback(b))
	_, old := connect(t, a, b, r.addr)
	r.cut()
	leave()
	again, _ := join(t, p2p.Options{Key: keyA, Keepalive: time.Minute})
	connect(t, again, b, loopback(b))
	if _, err := old.Receive(t.Context()); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("receive on the older link: error %v, want ErrClosed", err)
	}
	if !b.Connected(again.Self()) {
		t.Error("not connected by the newer link")
	}
}

// A whole house may be behind one address: libp2p's defaults would let in eight,
// and then one every five seconds.
func TestManyBehindOneAddress(t *testing.T) {
	b, _ := join(t, p2p.Options{Known: func(transport.Peer) bool { return true }})
	for range 30 {
		a, _ := join(t, p2p.Options{})
		connect(t, a, b, loopback(b))
	}
}

// A stranger's link that isn't used is closed, after a while that a stranger
// can't prolong.
func TestUnusedLinkIsClosed(t *testing.T) {
	t.Parallel()
	a, _ := join(t, p2p.Options{Keepalive: time.Second})
	b, _ := join(t, p2p.Options{Keepalive: time.Second})
	if _, err := a.Dial(t.Context(), b.Self(), []string{loopback(b)}, transporttest.Unspoken); !errors.Is(err, transport.ErrRefused) {
		t.Fatalf("dial: error %v, want ErrRefused", err)
	}
	if !a.Connected(b.Self()) {
		t.Fatal("refusing a protocol ended the link")
	}
	for look := time.NewTicker(50 * time.Millisecond); a.Connected(b.Self()); {
		select {
		case <-look.C:
		case <-time.After(20 * time.Second):
			t.Fatal("the link is still there")
		}
	}
}

// Strangers get a few places, the known get in all the same.
func TestStrangers(t *testing.T) {
	friendKey := newKey(t)
	friend := transport.Peer(friendKey.Public().(ed25519.PublicKey))
	b, _ := join(t, p2p.Options{Strangers: 8, Known: func(p transport.Peer) bool { return p == friend }})
	let := 0
	for range 12 {
		a, _ := join(t, p2p.Options{})
		if _, err := a.Dial(t.Context(), b.Self(), []string{loopback(b)}, proto); err == nil {
			let++
		} else if !errors.Is(err, transport.ErrRefused) {
			t.Errorf("a stranger too many: error %v, want ErrRefused", err)
		}
	}
	if let != 2 { // a quarter, since all have one address
		t.Errorf("%d strangers from one address got in, want 2", let)
	}
	f, _ := join(t, p2p.Options{Key: friendKey})
	connect(t, f, b, loopback(b))
}

// A stranger that connects thousands of times from one address, and says
// nothing or nonsense, neither disturbs the links that are there, nor keeps a
// known peer at another address out.
func TestFlood(t *testing.T) {
	friendKey := newKey(t)
	friend := transport.Peer(friendKey.Public().(ed25519.PublicKey))
	b, _ := join(t, p2p.Options{Known: func(p transport.Peer) bool { return p == friend }})
	f, leave := join(t, p2p.Options{Key: friendKey})
	here, there := connect(t, f, b, loopback(b))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const dials, held = 5000, 500
	mallory := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	var open []net.Conn
	for i := range dials {
		c, err := mallory.Dial("tcp", loopback(b))
		if err != nil {
			continue // the system's own bound
		}
		if i%2 == 0 {
			io.WriteString(c, strings.Repeat("GET / HTTP/1.1\r\n", 20))
		}
		if open = append(open, c); len(open) > held {
			open[0].Close()
			open = open[1:]
		}
		if i%500 != 0 {
			continue
		}
		if err := here.Send(t.Context(), []byte("still")); err != nil {
			t.Fatalf("send in a flood: %v", err)
		}
		if frame, err := there.Receive(t.Context()); err != nil || string(frame) != "still" {
			t.Fatalf("receive in a flood: got %q, error %v", frame, err)
		}
	}
	runtime.ReadMemStats(&after)
	if got, limit := int64(after.HeapInuse)-int64(before.HeapInuse), int64(64<<20); got > limit {
		t.Errorf("a flood of %d connections holds %d bytes more, want at most %d", dials, got, limit)
	}
	leave()
	again, _ := join(t, p2p.Options{Key: friendKey})
	connect(t, again, b, loopback(b))
	for _, c := range open {
		c.Close()
	}
}

// Whoever isn't asked says nothing: a stranger that connects and waits gets not
// a byte before it speaks, and isn't kept.
func TestSilentStrangerIsClosed(t *testing.T) {
	t.Parallel()
	b, _ := join(t, p2p.Options{})
	c, err := net.Dial("tcp", loopback(b))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, _ := io.ReadAll(c)
	// The name of the negotiation, in multistream-select, is all it may hear.
	if want := "\x13/multistream/1.0.0\n"; string(got) != want && len(got) > 0 {
		t.Errorf("a silent stranger got %q, want at most %q", got, want)
	}
}
