package replica

import (
	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/storage"
)

// A source is what sessions read: what is stored, as items. Sets are made once
// for each state of the store. A failure to read counts as not stored: the
// peer is told so, and has it from others.
type source struct {
	log *storage.Log

	members, tips *reconcile.Set // nil: to be made
}

// stale forgets the sets that a commit has changed.
func (s *source) stale(members bool) {
	s.tips = nil
	if members {
		s.members = nil
	}
}

// Members implements reconcile.Source.
func (s *source) Members() *reconcile.Set {
	if s.members == nil {
		var items []reconcile.Item
		err := s.log.Members(func(height uint32, e storage.MemberEntry) error {
			items = append(items, reconcile.Item{Order: uint64(height), ID: e.ID})
			return nil
		})
		if err != nil {
			items = nil
		}
		s.members = reconcile.NewSet(items)
	}
	return s.members
}

// Tips implements reconcile.Source.
func (s *source) Tips() *reconcile.Set {
	if s.tips == nil {
		var items []reconcile.Item
		for _, t := range s.log.Tips() {
			items = append(items, reconcile.Item{Order: uint64(t.Birth), Log: t.Log, ID: t.ID, Seq: t.Seq})
		}
		s.tips = reconcile.NewSet(items)
	}
	return s.tips
}

// Member implements reconcile.Source.
func (s *source) Member(id crdt.ChangeID) ([]byte, oplog.Signature, bool) {
	e, err := s.log.Member(id)
	return e.Block, e.Sig, err == nil
}

// Link implements reconcile.Source.
func (s *source) Link(id crdt.ChangeID) (oplog.Link, bool) {
	l, err := s.log.Link(id)
	return l, err == nil
}

// PrevLogs implements reconcile.Source.
func (s *source) PrevLogs(id crdt.ChangeID) (links []oplog.Link) {
	block, err := s.log.Block(id)
	if err != nil {
		return nil
	}
	if kind, err := oplog.Parse(block); err != nil || kind != oplog.KindLog {
		return nil
	}
	g, err := oplog.DecodeLogGenesis(block)
	if err != nil {
		return nil
	}
	for _, p := range g.PrevLogs {
		if l, ok := s.Link(p); ok {
			links = append(links, l)
		}
	}
	return links
}

// Saw implements reconcile.Source.
func (s *source) Saw(later, earlier crdt.ChangeID) bool { return s.log.Saw(later, earlier) }

// Back implements reconcile.Source.
func (s *source) Back(id crdt.ChangeID) []crdt.ChangeID {
	ids, err := s.log.Back(id)
	if err != nil {
		return nil
	}
	return ids
}

// Peek implements reconcile.Source.
func (s *source) Peek(tip crdt.ChangeID, have []crdt.ChangeID) (oplog.Link, bool) {
	v, err := s.log.Upto(have...)
	if err != nil {
		return oplog.Link{}, false
	}
	first, ok, err := s.log.First(v, tip)
	return first, ok && err == nil
}

// Open implements reconcile.Source.
func (s *source) Open(tip crdt.ChangeID, have []crdt.ChangeID) (reconcile.Branch, error) {
	v, err := s.log.Upto(have...)
	if err != nil {
		return nil, err
	}
	b, err := s.log.After(v, tip)
	if err != nil {
		return nil, err
	}
	return &branch{links: b}, nil
}

// A branch cuts the links of a log into runs: each ends on the first link whose
// signature is stored.
type branch struct {
	links *storage.Branch
	ahead *ahead
}

// ahead is a link that was read and not given out.
type ahead struct {
	storage.Entry
	change *oplog.Change // nil: a genesis
}

func (b *branch) peek() (*ahead, error) {
	if b.ahead != nil {
		return b.ahead, nil
	}
	e, ok, err := b.links.Next()
	if err != nil || !ok {
		return nil, err
	}
	a := &ahead{Entry: e}
	kind, err := oplog.Parse(e.Block)
	if err == nil && kind == oplog.KindChange {
		a.change, err = oplog.DecodeChange(e.Block)
	}
	if err != nil {
		return nil, err
	}
	b.ahead = a
	return a, nil
}

// Peek implements reconcile.Branch. Of a genesis' lamport it only says that it
// is low.
func (b *branch) Peek() (oplog.Link, bool, error) {
	a, err := b.peek()
	if err != nil || a == nil {
		return oplog.Link{}, false, err
	}
	if a.change == nil {
		var log crdt.LogID
		copy(log[:], a.ID[:])
		return oplog.Link{ID: a.ID, Log: log}, true, nil
	}
	return a.change.Link(), true, nil
}

// Next implements reconcile.Branch.
func (b *branch) Next() (*oplog.Run, error) {
	var blocks [][]byte
	var genesis, last oplog.Signature
	begun := false // by a genesis, and no further yet
	for {
		a, err := b.peek()
		if err != nil {
			return nil, err
		}
		if a == nil {
			break
		}
		// The genesis is signed: what comes after it may depend on more than
		// is there yet, and is sent in its own time.
		if begun && len(blocks) == 1 && a.change != nil && len(a.change.Deps) > 0 {
			break
		}
		b.ahead = nil
		blocks = append(blocks, a.Block)
		if begun = a.change == nil; begun {
			if a.Sig != nil {
				genesis, last = *a.Sig, *a.Sig
			}
			continue
		}
		if a.Sig != nil {
			last = *a.Sig
			break
		}
		last = oplog.Signature{}
	}
	if len(blocks) == 0 {
		return nil, nil
	}
	return oplog.NewRun(blocks, genesis, last)
}
