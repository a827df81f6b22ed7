package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node/replica"
	"navette/node/valise"
	"navette/storage"
)

// Unpacked is what came of unpacking a valise.
type Unpacked struct {
	Commons *Commons
	From    oplog.Key // the device that packed it
	Made    time.Time // zero if its clock couldn't say
	Own     bool      // it is this device's own, and nothing was looked at
	// Total is how many things the valise is about, Things what is new or
	// changed here because of it.
	Total    int
	Things   []valise.Things
	Changes  int // changes and logs' geneses that are stored because of it
	Members  int // of these, changes of membership
	Files    int // attachments and previews that are here because of it
	Unusable int // blocks that can't be used
	// Complete says that all of it is here now. Otherwise Cut says that the file
	// ends early or is damaged, and Elsewhere that it builds on what isn't here:
	// it was packed for another place.
	Complete  bool
	Cut       error
	Elsewhere bool
}

// What waits for something that comes later, at most.
const (
	earlyChanges = 1024
	earlyBytes   = 4 << 20
)

// Unpack stores what a valise holds, as if a peer had sent it. What came whole
// before something went wrong is kept, and told. The errors are package
// valise's for what isn't read at all, storage.ErrFull, ctx's, or the file's;
// Unpacked says how far it came, unless it is nil.
func (n *Node) Unpack(ctx context.Context, file io.Reader, progress func(done, total int)) (*Unpacked, error) {
	in, c, err := n.openValise(file)
	if err != nil {
		return nil, err
	}
	m := in.Manifest
	u := &unpacking{c: c, in: in, progress: progress, touched: touched{},
		out: &Unpacked{Commons: c, From: m.Device, Made: m.Made, Own: m.Device == n.self}}
	for _, t := range m.Things {
		u.out.Total += t.Count
	}
	if u.out.Own {
		u.out.Complete = true
		return u.out, nil
	}
	err = u.all(ctx)
	u.out.Things = c.things(u.touched)
	if errors.Is(err, valise.ErrIncomplete) || errors.Is(err, valise.ErrDamaged) {
		u.out.Cut, err = err, nil
	}
	if err != nil {
		return u.out, err
	}
	lacks, err := c.log.Lacks(m.Frontier)
	if err != nil {
		return u.out, err
	}
	without, err := c.log.Lacks(m.Base)
	if err != nil {
		return u.out, err
	}
	u.out.Elsewhere = len(lacks) > 0 && len(without) > 0
	u.out.Complete = len(lacks) == 0 && u.out.Cut == nil
	if u.out.Complete {
		err = c.hear(m)
	}
	return u.out, err
}

// Look remembers what the device that packed a valise had, and leaves the rest
// of it. The errors are those of Unpack.
func (n *Node) Look(file io.Reader) error {
	in, c, err := n.openValise(file)
	if err != nil || in.Manifest.Device == n.self {
		return err
	}
	return c.hear(in.Manifest)
}

// openValise opens a valise of one of the node's commons.
func (n *Node) openValise(file io.Reader) (*valise.Reader, *Commons, error) {
	var keys []valise.Key
	for _, c := range n.All() {
		if key, err := c.valiseKey(); err == nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, nil, ErrNoCommons
	}
	in, err := valise.NewReader(file, keys...)
	if err != nil {
		return nil, nil, err
	}
	c := n.commonsOf(in.Manifest.Commons)
	if c == nil {
		return nil, nil, valise.ErrForeign // it gave way just now
	}
	return in, c, nil
}

// unpacking is a valise being unpacked.
type unpacking struct {
	c        *Commons
	in       *valise.Reader
	progress func(done, total int)
	out      *Unpacked
	seen     touched // what it was about so far, new or not
	touched  touched // what is new
	early    []*oplog.Run
	files    unpackingFiles
}

func (u *unpacking) all(ctx context.Context) error {
	u.seen = touched{}
	for {
		part, err := u.in.Next()
		if errors.Is(err, io.EOF) {
			u.out.Unusable += blocksOf(u.early)
			return nil
		}
		if err == nil {
			err = u.members(ctx, part.Members)
		}
		if err == nil && len(part.Runs) > 0 {
			err = u.runs(ctx, part.Runs)
		}
		if err == nil && part.Piece != nil {
			err = u.piece(ctx, part.Piece)
		}
		if err != nil {
			return err
		}
		if u.progress != nil {
			u.progress(min(len(u.seen), u.out.Total), u.out.Total)
		}
	}
}

// members stores changes of membership.
func (u *unpacking) members(ctx context.Context, list []storage.MemberEntry) error {
	for _, e := range list {
		_, err := u.c.log.Member(e.ID)
		if err == nil {
			continue
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		change := reconcile.Member{Block: e.Block, Sig: e.Sig}
		_, errs, err := u.c.await(ctx, 1, func(int) replica.Ticket { return u.c.replica.ProposeMembers(change) })
		switch {
		case err != nil:
			return err
		case errors.Is(errs[0], oplog.ErrInvalid), errors.Is(errs[0], oplog.ErrUnknown):
			u.out.Unusable++
		case errs[0] != nil:
			return errs[0]
		default:
			u.out.Members++
			u.out.Changes++
		}
	}
	return nil
}

// runs stores runs, and those that waited for them.
func (u *unpacking) runs(ctx context.Context, list []*oplog.Run) error {
	for _, run := range list {
		u.seen.add(run)
	}
	for len(list) > 0 {
		a, err := u.c.carry(ctx, append(list, u.early...))
		if err != nil {
			return err
		}
		u.out.Unusable += len(a.Invalid)
		u.early = a.Early
		for _, run := range a.Stored {
			u.touched.add(run)
		}
		u.out.Changes += blocksOf(a.Stored)
		if list = nil; len(a.Stored) > 0 && len(u.early) > 0 {
			list = u.early[:1] // something came: try again what waits
			u.early = u.early[1:]
		}
	}
	for changes, bytes := blocksOf(u.early), sizeOf(u.early); changes > earlyChanges || bytes > earlyBytes; {
		u.out.Unusable += len(u.early[0].Blocks)
		u.early = u.early[1:]
		changes, bytes = blocksOf(u.early), sizeOf(u.early)
	}
	return nil
}

func blocksOf(runs []*oplog.Run) (n int) {
	for _, r := range runs {
		n += len(r.Blocks)
	}
	return n
}

func sizeOf(runs []*oplog.Run) (n int) {
	for _, r := range runs {
		for _, b := range r.Blocks {
			n += len(b)
		}
	}
	return n
}

// carry stores runs that came by hand and waits until they are durable.
func (c *Commons) carry(ctx context.Context, runs []*oplog.Run) (replica.Arrival, error) {
	c.mu.Lock()
	work := c.replica.Carry(runs)
	c.mu.Unlock()
	work.Run() // holds up nobody
	ch := make(chan replica.Done, 1)
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		return replica.Arrival{}, ErrStopped
	}
	a, effects := c.replica.Carried(c.n.now(), work)
	c.asked[a.Ticket] = ch
	c.carryOut(effects)
	c.mu.Unlock()
	c.wake()
	select {
	case done := <-ch:
		if done.Err != nil {
			return a, fmt.Errorf("store what a valise holds: %w", done.Err)
		}
		return a, nil
	case <-ctx.Done():
		return a, ctx.Err()
	}
}
