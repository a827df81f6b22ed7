package node

import (
	"context"
	"errors"
	"fmt"
	"io"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/backup"
	"navette/storage"
)

// ErrOccupied is a node that is of a commons already, where a backup is to be
// restored.
var ErrOccupied = errors.New("node: there is a commons here already")

// What is restored in one transaction.
const (
	restoreEntries = 256
	restoreBytes   = 128 << 10
)

// Restore fills the node, which must be of no commons but one that nobody has
// used and must not run, with those of a backup. It judges what is in it as if
// a peer had sent it. They are there to be read; what they take to be written,
// Join gives.
//
// The errors are ErrOccupied, those of package backup, storage.ErrFull, ctx's;
// then nothing was restored. Where it is cut off before it returns nothing is
// either, and it can be called again.
func (n *Node) Restore(ctx context.Context, file io.Reader, progress func(done, total int)) error {
	before := n.All()
	for _, c := range before {
		if !n.untouched(c) {
			return ErrOccupied
		}
	}
	in, err := backup.NewReader(file)
	if err != nil {
		return err
	}
	r := &restoring{n: n, in: in, progress: progress, registry: n.registry}
	r.registry.Commons = nil
	opened, err := r.all(ctx)
	if err == nil {
		err = n.moveIn(r.registry, opened)
	}
	if err != nil {
		return errors.Join(err, r.undo())
	}
	for _, c := range before {
		if err := n.giveWay(c); err != nil {
			return err
		}
	}
	return n.Backed(in.Header.Made)
}

// moveIn makes the node be of what was restored, and of what it was before.
func (n *Node) moveIn(restored registry, opened []*Commons) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	restored.Commons = append(restored.Commons, n.registry.Commons...)
	if err := restored.write(n.o.Dir); err != nil {
		return err
	}
	n.registry = restored
	n.commons = append(opened, n.commons...)
	return nil
}

// restoring is a restore under way.
type restoring struct {
	n        *Node
	in       *backup.Reader
	progress func(done, total int)
	registry registry // as it will be; nothing of it is written before the end

	// Of the commons that is being restored:
	genesis *oplog.CommonsGenesis
	members *membership.State
	log     *storage.Log
	judge   *judge
	part    storage.Batch
	size    int // bytes of part
}

// all restores everything and opens it; the hash of the file is known to be
// right then.
func (r *restoring) all(ctx context.Context) (opened []*Commons, err error) {
	total := r.in.Header.Records()
	for done := 1; ; done++ {
		number := r.in.Commons()
		next, err := r.in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = r.record(r.in.Header.Commons[number], next)
		}
		if err != nil {
			return nil, err
		}
		if r.progress != nil {
			r.progress(done, total)
		}
	}
	for _, x := range r.registry.Commons {
		c, err := r.n.open(x, false)
		if err != nil {
			return nil, fmt.Errorf("open commons %.8s: %w", x.ID, err)
		}
		opened = append(opened, c)
	}
	return opened, nil
}

func (r *restoring) record(c backup.Commons, next backup.Record) (err error) {
	switch {
	case next.Member != nil && r.genesis == nil:
		return r.begin(c, *next.Member)
	case next.Member != nil:
		err = r.member(*next.Member)
	case next.Entry != nil:
		err = r.entry(*next.Entry)
	default:
		return r.end(*next.End)
	}
	if err == nil && (len(r.part.Members)+len(r.part.Data) == restoreEntries || r.size > restoreBytes) {
		err = r.store()
	}
	return err
}

// begin begins a commons with its genesis.
func (r *restoring) begin(c backup.Commons, e storage.MemberEntry) (err error) {
	if r.genesis, err = oplog.DecodeCommonsGenesis(e.Block); err != nil || r.genesis.ID != c.ID {
		return fmt.Errorf("%w: the genesis of commons %v: %w", backup.ErrDamaged, c.ID, err)
	}
	x := entry{ID: c.ID.String(), Number: r.registry.Next, Genesis: e.Block}
	if r.registry.find(c.ID) != nil {
		return fmt.Errorf("%w: commons %v is in it twice", backup.ErrDamaged, c.ID)
	}
	r.registry.Next++
	r.registry.Commons = append(r.registry.Commons, x)
	if c.Current || len(r.registry.Commons) == 1 {
		r.registry.Current = x.ID
	}
	kv := space(r.n.o.Store, x.Number)
	if err := clear(kv); err != nil {
		return fmt.Errorf("make room for a commons: %w", err)
	}
	r.members = membership.New(r.genesis)
	if r.log, _, err = storage.Open(kv, storage.Options{Commons: c.ID}); err != nil {
		return err
	}
	r.judge = newJudge(c.ID, r.members, r.log)
	r.part = storage.Batch{Class: storage.Own, Members: []storage.MemberEntry{{ID: e.ID, Block: e.Block}}}
	return nil
}

func (r *restoring) member(e storage.MemberEntry) error {
	m, err := r.members.Admit(e.Block, e.Sig)
	if err == nil {
		err = r.members.Add(m)
	}
	if err != nil {
		return damaged(fmt.Errorf("membership change %v: %w", e.ID, err))
	}
	r.part.Members = append(r.part.Members, e)
	r.size += len(e.Block)
	return nil
}

func (r *restoring) entry(e storage.Entry) error {
	if err := r.judge.entry(e); err != nil {
		return damaged(fmt.Errorf("entry %v: %w", e.ID, err))
	}
	r.part.Data = append(r.part.Data, e)
	r.size += len(e.Block)
	return nil
}

// damaged makes what can never be valid the backup's fault; other errors are
// the store's.
func damaged(err error) error {
	if errors.Is(err, oplog.ErrInvalid) || errors.Is(err, oplog.ErrUnknown) {
		return fmt.Errorf("%w: %w", backup.ErrDamaged, err)
	}
	return err
}

// store stores what has gathered.
func (r *restoring) store() error {
	err := r.log.Restore(r.part)
	r.part, r.size = storage.Batch{Class: storage.Own}, 0
	r.judge.part = map[crdt.ChangeID]oplog.Link{}
	return err
}

// end ends a commons: what was stored has to be all that there was.
func (r *restoring) end(f oplog.Fingerprint) error {
	if err := r.store(); err != nil {
		return err
	}
	if len(r.judge.unsigned) > 0 {
		return fmt.Errorf("%w: %d branches end without a signature", backup.ErrDamaged, len(r.judge.unsigned))
	}
	if got := r.log.Fingerprint(); got != f {
		return fmt.Errorf("%w: commons %v has fingerprint %v, not %v", backup.ErrDamaged, r.genesis.ID, got, f)
	}
	r.genesis = nil
	return nil
}

// undo removes what was stored.
func (r *restoring) undo() (err error) {
	for _, x := range r.registry.Commons {
		err = errors.Join(err, clear(space(r.n.o.Store, x.Number)))
	}
	return err
}
