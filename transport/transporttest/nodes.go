package transporttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"navette/transport"
)

func testMismatch(t *testing.T, w World) {
	a, _ := w.Join()
	b, _ := w.Join()
	c, _ := w.Join()
	_, err := a.Dial(t.Context(), c.Self(), w.Addrs(b), A)
	wantErr(t, "dial c at b's address", err, transport.ErrPeerMismatch)
	_, err = a.Dial(t.Context(), transport.Peer{}, w.Addrs(b), A)
	var mismatch *transport.MismatchError
	if !errors.As(err, &mismatch) || mismatch.Actual != b.Self() {
		t.Errorf("dial the zero peer at b's address: %v, want to be told of %v", err, b.Self())
	}
	if a.Connected(b.Self()) || a.Connected(c.Self()) {
		t.Errorf("connected after a mismatch: b %v, c %v", a.Connected(b.Self()), a.Connected(c.Self()))
	}
}

func testUnreachable(t *testing.T, w World) {
	a, _ := w.Join()
	b, leave := w.Join()
	addrs := w.Addrs(b)
	leave()
	_, err := a.Dial(t.Context(), b.Self(), addrs, A)
	wantErr(t, "dial a node that has left", err, transport.ErrUnreachable)
	_, err = a.Dial(t.Context(), b.Self(), nil, A)
	wantErr(t, "dial without an address", err, transport.ErrUnreachable)
}

func testRefused(t *testing.T, w World) {
	a, _ := w.Join()
	b, _ := w.Join()
	_, err := a.Dial(t.Context(), b.Self(), w.Addrs(b), Unspoken)
	wantErr(t, "dial with a protocol that isn't spoken", err, transport.ErrRefused)
	_, err = a.Dial(t.Context(), a.Self(), w.Addrs(a), A)
	wantErr(t, "dial oneself", err, transport.ErrRefused)
	connect(t, w, a, b, A) // refusing once is not for ever
}

// A node that doesn't accept refuses in the end, and not for ever.
func testNobodyAccepts(t *testing.T, w World) {
	a, _ := w.Join()
	b, _ := w.Join()
	const enough = 100
	var err error
	opened := 0
	for ; opened < enough && err == nil; opened++ {
		_, err = a.Dial(t.Context(), b.Self(), w.Addrs(b), A)
	}
	wantErr(t, fmt.Sprintf("dial no. %d while nobody accepts", opened), err, transport.ErrRefused)
	for range opened - 1 {
		if _, err := b.Accept(t.Context()); err != nil {
			t.Fatalf("accept: %v", err)
		}
	}
	connect(t, w, a, b, A)
}

func testMany(t *testing.T, w World) {
	a, _ := w.Join()
	b, _ := w.Join()
	// One whose receiver doesn't read mustn't hold up the others.
	stalled, _ := connect(t, w, a, b, A)
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	both(func() { sendUntilError(stop, stalled) }, func() {
		defer cancel()
		var wait sync.WaitGroup
		for i := range 10 {
			here, there := connect(t, w, a, b, []string{A, B}[i%2])
			wait.Go(func() { echo(t, there) })
			wait.Go(func() { call(t, here, byte(i)) })
		}
		wait.Wait()
	})
}

const calls = 50

func echo(t *testing.T, c transport.Conn) {
	for range calls {
		if frame := receive(t, c); frame == nil || !send(t, c, frame) {
			return
		}
	}
}

func call(t *testing.T, c transport.Conn, id byte) {
	for i := range calls {
		if !send(t, c, []byte{id, byte(i)}) {
			return
		}
		got := receive(t, c)
		if len(got) != 2 || got[0] != id || got[1] != byte(i) {
			t.Errorf("call %d on conn %d: got % x back", i, id, got)
			return
		}
	}
}

func testBothDial(t *testing.T, w World) {
	a, _ := w.Join()
	b, _ := w.Join()
	meet := func(here, there transport.Network, to string) {
		out, err := here.Dial(t.Context(), there.Self(), w.Addrs(there), A)
		if err != nil {
			t.Errorf("dial: %v", err)
			return
		}
		in, err := here.Accept(t.Context())
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		send(t, out, []byte(to))
		if got := receive(t, in); len(got) == 0 || string(got) == to {
			t.Errorf("got %q back, want what the other sent", got)
		}
	}
	both(func() { meet(a, b, "to b") }, func() { meet(b, a, "to a") })
}

func testCut(t *testing.T, w World) {
	a, _ := w.Join()
	b, _ := w.Join()
	addrs := w.Addrs(b)
	here, there := connect(t, w, a, b, A)
	send(t, here, []byte("before"))
	receive(t, there)
	w.Cut()
	a.NetworkChanged()
	b.NetworkChanged()
	both(func() {
		_, err := here.Receive(t.Context())
		wantErr(t, "receive after the cut", err, transport.ErrClosed)
		wantErr(t, "send after the cut", sendUntilError(t.Context(), here), transport.ErrClosed)
	}, func() {
		_, err := there.Receive(t.Context())
		wantErr(t, "receive after the cut, at the other end", err, transport.ErrClosed)
	})
	if a.Connected(b.Self()) || b.Connected(a.Self()) {
		t.Error("connected after the cut was noticed")
	}
	_, err := a.Dial(t.Context(), b.Self(), addrs, A)
	wantErr(t, "dial while cut", err, transport.ErrUnreachable)
	w.Mend()
	here, there = connect(t, w, a, b, A)
	send(t, here, []byte("after"))
	if got := receive(t, there); string(got) != "after" {
		t.Errorf("after mending: got %q, want %q", got, "after")
	}
}

func testLeave(t *testing.T, w World) {
	a, leave := w.Join()
	b, _ := w.Join()
	here, there := connect(t, w, a, b, A)
	send(t, here, []byte("last words"))
	both(leave, func() {
		if got := receive(t, there); string(got) != "last words" {
			t.Errorf("from a node that left: got %q, want its last words", got)
		}
		wantEOF(t, there)
	})
	_, err := here.Receive(t.Context())
	wantErr(t, "receive after Run has ended", err, transport.ErrClosed)
	_, err = a.Accept(t.Context())
	wantErr(t, "accept after Run has ended", err, transport.ErrClosed)
	_, err = a.Dial(t.Context(), b.Self(), w.Addrs(b), A)
	wantErr(t, "dial after Run has ended", err, transport.ErrClosed)
}
