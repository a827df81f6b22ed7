package web

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// How often somebody may try to sign in before they have to wait, and how long
// then: each time twice as long.
const (
	triesPerAccount = 5
	triesPerAddress = 20
	firstWait       = time.Minute
	longestWait     = 10 * time.Minute
	maxTried        = 4096
)

// tries counts what failed, for each name that was tried and for each address
// that tried. Names that don't exist are counted like those that do.
type tries struct {
	mu sync.Mutex
	of map[string]*tried
}

// tried is what is counted of one of them.
type tried struct {
	failed int       // since
	since  time.Time // the beginning of a minute
	until  time.Time // wait
	wait   time.Duration
}

// left is how long somebody has to wait before they may try; 0 is not at all.
func (t *tries) left(now time.Time, keys ...string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var left time.Duration
	for _, k := range keys {
		if x := t.of[k]; x != nil {
			left = max(left, x.until.Sub(now))
		}
	}
	return left
}

// failed counts a try that failed, against at most so many in a minute.
func (t *tries) failed(now time.Time, key string, most int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[string]*tried{}
	}
	x := t.of[key]
	if x == nil {
		t.thin(now)
		x = &tried{since: now, wait: firstWait}
		t.of[key] = x
	}
	if now.Sub(x.until) > time.Hour && now.Sub(x.since) > time.Hour {
		x.wait = firstWait
	}
	if now.Sub(x.since) > time.Minute {
		x.since, x.failed = now, 0
	}
	if x.failed++; x.failed >= most {
		x.until, x.failed = now.Add(x.wait), 0
		x.wait = min(2*x.wait, longestWait)
	}
}

// succeeded forgets what failed.
func (t *tries) succeeded(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, key)
}

// thin drops what no longer matters, and, of too many, some that do: those who
// try thousands of names wait for their address. The caller holds mu.
func (t *tries) thin(now time.Time) {
	if len(t.of) < maxTried {
		return
	}
	for k, x := range t.of {
		if now.After(x.until) || len(t.of) >= maxTried {
			delete(t.of, k)
		}
	}
}

// addressOf is the address that a request comes from; of IPv6 its network,
// which one machine has all of.
func addressOf(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
