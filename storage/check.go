package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A CheckReport says what Check looked at and what it found wrong.
type CheckReport struct {
	Entries, Members, Resources int
	Problems                    []Problem
}

// A Problem is something stored that isn't what it should be. Err wraps
// ErrCorrupt.
type Problem struct {
	Entry    crdt.ChangeID // zero if the problem isn't one entry's
	Resource crdt.ID       // zero if it isn't one resource's
	Err      error
}

// Check looks at all that is stored: that each block hashes to its name, names
// entries that are stored, and bears good signatures where it has any; that
// every branch ends on a signed link; the same of the membership. With
// readData it also folds every resource anew and compares the bytes, and the
// lists of kinds. It changes nothing, and commits may go on beside it.
//
// progress, if not nil, is called with how many entries and resources are done
// and to be done. The error is ctx's, or the store's when it can't be read.
func (l *Log) Check(ctx context.Context, readData bool, progress func(done, total int)) (*CheckReport, error) {
	c := &checking{l: l, ctx: ctx, progress: progress, devices: devices{}}
	// No commit is half folded while the snapshot is taken.
	l.writing.Lock()
	err := l.foldRest()
	if err == nil {
		err = l.requeue()
	}
	if err == nil {
		err = l.settleAll()
	}
	l.mu.Lock()
	c.pos, c.g = l.pos, l.derived
	for i := range l.frontier.chains {
		c.ends = append(c.ends, l.frontier.chains[i].end)
	}
	l.mu.Unlock()
	unlock := sync.OnceFunc(l.writing.Unlock)
	defer unlock()
	if err != nil {
		return nil, err
	}
	err = l.kv.View(func(r Reader) error {
		unlock() // r is a snapshot by now
		return c.run(r, readData)
	})
	return &c.report, err
}

type checking struct {
	l           *Log
	ctx         context.Context
	progress    func(done, total int)
	pos         uint64
	g           derivedKeys
	ends        []end // of the chains, when the snapshot was taken
	devices     devices
	report      CheckReport
	done, total int
}

func (c *checking) problem(p Problem) error {
	if !errors.Is(p.Err, ErrCorrupt) && !errors.Is(p.Err, oplog.ErrInvalid) {
		return p.Err
	}
	c.report.Problems = append(c.report.Problems, p)
	return nil
}

// step counts one more and tells whether to go on.
func (c *checking) step() error {
	c.done++
	if c.progress != nil {
		c.progress(c.done, max(c.total, c.done))
	}
	return c.ctx.Err()
}

func (c *checking) run(r Reader, readData bool) error {
	c.total = int(c.pos)
	if readData {
		err := r.Scan(c.g.key(tagDoc, 0), nil, func(_, _ []byte) error {
			c.total++
			return nil
		})
		if err != nil {
			return err
		}
	}
	err := c.l.scanFeed(r, 0, c.pos, func(pos uint64, n *node) error {
		c.report.Entries++
		e, err := c.entry(r, pos, n)
		if err != nil {
			err = c.problem(Problem{Entry: e.ID, Err: fmt.Errorf("feed position %d: %w", pos, err)})
		}
		return errors.Join(err, c.step())
	})
	if err == nil {
		err = c.members(r)
	}
	if err == nil && readData {
		err = c.resources(r)
	}
	return err
}

// entry checks one entry.
func (c *checking) entry(r Reader, pos uint64, n *node) (Entry, error) {
	end := &c.ends[n.place.Chain]
	e, err := c.l.verify(r, n, end)
	if err != nil {
		return e, err
	}
	if n.place.Pos == end.pos && e.Sig == nil {
		return e, fmt.Errorf("%w: the end of a branch without a signature", ErrCorrupt)
	}
	change, err := dataOf(e.Block)
	if err != nil {
		return e, err
	}
	if change != nil {
		for _, id := range resources(change) {
			_, err := r.Get(c.g.touched(id, pos))
			if errors.Is(err, ErrNotFound) {
				return e, fmt.Errorf("%w: a change is missing among those to resource %v", ErrCorrupt, id)
			}
			if err != nil {
				return e, err
			}
		}
	}
	return e, c.devices.verify(c.l, r, e)
}

func (c *checking) members(r Reader) error {
	return scanMembers(r, func(_ uint32, e MemberEntry) error {
		c.report.Members++
		err := c.member(r, e)
		if err != nil {
			err = c.problem(Problem{Entry: e.ID, Err: err})
		}
		return err
	})
}

