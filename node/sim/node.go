package sim

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/crdt/reconcile/mutant"
	"navette/node/replica"
	"navette/storage"
	"navette/storage/memkv"
)

// A node drives a replica as the real one does, one step at a time.
type node struct {
	f      *fleet
	id     int
	twin   int // which copy of the node it is
	manner manner
	later  bool // it runs a later version of the program
	person ed25519.PrivateKey
	device ed25519.PrivateKey
	skew   time.Duration // of its clock
	nonces *rand.PCG

	kv      *memkv.DB
	log     *storage.Log
	rep     *replica.Replica
	works   []*replica.Work
	pending *replica.Commit
	broken  bool // the disk failed while writing
	suspect bool // the disk has noticed damage
	flipped bool // a bit has turned over on it; without its last updates that may show again
	slow    int  // how many times as long its disk takes
	tips    []storage.Tip
	dump    *memkv.DB // an older copy of the database
	reader  reader

	side int      // of a partition
	gone bool     // it doesn't belong any more
	said [][]byte // frames of a liar
}

func (n *node) String() string {
	name := string(rune('A' + n.id))
	if n.twin > 0 {
		name += fmt.Sprint("'", n.twin)
	}
	if n.manner != polite {
		name += " (" + n.manner.String() + ")"
	}
	return name
}

// start opens the database and begins a process on it.
func (n *node) start() {
	log, report, err := storage.Open(n.kv, storage.Options{Commons: n.f.genesis.ID, Rand: zeroes{n.nonces}, Suspect: n.suspect})
	if err != nil {
		n.f.fail("%v doesn't open: %v", n, err)
		return
	}
	if report.Damaged() && n.manner == polite && !n.suspect {
		n.f.fail("%v lost something that its disk kept: %+v", n, report)
		return
	}
	n.log, n.works, n.pending, n.broken, n.suspect = log, nil, nil, false, false
	if ok, err := log.HasMember(crdt.ChangeID(n.f.genesis.ID)); err == nil && !ok {
		_, err := log.Commit(storage.Batch{Class: storage.Membership, Members: []storage.MemberEntry{
			{ID: crdt.ChangeID(n.f.genesis.ID), Block: n.f.block},
		}})
		if err != nil {
			n.f.fail("%v doesn't take the genesis: %v", n, err)
		}
	}
	o := replica.Options{
		Genesis: n.f.genesis, Log: log, Device: oplog.PublicKey(n.device), Bounds: bounds,
		Sign: func(kind oplog.SigKind, block []byte) oplog.Signature {
			sig := oplog.Sign(n.device, kind, n.f.genesis.ID, block)
			if n.manner == forging {
				sig[3] ^= 1
				n.f.forged[oplog.Sum(block)] = true
			}
			return sig
		},
		Nonce: func() (b [8]byte) {
			binary.BigEndian.PutUint64(b[:], n.nonces.Uint64())
			return b
		},
	}
	if n.manner == polite {
		o.Mutant = n.f.o.Mutant
	} else {
		o.Mutant.Unverified = true
	}
	n.rep, err = replica.New(o)
	if err != nil {
		n.f.fail("%v doesn't start: %v", n, err)
	}
	n.tips = log.Tips()
	n.read()
}

// zeroes is a reader of pseudo-random bytes.
type zeroes struct{ src *rand.PCG }

func (z zeroes) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(z.src.Uint64())
	}
	return len(b), nil
}

var _ io.Reader = zeroes{}

// knows tells whether a node would let another in.
func (n *node) knows(o *node) bool {
	return n.rep.Members().StandingOf(oplog.PublicKey(o.device)) != membership.Removed
}

// do carries effects out, one by one. Power may fail between any two.
func (n *node) do(effects []replica.Effect) {
	rep := n.rep
	for _, e := range effects {
		if n.rep != rep {
			return // it crashed meanwhile
		}
		if !n.f.healed && n.f.chance(600) {
			n.crash(n.f.rand.IntN(2))
			return
		}
		switch e := e.(type) {
		case *replica.Send:
			if c, way := n.f.find(n, e.Session); c != nil && !c.closing {
				c.send(way, e.Frame)
			}
		case *replica.Close:
			n.closed(e)
		case *replica.Verify:
			n.works = append(n.works, e.Work)
		case *replica.Done:
			n.done(e)
		}
	}
	n.within()
}

