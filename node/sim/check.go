package sim

import (
	"bytes"
	"errors"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/node/replica"
	"navette/storage"
)

// within checks that a node's memory is in bounds.
func (n *node) within() {
	if n.manner != polite {
		return
	}
	for _, s := range n.rep.Sessions() {
		if s.Waiting > bounds.PeerChanges {
			n.f.fail("%v keeps %d waiting changes, bound is %d", n, s.Waiting, bounds.PeerChanges)
		}
	}
}

// advances checks that no tip of a node has gone since the last commit.
func (n *node) advances() {
	for _, t := range n.tips {
		if ok, err := n.log.Has(t.ID); err != nil || !ok {
			n.f.fail("%v has lost its tip %v: %v", n, t.ID, err)
		}
	}
	n.tips = n.log.Tips()
}

// content tells whether every honest node is up to date with every honest
// peer, and all hold the same.
func (f *fleet) content() bool {
	nodes := f.honest()
	first := nodes[0].log.Fingerprint()
	for _, n := range nodes {
		if n.log.Fingerprint() != first {
			return false
		}
		for _, s := range n.rep.Sessions() {
			if c, way := f.find(n, s.ID); c != nil && c.end[1-way].n.manner == polite && s.State != replica.UpToDate {
				return false
			}
		}
	}
	return true
}

// discontent says why the fleet isn't content.
func (f *fleet) discontent() {
	for _, n := range f.honest() {
		f.note("%v holds %d entries, %d members, %v", n, n.log.Pos(), n.log.MemberCount(), n.log.Fingerprint())
		for _, s := range n.rep.Sessions() {
			if c, way := f.find(n, s.ID); c != nil {
				f.note("  with %v: %v, lacks %d, owes %d, %d waiting, %d refused", c.end[1-way].n, s.State, s.Lacks, s.Owes, s.Waiting, s.Invalid)
			}
		}
	}
	f.fail("not everybody has everything, and knows it, %v after everything was healed", f.now)
}

// check is what must hold in the end.
func (f *fleet) check() {
	nodes := f.honest()
	for id := range f.durable {
		for _, n := range nodes {
			if ok, err := n.log.Has(id); err != nil || (!ok && !f.isMember(n, id)) {
				f.fail("%v hasn't got %v, which somebody was told is saved: %v", n, id, err)
			}
		}
	}
	want := f.docsOf(nodes[0].log)
	for _, n := range nodes {
		f.authorised(n)
		f.sameDocs(n, "than the others", want, n.log)
	}
	f.reopen(pick(f, nodes), want)
	f.cheap()
}

// reopen checks that what a node has in memory is what is on its disk, and
// that what it shows follows from the changes alone.
func (f *fleet) reopen(n *node, want [][]byte) {
	again, _, err := storage.Open(n.kv.Clone(), storage.Options{Commons: f.genesis.ID, Rand: zeroes{n.nonces}})
	if err != nil {
		f.fail("%v doesn't open again: %v", n, err)
		return
	}
	if again.Fingerprint() != n.log.Fingerprint() {
		f.fail("%v opens with another fingerprint", n)
	}
	if err := again.Rebuild(); err != nil {
		f.fail("%v doesn't rebuild: %v", n, err)
	}
	f.sameDocs(n, "after a rebuild", want, again)
}

func (f *fleet) isMember(n *node, id crdt.ChangeID) bool {
	ok, err := n.log.HasMember(id)
	return ok && err == nil
}

func (f *fleet) docsOf(log *storage.Log) (docs [][]byte) {
	for _, id := range f.docs {
		var b []byte
		doc, err := log.Doc(id)
		switch {
		case err == nil:
			b = doc.Encode()
		case !errors.Is(err, storage.ErrNotFound):
			f.fail("reading %v: %v", id, err)
		}
		docs = append(docs, b)
	}
	return docs
}

func (f *fleet) sameDocs(n *node, when string, want [][]byte, log *storage.Log) {
	for i, got := range f.docsOf(log) {
		if !bytes.Equal(got, want[i]) {
			f.fail("%v shows another resource %v %s", n, f.docs[i], when)
		}
	}
}

// authorised checks that everything stored is what a member's device signed.
func (f *fleet) authorised(n *node) {
	for _, t := range n.log.Tips() {
		g, err := n.log.Genesis(t.Log)
		if err != nil {
			f.fail("%v can't read a genesis: %v", n, err)
			return
		}
		block, err := n.log.Block(t.ID)
		kind := oplog.SigChange
		if t.Seq == 0 {
			kind = oplog.SigLog
		}
		covered := t.Sig == oplog.Signature{} // by that of a void change after it
		if err != nil || !covered && !oplog.Verify(g.Device, kind, f.genesis.ID, block, t.Sig) {
			f.fail("%v has stored a tip that nobody signed: %v", n, err)
		}
	}
	for id := range f.forged {
		if ok, err := n.log.Has(id); ok || err != nil && !errors.Is(err, storage.ErrNotFound) {
			f.fail("%v has stored the forged %v", n, id)
		}
	}
}

// cheap checks that nodes which hold the same find that out in one short
// exchange.
func (f *fleet) cheap() {
	for len(f.conns) > 0 {
		f.conns[0].cut()
	}
	nodes := f.honest()
	for i := 1; i < len(nodes) && f.failed == nil; i++ {
		f.connect(nodes[0], nodes[i])
		for f.move() {
			continue
		}
		if len(f.conns) == 0 {
			continue
		}
		c := f.conns[0]
		for way := range 2 {
			if c.frames[way] != 1 || c.control[way] > 64 {
				f.fail("%v says %d bytes in %d frames to %v, which has the same", c.end[way].n, c.control[way], c.frames[way], c.end[1-way].n)
			}
		}
		c.cut()
	}
}
