package sim

import (
	"errors"

	"navette/crdt"
	"navette/storage"
)

// A reader follows a node's feed as a calendar does: what it remembers between
// two looks is an epoch and a position, and the node may have crashed, lost
// something, or been restored meanwhile.
type reader struct {
	epoch, pos uint64
	seen       map[crdt.ChangeID]bool
	marks      uint64 // of resources that show otherwise as verdicts have changed
}

// read has the reader look again. It must then have seen exactly what there
// is: nothing skipped, nothing that was rolled back.
func (n *node) read() {
	r := &n.reader
	if r.seen == nil || !n.log.Honours(r.epoch, r.pos) {
		*r = reader{seen: map[crdt.ChangeID]bool{}}
	}
	items, err := n.log.Since(r.pos, -1)
	if errors.Is(err, storage.ErrCorrupt) {
		return // the disk turned something over, and isn't opened again yet
	}
	if err != nil {
		n.f.fail("%v: reading the feed: %v", n, err)
		return
	}
	for _, it := range items {
		if it.ID == (crdt.ChangeID{}) {
			r.marks++
		} else {
			r.seen[it.ID] = true
		}
	}
	r.epoch, r.pos = n.log.Epoch(), n.log.Pos()
	if got := uint64(len(r.seen)) + r.marks; got != r.pos {
		n.f.fail("a reader of %v has seen %d entries of %d", n, got, r.pos)
	}
}

// hasRead checks that the reader has seen what there is.
func (n *node) hasRead() {
	n.read()
	for id := range n.reader.seen {
		if ok, err := n.log.Has(id); err != nil || !ok {
			n.f.fail("a reader of %v has seen %v, which isn't there: %v", n, id, err)
		}
	}
}
