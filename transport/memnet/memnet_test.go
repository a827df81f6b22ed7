package memnet_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"navette/transport"
	"navette/transport/memnet"
	"navette/transport/transporttest"
)

// world is a Net whose nodes end with the test.
type world struct {
	t     *testing.T
	net   *memnet.Net
	peers []transport.Peer
}

func (w *world) Join() (transport.Network, func()) {
	p := transport.Peer{byte(len(w.peers) + 1)}
	w.peers = append(w.peers, p)
	n, _ := w.net.Join(p, transporttest.A, transporttest.B)
	return n, run(w.t, n)
}

// run runs it until the test ends or what is returned is called.
func run(t *testing.T, n interface{ Run(context.Context) error }) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := n.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	stop = func() { cancel(); wait.Wait() }
	t.Cleanup(stop)
	synctest.Wait()
	return stop
}

func (w *world) Addrs(n transport.Network) []string { return n.Addrs() }
func (w *world) Cut()                               { w.split(1) }
func (w *world) Mend()                              { w.split(len(w.peers)) }

// split makes the first n peers one group, and each other one of its own.
func (w *world) split(n int) {
	groups := [][]transport.Peer{w.peers[:n]}
	for _, p := range w.peers[n:] {
		groups = append(groups, []transport.Peer{p})
	}
	w.net.Partition(groups...)
}

func TestSuite(t *testing.T) {
	for name, o := range map[string]memnet.Options{
		"at once":       {},
		"with latency":  {Latency: 30 * time.Millisecond},
		"cuts unsaid":   {Silence: 10 * time.Second},
		"both of these": {Latency: 30 * time.Millisecond, Silence: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			transporttest.Run(t, func(t *testing.T, test func(*testing.T, transporttest.World)) {
				synctest.Test(t, func(t *testing.T) { test(t, &world{t: t, net: memnet.New(o)}) })
			})
		})
	}
}
