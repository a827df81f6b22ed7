//go:build netns && linux

package lan_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"testing"
	"time"

	"navette/transport"
	"navette/transport/lan"
	"navette/transport/p2p"
)

const (
	roleVar  = "NAVETTE_LAN_TEST_ROLE"
	knownVar = "NAVETTE_LAN_TEST_KNOWN"
	protocol = "/navette/lantest/1"
)

// TestMain is also the node, and the other programs, that the tests run in
// namespaces.
func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVar); role {
	case "":
		os.Exit(m.Run())
	case "node":
		ended(runNode())
	case "capture":
		ended(runCapture())
	case "flood":
		ended(runFlood())
	default:
		ended(fmt.Errorf("no role %q", role))
	}
}

func ended(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// untilStdinEnds is how the test says that it has had enough.
func untilStdinEnds() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx, cancel
}

// mininode does with candidates what a node does: it keeps one session with
// each, by dialling whoever is found and hasn't one.
type mininode struct {
	net *p2p.Network

	mu       sync.Mutex // guards what follows, and stdout
	sessions map[transport.Peer]bool
	addrs    map[transport.Peer][]string
	wait     sync.WaitGroup
}

func runNode() error {
	ctx, cancel := untilStdinEnds()
	defer cancel()
	var pinned []transport.Peer
	if err := json.Unmarshal([]byte(os.Getenv(knownVar)), &pinned); err != nil {
		return err
	}
	known := func(p transport.Peer) bool {
		for _, k := range pinned {
			if k == p {
				return true
			}
		}
		return false
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	net, err := p2p.Listen(p2p.Options{Key: key, Protocols: []string{protocol}, Known: known})
	if err != nil {
		return err
	}
	n := &mininode{net: net, sessions: map[transport.Peer]bool{}, addrs: map[transport.Peer][]string{}}
	near := lan.New(lan.Options{Self: net.Self(), Port: net.Port(), Known: known, Changed: net.NetworkChanged})
	n.wait.Go(func() { net.Run(ctx) })
	n.wait.Go(func() { near.Run(ctx) })
	n.wait.Go(func() { n.accept(ctx) })
	n.report(event{Kind: "ready", Peer: net.Self()})
	n.follow(ctx, near)
	n.wait.Wait()
	return nil
}

func (n *mininode) report(e event) {
	b, err := json.Marshal(e)
	if err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	os.Stdout.Write(append(b, '\n'))
}

func (n *mininode) follow(ctx context.Context, near *lan.Discovery) {
	retry := time.NewTicker(time.Second)
	defer retry.Stop()
	for {
		select {
		case c, ok := <-near.Found():
			if !ok {
				return
			}
			n.mu.Lock()
			n.addrs[c.Peer] = c.Addrs
			n.mu.Unlock()
			if c.Gone {
				n.report(event{Kind: "gone", Peer: c.Peer})
				continue
			}
			n.report(event{Kind: "found", Peer: c.Peer, Addrs: c.Addrs})
			n.visit(ctx, c.Peer)
		case <-retry.C:
			n.mu.Lock()
			var peers []transport.Peer
			for p, addrs := range n.addrs {
				if len(addrs) > 0 {
					peers = append(peers, p)
				}
			}
			n.mu.Unlock()
			for _, p := range peers {
				n.visit(ctx, p)
			}
		}
	}
}

// visit dials p if there is no session with it.
func (n *mininode) visit(ctx context.Context, p transport.Peer) {
	n.mu.Lock()
	busy, addrs := n.sessions[p], n.addrs[p]
	n.sessions[p] = true
	n.mu.Unlock()
	if busy {
		return
	}
	n.wait.Go(func() {
		defer func() {
			n.mu.Lock()
			n.sessions[p] = false
			n.mu.Unlock()
		}()
		conn, err := n.net.Dial(ctx, p, addrs, protocol)
		if err != nil {
			return
		}
		defer conn.Close()
		n.beat(ctx, conn)
		n.report(event{Kind: "lost", Peer: p})
	})
}

// beat sends the time ten times a second and reports what comes back.
func (n *mininode) beat(ctx context.Context, conn transport.Conn) {
	for ctx.Err() == nil {
		now, err := json.Marshal(time.Now())
		if err != nil || conn.Send(ctx, now) != nil {
			return
		}
		back, err := conn.Receive(ctx)
		if err != nil {
			return
		}
		e := event{Kind: "beat", Peer: conn.Peer()}
		if json.Unmarshal(back, &e.Sent) == nil {
			n.report(e)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// accept sends back whatever comes.
func (n *mininode) accept(ctx context.Context) {
	for {
		conn, err := n.net.Accept(ctx)
		if err != nil {
			return
		}
		n.wait.Go(func() {
			defer conn.Close()
			for {
				frame, err := conn.Receive(ctx)
				if err != nil || conn.Send(ctx, frame) != nil {
					return
				}
			}
		})
	}
}
