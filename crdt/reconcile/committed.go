package reconcile

import (
	"slices"

	"navette/crdt"
)

// Committed tells what has become durable, whoever it came from, since New or
// the last call: membership changes, the names of changes and log geneses, and
// the new ends of the branches that grew. The peer hears of all that it hasn't
// told of or sent itself.
func (s *Session) Committed(mem []Item, changes []crdt.ChangeID, ends []Item) {
	for _, it := range mem {
		if !s.settle(members, it.ID) {
			s.news = append(s.news, it)
		}
	}
	theirs := map[crdt.ChangeID]bool{}
	for _, id := range changes {
		if s.settle(tips, id) {
			theirs[id] = true
		}
	}
	v := &s.serve
	for _, it := range ends {
		if theirs[it.ID] {
			v.peerHas(it.Log, it.ID)
			continue
		}
		// A newer end of the same branch stands for the older one.
		v.fresh = slices.DeleteFunc(v.fresh, func(old Item) bool {
			if old.Log != it.Log {
				return false
			}
			_, beyond := v.src.Peek(old.ID, []crdt.ChangeID{it.ID})
			return !beyond
		})
		v.fresh = append(v.fresh, it)
	}
}

// settle takes note that something is stored and tells the peer if it had told
// us of it.
func (s *Session) settle(k kind, id crdt.ChangeID) bool {
	if _, ok := s.lacks[k][id]; !ok {
		return false
	}
	delete(s.lacks[k], id)
	s.ack(k, id)
	return true
}
