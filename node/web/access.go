package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Access is how the people of this machine come in: what `navette web` shows.
type Access struct {
	Pages []string `json:"pages"`
	// SetupCode opens the set-up, as long as it isn't done.
	SetupCode string `json:"setup_code,omitempty"`
	// Code signs in this node's own person, once, within five minutes; Link is
	// the page that it is typed into, and carries it for machines to read.
	Code string `json:"code,omitempty"`
	Link string `json:"link"`
	// Certificate is what the certificate looks like, in four words, and Digits
	// the sha2-256 that browsers show; "" without TLS.
	Certificate string `json:"certificate,omitempty"`
	Digits      string `json:"digits,omitempty"`
}

// Access makes a code for this node's own person, or says the set-up code.
func (s *Server) Access() Access {
	a := Access{SetupCode: s.SetupCode()}
	if s.o.Pages != nil {
		a.Pages = s.o.Pages()
	}
	if s.o.Certificate != nil {
		a.Certificate, a.Digits = CertificateMark(*s.o.Certificate)
	}
	page := ""
	for _, p := range a.Pages {
		// The set-up is for a phone, without a browser's warning; stewards act
		// from this machine.
		if page == "" || a.SetupCode != "" && strings.HasPrefix(page, "https:") || a.SetupCode == "" && isLocalPage(p) {
			page = p
		}
	}
	if a.SetupCode != "" {
		a.Link = page + "setup#" + a.SetupCode
		return a
	}
	if all := s.node.All(); len(all) > 0 {
		c := s.passes.give(time.Now(), all[0].Person())
		a.Code, a.Link = c.Short, page+"code#"+c.Long
	}
	return a
}

// AccessHandler answers with Access, to whoever may open the node's socket.
func (s *Server) AccessHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(s.Access()) // the client went away: there is nobody to tell
	})
}
