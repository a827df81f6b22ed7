package node

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"navette/crdt/oplog"
	"navette/transport"
)

type quietNetwork struct {
	transport.Network
	addrs []string
}

// Addrs implements transport.Network.
func (n quietNetwork) Addrs() []string { return n.addrs }

type quietDiscovery struct{ transport.Discovery }

func TestExamineNetwork(t *testing.T) {
	old := map[oplog.CommonsID]*session{{}: {begun: time.Now().Add(-time.Hour)}}
	fresh := map[oplog.CommonsID]*session{{}: {begun: time.Now()}}
	unreachable := fmt.Errorf("dial: %w", transport.ErrUnreachable)
	for _, c := range []struct {
		name  string
		peer  peer
		tries []error
		want  []string
	}{
		{"heard and reached", peer{near: true, sessions: old, address: "192.168.1.7:4242"}, nil, nil},
		{"reached next door and never heard", peer{sessions: old, address: "192.168.1.7:4242"}, nil, []string{NoticeMulticast}},
		{"reached just now", peer{sessions: fresh, address: "192.168.1.7:4242"}, nil, nil},
		{"reached on another network", peer{sessions: old, address: "192.168.2.7:4242"}, nil, nil},
		{"reached over the internet", peer{sessions: old, address: "203.0.113.7:4242"}, nil, nil},
		{"reached on the link by IPv6", peer{sessions: old, address: "[fe80::2%eth0]:4242"}, nil, []string{NoticeMulticast}},
		{"heard, and answers no more", peer{near: true}, []error{unreachable, unreachable, unreachable}, []string{NoticeIsolated}},
		{"heard, and didn't answer twice", peer{near: true}, []error{unreachable, unreachable}, nil},
		{"heard, and of no commons of ours", peer{near: true}, []error{unreachable, unreachable, errStranger, unreachable}, nil},
		{"gone, and doesn't answer", peer{}, []error{unreachable, unreachable, unreachable}, nil},
	} {
		n := &Node{
			links: Links{quietNetwork{addrs: []string{"192.168.1.5:4242", "[fe80::1%eth0]:4242"}}, quietDiscovery{}},
			peers: map[transport.Peer]*peer{{1}: &c.peer},
		}
		for _, err := range c.tries {
			c.peer.tried(err)
		}
		var got []string
		for _, x := range n.examineNetwork() {
			got = append(got, x.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}
