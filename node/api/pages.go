package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/node/editing"
)

// around is how many unchanged lines a comparison leaves around what changed.
const around = 3

func (s *Server) revisions(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	list, err := c.Revisions(id)
	if err != nil {
		return nil, err
	}
	out := told(c, list)
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i] // the newest first
	}
	return out[:min(len(out), limit(r, len(out)))], nil
}

// told describes revisions.
func told(c *node.Commons, list []node.Revision) []Revision {
	out := make([]Revision, len(list))
	for i, v := range list {
		x := Revision{
			Version: v.Version.String(), Changes: v.Changes, Fields: v.Fields, Added: v.Added, Deleted: v.Deleted, Did: v.Did,
			By: Writer{Person: c.PersonName(v.Writer.Person), Place: c.PlaceName(v.Writer.Device), Device: v.Writer.Device.String()},
		}
		if v.OnBehalf != (oplog.Key{}) {
			x.OnBehalf = c.PersonName(v.OnBehalf)
		}
		if !v.From.IsZero() {
			x.From = &v.From
		}
		if !v.To.IsZero() {
			x.To = &v.To
		}
		out[i] = x
	}
	return out
}

func (s *Server) blame(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	passages, list, err := c.Blame(id)
	if err != nil {
		return nil, err
	}
	out := Blame{Passages: make([]Passage, len(passages)), Revisions: told(c, list)}
	for i, p := range passages {
		out.Passages[i] = Passage{p.Text, p.Revision}
	}
	return out, nil
}

// page is at for a page.
func (s *Server) page(r *http.Request) (*node.Commons, crdt.ID, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, id, err
	}
	d, err := c.Doc(id)
	if err == nil && d.Kind() != "page" {
		err = refuse(CodeNoText, d.Kind())
	}
	return c, id, err
}

func (s *Server) links(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	to, err := c.LinksOf(id)
	if err != nil {
		return nil, err
	}
	from, err := c.Backlinks(id)
	if err != nil {
		return nil, err
	}
	out := Links{Links: []Link{}, Backlinks: []PageRef{}}
	for _, l := range to {
		x := Link{Target: l.Target}
		if l.Kind != "" {
			x.To = &Entity{ID: l.Page.ID.String(), Kind: l.Kind, Title: l.Page.Title}
		}
		out.Links = append(out.Links, x)
	}
	for _, p := range from {
		out.Backlinks = append(out.Backlinks, PageRef{p.ID.String(), p.Title, p.Language})
	}
	return out, nil
}

func (s *Server) translations(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	list, err := c.Translations(id)
	if err != nil {
		return nil, err
	}
	out := make([]Translation, len(list))
	for i, t := range list {
		out[i] = Translation{PageRef: PageRef{t.ID.String(), t.Title, t.Language}, Original: t.Original, Stale: t.Stale}
		if t.Stale {
			if out[i].Since, err = c.SinceFollowed(t.ID, around); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (s *Server) translate(_ http.ResponseWriter, r *http.Request) (any, error) {
	in, err := read[NewTranslation](r)
	if err != nil {
		return nil, err
	}
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Language) == "" {
		return nil, refuse(CodeMissing, "page", "language")
	}
	if id, err = c.Translate(r.Context(), node.Author{Person: c.Person()}, id, in.Language, in.Title); err != nil {
		return nil, err
	}
	d, err := c.Doc(id)
	if err != nil {
		return nil, err
	}
	return resource(c, d), nil
}

func (s *Server) follow(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	err = c.FollowOriginal(r.Context(), node.Author{Person: c.Person()}, id)
	d, failed := c.Doc(id)
	if failed != nil {
		return nil, failed
	}
	if errors.Is(err, node.ErrNotFound) {
		return nil, refuse(CodeNoOriginal, commons.View(d).Title)
	}
	if err != nil {
		return nil, err
	}
	return resource(c, d), nil
}

// live answers with what happens to a page: see package editing.
func (s *Server) live(w http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	return nil, editing.Stream(w, r, c, id, c.PersonName(c.Person()))
}

func (s *Server) typing(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	return editing.Type(r, c, id, node.Author{Person: c.Person()})
}

func (s *Server) point(w http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	if err := editing.Point(r, c, id); err != nil {
		return nil, err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil, nil
}

func (s *Server) templates(_ http.ResponseWriter, r *http.Request) (any, error) {
	var out []Template
	for _, name := range commons.Templates() {
		out = append(out, Template{name, commons.Skeleton(name, r.URL.Query().Get("lang"))})
	}
	return out, nil
}

// Revision is what one person did at a sitting: GET /v1/resources/{id}/revisions.
type Revision struct {
	Version  string     `json:"version"` // as ?version= takes it
	By       Writer     `json:"by"`
	OnBehalf string     `json:"on_behalf,omitempty"`
	From     *time.Time `json:"from,omitempty"` // by the writer's clock, if it had one
	To       *time.Time `json:"to,omitempty"`
	Did      string     `json:"did"` // created | changed | removed | restored
	Changes  int        `json:"changes"`
	Fields   []string   `json:"fields,omitempty"`
	Added    int        `json:"added"` // characters of the page's text
	Deleted  int        `json:"deleted"`
}

// Blame says who wrote which passage: GET /v1/resources/{id}/blame. The
// passages one after the other are the text; revisions are the oldest first.
type Blame struct {
	Passages  []Passage  `json:"passages"`
	Revisions []Revision `json:"revisions"`
}

// Passage is a piece of a page, and the number of the revision that wrote it.
type Passage struct {
	Text     string `json:"text"`
	Revision int    `json:"revision"`
}

// Links are a page's links, and the pages that link to it: GET
// /v1/resources/{id}/links.
type Links struct {
	Links     []Link    `json:"links"`
	Backlinks []PageRef `json:"backlinks"`
}

// Link is one [[target]]; nothing is called so if To is left out.
type Link struct {
	Target string  `json:"target"`
	To     *Entity `json:"to,omitempty"`
}

// PageRef names a page.
type PageRef struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Language string `json:"language,omitempty"`
}

// Translation is a page in one language: GET /v1/resources/{id}/translations.
type Translation struct {
	PageRef
	Original bool           `json:"original"`
	Stale    bool           `json:"to_be_updated"`
	Since    []commons.Span `json:"since,omitempty"` // what changed in the original
}

// NewTranslation is POST /v1/resources/{id}/translations.
type NewTranslation struct {
	Language string `json:"language"`
	Title    string `json:"title,omitempty"`
}

// Template is what a page can begin as: GET /v1/templates.
type Template struct {
	Name string `json:"name"`
	Text string `json:"text"`
}
