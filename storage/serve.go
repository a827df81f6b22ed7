package storage

import (
	"errors"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A Branch walks over consecutive links of one log, oldest first. It reads a
// little at a time, holds nothing open and needs no closing. Only one
// goroutine may use it.
type Branch struct {
	l         *Log
	stretches []stretch // what is still to be read
	ready     []Entry
	// sig is that of the last link if it was the end of its chain when the
	// walk began: a later commit may take its place.
	sig *oplog.Signature
}

// A stretch is the places from pos to end, end included, of a chain.
type stretch struct{ chain, pos, end uint32 }

// What a Branch reads at once, at most.
const (
	readEntries = 64
	readBytes   = 64 << 10
)

// Past returns the entries named and all their ancestors, as the graph's
// places. Names that aren't stored are passed over.
func (l *Log) Past(ids ...crdt.ChangeID) (oplog.Version, error) {
	var places []oplog.Place
	for _, id := range ids {
		p, _, err := l.locate(id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.graph.Past(places...), nil
}

// After returns the links of the log of tip, from the first that isn't in have
// (see Past) through the first one at or after tip whose signature is stored.
// There are none if tip is in have. The error is ErrNotFound if tip isn't
// stored.
func (l *Log) After(have oplog.Version, tip crdt.ChangeID) (*Branch, error) {
	end, _, err := l.locate(tip)
	if err != nil {
		return nil, fmt.Errorf("tip %v: %w", tip, err)
	}
	b := &Branch{l: l}
	if have.Has(end) {
		return b, nil
	}
	l.mu.Lock()
	c := &l.frontier.chains[end.Chain]
	last, sig := c.end.pos, c.end.sig // of the segment
	for i := range c.segments {
		if s := c.segments[i].pos; s > end.Pos {
			last, sig = s-1, nil
			break
		}
	}
	b.stretches = l.frontier.stretches(have, end)
	l.mu.Unlock()
	pos, err := l.signedFrom(end, last, sig != nil)
	if err != nil {
		return nil, err
	}
	b.stretches[len(b.stretches)-1].end = pos
	if pos == last {
		b.sig = sig
	}
	return b, nil
}

// stretches returns the way back from end to what version has, or to the
// beginning of the log, oldest first.
func (f *frontier) stretches(version oplog.Version, end oplog.Place) (way []stretch) {
	for !version.Has(end) {
		s := f.chains[end.Chain].at(end.Pos)
		from := s.pos
		if int(end.Chain) < len(version) {
			from = max(from, version[end.Chain])
		}
		way = append([]stretch{{end.Chain, from, end.Pos}}, way...)
		if from > s.pos || s.seq == 0 {
			break
		}
		end = s.prev
	}
	return way
}

// signedFrom returns the first place from p to last on its chain whose
// signature is stored; signed says that last has one.
func (l *Log) signedFrom(p oplog.Place, last uint32, signed bool) (pos uint32, err error) {
	pos = last
	err = l.kv.View(func(r Reader) error {
		return r.Scan(l.stored.chainPrefix(tagSig, p.Chain), l.stored.place(tagSig, p), func(key, _ []byte) error {
			if at := placeOf(key).Pos; at <= last {
				pos, signed = at, true
			}
			return Stop
		})
	})
	if err == nil && !signed {
		err = fmt.Errorf("%w: no signature from place %v on", ErrCorrupt, p)
	}
	return pos, err
}

// Next returns the next link, or ok = false after the last one. The last one
// has its signature, and those before it have it if it is stored.
func (b *Branch) Next() (e Entry, ok bool, err error) {
	if len(b.ready) == 0 && len(b.stretches) > 0 {
		if err := b.read(); err != nil {
			return Entry{}, false, err
		}
	}
	if len(b.ready) == 0 {
		return Entry{}, false, nil
	}
	e = b.ready[0]
	b.ready = b.ready[1:]
	return e, true, nil
}

// read reads ahead.
func (b *Branch) read() error {
	b.ready = nil
	return b.l.kv.View(func(r Reader) error {
		for size := 0; len(b.stretches) > 0 && len(b.ready) < readEntries && size < readBytes; {
			s := &b.stretches[0]
			list, err := b.l.entries(r, *s, readEntries-len(b.ready), readBytes-size)
			if err != nil {
				return err
			}
			b.ready = append(b.ready, list...)
			for _, e := range list {
				size += len(e.Block)
			}
			if s.pos += uint32(len(list)); s.pos > s.end {
				b.stretches = b.stretches[1:]
			}
			if len(b.stretches) == 0 && b.sig != nil {
				b.ready[len(b.ready)-1].Sig = b.sig
			}
		}
		return nil
	})
}

// entries reads the first entries of a stretch: at least one, and until either
// bound is reached. Several are scanned, since the store unpacks what lies
// together at once.
func (l *Log) entries(r Reader, s stretch, most, bytes int) (list []Entry, err error) {
	first := oplog.Place{Chain: s.chain, Pos: s.pos}
	if s.pos == s.end || most == 1 {
		e, err := l.entry(r, first)
		return []Entry{e}, err
	}
	l.mu.Lock()
	end := l.frontier.chains[s.chain].end
	l.mu.Unlock()
	last := min(s.end, s.pos+uint32(most)-1)
	sigs := make(map[uint32]*oplog.Signature)
	err = r.Scan(l.stored.chainPrefix(tagSig, s.chain), l.stored.place(tagSig, first), func(key, value []byte) error {
		at := placeOf(key).Pos
		if at > last {
			return Stop
		}
		sigs[at] = new(oplog.Signature)
		copy(sigs[at][:], value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	next, size := s.pos, 0
	err = r.Scan(l.stored.chainPrefix(tagBlock, s.chain), l.stored.place(tagBlock, first), func(key, value []byte) error {
		if placeOf(key).Pos != next {
			return Stop
		}
		e := Entry{ID: oplog.Sum(value), Block: slices.Clone(value), Sig: sigs[next]}
		if next == end.pos {
			e.Sig = end.sig
			if e.ID != end.id {
				return fmt.Errorf("%w: block of tip %v", ErrCorrupt, end.id)
			}
		}
		list = append(list, e)
		if next++; next > last {
			return Stop
		}
		if size += len(value); size >= bytes {
			return Stop
		}
		return nil
	})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("block at %v: %w", first, ErrNotFound)
	}
	return list, err
}

// entry reads what is stored at a place.
func (l *Log) entry(r Reader, p oplog.Place) (Entry, error) {
	l.mu.Lock()
	e := l.frontier.chains[p.Chain].end
	l.mu.Unlock()
	return l.read(r, p, &e)
}

// read reads what is stored at a place of a chain that ended with end when r
// was taken, or later.
func (l *Log) read(r Reader, p oplog.Place, end *end) (Entry, error) {
	block, err := r.Get(l.stored.place(tagBlock, p))
	if err != nil {
		return Entry{}, fmt.Errorf("block at %v: %w", p, err)
	}
	e := Entry{ID: oplog.Sum(block), Block: block}
	if end.pos == p.Pos {
		e.Sig = end.sig
		if e.ID != end.id {
			return e, fmt.Errorf("%w: block of tip %v", ErrCorrupt, end.id)
		}
		return e, nil
	}
	b, err := r.Get(l.stored.place(tagSig, p))
	if errors.Is(err, ErrNotFound) {
		return e, nil
	}
	e.Sig = new(oplog.Signature)
	copy(e.Sig[:], b)
	return e, err
}
