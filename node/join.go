package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/gate"
	"navette/transport"
)

// Joined is what became of an invitation.
type Joined struct {
	Commons  *Commons
	Role     oplog.Role
	Already  bool     // the node is of it, and nothing was asked
	Again    bool     // the node held it and only read; it kept what it held
	Replaced string   // the name of the untouched commons that gave way; or
	Beside   *Commons // the one that was current until now
}

// Join asks the invitation's host to let this node in. It takes the place and
// the person with it. Where the node holds the commons and isn't let in (see
// Commons.ReadsOnly), it keeps what it holds. The errors are those of gate.ParseInvitation, a
// gate.Refusal, gate.ErrWelcome, and the transport's.
func (n *Node) Join(ctx context.Context, link, place, person string) (*Joined, error) {
	inv, err := gate.ParseInvitation(link)
	if err != nil {
		return nil, err
	}
	held := n.commonsOf(inv.Commons)
	if held != nil && !held.ReadsOnly() {
		return &Joined{Commons: held, Role: held.Role(), Already: true}, n.use(held)
	}
	n.mu.Lock()
	offline := n.links.Network == nil // Run may be about to give it one
	n.mu.Unlock()
	if offline {
		return nil, ErrOffline
	}
	welcome, err := n.ask(ctx, inv)
	if err != nil {
		return nil, err
	}
	j := &Joined{Role: welcome.Role}
	var before *Commons
	if all := n.All(); len(all) > 0 {
		before = all[0]
		if place == "" {
			place = before.PlaceName(n.self)
		}
		if person == "" {
			person = before.PersonName(before.Person())
		}
	}
	if j.Commons, j.Again = held, held != nil; j.Again {
		err = held.comeBack(ctx, welcome)
	} else {
		j.Commons, err = n.settle(welcome.Commons, welcome.Genesis, welcome.Entries)
		n.meetAgain()
	}
	if err != nil {
		return nil, err
	}
	if welcome.Role >= oplog.RoleMember {
		if err := j.Commons.introduce(ctx, place, person); err != nil {
			return nil, err
		}
	}
	if before != nil && before != j.Commons {
		if n.untouched(before) {
			j.Replaced = before.name
			if err := n.giveWay(before); err != nil {
				return nil, err
			}
		} else {
			j.Beside = before
		}
	}
	for _, d := range inv.Doors {
		n.greet(transport.Peer(d.Peer), d.Addrs)
	}
	return j, nil
}

// ReadsOnly tells whether this node only reads the commons: it was restored
// from a backup, or removed, and nobody has let it in since.
func (c *Commons) ReadsOnly() bool {
	_, err := c.n.keys.secret(c.id)
	return errors.Is(err, fs.ErrNotExist) || c.standing(c.n.self) != membership.Live
}

// comeBack takes in a welcome to a commons that the node holds.
func (c *Commons) comeBack(ctx context.Context, welcome *gate.Joined) error {
	if err := c.storeMembers(ctx, welcome.Entries); err != nil {
		return err
	}
	if err := c.n.keys.write(keySecrets+c.id.String(), welcome.Commons.Secret[:]); err != nil {
		return err
	}
	c.n.meetAgain()
	return c.n.use(c)
}

// meetAgain visits everybody soon: whoever was a stranger is one no more.
func (n *Node) meetAgain() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.peers {
		p.met, p.due, p.pause, p.useless, p.shuns = 0, time.Time{}, 0, false, false
	}
	n.look()
}

// ask knocks at the invitation's doors until one answers.
func (n *Node) ask(ctx context.Context, inv *gate.Invitation) (*gate.Joined, error) {
	var failed []error
	for _, d := range inv.Doors {
		j, err := n.knock(ctx, inv, d)
		if err == nil {
			return j, nil
		}
		var refused gate.Refusal
		if errors.As(err, &refused) && refused != gate.RefusedBusy && refused != gate.RefusedNotHere {
			return nil, err
		}
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return nil, fmt.Errorf("%w: the invitation names no door", transport.ErrUnreachable)
	}
	return nil, errors.Join(failed...)
}

