package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/storage/memkv"
)

// A site is a node with a commons, and its pages on loopback.
type site struct {
	t       testing.TB
	s       *Server
	commons *node.Commons
	url     string
	disk    *memkv.DB
}

// newSite makes a place, "La Fabrique", whose steward is Ana.
func newSite(t testing.TB) *site {
	t.Helper()
	s := newNode(t)
	err := s.s.book.edit(func(in *bookFile) error { in.SetUp, in.WiFi = true, onlyUs; return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.commons, err = s.s.node.SetUp(t.Context(), "Communs du Boulonnais", "La Fabrique", "Ana")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newNode makes a node as it is when it was started for the first time.
func newNode(t testing.TB) *site {
	t.Helper()
	disk := memkv.New(memkv.Options{})
	n, err := node.Open(node.Options{Dir: t.TempDir(), Store: disk})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- n.Run(ctx, node.Links{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	if _, err := n.Found(t.Context(), "Communs de vm", "vm", "root", true); err != nil {
		t.Fatal(err)
	}
	s, err := New(n, Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &site{t: t, s: s, url: server.URL, disk: disk}
}

// add adds a resource, as FIELD=VALUE, in the name of Ana.
func (s *site) add(kind string, fields ...string) crdt.ID {
	s.t.Helper()
	id := commons.DerivedID(kind, strings.Join(fields, "\n"))
	var in []commons.Assign
	for _, f := range fields {
		a, err := commons.ParseAssign(f)
		if err != nil {
			s.t.Fatal(err)
		}
		in = append(in, a)
	}
	_, err := s.commons.Write(s.t.Context(), func() ([][]crdt.Edit, error) { return commons.Add(id, kind, in, s.commons.Env()) })
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// A browser is somebody who looks at the site.
type browser struct {
	*site
	client *http.Client
	token  string
}

// visitor returns a browser of somebody without an account.
func (s *site) visitor() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{site: s, client: &http.Client{Jar: jar}}
}

// as returns the browser of a person who has signed in.
func (s *site) as(person oplog.Key) *browser {
	s.t.Helper()
	b := s.visitor()
	u, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, s.url, nil)
	begun, err := s.s.sessions.start(w, r, loopback, person, false)
	if err != nil {
		s.t.Fatal(err)
	}
	b.client.Jar.SetCookies(u, w.Result().Cookies())
	b.token = begun.Token
	return b
}

// get asks for a page, in French, and returns what is shown.
func (b *browser) get(path string, want int) string {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r, want)
}

// post sends a form as a browser does, and follows where it leads.
func (b *browser) post(path string, want int, fields ...string) string {
	b.t.Helper()
	form := url.Values{"token": {b.token}}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		form.Add(name, value)
	}
	r, err := http.NewRequest(http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r, want)
}

func (b *browser) do(r *http.Request, want int) string {
	b.t.Helper()
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != want {
		b.t.Fatalf("%s %s answered %d, want %d: %s", r.Method, r.URL.Path, resp.StatusCode, want, text(string(body)))
	}
	return string(body)
}

var tokens = regexp.MustCompile(`name="token" value="([^"]+)"`)

// signsIn signs in on the page.
func (b *browser) signsIn(name, pin string) {
	b.t.Helper()
	b.took(b.post("/login", http.StatusOK, "name="+name, "pin="+pin, "back=/"))
}

// took takes the token of the session from a page.
func (b *browser) took(page string) {
	b.t.Helper()
	m := tokens.FindStringSubmatch(page)
	if m == nil {
		b.t.Fatalf("nobody is signed in: %s", text(page))
	}
	b.token = m[1]
}

var markup = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`)

// text is what a page says.
func text(page string) string {
	return strings.Join(strings.Fields(markup.ReplaceAllString(page, " ")), " ")
}

func (b *browser) shows(page string, want ...string) {
	b.t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			b.t.Errorf("the page doesn't show %q: %s", w, text(page))
		}
	}
}

// onWiFi is the same site as a phone on the place's Wi-Fi sees it: at another
// address than this machine's own, which here a proxy stands for.
func (s *site) onWiFi() *site {
	s.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "192.0.2.77:40000"
		s.s.ServeHTTP(w, r)
	}))
	s.t.Cleanup(server.Close)
	return &site{t: s.t, s: s.s, commons: s.commons, url: server.URL}
}

// visitOf is a visit of a browser.
func (s *Server) visitOf(b *browser) *visit {
	r := httptest.NewRequest(http.MethodGet, b.url, nil)
	for _, c := range b.client.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	return s.visit(httptest.NewRecorder(), r, loopback)
}

func addTool(id crdt.ID, env commons.Env) func() ([][]crdt.Edit, error) {
	return func() ([][]crdt.Edit, error) {
		return commons.Add(id, "tool", []commons.Assign{{Field: "name", Text: "Perceuse"}}, env)
	}
}
