// Package transporttest is the suite that every transport.Network passes.
//
// An implementation's test makes a World and calls Run; what is promised in
// package transport is tested here, and only that. Time is real or a bubble's,
// as the World likes: no test depends on how long something takes.
package transporttest

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"navette/transport"
)

// A and B are the protocols that nodes of a World speak; Unspoken is one that
// they don't.
const (
	A        = "/transporttest/a/1"
	B        = "/transporttest/b/1"
	Unspoken = "/transporttest/unspoken/1"
)

// World is an implementation with room for a few nodes.
type World interface {
	// Join adds a node that speaks A and B and runs until the test ends or
	// leave is called, which waits for it.
	Join() (n transport.Network, leave func())
	// Addrs is where others find n.
	Addrs(n transport.Network) []string
	// Cut breaks all links between nodes without a word, and lets none be made
	// until Mend.
	Cut()
	Mend()
}

// Run runs the suite. around runs one test with a World of its own, in a
// synctest bubble if it likes.
func Run(t *testing.T, around func(t *testing.T, test func(*testing.T, World))) {
	for _, c := range []struct {
		name string
		test func(*testing.T, World)
	}{
		{"dial and accept", testDial},
		{"frames both ways", testFrames},
		{"a window without reading", testWindow},
		{"hold back the sender", testBackPressure},
		{"close", testClose},
		{"close wakes", testCloseWakes},
		{"frame too large", testTooLarge},
		{"another peer", testMismatch},
		{"nobody there", testUnreachable},
		{"refused", testRefused},
		{"nobody accepts", testNobodyAccepts},
		{"cancel", testCancel},
		{"cancelled sending", testCancelSend},
		{"many conns", testMany},
		{"both dial", testBothDial},
		{"cut and mended", testCut},
		{"leave", testLeave},
	} {
		t.Run(c.name, func(t *testing.T) { around(t, c.test) })
	}
}

// connect opens a Conn from a to b and gives both ends.
func connect(t *testing.T, w World, a, b transport.Network, protocol string) (transport.Conn, transport.Conn) {
	t.Helper()
	here, err := a.Dial(t.Context(), b.Self(), w.Addrs(b), protocol)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	there, err := b.Accept(t.Context())
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	return here, there
}

// pairOf joins two nodes and connects them.
func pairOf(t *testing.T, w World) (here, there transport.Conn) {
	t.Helper()
	a, _ := w.Join()
	b, _ := w.Join()
	return connect(t, w, a, b, A)
}

func wantErr(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", doing, err, want)
	}
}

// send and receive fail the test from any goroutine.
func send(t *testing.T, c transport.Conn, frame []byte) bool {
	t.Helper()
	if err := c.Send(t.Context(), frame); err != nil {
		t.Errorf("send %d bytes: %v", len(frame), err)
		return false
	}
	return true
}

func receive(t *testing.T, c transport.Conn) []byte {
	t.Helper()
	frame, err := c.Receive(t.Context())
	if err != nil {
		t.Errorf("receive: %v", err)
	}
	return frame
}

// sendUntilError sends until it no longer works, as it must within a while
// after the other side has closed.
func sendUntilError(ctx context.Context, c transport.Conn) error {
	for {
		if err := c.Send(ctx, make([]byte, 32<<10)); err != nil {
			return err
		}
	}
}

// receiveUntilError gives how many frames came before the error.
func receiveUntilError(ctx context.Context, c transport.Conn) (int, error) {
	for n := 0; ; n++ {
		if _, err := c.Receive(ctx); err != nil {
			return n, err
		}
	}
}

// both runs f and g at once.
func both(f, g func()) {
	var wait sync.WaitGroup
	wait.Go(f)
	wait.Go(g)
	wait.Wait()
}

func wantEOF(t *testing.T, c transport.Conn) {
	t.Helper()
	if frame, err := c.Receive(t.Context()); err != io.EOF {
		t.Errorf("receive after the peer closed: got %d bytes, error %v, want io.EOF", len(frame), err)
	}
}
