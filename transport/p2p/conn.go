package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"navette/transport"

	"github.com/libp2p/go-libp2p/core/network"
)

const (
	// gather is up to which size a frame is copied behind its length, to leave
	// in one piece.
	gather = 16 << 10
	// lingerTime is how long a peer may take to close as well.
	lingerTime = 5 * time.Second
)

// conn is a transport.Conn over one stream. A goroutine of its own, pump, reads
// the stream. Reading under a deadline wouldn't do: yamux forgets to give the
// sender its credit back when a deadline passes at the wrong moment, and the
// two then wait for each other.
type conn struct {
	link     *link
	stream   network.MuxedStream
	scope    network.StreamManagementScope
	protocol string

	frames chan []byte
	over   chan struct{} // closed by pump: no more frames
	err    error         // why, set before over is closed

	sending chan struct{} // held by who sends
	buf     []byte        // guarded by sending

	closing  sync.Once
	ended    chan struct{} // closed by Close
	dropping sync.Once
	dropped  chan struct{} // closed when nothing is left of it
}

var _ transport.Conn = (*conn)(nil)

func newConn(l *link, s network.MuxedStream, scope network.StreamManagementScope) *conn {
	return &conn{
		link: l, stream: s, scope: scope,
		frames:  make(chan []byte),
		over:    make(chan struct{}),
		sending: make(chan struct{}, 1),
		ended:   make(chan struct{}),
		dropped: make(chan struct{}),
	}
}

func (c *conn) Peer() transport.Peer { return c.link.peer }
func (c *conn) Protocol() string     { return c.protocol }
func (c *conn) Remote() string       { return c.link.remote }

func (c *conn) Send(ctx context.Context, frame []byte) error {
	if len(frame) > transport.MaxFrame {
		return c.fail("sending", fmt.Errorf("%d bytes: %w", len(frame), transport.ErrFrameTooLarge))
	}
	if err := c.send(ctx, frame); err != nil {
		if ctx.Err() != nil && !c.isOver() {
			err = ctx.Err()
		} else {
			err = fmt.Errorf("%w: %w", transport.ErrClosed, err)
		}
		c.Close()
		return c.fail("sending", err)
	}
	return nil
}

func (c *conn) send(ctx context.Context, frame []byte) (err error) {
	select {
	case c.sending <- struct{}{}:
		defer func() { <-c.sending }()
	case <-c.ended:
	case <-c.over:
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.isOver() {
		return io.ErrClosedPipe
	}
	defer interrupt(ctx, c.stream.SetWriteDeadline)()
	if len(frame) <= gather {
		if c.buf, err = transport.AppendFrame(c.buf[:0], frame); err == nil {
			_, err = c.stream.Write(c.buf)
		}
		return err
	}
	if _, err = c.stream.Write(transport.AppendLength(nil, len(frame))); err == nil {
		_, err = c.stream.Write(frame)
	}
	return err
}

func (c *conn) Receive(ctx context.Context) ([]byte, error) {
	select {
	case <-c.ended:
		return nil, c.fail("receiving", transport.ErrClosed)
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, c.fail("receiving", err)
	}
	select {
	case frame := <-c.frames:
		return frame, nil
	case <-c.ended:
		return nil, c.fail("receiving", transport.ErrClosed)
	case <-ctx.Done():
		return nil, c.fail("receiving", ctx.Err())
	case <-c.over:
	}
	switch {
	case c.err == io.EOF:
		return nil, io.EOF
	case errors.Is(c.err, transport.ErrFrameTooLarge):
		return nil, c.fail("receiving", c.err)
	}
	return nil, c.fail("receiving", fmt.Errorf("%w: %w", transport.ErrClosed, c.err))
}

// isOver says that one of the two has closed, or the stream broke.
func (c *conn) isOver() bool {
	select {
	case <-c.ended:
	case <-c.over:
	default:
		return false
	}
	return true
}

func (c *conn) fail(doing string, err error) error {
	return fmt.Errorf("p2p: %s on %s with %s: %w", doing, c.protocol, c.link.peer, err)
}

// Close leaves it to pump to see that what was sent arrives.
func (c *conn) Close() error {
	c.closing.Do(func() {
		close(c.ended)
		c.stream.SetDeadline(past) // wakes pump and who sends
	})
	return nil
}

// pump hands over frames until either side closes or the stream breaks, and
// then ends the stream. Frames that had arrived before their link ended are
// still handed over.
func (c *conn) pump() {
	defer c.forget()
	defer c.drop()
	for c.err == nil {
		var frame []byte
		if frame, c.err = transport.ReadFrame(c.stream); c.err != nil {
			break
		}
		select {
		case c.frames <- frame:
		case <-c.ended:
			c.err = io.ErrClosedPipe
		}
	}
	close(c.over)
	select {
	case <-c.ended:
	default:
		if c.err != io.EOF {
			return
		}
	}
	c.part()
}

// part tells the peer that no more comes, and takes in what it still sends
// until it has closed as well. Resetting the stream at once could overtake
// frames that are on their way, and a peer blocked in Send would never know.
func (c *conn) part() {
	c.stream.SetWriteDeadline(past)
	c.sending <- struct{}{} // for good: nobody sends any more
	c.stream.SetDeadline(time.Now().Add(lingerTime))
	if c.stream.CloseWrite() == nil {
		io.Copy(io.Discard, c.stream)
	}
}

// forget takes the Conn off the list of those that Close ends.
func (c *conn) forget() {
	n := c.link.net
	n.mu.Lock()
	delete(n.conns, c)
	n.mu.Unlock()
}

// drop ends the stream, without an effect if it has ended in order, and gives
// back what it held.
func (c *conn) drop() {
	c.dropping.Do(func() {
		c.stream.Reset()
		c.scope.Done()
		n := c.link.net
		n.mu.Lock()
		delete(c.link.conns, c)
		if len(c.link.conns) == 0 {
			c.link.idle = time.Now()
		}
		n.mu.Unlock()
		close(c.dropped)
	})
}
