// Package api is what a node speaks with the programs on its own machine: JSON
// over HTTP on a unix socket in the data folder. The command line is its
// client ([Client]).
//
//	GET    /v1/openapi.json                describes all of this
//	GET    /v1/events                      server-sent events: what changes, as it does
//	GET    /v1/status                      ?watch=1: a line at every change
//	GET    /v1/peers
//	POST   /v1/commons                     found one: {"place", "name"}
//	POST   /v1/join                        {"invitation"}
//	GET    /v1/members
//	PATCH  /v1/members/{id}                {"role"}
//	DELETE /v1/members/{id}                Removal
//	POST   /v1/members/{id}/successor      {"successor"}
//	POST   /v1/leave                       {"force"}
//	GET    /v1/devices
//	PATCH  /v1/devices/{id}                {"name"}; DELETE: revoke it
//	POST   /v1/devices/{id}/undo           {"since", "dry_run"}: what it wrote counts no more
//	GET    /v1/invitations                 POST {"role", "uses", "until", "note"}
//	DELETE /v1/invitations/{id}
//	GET    /v1/undone                      POST: it was looked at
//	GET    /v1/kit                         DELETE: wipe it; PUT {"words"}: put it back
//	GET    /v1/passes                      POST {"use", "name", "place"}; DELETE /v1/passes/{id}
//	GET    /v1/kinds
//	GET    /v1/resources                   ?kind= &where=F=V… &search= &removed=1
//	POST   /v1/resources                   {"kind", "fields": ["F=V"…]}
//	GET    /v1/resources/{id}              ?version=; PATCH {"fields"}; DELETE
//	POST   /v1/resources/{id}/restore      {"version"}
//	GET    /v1/resources/{id}/text         PUT {"base", "text"}
//	GET    /v1/resources/{id}/log
//	GET    /v1/resources/{id}/diff         ?from= &to=
//	GET    /v1/resources/{id}/revisions    ?n=
//	GET    /v1/resources/{id}/blame        of a page
//	GET    /v1/resources/{id}/links        and those that lead there
//	GET    /v1/resources/{id}/translations POST {"language", "title"}
//	POST   /v1/resources/{id}/follow       the translation says what the original says
//	GET    /v1/resources/{id}/live         POST; POST …/live/cursor: see node/editing
//	GET    /v1/templates                   ?lang=
//	POST   /v1/resources/{id}/versions     settle: {"field", "keep"|"both"}
//	GET    /v1/log                         ?n=
//	GET    /v1/versions
//	POST   /v1/import                      ImportRequest; answers a line at a time
//	GET    /v1/export                      ?kind= &format= &lang=fr: as French spreadsheets want it
//	GET    /v1/fingerprint
//	POST   /v1/check                       {"read_data"}; answers a line at a time
//	GET    /v1/doctor
//	GET    /v1/backup                      of all commons, in the format of BACKUP.md
//	POST   /v1/backup                      {"made"}: it is in a safe place
//	GET    /v1/resources/{id}/attachments  POST ?name= &type=: a file as it is; DELETE …/{cid}
//	GET    /v1/attachments                 how many are here, and wanted
//	GET    /v1/attachments/{cid}           the file; DELETE: release its bytes; POST …/fetch: ask other places for it
//	GET    /v1/valise                      ?for=PLACE; in the format of VALISE.md
//	POST   /v1/valise                      one as it is: unpack it; answers a line at a time; ?look=1: remember what its packer has
//
// Every path takes ?commons=NAME; without it the commons used last is meant.
// {id} is an id, the beginning of one, a tag, a page's path or a title. What is
// refused comes as {"error": {"code", "args"}}: codes, no words, since words
// are in the people's language.
//
// Whoever can open the socket may do everything the node's person may: it is
// in a folder of mode 0700, and the peer's user is checked. The web's own side
// is another package.
package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"navette/crdt/commons"
	"navette/node"
	"navette/node/editing"
	"navette/node/gate"
	"navette/node/replica"
	"navette/node/valise"
	"navette/storage"
	"navette/storage/blob"
	"navette/transport"
)

// SocketName is the socket's name in the data folder.
const SocketName = "navette.sock"

// maxBody bounds what a request may bring: the files of an import.
const maxBody = 256 << 20

// Server answers the requests of programs on this machine.
type Server struct {
	// Pages returns the addresses under which a browser finds the place's
	// pages, each ending in a slash. Nil: there are none.
	Pages func() []string

	node *node.Node
	mux  *http.ServeMux
}

