package storage

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

const (
	// format is the version of received data's layout. It has no successor
	// yet.
	format = 1
	// foldFormat is the version of derived data: its layout, and the form and
	// meaning of documents. Another number than the stored one makes Open fold
	// everything anew.
	foldFormat = 2
)

// A root says which generations are in use.
type root struct {
	stored     storedKeys
	derived    derivedKeys
	foldFormat uint64
}

func (r root) encode() []byte {
	b := binary.AppendUvarint(nil, format)
	b = append(b, byte(r.stored), byte(r.derived))
	return binary.AppendUvarint(b, r.foldFormat)
}

// readRoot reads the root of the state that r shows: a reader that asked the
// Log instead might look for a generation that its state hasn't got.
func readRoot(r Reader) (root, error) {
	b, err := r.Get(rootKey)
	if err != nil {
		return root{}, err
	}
	d := decoder{b: b, what: "the root"}
	if v := d.uint(); v > format && d.err == nil {
		return root{}, fmt.Errorf("%w: format %d", ErrFormat, v)
	}
	found := root{stored: storedKeys(d.byte()), derived: derivedKeys(d.byte()), foldFormat: d.uint()}
	return found, d.end()
}

// Open opens the log that kv holds, or begins one. It looks over what the last
// process wrote, rolls back what is damaged to the last good signed link,
// folds what remained to be folded, and begins a new epoch. The log doesn't
// close kv.
//
// Errors: ErrFormat; ErrFull if there is less room than for Membership; those
// of kv.
func Open(kv KV, o Options) (*Log, *Report, error) {
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.DocCache == 0 {
		o.DocCache = 1 << 20
	}
	l := newLog(kv, o)
	report := new(Report)
	var found root
	err := kv.View(func(r Reader) (err error) {
		found, err = readRoot(r)
		return err
	})
	fresh := errors.Is(err, ErrNotFound)
	if err != nil && !fresh {
		return nil, nil, fmt.Errorf("storage: opening the log: %w", err)
	}
	if fresh {
		if report.Remains, err = l.clearRemains(); err != nil {
			return nil, nil, fmt.Errorf("storage: beginning a log: %w", err)
		}
		found = root{foldFormat: foldFormat}
		err := kv.Update(Membership, func(t Txn) error { return t.Set(rootKey, found.encode()) })
		if err != nil {
			return nil, nil, fmt.Errorf("storage: beginning a log: %w", err)
		}
	}
	l.stored, l.derived = found.stored, found.derived
	if err := l.settle(found, report); err != nil {
		return nil, nil, fmt.Errorf("storage: opening the log: %w", err)
	}
	return l, report, nil
}

func newLog(kv KV, o Options) *Log {
	return &Log{
		kv: kv, o: o,
		docs:     docCache{limit: o.DocCache},
		graph:    new(oplog.Graph),
		front:    new(oplog.Front),
		warrants: map[warrant]*warrant{},
		awaiting: map[crdt.ID]bool{},
		frontier: frontier{geneses: map[crdt.LogID]oplog.Place{}},
		members:  memberState{heads: map[crdt.ChangeID]bool{}},
		changed:  make(chan struct{}),
	}
}

// settle brings memory to what is stored, and what is stored in order.
func (l *Log) settle(found root, report *Report) error {
	if err := l.loadMembers(report); err != nil {
		return fmt.Errorf("loading the membership: %w", err)
	}
	good, err := l.loadFeed()
	if err != nil {
		return fmt.Errorf("loading the feed: %w", err)
	}
	err = l.kv.View(func(r Reader) (err error) {
		if l.epochs, err = readEpochs(r); err != nil {
			return err
		}
		s := l.newStage(r)
		if err = s.judgeAll(); errors.Is(err, ErrCorrupt) {
			good, err = false, nil
		}
		l.void, l.front, l.names = s.judgement.void, s.judgement.front, s.judgement.names
		return err
	})
	if err != nil {
		return fmt.Errorf("judging what is stored: %w", err)
	}
	if good {
		look := l.audit
		if l.o.Suspect {
			look = l.known
		}
		if good, err = look(); err != nil {
			return fmt.Errorf("auditing: %w", err)
		}
	}
	var keep oplog.Version // what can be kept, if that isn't known to be all
	if !good || l.o.Suspect {
		if keep, err = l.sound(); err != nil {
			return fmt.Errorf("looking through everything: %w", err)
		}
	}
	switch {
	case !good || keep != nil && keep.Len() < int(l.count):
		if err := l.salvage(keep, report); err != nil {
			return fmt.Errorf("rolling back: %w", err)
		}
	case found.foldFormat != foldFormat || l.o.Suspect:
		report.Refolded = true
		if err := l.rebuild(); err != nil {
			return fmt.Errorf("folding anew: %w", err)
		}
	default:
		if report.CaughtUp, err = l.resume(); err != nil {
			return fmt.Errorf("folding what remained: %w", err)
		}
		if err := l.kv.View(l.loadAwaiting); err != nil {
			return fmt.Errorf("loading what awaits new verdicts: %w", err)
		}
		l.unqueued = !l.void.Equal(l.applied)
		if err := l.requeue(); err != nil {
			return err
		}
	}
	if err := l.sweep(); err != nil {
		return fmt.Errorf("removing what was replaced: %w", err)
	}
	return l.beginEpoch()
}

