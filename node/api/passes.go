package api

import (
	"errors"
	"net/http"
	"time"

	"navette/crdt"
	"navette/node"
)

// Pass is what lets a calendar program in: GET /v1/passes lists them, POST
// makes one of Use, Name and Place, DELETE /v1/passes/{id} ends one.
type Pass struct {
	ID    string     `json:"id"`
	Use   string     `json:"use"` // calendar: a password to read and write; link: an address to read
	Name  string     `json:"name"`
	Place string     `json:"place,omitempty"` // of a link: that place's calendar; by id, tag or name when it is made
	Owner string     `json:"owner,omitempty"`
	Made  time.Time  `json:"made"`
	Used  *time.Time `json:"used,omitempty"` // the day
	// Secret and Addresses are there only when it is made. Of a link, the
	// addresses have the secret in them; where nobody serves pages, there are
	// none.
	Secret    string   `json:"secret,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
}

func passOf(c *node.Commons, p node.Pass) Pass {
	out := Pass{ID: p.ID, Use: string(p.Use), Name: p.Name, Owner: c.PersonName(p.Owner()), Made: p.Made}
	if !p.Used.IsZero() {
		out.Used = &p.Used
	}
	if id, err := c.Find("place", p.Calendar); p.Calendar != "" && err == nil {
		out.Place = c.NameOf(id)
	}
	return out
}

func (s *Server) passes(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	out := []Pass{}
	for _, p := range c.Passes() {
		out = append(out, passOf(c, p))
	}
	return out, nil
}

func (s *Server) addPass(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	in, err := read[Pass](r)
	if err != nil {
		return nil, err
	}
	var calendar *crdt.ID
	use := node.PassUse(in.Use)
	switch {
	case use != node.PassCalendar && use != node.PassLink:
		return nil, refuse(CodeBadRequest, in.Use)
	case use == node.PassLink && in.Place != "":
		id, err := c.Find("place", in.Place)
		if err != nil {
			if errors.Is(err, node.ErrNotFound) {
				err = refuse(CodeNotFound, in.Place)
			}
			return nil, err
		}
		calendar = &id
	}
	made, secret, err := c.AddPass(use, c.Person(), in.Name, calendar)
	if err != nil {
		return nil, err
	}
	out := passOf(c, made)
	out.Secret = secret
	path := "dav/"
	if use == node.PassLink {
		path = "cal/" + secret + ".ics"
	}
	for _, page := range s.pages() {
		out.Addresses = append(out.Addresses, page+path)
	}
	return out, nil
}

func (s *Server) revokePass(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	gone, err := c.RevokePass(r.PathValue("id"))
	if errors.Is(err, node.ErrNoPass) {
		return nil, refuse(CodeNotFound, r.PathValue("id"))
	}
	if err != nil {
		return nil, err
	}
	return passOf(c, gone), nil
}
