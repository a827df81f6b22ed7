package memnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"navette/transport"
	"navette/transport/memnet"
)

// next gives the next candidate that is waiting in the bubble, if any.
func next(d transport.Discovery) (transport.Candidate, bool) {
	synctest.Wait()
	select {
	case c, ok := <-d.Found():
		return c, ok
	default:
		return transport.Candidate{}, false
	}
}

func wantFound(t *testing.T, when string, d transport.Discovery, p transport.Peer, gone bool) {
	t.Helper()
	c, ok := next(d)
	if !ok || c.Peer != p || c.Gone != gone || gone != (len(c.Addrs) == 0) {
		t.Errorf("%s: got %+v, %v, want peer %x gone %v", when, c, ok, p[0], gone)
	}
	if c, ok := next(d); ok {
		t.Errorf("%s: got %+v as well, want no more", when, c)
	}
}

func TestDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := memnet.New(memnet.Options{})
		a, b := transport.Peer{1}, transport.Peer{2}
		na, da := air.Join(a)
		_, db := air.Join(b)
		run(t, na)
		run(t, da)
		if c, ok := next(da); ok {
			t.Errorf("alone: got %+v, want nothing", c)
		}
		leave := run(t, db)
		wantFound(t, "b came", da, b, false)
		wantFound(t, "a was there", db, a, false)
		da.Refresh()
		wantFound(t, "refreshed", da, b, false)
		air.Cut(a, b)
		wantFound(t, "cut", da, b, true)
		air.Mend(a, b)
		wantFound(t, "mended", da, b, false)
		air.Cut(a, b)
		air.Mend(a, b)
		air.Cut(a, b)
		wantFound(t, "the latest only", da, b, true)
		air.Mend(a, b)
		wantFound(t, "mended again", da, b, false)
		leave()
		wantFound(t, "b left", da, b, true)
		if _, open := <-db.Found(); open {
			t.Error("found after Run has ended: got a candidate, want it closed")
		}
	})
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = 250 * time.Millisecond
		air := memnet.New(memnet.Options{Latency: latency})
		a, _ := air.Join(transport.Peer{1})
		b, _ := air.Join(transport.Peer{2}, "/p")
		run(t, a)
		run(t, b)
		took := func(doing string, want time.Duration, f func() error) {
			t.Helper()
			start := time.Now()
			if err := f(); err != nil {
				t.Fatalf("%s: %v", doing, err)
			}
			if got := time.Since(start); got != want {
				t.Errorf("%s took %v, want %v", doing, got, want)
			}
		}
		var here, there transport.Conn
		took("dial", 2*latency, func() (err error) {
			here, err = a.Dial(t.Context(), b.Self(), b.Addrs(), "/p")
			return err
		})
		took("accept", 0, func() (err error) { there, err = b.Accept(t.Context()); return err })
		took("send", 0, func() error { return here.Send(t.Context(), []byte("x")) })
		took("receive", latency, func() error { _, err := there.Receive(t.Context()); return err })
	})
}

func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := memnet.New(memnet.Options{Silence: time.Hour})
		var nodes []*memnet.Network
		var peers []transport.Peer
		for i := range 4 {
			n, _ := air.Join(transport.Peer{byte(i + 1)}, "/p")
			run(t, n)
			nodes, peers = append(nodes, n), append(peers, n.Self())
		}
		reach := func(i, j int) bool {
			c, err := nodes[i].Dial(t.Context(), peers[j], nodes[j].Addrs(), "/p")
			if err != nil {
				return false
			}
			c.Close()
			return true
		}
		kept, err := nodes[0].Dial(t.Context(), peers[2], nodes[2].Addrs(), "/p")
		if err != nil {
			t.Fatal(err)
		}
		air.Partition(peers[:2], peers[2:])
		for _, c := range []struct {
			i, j int
			want bool
		}{{0, 1, true}, {2, 3, true}, {0, 2, false}, {3, 1, false}} {
			if got := reach(c.i, c.j); got != c.want {
				t.Errorf("partitioned, %d reaches %d: got %v, want %v", c.i, c.j, got, c.want)
			}
		}
		if !nodes[0].Connected(peers[2]) {
			t.Error("a silent cut was noticed at once")
		}
		nodes[0].NetworkChanged()
		if nodes[0].Connected(peers[2]) || kept.Send(t.Context(), nil) == nil {
			t.Error("a silent cut wasn't noticed after NetworkChanged")
		}
		air.Partition(peers)
		if !reach(0, 2) || !reach(3, 1) {
			t.Error("not reached after the partition was mended")
		}
	})
}
