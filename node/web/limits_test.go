package web

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

// Who asks too fast waits, and nobody else.
func TestPace(t *testing.T) {
	var p pace
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for i := range burst {
		if !p.spend(now, "a") {
			t.Fatalf("request %d at once is refused, want %d", i+1, burst)
		}
	}
	if p.spend(now, "a") {
		t.Errorf("more than %d at once are answered", burst)
	}
	if !p.spend(now, "b") {
		t.Error("another one waits too")
	}
	now = now.Add(time.Second)
	for i := range perSecond {
		if !p.spend(now, "a") {
			t.Fatalf("a second later request %d is refused, want %d", i+1, perSecond)
		}
	}
	if p.spend(now, "a") {
		t.Errorf("more than %d in a second are answered", perSecond)
	}
	for i := range 3 * maxPaced {
		p.spend(now, fmt.Sprint(i))
	}
	if len(p.of) > maxPaced {
		t.Errorf("%d are remembered, at most %d should be", len(p.of), maxPaced)
	}
}

// pipes is a listener whose connections come from addresses of our choice.
type pipes struct{ ch chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.ch
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.addr))
}

// One address has so many connections and no more, all together so many, and
// what ends makes room.
func TestConnectionLimits(t *testing.T) {
	l := pipes{make(chan net.Conn, 10*maxConns)}
	limited := limited(l)
	knock := func(addr string) net.Conn {
		c, _ := net.Pipe()
		l.ch <- from{c, addr}
		return c
	}
	accept := func(n int) (all []net.Conn) {
		close(l.ch)
		for {
			c, err := limited.Accept()
			if err != nil {
				break
			}
			all = append(all, c)
		}
		if len(all) != n {
			t.Errorf("%d connections are accepted, want %d", len(all), n)
		}
		return all
	}
	for range 3 * maxConnsPerAddr {
		knock("192.0.2.1:1000")
	}
	knock("192.0.2.2:1000")
	all := accept(maxConnsPerAddr + 1)
	for _, c := range all[:2] {
		c.Close()
		c.Close() // twice makes room once
	}
	l.ch = make(chan net.Conn, 10*maxConns)
	limited.(*limitedListener).Listener = l
	for range 5 {
		knock("192.0.2.1:1000")
	}
	accept(2)
	l.ch = make(chan net.Conn, 10*maxConns)
	limited.(*limitedListener).Listener = l
	for i := range 2 * maxConns {
		knock(fmt.Sprintf("198.51.100.%d:1000", i%200))
	}
	accept(maxConns - maxConnsPerAddr - 1)
}
