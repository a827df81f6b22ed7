package transporttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"navette/transport"
)

func testDial(t *testing.T, w World) {
	a, _ := w.Join()
	b, _ := w.Join()
	here, there := connect(t, w, a, b, B)
	if here.Peer() != b.Self() || there.Peer() != a.Self() {
		t.Errorf("peers: got %v and %v, want %v and %v", here.Peer(), there.Peer(), b.Self(), a.Self())
	}
	if here.Protocol() != B || there.Protocol() != B {
		t.Errorf("protocols: got %q and %q, want %q", here.Protocol(), there.Protocol(), B)
	}
	if here.Remote() == "" || there.Remote() == "" {
		t.Errorf("addresses for people: got %q and %q, want neither empty", here.Remote(), there.Remote())
	}
	if !a.Connected(b.Self()) || !b.Connected(a.Self()) || a.Connected(a.Self()) {
		t.Errorf("connected: got a-b %v, b-a %v, a-a %v, want true, true, false",
			a.Connected(b.Self()), b.Connected(a.Self()), a.Connected(a.Self()))
	}
	// A further Conn uses the link that is there and needs no address.
	second, err := b.Dial(t.Context(), a.Self(), nil, A)
	if err != nil {
		t.Fatalf("second dial, back, without addresses: %v", err)
	}
	if third, err := a.Accept(t.Context()); err != nil || third.Peer() != b.Self() || second.Peer() != a.Self() {
		t.Errorf("accept of the second: got %v, error %v", third, err)
	}
}

func testFrames(t *testing.T, w World) {
	here, there := pairOf(t, w)
	sizes := []int{0, 1, 127, 128, 16 << 10, 16<<10 + 1, transport.MaxFrame, 5, 0, transport.MaxFrame}
	for range 200 {
		sizes = append(sizes, 700)
	}
	say := func(c transport.Conn, fill byte) {
		buf := make([]byte, transport.MaxFrame)
		for i, size := range sizes {
			for j := range buf[:size] {
				buf[j] = fill + byte(i) // the frame may be reused after Send
			}
			if !send(t, c, buf[:size]) {
				return
			}
		}
	}
	hear := func(c transport.Conn, fill byte) {
		for i, size := range sizes {
			want := bytes.Repeat([]byte{fill + byte(i)}, size)
			got, err := c.Receive(t.Context())
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("frame %d: got %d bytes, error %v, want %d bytes of %d", i, len(got), err, size, fill+byte(i))
				return
			}
		}
	}
	both(func() {
		both(func() { say(here, 1) }, func() { hear(here, 100) })
	}, func() {
		both(func() { say(there, 100) }, func() { hear(there, 1) })
	})
}

// Two peers that each send a window's worth before they read must not block.
func testWindow(t *testing.T, w World) {
	here, there := pairOf(t, w)
	const frames = 16
	content := make([]byte, transport.Window/frames-3)
	say := func(c transport.Conn) {
		for range frames {
			if !send(t, c, content) {
				return
			}
		}
	}
	both(func() { say(here) }, func() { say(there) })
	for i := range frames {
		if a, b := receive(t, here), receive(t, there); len(a) != len(content) || len(b) != len(content) {
			t.Fatalf("frame %d: got %d and %d bytes, want %d", i, len(a), len(b), len(content))
		}
	}
}

func testBackPressure(t *testing.T, w World) {
	here, there := pairOf(t, w)
	const enough = 256 // frames, 16 MiB: far beyond what may be held
	sent := 0
	for ; sent < enough; sent++ {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		err := here.Send(ctx, make([]byte, 64<<10))
		cancel()
		if err != nil {
			wantErr(t, "send to a peer that doesn't read", err, context.DeadlineExceeded)
			break
		}
	}
	if sent == enough {
		t.Fatalf("sent %d frames to a peer that doesn't read, want to be held back", sent)
	}
	if got, err := receiveUntilError(t.Context(), there); got != sent {
		t.Errorf("received %d frames, then %v, want the %d that were sent", got, err, sent)
	}
}

func testClose(t *testing.T, w World) {
	here, there := pairOf(t, w)
	const frames = 40
	for range frames {
		send(t, here, []byte("still to arrive"))
	}
	for range 2 {
		if err := here.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	wantErr(t, "send after Close", here.Send(t.Context(), nil), transport.ErrClosed)
	_, err := here.Receive(t.Context())
	wantErr(t, "receive after Close", err, transport.ErrClosed)
	for range frames {
		receive(t, there)
	}
	wantEOF(t, there)
	wantEOF(t, there)
	wantErr(t, "send after the peer closed", sendUntilError(t.Context(), there), transport.ErrClosed)
}

func testCloseWakes(t *testing.T, w World) {
	here, there := pairOf(t, w)
	both(func() {
		_, err := here.Receive(t.Context())
		wantErr(t, "receive when closed", err, transport.ErrClosed)
	}, func() {
		both(func() {
			wantErr(t, "send when closed", sendUntilError(t.Context(), here), transport.ErrClosed)
		}, func() {
			receive(t, there) // so that both are under way
			here.Close()
		})
	})
	if _, err := receiveUntilError(t.Context(), there); err != io.EOF && !errors.Is(err, transport.ErrClosed) {
		t.Errorf("receive after the peer closed while sending: error %v, want io.EOF or ErrClosed", err)
	}
}

func testTooLarge(t *testing.T, w World) {
	here, there := pairOf(t, w)
	wantErr(t, "send", here.Send(t.Context(), make([]byte, transport.MaxFrame+1)), transport.ErrFrameTooLarge)
	send(t, here, []byte("as before"))
	if got := receive(t, there); string(got) != "as before" {
		t.Errorf("after it: got %q, want %q", got, "as before")
	}
}

func testCancel(t *testing.T, w World) {
	here, there := pairOf(t, w)
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err := there.Receive(ctx)
		cancel()
		wantErr(t, "receive while nothing comes", err, context.DeadlineExceeded)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := there.Receive(ended)
	wantErr(t, "receive with a context that has ended", err, context.Canceled)
	send(t, here, []byte("first"))
	if got := receive(t, there); string(got) != "first" {
		t.Errorf("after cancelled receives: got %q, want %q", got, "first")
	}
	// Large frames are cut into by the deadlines, and must come out whole.
	const frames = 8
	both(func() {
		for i := range frames {
			if !send(t, here, bytes.Repeat([]byte{byte(i)}, transport.MaxFrame)) {
				return
			}
		}
	}, func() {
		for i := range frames {
			want := bytes.Repeat([]byte{byte(i)}, transport.MaxFrame)
			for {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Microsecond)
				got, err := there.Receive(ctx)
				cancel()
				if errors.Is(err, context.DeadlineExceeded) {
					continue
				}
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("frame %d in many attempts: got %d bytes, error %v", i, len(got), err)
					return
				}
				break
			}
		}
	})
}

func testCancelSend(t *testing.T, w World) {
	here, there := pairOf(t, w)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, "send with a context that has ended", here.Send(ended, []byte("x")), context.Canceled)
	wantErr(t, "send after that", here.Send(t.Context(), []byte("x")), transport.ErrClosed)
	if frame, err := there.Receive(t.Context()); err == nil {
		t.Errorf("the peer got %d bytes, want an end", len(frame))
	}
}
