package web

import (
	"net/http"
	"slices"

	"navette/crdt/oplog"
)

// A route is one thing that can be asked for. A GET changes nothing.
type route struct {
	method string // GET or POST
	path   string // a pattern of http.ServeMux
	needs  need
	from   reach
	do     func(*visit) error
}

// A need is what a person must be to be answered.
type need uint8

// The needs. The zero need is none of them, so that a route can't forget it.
const (
	_       need = iota
	anybody      // visitors too
	member       // who may write
	steward
)

// met tells whether a role meets the need.
func (n need) met(role oplog.Role) bool {
	switch n {
	case anybody:
		return true
	case member:
		return role >= oplog.RoleMember
	case steward:
		return role >= oplog.RoleSteward
	}
	return false
}

// A side is where a request comes from.
type side uint8

// The sides.
const (
	loopback side = iota // from this machine, to a name of this machine
	plain                // from the network, without TLS
	secure               // with TLS
)

// sides are all sides.
var sides = []side{loopback, plain, secure}

func (s side) String() string { return [...]string{"loopback", "plain", "secure"}[s] }

// A reach is the sides on which a route exists.
type reach uint8

// The reaches. The zero reach is none of them.
const (
	_          reach = iota
	everywhere       //
	trusted          // loopback and TLS: what stewards do
)

func (r reach) has(s side) bool {
	return r == everywhere || r == trusted && s != plain
}

// allRoutes are the routes of all screens.
func allRoutes() []route {
	return slices.Concat(frameRoutes, setupRoutes, signInRoutes, meRoutes, eventRoutes, homeRoutes, exchangeRoutes, peopleRoutes, healthRoutes, heldRoutes)
}

// frameRoutes are what every page needs.
var frameRoutes = []route{
	{"POST", "/language", anybody, everywhere, (*visit).chooseLanguage},
}

// mux returns what answers on a side.
func (s *Server) mux(on side) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.HandlerFunc(serveStatic))
	if on == loopback {
		for pattern, h := range s.o.Loopback {
			mux.Handle(pattern, h)
		}
	}
	for _, r := range s.routes {
		if r.from.has(on) {
			mux.HandleFunc(r.method+" "+exact(r.path), func(w http.ResponseWriter, q *http.Request) { s.answer(w, q, on, r) })
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		s.answer(w, q, on, route{q.Method, "/", anybody, everywhere, (*visit).nothingHere})
	})
	return mux
}

// exact makes "/" mean the first page only.
func exact(path string) string {
	if path == "/" {
		return "/{$}"
	}
	return path
}

func (v *visit) nothingHere() error {
	return &problem{status: http.StatusNotFound, key: "problem.nothing"}
}
