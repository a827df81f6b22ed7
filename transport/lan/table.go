package lan

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"navette/transport"
)

// Bounds on what strangers can make a node remember.
const (
	candidatesMost = 64
	perSourceMost  = 8 // candidates heard from one address
	addrsMost      = 4 // of a candidate
	// missedMost is how many questions may go unanswered.
	missedMost = 4
	// lately is how long somebody who has fallen silent is waited for.
	lately = 15 * time.Minute
	// tellAgain is how long a candidate isn't told about again if nothing has
	// changed.
	tellAgain = 2 * time.Second
)

// sighting is one peer in one packet.
type sighting struct {
	peer   transport.Peer
	link   int
	source netip.Addr
	addrs  []string // best first
	gone   bool     // it says goodbye
}

// table is who has been seen. It doesn't know the time.
type table struct {
	known   func(transport.Peer) bool
	entries map[transport.Peer]*entry
	lost    time.Time // when somebody was last forgotten for being silent
}

// where somebody is seen: each link has two networks, of IPv4 and of IPv6.
type where struct {
	link int // index of the interface
	six  bool
}

// entry is one candidate, and how it was seen.
type entry struct {
	seen  map[where]*view
	addrs []string // as told
	told  time.Time
}

func (s sighting) where() where { return where{s.link, s.source.Is6()} }

type view struct {
	sighting
	last   time.Time
	missed int // questions since
}

func newTable(known func(transport.Peer) bool) *table {
	return &table{known: known, entries: map[transport.Peer]*entry{}}
}

// see notes a sighting and says what is news.
func (t *table) see(now time.Time, s sighting) []transport.Candidate {
	e := t.entries[s.peer]
	if s.gone {
		if e == nil || e.seen[s.where()] == nil || e.seen[s.where()].source != s.source {
			return nil // anybody can say that somebody else has gone
		}
		delete(e.seen, s.where())
		return t.drop(s.peer, e)
	}
	var news []transport.Candidate
	if e == nil {
		var ok bool
		if news, ok = t.makeRoom(s); !ok {
			return nil
		}
		e = &entry{seen: map[where]*view{}}
		t.entries[s.peer] = e
	}
	v := e.seen[s.where()]
	back := v != nil && v.missed > 0
	e.seen[s.where()] = &view{sighting: s, last: now}
	addrs := e.best()
	if !back && slices.Equal(addrs, e.addrs) && now.Sub(e.told) < tellAgain {
		return news
	}
	e.addrs, e.told = addrs, now
	return append(news, transport.Candidate{Peer: s.peer, Addrs: addrs})
}

// makeRoom for somebody new; who is Known takes the place of the stranger that
// was heard longest ago.
func (t *table) makeRoom(s sighting) ([]transport.Candidate, bool) {
	if t.known(s.peer) {
		if len(t.entries) < candidatesMost {
			return nil, true
		}
		return t.evict()
	}
	same := 0
	for _, e := range t.entries {
		for _, v := range e.seen {
			if v.source == s.source {
				same++
				break
			}
		}
	}
	return nil, len(t.entries) < candidatesMost && same < perSourceMost
}

func (t *table) evict() ([]transport.Candidate, bool) {
	var oldest transport.Peer
	var when time.Time
	for p, e := range t.entries {
		if t.known(p) {
			continue
		}
		if last := e.last(); when.IsZero() || last.Before(when) {
			oldest, when = p, last
		}
	}
	if when.IsZero() {
		return nil, false
	}
	delete(t.entries, oldest)
	return []transport.Candidate{{Peer: oldest, Gone: true}}, true
}

// asked notes that a question has gone out, and says who didn't answer the
// last ones.
func (t *table) asked(now time.Time) []transport.Candidate {
	var news []transport.Candidate
	for p, e := range t.entries {
		for w, v := range e.seen {
			if v.missed++; v.missed > missedMost {
				delete(e.seen, w)
				t.lost = now
			}
		}
		news = append(news, t.drop(p, e)...)
	}
	return news
}

// keepOnly forgets what was seen on links that are no more.
func (t *table) keepOnly(there func(link int) bool) []transport.Candidate {
	var news []transport.Candidate
	for p, e := range t.entries {
		for w := range e.seen {
			if !there(w.link) {
				delete(e.seen, w)
			}
		}
		news = append(news, t.drop(p, e)...)
	}
	return news
}

// drop forgets a candidate that isn't seen on any link.
func (t *table) drop(p transport.Peer, e *entry) []transport.Candidate {
	if len(e.seen) > 0 {
		return nil
	}
	delete(t.entries, p)
	return []transport.Candidate{{Peer: p, Gone: true}}
}

// missing says whether somebody has fallen silent lately.
func (t *table) missing(now time.Time) bool {
	if !t.lost.IsZero() && now.Sub(t.lost) < lately {
		return true
	}
	for _, e := range t.entries {
		for _, v := range e.seen {
			if v.missed > 1 { // the last question may still be answered
				return true
			}
		}
	}
	return false
}

func (e *entry) last() time.Time {
	var last time.Time
	for _, v := range e.seen {
		if v.last.After(last) {
			last = v.last
		}
	}
	return last
}

// best addresses of all: the best of each network before the second of any.
func (e *entry) best() []string {
	order := slices.SortedFunc(maps.Keys(e.seen), func(a, b where) int {
		if a.six != b.six && a.six {
			return 1
		} else if a.six != b.six {
			return -1
		}
		return a.link - b.link
	})
	var best []string
	for i := range addrsMost {
		for _, w := range order {
			addrs := e.seen[w].addrs
			if i < len(addrs) && len(best) < addrsMost && !slices.Contains(best, addrs[i]) {
				best = append(best, addrs[i])
			}
		}
	}
	return best
}