// clearRemains removes what there is without a root.
func (l *Log) clearRemains() (some bool, err error) {
	for _, tag := range []byte{tagStored, tagDerived, tagEpoch, tagMember, tagHeight} {
		n, err := l.clear([]byte{tag})
		if err != nil {
			return some, err
		}
		some = some || n > 0
	}
	return some, nil
}

// resume folds what the last process left.
func (l *Log) resume() (some bool, err error) {
	err = l.kv.View(func(r Reader) error {
		c, err := readCursor(r, l.derived)
		some = c != nil
		return err
	})
	if some && err == nil {
		err = l.catchUp(l.derived, l.pos)
	}
	return some, err
}

// loadMembers loads the heads of the membership. Blocks that are damaged, or
// rest on one that is, are removed.
func (l *Log) loadMembers(report *Report) error {
	var bad rows
	stored := map[crdt.ChangeID]bool{}
	err := l.kv.View(func(r Reader) error {
		return scanMembers(r, func(height uint32, e MemberEntry) error {
			parents, err := l.memberParents(e.ID, e.Block)
			for _, p := range parents {
				if !stored[p] {
					err = ErrParent
				}
			}
			if err == nil && l.o.Suspect {
				err = l.verifyMember(e)
			}
			if err == nil {
				err = l.learn(e)
			}
			if err != nil {
				bad.delete(memberKey(height, e.ID))
				bad.delete(heightKey(e.ID))
				report.LostMembers++
				return nil
			}
			stored[e.ID] = true
			l.members.add(e.ID, parents)
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, part := range bad.split(l.kv.Limits()) {
		if err := l.kv.Update(Membership, part.write); err != nil {
			return err
		}
	}
	return nil
}

// loadFeed loads the graph and the frontier. Good is false if a part of the
// feed, or the end of a chain, couldn't be read; what could is loaded.
func (l *Log) loadFeed() (good bool, err error) {
	good = true
	err = l.kv.View(func(r Reader) error {
		err := l.scanAll(r, 0, 1<<64-1, func(_ uint64, n *node) error {
			if n.starts != nil {
				if err := l.loadWarrant(r, n); err != nil {
					return err
				}
			}
			place, err := l.graph.Add(n.own, n.deps)
			if err != nil || place != n.place || !l.frontier.fits(n) {
				l.graph.Truncate(int(l.count))
				return fmt.Errorf("%w: feed position %d", ErrCorrupt, l.pos)
			}
			l.frontier.add(n)
			l.pos++
			l.count++
			return nil
		}, func(uint64, []crdt.ID) error {
			l.pos++
			return nil
		})
		if errors.Is(err, ErrCorrupt) {
			good, err = false, nil
		}
		if err != nil {
			return err
		}
		for i := range l.frontier.chains {
			c := &l.frontier.chains[i]
			b, err := r.Get(l.stored.tip(uint32(i)))
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			if e, err := decodeEnd(b); err == nil && e.pos == c.end.pos {
				c.end = e
			} else {
				good = false
			}
		}
		return nil
	})
	return good, err
}

// loadWarrant finds the warrant of the log that a node begins, or a branch of.
func (l *Log) loadWarrant(r Reader, n *node) error {
	if n.starts.seq > 0 {
		if p := n.starts.prev; l.frontier.has(p) {
			n.starts.warrant = l.frontier.chains[p.Chain].at(p.Pos).warrant
		}
		return nil
	}
	block, err := r.Get(l.stored.place(tagBlock, n.place))
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil // what is missing, the audit and Check tell
		}
		return err
	}
	if g, err := oplog.DecodeLogGenesis(block); err == nil {
		n.starts.warrant = l.warrantOf(g)
	}
	return nil
}

// fits tells whether a node can be added: its chain is there or the next, and
// begins with a segment.
func (f *frontier) fits(n *node) bool {
	return int(n.place.Chain) < len(f.chains) || n.starts != nil
}
