package sim

import (
	"slices"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/replica"
)

// A conn is a connection: a queue of frames each way.
type conn struct {
	f       *fleet
	end     [2]end
	queue   [2][][]byte // frames from end[way] to the other
	control [2]int      // bytes of frames without data, sent
	frames  [2]int
	closing bool // the queue is delivered, then it is gone
}

type end struct {
	n       *node
	session replica.SessionID
}

// connect makes a connection between two nodes, a having dialled.
func (f *fleet) connect(a, b *node) {
	if a == b || a.device.Equal(b.device) || a.side != b.side {
		return
	}
	for _, c := range f.conns {
		if c.end[0].n == a && c.end[1].n == b || c.end[0].n == b && c.end[1].n == a {
			return
		}
	}
	if !a.knows(b) || !b.knows(a) {
		return // not admitted
	}
	f.note("%v dials %v", a, b)
	c := &conn{f: f, end: [2]end{{n: a}, {n: b}}}
	f.conns = append(f.conns, c)
	for way, e := range c.end {
		if c.gone() {
			return
		}
		id, effects := e.n.rep.Connect(f.now, oplog.PublicKey(c.end[1-way].n.device), way == 0)
		c.end[way].session = id
		e.n.do(effects)
	}
}

func (c *conn) gone() bool { return !slices.Contains(c.f.conns, c) }

// cut ends a connection and loses what is on it.
func (c *conn) cut() {
	if c.gone() {
		return
	}
	f := c.f
	f.note("%v and %v lose each other", c.end[0].n, c.end[1].n)
	f.conns = slices.DeleteFunc(f.conns, func(o *conn) bool { return o == c })
	for _, e := range c.end {
		e.n.do(e.n.rep.Disconnected(f.now, e.session))
	}
}

// find returns the connection of a node's session, and which end it is.
func (f *fleet) find(n *node, id replica.SessionID) (*conn, int) {
	for _, c := range f.conns {
		for way, e := range c.end {
			if e.n == n && e.session == id {
				return c, way
			}
		}
	}
	return nil, 0
}

// send puts a frame on the way.
func (c *conn) send(way int, frame []byte) {
	n, to := c.end[way].n, c.end[1-way].n
	if typeOf(frame) == typeRuns && n.manner == polite && n.rep.Members().StandingOf(oplog.PublicKey(to.device)) == membership.Unknown {
		c.f.fail("%v gives data to %v, which isn't known to belong", n, to)
	}
	for _, frame := range n.bend(frame) {
		c.queue[way] = append(c.queue[way], frame)
		c.frames[way]++
		if !isData(frame) {
			c.control[way] += len(frame)
		}
	}
	data := 0
	for _, q := range c.queue[way] {
		if isData(q) {
			data += len(q)
		}
	}
	// (One who repeats what it confirms gives more credit than it has.)
	if data > bounds.Credit && n.manner == polite && to.manner == polite {
		c.f.fail("%v has %d bytes of data on the way, credit is %d", n, data, bounds.Credit)
	}
}

// able tells whether the other end takes the next frame.
func (c *conn) able(way int) bool {
	to := c.end[1-way]
	return len(c.queue[way]) > 0 && (c.f.heedless || !to.n.rep.Full(to.session))
}

// deliver brings the next frame to the other end.
func (c *conn) deliver(way int) {
	f := c.f
	frame := c.queue[way][0]
	c.queue[way] = c.queue[way][1:]
	from, to := c.end[way], c.end[1-way]
	if len(frame) > 1 { // a liar's may be empty
		f.note("%v → %v: type %d, %d bytes", from.n, to.n, frame[1], len(frame))
	}
	from.n.do(from.n.rep.Sent(f.now, from.session, len(frame)))
	if c.gone() {
		return
	}
	to.n.do(to.n.rep.Receive(f.now, to.session, frame))
	if c.closing && len(c.queue[way]) == 0 && !c.gone() {
		c.cut()
	}
}