func (s *Server) pages() []string {
	if s.Pages == nil {
		return nil
	}
	return s.Pages()
}

// NewServer returns a server of n.
func NewServer(n *node.Node) *Server {
	s := &Server{node: n, mux: http.NewServeMux()}
	for pattern, h := range s.routes() {
		s.mux.HandleFunc(pattern, s.handle(h))
	}
	for pattern, h := range s.attachmentRoutes() {
		s.mux.HandleFunc(pattern, s.handle(h))
	}
	s.mux.HandleFunc("POST /v1/resources/{id}/attachments", s.answer(s.attach)) // as long as it is
	s.mux.HandleFunc("POST /v1/valise", s.answer(s.unpack))
	for pattern, h := range s.peopleRoutes() {
		s.mux.HandleFunc(pattern, s.handle(h))
	}
	return s
}

// routes are what can be asked for; operations has what each is for.
func (s *Server) routes() map[string]handler {
	return map[string]handler{
		"GET /v1/openapi.json":             s.openAPI,
		"GET /v1/events":                   s.events,
		"GET /v1/status":                   s.status,
		"GET /v1/peers":                    s.peers,
		"POST /v1/commons":                 s.found,
		"POST /v1/join":                    s.join,
		"GET /v1/passes":                   s.passes,
		"POST /v1/passes":                  s.addPass,
		"DELETE /v1/passes/{id}":           s.revokePass,
		"GET /v1/kinds":                    s.kinds,
		"GET /v1/resources":                s.list,
		"POST /v1/resources":               s.add,
		"GET /v1/resources/{id}":           s.show,
		"PATCH /v1/resources/{id}":         s.set,
		"DELETE /v1/resources/{id}":        s.remove,
		"POST /v1/resources/{id}/restore":  s.restore,
		"GET /v1/resources/{id}/text":      s.text,
		"PUT /v1/resources/{id}/text":      s.edit,
		"GET /v1/resources/{id}/log":       s.history,
		"GET /v1/resources/{id}/diff":      s.diff,
		"POST /v1/resources/{id}/versions": s.resolve,
		"GET /v1/log":                      s.recent,
		"GET /v1/versions":                 s.versions,
		"POST /v1/import":                  s.importFiles,
		"GET /v1/export":                   s.export,
		"GET /v1/fingerprint":              s.fingerprint,
		"POST /v1/check":                   s.check,
		"GET /v1/doctor":                   s.doctor,
		"GET /v1/backup":                   s.backup,
		"POST /v1/backup":                  s.backedUp,

		"GET /v1/resources/{id}/revisions":     s.revisions,
		"GET /v1/resources/{id}/blame":         s.blame,
		"GET /v1/resources/{id}/links":         s.links,
		"GET /v1/resources/{id}/translations":  s.translations,
		"POST /v1/resources/{id}/translations": s.translate,
		"POST /v1/resources/{id}/follow":       s.follow,
		"GET /v1/templates":                    s.templates,
		"GET /v1/resources/{id}/live":          s.live,
		"POST /v1/resources/{id}/live":         s.typing,
		"POST /v1/resources/{id}/live/cursor":  s.point,
		"GET /v1/valise":                       s.pack,
	}
}

// Handle has another package answer to a pattern. It is called before anything
// is served.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// A handler returns what is to be sent as JSON; nil if it has answered itself.
type handler func(w http.ResponseWriter, r *http.Request) (any, error)

// handle serves requests whose body is bounded.
func (s *Server) handle(h handler) http.HandlerFunc {
	all := s.answer(h)
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		all(w, r)
	}
}

// answer sends what a handler returns.
func (s *Server) answer(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := h(w, r)
		if err != nil {
			writeError(w, refusal(err))
			return
		}
		if answer != nil {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_ = json.NewEncoder(w).Encode(answer) // the client went away: there is nobody to tell
		}
	}
}

// commons returns the commons that a request is about.
func (s *Server) commons(r *http.Request) (*node.Commons, error) {
	return s.node.Commons(r.URL.Query().Get("commons"))
}

// read decodes the body of a request.
func read[T any](r *http.Request) (in T, err error) {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		return in, refuse(CodeBadRequest, err.Error())
	}
	return in, nil
}

