//go:build chromium

package webtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// The browser notices what the tests rely on it to notice: what not everybody
// can use, what is asked of other machines, what a policy blocks, scripts that
// fail, and that JavaScript is off.
func TestNotices(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/bad":
			w.Header().Set("Content-Security-Policy", "script-src 'self'")
			fmt.Fprint(w, `<html><title>x</title><img src="http://tracker.example/pixel.png"><input><p style="color:#aaa;background:#bbb">pale</p><script>document.title = "ran"</script><script src="/fails.js"></script>`)
		case "/fails.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `throw new Error("on purpose")`)
		case "/form":
			fmt.Fprintf(w, `<html lang="%s"><title>form</title><main><h1>Form</h1><form method="post" action="/sent"><label>Name <input name="name"></label><button>Go</button></form><noscript>no scripts</noscript></main>`, r.Header.Get("Accept-Language"))
		case "/sent":
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, `<html lang="en"><title>sent</title><p>%s %s</p>`, r.Method, r.PostFormValue("name"))
		}
	}))
	t.Cleanup(s.Close)
	b := Start(t)

	p := b.Page(t, View{Width: 360, Height: 640})
	p.Open(s.URL + "/bad")
	var rules []string
	for _, v := range p.Axe() {
		rules = append(rules, v.ID)
	}
	for _, want := range []string{"image-alt", "label", "html-has-lang", "color-contrast"} {
		if !slices.Contains(rules, want) {
			t.Errorf("axe finds %v, and not %s", rules, want)
		}
	}
	if !slices.ContainsFunc(p.Requests(), func(r Request) bool { return strings.HasPrefix(r.URL, "http://tracker.example") && r.Status == 0 }) {
		t.Error("a request to another machine goes unnoticed, or was answered")
	}
	said := strings.Join(p.Complaints(), "\n")
	for _, want := range []string{"on purpose", "Content Security Policy"} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing is said of %q: %s", want, said)
		}
	}

	p = b.Page(t, View{NoScript: true, Language: "fr"})
	p.Open(s.URL + "/form")
	p.Shows("no scripts")
	p.TabTo("input")
	p.Type("Zoé")
	p.Press("Tab")
	p.Follow(func() { p.Press("Enter") })
	p.Shows("POST Zoé")
	if got := p.Axe(); len(got) == 0 {
		t.Error("axe finds nothing where JavaScript is off")
	}
}
