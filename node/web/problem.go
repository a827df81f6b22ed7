package web

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"navette/crdt/commons"
	"navette/node"
	"navette/node/replica"
	"navette/storage"
)

// A problem is what is shown to a person instead of what they asked for: the
// text of key says what is wrong, that of key.hint what can be done.
type problem struct {
	status int
	key    string
	args   []any
	err    error // what led to it; nil if nothing else did
}

func (p *problem) Error() string { return fmt.Sprint(p.key, p.args) }

func (p *problem) Unwrap() error { return p.err }

// problemOf puts an error into words.
func problemOf(err error) *problem {
	var known *problem
	var field *commons.FieldError
	var ambiguous *node.AmbiguousError
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &field):
		return fieldProblem(field)
	case errors.As(err, &ambiguous):
		return &problem{http.StatusNotFound, "problem.ambiguous", []any{ambiguous.Text, ambiguous.Count}, err}
	case errors.As(err, &long):
		return &problem{http.StatusRequestEntityTooLarge, "problem.large", nil, err}
	case errors.Is(err, node.ErrNotFound), errors.Is(err, node.ErrNoVersion), errors.Is(err, storage.ErrNotFound):
		return &problem{http.StatusNotFound, "problem.nothing", nil, err}
	case errors.Is(err, node.ErrNoCommons):
		return &problem{http.StatusServiceUnavailable, "problem.no_commons", nil, err}
	case errors.Is(err, node.ErrNotAllowed):
		return &problem{http.StatusForbidden, "problem.steward", nil, err}
	case errors.Is(err, replica.ErrEnded):
		return &problem{http.StatusForbidden, "problem.ended", nil, err}
	case errors.Is(err, replica.ErrNoWriter):
		return &problem{http.StatusForbidden, "problem.member", nil, err}
	case errors.Is(err, storage.ErrFull):
		return &problem{http.StatusInsufficientStorage, "problem.full", nil, err}
	case errors.Is(err, commons.ErrRemoved):
		return &problem{http.StatusConflict, "problem.removed", nil, err}
	case errors.Is(err, commons.ErrThere):
		return &problem{http.StatusConflict, "problem.there", nil, err}
	case errors.Is(err, commons.ErrVersions):
		return &problem{http.StatusConflict, "problem.versions", nil, err}
	case errors.Is(err, node.ErrStopped):
		return &problem{http.StatusServiceUnavailable, "problem.stopped", nil, err}
	}
	return &problem{http.StatusInternalServerError, "problem.internal", nil, err}
}

func fieldProblem(e *commons.FieldError) *problem {
	p := &problem{http.StatusUnprocessableEntity, "problem.field", []any{e.Field, e.Text}, e}
	switch {
	case errors.Is(e, commons.ErrBound):
		p.key, p.args = "problem.long", []any{e.Field, e.Limit}
	case errors.Is(e, commons.ErrMissing):
		p.key = "problem.missing"
	case errors.Is(e, commons.ErrOrder):
		p.key = "problem.order"
	}
	return p
}

// problemPage is what the page of a problem shows.
type problemPage struct {
	Status int
	What   string
	Hint   string // "" if nothing can be done
	Typed  []typed
}

// typed is something that a person had typed.
type typed struct{ Name, Text string }

// secretFields aren't shown again.
var secretFields = []string{"token", "back", "pin", "pin2", "old", "code"}

// fail shows an error to the person.
func (v *visit) fail(err error) {
	if errors.Is(err, context.Canceled) && v.Context().Err() != nil {
		return // the browser went away
	}
	p := problemOf(err)
	if p.status == http.StatusInternalServerError {
		v.s.o.Log.Error("a page failed", "method", v.Method, "path", v.URL.Path, "err", err)
	}
	page := problemPage{Status: p.status, What: v.say.text(p.key, p.args...)}
	if _, ok := words[p.key+".hint"]; ok {
		page.Hint = v.say.text(p.key+".hint", p.args...)
	}
	for name, values := range v.PostForm {
		if text := strings.Join(values, "\n"); text != "" && !slices.Contains(secretFields, name) {
			page.Typed = append(page.Typed, typed{name, text})
		}
	}
	slices.SortFunc(page.Typed, func(a, b typed) int { return strings.Compare(a.Name, b.Name) })
	if err := v.renderAs(p.status, "problem", page); err != nil {
		v.s.o.Log.Error("the page of a problem failed", "err", err)
		http.Error(v.w, page.What, p.status)
	}
}

// show shows a problem before it is known who asks.
func (s *Server) show(w http.ResponseWriter, r *http.Request, p *problem) {
	s.visit(w, r, sideOf(r)).fail(p)
}

// answer answers a request that found its route.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, on side, to route) {
	v := s.visit(w, r, on)
	if s.SetupCode() != "" && to.path != setupPath && to.path != "/language" {
		_ = v.goTo(setupPath)
		return
	}
	if err := v.allowed(to); err != nil {
		v.fail(err)
		return
	}
	if err := to.do(v); err != nil {
		v.fail(err)
	}
}

// allowed tells whether the person may have the route answer. Who may not hand
// in a file isn't listened to until its end.
func (v *visit) allowed(to route) error {
	lacks := v.lacks(to.needs)
	if v.Method == http.MethodPost && (lacks == nil || roomFor(v.URL.Path) < maxTable) {
		if err := v.readForm(); err != nil {
			return err
		}
		if !v.tokenHolds() {
			return &problem{status: http.StatusForbidden, key: "problem.token"}
		}
	}
	return lacks
}

// lacks says what a person would have to be; nil if they are.
func (v *visit) lacks(needs need) error {
	if needs.met(v.role) {
		return nil
	}
	p := &problem{status: http.StatusForbidden, key: "problem.member"}
	switch {
	case v.session == nil:
		p.key = "problem.sign_in"
	case v.waiting():
		p.key = "problem.waiting"
	case needs == steward:
		p.key = "problem.steward"
	}
	return p
}

// waiting tells whether the person has yet to be let in.
func (v *visit) waiting() bool {
	a := v.s.book.of(v.session.Person)
	return a != nil && a.Asked != nil
}

// readForm reads what a form brought.
func (v *visit) readForm() error {
	if roomFor(v.URL.Path) > maxForm {
		// A server that can't be told has no limit.
		_ = http.NewResponseController(v.w).SetReadDeadline(v.now.Add(filesTake))
	}
	err := v.ParseForm()
	if kind, _, _ := mime.ParseMediaType(v.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" {
		err = v.ParseMultipartForm(min(roomFor(v.URL.Path), maxTable)) // what is more goes to the disk
	}
	var long *http.MaxBytesError
	if err != nil && !errors.As(err, &long) {
		err = &problem{http.StatusBadRequest, "problem.form", nil, err}
	}
	return err
}
