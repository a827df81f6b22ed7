package replica

import (
	"errors"
	"fmt"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/storage"
)

// Work is signatures to verify. Run may be called on any goroutine; nothing
// else may be done with it.
type Work struct {
	session SessionID
	runs    []*incoming
	early   []*oplog.Run // carried, and of logs that aren't known
	skip    bool
	done    bool
}

// incoming is a run on its way into the store.
type incoming struct {
	*oplog.Run
	from    *session // who sent it, also once the session is gone; nil: carried
	group   *group   // of those carried together
	commons oplog.CommonsID
	device  oplog.Key
	size    int // bytes in memory
	parcel  *parcel
	dealt   bool // its credit is given back
	stored  bool
	err     error // of verification
	since   time.Duration
}

// A parcel is a frame of runs, whose credit goes back when all are dealt with.
type parcel struct{ bytes, left int }

// Run verifies the signatures, all at once if they are good.
func (w *Work) Run() {
	var all []oplog.Signed
	for _, in := range w.runs {
		all = append(all, in.Signed(in.device, in.commons)...)
	}
	if w.skip || oplog.VerifyBatch(all) {
		return
	}
	for _, in := range w.runs {
		if !oplog.VerifyBatch(in.Signed(in.device, in.commons)) {
			in.err = fmt.Errorf("%w: signature of the run that ends in %v", oplog.ErrInvalid, in.ID())
		}
	}
}

// verify hands what came to whoever has the time to verify it.
func (r *Replica) verify(c *session, e *reconcile.Runs) {
	p := &parcel{bytes: e.Bytes, left: len(e.Runs)}
	w := &Work{session: c.id, skip: r.o.Mutant.Unverified}
	for _, run := range e.Runs {
		in := &incoming{Run: run, from: c, commons: r.o.Genesis.ID, parcel: p, size: sizeOf(run)}
		c.held += in.size
		if !r.allStored(run) {
			r.claims.take(run.ID(), c.id, r.now) // should it be dropped, it is asked for again
		}
		switch device, ok := r.deviceOf(run); {
		case r.allStored(run), r.short, c.held > r.b.PeerBytes && !r.o.Mutant.Uncredited:
			// Nothing new, or more than there is room for: then it is asked
			// for again.
			r.dealtWith(in)
		case !ok:
			// A piece of a log that isn't known here: ask from its beginning.
			r.dealtWith(in)
			c.s.WantFrom(run.ID(), nil)
		default:
			in.device = device
			w.runs = append(w.runs, in)
		}
	}
	if len(e.Runs) == 0 {
		c.s.Release(e.Bytes)
	}
	if len(w.runs) > 0 {
		c.works = append(c.works, w)
		r.emit(&Verify{w.session, w})
	}
}

func sizeOf(run *oplog.Run) int {
	n := 256
	for _, b := range run.Blocks {
		n += len(b) + 256 // decoded it takes as much again, or more
	}
	return n
}

// dealtWith gives back the credit for a run, once.
func (r *Replica) dealtWith(in *incoming) {
	if in.dealt || in.from == nil {
		return
	}
	in.dealt = true
	in.from.held -= in.size
	if r.o.Mutant.Miserly && !in.stored {
		return
	}
	if in.parcel.left--; in.parcel.left == 0 {
		in.from.s.Release(in.parcel.bytes)
	}
}

// deviceOf returns who has to have signed a run.
func (r *Replica) deviceOf(run *oplog.Run) (oplog.Key, bool) {
	if run.Genesis != nil {
		r.learn(run.Genesis)
		return run.Genesis.Device, true
	}
	w, _, ok := r.writerOf(run.Changes[0].Log)
	return w.Device, ok
}

// writerOf returns who writes a log, and its birth. A log is named by the hash
// of its genesis, so that one genesis is as good as another, stored or not.
func (r *Replica) writerOf(log crdt.LogID) (oplog.Writer, uint32, bool) {
	if w, ok := r.writers[log]; ok {
		return w.Writer, w.birth, true
	}
	g, err := r.o.Log.Genesis(log)
	if err != nil {
		return oplog.Writer{}, 0, false
	}
	r.learn(g)
	return g.Writer(), g.Birth, true
}

type author struct {
	oplog.Writer
	birth uint32
}

// maxWriters bounds the writers kept in memory, some 100 bytes each.
const maxWriters = 1 << 16

func (r *Replica) learn(g *oplog.LogGenesis) {
	if len(r.writers) >= maxWriters {
		clear(r.writers)
	}
	r.writers[g.Log()] = author{g.Writer(), g.Birth}
}

// Verified takes back work.
func (r *Replica) Verified(now time.Duration, w *Work) []Effect {
	r.now = now
	w.done = true
	c := r.session(w.session)
	if c == nil {
		return r.take()
	}
	for len(c.works) > 0 && c.works[0].done {
		runs := c.works[0].runs
		c.works = c.works[1:]
		for _, in := range runs {
			if r.session(c.id) == nil {
				break
			}
			r.admit(in)
		}
	}
	r.pump(c)
	return r.take()
}

