package replica

import (
	"errors"
	"slices"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/storage"
)

// maxParts bounds what goes into one commit: proposals, runs and membership
// changes.
const maxParts = 1024

// A part is what one batch of a commit came from.
type part struct {
	proposal *proposal // with what was made of it
	run      *incoming
	joining  []*joining
	ids      []crdt.ChangeID
	ends     []reconcile.Item
}

// Next gathers what is to be stored: what people proposed, then membership,
// then what peers sent. It returns nil if there is nothing, or a commit is
// under way. Every commit is to be given back to Committed.
func (r *Replica) Next(now time.Duration) (*Commit, []Effect) {
	r.now = now
	if r.committing != nil {
		return nil, r.take()
	}
	c := &Commit{}
	left := r.most
	if n := min(left, len(r.joining)); n > 0 {
		c.add(storage.Batch{Class: storage.Membership, Members: memberEntries(r.joining[:n])}, part{joining: r.joining[:n:n]})
		r.joining = r.joining[n:]
		left -= n
	}
	left = r.draft(c, left)
	r.takeReady(c, left)
	if len(c.Batches) == 0 {
		return nil, r.take()
	}
	r.committing = c
	return c, r.take()
}

func (c *Commit) add(b storage.Batch, p part) {
	c.Batches = append(c.Batches, b)
	c.parts = append(c.parts, p)
}

// takeReady adds runs of peers to a commit.
func (r *Replica) takeReady(c *Commit, left int) {
	if r.cramped() {
		return
	}
	changes, bytes, n := 0, 0, 0
	for _, in := range r.ready {
		if left == 0 || changes >= r.b.CommitChanges || bytes >= r.b.CommitBytes {
			break
		}
		n++
		left--
		p := part{run: in, ends: []reconcile.Item{r.item(in.Run)}}
		b := storage.Batch{Class: storage.Others, Data: entries(in.Run)}
		for _, e := range b.Data {
			p.ids = append(p.ids, e.ID)
			bytes += len(e.Block)
		}
		changes += len(b.Data)
		c.add(b, p)
	}
	r.ready = r.ready[n:]
}

// unready forgets a run that was to be stored, and isn't because of err. It is
// still lacking.
func (r *Replica) unready(in *incoming, err error) {
	for _, l := range in.Blocks {
		delete(r.upcoming, oplog.Sum(l))
	}
	if in.group != nil {
		in.group.fail(r, err)
	}
	r.dealtWith(in)
}

// Committed takes a commit back: err is what storage.Log.Commit returned. With
// storage.ErrBroken the store has to be opened again, with a new replica.
func (r *Replica) Committed(now time.Duration, c *Commit, err error) []Effect {
	r.now = now
	r.committing = nil
	if err != nil {
		r.failed(c, err)
	} else {
		r.most = maxParts
		r.stored(c)
	}
	for _, s := range slices.Clone(r.sessions) {
		r.pump(s)
	}
	return r.take()
}

// stored tells everybody what is durable now.
func (r *Replica) stored(c *Commit) {
	var members []reconcile.Item
	var ids []crdt.ChangeID
	var ends []reconcile.Item
	for _, p := range c.parts {
		for _, j := range p.joining {
			height, _ := r.members.Height(j.id)
			members = append(members, reconcile.Item{Order: height, ID: j.id})
			r.claims.release(j.id)
			r.joined(j)
		}
		for _, id := range p.ids {
			r.claims.release(id)
			delete(r.upcoming, id)
		}
		ids, ends = append(ids, p.ids...), append(ends, p.ends...)
		switch {
		case p.run != nil && p.run.from == nil:
			p.run.group.arrived(r, p.run.ID())
		case p.run != nil:
			p.run.from.moved, p.run.stored = r.now, true
			r.dealtWith(p.run)
		case p.proposal != nil:
			p.proposal.made.keep(r)
			if !r.o.Mutant.Early {
				r.emit(&Done{Ticket: p.proposal.ticket, ID: p.proposal.made.id})
			}
		}
	}
	if !r.o.Mutant.Stale {
		r.source.stale(len(members) > 0)
	}
	ends = r.exchanged(ids, ends)
	for _, s := range r.sessions {
		if r.o.Mutant.Late && !s.s.Progress().Compared {
			continue
		}
		s.s.Committed(members, ids, ends)
	}
	if len(members) > 0 {
		r.look()
	}
}

