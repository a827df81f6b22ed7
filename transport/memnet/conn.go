package memnet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"navette/transport"
)

// pipe is one direction of a connection. Everything in it is guarded by the
// Net's mutex.
type pipe struct {
	net     *Net
	frames  []frame
	bytes   int           // in frames, with their lengths
	closed  time.Time     // when its writer's Close arrives; zero while it is open
	lost    bool          // the link is cut: what is put in goes nowhere
	changed chan struct{} // closed, and replaced, whenever something changes
}

type frame struct {
	content []byte
	arrives time.Time
}

func newPipe(n *Net) *pipe { return &pipe{net: n, changed: make(chan struct{})} }

func (p *pipe) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// size of a frame in the pipe, with its length.
func size(content []byte) int {
	return len(transport.AppendLength(nil, len(content))) + len(content)
}

// conn is one end of a connection. Its state is guarded by the Net's mutex.
type conn struct {
	node, peer *Network
	other      *conn
	protocol   string
	in, out    *pipe
	ended      bool // closed by this side, or found to be broken
	cut        bool // broken, perhaps not noticed yet
}

var _ transport.Conn = (*conn)(nil)

func (c *conn) Peer() transport.Peer { return c.peer.self }
func (c *conn) Protocol() string     { return c.protocol }
func (c *conn) Remote() string       { return c.peer.addr }

func (c *conn) Send(ctx context.Context, content []byte) error {
	err := c.send(ctx, content)
	if err != nil {
		return fmt.Errorf("memnet: sending on %s to %s: %w", c.protocol, c.peer.self, err)
	}
	return nil
}

func (c *conn) send(ctx context.Context, content []byte) error {
	n := c.node.net
	if len(content) > transport.MaxFrame {
		return fmt.Errorf("%d bytes: %w", len(content), transport.ErrFrameTooLarge)
	}
	for {
		n.mu.Lock()
		if err := ctx.Err(); err != nil && !c.ended {
			c.close()
			n.mu.Unlock()
			return err
		}
		if c.ended || !c.cut && c.other.ended {
			n.mu.Unlock()
			return transport.ErrClosed
		}
		if c.out.bytes+size(content) <= transport.Window {
			c.out.bytes += size(content)
			if !c.out.lost {
				arrives := time.Now().Add(n.options.Latency)
				c.out.frames = append(c.out.frames, frame{bytes.Clone(content), arrives})
				c.out.wake()
			}
			n.mu.Unlock()
			return nil
		}
		changed := c.out.changed
		n.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (c *conn) Receive(ctx context.Context) ([]byte, error) {
	content, err := c.receive(ctx)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("memnet: receiving on %s from %s: %w", c.protocol, c.peer.self, err)
	}
	return content, err
}

func (c *conn) receive(ctx context.Context) ([]byte, error) {
	n := c.node.net
	for {
		n.mu.Lock()
		if c.ended {
			n.mu.Unlock()
			return nil, transport.ErrClosed
		}
		if err := ctx.Err(); err != nil {
			n.mu.Unlock()
			return nil, err
		}
		due := c.in.closed
		if len(c.in.frames) > 0 {
			due = c.in.frames[0].arrives
		}
		wait := time.Until(due)
		if !due.IsZero() && wait <= 0 {
			defer n.mu.Unlock()
			if len(c.in.frames) == 0 {
				return nil, io.EOF
			}
			content := c.in.frames[0].content
			c.in.frames = c.in.frames[1:]
			c.in.bytes -= size(content)
			c.in.wake()
			return content, nil
		}
		changed := c.in.changed
		n.mu.Unlock()
		var arrives <-chan time.Time
		if !due.IsZero() {
			arrives = after(wait)
		}
		select {
		case <-arrives:
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (c *conn) Close() error {
	c.node.net.mu.Lock()
	defer c.node.net.mu.Unlock()
	c.close()
	return nil
}

// close is Close for callers who hold the Net's mutex.
func (c *conn) close() {
	if c.ended {
		return
	}
	c.ended = true
	delete(c.node.conns, c)
	if !c.out.lost {
		c.out.closed = time.Now().Add(c.node.net.options.Latency)
	}
	c.out.wake()
	c.in.wake()
}

// sever breaks the connection; both ends notice after silence. The caller
// holds the Net's mutex.
func (c *conn) sever(silence time.Duration) {
	for _, end := range []*conn{c, c.other} {
		end.cut = true
		end.out.lost = true
		end.out.frames = nil
		if silence == 0 {
			end.fail()
			continue
		}
		time.AfterFunc(silence, func() {
			end.node.net.mu.Lock()
			defer end.node.net.mu.Unlock()
			end.fail()
		})
	}
}

// fail ends a severed end. The caller holds the Net's mutex.
func (c *conn) fail() {
	c.ended = true
	delete(c.node.conns, c)
	c.out.wake()
	c.in.wake()
}
