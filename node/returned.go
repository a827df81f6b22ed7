package node

import (
	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
)

// returned notices changes of this device that come from peers. They bear its
// signature and weren't in its store: either the store is an older copy that
// was put back, or the data folder, with the key in it, is used on another
// machine as well. Nothing is lost by either, but people should know.
type returned struct {
	own   map[crdt.LogID]bool // whether a log is this device's; the writer's alone
	count int                 // guarded by Commons.mu
}

// returning counts the changes of this device in batches that are about to be
// stored. It is called by the writer.
func (c *Commons) returning(batches []storage.Batch) (n int, err error) {
	for _, b := range batches {
		if b.Class != storage.Others || len(b.Data) == 0 || !c.ownLog(b.Data) {
			continue
		}
		for _, e := range b.Data {
			known, err := c.log.Has(e.ID)
			if err != nil {
				return 0, err
			}
			if !known {
				n++
			}
		}
	}
	return n, nil
}

// ownLog tells whether the log that a run is of is this device's.
func (c *Commons) ownLog(run []storage.Entry) bool {
	if g, err := oplog.DecodeLogGenesis(run[0].Block); err == nil {
		c.returned.own[g.Log()] = g.Device == c.n.self
		return g.Device == c.n.self
	}
	change, err := oplog.DecodeChange(run[0].Block)
	if err != nil {
		return false // storing it will say why
	}
	own, asked := c.returned.own[change.Log]
	if !asked {
		g, err := c.log.Genesis(change.Log)
		if err != nil {
			return false
		}
		own = g.Device == c.n.self
		c.returned.own[change.Log] = own
	}
	return own
}
