package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

// A stand is where requests come in: a side, with the address that they reach.
type stand struct {
	name   string
	on     side
	local  string // address and port of this machine
	remote string
	hosts  []string // by which the pages may be asked for
}

var stands = []stand{
	{"this machine", loopback, "127.0.0.1:7380", "127.0.0.1:50000", []string{"127.0.0.1:7380", "localhost:7380"}},
	{"the Wi-Fi", plain, "192.0.2.10:7380", "192.0.2.77:50000", []string{"192.0.2.10:7380", "fabrique.lan:7380"}},
	{"TLS", secure, "192.0.2.10:7381", "192.0.2.77:50000", []string{"192.0.2.10:7381", "fabrique.lan:7381"}},
}

// guarded is a place that is reached from all sides.
func guarded(t testing.TB) *site {
	s := newSite(t)
	s.s.o.Names = []string{"fabrique.lan"}
	return s
}

// A try is a request as somebody could send it.
type try struct {
	host, origin, fetch, method, kind, cookie, body string
}

// send sends a request to a stand, and returns the answer.
func (st stand) send(s *Server, x try) *httptest.ResponseRecorder {
	r := &http.Request{
		Method: x.method, Host: x.host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: st.remote, RequestURI: "/language",
		Header: http.Header{}, Body: http.NoBody,
	}
	r.URL = httptest.NewRequest(http.MethodGet, "/language", nil).URL
	if x.body != "" {
		r = httptest.NewRequest(http.MethodPost, "/language", strings.NewReader(x.body))
		r.Method, r.Host, r.RemoteAddr = x.method, x.host, st.remote
	}
	for name, value := range map[string]string{"Origin": x.origin, "Sec-Fetch-Site": x.fetch, "Content-Type": x.kind, "Cookie": x.cookie} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if st.on == secure {
		r.TLS = &tls.ConnectionState{}
	} else {
		r.TLS = nil
	}
	local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(st.local))
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
	s.pace.of = nil // each comes after a pause
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// changed tells whether the request changed anything: the language was chosen.
func changed(w *httptest.ResponseRecorder) bool {
	return slices.ContainsFunc(w.Result().Cookies(), func(c *http.Cookie) bool { return c.Name == languageCookie })
}

// forged tells whether a browser would send this without one of these pages
// having asked for it, as simply as it can be said.
func (st stand) forged(x try, token bool) bool {
	own := slices.Contains(st.hosts, x.host)
	scheme := "http://"
	if st.on == secure {
		scheme = "https://"
	}
	kind, _, _ := strings.Cut(strings.ToLower(x.kind), ";")
	form := slices.Contains([]string{"application/x-www-form-urlencoded", "multipart/form-data"}, strings.TrimSpace(kind))
	says := x.origin != "" || x.fetch != ""
	honest := (x.origin == "" || x.origin == scheme+x.host) && (x.fetch == "" || x.fetch == "same-origin")
	return !own || !form || !says || !honest || x.method != http.MethodPost || !token
}

