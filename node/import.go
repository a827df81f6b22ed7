package node

import (
	"context"
	"errors"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/storage"
)

// importChunk is how many records are written before progress is told.
const importChunk = 200

// An Import carries out the records of files.
type Import struct {
	By Author // in whose name; the zero Author is the node's own person
	// DryRun says what would be done, and does nothing.
	DryRun bool
	// Each is told what became of a record, in their order.
	Each func(commons.Planned)
	// Progress is told after how many of them. An error ends the import.
	Progress func(done, total int) error
}

// Import plans records and, unless it is a dry run, carries them out; a chunk at
// a time, and it forgets each, so that what an import takes of memory is what
// its files take. The error is storage.ErrFull, ctx's, ErrStopped or that of
// Progress; what came before it is done.
func (c *Commons) Import(ctx context.Context, records []commons.Record, im Import) error {
	if im.By == (Author{}) {
		im.By = c.self()
	}
	h, env := c.holder(), c.env()
	planner := commons.NewPlanner(h, env)
	for i := 0; i < len(records); i += importChunk {
		chunk := make([]commons.Planned, min(importChunk, len(records)-i))
		plan := func(j int) *commons.Planned {
			p := &chunk[j]
			switch p.State {
			case "":
				*p = planner.Plan(records[i+j])
			case commons.New, commons.Changed: // again: the document may be another
				*p = commons.Plan(h, []commons.Record{p.Record}, env)[0]
			}
			return p
		}
		if err := c.importSome(ctx, len(chunk), plan, im); err != nil {
			return err
		}
		for j := range chunk {
			records[i+j] = commons.Record{}
		}
		if err := im.Progress(i+len(chunk), len(records)); err != nil {
			return err
		}
	}
	return nil
}

// importSome writes some records. Each is planned when its change is made, on
// the document as it is then: peers write meanwhile.
func (c *Commons) importSome(ctx context.Context, count int, plan func(int) *commons.Planned, im Import) error {
	if im.DryRun {
		for j := range count {
			im.Each(*plan(j))
		}
		return nil
	}
	last := make([]*commons.Planned, count)
	intents := make([]func() ([][]crdt.Edit, error), count)
	for j := range intents {
		intents[j] = func() ([][]crdt.Edit, error) {
			last[j] = plan(j)
			return last[j].Edits, last[j].Err
		}
	}
	errs, err := c.WriteAllAs(ctx, im.By, intents)
	if err != nil {
		return err
	}
	for j, p := range last {
		if p == nil { // it wasn't even tried
			p = plan(j)
		}
		switch {
		case errors.Is(errs[j], storage.ErrFull):
			return errs[j]
		case errs[j] != nil:
			p.State, p.Err = commons.Refused, errs[j]
		}
		im.Each(*p)
	}
	return nil
}

// holder lets a plan look at what is there. Its index of a field is made once,
// so that an import doesn't read everything for each record.
func (c *Commons) holder() commons.Holder {
	type field struct{ kind, name string }
	index := make(map[field]map[string][]crdt.ID)
	return commons.Holder{
		Origin: c.Device().String(),
		Doc: func(id crdt.ID) *crdt.Doc {
			d, err := c.Doc(id)
			if err != nil {
				return nil
			}
			return d
		},
		Find: func(kind, name, value string) []crdt.ID {
			at := field{kind, name}
			if index[at] == nil {
				index[at] = make(map[string][]crdt.ID)
				// What can't be read is not found: the record's own id is.
				_ = c.Each(kind, func(d *crdt.Doc) error {
					r := commons.View(d)
					if v, ok := r.Get(name); ok && !d.Deleted() {
						if s, ok := v.Value.(string); ok {
							index[at][s] = append(index[at][s], d.ID())
						}
					}
					return nil
				})
			}
			return index[at][value]
		},
	}
}
