package node

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/replica"
	"navette/transport"
)

// A Notice is something that a person should look at: a code, and what it is
// about. Words are elsewhere.
type Notice struct {
	Code string
	Args []string
}

// The codes of notices.
const (
	NoticeKit         = "kit"         // the commons
	NoticeRolledBack  = "rolled_back" // the commons
	NoticeQuarantined = "quarantined" // the folder
	NoticeRemoved     = "removed"     // the commons
	NoticeAlone       = "alone"       // the commons
	NoticeClock       = "clock"       // the time
	NoticeDisk        = "disk"        // megabytes that are left
	NoticeNoNetwork   = "no_network"  //
	NoticeShunned     = "shunned"     // the place that says so, of a commons that this node takes itself to be of
	NoticeTwice       = "twice"       // the commons, how many changes of this device came from peers
)

// The states of an exchange.
const (
	Alone      = "alone"      // nobody to exchange with is in reach
	Exchanging = "exchanging" // something is still to come or to go
	UpToDate   = "up_to_date" // each side has stored all that the other has
	Stranger   = "stranger"   // of none of our commons
	Away       = "away"       // not in reach
)

// Exchange is how a commons stands with the peers in reach.
type Exchange struct {
	State           string
	Peers           int
	Missing, ToGive int // changes, as far as is known
	Waiting         int // changes that wait for others
}

// Exchange sums up the sessions of the commons.
func (c *Commons) Exchange() Exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := Exchange{State: Alone}
	for _, s := range c.replica.Sessions() {
		x.add(s)
	}
	return x
}

func (x *Exchange) add(s replica.Session) {
	x.Peers++
	x.Missing += int(s.Receive.Total - s.Receive.Done)
	x.ToGive += int(s.Send.Total - s.Send.Done)
	x.Waiting += s.Waiting
	if s.State != replica.UpToDate {
		x.State = Exchanging
	} else if x.State == Alone {
		x.State = UpToDate
	}
}

// A Peer is another device that this node has met or heard of.
type Peer struct {
	ID       transport.Peer
	Place    string
	Person   string
	Commons  []*Commons // those shared
	Address  string
	Exchange Exchange
	Seen     time.Time // the zero time: never met
}

// Peers returns the devices that this node has met or hears now, those in
// reach first.
func (n *Node) Peers() []Peer {
	n.mu.Lock()
	list := make([]Peer, 0, len(n.peers))
	admitted := make(map[transport.Peer][]oplog.CommonsID)
	for id, p := range n.peers {
		x := Peer{ID: id, Address: p.address, Seen: p.seen, Exchange: Exchange{State: Away}}
		if len(p.addrs) > 0 && x.Address == "" {
			x.Address = p.addrs[0]
		}
		for c, standing := range p.admitted {
			if standing == membership.Live {
				admitted[id] = append(admitted[id], c)
			}
		}
		if p.near && len(p.admitted) == 0 && !p.seen.IsZero() {
			x.Exchange.State = Stranger
		}
		list = append(list, x)
	}
	n.mu.Unlock()
	for i := range list {
		p := &list[i]
		for _, c := range n.All() {
			p.in(c, slices.Contains(admitted[p.ID], c.id))
		}
	}
	slices.SortFunc(list, func(a, b Peer) int {
		if near := b.Exchange.Peers - a.Exchange.Peers; near != 0 {
			return near
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	return list
}

// in adds what the commons knows of the peer.
func (p *Peer) in(c *Commons, admitted bool) {
	c.mu.Lock()
	d, member := c.replica.Members().DeviceLive(oplog.Key(p.ID))
	met := Exchange{State: Alone}
	for _, s := range c.replica.Sessions() {
		if s.Peer == oplog.Key(p.ID) {
			met.add(s)
		}
	}
	c.mu.Unlock()
	if met.Peers > 0 {
		if p.Exchange.Peers == 0 || met.State == Exchanging {
			p.Exchange.State = met.State
		}
		p.Exchange.Peers += met.Peers
		p.Exchange.Missing += met.Missing
		p.Exchange.ToGive += met.ToGive
	}
	if !member && !admitted && met.Peers == 0 {
		return
	}
	p.Commons = append(p.Commons, c)
	if p.Place == "" {
		p.Place = c.PlaceName(oplog.Key(p.ID))
	}
	if p.Person == "" && member {
		p.Person = c.PersonName(d.Person)
	}
}

// placeOf is what a peer's place is called, its name on the network if nothing
// else is known.
func (n *Node) placeOf(id transport.Peer) string {
	for _, c := range n.All() {
		if name := c.PlaceName(oplog.Key(id)); name != "" {
			return name
		}
	}
	return id.String()
}

// Device is this node's device.
func (c *Commons) Device() oplog.Key { return c.n.self }

// Notices returns what a person should look at.
func (n *Node) Notices() []Notice {
	n.mu.Lock()
	out := slices.Clone(n.notices)
	var shunned []transport.Peer
	for id, p := range n.peers {
		if p.shuns {
			shunned = append(shunned, id)
		}
	}
	n.mu.Unlock()
	for _, id := range shunned {
		out = append(out, Notice{NoticeShunned, []string{n.placeOf(id)}})
	}
	for _, c := range n.All() {
		if c.HasKit() && !n.untouched(c) {
			out = append(out, Notice{NoticeKit, []string{c.name}})
		}
		c.mu.Lock()
		returned := c.returned.count
		c.mu.Unlock()
		if returned > 0 {
			out = append(out, Notice{NoticeTwice, []string{c.name, strconv.Itoa(returned)}})
		}
		if unseen := c.unseen(); unseen > 0 {
			out = append(out, Notice{NoticeUndone, []string{c.name, strconv.Itoa(unseen)}})
		}
		switch {
		case c.standing(n.self) == membership.Removed:
			out = append(out, Notice{NoticeRemoved, []string{c.name}})
		case c.ReadsOnly():
			out = append(out, Notice{NoticeReadsOnly, []string{c.name}})
		}
	}
	if now := time.Now(); !plausible(now) {
		out = append(out, Notice{NoticeClock, []string{now.UTC().Format(time.DateOnly)}})
	}
	return out
}
