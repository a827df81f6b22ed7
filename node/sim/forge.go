package sim

import (
	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
)

// forge puts into a node's own log what no program of today writes: branches
// of one log, or ops that only a later version understands; or so much that
// others can't set all of it aside.
func (n *node) forge() {
	f := n.f
	d, ok := n.rep.Members().DeviceOf(oplog.PublicKey(n.device), oplog.PublicKey(n.person))
	if !ok {
		return // its disk has lost who it is
	}
	g := &oplog.LogGenesis{
		Commons: f.genesis.ID, Device: d.Key, Person: d.Person, Cert: d.Cert, Grant: d.Grant,
		Nonce: [8]byte{0xf0, byte(n.twin)}, Birth: uint32(f.rand.IntN(1 << 20)),
	}
	block, err := g.Encode()
	n.must(err)
	g.ID = oplog.Sum(block)
	entries := []storage.Entry{n.signed(oplog.SigLog, block)}
	tip := oplog.Link{ID: g.ID, Log: g.Log()}
	if n.later {
		tip = n.link(&entries, tip, crdt.Op{Code: 1000, Target: crdt.Target{ID: pick(f, f.docs)}, Body: []byte{0x81, 0x01}})
	}
	restore := func(from oplog.Link) oplog.Link {
		return n.link(&entries, from, crdt.Op{Code: uint64(crdt.Restore), Target: crdt.Target{ID: pick(f, f.docs)}, Body: []byte{0x80}})
	}
	switch n.manner {
	case withholding:
		for range 2 * bounds.PeerChanges {
			tip = restore(tip)
		}
	case forking:
		for range 2 + f.rand.IntN(40) {
			end := tip
			for range 1 + f.rand.IntN(3) {
				end = restore(end)
			}
		}
	}
	_, err = n.log.Commit(storage.Batch{Class: storage.Own, Data: entries})
	n.must(err)
	n.start()
}

// link appends a change with one op to what is to be stored.
func (n *node) link(entries *[]storage.Entry, prev oplog.Link, op crdt.Op) oplog.Link {
	c := &oplog.Change{
		Log: prev.Log, Seq: prev.Seq + 1, Prev: prev.ID, Lamport: oplog.NextLamport(prev),
		Wall: crdt.Wall{Seconds: n.f.rand.Uint64N(1 << 20)}, Ops: []crdt.Op{op},
	}
	block, err := c.Encode()
	n.must(err)
	c.ID = oplog.Sum(block)
	*entries = append(*entries, n.signed(oplog.SigChange, block))
	return c.Link()
}

func (n *node) signed(kind oplog.SigKind, block []byte) storage.Entry {
	sig := oplog.Sign(n.device, kind, n.f.genesis.ID, block)
	return storage.Entry{ID: oplog.Sum(block), Block: block, Sig: &sig}
}

func (n *node) must(err error) {
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
}