// refusal finds the code for what a node refuses.
func refusal(err error) error {
	var known *Error
	var field *commons.FieldError
	var ambiguous *node.AmbiguousError
	var refused gate.Refusal
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &field):
		return fieldRefusal(field)
	case errors.As(err, &ambiguous):
		return refuse(CodeAmbiguous, ambiguous.Text, fmt.Sprint(ambiguous.Count))
	case errors.As(err, &refused):
		return refuse(CodeJoinRefused, reason(refused))
	case errors.Is(err, gate.ErrCutOff):
		return refuse(CodeBadInvite, "truncated")
	case errors.Is(err, gate.ErrMistyped):
		return refuse(CodeBadInvite, "checksum")
	case errors.Is(err, gate.ErrNotInvitation):
		return refuse(CodeBadInvite)
	case errors.Is(err, gate.ErrNewer):
		return refuse(CodeBadInvite, "newer")
	case errors.Is(err, gate.ErrWelcome), errors.Is(err, transport.ErrPeerMismatch):
		return refuse(CodeJoinRefused, "impostor")
	case errors.Is(err, transport.ErrUnreachable), errors.Is(err, transport.ErrRefused), errors.Is(err, node.ErrOffline):
		return refuse(CodeUnreachable, "invitation")
	case errors.Is(err, blob.ErrInvalid), errors.Is(err, blob.ErrAbsent):
		return refuse(CodeNoFile)
	case errors.Is(err, blob.ErrTooLarge):
		return refuse(CodeTooLarge, fmt.Sprint(blob.MaxSize>>20))
	case errors.Is(err, valise.ErrNotValise):
		return refuse(CodeNotValise)
	case errors.Is(err, valise.ErrForeign):
		return refuse(CodeForeignValise)
	case errors.Is(err, valise.ErrNewer):
		return refuse(CodeNewerValise)
	case errors.Is(err, valise.ErrIncomplete), errors.Is(err, valise.ErrDamaged):
		return refuse(CodeCutValise)
	case errors.Is(err, node.ErrNoCommons):
		return refuse(CodeNoCommons)
	case errors.Is(err, node.ErrNotAllowed):
		return refuse(CodeNotAllowed, "steward")
	case errors.Is(err, replica.ErrEnded):
		return refuse(CodeNotAllowed, "ended")
	case errors.Is(err, replica.ErrNoWriter):
		return refuse(CodeNotAllowed, "member")
	case errors.Is(err, storage.ErrFull):
		return refuse(CodeDiskFull)
	case errors.Is(err, editing.ErrRequest):
		return refuse(CodeBadRequest, err.Error())
	case errors.Is(err, node.ErrVersionGone):
		return refuse(CodeVersionGone)
	case errors.Is(err, node.ErrSplices):
		return refuse(CodeSplices)
	case errors.Is(err, commons.ErrRemoved):
		return refuse(CodeRemoved)
	case errors.Is(err, commons.ErrThere):
		return refuse(CodeThere)
	case errors.Is(err, commons.ErrAssign):
		return refuse(CodeBadRequest, err.Error())
	case errors.Is(err, commons.ErrVersions):
		return refuse(CodeNoVersions)
	}
	return &Error{Code: CodeInternal, Detail: err.Error()}
}

func fieldRefusal(e *commons.FieldError) error {
	switch {
	case errors.Is(e, commons.ErrField):
		return refuse(CodeNoField, e.Kind, e.Field, joined(e.Known))
	case errors.Is(e, commons.ErrBound):
		return refuse(CodeFieldLimit, e.Field, fmt.Sprint(e.Limit), e.Unit)
	case errors.Is(e, commons.ErrMissing):
		return refuse(CodeMissing, e.Kind, e.Field)
	case errors.Is(e, commons.ErrOrder):
		return refuse(CodeOrder)
	case errors.Is(e, commons.ErrBoth):
		return refuse(CodeBoth, e.Field)
	}
	return refuse(CodeBadField, e.Field, e.Text, e.Want)
}

// reason names why a newcomer is refused.
func reason(r gate.Refusal) string {
	switch r {
	case gate.RefusedUnknown:
		return "unknown"
	case gate.RefusedProof, gate.RefusedMalformed:
		return "proof"
	case gate.RefusedRevoked:
		return "revoked"
	case gate.RefusedUsedUp:
		return "used"
	case gate.RefusedExpired:
		return "expired"
	case gate.RefusedNotHere:
		return "door"
	case gate.RefusedRemoved:
		return "removed"
	case gate.RefusedBusy:
		return "busy"
	}
	return r.Error()
}