// admit takes a verified run in: it is ready to be stored, waits, or is
// refused.
func (r *Replica) admit(in *incoming) {
	if in.from == nil {
		r.readmit(in)
		return
	}
	if in.err == nil {
		missing, err := r.check(in)
		switch {
		case err == nil && missing == (crdt.ChangeID{}):
			r.getReady(in)
			return
		case err == nil || errors.Is(err, oplog.ErrUnknown):
			r.wait(in, missing)
			return
		}
		in.err = err
	}
	r.refuse(in)
}

// refuse drops a run that can never be valid.
func (r *Replica) refuse(in *incoming) {
	c := in.from
	r.claims.release(in.ID())
	c.s.RefuseTip(in.ID())
	r.dealtWith(in)
	if r.session(c.id) != nil {
		r.charge(c, in.err)
	}
	r.reassign(in.ID(), c.id) // another may have it with its right signature
}

// getReady queues a run for the next commit and lets in what waited for it.
func (r *Replica) getReady(in *incoming) {
	r.ready = append(r.ready, in)
	for _, l := range r.overlay(in.Run) {
		for _, w := range r.waiting.take(l.ID) {
			r.admit(w)
		}
	}
}

// overlay makes a run's links known to check.
func (r *Replica) overlay(run *oplog.Run) (links []oplog.Link) {
	if g := run.Genesis; g != nil {
		links = append(links, oplog.Link{ID: g.ID, Log: g.Log(), Lamport: r.genesisLamport(g)})
	}
	for _, c := range run.Changes {
		links = append(links, c.Link())
	}
	for _, l := range links {
		r.upcoming[l.ID] = l
	}
	return links
}

// genesisLamport returns the lamport of a genesis whose prevLogs are known.
func (r *Replica) genesisLamport(g *oplog.LogGenesis) (lamport uint64) {
	for _, id := range g.PrevLogs {
		if l, ok := r.link(id); ok {
			lamport = max(lamport, l.Lamport+1)
		}
	}
	return lamport
}

// link returns a link that is stored, or about to be.
func (r *Replica) link(id crdt.ChangeID) (oplog.Link, bool) {
	if l, ok := r.upcoming[id]; ok {
		return l, true
	}
	return r.source.Link(id)
}

func (r *Replica) allStored(run *oplog.Run) bool {
	_, ok := r.source.Link(run.ID())
	return ok
}

// check checks a run against what it names. It returns the first of these that
// is missing, or oplog.ErrInvalid, or oplog.ErrUnknown for membership that is.
func (r *Replica) check(in *incoming) (missing crdt.ChangeID, err error) {
	within := map[crdt.ChangeID]oplog.Link{}
	find := func(ids ...crdt.ChangeID) (links []oplog.Link, ok bool) {
		for _, id := range ids {
			l, ok := within[id]
			if !ok {
				l, ok = r.link(id)
			}
			if !ok {
				missing = id
				return nil, false
			}
			links = append(links, l)
		}
		return links, true
	}
	if g := in.Genesis; g != nil {
		links, ok := find(g.PrevLogs...)
		if !ok {
			return missing, nil
		}
		var prevs []oplog.PrevLog
		for _, l := range links {
			w, _, _ := r.writerOf(l.Log)
			prevs = append(prevs, oplog.PrevLog{Link: l, Writer: w})
		}
		l, err := oplog.CheckGenesis(g, r.o.Genesis.ID, prevs, r.members)
		if err != nil {
			return missing, err
		}
		within[l.ID] = l
	}
	for _, c := range in.Changes {
		prev, ok := find(c.Prev)
		if !ok {
			return missing, nil
		}
		deps, ok := find(c.Deps...)
		if !ok {
			return missing, nil
		}
		if err := oplog.CheckChange(c, prev[0], deps); err != nil {
			return missing, err
		}
		within[c.ID] = c.Link()
	}
	return crdt.ChangeID{}, nil
}

// entries returns a run as it is stored.
func entries(run *oplog.Run) []storage.Entry {
	list := make([]storage.Entry, 0, len(run.Blocks))
	blocks := run.Blocks
	if g := run.Genesis; g != nil {
		sig := run.GenesisSig
		list = append(list, storage.Entry{ID: g.ID, Block: blocks[0], Sig: &sig})
		blocks = blocks[1:]
	}
	for i, c := range run.Changes {
		e := storage.Entry{ID: c.ID, Block: blocks[i]}
		if i == len(run.Changes)-1 {
			sig := run.Sig
			e.Sig = &sig
		}
		list = append(list, e)
	}
	return list
}

// item returns the end of a run as it is compared.
func (r *Replica) item(run *oplog.Run) reconcile.Item {
	it := reconcile.Item{ID: run.ID()}
	if n := len(run.Changes); n > 0 {
		it.Log, it.Seq = run.Changes[n-1].Log, run.Changes[n-1].Seq
	} else {
		it.Log = run.Genesis.Log()
	}
	_, birth, _ := r.writerOf(it.Log)
	it.Order = uint64(birth)
	return it
}

// lamportOf orders runs: causes before effects.
func lamportOf(run *oplog.Run) uint64 {
	if len(run.Changes) > 0 {
		return run.Changes[0].Lamport
	}
	return 0
}
