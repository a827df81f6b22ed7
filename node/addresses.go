package node

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"navette/storage"
	"navette/transport"
)

// The addresses at which other devices were found outlive the process, so that
// a place whose network carries no announcements finds them again.
const addressesKey = "n/addresses"

// mostAddresses is how many of a peer's are kept.
const mostAddresses = 4

// recall takes in what was reached before and what was given by hand.
func (n *Node) recall() {
	stored := make(map[string][]string)
	err := n.o.Store.View(func(r storage.Reader) error {
		b, err := r.Get([]byte(addressesKey))
		if err != nil {
			return err
		}
		return json.Unmarshal(b, &stored)
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		n.o.Log.Warn("reading known addresses", "err", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses = stored
	for text, addrs := range stored {
		if id, err := transport.ParsePeer(text); err == nil {
			p := n.peer(id)
			p.known, p.addrs = true, addrs
		}
	}
	for _, d := range n.o.Doors {
		if d.Peer != (transport.Peer{}) {
			n.insert(d.Peer, d.Addr)
		}
	}
}

// insert puts an address before a peer's others. The caller holds mu.
func (n *Node) insert(id transport.Peer, addr string) {
	p := n.peer(id)
	p.known = true
	if !slices.Contains(p.addrs, addr) {
		p.addrs = append([]string{addr}, p.addrs...)
	}
}

// remember keeps the addresses of peers that this node has exchanged with, if
// they have changed.
func (n *Node) remember() {
	n.mu.Lock()
	now := make(map[string][]string)
	for id, p := range n.peers {
		if len(p.addrs) > 0 && (p.known || len(p.sessions) > 0) {
			p.known = true
			now[id.String()] = p.addrs[:min(len(p.addrs), mostAddresses)]
		}
	}
	same := maps.EqualFunc(now, n.addresses, slices.Equal)
	n.addresses = now
	b, err := json.Marshal(now)
	n.mu.Unlock()
	if same {
		return
	}
	if err == nil {
		err = n.o.Store.Update(storage.Membership, func(t storage.Txn) error { return t.Set([]byte(addressesKey), b) })
	}
	if err != nil {
		n.o.Log.Warn("keeping known addresses", "err", err)
	}
}

// identify finds out who is at the addresses that were given without a peer:
// whoever answers a call for nobody says who it is.
func (n *Node) identify(ctx context.Context) {
	var open []string
	for _, d := range n.o.Doors {
		if d.Peer == (transport.Peer{}) {
			open = append(open, d.Addr)
		}
	}
	for pause := firstPause / 5; len(open) > 0; pause = min(2*pause, time.Minute) {
		open = slices.DeleteFunc(open, func(addr string) bool { return n.whoIs(ctx, addr) })
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (n *Node) whoIs(ctx context.Context, addr string) (found bool) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	_, err := n.links.Network.Dial(ctx, transport.Peer{}, []string{addr}, ProtocolAdmit)
	var answered *transport.MismatchError
	if !errors.As(err, &answered) {
		n.o.Log.Debug("asking who is at an address", "addr", addr, "err", err)
		return false
	}
	n.mu.Lock()
	n.insert(answered.Actual, addr)
	n.mu.Unlock()
	n.look()
	return true
}
