package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// audit tells whether the open tips are what they should be and, unless the
// last process ended in good order, all it wrote, with the signatures.
func (l *Log) audit() (good bool, err error) {
	good = true
	d := devices{}
	verify := func(r Reader, n *node) error {
		e, err := l.verify(r, n, &l.frontier.chains[n.place.Chain].end)
		if err == nil && !l.o.CleanStop {
			err = d.verify(l, r, e)
		}
		return err
	}
	err = l.kv.View(func(r Reader) error {
		for _, p := range l.graph.Tips() {
			if l.frontier.chains[p.Chain].end.sig == nil {
				good = false
				return nil
			}
			if err := verify(r, &node{place: p}); err != nil {
				return err
			}
		}
		if l.o.CleanStop || len(l.epochs) == 0 {
			return nil
		}
		return l.scanFeed(r, l.epochs[len(l.epochs)-1].Start, l.pos, func(_ uint64, n *node) error {
			return verify(r, n)
		})
	})
	if errors.Is(err, ErrCorrupt) {
		return false, nil
	}
	return good, err
}

// known tells whether the feed tells of all that was received: what it doesn't
// know would pass for stored.
func (l *Log) known() (all bool, err error) {
	all = true
	indexed := uint64(0)
	err = l.kv.View(func(r Reader) error {
		return r.Scan(l.stored.key(0, 0)[:2], nil, func(key, _ []byte) error {
			if len(key) < 3+4 {
				all = false
				return nil
			}
			switch key[2] {
			case tagIndex:
				indexed++
			case tagBlock, tagSig:
				all = all && l.frontier.has(placeOf(key))
			case tagTip:
				all = all && int(binary.BigEndian.Uint32(key[3:])) < len(l.frontier.chains)
			}
			return nil
		})
	})
	return all && indexed == l.count, err
}

// verify reads the entry at a node's place and checks that it is itself: that
// its name leads there, with its lamport, that it is the end of its chain if it
// stands there, and, where the node has parents, that it names these. The
// error is ErrCorrupt.
func (l *Log) verify(r Reader, n *node, end *end) (Entry, error) {
	e, err := l.read(r, n.place, end)
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err != nil {
		return e, err
	}
	lamport, err := l.leadsTo(r, e.ID, n.place)
	if err != nil || n.own == nil && n.starts == nil {
		return e, err
	}
	own, deps, err := parentsOf(e.Block)
	if err != nil {
		return e, err
	}
	if len(own) != len(n.own) || len(deps) != len(n.deps) {
		return e, fmt.Errorf("%w: the parents of %v", ErrCorrupt, e.ID)
	}
	var due uint64
	for i, id := range append(own, deps...) {
		seen, err := l.leadsTo(r, id, append(slices.Clone(n.own), n.deps...)[i])
		if err != nil {
			return e, err
		}
		due = max(due, seen+1)
	}
	if lamport != due || end.pos == n.place.Pos && end.lamport != due {
		return e, fmt.Errorf("%w: the lamport of %v", ErrCorrupt, e.ID)
	}
	return e, nil
}

// devices remembers who signs which log.
type devices map[crdt.LogID]oplog.Key

// verify checks the signature of an entry, if it has one. The error is
// ErrCorrupt.
func (d devices) verify(l *Log, r Reader, e Entry) error {
	if e.Sig == nil {
		return nil
	}
	kind, log := oplog.SigLog, crdt.LogID(e.ID[:len(crdt.LogID{})])
	change, err := dataOf(e.Block)
	if err != nil {
		return err
	}
	if change != nil {
		kind, log = oplog.SigChange, change.Log
	}
	device, ok := d[log]
	if !ok {
		g, err := l.genesis(r, log)
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("%w: the genesis of log %v is missing", ErrCorrupt, log)
		}
		if err != nil {
			return err
		}
		device = g.Device
		d[log] = device
	}
	if !oplog.Verify(device, kind, l.o.Commons, e.Block, *e.Sig) {
		return fmt.Errorf("%w: signature of %v", ErrCorrupt, e.ID)
	}
	return nil
}

// leadsTo checks that an entry's name leads to a place, and returns the lamport
// that is there.
func (l *Log) leadsTo(r Reader, id crdt.ChangeID, want oplog.Place) (lamport uint64, err error) {
	at, err := l.readIndex(r, id)
	if errors.Is(err, ErrNotFound) || err == nil && at.place != want {
		err = fmt.Errorf("%w: where entry %v is", ErrCorrupt, id)
	}
	return at.lamport, err
}

// parentsOf returns what a block of data names: prev or prevLogs, and deps.
func parentsOf(block []byte) (own, deps []crdt.ChangeID, err error) {
	kind, err := oplog.Parse(block)
	if err == nil && kind == oplog.KindLog {
		var g *oplog.LogGenesis
		if g, err = oplog.DecodeLogGenesis(block); err == nil {
			return g.PrevLogs, nil, nil
		}
	} else if err == nil {
		var c *oplog.Change
		if c, err = oplog.DecodeChange(block); err == nil {
			return []crdt.ChangeID{c.Prev}, c.Deps, nil
		}
	}
	return nil, nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// sound returns the greatest part of the feed that can be kept: every entry in
// it verifies, all its ancestors are in it, and every branch ends on a signed
// link.
func (l *Log) sound() (oplog.Version, error) {
	var keep oplog.Version
	for i := range l.frontier.chains {
		keep = append(keep, l.frontier.chains[i].end.pos+1)
	}
	d := devices{}
	cut := func(p oplog.Place) { keep[p.Chain] = min(keep[p.Chain], p.Pos) }
	err := l.kv.View(func(r Reader) error {
		err := l.scanFeed(r, 0, l.pos, func(_ uint64, n *node) error {
			e, err := l.verify(r, n, &l.frontier.chains[n.place.Chain].end)
			if err == nil {
				err = d.verify(l, r, e)
			}
			if errors.Is(err, ErrCorrupt) {
				cut(n.place)
				err = nil
			}
			return err
		})
		for before := oplog.Version(nil); err == nil && !slices.Equal(before, keep); {
			before = slices.Clone(keep)
			if err = l.trim(r, keep); err != nil {
				return err
			}
			err = l.scanFeed(r, 0, l.pos, func(_ uint64, n *node) error {
				for _, p := range append(slices.Clone(n.own), n.deps...) {
					if !keep.Has(p) {
						cut(n.place)
					}
				}
				return nil
			})
		}
		return err
	})
	return keep, err
}

// trim shortens each chain of a version to its last signed link.
func (l *Log) trim(r Reader, keep oplog.Version) error {
	for i := range keep {
		for keep[i] > 0 {
			p := oplog.Place{Chain: uint32(i), Pos: keep[i] - 1}
			if e := l.frontier.chains[i].end; e.pos == p.Pos && e.sig != nil {
				break
			}
			_, err := r.Get(l.stored.place(tagSig, p))
			signed, err := has(err)
			if err != nil {
				return err
			}
			if signed {
				break
			}
			keep[i]--
		}
	}
	return nil
}
