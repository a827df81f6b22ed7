package transport_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"navette/transport"
)

func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := transport.NewNews()
		ctx, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() { n.Run(ctx) })
		tell := func(peer byte, addr string) {
			n.Tell(transport.Candidate{Peer: transport.Peer{peer}, Addrs: []string{addr}})
			synctest.Wait() // so that one may be on its way already
		}
		for _, addr := range []string{"a", "b", "c"} {
			tell(1, addr)
			tell(2, addr)
		}
		tell(1, "d")
		tell(3, "a")
		want := map[byte]string{1: "d", 2: "c", 3: "a"}
		for range len(want) {
			c := <-n.Found()
			if got := c.Addrs[0]; got != want[c.Peer[0]] {
				t.Errorf("of peer %d: got %q, want the latest, %q", c.Peer[0], got, want[c.Peer[0]])
			}
			delete(want, c.Peer[0])
		}
		if len(want) > 0 {
			t.Errorf("not told: %v", want)
		}
		synctest.Wait()
		select {
		case c := <-n.Found():
			t.Errorf("told again: %v", c)
		default:
		}
		tell(4, "never read")
		cancel()
		wait.Wait()
		if c, open := <-n.Found(); open {
			t.Errorf("after the end: got %v, want it closed", c)
		}
	})
}