// exchanged returns those of the ends that are of the exchanged set, in place
// of the others what comes last before them and was stored with them, and the
// tips that verdicts of the same commit have brought back into it. What is void
// is kept and not offered.
func (r *Replica) exchanged(ids []crdt.ChangeID, ends []reconcile.Item) []reconcile.Item {
	n := len(ends)
	ends = slices.DeleteFunc(ends, func(it reconcile.Item) bool {
		is, err := r.o.Log.Exchanges(it.ID)
		return err == nil && !is
	})
	tips := r.o.Log.Exposed()
	if len(ends) < n {
		stored := map[crdt.ChangeID]bool{}
		for _, id := range ids {
			stored[id] = true
		}
		for _, it := range ends {
			delete(stored, it.ID)
		}
		for _, t := range r.o.Log.Tips() {
			if stored[t.ID] {
				tips = append(tips, t)
			}
		}
	}
	for _, t := range tips {
		ends = append(ends, reconcile.Item{Order: uint64(t.Birth), Log: t.Log, ID: t.ID, Seq: t.Seq})
	}
	return ends
}

// failed puts back what wasn't stored, without what was at fault.
func (r *Replica) failed(c *Commit, err error) {
	broken := errors.Is(err, storage.ErrBroken) || errors.Is(err, storage.ErrClosed)
	fault := -1
	var batch *storage.BatchError
	switch {
	case errors.As(err, &batch):
		fault = batch.Index
	case errors.Is(err, storage.ErrTooBig):
		if r.most = len(c.parts) / 2; r.most == 0 {
			fault, r.most = 0, maxParts
		}
	case errors.Is(err, storage.ErrFull):
		r.full(c, err)
		return
	case !broken:
		broken = true
	}
	var proposals []*proposal
	ready, joins := r.ready, r.joining
	r.ready, r.joining = nil, nil
	for i, p := range c.parts {
		lost := broken || i == fault
		switch {
		case p.proposal != nil && lost:
			r.emit(&Done{Ticket: p.proposal.ticket, Err: err})
		case p.proposal != nil:
			proposals = append(proposals, p.proposal)
		case p.run != nil && lost:
			r.unready(p.run, err)
		case p.run != nil:
			r.ready = append(r.ready, p.run)
		case lost:
			for _, j := range p.joining {
				r.drop(j, err)
			}
		default:
			r.joining = append(r.joining, p.joining...)
		}
	}
	r.proposals = append(proposals, r.proposals...)
	r.ready, r.joining = append(r.ready, ready...), append(r.joining, joins...)
	r.recheck()
}

// full gives up what there is no room for: first what peers have as well, and
// if it wasn't that, the rest.
func (r *Replica) full(c *Commit, err error) {
	others := slices.ContainsFunc(c.parts, func(p part) bool { return p.run != nil })
	r.short = r.short || others
	var proposals []*proposal
	for _, p := range c.parts {
		switch {
		case p.run != nil:
			r.unready(p.run, err)
		case p.joining != nil && others:
			r.joining = append(p.joining, r.joining...)
		case p.joining != nil:
			for _, j := range p.joining {
				r.drop(j, err)
			}
		case others:
			proposals = append(proposals, p.proposal)
		default:
			r.emit(&Done{Ticket: p.proposal.ticket, Err: err})
		}
	}
	r.proposals = append(proposals, r.proposals...)
	r.recheck()
}

// recheck goes over what is ready, since what it rested on may be gone.
func (r *Replica) recheck() {
	runs := r.ready
	r.ready = nil
	clear(r.upcoming)
	r.reload()
	for _, in := range runs {
		r.admit(in)
	}
}
