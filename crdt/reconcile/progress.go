package reconcile

import (
	"slices"

	"navette/crdt"
)

// Progress is how far a session is.
type Progress struct {
	// Greeted: both hellos have been exchanged.
	Greeted bool
	// Compared: what either side lacks is known.
	Compared bool
	// Receive and Send count changes. What is to come is estimated from the
	// peer's word, and grows as differences are found.
	Receive, Send Count
	// Lacks is how many of the peer's tips and membership changes this node
	// hasn't stored, Owes how many of its own the peer hasn't.
	Lacks, Owes int
	// UpToDate: each side has stored all that the other has.
	UpToDate bool
}

// A Count is how much of something is done.
type Count struct{ Done, Total uint64 }

// Progress returns how far the session is.
func (s *Session) Progress() Progress {
	p := Progress{Greeted: s.heard, Receive: s.receives, Send: s.serve.sends}
	p.Compared = s.heard
	for k := range s.compare {
		p.Compared = p.Compared && s.compare[k].settled() && !s.missed[k]
		p.Lacks += len(s.lacks[k])
		p.Owes += len(s.told[k])
	}
	p.Owes += len(s.news) + len(s.serve.fresh) + len(s.serve.pushed)
	p.UpToDate = p.Compared && p.Lacks+p.Owes == 0
	p.Receive.Total = max(p.Receive.Total, p.Receive.Done)
	if p.Compared && p.Lacks == 0 {
		p.Receive.Total = p.Receive.Done
	}
	p.Send.Total = max(p.Send.Total, p.Send.Done)
	return p
}

// Lacking returns what the peer has and this node hasn't stored, in order.
func (s *Session) Lacking(ofTips bool) []Item {
	k := members
	if ofTips {
		k = tips
	}
	list := make([]Item, 0, len(s.lacks[k]))
	for _, it := range s.lacks[k] {
		list = append(list, it)
	}
	slices.SortFunc(list, Item.Compare)
	return list
}

// Lacks tells whether the peer has told of, or sent, what isn't stored yet.
func (s *Session) Lacks(id crdt.ChangeID) bool {
	_, m := s.lacks[members][id]
	_, t := s.lacks[tips][id]
	return m || t
}

// Lacked returns what is lacking by that name, and whether it is a tip.
func (s *Session) Lacked(id crdt.ChangeID) (it Item, isTip bool) {
	if it, ok := s.lacks[members][id]; ok {
		return it, false
	}
	return s.lacks[tips][id], true
}

// RefuseMember tells the peer that a membership change of its isn't taken, and
// forgets it.
func (s *Session) RefuseMember(id crdt.ChangeID) {
	delete(s.lacks[members], id)
	s.refuse(members, []crdt.ChangeID{id})
}

// RefuseTip tells the peer that a tip of its isn't taken, and forgets it.
func (s *Session) RefuseTip(id crdt.ChangeID) {
	delete(s.lacks[tips], id)
	s.refuse(tips, []crdt.ChangeID{id})
}
