package web

import (
	"net/url"
	"strings"
	"sync"
	"time"
)

// A message is what a page says once, of what was done before it.
type message struct {
	Key  string
	Args []any
	// Bad: it wasn't done.
	Bad bool
	// Undo is a form that takes it back; nil if nothing can.
	Undo *undo

	at time.Time
}

// An undo is a form of hidden fields that takes back what was done.
type undo struct {
	Path   string
	Fields url.Values
}

// saidParam is the query's parameter that names a message.
const saidParam = "said"

// said keeps messages until the page that says them is asked for. They are
// kept here and not in a cookie, since visitors have none.
type said struct {
	mu  sync.Mutex
	all map[string]*message
}

const (
	saidFor = 10 * time.Minute
	maxSaid = 500
)

func (s *said) keep(m *message) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*message{}
	}
	m.at = time.Now()
	for id, old := range s.all {
		if m.at.Sub(old.at) > saidFor || len(s.all) >= maxSaid {
			delete(s.all, id)
		}
	}
	id = secret()
	s.all[id] = m
	return id
}

func (s *said) take(id string) *message {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.all[id]
	delete(s.all, id)
	return m
}

// done sends the browser on to another page, which then says what was done:
// the text of key, with its arguments.
func (v *visit) done(path, key string, args ...any) error {
	return v.goSaying(path, &message{Key: key, Args: args})
}

// goSaying sends the browser on to another page, which says m.
func (v *visit) goSaying(path string, m *message) error {
	path, anchor, anchored := strings.Cut(path, "#")
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	path += sep + saidParam + "=" + v.s.said.keep(m)
	if anchored {
		path += "#" + anchor
	}
	return v.goTo(path)
}
