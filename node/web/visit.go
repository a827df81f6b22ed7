package web

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/node"
)

// A visit is one request to a screen, with all that the screen needs to know
// of who asks.
type visit struct {
	*http.Request
	w       http.ResponseWriter
	s       *Server
	side    side
	say     tongue
	commons *node.Commons // nil until there is one
	session *session      // nil for a visitor
	name    string        // of the person; "" for a visitor
	role    oplog.Role    // what the person may do from here; none for a visitor
	now     time.Time
	tz      *time.Location // see zone; nil until it is asked for
	// mark is where the feed stood before anything was read: what is stored
	// while the page is made is known to be newer.
	mark string
}

// visit finds out who asks.
func (s *Server) visit(w http.ResponseWriter, r *http.Request, on side) *visit {
	v := &visit{Request: r, w: w, s: s, side: on, say: tongueOf(r), now: time.Now()}
	if all := s.node.All(); len(all) > 0 {
		v.commons = all[0]
		v.mark, _ = v.commons.Mark()
	}
	select {
	case s.visited <- struct{}{}:
	default: // it is known
	}
	if v.mayHaveSession() {
		v.session = s.sessions.find(r, on)
	}
	if v.session != nil && v.commons != nil {
		v.role = s.roleOf(v.commons, v.session.Person, on)
		v.name = v.commons.PersonName(v.session.Person)
		if a := s.book.of(v.session.Person); v.name == "" && a != nil {
			v.name = a.Name
		}
	}
	return v
}

// roleOf is what a person may do from a side: stewards act as members where
// others could have read the cookie.
func (s *Server) roleOf(c *node.Commons, person oplog.Key, on side) oplog.Role {
	role := c.RoleOf(person)
	if on == plain || person != c.Person() {
		role = min(role, oplog.RoleMember)
	}
	return role
}

// page is the path and query of the page that is shown, for a form to come
// back to.
func (v *visit) page() string {
	q := v.URL.Query()
	q.Del(saidParam)
	return (&url.URL{Path: v.URL.Path, RawQuery: q.Encode()}).String()
}

// write carries out an intent in the name of the person who asks; who acts for
// somebody else is named beside them. See node.Commons.Write.
func (v *visit) write(intent func() ([][]crdt.Edit, error)) error {
	if v.commons == nil || v.session == nil {
		return &problem{status: http.StatusForbidden, key: "problem.sign_in"}
	}
	_, err := v.commons.WriteAs(v.Context(), v.session.author(), intent)
	return err
}

// back is where a form says that it came from, if that is a page here.
func (v *visit) back() string { return local(v.FormValue("back")) }

// local returns a path of this site; "/" for anything else.
func local(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// tokenHolds tells whether a form was made for this session. Visitors have no
// session and no token: their forms are told by their origin.
func (v *visit) tokenHolds() bool {
	return v.session == nil || subtle.ConstantTimeCompare([]byte(v.FormValue("token")), []byte(v.session.Token)) == 1
}

// chooseLanguage remembers the language that was chosen.
func (v *visit) chooseLanguage() error {
	tag := v.FormValue("lang")
	if l, ok := tongues[tag]; ok {
		v.setLanguage(l)
	}
	return v.goTo(v.back())
}

func (v *visit) setLanguage(l tongue) {
	http.SetCookie(v.w, &http.Cookie{
		Name: languageCookie, Value: l.tag(), Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: v.side == secure, SameSite: http.SameSiteStrictMode,
	})
}

// goTo sends the browser on to another page with a GET.
func (v *visit) goTo(path string) error {
	http.Redirect(v.w, v.Request, path, http.StatusSeeOther)
	return nil
}
