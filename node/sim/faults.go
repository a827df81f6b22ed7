package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"navette/crdt"
	"navette/storage/memkv"
)

// meet makes a connection.
func (f *fleet) meet() {
	a, b := pick(f, f.nodes), pick(f, f.nodes)
	f.connect(a, b)
}

// part cuts one connection, or divides the fleet in two: nobody on one side
// reaches the other until it is whole again.
func (f *fleet) part() {
	switch f.rand.IntN(6) {
	case 0:
		f.note("the network falls apart")
		for _, n := range f.nodes {
			n.side = f.rand.IntN(2)
		}
		for _, c := range slices.Clone(f.conns) {
			if c.end[0].n.side != c.end[1].n.side {
				c.cut()
			}
		}
	case 1:
		f.whole()
	default:
		if len(f.conns) > 0 {
			pick(f, f.conns).cut()
		}
	}
}

// whole ends a partition.
func (f *fleet) whole() {
	for _, n := range f.nodes {
		n.side = 0
	}
}

// disk fills or empties a disk, slows it down, or makes it fail.
func (f *fleet) disk() {
	n := pick(f, f.nodes)
	switch f.rand.IntN(6) {
	case 0:
		free := pick(f, []int64{20 << 20, 32 << 20, 100 << 20, 1 << 40})
		f.note("%v has %d MiB left", n, free>>20)
		n.kv.SetFree(free)
	case 1:
		f.note("the disk of %v fails to write once", n)
		n.kv.Fail(once(memkv.Commit))
	case 2:
		f.note("the disk of %v breaks after a write", n)
		n.kv.Fail(once(memkv.Synced))
	case 3:
		n.slow = pick(f, []int{0, 5, 20})
		f.note("the disk of %v takes %d times as long", n, 1+n.slow)
	default:
		n.kv.SetFree(1 << 40)
		n.kv.Fail(nil)
		if n.broken {
			n.crash(0)
		}
	}
}

// once is a rule by which the first operation of a kind fails.
func once(kind memkv.Kind) func(memkv.Op) error {
	return func(op memkv.Op) error {
		if op.Kind == kind && op.N == 0 {
			return memkv.ErrInjected
		}
		return nil
	}
}

// flip turns a bit of something stored over. The disk's checksums notice when
// it is opened next, so that everything is looked through.
func (f *fleet) flip() {
	n := pick(f, f.honest())
	keys := n.kv.Keys([]byte{pick(f, []byte("SSSHD"))}) // storage/LAYOUT.md
	if len(keys) == 0 {
		return
	}
	key := pick(f, keys)
	f.note("a bit of %q turns over on the disk of %v", key[:min(len(key), 3)], n)
	held := n.holds()
	n.kv.Flip(key, f.rand.IntN(1<<16))
	n.suspect, n.flipped = true, true
	n.crash(0)
	f.forgive(held)
}

// clock sets a clock to another year.
func (f *fleet) clock() {
	n := pick(f, f.nodes)
	n.skew = years(f)
	f.note("the clock of %v is %d years off", n, n.skew/year)
}

const year = 365 * 24 * time.Hour

func years(f *fleet) time.Duration { return time.Duration(f.rand.IntN(80)-40) * year }

// clone copies the machine of a node, randomness and all, while it starts: both
// copies go on as one device, in one log.
func (f *fleet) clone() {
	n := pick(f, f.honest())
	if len(f.nodes) > 5 {
		return
	}
	n.crash(0)
	if f.failed != nil {
		return
	}
	copied := *n
	twin := &copied
	twin.twin = len(f.nodes)
	f.note("%v is copied: %v", n, twin)
	twin.kv, twin.dump, twin.reader = n.kv.Clone(), nil, reader{}
	twin.nonces = rand.NewPCG(f.seed, uint64(1000+twin.twin))
	twin.start()
	state, err := n.nonces.MarshalBinary()
	if err == nil {
		err = twin.nonces.UnmarshalBinary(state) // the next log that either begins is the same
	}
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	f.nodes = append(f.nodes, twin)
	for _, n := range []*node{n, twin} {
		n.edit()
		for range f.rand.IntN(3) {
			n.commit(false)
			n.edit()
		}
	}
}

// restore takes a copy of a database, or puts one back.
func (f *fleet) restore() {
	n := pick(f, f.nodes)
	if n.dump == nil {
		n.dump = n.kv.Clone()
		return
	}
	f.note("%v is restored from an older copy", n)
	held := n.holds()
	n.kv, n.dump, n.suspect = n.dump, nil, n.flipped
	n.crash(0)
	f.forgive(held)
}

// holds returns what a node holds of what somebody was told is saved.
func (n *node) holds() (held []crdt.ChangeID) {
	for id := range n.f.durable {
		ok, err := n.log.Has(id)
		if ok && err == nil || n.isMember(id) {
			held = append(held, id)
		}
	}
	return held
}

// forgive takes out of what somebody was told is saved whatever of held no
// honest disk holds any more: what a disk lost that nobody else had is lost.
func (f *fleet) forgive(held []crdt.ChangeID) {
	if f.failed != nil || len(held) == 0 {
		return
	}
	still := map[crdt.ChangeID]bool{}
	for _, n := range f.honest() {
		for _, id := range n.holds() {
			still[id] = true
		}
	}
	for _, id := range held {
		if !still[id] {
			delete(f.durable, id)
		}
	}
}
