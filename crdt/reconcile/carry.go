package reconcile

import (
	"math"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A Carrier gives what leads from what another node is thought to have to what
// this one has, in the order in which a session would send it, for a node that
// isn't there to be asked.
type Carrier struct {
	serve server
}

// NewCarrier returns a carrier of what leads to tips and isn't an
// ancestor of base, or in it. Names in base that src doesn't have are passed
// over.
func NewCarrier(src Source, tips []Item, base []crdt.ChangeID) (*Carrier, error) {
	c := &Carrier{serve: newServer(src, 0)}
	v := &c.serve
	v.most = math.MaxInt
	seen := map[crdt.ChangeID]bool{}
	for left := base; len(left) > 0; left = left[1:] {
		l, ok := src.Link(left[0])
		if !ok || seen[l.ID] {
			continue
		}
		seen[l.ID] = true
		v.has[l.Log] = append(v.has[l.Log], l.ID)
		if back := src.Back(l.ID); len(back) > 0 {
			for _, p := range src.PrevLogs(back[len(back)-1]) {
				left = append(left[:len(left):len(left)], p.ID)
			}
		}
	}
	known := func(log crdt.LogID) []crdt.ChangeID { return v.has[log] }
	for _, it := range tips {
		if err := v.start(it.ID, known(it.Log), known); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Next returns the next run, nil after the last. An error is the store's: what
// it gave before is a part of what there is.
func (c *Carrier) Next() (*oplog.Run, error) {
	for len(c.serve.cursors) > 0 {
		run, _, err := c.serve.step()
		if err != nil || run != nil {
			return run, err
		}
	}
	return nil, nil
}
