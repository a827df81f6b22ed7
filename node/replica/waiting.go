package replica

import (
	"slices"
	"time"

	"navette/crdt"
)

// waiting are the runs that can't be stored yet: something they name isn't.
// They are few, so a list will do.
type waiting struct {
	runs []*waiter
}

type waiter struct {
	*incoming
	missing crdt.ChangeID // zero: something of the membership
}

// take removes and returns the runs that wait for id.
func (w *waiting) take(id crdt.ChangeID) (taken []*incoming) {
	w.runs = slices.DeleteFunc(w.runs, func(x *waiter) bool {
		if x.missing != id {
			return false
		}
		taken = append(taken, x.incoming)
		return true
	})
	return taken
}

// of tells whether a run of c waits for id.
func (w *waiting) of(c *session, id crdt.ChangeID) bool {
	return slices.ContainsFunc(w.runs, func(x *waiter) bool { return x.from == c && x.missing == id })
}

// drop forgets the runs of a session.
func (w *waiting) drop(id SessionID) {
	w.runs = slices.DeleteFunc(w.runs, func(x *waiter) bool { return x.from.id == id })
}

// expire forgets what waits since before t. It is still lacking, and will be
// asked for again.
func (w *waiting) expire(t time.Duration) {
	w.runs = slices.DeleteFunc(w.runs, func(x *waiter) bool { return x.since < t })
}

// changes returns how many changes of a session wait.
func (w *waiting) changes(id SessionID) (n int) {
	for _, x := range w.runs {
		if x.from.id == id {
			n += len(x.Blocks)
		}
	}
	return n
}

// bytes returns how many bytes wait, of a session and of all.
func (w *waiting) bytes(id SessionID) (one, all int) {
	for _, x := range w.runs {
		all += x.size
		if x.from.id == id {
			one += x.size
		}
	}
	return one, all
}

// wait sets a run aside. Its credit goes back: what it waits for has to get
// through. Where there is no room, those that come last in causal order make
// place; they are asked for again.
func (r *Replica) wait(in *incoming, missing crdt.ChangeID) {
	r.dealtWith(in)
	for _, x := range r.waiting.runs {
		if x.ID() == in.ID() {
			return
		}
	}
	in.since = r.now
	r.waiting.runs = append(r.waiting.runs, &waiter{incoming: in, missing: missing})
	for c := in.from; ; {
		one, all := r.waiting.bytes(c.id)
		switch {
		case one > r.b.PeerBytes || r.waiting.changes(c.id) > r.b.PeerChanges:
			r.evict(func(x *waiter) bool { return x.from == c })
		case all > r.b.Bytes:
			r.evict(func(*waiter) bool { return true })
		default:
			return
		}
	}
}

// evict drops the run with the greatest lamport.
func (r *Replica) evict(among func(*waiter) bool) {
	last := -1
	for i, x := range r.waiting.runs {
		if among(x) && (last < 0 || lamportOf(x.Run) >= lamportOf(r.waiting.runs[last].Run)) {
			last = i
		}
	}
	r.waiting.runs = slices.Delete(r.waiting.runs, last, last+1)
}

// askMissing asks for what runs wait for, once the stream that they came in has
// had its time to bring it.
func (r *Replica) askMissing(now time.Duration) {
	if r.short {
		return
	}
	for _, x := range r.waiting.runs {
		if x.missing == (crdt.ChangeID{}) || now-x.since < r.b.Ask/10 || r.session(x.from.id) == nil {
			continue
		}
		if r.waiting.has(x.missing) {
			continue // it is here and waits itself
		}
		if r.claims.take(x.missing, x.from.id, now) {
			x.from.s.WantChange(x.missing)
		}
	}
}

// has tells whether a link is in one of the runs that wait.
func (w *waiting) has(id crdt.ChangeID) bool {
	for _, x := range w.runs {
		if x.Genesis != nil && x.Genesis.ID == id {
			return true
		}
		for _, c := range x.Changes {
			if c.ID == id {
				return true
			}
		}
	}
	return false
}
