package storage

import (
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A Dump is what a log has received, as one state of its store shows it, read
// without the Log. It leaves out what is made from the rest (documents, counts,
// indexes) and what is this store's own (epochs, local values): all that is
// needed for Restore to make a log of the same fingerprint; void entries, too.
type Dump struct {
	Commons oplog.CommonsID
	Members int    // blocks of membership, the commons' genesis included
	Entries uint64 // entries of the feed

	r   Reader
	log *Log // for its keys and readers; it holds nothing
}

// NewDump returns the dump of the log that lies under prefix (see Prefix) in
// the state that r shows; its use ends with r's. The error is ErrNotFound if
// there is none, ErrFormat, or ErrCorrupt.
func NewDump(r Reader, prefix []byte, commons oplog.CommonsID) (*Dump, error) {
	d := &Dump{Commons: commons, r: prefixedReader{r, prefix}, log: newLog(nil, Options{Commons: commons})}
	root, err := readRoot(d.r)
	if err != nil {
		return nil, fmt.Errorf("storage: dumping commons %v: %w", commons, err)
	}
	d.log.stored = root.stored
	err = scanMembers(d.r, func(uint32, MemberEntry) error {
		d.Members++
		return nil
	})
	if err == nil {
		err = d.log.scanFeed(d.r, 0, 1<<64-1, func(uint64, *node) error {
			d.Entries++
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("storage: dumping commons %v: %w", commons, err)
	}
	return d, nil
}

// Each calls member with the blocks of the membership, parents first, then
// entry with the entries in the order of the feed, each with its signature if
// that is stored, and returns the fingerprint of them all. Every block is
// checked against its name and its parents; the error is ErrCorrupt for one that
// isn't what was stored, or what the functions return.
func (d *Dump) Each(member func(MemberEntry) error, entry func(Entry) error) (oplog.Fingerprint, error) {
	f, err := d.each(member, entry)
	if err != nil {
		return f, fmt.Errorf("storage: dumping commons %v: %w", d.Commons, err)
	}
	return f, nil
}

func (d *Dump) each(member func(MemberEntry) error, entry func(Entry) error) (f oplog.Fingerprint, err error) {
	heads, l := memberState{heads: map[crdt.ChangeID]bool{}}, newLog(nil, d.log.o)
	l.stored = d.log.stored
	d.log = l // it follows the feed, once
	err = scanMembers(d.r, func(_ uint32, e MemberEntry) error {
		parents, err := l.memberParents(e.ID, e.Block)
		if err == nil {
			err = l.learn(e)
		}
		if err != nil {
			return err
		}
		heads.add(e.ID, parents)
		return member(e)
	})
	if err != nil {
		return f, err
	}
	ends := map[uint32]*end{}
	err = l.scanFeed(d.r, 0, 1<<64-1, func(_ uint64, n *node) error {
		if err := d.follow(n); err != nil {
			return err
		}
		last, ok := ends[n.place.Chain]
		if !ok {
			if last, err = d.end(n.place.Chain); err != nil {
				return err
			}
			ends[n.place.Chain] = last
		}
		e, err := l.verify(d.r, n, last)
		if err != nil {
			return err
		}
		return entry(e)
	})
	if err != nil {
		return f, err
	}
	for i := range l.frontier.chains {
		c, last := &l.frontier.chains[i], ends[uint32(i)]
		if c.end.pos != last.pos || last.sig == nil {
			return f, fmt.Errorf("%w: the end of chain %d", ErrCorrupt, i)
		}
		c.end = *last
	}
	s := l.newStage(d.r)
	if err := s.judgeAll(); err != nil {
		return f, err
	}
	l.front, l.names = s.judgement.front, s.judgement.names
	return l.fingerprint(heads.headIDs()), nil
}

// follow goes on to a node of the feed, whose place has to be the one that the
// graph gives it.
func (d *Dump) follow(n *node) error {
	l := d.log
	if place, err := l.graph.Add(n.own, n.deps); err != nil || place != n.place || !l.frontier.fits(n) {
		return fmt.Errorf("%w: a place in the feed", ErrCorrupt)
	}
	if n.starts != nil {
		if err := l.loadWarrant(d.r, n); err != nil {
			return err
		}
	}
	l.frontier.add(n)
	return nil
}

// end returns the end of a chain.
func (d *Dump) end(chain uint32) (*end, error) {
	b, err := d.r.Get(d.log.stored.tip(chain))
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("%w: the end of chain %d is missing", ErrCorrupt, chain)
	}
	if err != nil {
		return nil, err
	}
	e, err := decodeEnd(b)
	return &e, err
}

// Restore is Commit for a part of a Dump, given in its order: a branch may end
// on a link whose signature comes with a later part. Once the last part is in,
// Check tells whether every branch ends on a signed link.
func (l *Log) Restore(b Batch) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	_, err := l.commit([]Batch{b}, true)
	return err
}
