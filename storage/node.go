package storage

import (
	"encoding/binary"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A node is an entry of the feed: where it stands in the graph, and what the
// graph needs to be loaded. Replaying them in order gives every block the
// place that it has.
type node struct {
	place     oplog.Place
	own, deps []oplog.Place // as for Graph.Add
	starts    *segment      // set where a log or a branch of one begins
}

// A segment is a stretch of a chain that belongs to one log.
type segment struct {
	log   crdt.LogID
	birth uint32
	// warrant is that of the log; nil if its genesis can't be read.
	warrant *warrant
	pos     uint32 // its first place on the chain
	seq     uint64 // of the link at pos: 0 unless it is a branch
	// prev is, for a branch, the place of the link before it.
	prev oplog.Place
}

// feedRow is how many nodes a feed row holds at most.
const feedRow = 256

// follows tells whether n is what one expects after the place before: the next
// link, with nothing else seen.
func (n *node) follows(before oplog.Place) bool {
	return n.starts == nil && len(n.deps) == 0 && len(n.own) == 1 && n.own[0] == before &&
		n.place == oplog.Place{Chain: before.Chain, Pos: before.Pos + 1}
}

// appendNodes appends a feed row: a count of nodes that just follow the one
// before, or 0 and a node in full.
func appendNodes(b []byte, nodes []node) []byte {
	for i := 0; i < len(nodes); {
		run := 0
		for i > 0 && i+run < len(nodes) && nodes[i+run].follows(nodes[i+run-1].place) {
			run++
		}
		b = binary.AppendUvarint(b, uint64(run))
		if i += run; run > 0 {
			continue
		}
		n := &nodes[i]
		i++
		b = appendPlace(b, n.place)
		for _, parents := range [2][]oplog.Place{n.own, n.deps} {
			b = binary.AppendUvarint(b, uint64(len(parents)))
			for _, p := range parents {
				b = appendPlace(b, p)
			}
		}
		if n.starts == nil {
			b = append(b, 0)
			continue
		}
		b = append(append(b, 1), n.starts.log[:]...)
		b = binary.AppendUvarint(b, n.starts.seq)
		b = binary.AppendUvarint(b, uint64(n.starts.birth))
	}
	return b
}

// readNodes calls fn with the nodes of a feed row.
func readNodes(row []byte, fn func(*node) error) error {
	d := decoder{b: row, what: "a feed row"}
	n := new(node)
	for count := 0; len(d.b) > 0; {
		run := int(d.uint32())
		if count += max(run, 1); count > feedRow || run > 0 && count == run {
			d.fail() // too many, or nothing to go on from
			break
		}
		if run == 0 {
			if n = d.node(); d.err != nil {
				break
			}
			if err := fn(n); err != nil {
				return err
			}
		}
		for ; run > 0; run-- {
			before := n.place
			n = &node{place: oplog.Place{Chain: before.Chain, Pos: before.Pos + 1}, own: []oplog.Place{before}}
			if err := fn(n); err != nil {
				return err
			}
		}
	}
	return d.end()
}

func (d *decoder) node() *node {
	n := &node{place: d.place()}
	for _, parents := range [2]*[]oplog.Place{&n.own, &n.deps} {
		count := d.uint32()
		if count > oplog.MaxLinks {
			d.fail()
			return n
		}
		for range count {
			*parents = append(*parents, d.place())
		}
	}
	if d.byte() == 1 {
		s := &segment{pos: n.place.Pos}
		d.fixed(s.log[:])
		s.seq = d.uint()
		s.birth = d.uint32()
		if s.seq > 0 && len(n.own) == 1 {
			s.prev = n.own[0]
		}
		n.starts = s
	}
	return n
}
