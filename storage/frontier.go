package storage

import (
	"encoding/binary"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A chain is what is remembered of a chain of the graph, as of the last
// commit: while one is under way, the graph itself is ahead.
type chain struct {
	segments []segment
	end      end
}

// The end of a chain is its last link.
type end struct {
	pos     uint32
	id      crdt.ChangeID
	lamport uint64
	size    int // of the block
	sig     *oplog.Signature
}

// at returns the segment that pos lies in.
func (c *chain) at(pos uint32) *segment {
	i := len(c.segments) - 1
	for c.segments[i].pos > pos {
		i--
	}
	return &c.segments[i]
}

func (s *segment) seqAt(pos uint32) uint64 { return s.seq + uint64(pos-s.pos) }

func (e *end) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(e.pos))
	b = append(b, e.id[:]...)
	b = binary.AppendUvarint(b, e.lamport)
	b = binary.AppendUvarint(b, uint64(e.size))
	if e.sig != nil {
		b = append(b, e.sig[:]...)
	}
	return b
}

func decodeEnd(b []byte) (e end, err error) {
	d := decoder{b: b, what: "a tip"}
	e.pos = d.uint32()
	d.fixed(e.id[:])
	e.lamport = d.uint()
	e.size = int(d.uint32())
	if len(d.b) > 0 {
		e.sig = new(oplog.Signature)
		d.fixed(e.sig[:])
	}
	return e, d.end()
}

// A frontier is the chains, and where each log begins.
type frontier struct {
	chains  []chain
	geneses map[crdt.LogID]oplog.Place
}

// add moves the frontier over a node, in the order of the feed. The end of its
// chain is set by whoever knows it.
func (f *frontier) add(n *node) {
	if int(n.place.Chain) == len(f.chains) {
		f.chains = append(f.chains, chain{})
	}
	c := &f.chains[n.place.Chain]
	c.end.pos = n.place.Pos
	if s := n.starts; s != nil {
		c.segments = append(c.segments, *s)
		if s.seq == 0 {
			f.geneses[s.log] = n.place
		}
	}
}

// has tells whether there is such a place.
func (f *frontier) has(p oplog.Place) bool {
	return int64(p.Chain) < int64(len(f.chains)) && p.Pos <= f.chains[p.Chain].end.pos
}

// link returns what is known of a place without reading its block.
func (f *frontier) link(p oplog.Place, id crdt.ChangeID, lamport uint64) oplog.Link {
	s := f.chains[p.Chain].at(p.Pos)
	return oplog.Link{ID: id, Log: s.log, Seq: s.seqAt(p.Pos), Lamport: lamport}
}
