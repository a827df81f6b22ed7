package dav

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"navette/crdt/oplog"
	"navette/node"
)

// maxObject bounds an event that is put, and maxRequest what is asked.
const (
	maxObject  = 1 << 20
	maxRequest = 1 << 20
)

// Server answers calendar programs.
type Server struct {
	node *node.Node

	mu      sync.Mutex
	indexes map[oplog.CommonsID]*index
}

// New returns a server of n.
func New(n *node.Node) *Server {
	return &Server{node: n, indexes: make(map[oplog.CommonsID]*index)}
}

// session is one request by somebody who has been let in.
type session struct {
	c       *node.Commons
	index   *index
	person  oplog.Key
	writes  bool
	request *http.Request
	words   words
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "private, no-cache")
	switch {
	case r.URL.Path == "/.well-known/caldav":
		http.Redirect(w, r, "/dav/", http.StatusMovedPermanently) // RFC 6764 §5
		return
	case strings.HasPrefix(r.URL.Path, "/cal/"):
		s.subscription(w, r)
		return
	case r.Method == http.MethodOptions: // programs ask before they have a password
		w.Header().Set("DAV", "1, 3, access-control, calendar-access")
		w.Header().Set("Allow", strings.Join(methods, ", "))
		return
	}
	words := wordsFor(r)
	_, password, _ := r.BasicAuth()
	pass, c, ok := s.node.CheckPass(node.PassCalendar, password)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="Navette", charset="UTF-8"`)
		http.Error(w, words.password, http.StatusUnauthorized)
		return
	}
	x := &session{
		c: c, index: s.indexOf(c), person: pass.Owner(), request: r, words: words,
		writes: (pass.Owner() == c.Person() || c.Hosts(pass.Owner())) && c.RoleOf(pass.Owner()) >= oplog.RoleMember,
	}
	if err := x.index.refresh(); err != nil {
		fail(w, err)
		return
	}
	target, ok := readPath(r.URL.Path)
	if !ok && r.Method != "MKCALENDAR" && r.Method != "MKCOL" { // which nobody may anywhere
		http.Error(w, words.nothing, http.StatusNotFound)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := x.serve(w, target); err != nil {
		fail(w, err)
	}
}

func (s *Server) indexOf(c *node.Commons) *index {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.indexes[c.ID()]
	if i == nil || i.c != c {
		i = &index{c: c}
		s.indexes[c.ID()] = i
	}
	return i
}

var methods = []string{"OPTIONS", "GET", "HEAD", "PROPFIND", "PROPPATCH", "REPORT", "PUT", "DELETE", "MOVE"}

func (x *session) serve(w http.ResponseWriter, t target) error {
	switch x.request.Method {
	case "PROPFIND":
		return x.propfind(w, t)
	case "PROPPATCH":
		return x.proppatch(w, t)
	case "REPORT":
		return x.report(w, t)
	case http.MethodGet, http.MethodHead:
		return x.get(w, t)
	case http.MethodPut:
		return x.put(w, t)
	case http.MethodDelete:
		return x.delete(w, t)
	case "MOVE":
		return x.move(w, t)
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	return &refusal{status: http.StatusMethodNotAllowed}
}

// A refusal is an answer that isn't a success: a status, the precondition that
// failed if there is one (an element of DAV or CalDAV), and words.
type refusal struct {
	status    int
	condition string // "c:valid-calendar-data"
	inner     string // what stands in it
	message   string
}

// Error implements error.
func (e *refusal) Error() string {
	return strings.TrimSpace(http.StatusText(e.status) + " " + e.condition + " " + e.message)
}

func notFound() error { return &refusal{status: http.StatusNotFound} }

func fail(w http.ResponseWriter, err error) {
	var known *refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &known):
	case errors.As(err, &large):
		known = &refusal{status: http.StatusRequestEntityTooLarge}
	default:
		known = &refusal{status: http.StatusInternalServerError, message: err.Error()}
	}
	if known.condition == "" {
		message := known.message
		if message == "" {
			message = http.StatusText(known.status)
		}
		http.Error(w, message, known.status)
		return
	}
	b := newBody("d:error")
	if known.inner == "" {
		b.empty(known.condition)
	} else {
		b.raw(known.condition, known.inner)
	}
	if known.message != "" {
		b.text("d:responsedescription", known.message)
	}
	b.send(w, known.status)
}
