package lan

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"navette/transport"
)

func peerNo(i int) transport.Peer {
	var p transport.Peer
	binary.BigEndian.PutUint32(p[:], uint32(i+1))
	return p
}

func at(source string, link int, p transport.Peer, addrs ...string) sighting {
	return sighting{peer: p, link: link, source: netip.MustParseAddr(source), addrs: addrs}
}

func nobody(transport.Peer) bool { return false }

// shown is candidates as a test writes them.
func shown(news []transport.Candidate) []string {
	var all []string
	for _, c := range news {
		s := fmt.Sprint(binary.BigEndian.Uint32(c.Peer[:])-1, c.Addrs)
		if c.Gone {
			s = fmt.Sprint(binary.BigEndian.Uint32(c.Peer[:])-1, " gone")
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

func wantNews(t *testing.T, when string, news []transport.Candidate, want ...string) {
	t.Helper()
	if got := shown(news); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", when, got, want)
	}
}

func TestTable(t *testing.T) {
	now := time.Unix(0, 0)
	later := func(d time.Duration) time.Time { now = now.Add(d); return now }
	tb := newTable(nobody)
	p, q := peerNo(0), peerNo(1)
	four := at("10.0.0.1", 1, p, "10.0.0.1:1", "10.0.0.9:1")
	six := at("fe80::1%eth0", 1, p, "[fe80::1%eth0]:1", "10.0.0.1:1")
	wantNews(t, "new", tb.see(later(0), four), "0 [10.0.0.1:1 10.0.0.9:1]")
	wantNews(t, "again at once", tb.see(later(0), four))
	wantNews(t, "by IPv6 too", tb.see(later(0), six), "0 [10.0.0.1:1 [fe80::1%eth0]:1 10.0.0.9:1]")
	wantNews(t, "the one or the other", tb.see(later(0), four))
	wantNews(t, "still there", tb.see(later(tellAgain), four), "0 [10.0.0.1:1 [fe80::1%eth0]:1 10.0.0.9:1]")
	wantNews(t, "another address", tb.see(later(0), at("10.0.0.7", 1, p, "10.0.0.7:1")), "0 [10.0.0.7:1 [fe80::1%eth0]:1 10.0.0.1:1]")
	second := at("10.8.0.1", 2, p, "10.8.0.1:1", "10.8.0.2:1", "10.8.0.3:1", "10.8.0.4:1")
	wantNews(t, "at most four", tb.see(later(0), second), "0 [10.0.0.7:1 10.8.0.1:1 [fe80::1%eth0]:1 10.8.0.2:1]")
	wantNews(t, "another peer", tb.see(later(0), at("10.0.0.2", 1, q, "10.0.0.2:1")), "1 [10.0.0.2:1]")

	bye := at("10.0.0.66", 1, q)
	bye.gone = true
	wantNews(t, "a goodbye from elsewhere", tb.see(later(0), bye))
	bye.source = netip.MustParseAddr("10.0.0.2")
	wantNews(t, "a goodbye", tb.see(later(0), bye), "1 gone")
	wantNews(t, "twice", tb.see(later(0), bye))

	wantNews(t, "link 1 is gone", tb.keepOnly(func(link int) bool { return link == 2 }))
	wantNews(t, "link 2 is gone", tb.keepOnly(func(int) bool { return false }), "0 gone")
	if tb.missing(now) {
		t.Error("missing somebody who said goodbye or went with a link")
	}
}

func TestTableSilence(t *testing.T) {
	now := time.Unix(0, 0)
	tb := newTable(nobody)
	p := peerNo(0)
	s := at("10.0.0.1", 1, p, "10.0.0.1:1")
	wantNews(t, "new", tb.see(now, s), "0 [10.0.0.1:1]")
	for range missedMost {
		wantNews(t, "asked", tb.asked(now))
	}
	if !tb.missing(now) {
		t.Error("not missing who hasn't answered")
	}
	wantNews(t, "back at the last moment", tb.see(now, s), "0 [10.0.0.1:1]")
	if tb.missing(now) {
		t.Error("missing who has answered")
	}
	for range missedMost {
		wantNews(t, "asked", tb.asked(now))
	}
	wantNews(t, "asked once more", tb.asked(now), "0 gone")
	if !tb.missing(now) || tb.missing(now.Add(lately)) {
		t.Errorf("missing: got %v, and after %v %v, want true and false", tb.missing(now), lately, tb.missing(now.Add(lately)))
	}
	if len(tb.entries) != 0 {
		t.Errorf("%d entries left", len(tb.entries))
	}
}

func TestTableBounds(t *testing.T) {
	now := time.Unix(0, 0)
	friend := peerNo(1_000_000)
	tb := newTable(func(p transport.Peer) bool { return p == friend })
	live := map[transport.Peer]bool{}
	note := func(news []transport.Candidate) {
		for _, c := range news {
			if live[c.Peer] = !c.Gone; c.Gone {
				delete(live, c.Peer)
			}
			if len(c.Addrs) > addrsMost {
				t.Fatalf("%d addresses", len(c.Addrs))
			}
		}
	}
	for i := range 100 {
		note(tb.see(now, at("10.0.0.1", 1, peerNo(i), "10.0.0.1:1")))
	}
	if len(live) != perSourceMost {
		t.Errorf("%d candidates from one address, want %d", len(live), perSourceMost)
	}
	for i := range 10_000 {
		source := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}).String()
		note(tb.see(now.Add(time.Duration(i)), at(source, 1, peerNo(1000+i), source+":1")))
	}
	if len(live) != candidatesMost || len(tb.entries) != candidatesMost {
		t.Errorf("%d candidates told, %d kept, want %d", len(live), len(tb.entries), candidatesMost)
	}
	note(tb.see(now, at("10.0.0.1", 1, friend, "10.0.0.1:1")))
	if !live[friend] || len(live) != candidatesMost {
		t.Errorf("known peer in: %v, with %d candidates, want true with %d", live[friend], len(live), candidatesMost)
	}
	for i := range 1000 {
		note(tb.see(now.Add(time.Hour), at("10.9.0.1", 1, peerNo(100_000+i), "10.9.0.1:1")))
	}
	if !live[friend] {
		t.Error("a known peer was crowded out")
	}
}
