// Package memnet is a network within one process, for tests of what runs over
// transport.Network and transport.Discovery without sockets, keys or waiting.
//
//	air := memnet.New(memnet.Options{})
//	net, near := air.Join(peer, "/navette/sync/1")
//	go net.Run(ctx)
//	go near.Run(ctx)
//	air.Cut(a, b)
//
// Every wait in it is on a channel or a timer, so that in a testing/synctest
// bubble time passes by itself and each run is the same as far as goroutines
// allow. It passes the suite in transporttest. A Conn holds transport.Window
// bytes for a peer that doesn't read, as a real one does.
//
// A peer here is whoever it says it is: nothing is signed or encrypted. For
// whole fleets on one thread see node/sim, which doesn't need it.
package memnet

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"navette/transport"
)

// Options of New.
type Options struct {
	// Latency is how long each frame, and each piece of news, is on its way.
	// Zero: none.
	Latency time.Duration
	// Silence is how long the ends of a connection that was cut don't notice.
	// Zero: they do at once.
	Silence time.Duration
}

// Net is what the nodes of a test hang on.
type Net struct {
	options Options

	mu    sync.Mutex // guards what follows, and the nodes
	nodes map[transport.Peer]*Network
	ports int
	cuts  map[pair]bool
}

// pair of peers, the smaller one first.
type pair struct{ a, b transport.Peer }

func pairOf(a, b transport.Peer) pair {
	if slices.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return pair{a, b}
}

// New makes a network without nodes.
func New(o Options) *Net {
	return &Net{options: o, nodes: map[transport.Peer]*Network{}, cuts: map[pair]bool{}}
}

// Join adds a node that speaks protocols, in place of an earlier one of the
// same name, which must have ended. It can be reached while its Network runs,
// and is seen while its Discovery does.
func (n *Net) Join(p transport.Peer, protocols ...string) (*Network, *Discovery) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ports++
	node := &Network{
		net: n, self: p, protocols: protocols,
		addr:     net.JoinHostPort("mem", strconv.Itoa(n.ports)),
		accepted: make(chan *conn, waiting),
		ended:    make(chan struct{}),
		conns:    map[*conn]struct{}{},
	}
	node.near = &Discovery{node: node, news: transport.NewNews()}
	n.nodes[p] = node
	return node, node.near
}

// Cut breaks what connects a and b, and keeps them from connecting, until Mend.
func (n *Net) Cut(a, b transport.Peer) { n.set(a, b, true) }

// Mend takes back a Cut. The two see each other again.
func (n *Net) Mend(a, b transport.Peer) { n.set(a, b, false) }

// Partition cuts every node of one group from every node of the others, and
// mends what is cut within the groups.
func (n *Net) Partition(groups ...[]transport.Peer) {
	for i, g := range groups {
		for j, h := range groups[:i+1] {
			for _, a := range g {
				for _, b := range h {
					n.set(a, b, i != j)
				}
			}
		}
	}
}

func (n *Net) set(a, b transport.Peer, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if a == b || n.cuts[pairOf(a, b)] == cut {
		return
	}
	n.cuts[pairOf(a, b)] = cut
	na, nb := n.nodes[a], n.nodes[b]
	if na == nil || nb == nil {
		return
	}
	if cut {
		for c := range na.conns {
			if c.peer.self == b {
				c.sever(n.options.Silence)
			}
		}
	}
	n.see(na, nb, !cut)
	n.see(nb, na, !cut)
}

// see tells one node about another, if both can be seen. The caller holds n.mu.
func (n *Net) see(who, whom *Network, there bool) {
	if who == whom || !who.near.running || n.cuts[pairOf(who.self, whom.self)] && there {
		return
	}
	if there = there && whom.near.running; there {
		who.near.tell(transport.Candidate{Peer: whom.self, Addrs: []string{whom.addr}}, n.options.Latency)
	} else {
		who.near.tell(transport.Candidate{Peer: whom.self, Gone: true}, n.options.Latency)
	}
}

// at finds the node that listens at one of addrs and isn't cut off from who.
func (n *Net) at(who *Network, addrs []string) (*Network, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !who.running {
		return nil, transport.ErrClosed
	}
	for _, a := range addrs {
		for p, node := range n.nodes {
			if node.addr == a && node.running && !n.cuts[pairOf(who.self, p)] {
				return node, nil
			}
		}
	}
	return nil, fmt.Errorf("nobody at %v: %w", addrs, transport.ErrUnreachable)
}
