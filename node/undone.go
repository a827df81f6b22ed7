package node

import (
	"bytes"
	"errors"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/storage"
)

// An Undone is something that was done and has no effect.
type Undone struct {
	membership.Undone
	// Of and By are the names of who did it, and of who did what it doesn't
	// count because of; Target that of whom it is about, "" if it is nobody.
	Of, By, Target string
	At             time.Time // by the clock of who did it; zero if that isn't known
	Seen           bool      // people were told: see SeeUndone
}

// What of the undone people have looked at is kept as the beginnings of ids, as
// many as a value of the store holds.
const (
	metaSeen = "seen undone"
	seenID   = 8
	mostSeen = 4096
)

// Undone returns what was done to the membership and doesn't count, oldest
// first: after places were cut off from each other, what people should know of.
func (c *Commons) Undone() ([]Undone, error) {
	var all []Undone
	c.withMembers(func(s *membership.State) {
		for _, u := range s.Undone() {
			all = append(all, Undone{Undone: u, At: wallTime(u.Change.Wall)})
		}
	})
	if len(all) == 0 {
		return nil, nil
	}
	seen, err := c.log.Meta(metaSeen)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	for i := range all {
		u := &all[i]
		u.Of, u.By = c.PersonName(u.Person), c.PersonName(u.Undone.By)
		if t, ok := targetOf(u.Change.Op); ok {
			u.Target = c.PersonName(t)
		}
		for b := seen; len(b) >= seenID; b = b[seenID:] {
			u.Seen = u.Seen || bytes.Equal(b[:seenID], u.Change.ID[:seenID])
		}
	}
	return all, nil
}

// targetOf is the person whom a change of membership is about.
func targetOf(op oplog.MemberOp) (oplog.Key, bool) {
	switch op := op.(type) {
	case *oplog.Grant:
		return op.Target, true
	case *oplog.Remove:
		return op.Target, true
	case *oplog.RevokeDevice:
		return op.Person, true
	}
	return oplog.Key{}, false
}

// NoticeUndone tells people that something that was done doesn't count: the
// commons, how much of it they haven't looked at.
const NoticeUndone = "undone"

// tally remembers how much people haven't looked at, as long as the membership
// stays as it is.
type tally struct {
	at, unseen int
}

// unseen is how much of Undone people haven't looked at.
func (c *Commons) unseen() int {
	var at int
	c.withMembers(func(s *membership.State) { at = s.Len() })
	c.mu.Lock()
	t := c.tally
	c.mu.Unlock()
	if t.at == at {
		return t.unseen
	}
	all, err := c.Undone()
	if err != nil {
		c.n.o.Log.Warn("looking for what was undone", "err", err)
		return 0
	}
	t = tally{at: at}
	for _, u := range all {
		if !u.Seen {
			t.unseen++
		}
	}
	c.mu.Lock()
	c.tally = t
	c.mu.Unlock()
	return t.unseen
}

// SeeUndone says that people have looked at all of Undone.
func (c *Commons) SeeUndone() error {
	all, err := c.Undone()
	if err != nil {
		return err
	}
	var seen []byte
	for _, u := range all[max(0, len(all)-mostSeen):] {
		seen = append(seen, u.Change.ID[:seenID]...)
	}
	if err := c.log.SetMeta(metaSeen, seen); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tally = tally{}
	return nil
}
