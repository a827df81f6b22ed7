package node

import (
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/storage"
)

// A judge says of entries that come in from a file, in causal order, whether
// they may be stored: by the rules by which a replica judges what peers send.
type judge struct {
	commons oplog.CommonsID
	members *membership.State
	log     *storage.Log // what is stored of those judged so far
	// part is those judged and not stored yet.
	part    map[crdt.ChangeID]oplog.Link
	writers map[crdt.LogID]oplog.Writer
	// unsigned is the ends of branches that no signature covers so far.
	unsigned map[crdt.ChangeID]bool
}

func newJudge(id oplog.CommonsID, m *membership.State, l *storage.Log) *judge {
	return &judge{
		commons: id, members: m, log: l,
		part: make(map[crdt.ChangeID]oplog.Link), writers: make(map[crdt.LogID]oplog.Writer), unsigned: make(map[crdt.ChangeID]bool),
	}
}

// entry judges the next entry. The error is oplog.ErrInvalid or ErrUnknown, or
// the store's.
func (j *judge) entry(e storage.Entry) error {
	kind, err := oplog.Parse(e.Block)
	if err != nil {
		return err
	}
	if kind == oplog.KindLog {
		return j.genesis(e)
	}
	return j.change(e)
}

func (j *judge) genesis(e storage.Entry) error {
	g, err := oplog.DecodeLogGenesis(e.Block)
	if err != nil {
		return err
	}
	links, err := j.links(g.PrevLogs...)
	if err != nil {
		return err
	}
	prevs := make([]oplog.PrevLog, len(links))
	for i, l := range links {
		prevs[i] = oplog.PrevLog{Link: l, Writer: j.writers[l.Log]}
	}
	link, err := oplog.CheckGenesis(g, j.commons, prevs, j.members)
	if err != nil {
		return err
	}
	if e.Sig == nil || !oplog.Verify(g.Device, oplog.SigLog, j.commons, e.Block, *e.Sig) {
		return fmt.Errorf("%w: the signature of a log", oplog.ErrInvalid)
	}
	j.writers[link.Log] = g.Writer()
	j.part[link.ID] = link
	return nil
}

func (j *judge) change(e storage.Entry) error {
	c, err := oplog.DecodeChange(e.Block)
	if err != nil {
		return err
	}
	prev, err := j.links(c.Prev)
	if err != nil {
		return err
	}
	deps, err := j.links(c.Deps...)
	if err != nil {
		return err
	}
	if err := oplog.CheckChange(c, prev[0], deps); err != nil {
		return err
	}
	if e.Sig == nil && oplog.IsAnchor(c.Seq, len(e.Block)) {
		return fmt.Errorf("%w: an anchor without its signature", oplog.ErrInvalid)
	}
	if e.Sig != nil && !oplog.Verify(j.writers[c.Log].Device, oplog.SigChange, j.commons, e.Block, *e.Sig) {
		return fmt.Errorf("%w: the signature of a change", oplog.ErrInvalid)
	}
	delete(j.unsigned, c.Prev)
	if e.Sig == nil {
		j.unsigned[c.ID] = true
	}
	j.part[c.ID] = c.Link()
	return nil
}

// links returns what is known of entries that came before.
func (j *judge) links(ids ...crdt.ChangeID) ([]oplog.Link, error) {
	links := make([]oplog.Link, len(ids))
	for i, id := range ids {
		l, ok := j.part[id]
		if !ok {
			var err error
			l, err = j.log.Link(id)
			if errors.Is(err, storage.ErrNotFound) {
				err = fmt.Errorf("%w: %v isn't there", oplog.ErrUnknown, id)
			}
			if err != nil {
				return nil, err
			}
		}
		links[i] = l
	}
	return links, nil
}
