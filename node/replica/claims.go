package replica

import (
	"bytes"
	"slices"
	"time"

	"navette/crdt"
)

// claims are what has been asked for and from whom, so that of several peers
// that have it only one is asked at a time.
type claims struct{ all map[crdt.ChangeID]claim }

type claim struct {
	session SessionID
	since   time.Duration
}

// take notes that id is asked of a session; it fails if it is of another.
func (c *claims) take(id crdt.ChangeID, session SessionID, now time.Duration) bool {
	if _, taken := c.all[id]; taken {
		return false
	}
	if c.all == nil {
		c.all = map[crdt.ChangeID]claim{}
	}
	c.all[id] = claim{session, now}
	return true
}

func (c *claims) release(id crdt.ChangeID) { delete(c.all, id) }

// of returns what is asked of a session, sorted.
func (c *claims) of(session SessionID) []crdt.ChangeID {
	return c.where(func(cl claim) bool { return cl.session == session })
}

// older returns what was asked for before t, sorted.
func (c *claims) older(t time.Duration) []crdt.ChangeID {
	return c.where(func(cl claim) bool { return cl.since < t })
}

func (c *claims) where(match func(claim) bool) (ids []crdt.ChangeID) {
	for id, cl := range c.all {
		if match(cl) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b crdt.ChangeID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}
