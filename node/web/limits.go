package web

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// What is served at once: connections of all and of one address, and requests
// of one address. A page takes four requests, one of them long.
const (
	maxConns        = 128
	maxConnsPerAddr = 8
	perSecond       = 20
	burst           = 60
	maxPaced        = 4096
)

// limited accepts connections of l as long as there are not too many. What is
// too much is closed at once, so that whoever floods the place waits and
// nobody else does.
func limited(l net.Listener) net.Listener {
	return &limitedListener{Listener: l, of: map[netip.Addr]int{}}
}

type limitedListener struct {
	net.Listener

	mu  sync.Mutex // guards what follows
	all int
	of  map[netip.Addr]int
}

func addrOf(c net.Conn) netip.Addr {
	at, _ := netip.ParseAddrPort(c.RemoteAddr().String()) // of no address: the zero one
	return at.Addr().Unmap()
}

// Accept waits for the next connection that there is room for.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if from := addrOf(c); l.take(from) {
			return &limitedConn{Conn: c, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
		}
		c.Close()
	}
}

func (l *limitedListener) take(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Programs on this machine aren't strangers.
	if l.all >= maxConns || !from.IsLoopback() && l.of[from] >= maxConnsPerAddr {
		return false
	}
	l.all++
	l.of[from]++
	return true
}

func (l *limitedListener) leave(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.of[from]--; l.of[from] == 0 {
		delete(l.of, from)
	}
}

type limitedConn struct {
	net.Conn
	leave func()
}

// Close closes the connection and makes room for another.
func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// pace holds back whoever asks too fast.
type pace struct {
	mu sync.Mutex
	of map[string]*purse
}

// purse is how many requests somebody may make now.
type purse struct {
	left float64
	at   time.Time
}

// spend takes a request out of somebody's purse, if there is one in it.
func (p *pace) spend(now time.Time, who string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[string]*purse{}
	}
	x := p.of[who]
	if x == nil {
		for k, old := range p.of { // full again, or too many to remember
			if len(p.of) >= maxPaced || now.Sub(old.at) > burst/perSecond*time.Second {
				delete(p.of, k)
			}
		}
		x = &purse{burst, now}
		p.of[who] = x
	}
	x.left, x.at = min(burst, x.left+now.Sub(x.at).Seconds()*perSecond), now
	if x.left < 1 {
		return false
	}
	x.left--
	return true
}
