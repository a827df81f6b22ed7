package p2p

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// What a board with 512 MB gives the network, at most: 64 connections that
// others have opened, 40 of them from one address, and 32 MiB for the windows of
// all streams, half of that for one peer.
func TestLimitsFitASmallBoard(t *testing.T) {
	m, err := newLimits()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	open := func(addr, id string) (network.ConnManagementScope, error) {
		c, err := m.OpenConnection(network.DirInbound, true, ma.StringCast(addr))
		if err != nil {
			return nil, err
		}
		if err := c.SetPeer(peer.ID(id)); err != nil {
			c.Done()
			return nil, err
		}
		return c, nil
	}
	names := func(i int) string { return string(rune('a'+i%26)) + string(rune('A'+i/26)) }

	count := func(addr func(int) string) (n int) {
		var held []network.ConnManagementScope
		for i := range 200 {
			if c, err := open(addr(i), names(i)); err == nil {
				held = append(held, c)
			}
		}
		for _, c := range held {
			c.Done()
		}
		return len(held)
	}
	if got := count(func(i int) string { return "/ip4/10.0.0." + string([]byte{'1' + byte(i%9)}) + "/tcp/4242" }); got != 64 {
		t.Errorf("%d connections from nine addresses, want 64", got)
	}
	if got := count(func(int) string { return "/ip4/10.0.1.1/tcp/4242" }); got != 40 {
		t.Errorf("%d connections from one address, want 40", got)
	}

	var held int
	for i := range 8 {
		c, err := open("/ip4/10.0.2."+string([]byte{'1' + byte(i)})+"/tcp/4242", "p"+names(i))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Done()
		mine := 0
		for range 40 {
			if s, err := m.OpenStream(peer.ID("p"+names(i)), network.DirInbound); err == nil {
				defer s.Done()
				if s.SetProtocol("/navette/sync/1") == nil && s.ReserveMemory(1<<20, network.ReservationPriorityAlways) == nil {
					mine++
				}
			}
		}
		if held += mine; mine > 16 {
			t.Errorf("%d MiB for one peer, want at most 16", mine)
		}
	}
	if held != 32 {
		t.Errorf("%d MiB for all peers, want 32", held)
	}
}