// Of all requests that could be sent, those and only those are carried out that
// a form on one of these pages makes.
func TestNoForgedRequest(t *testing.T) {
	s := guarded(t)
	count, let := 0, 0
	for _, st := range stands {
		cookie, token := s.cookieOn(t, st)
		hosts := append(slices.Clone(st.hosts),
			"evil.example", "evil.local:7380", "fabrique.lan.evil.example:7380", "evil-fabrique.lan:7380", "192.0.2.10", "192.0.2.10:80", "192.0.2.11:7380",
			"127.0.0.1.evil.example:7380", "localhost.evil.example:7380", "[::ffff:192.0.2.10]:7380", "192.0.2.10:7380@evil.example", "0:7380", "")
		for _, host := range hosts {
			scheme := map[bool]string{true: "https://", false: "http://"}[st.on == secure]
			other := map[bool]string{true: "http://", false: "https://"}[st.on == secure]
			for _, origin := range []string{"", scheme + host, other + host, "null", "http://evil.example", scheme + host + ".evil.example"} {
				for _, fetch := range []string{"", "same-origin", "same-site", "cross-site", "none"} {
					for _, method := range []string{"GET", "POST", "PUT", "OPTIONS", "post"} {
						for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "application/json"} {
							for i, with := range []struct{ cookie, token string }{{"", ""}, {cookie, token}, {cookie, ""}, {cookie, "x" + token[1:]}} {
								if i > 1 && !slices.Contains(st.hosts, host) {
									break // no token makes up for the host
								}
								x := try{host, origin, fetch, method, kind, with.cookie, "lang=en&back=/&token=" + with.token}
								w := st.send(s.s, x)
								count++
								want := !st.forged(x, with.cookie == "" || with.token == token)
								if got := changed(w); got != want {
									t.Fatalf("%s: %+v was carried out: %v, want %v (%d)", st.name, x, got, want, w.Code)
								}
								if want {
									let++
								}
								if !slices.Contains(st.hosts, host) && w.Code != http.StatusMisdirectedRequest {
									t.Fatalf("%s: host %q is answered with %d, want %d", st.name, host, w.Code, http.StatusMisdirectedRequest)
								}
								if h := w.Header(); h.Get("Access-Control-Allow-Origin") != "" || h.Get("Access-Control-Allow-Credentials") != "" {
									t.Fatalf("%s: %+v is answered with CORS headers", st.name, x)
								}
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d requests, of which %d are a page's own", count, let)
	if let == 0 {
		t.Error("no request at all is carried out")
	}
}

// cookieOn begins a session on a stand.
func (s *site) cookieOn(t testing.TB, st stand) (cookie, token string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = st.hosts[0]
	w := httptest.NewRecorder()
	begun, err := s.s.sessions.start(w, r, st.on, s.commons.Person(), false)
	if err != nil {
		t.Fatal(err)
	}
	c := w.Result().Cookies()[0]
	return c.Name + "=" + c.Value, begun.Token
}

// An address of this machine is one of it where the connection came to that
// address, and nowhere else.
func TestHostIsWhereOneCame(t *testing.T) {
	s := guarded(t)
	moved := stands[1]
	moved.local = "192.0.2.99:7380"
	for host, want := range map[string]bool{"192.0.2.99:7380": true, "fabrique.lan:7380": true, "FABRIQUE.lan:7380": true, "192.0.2.10:7380": false, "localhost:7380": false, "127.0.0.1:7380": false} {
		w := moved.send(s.s, try{host: host, method: http.MethodGet})
		if got := w.Code != http.StatusMisdirectedRequest; got != want {
			t.Errorf("host %s is ours: %v, want %v", host, got, want)
		}
	}
}

// Cookies are as they should be on each side.
func TestCookies(t *testing.T) {
	s := guarded(t)
	for _, st := range stands {
		for _, shared := range []bool{false, true} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host = st.hosts[0]
			w := httptest.NewRecorder()
			if _, err := s.s.sessions.start(w, r, st.on, s.commons.Person(), shared); err != nil {
				t.Fatal(err)
			}
			c := w.Result().Cookies()[0]
			age := map[side]int{loopback: 30 * 24 * 3600, plain: 12 * 3600, secure: 30 * 24 * 3600}[st.on]
			if shared {
				age = 0
			}
			if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure != (st.on == secure) || c.MaxAge != age {
				t.Errorf("%s, shared %v: %s", st.name, shared, c.Raw)
			}
			if want := map[bool]string{true: "__Host-s", false: "s-"}[st.on == secure]; !strings.HasPrefix(c.Name, want) {
				t.Errorf("%s: it is called %s", st.name, c.Name)
			}
		}
	}
	one := httptest.NewRequest(http.MethodGet, "http://192.0.2.10:7380/", nil)
	two := httptest.NewRequest(http.MethodGet, "http://192.0.2.10:7480/", nil)
	if cookieName(one, plain) == cookieName(two, plain) {
		t.Error("two nodes on one machine take each other's cookies")
	}
}

// A session of one side counts on no other, signing in ends the one before,
// signing out ends it for good, and it is over in time.
func TestSessions(t *testing.T) {
	s := guarded(t)
	for _, st := range stands {
		cookie, token := s.cookieOn(t, st)
		for _, other := range stands {
			w := other.send(s.s, try{host: other.hosts[0], method: http.MethodPost, origin: map[bool]string{true: "https://", false: "http://"}[other.on == secure] + other.hosts[0],
				kind: "application/x-www-form-urlencoded", cookie: cookie, body: "lang=en&token=" + token + "x"})
			// With a session the wrong token is refused; without one there is none.
			if got, want := w.Code == http.StatusForbidden, other.on == st.on; got != want {
				t.Errorf("a session of %s counts from %s: %v, want %v", st.name, other.name, got, want)
			}
		}
	}
	b := s.as(s.commons.Person())
	b.get("/help", http.StatusOK)
	jar := b.client.Jar
	b.post("/logout", http.StatusOK)
	b.client.Jar = jar
	b.get("/help", http.StatusForbidden)
}

func TestHeaders(t *testing.T) {
	s := newSite(t)
	want := map[string]string{
		"Content-Security-Policy":      "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cache-Control":                "no-store",
	}
	for path, code := range map[string]int{"/": 200, "/nowhere": 404, "/help": 403, "/static/navette.css": 404, "/static/" + versions["navette.css"] + "/navette.css": 200} {
		resp, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != code {
			t.Errorf("%s answers %d, want %d", path, resp.StatusCode, code)
		}
		wanted := maps.Clone(want)
		if code == 200 && strings.HasPrefix(path, "/static/") {
			wanted["Cache-Control"] = "public, max-age=31536000, immutable"
		}
		for name, value := range wanted {
			if got := resp.Header.Get(name); got != value {
				t.Errorf("%s: %s: %q, want %q", path, name, got, value)
			}
		}
		if server := resp.Header.Get("Server"); server != "" {
			t.Errorf("%s says what serves it: %s", path, server)
		}
	}
}

// What exists on each side stands in testdata/routes.txt: read the diff.
func TestRoutes(t *testing.T) {
	s := newSite(t)
	var list strings.Builder
	for _, on := range sides {
		mux := s.s.mux(on)
		fmt.Fprintf(&list, "%s\n", on)
		routes := slices.Clone(s.s.routes)
		slices.SortFunc(routes, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
		for _, r := range routes {
			if r.needs == 0 || r.from == 0 {
				t.Errorf("%s %s forgets who may ask, or from where", r.method, r.path)
			}
			if r.needs == steward && r.from != trusted {
				t.Errorf("%s %s is a steward's, and answers on plain HTTP", r.method, r.path)
			}
			q := httptest.NewRequest(r.method, strings.NewReplacer("{id}", "0").Replace(r.path), nil)
			_, pattern := mux.(*http.ServeMux).Handler(q)
			there := pattern == r.method+" "+exact(r.path)
			if there != r.from.has(on) {
				t.Errorf("%v: %s %s exists: %v", on, r.method, r.path, there)
			}
			if there {
				fmt.Fprintf(&list, "\t%s %s %s\n", r.method, r.path, [...]string{anybody: "anybody", member: "member", steward: "steward"}[r.needs])
			}
		}
	}
	const golden = "testdata/routes.txt"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(list.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if list.String() != string(want) {
		t.Errorf("the routes aren't those of %s (UPDATE=1 rewrites it):\n%s", golden, list.String())
	}
}

// Health and metrics are this machine's own.
func TestLoopbackOnly(t *testing.T) {
	s := guarded(t)
	s.s.o.Loopback = map[string]http.Handler{"GET /metrics": http.NotFoundHandler()}
	for _, st := range stands {
		q := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		_, pattern := s.s.mux(st.on).(*http.ServeMux).Handler(q)
		if got := pattern == "GET /metrics"; got != (st.on == loopback) {
			t.Errorf("%s: metrics are there: %v", st.name, got)
		}
	}
}

func FuzzHostOriginMatrix(f *testing.F) {
	for _, st := range stands {
		f.Add(st.hosts[0], "http://"+st.hosts[0], "same-origin", "POST", "application/x-www-form-urlencoded")
		f.Add("evil.local:7380", "null", "cross-site", "POST", "text/plain")
	}
	f.Add("[::1]:7380", "http://[::1]:7380", "", "POST", "multipart/form-data; boundary=x")
	s := guarded(f)
	f.Fuzz(func(t *testing.T, host, origin, fetch, method, kind string) {
		for _, st := range stands {
			x := try{host, origin, fetch, method, kind, "", "lang=en"}
			if changed(st.send(s.s, x)) && st.forged(x, true) && !loopbackHost(st, host) {
				t.Errorf("%s: %+v was carried out", st.name, x)
			}
		}
	})
}

// loopbackHost tells whether it is this machine by another of its own numbers.
func loopbackHost(st stand, host string) bool {
	name, port := splitHost(host)
	return st.on == loopback && port == "7380" && (isLoopback(name) || strings.EqualFold(name, "fabrique.lan")) || strings.EqualFold(host, st.hosts[1])
}

func FuzzCookieSession(f *testing.F) {
	f.Add("s-00000000=x")
	f.Add("__Host-s=; s-1=2; lang=en")
	f.Add("lang=\"; \x00=\xff")
	s := guarded(f)
	for _, st := range stands {
		s.cookieOn(f, st)
	}
	f.Fuzz(func(t *testing.T, cookie string) {
		for _, st := range stands {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host = st.hosts[0]
			r.Header.Set("Cookie", cookie)
			if got := s.s.sessions.find(r, st.on); got != nil {
				t.Errorf("%s: %q is the session of %v", st.name, cookie, got.Person)
			}
		}
	})
}
