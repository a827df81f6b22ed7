package web

import (
	"net/http"
	"testing"
)

func TestHomeCounts(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.shows(v.get("/", http.StatusOK), "Bienvenue à La Fabrique", "Pas encore d&#39;outils")
	s.add("tool", "name=Perceuse")
	s.add("tool", "name=Scie")
	v.shows(v.get("/", http.StatusOK), "2 outils")
	v.shows(v.get("/nowhere", http.StatusNotFound), "Il n&#39;y a rien ici")
}

// The language is the one chosen, else the browser's, else French.
func TestLanguage(t *testing.T) {
	s := newSite(t)
	tests := []struct{ name, accept, want string }{
		{"nothing said", "", `<html lang="fr"`},
		{"English first", "en-GB,en;q=0.9,fr;q=0.5", `<html lang="en"`},
		{"French preferred", "en;q=0.3,fr-CH;q=0.8", `<html lang="fr"`},
		{"neither", "de,nl;q=0.5", `<html lang="fr"`},
		{"nonsense", ";;q=x,=,en;q=-1", `<html lang="fr"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := s.visitor()
			r, err := http.NewRequest(http.MethodGet, v.url+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept-Language", tt.accept)
			v.shows(v.do(r, http.StatusOK), tt.want)
		})
	}
	v := s.visitor()
	v.shows(v.post("/language", http.StatusOK, "lang=en", "back=/"), `<html lang="en"`, "Welcome to La Fabrique")
	v.shows(v.get("/", http.StatusOK), `<html lang="en"`)
}

// A form never leads out of the site.
func TestLocal(t *testing.T) {
	for path, want := range map[string]string{
		"/agenda?day=2026-11-24": "/agenda?day=2026-11-24",
		"":                       "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "/a\r\nSet-Cookie: x=y": "/", "agenda": "/",
	} {
		if got := local(path); got != want {
			t.Errorf("local(%q) = %q, want %q", path, got, want)
		}
	}
}
