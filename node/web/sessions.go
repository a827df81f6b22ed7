package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"navette/crdt/oplog"
	"navette/node"
	"navette/node/durable"
)

// How long a session lasts: on this machine and over TLS as long as it is used
// once a month; half a day where others could read the cookie, and on a phone
// that several people use.
const (
	longSession  = 30 * 24 * time.Hour
	shortSession = 12 * time.Hour
	// touched is how much later a session must be used for its file to be
	// written anew: an SD card needn't learn of every page.
	touched = 24 * time.Hour
	// maxSessions bounds what is kept; the one unused for longest goes.
	maxSessions = 2000
)

// A session is a person who signed in with a browser. Sessions are kept here
// and not in the cookie, which is a random name, so that signing out ends
// them. They are kept in a file, since plugs get pulled, which is written when
// somebody comes or goes: a library would write it at every request, and an SD
// card lives by the number of writes.
type session struct {
	Person oplog.Key
	// Token is in every form made for the session.
	Token string
	Side  side
	// Shared: others use the same browser.
	Shared      bool
	Since, Seen time.Time
	// For is whom the person helps: what is done then is done on behalf of
	// them. Nil: nobody.
	For *oplog.Key `json:",omitempty"`
}

// author is in whose name the session writes.
func (s *session) author() node.Author { return node.Author{Person: s.Person, OnBehalf: s.For} }

func (s *session) over(now time.Time) bool {
	if s.Shared || s.Side == plain {
		return now.Sub(s.Since) > shortSession
	}
	return now.Sub(s.Seen) > longSession
}

// sessions are those of all browsers, by the hash of their cookie: whoever
// reads the file can't act with it.
type sessions struct {
	path string

	mu  sync.Mutex // guards all
	all map[string]*session
}

// openSessions reads the sessions that were kept; none, if they can't be read:
// people sign in again.
func openSessions(dir string) *sessions {
	s := &sessions{path: filepath.Join(dir, "web-sessions.json"), all: map[string]*session{}}
	if _, err := durable.ReadJSON(s.path, &s.all); err != nil || s.all == nil {
		s.all = map[string]*session{}
	}
	return s
}

// cookieName is what the cookie is called on a side. Browsers send a cookie to
// every port of a host, so it says of which it is.
func cookieName(r *http.Request, on side) string {
	if on == secure {
		return "__Host-s"
	}
	_, port := splitHost(r.Host)
	hash := sha256.Sum256([]byte(port))
	return "s-" + hex.EncodeToString(hash[:4])
}

func hashed(cookie string) string {
	h := sha256.Sum256([]byte(cookie))
	return hex.EncodeToString(h[:])
}

// find returns the session of a request; nil if it has none.
func (s *sessions) find(r *http.Request, on side) *session {
	c, err := r.Cookie(cookieName(r, on))
	if err != nil || len(c.Value) > 128 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.all[hashed(c.Value)]
	now := time.Now()
	if found == nil || found.Side != on || found.over(now) {
		return nil
	}
	if now.Sub(found.Seen) > touched {
		found.Seen = now
		s.save()
	}
	copied := *found
	return &copied
}

// start begins a session, in place of the one that the browser had, and gives
// it its cookie.
func (s *sessions) start(w http.ResponseWriter, r *http.Request, on side, person oplog.Key, shared bool) (*session, error) {
	now := time.Now()
	begun := &session{Person: person, Token: secret(), Side: on, Shared: shared, Since: now, Seen: now}
	cookie := secret()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(r, on)
	s.thin(now)
	s.all[hashed(cookie)] = begun
	if err := s.save(); err != nil {
		delete(s.all, hashed(cookie))
		return nil, err
	}
	c := &http.Cookie{Name: cookieName(r, on), Value: cookie, Path: "/", HttpOnly: true, Secure: on == secure, SameSite: http.SameSiteStrictMode}
	switch {
	case shared: // gone when the browser is closed
	case on == plain:
		c.MaxAge = int(shortSession / time.Second)
	default:
		c.MaxAge = int(longSession / time.Second)
	}
	http.SetCookie(w, c)
	copied := *begun
	return &copied, nil
}

// end ends the browser's session and takes its cookie back.
func (s *sessions) end(w http.ResponseWriter, r *http.Request, on side) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(r, on)
	http.SetCookie(w, &http.Cookie{Name: cookieName(r, on), Path: "/", MaxAge: -1, HttpOnly: true, Secure: on == secure, SameSite: http.SameSiteStrictMode})
	return s.save()
}

// helps makes the session of a request act for somebody, or, with nil, for
// nobody else any more.
func (s *sessions) helps(r *http.Request, on side, person *oplog.Key) error {
	c, err := r.Cookie(cookieName(r, on))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.all[hashed(c.Value)]; x != nil {
		x.For = person
	}
	return s.save()
}

// endAll ends all sessions of a person.
func (s *sessions) endAll(person oplog.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.all, func(_ string, x *session) bool { return x.Person == person })
	return s.save()
}

// forget drops the session of a request. The caller holds mu.
func (s *sessions) forget(r *http.Request, on side) {
	if c, err := r.Cookie(cookieName(r, on)); err == nil {
		delete(s.all, hashed(c.Value))
	}
}

// thin drops what is over, and of too many the one unused for longest. The
// caller holds mu.
func (s *sessions) thin(now time.Time) {
	maps.DeleteFunc(s.all, func(_ string, x *session) bool { return x.over(now) })
	for len(s.all) >= maxSessions {
		oldest := ""
		for name, x := range s.all {
			if oldest == "" || x.Seen.Before(s.all[oldest].Seen) {
				oldest = name
			}
		}
		delete(s.all, oldest)
	}
}

// save writes the sessions down. The caller holds mu.
func (s *sessions) save() error { return durable.WriteJSON(s.path, s.all) }

// secret is a random name that nobody guesses: 128 bits.
func secret() string { return rand.Text() }