func (n *Node) knock(ctx context.Context, inv *gate.Invitation, d gate.Door) (*gate.Joined, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	addrs := d.Addrs
	n.mu.Lock()
	if p := n.peers[transport.Peer(d.Peer)]; p != nil && p.near {
		addrs = append(p.addrs[:len(p.addrs):len(p.addrs)], addrs...) // where it is now goes first
	}
	n.mu.Unlock()
	conn, err := n.links.Network.Dial(ctx, transport.Peer(d.Peer), addrs, ProtocolJoin)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	o := gate.JoinerOptions{Invitation: *inv, Host: d.Peer, Person: n.person, Device: n.self, Wall: wall()}
	rand.Read(o.Nonce[:])
	j, first := gate.Join(o)
	if err := conn.Send(ctx, first); err != nil {
		return nil, err
	}
	for !j.Done() {
		frame, err := conn.Receive(ctx)
		if err != nil {
			return nil, fmt.Errorf("joining: %w", err)
		}
		reply, err := j.Receive(frame)
		if err != nil {
			return nil, err
		}
		if reply != nil {
			if err := conn.Send(ctx, reply); err != nil {
				return nil, fmt.Errorf("joining: %w", err)
			}
		}
	}
	joined := j.Joined()
	return &joined, nil
}

// joinTime is how long joining may take: the membership of a large commons
// comes with it.
const joinTime = 30 * time.Second

// greet dials a peer soon, at addresses that somebody gave.
func (n *Node) greet(id transport.Peer, addrs []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peer(id)
	p.known, p.due, p.pause = true, time.Time{}, 0
	if len(p.addrs) == 0 {
		p.addrs = addrs
	}
	n.look()
}

// host lets a newcomer in, if its invitation is good.
func (n *Node) host(ctx context.Context, conn transport.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	ip, _, _ := net.SplitHostPort(conn.Remote())
	n.mu.Lock()
	allowed := n.limiter.Allow(ip, n.now())
	n.mu.Unlock()
	if !allowed {
		return conn.Send(ctx, gate.RefusedBusy.Frame())
	}
	o := gate.HostOptions{Key: n.device, Person: oplog.PublicKey(n.person), Peer: oplog.Key(conn.Peer()), Wall: wall()}
	rand.Read(o.Nonce[:])
	// The host reads the membership of the commons within Receive only, so its
	// replica is held for as long as that takes.
	var asked *Commons
	o.House = func(id oplog.CommonsID) *gate.House {
		c := n.commonsOf(id)
		if c == nil {
			return nil
		}
		house, err := c.house()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // restored, and not let in again: it lets nobody in
		}
		if err != nil {
			n.o.Log.Error("letting in", "commons", c.name, "err", err)
			return nil
		}
		asked = c
		c.mu.Lock()
		house.State = c.replica.Members()
		return house
	}
	h := gate.NewHost(o)
	for {
		frame, err := receiveSoon(ctx, conn)
		if err != nil {
			return fmt.Errorf("letting in: %w", err)
		}
		step, err := h.Receive(frame)
		if asked != nil {
			asked.mu.Unlock()
		}
		c := asked
		asked = nil
		if err != nil {
			return err
		}
		if len(step.Store) > 0 {
			if err := c.storeMembers(ctx, step.Store); err != nil {
				n.o.Log.Warn("storing a newcomer's admission", "err", err)
				return conn.Send(ctx, gate.RefusedBusy.Frame())
			}
		}
		for _, f := range step.Send {
			if err := conn.Send(ctx, f); err != nil {
				return fmt.Errorf("letting in: %w", err)
			}
		}
		if step.Done {
			if step.Refused != 0 {
				n.o.Log.Info("a newcomer was refused", "peer", conn.Peer(), "why", step.Refused)
				return nil
			}
			n.o.Log.Info("a newcomer was let in", "peer", conn.Peer(), "commons", c.name)
			n.greetBack(conn.Peer())
			return nil
		}
	}
}

// receiveSoon gives a stranger as long for a frame as any step may take.
func receiveSoon(ctx context.Context, conn transport.Conn) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return conn.Receive(ctx)
}

// greetBack forgets that a peer was a stranger.
func (n *Node) greetBack(id transport.Peer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peer(id)
	p.due, p.pause = time.Now().Add(courtesy), 0
}
