package replica

import (
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/storage"
)

// joining is a change of membership on its way into the store.
type joining struct {
	reconcile.Member
	id     crdt.ChangeID
	from   *session // nil: proposed here
	parcel *parcel
	group  *group // of those proposed here
}

// A group is membership changes that were proposed together, or runs that were
// carried together.
type group struct {
	ticket Ticket
	left   int
	last   crdt.ChangeID
	failed bool
}

// load reads the membership that is stored.
func (r *Replica) load() error {
	m := membership.New(r.o.Genesis)
	err := r.o.Log.Members(func(_ uint32, e storage.MemberEntry) error {
		if e.ID == crdt.ChangeID(r.o.Genesis.ID) {
			return nil
		}
		c, err := oplog.DecodeMembershipChange(e.Block)
		if err == nil {
			err = m.Add(c)
		}
		if err != nil {
			return fmt.Errorf("replica: membership change %v: %w", e.ID, err)
		}
		return nil
	})
	if err == nil {
		r.members = m
	}
	return err
}

// reload brings the membership back to what is stored, and then to what is
// still to be.
func (r *Replica) reload() {
	if r.load() != nil {
		return // nothing can be read: the store is broken, and its user knows
	}
	left := r.joining
	r.joining = nil
	for _, j := range left {
		r.join(j)
	}
}

func memberEntries(list []*joining) (entries []storage.MemberEntry) {
	for _, j := range list {
		entries = append(entries, storage.MemberEntry{ID: j.id, Block: j.Block, Sig: j.Sig})
	}
	return entries
}

// ProposeMembers asks to store changes of membership that were made here, in
// causal order; the Done that follows names the last. Its error is oplog's if
// one is inadmissible, or storage.ErrFull.
func (r *Replica) ProposeMembers(changes ...reconcile.Member) Ticket {
	r.lastTicket++
	g := &group{ticket: r.lastTicket, left: len(changes)}
	for _, m := range changes {
		r.join(&joining{Member: m, id: oplog.Sum(m.Block), group: g})
	}
	return g.ticket
}

// receiveMembers takes in what a peer sent.
func (r *Replica) receiveMembers(c *session, e *reconcile.Members) {
	p := &parcel{bytes: e.Bytes, left: len(e.Members)}
	if p.left == 0 {
		c.s.Release(e.Bytes)
	}
	for _, m := range e.Members {
		j := &joining{Member: m, id: oplog.Sum(m.Block), from: c, parcel: p}
		if _, _, stored := r.source.Member(j.id); stored {
			r.joined(j)
			continue
		}
		r.join(j)
		if r.session(c.id) == nil {
			return
		}
	}
}

// join admits a change, or lets it wait for its parents.
func (r *Replica) join(j *joining) {
	if r.members.Has(j.id) { // stored, or on its way
		if j.from != nil {
			r.release(j)
		} else {
			r.joining = append(r.joining, j) // Done when it is durable
		}
		return
	}
	m, err := r.members.Admit(j.Block, j.Sig)
	if err == nil {
		err = r.members.Add(m)
	}
	switch {
	case err == nil:
		r.joining = append(r.joining, j)
		r.revisit()
	case errors.Is(err, oplog.ErrUnknown) && j.from != nil:
		r.orphan(j)
	default:
		r.refuseMember(j, err)
	}
}

// revisit tries again what waited for something of the membership.
func (r *Replica) revisit() {
	left := r.orphans
	r.orphans = nil
	for _, j := range left {
		r.join(j)
	}
	for _, in := range r.waiting.take(crdt.ChangeID{}) {
		r.admit(in)
	}
}

// orphan keeps a change until its parents come, and asks for these.
func (r *Replica) orphan(j *joining) {
	r.release(j)
	if len(r.orphans) >= r.b.PeerChanges {
		r.orphans = r.orphans[1:]
	}
	r.orphans = append(r.orphans, j)
	m, err := oplog.DecodeMembershipChange(j.Block)
	if err != nil {
		return
	}
	for _, id := range m.Parents {
		if !r.members.Has(id) && r.claims.take(id, j.from.id, r.now) {
			j.from.s.WantMember(id)
		}
	}
}

// joined lets go of a change that is stored.
func (r *Replica) joined(j *joining) {
	r.release(j)
	if j.from != nil {
		j.from.moved = r.now
	}
	if j.group != nil {
		j.group.arrived(r, j.id)
	}
}

// refuseMember drops a change that can never be stored.
func (r *Replica) refuseMember(j *joining, err error) {
	r.drop(j, err)
	r.claims.release(j.id)
	if c := j.from; c != nil {
		c.s.RefuseMember(j.id)
		if r.session(c.id) != nil {
			r.charge(c, err)
		}
		r.reassign(j.id, c.id) // another may have it with its right signature
	}
}

// drop lets go of a change that isn't stored now. A peer's is asked for again.
func (r *Replica) drop(j *joining, err error) {
	r.release(j)
	if j.group != nil {
		j.group.fail(r, err)
	}
}

func (r *Replica) release(j *joining) {
	if j.parcel == nil {
		return
	}
	if j.parcel.left--; j.parcel.left == 0 {
		j.from.s.Release(j.parcel.bytes)
	}
	j.parcel = nil
}

// look looks again who belongs: it ends the sessions with devices that belong
// no more, and opens up to those that do now.
func (r *Replica) look() {
	for _, c := range append([]*session(nil), r.sessions...) {
		switch r.members.StandingOf(c.peer) {
		case membership.Removed:
			if r.o.Mutant.Lenient {
				continue
			}
			c.s.Part()
			r.pump(c) // it learns why
			r.close(c, ErrExpelled, reconcile.ByeExpelled)
		case membership.Live:
			c.s.Welcome()
		}
	}
}