func (n *node) closed(e *replica.Close) {
	c, way := n.f.find(n, e.Session)
	if c == nil {
		return
	}
	n.f.note("%v closes its session with %v: %v", n, c.end[1-way].n, e.Err)
	fair := errors.Is(e.Err, replica.ErrStalled) || errors.Is(e.Err, replica.ErrExpelled) || errors.Is(e.Err, reconcile.ErrBye)
	if n.f.o.Mutant == (mutant.Set{}) && n.manner == polite && c.end[1-way].n.manner == polite && !fair {
		n.f.fail("%v closes its session with honest %v: %v", n, c.end[1-way].n, e.Err)
	}
	if len(c.queue[way]) > 0 {
		c.closing = true
		c.queue[1-way] = nil
		return
	}
	c.cut()
}

func (n *node) done(e *replica.Done) {
	switch {
	case e.Err == nil:
		n.f.note("%v has saved %.8v", n, e.ID)
		if n.manner == polite {
			n.f.durable[e.ID] = n
		}
	case errors.Is(e.Err, storage.ErrFull), errors.Is(e.Err, memkv.ErrInjected), errors.Is(e.Err, storage.ErrBroken),
		errors.Is(e.Err, replica.ErrNoWriter),                                       // its disk has lost who it is
		errors.Is(e.Err, oplog.ErrInadmissible), errors.Is(e.Err, oplog.ErrUnknown): // or what a change rests on
		n.f.note("%v hasn't saved: %v", n, e.Err)
	default:
		n.f.fail("%v can't save: %v", n, e.Err)
	}
}

// verify does the work that came first.
func (n *node) verify() {
	w := n.works[0]
	n.works = n.works[1:]
	w.Run()
	n.do(n.rep.Verified(n.f.now, w))
}

// ready tells whether there is a commit to begin or to end.
func (n *node) ready() bool {
	if n.pending == nil && !n.broken {
		c, effects := n.rep.Next(n.f.now)
		n.pending = c
		rep := n.rep
		n.do(effects)
		if n.rep != rep {
			return false
		}
	}
	return n.pending != nil
}

// commit makes the commit that was begun.
func (n *node) commit(quiet bool) bool {
	if n.pending == nil && !n.ready() {
		return false
	}
	c := n.pending
	n.pending = nil
	_, err := n.log.Commit(c.Batches...)
	if !quiet {
		n.f.note("%v commits %d batches: %v", n, len(c.Batches), err)
	}
	if errors.Is(err, storage.ErrBroken) {
		n.broken = true
	}
	if !n.f.healed && !quiet && n.f.chance(60) {
		n.crash(0) // stored, and nobody was told
		return true
	}
	rep := n.rep
	n.do(n.rep.Committed(n.f.now, c, err))
	if n.rep != rep {
		return true
	}
	if err == nil && n.f.chance(2) {
		n.settle()
	}
	n.advances()
	if n.f.chance(20) {
		n.read()
	}
	return true
}

// settle brings up to date what awaits it because verdicts have changed.
func (n *node) settle() {
	for more := true; more; {
		var err error
		more, err = n.log.Settle()
		if err != nil {
			n.broken = n.broken || errors.Is(err, storage.ErrBroken)
			n.f.note("%v doesn't bring up to date what awaits it: %v", n, err)
			return
		}
	}
}

// crash ends the process, losing the last updates of the disk, and begins
// another.
func (n *node) crash(lost int) {
	var held []crdt.ChangeID
	if lost > 0 || n.suspect {
		held = n.holds()
	}
	lost = n.kv.CutPower(lost)
	n.suspect = n.suspect || n.flipped && lost > 0
	n.f.note("%v crashes, its disk loses %d updates", n, lost)
	for {
		c, way := n.f.connOf(n)
		if c == nil {
			break
		}
		c.lose(way)
	}
	n.start()
	n.f.forgive(held)
}

// connOf returns a connection of n.
func (f *fleet) connOf(n *node) (*conn, int) {
	for _, c := range f.conns {
		for way, e := range c.end {
			if e.n == n {
				return c, way
			}
		}
	}
	return nil, 0
}

// lose ends a connection one end of which is no more.
func (c *conn) lose(way int) {
	f := c.f
	f.conns = without(f.conns, c)
	other := c.end[1-way]
	other.n.do(other.n.rep.Disconnected(f.now, other.session))
}

func without(list []*conn, c *conn) (rest []*conn) {
	for _, o := range list {
		if o != c {
			rest = append(rest, o)
		}
	}
	return rest
}
