package node

import (
	"context"
	"errors"
	"sync"

	"navette/crdt/oplog"
	"navette/node/replica"
	"navette/transport"
)

// line is the connection that a session goes over.
type line struct {
	c    *Commons
	id   replica.SessionID
	conn transport.Conn

	// verify is what is to be verified before the next frame is read. Guarded
	// by Commons.mu.
	verify []*replica.Work
	// level is up to where the feed was known to the peer when it last had all
	// that is stored. Guarded by Commons.mu.
	level uint64
	room  chan struct{} // something was stored: there may be room for more

	mu     sync.Mutex // guards what follows
	frames [][]byte   // to be sent; the replica bounds them
	ended  bool       // no more will come
	cause  error      // why
	ready  chan struct{}
}

// put adds a frame to what is to be sent.
func (l *line) put(frame []byte) {
	l.mu.Lock()
	l.frames = append(l.frames, frame)
	l.mu.Unlock()
	signal(l.ready)
}

// end closes the connection after the frames put so far.
func (l *line) end(cause error) {
	l.mu.Lock()
	if !l.ended {
		l.ended, l.cause = true, cause
	}
	l.mu.Unlock()
	signal(l.ready)
}

// take returns the next frame; wait tells that there is none now, and neither
// is set when the line has ended.
func (l *line) take() (frame []byte, wait bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.frames) > 0 {
		frame = l.frames[0]
		l.frames = l.frames[1:]
		return frame, false
	}
	return nil, !l.ended
}

// exchange runs a session of c with an admitted peer over conn until either
// ends it, and says why. first is the peer's first frame, if it was read
// already.
func (c *Commons) exchange(ctx context.Context, conn transport.Conn, initiator bool, first []byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &line{c: c, conn: conn, ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	c.mu.Lock()
	var effects []replica.Effect
	l.id, effects = c.replica.Connect(c.n.now(), oplog.Key(conn.Peer()), initiator)
	c.lines[l.id] = l
	c.carryOut(effects)
	c.mu.Unlock()

	sent := make(chan struct{})
	go func() {
		defer close(sent)
		defer cancel()
		l.send(ctx)
	}()
	err := l.receive(ctx, first)
	c.mu.Lock()
	if c.lines[l.id] == l {
		delete(c.lines, l.id)
		c.carryOut(c.replica.Disconnected(c.n.now(), l.id))
	}
	level := l.level
	c.mu.Unlock()
	c.noteShared(level)
	l.end(err)
	<-sent
	conn.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// receive gives the peer's frames to the replica until the line ends.
func (l *line) receive(ctx context.Context, first []byte) error {
	for frame := first; ; frame = nil {
		if frame == nil {
			var err error
			if frame, err = l.conn.Receive(ctx); err != nil {
				return err
			}
		}
		if !l.give(frame) {
			return nil
		}
		if err := l.awaitRoom(ctx); err != nil {
			return err
		}
	}
}

// awaitRoom waits until the replica takes more of the peer. Meanwhile nothing
// is read, so that the connection holds the peer up.
func (l *line) awaitRoom(ctx context.Context) error {
	for {
		l.c.mu.Lock()
		full := l.c.replica.Full(l.id)
		l.c.mu.Unlock()
		if !full {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.room:
		}
	}
}

// give hands over one frame, and verifies what it brought on this goroutine:
// connections verify beside each other. It tells whether the session goes on.
func (l *line) give(frame []byte) bool {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.wake()
	if c.lines[l.id] != l {
		return false
	}
	c.carryOut(c.replica.Receive(c.n.now(), l.id, frame))
	for len(l.verify) > 0 {
		work := l.verify[0]
		l.verify = l.verify[1:]
		c.mu.Unlock()
		work.Run()
		c.mu.Lock()
		c.carryOut(c.replica.Verified(c.n.now(), work))
	}
	l.look()
	return c.lines[l.id] == l
}

// send sends what the replica wants sent, until the line ends. If ctx ends
// first, what is left isn't sent.
func (l *line) send(ctx context.Context) {
	for {
		frame, wait := l.take()
		if wait {
			select {
			case <-l.ready:
				continue
			case <-ctx.Done():
				return
			}
		}
		if frame == nil {
			return
		}
		if err := l.conn.Send(ctx, frame); err != nil {
			if !errors.Is(err, context.Canceled) {
				l.c.n.o.Log.Debug("sending to a peer", "peer", l.conn.Peer(), "err", err)
			}
			return
		}
		l.c.mu.Lock()
		if l.c.lines[l.id] == l {
			l.c.carryOut(l.c.replica.Sent(l.c.n.now(), l.id, len(frame)))
			l.look()
		}
		l.c.mu.Unlock()
	}
}
