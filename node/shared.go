package node

import (
	"errors"
	"sync"

	"navette/storage"
)

// shared is up to where all that is stored was known to another device when an
// exchange ended: what came later is still to be handed over. It outlives the
// process.
type shared struct {
	mu    sync.Mutex
	pos   uint64 // in the feed
	known bool   // there was such an exchange
	// counted is for how long a feed the count was made, and things the count.
	counted uint64
	things  int
}

const metaShared = "shared"

// load reads what an earlier process stored. A mark of a feed that came back
// shorter says nothing.
func (s *shared) load(c *Commons) error {
	b, err := c.log.Meta(metaShared)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.pos, s.known = c.ReadMark(string(b))
	return nil
}

// look remembers up to where the feed is known to the peer, while it is. What is
// being stored at this very moment may be taken for handed over; the peer gets
// it all the same. The caller holds the commons' mu.
func (l *line) look() {
	if l.c.replica.UpToDate(l.id) {
		l.level = l.c.log.Pos()
	}
}

// noteShared remembers that the peer of a session that has ended had all that
// was stored when the feed stood at pos; 0 is not even once.
func (c *Commons) noteShared(pos uint64) {
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	if pos == 0 || c.shared.known && c.shared.pos >= pos {
		return
	}
	c.shared.pos, c.shared.known, c.shared.counted = pos, true, 0
	if err := c.log.SetMeta(metaShared, []byte(c.MarkAt(pos))); err != nil {
		c.n.o.Log.Warn("keeping what another place has", "err", err)
	}
}

// ToHandOver is how many things were made or changed here since another device
// had all; not known before there was one. It is of use while no exchange goes
// on.
func (c *Commons) ToHandOver() (things int, known bool, err error) {
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	s := &c.shared
	if !s.known {
		return 0, false, nil
	}
	if now := c.log.Pos(); s.counted != now {
		ids, _, err := c.Touched(s.pos)
		if err != nil {
			return 0, true, err
		}
		s.things, s.counted = len(ids), now
	}
	return s.things, true, nil
}
