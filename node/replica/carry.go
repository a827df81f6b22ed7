package replica

import (
	"errors"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/storage"
)

// What is carried by hand goes the way of what a peer sends: its signatures are
// verified, it is checked against what it names, and the same commits store it.
// There is only nobody to ask for what is missing.

// ErrEarly is a run that names something which isn't stored yet.
var ErrEarly = errors.New("replica: something that it names isn't stored")

// An Arrival is what became of runs that were carried here.
type Arrival struct {
	// Ticket is Done when those of them that can be stored are durable, or when
	// they won't be.
	Ticket  Ticket
	Stored  []*oplog.Run // will be with Ticket, unless it fails
	Early   []*oplog.Run // name what isn't stored: to be carried again
	Known   int          // runs that were stored before
	Invalid []error      // one for each run that can never be stored
}

// Carry returns the work of verifying runs that were carried here by other
// means than a session. It is to be Run and given to Carried.
func (r *Replica) Carry(runs []*oplog.Run) *Work {
	w := &Work{}
	for _, run := range runs {
		in := &incoming{Run: run, commons: r.o.Genesis.ID}
		var ok bool
		if in.device, ok = r.deviceOf(run); !ok {
			w.early = append(w.early, run)
			continue
		}
		w.runs = append(w.runs, in)
	}
	return w
}

// Carried takes in what was carried, in order. What has to come first may be in
// it, further ahead.
func (r *Replica) Carried(now time.Duration, w *Work) (Arrival, []Effect) {
	r.now = now
	r.lastTicket++
	a := Arrival{Ticket: r.lastTicket, Early: w.early}
	g := &group{ticket: a.Ticket}
	for _, in := range w.runs {
		if r.allStored(in.Run) {
			a.Known++
			continue
		}
		missing, err := crdt.ChangeID{}, in.err
		if err == nil {
			missing, err = r.check(in)
		}
		switch {
		case errors.Is(err, oplog.ErrUnknown) || err == nil && missing != crdt.ChangeID{}:
			a.Early = append(a.Early, in.Run)
		case err != nil:
			a.Invalid = append(a.Invalid, err)
		default:
			a.Stored = append(a.Stored, in.Run)
			in.group = g
			g.left++
			r.getReady(in)
		}
	}
	if g.left == 0 {
		r.emit(&Done{Ticket: a.Ticket})
	}
	return a, r.take()
}

// arrived notes that a carried run is durable.
func (g *group) arrived(r *Replica, id crdt.ChangeID) {
	g.last = id
	if g.left--; g.left == 0 && !g.failed {
		r.emit(&Done{Ticket: g.ticket, ID: g.last})
	}
}

// fail says that what was proposed or carried together isn't stored.
func (g *group) fail(r *Replica, err error) {
	if !g.failed {
		g.failed = true
		r.emit(&Done{Ticket: g.ticket, Err: err})
	}
}

// readmit checks a carried run again, whose commit has failed.
func (r *Replica) readmit(in *incoming) {
	missing, err := r.check(in)
	switch {
	case err == nil && missing == (crdt.ChangeID{}):
		r.getReady(in)
	case err == nil:
		in.group.fail(r, ErrEarly)
	default:
		in.group.fail(r, err)
	}
}

// NewSource returns what a reconcile.Carrier reads of a store. It isn't safe for
// concurrent use, and shares nothing with a Replica.
func NewSource(log *storage.Log) reconcile.Source { return &source{log: log} }
