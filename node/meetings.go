package node

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/storage"
	"navette/transport"
)

// meetings is when this node exchanged a commons with each device last. It
// outlives the process: what somebody did since, nobody here has seen, and
// people should know how long that is before they put somebody out.
type meetings struct {
	mu    sync.Mutex
	times map[transport.Peer]int64 // seconds since 1970
	kept  map[transport.Peer]int64 // those that are stored
}

const (
	metaMeetings = "meetings"
	// mostMeetings fit in a value of the store; the oldest go first.
	mostMeetings = 800
	// meetingStep is by how much a time has to change to be stored again.
	meetingStep = 10 * time.Minute
)

// with returns when there was an exchange with a device last, zero if there
// never was one or the clock couldn't be right then.
func (m *meetings) with(p transport.Peer) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.times[p]; ok {
		return time.Unix(s, 0)
	}
	return time.Time{}
}

// load reads what an earlier process stored.
func (m *meetings) load(l *storage.Log) error {
	m.times, m.kept = make(map[transport.Peer]int64), make(map[transport.Peer]int64)
	b, err := l.Meta(metaMeetings)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	for size := len(transport.Peer{}); len(b) >= size+8; b = b[size+8:] {
		m.times[transport.Peer(b[:size])] = int64(binary.BigEndian.Uint64(b[size:]))
	}
	maps.Copy(m.kept, m.times)
	return nil
}

// note says that there is an exchange with a device now.
func (m *meetings) note(l *storage.Log, p transport.Peer) error {
	now := time.Now()
	if !plausible(now) {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.times[p] = now.Unix()
	if now.Unix()-m.kept[p] < int64(meetingStep.Seconds()) {
		return nil
	}
	peers := slices.SortedFunc(maps.Keys(m.times), func(a, b transport.Peer) int { return int(m.times[b] - m.times[a]) })
	var b []byte
	for i, p := range peers {
		if i >= mostMeetings {
			delete(m.times, p)
			continue
		}
		b = binary.BigEndian.AppendUint64(append(b, p[:]...), uint64(m.times[p]))
	}
	if err := l.SetMeta(metaMeetings, b); err != nil {
		return err
	}
	m.kept = maps.Clone(m.times)
	return nil
}

// noteMeeting remembers that there is an exchange with a member's device now.
func (c *Commons) noteMeeting(p transport.Peer) {
	if c.standing(oplog.Key(p)) != membership.Live {
		return
	}
	if err := c.meetings.note(c.log, p); err != nil {
		c.n.o.Log.Warn("keeping when a place was met", "err", err)
	}
}
