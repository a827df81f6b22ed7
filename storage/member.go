package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// What is published of the membership.
type memberState struct {
	count int
	heads map[crdt.ChangeID]bool // without children
}

func (m *memberState) headIDs() []crdt.ChangeID {
	return oplog.SortLinks(slices.Collect(maps.Keys(m.heads)))
}

// add moves the heads over a block whose parents are in.
func (m *memberState) add(id crdt.ChangeID, parents []crdt.ChangeID) {
	for _, p := range parents {
		delete(m.heads, p)
	}
	m.heads[id] = true
	m.count++
}

// A membership block on its way in.
type stagedMember struct {
	MemberEntry
	height  uint32
	parents []crdt.ChangeID
}

type stagedMembers struct {
	list []stagedMember
	at   map[crdt.ChangeID]uint32 // heights
}

// addMember stages a block of the membership, or does nothing if it is stored
// or staged already.
func (s *stage) addMember(e MemberEntry) error {
	switch _, err := s.height(e.ID); {
	case err == nil:
		return nil
	case !errors.Is(err, ErrNotFound):
		return err
	}
	parents, err := s.l.memberParents(e.ID, e.Block)
	if err != nil {
		return err
	}
	m := stagedMember{MemberEntry: e, parents: parents}
	for _, p := range parents {
		h, err := s.height(p)
		if errors.Is(err, ErrNotFound) {
			return fmt.Errorf("membership change %v: %w: %v", e.ID, ErrParent, p)
		}
		if err != nil {
			return err
		}
		m.height = max(m.height, h+1)
	}
	s.members.list = append(s.members.list, m)
	if s.members.at == nil {
		s.members.at = map[crdt.ChangeID]uint32{}
	}
	s.members.at[e.ID] = m.height
	return nil
}

func (s *stage) height(id crdt.ChangeID) (uint32, error) {
	if h, ok := s.members.at[id]; ok {
		return h, nil
	}
	b, err := s.r.Get(heightKey(id))
	if err != nil {
		return 0, err
	}
	d := decoder{b: b, what: "a height"}
	h := d.uint32()
	return h, d.end()
}

func (m *stagedMembers) rows(r *rows) {
	for _, e := range m.list {
		r.set(memberKey(e.height, e.ID), append(e.Sig[:len(e.Sig):len(e.Sig)], e.Block...))
		r.set(heightKey(e.ID), binary.AppendUvarint(nil, uint64(e.height)))
	}
}

// memberParents decodes a block of the membership and returns its parents.
func (l *Log) memberParents(id crdt.ChangeID, block []byte) ([]crdt.ChangeID, error) {
	if sum := oplog.Sum(block); sum != id {
		return nil, fmt.Errorf("%w: block of %v is named %v", ErrCorrupt, sum, id)
	}
	kind, err := oplog.Parse(block)
	if err != nil {
		return nil, err
	}
	switch kind {
	case oplog.KindCommons:
		if oplog.CommonsID(id) != l.o.Commons {
			return nil, fmt.Errorf("%w: the genesis of another commons", oplog.ErrInvalid)
		}
		return nil, nil
	case oplog.KindMembership:
		m, err := oplog.DecodeMembershipChange(block)
		if err != nil {
			return nil, err
		}
		return m.Parents, nil
	}
	return nil, fmt.Errorf("%w: a %v in the membership", oplog.ErrInvalid, kind)
}

// verifyMember checks the signature of a block of the membership that was
// admitted once. The error is ErrCorrupt.
func (l *Log) verifyMember(e MemberEntry) error {
	if e.ID == crdt.ChangeID(l.o.Commons) {
		return nil // its name is what it is known by
	}
	m, err := oplog.DecodeMembershipChange(e.Block)
	if err != nil || !oplog.Verify(m.Signer, oplog.SigMembership, l.o.Commons, e.Block, e.Sig) {
		return fmt.Errorf("%w: signature of membership change %v", ErrCorrupt, e.ID)
	}
	return nil
}

// Members calls fn with the blocks of the membership in the order of their
// (height, name): parents first, the commons' genesis before all.
func (l *Log) Members(fn func(height uint32, e MemberEntry) error) error {
	return l.kv.View(func(r Reader) error { return scanMembers(r, fn) })
}

func scanMembers(r Reader, fn func(height uint32, e MemberEntry) error) error {
	return r.Scan([]byte{tagMember}, nil, func(key, value []byte) error {
		var e MemberEntry
		if len(key) != 1+4+len(e.ID) || len(value) < len(e.Sig) {
			return fmt.Errorf("%w: a membership block", ErrCorrupt)
		}
		copy(e.ID[:], key[5:])
		copy(e.Sig[:], value)
		e.Block = slices.Clone(value[len(e.Sig):])
		return fn(binary.BigEndian.Uint32(key[1:]), e)
	})
}

// Member returns a block of the membership, or ErrNotFound.
func (l *Log) Member(id crdt.ChangeID) (e MemberEntry, err error) {
	err = l.kv.View(func(r Reader) error {
		s := stage{r: r}
		height, err := s.height(id)
		if err != nil {
			return err
		}
		value, err := r.Get(memberKey(height, id))
		if err != nil {
			return err
		}
		if len(value) < len(e.Sig) {
			return fmt.Errorf("%w: membership block %v", ErrCorrupt, id)
		}
		e = MemberEntry{ID: id, Block: value[len(e.Sig):]}
		copy(e.Sig[:], value)
		return nil
	})
	return e, err
}

// HasMember tells whether a block of the membership is stored.
func (l *Log) HasMember(id crdt.ChangeID) (bool, error) {
	err := l.kv.View(func(r Reader) error {
		_, err := r.Get(heightKey(id))
		return err
	})
	return has(err)
}

// has turns ErrNotFound into false.
func has(err error) (bool, error) {
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// MemberHeads returns the membership blocks that no other names as parent,
// sorted: the parents of the next one made here.
func (l *Log) MemberHeads() []crdt.ChangeID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.members.headIDs()
}

// MemberCount returns how many blocks of membership are stored.
func (l *Log) MemberCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.members.count
}
