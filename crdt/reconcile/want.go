package reconcile

import (
	"encoding/binary"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/cbor"
)

// readWants reads [3, set, want…]: of membership changes each a CID; of tips
// the hash of one that was told, a CID, or [CID, have…].
func (s *Session) readWants(r *cbor.Reader, n int) error {
	k, err := readKind(r)
	if err != nil {
		return err
	}
	var refused []crdt.ChangeID
	for range n - 1 {
		w, err := s.readWant(k, r)
		if err != nil {
			return err
		}
		if !s.stored(k, w.ID) {
			refused = append(refused, w.ID)
			continue
		}
		if k == members {
			err = s.serveMember(w.ID)
		} else {
			err = s.serveTip(w)
		}
		if err != nil {
			return err
		}
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("%w: wants: %w", ErrProtocol, err)
	}
	s.refuse(k, refused)
	if s.vain += len(refused); s.vain > maxVain {
		return fmt.Errorf("%w: more than %d wants of what isn't here", ErrProtocol, maxVain)
	}
	return nil
}

// A want is something to send, beyond the links in have, which the peer names
// or, if it doesn't (known), is what we know of it.
type want struct {
	Item
	known bool
	have  []crdt.ChangeID
}

func (s *Session) readWant(k kind, r *cbor.Reader) (w want, err error) {
	switch {
	case k == members:
		r.Fixed(w.ID[:])
	case r.Kind() == cbor.KindBytes:
		w.known = true
		name, told := r.Bytes(), true
		switch len(name) {
		case 8:
			w.Item, told = s.named[binary.BigEndian.Uint64(name)]
		case 32:
			copy(w.ID[:], name)
			if l, ok := s.serve.src.Link(w.ID); ok {
				w.Log = l.Log
			}
		default:
			told = false
		}
		if !told {
			return w, fmt.Errorf("%w: wants what it wasn't told", ErrProtocol)
		}
	default:
		n := r.Array()
		if n < 1 || n > 1+maxOf {
			return w, fmt.Errorf("%w: a want of %d items", ErrProtocol, n)
		}
		r.Fixed(w.ID[:])
		w.have = make([]crdt.ChangeID, n-1)
		for i := range w.have {
			r.Fixed(w.have[i][:])
		}
	}
	if r.Err() != nil {
		return w, fmt.Errorf("%w: a want: %w", ErrProtocol, r.Err())
	}
	return w, nil
}

func (s *Session) serveMember(id crdt.ChangeID) error {
	v := &s.serve
	if len(v.members) >= maxServed {
		return fmt.Errorf("%w: more than %d wants", ErrProtocol, maxServed)
	}
	it, ok := s.told[members][s.key.sum(id[:])]
	if !ok {
		it = Item{ID: id}
	}
	i, found := slices.BinarySearchFunc(v.members, it, Item.Compare)
	if !found {
		v.members = slices.Insert(v.members, i, it)
	}
	return nil
}

// serveTip begins to send the branch that leads to id. What the peer has of it
// is what it says, or else what it told, confirmed, or has in common with us.
// If all of that is unknown here, the log forked: the peer is told where our
// branch goes along and asks again.
func (s *Session) serveTip(w want) error {
	v := &s.serve
	have := w.have
	if w.known {
		have = s.known(w.Log)
	}
	stored := slices.DeleteFunc(slices.Clone(have), func(id crdt.ChangeID) bool {
		_, ok := v.src.Link(id)
		return !ok
	})
	if len(stored) == 0 && len(have) > 0 {
		b := cbor.AppendBytes(head(typeFork, 2), w.ID[:])
		s.say(cbor.AppendBytes(b, join(v.src.Back(w.ID))))
		return nil
	}
	return s.start(w.ID, stored)
}

// known returns what the peer is known to have of a log: what it told or
// confirmed, and the tips that both snapshots hold.
func (s *Session) known(log crdt.LogID) []crdt.ChangeID {
	ids := slices.Clone(s.serve.has[log])
	for _, it := range s.mine[tips].ofLog(log) {
		if _, differs := s.told[tips][s.key.item(it)]; !differs {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

func join(ids []crdt.ChangeID) []byte {
	b := make([]byte, 0, 32*len(ids))
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return b
}

// refuse tells the peer what it won't get.
func (s *Session) refuse(k kind, ids []crdt.ChangeID) {
	if len(ids) > 0 {
		b := cbor.AppendUint(head(typeRefused, 2), uint64(k))
		s.say(cbor.AppendBytes(b, join(ids)))
	}
}
