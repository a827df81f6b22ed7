package sim

import (
	"errors"
	"slices"

	"navette/crdt"
	"navette/crdt/membership"
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

// expels checks that no session is left with a device that is known to belong
// no more.
func (n *node) expels() {
	if n.manner != polite || n.broken {
		return
	}
	for _, s := range n.rep.Sessions() {
		if n.rep.Members().StandingOf(s.Peer) == membership.Removed {
			n.f.fail("%v keeps a session with a device that it knows is removed", n)
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
	if len(nodes) == 0 {
		return true
	}
	first := nodes[0].log.Fingerprint()
	for _, n := range nodes {
		if n.log.Fingerprint() != first {
			return false
		}
		for _, s := range n.rep.Sessions() {
			if c, way := f.find(n, s.ID); c != nil && c.end[1-way].n.manner == polite && !c.end[1-way].n.gone && s.State != replica.UpToDate {
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
	if len(nodes) == 0 {
		return // the disks have lost who they are
	}
	for id, at := range f.durable {
		void := func(n *node) bool {
			is, err := n.log.Exchanges(id)
			ok, _ := n.log.Has(id)
			return err == nil && ok && !is
		}
		if at.gone || slices.ContainsFunc(nodes, void) {
			continue // what is void, or of whoever was removed, is kept by those who have it
		}
		for _, n := range nodes {
			if ok, err := n.log.Has(id); err != nil || (!ok && !n.isMember(id)) {
				f.fail("%v hasn't got %v, which %v has said is saved: %v", n, id, at, err)
			}
		}
	}
	for _, n := range nodes {
		n.settle()
	}
	want := f.docsOf(nodes[0].log, show)
	for _, n := range nodes {
		n.hasRead()
		f.authorised(n)
		f.sameDocs(n, "than the others", want, f.docsOf(n.log, show))
	}
	f.reopen(pick(f, nodes))
	f.cheap()
}

// reopen checks that what a node has in memory is what is on its disk, and
// that what it shows follows from the changes alone.
func (f *fleet) reopen(n *node) {
	want := f.docsOf(n.log, encoded)
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
	f.sameDocs(n, "after a rebuild", want, f.docsOf(again, encoded))
}

func (n *node) isMember(id crdt.ChangeID) bool {
	ok, err := n.log.HasMember(id)
	return ok && err == nil
}

func encoded(doc *crdt.Doc) string { return string(doc.Encode()) }

// docsOf returns the resources in some form, as a log has them.
func (f *fleet) docsOf(log *storage.Log, form func(*crdt.Doc) string) (docs []string) {
	for _, id := range f.docs {
		s := ""
		doc, err := log.Doc(id)
		switch {
		case err == nil:
			s = form(doc)
		case !errors.Is(err, storage.ErrNotFound):
			f.fail("reading %v: %v", id, err)
		}
		docs = append(docs, s)
	}
	return docs
}

func (f *fleet) sameDocs(n *node, when string, want, got []string) {
	for i := range got {
		if got[i] != want[i] {
			at := 0 // where they begin to differ
			for at < min(len(got[i]), len(want[i])) && got[i][at] == want[i][at] {
				at++
			}
			at = max(0, at-60)
			f.fail("%v shows another resource %v %s: …%.240q, want …%.240q", n, f.docs[i], when, got[i][min(at, len(got[i])):], want[i][min(at, len(want[i])):])
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
		if err != nil || !covered && f.good[t.ID] != t.Sig && !oplog.Verify(g.Device, kind, f.genesis.ID, block, t.Sig) {
			f.fail("%v has stored a tip that nobody signed: %v", n, err)
		}
		f.good[t.ID] = t.Sig
		writer, err := n.rep.Members().Certified(g.Cert)
		if who, bad := n.rep.Members().Granted(g.Grant); err != nil || bad != nil || writer != g.Writer() || who != g.Person {
			f.fail("%v has stored a log without a certificate and a grant for its writer: %v, %v", n, err, bad)
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
	nodes := slices.DeleteFunc(f.honest(), func(n *node) bool { return n.later }) // whose hello says more
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