func (c *checking) member(r Reader, e MemberEntry) error {
	parents, err := c.l.memberParents(e.ID, e.Block)
	if err != nil {
		return err
	}
	for _, id := range append(parents, e.ID) {
		_, err := r.Get(heightKey(id))
		if errors.Is(err, ErrNotFound) {
			return fmt.Errorf("%w: membership block %v", ErrCorrupt, id)
		}
		if err != nil {
			return err
		}
	}
	if len(parents) == 0 {
		return nil // the commons' genesis
	}
	m, err := oplog.DecodeMembershipChange(e.Block)
	if err != nil {
		return err
	}
	if !oplog.Verify(m.Signer, oplog.SigMembership, c.l.o.Commons, e.Block, e.Sig) {
		return fmt.Errorf("%w: signature of %v", ErrCorrupt, e.ID)
	}
	return nil
}

// resources compares each resource with what its changes make of it, and the
// lists of kinds with the resources.
func (c *checking) resources(r Reader) error {
	counts := map[string]KindCount{}
	prefix := c.g.key(tagDoc, 0)
	err := r.Scan(prefix, nil, func(key, _ []byte) error {
		var id crdt.ID
		copy(id[:], key[len(prefix):])
		c.report.Resources++
		err := c.resource(r, id, counts)
		if err != nil {
			err = c.problem(Problem{Resource: id, Err: err})
		}
		return errors.Join(err, c.step())
	})
	if err != nil {
		return err
	}
	return errors.Join(c.missing(r), c.kinds(r, counts))
}

// missing looks for resources that were changed and aren't there.
func (c *checking) missing(r Reader) error {
	var last crdt.ID
	prefix := c.g.key(tagTouched, 0)
	return r.Scan(prefix, nil, func(key, _ []byte) error {
		var id crdt.ID
		if copy(id[:], key[len(prefix):]); id == last {
			return nil
		}
		last = id
		_, err := r.Get(c.g.doc(id))
		if errors.Is(err, ErrNotFound) {
			err = c.problem(Problem{Resource: id, Err: fmt.Errorf("%w: resource %v is missing", ErrCorrupt, id)})
		}
		return err
	})
}

// kinds compares what is listed under kinds with what there is.
func (c *checking) kinds(r Reader, want map[string]KindCount) error {
	listed, there := 0, 0
	for _, n := range want {
		there += n.Live + n.Deleted
	}
	err := r.Scan(c.g.key(tagKind, 0), nil, func(_, _ []byte) error {
		listed++
		return nil
	})
	if err != nil {
		return err
	}
	if listed != there {
		err = c.problem(Problem{Err: fmt.Errorf("%w: %d resources are listed, %d are there", ErrCorrupt, listed, there)})
	}
	for _, kind := range slices.Sorted(maps.Keys(want)) {
		got, e := readCount(r, c.g, kind)
		if n := want[kind]; e == nil && (got.Live != n.Live || got.Deleted != n.Deleted) {
			e = fmt.Errorf("%w: the count of kind %q", ErrCorrupt, kind)
		}
		if e != nil {
			e = c.problem(Problem{Err: e})
		}
		err = errors.Join(err, e)
	}
	return err
}

func (c *checking) resource(r Reader, id crdt.ID, counts map[string]KindCount) error {
	stored, _, err := readDoc(r, c.g, id)
	if err != nil {
		return err
	}
	doc, err := c.l.fold(r, c.g, &history{l: c.l, r: r}, id, func(fed) bool { return true })
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("%w: resource %v without changes", ErrCorrupt, id)
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(doc.Encode(), stored) {
		return fmt.Errorf("%w: resource %v isn't what its changes make of it", ErrCorrupt, id)
	}
	kind := listedKind(doc)
	if kind == "" {
		return nil
	}
	n := counts[kind]
	if doc.Deleted() {
		n.Deleted++
	} else {
		n.Live++
	}
	counts[kind] = n
	listed, err := r.Get(slices.Concat(c.g.kind(kind), id[:]))
	if errors.Is(err, ErrNotFound) || err == nil && (len(listed) > 0) != doc.Deleted() {
		return fmt.Errorf("%w: resource %v in the list of its kind", ErrCorrupt, id)
	}
	return err
}
