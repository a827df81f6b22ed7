package node

import (
	"context"
	"fmt"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/text"
)

// A Typing is what somebody typed in an editor.
type Typing struct {
	Client string // as for OpenPage
	// Seq numbers the editor's edits, ascending: from 1, or from what Edited.Seq
	// says. The last one sent again is answered again, and does nothing.
	Seq  uint64
	Base TextVersion // of the text that they typed in
	// Splices count UTF-16; each counts what those before it left.
	Splices []text.Splice
}

// EditPage carries out what somebody typed in a page, moved over what others
// did since, and returns the version in which it is durable. What is typed in
// one go is gathered: it waits a while after the editor's last edit. The error
// is ErrVersionGone, ErrSplices, ErrNotFound, or as for WriteAs.
func (c *Commons) EditPage(ctx context.Context, by Author, id crdt.ID, in Typing) (TextVersion, error) {
	inserted := 0
	for _, s := range in.Splices {
		inserted += len(s.Ins)
	}
	if inserted > MaxTyped || len(in.Splices) > text.MaxSplices {
		return "", fmt.Errorf("%w: %d bytes at once", ErrSplices, inserted)
	}
	l, err := c.openLive(id)
	if err != nil {
		return "", err
	}
	l.gather(ctx, in.Client)
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	last := l.done[in.Client]
	l.mu.Unlock()
	switch {
	case in.Seq == last.seq && in.Seq > 0:
		return last.at, nil // also if the editor has moved it meanwhile
	case in.Seq <= last.seq:
		return "", fmt.Errorf("%w: edit %d of %s after %d", ErrVersionGone, in.Seq, in.Client, last.seq)
	}
	var ours []text.Splice // as they are carried out, in UTF-16
	// Who asked may go away; what they typed stays.
	ids, err := l.c.WriteAs(context.WithoutCancel(ctx), by, func() ([][]crdt.Edit, error) {
		d, err := l.c.Doc(l.id)
		if err != nil {
			return nil, err
		}
		t := textOf(d)
		l.mu.Lock()
		defer l.mu.Unlock()
		if err := l.follow(t); err != nil {
			return nil, err
		}
		var points []text.Splice
		if ours, points, err = l.here(t, in.Base, in.Splices); err != nil {
			return nil, err
		}
		return commons.EditSplices(d, "body", points)
	})
	if err != nil {
		return "", err
	}
	// It is durable: whatever fails from here on, it isn't to be done again.
	l.mu.Lock()
	l.acknowledge(in.Client, ack{in.Seq, l.at, time.Now()})
	l.mu.Unlock()
	d, err := l.c.Doc(l.id)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(ids) > 0 {
		if err := l.own(textOf(d), ids[len(ids)-1], ours, in.Client, in.Seq); err != nil {
			return "", err
		}
	} else {
		l.push(TextStep{At: l.at, Client: in.Client, Seq: in.Seq})
	}
	l.left = time.Now()
	l.acknowledge(in.Client, ack{in.Seq, l.stepOf(in.Client, in.Seq), l.left})
	return l.done[in.Client].at, nil
}

// acknowledge remembers what an editor was answered, and forgets who has been
// silent for longest. The caller holds mu.
func (l *live) acknowledge(client string, a ack) {
	l.done[client] = a
	if len(l.done) <= maxSteps {
		return
	}
	oldest := client
	for c, x := range l.done {
		if x.end.Before(l.done[oldest].end) {
			oldest = c
		}
	}
	delete(l.done, oldest)
}

// here moves splices of an earlier version to where the text stands, which is
// what t says. The caller holds mu.
func (l *live) here(t *text.Text, base TextVersion, splices []text.Splice) (ours, points []text.Splice, err error) {
	if next, anew := l.after(base); !anew {
		ours = splices
		for _, s := range l.steps[next-l.first:] {
			// Of insertions at one place those that are here come first.
			if _, ours, err = text.Transform(s.Splices, ours, text.UTF16); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", ErrSplices, err)
			}
		}
		if points, err = text.Recode(l.text, ours, text.UTF16, text.Points); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrSplices, err)
		}
		return ours, points, nil
	}
	heads, ok := base.heads()
	if !ok {
		return nil, nil, ErrVersionGone
	}
	before, err := t.At(heads)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrVersionGone, err)
	}
	if points, err = text.Recode(before, splices, text.UTF16, text.Points); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSplices, err)
	}
	if points, _, err = t.Rebase(heads, points); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSplices, err)
	}
	ours, err = text.Recode(l.text, points, text.Points, text.UTF16)
	return ours, points, err
}

// own makes a step of the editor's edit, which is the last of its changes, and
// one of what others did since, if anything. The caller holds mu and writing.
func (l *live) own(t *text.Text, last crdt.ChangeID, ours []text.Splice, client string, seq uint64) error {
	link, err := l.c.log.Link(last)
	if err != nil {
		return err
	}
	block, err := l.c.log.Block(last)
	if err != nil {
		return err
	}
	ops, err := opsOf(block)
	if err != nil {
		return err
	}
	// The change had seen all that is in the text, so it alone is its version.
	l.text = patched(l.text, ours, text.UTF16)
	l.heads = []text.Name{{Log: link.Log, Change: last, Index: uint32(ops - 1)}}
	l.at = versionOf(l.heads)
	l.push(TextStep{At: l.at, Splices: ours, Client: client, Seq: seq})
	return l.follow(t)
}

// stepOf returns the version after a step that the editor's edit is. The caller
// holds mu.
func (l *live) stepOf(client string, seq uint64) TextVersion {
	for i := len(l.steps) - 1; i >= 0; i-- {
		if s := l.steps[i]; s.Client == client && s.Seq == seq {
			return s.At
		}
	}
	return l.at
}

// gather waits until an editor's next edit is due.
func (l *live) gather(ctx context.Context, client string) {
	for {
		l.mu.Lock()
		last, wait, crowd := l.done[client].end, gatherAlone, l.crowd
		if len(l.others(client)) > 0 {
			wait = gatherTogether
		}
		l.mu.Unlock()
		wait -= time.Since(last)
		if wait <= 0 {
			return
		}
		due := time.NewTimer(wait)
		select {
		case <-due.C:
			return
		case <-crowd: // somebody came: they want to see it
			due.Stop()
		case <-ctx.Done(): // it goes on without whoever asked
			due.Stop()
			return
		}
	}
}
