package node

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/storage"
)

// sitting is how long somebody may pause, by their own clock, without what they
// do next being another revision.
const sitting = 20 * time.Minute

// A Revision is what one person did to a resource on one device at a sitting:
// many changes, which nobody wants to read one by one.
type Revision struct {
	// Version names the resource as the person left it: the last of their
	// changes. DocAt takes it, and so do restoring and comparing.
	Version crdt.ChangeID
	Writer  oplog.Writer
	// OnBehalf is the person for whom it was done; zero if for the writer.
	OnBehalf oplog.Key
	// From and To are when it began and ended, by the device's clock; zero if it
	// had none.
	From, To time.Time
	Changes  int
	Fields   []string // what it changed, in order, as people call it
	Did      string   // what it did to the whole, as commons.Did says

	// Added and Deleted are how many characters of the page's text.
	Added, Deleted int

	before  []crdt.ChangeID // what the first of its changes had seen
	log     crdt.LogID      // of the last of them
	lamport uint64
}

// Revisions returns the history of a resource as people recognise it, the
// oldest first: the same on every node that exchanges the same changes. What is
// void is left out.
func (c *Commons) Revisions(id crdt.ID) ([]Revision, error) {
	h, err := c.revisions(id)
	if err != nil {
		return nil, err
	}
	return h.list, nil
}

// revised is the revisions of a resource, and which one each change is of.
type revised struct {
	list []Revision
	of   map[crdt.ChangeID]int
}

func (c *Commons) revisions(id crdt.ID) (*revised, error) {
	steps, err := c.History(id)
	if err != nil {
		return nil, err
	}
	steps = slices.DeleteFunc(steps, func(s Step) bool { return s.Void })
	d, err := c.Doc(id)
	if err != nil {
		return nil, err
	}
	// The order of the feed is each node's own.
	slices.SortFunc(steps, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.Change.Lamport, b.Change.Lamport), bytes.Compare(a.Change.ID[:], b.Change.ID[:]))
	})
	var list []Revision
	latest := make(map[by]int) // the revision that each is at
	member := make([]int, len(steps))
	for i, s := range steps {
		who := by{c.Writer(s.Change.Log), behalf(s.Change)}
		at := moment(s.Change.Wall)
		n, open := latest[who]
		switch {
		case !open:
		case at.IsZero() || list[n].To.IsZero():
			// Without a clock, a sitting lasts until the program is started
			// anew or somebody else comes between.
			open = s.Change.Log == list[n].log && member[i-1] == n
		default:
			gap := at.Sub(list[n].To)
			open = gap < sitting && gap > -sitting
		}
		if !open {
			n = len(list)
			list = append(list, Revision{Writer: who.writer, OnBehalf: who.behalf, From: at, before: append([]crdt.ChangeID{s.Change.Prev}, s.Change.Deps...)})
			latest[who] = n
		}
		list[n].add(d.Kind(), id, s.Change, at)
		member[i] = n
	}
	// A revision stands where it ended.
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(list[a].lamport, list[b].lamport), bytes.Compare(list[a].Version[:], list[b].Version[:]))
	})
	out := &revised{of: make(map[crdt.ChangeID]int, len(steps))}
	place := make([]int, len(list))
	for i, n := range order {
		place[n] = i
		out.list = append(out.list, list[n])
	}
	for i, s := range steps {
		out.of[s.Change.ID] = place[member[i]]
	}
	return out, nil
}

// by is who did something, where, and for whom.
type by struct {
	writer oplog.Writer
	behalf oplog.Key
}

func behalf(c *oplog.Change) (k oplog.Key) {
	if c.OnBehalf != nil {
		k = *c.OnBehalf
	}
	return k
}

// moment is what a writer's clock said; zero if it had none.
func moment(w crdt.Wall) time.Time {
	if w == (crdt.Wall{}) || w.Seconds > 1<<37 {
		return time.Time{}
	}
	return time.Unix(int64(w.Seconds), 0).UTC()
}

// add counts a change in.
func (r *Revision) add(kind string, id crdt.ID, c *oplog.Change, at time.Time) {
	r.Version, r.log, r.lamport = c.ID, c.Log, c.Lamport
	r.Changes++
	if !at.IsZero() {
		r.To = at
	}
	data := c.Data()
	for _, f := range commons.Touched(kind, data, id) {
		if !slices.Contains(r.Fields, f) {
			r.Fields = append(r.Fields, f)
		}
	}
	if did := commons.Did(data, id); r.Did != commons.Created && (r.Did == "" || did != commons.Edited) {
		r.Did = did
	}
	resources, ok := data.Resources()
	for i := range data.Ops {
		if !ok[i] || resources[i] != id {
			continue
		}
		e, err := crdt.DecodeEdit(data, i, id)
		if err != nil || e.Code != crdt.Splice {
			continue
		}
		for _, s := range e.Splices {
			r.Added += len([]rune(s.Ins))
			r.Deleted += s.Del
		}
	}
}

// Before returns a resource as the person saw it when they began a revision;
// an empty document if there was none.
func (c *Commons) Before(id crdt.ID, r Revision) (*crdt.Doc, error) {
	d, err := c.log.DocAt(id, r.before...)
	if errors.Is(err, storage.ErrNotFound) {
		return crdt.NewDoc(id), nil
	}
	return d, err
}

// beforeChange returns a resource as a change's writer saw it before the
// change, or before the revision that ends with it.
func (c *Commons) beforeChange(id crdt.ID, change crdt.ChangeID) (*crdt.Doc, error) {
	h, err := c.revisions(id)
	if err != nil {
		return nil, err
	}
	if n, ok := h.of[change]; ok && h.list[n].Version == change {
		return c.Before(id, h.list[n])
	}
	block, err := c.log.Block(change)
	if err != nil {
		return nil, err
	}
	one, err := oplog.DecodeChange(block)
	if err != nil {
		return nil, err
	}
	return c.Before(id, Revision{before: append([]crdt.ChangeID{one.Prev}, one.Deps...)})
}

// A Passage is a piece of a page's text that one revision wrote.
type Passage struct {
	Text     string
	Revision int // its number in the list that comes with it
}

// Blame tells, of each passage of a page, in which revision it was written. One
// after the other the passages are the text.
func (c *Commons) Blame(id crdt.ID) ([]Passage, []Revision, error) {
	h, err := c.revisions(id)
	if err != nil {
		return nil, nil, err
	}
	d, err := c.Doc(id)
	if err != nil {
		return nil, nil, err
	}
	var out []Passage
	for change, text := range commons.Written(d) {
		n, ok := h.of[change]
		if !ok {
			return nil, nil, fmt.Errorf("node: the text of %v has a change that isn't in its history", id)
		}
		if last := len(out) - 1; last >= 0 && out[last].Revision == n {
			out[last].Text += text
			continue
		}
		out = append(out, Passage{text, n})
	}
	return out, h.list, nil
}
