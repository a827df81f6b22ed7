package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node/gate"
	"navette/node/replica"
	"navette/transport"
)

// The protocols that a node speaks.
const (
	ProtocolAdmit = "/navette/admit/1"
	ProtocolJoin  = "/navette/join/1"
	ProtocolSync  = "/navette/sync/1"
)

// Protocols are all of them, for a Network to accept.
var Protocols = []string{ProtocolAdmit, ProtocolJoin, ProtocolSync, ProtocolFiles}

// patience is how long a peer that isn't admitted may take for one step.
const patience = 5 * time.Second

// accept serves the connections that peers open.
func (n *Node) accept(ctx context.Context) error {
	for {
		conn, err := n.links.Network.Accept(ctx)
		if err != nil {
			return err
		}
		n.begin(func(ctx context.Context) {
			defer conn.Close()
			if err := n.serve(ctx, conn); err != nil {
				n.o.Log.Debug("serving a peer", "peer", conn.Peer(), "protocol", conn.Protocol(), "err", err)
			}
		})
	}
}

func (n *Node) serve(ctx context.Context, conn transport.Conn) error {
	switch conn.Protocol() {
	case ProtocolAdmit:
		_, err := n.admission(ctx, conn, false)
		return err
	case ProtocolJoin:
		return n.host(ctx, conn)
	case ProtocolSync:
		return n.answer(ctx, conn)
	case ProtocolFiles:
		return n.give(ctx, conn)
	}
	return fmt.Errorf("%w: protocol %q", transport.ErrRefused, conn.Protocol())
}

// admission finds out, over conn, which commons the peer and this node are both
// of, and what the peer's device is to each.
func (n *Node) admission(ctx context.Context, conn transport.Conn, dialler bool) ([]gate.Match, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o := gate.AdmissionOptions{
		Self: n.self, Peer: oplog.Key(conn.Peer()),
		Standing: func(id oplog.CommonsID) membership.Standing {
			c := n.commonsOf(id)
			if c == nil {
				return membership.Unknown
			}
			return c.standing(oplog.Key(conn.Peer()))
		},
	}
	rand.Read(o.Nonce[:])
	rand.Read(o.Seed[:])
	for _, c := range n.All() {
		secret, err := n.keys.secret(c.id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // restored from a backup, and not let in again yet
		}
		if err != nil {
			return nil, err
		}
		o.Commons = append(o.Commons, gate.Commons{ID: c.id, Secret: secret})
	}
	var a *gate.Admission
	if dialler {
		var first []byte
		a, first = gate.Dial(o)
		if err := conn.Send(ctx, first); err != nil {
			return nil, err
		}
	} else {
		a = gate.Answer(o)
	}
	for !a.Done() {
		frame, err := conn.Receive(ctx)
		if err != nil {
			return nil, fmt.Errorf("admission: %w", err)
		}
		reply, err := a.Receive(frame)
		if err != nil {
			return nil, err
		}
		if a.Done() {
			n.admitted(conn, a.Matches()) // before the peer knows, and opens a session
		}
		if reply != nil {
			if err := conn.Send(ctx, reply); err != nil {
				return nil, fmt.Errorf("admission: %w", err)
			}
		}
	}
	if !dialler {
		// The dialler closes once it has read the last frame.
		if _, err := conn.Receive(ctx); !errors.Is(err, io.EOF) && err == nil {
			return nil, fmt.Errorf("%w: a frame after the admission", gate.ErrProtocol)
		}
	}
	return a.Matches(), nil
}

// standing is what a device is to the commons.
func (c *Commons) standing(device oplog.Key) membership.Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.replica.Members().StandingOf(device)
}

// answer serves a session that a peer opened: one with an admitted peer, about
// the commons that its first frame names.
func (n *Node) answer(ctx context.Context, conn transport.Conn) error {
	first, err := receiveSoon(ctx, conn)
	if err != nil {
		return err
	}
	hello, err := reconcile.ReadHello(first)
	if err != nil {
		return err
	}
	for _, c := range n.All() {
		if !hello.Is(c.id) {
			continue
		}
		if n.isBarred(conn.Peer()) {
			return fmt.Errorf("%w: a peer that sent too much that is invalid", transport.ErrRefused)
		}
		switch standing, proved := n.admittedAs(conn.Peer(), c.id); {
		case !proved:
		case standing == membership.Removed, c.standing(oplog.Key(conn.Peer())) == membership.Removed:
			return c.farewell(ctx, conn)
		default:
			return n.session(ctx, c, conn, false, first)
		}
	}
	return fmt.Errorf("%w: a session of a peer that isn't admitted", transport.ErrRefused)
}

// farewell tells a device that has proved to know the commons that it belongs
// to it no more.
func (c *Commons) farewell(ctx context.Context, conn transport.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var nonce reconcile.Nonce
	rand.Read(nonce[:])
	for _, f := range reconcile.Farewell(c.id, nonce) {
		if err := conn.Send(ctx, f); err != nil {
			return err
		}
	}
	return replica.ErrExpelled
}
