package node

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node/replica"
	"navette/node/valise"
	"navette/storage"
	"navette/storage/blob"
)

// A Packing is a valise that is about to be written: one state of the commons.
type Packing struct {
	Manifest *valise.Manifest
	Name     string // what this device's valise is called in a folder that several share

	c     *Commons
	key   valise.Key
	tips  []reconcile.Item
	files []blob.CID
}

// Pack looks through what a valise has to hold: all that the commons holds
// here, or what a device lacks of it that was heard of (see Heard). The error
// is ErrNotAllowed if this node hasn't been let into the commons, so that it
// has no key, or the store's.
func (c *Commons) Pack(ctx context.Context, to *Heard) (*Packing, error) {
	key, err := c.valiseKey()
	if err != nil {
		return nil, err
	}
	m := &valise.Manifest{Commons: c.id, Device: c.n.self, Program: Version}
	if now := time.Now(); plausible(now) {
		m.Made = now
	}
	if to != nil {
		m.Base = to.frontier
	}
	src := replica.NewSource(c.log)
	p := &Packing{Manifest: m, Name: key.Name(c.n.self), c: c, key: key, tips: src.Tips().Items()}
	for _, it := range p.tips {
		m.Frontier = append(m.Frontier, it.ID)
	}
	err = c.log.Members(func(_ uint32, e storage.MemberEntry) error {
		m.Counts.Members++
		m.Counts.Bytes += int64(len(e.Block))
		return nil
	})
	if err != nil {
		return nil, err
	}
	touched := touched{}
	err = p.runs(ctx, func(run *oplog.Run) error {
		m.Counts.Changes += len(run.Blocks)
		for _, b := range run.Blocks {
			m.Counts.Bytes += int64(len(b))
		}
		touched.add(run)
		return nil
	})
	m.Things = c.things(touched)
	if err == nil {
		err = p.choose(ctx, to)
	}
	return p, err
}

// runs hands over the runs of the valise in order.
func (p *Packing) runs(ctx context.Context, each func(*oplog.Run) error) error {
	carrier, err := reconcile.NewCarrier(replica.NewSource(p.c.log), p.tips, p.Manifest.Base)
	for err == nil {
		var run *oplog.Run
		if run, err = carrier.Next(); err != nil || run == nil {
			break
		}
		err = cmp.Or(ctx.Err(), each(run))
	}
	if err != nil {
		return fmt.Errorf("pack a valise: %w", err)
	}
	return nil
}

// Write writes the valise. The error is ctx's, w's, or the store's; what was
// written then reads as incomplete.
func (p *Packing) Write(ctx context.Context, w io.Writer) error {
	out, err := valise.NewWriter(w, p.key, p.Manifest, func(block []byte) oplog.Signature {
		return oplog.Sign(p.c.n.device, oplog.SigValise, p.c.id, block)
	})
	if err != nil {
		return err
	}
	var members []storage.MemberEntry // read first: a slow stick holds up nobody
	err = p.c.log.Members(func(_ uint32, e storage.MemberEntry) error {
		members = append(members, e)
		return nil
	})
	for _, e := range members {
		if err == nil {
			err = cmp.Or(ctx.Err(), out.Member(e))
		}
	}
	if err == nil {
		err = p.runs(ctx, out.Run)
	}
	if err == nil {
		err = p.writeFiles(ctx, out)
	}
	if err != nil {
		return err
	}
	return out.Close()
}

// valiseKey is what the valises of the commons are opened with.
func (c *Commons) valiseKey() (valise.Key, error) {
	secret, err := c.n.keys.secret(c.id)
	if err != nil {
		return valise.Key{}, fmt.Errorf("%w: this place hasn't been let in: %w", ErrNotAllowed, err)
	}
	return valise.Key{Commons: c.id, Secret: secret}, nil
}

// touched is the resources that changes are about.
type touched map[crdt.ID]bool

func (t touched) add(run *oplog.Run) {
	for _, change := range run.Changes {
		resources, ok := change.Data().Resources()
		for i, id := range resources {
			if ok[i] {
				t[id] = true
			}
		}
	}
}

// things counts resources by kind; those that nothing has made here have none,
// and aren't things that people know.
func (c *Commons) things(t touched) (out []valise.Things) {
	counts := map[string]int{}
	for id := range t {
		if d, err := c.log.Doc(id); err == nil && d.Kind() != "" {
			counts[d.Kind()]++
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, valise.Things{Kind: kind, Count: counts[kind]})
	}
	return out
}
