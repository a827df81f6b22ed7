package api

import (
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
)

func parseLog(s string) (id crdt.LogID) {
	b, err := hex.DecodeString(s)
	if err == nil {
		copy(id[:], b)
	}
	return id
}

func sortByTitle(list []commons.Resource) {
	type titled struct {
		key string
		commons.Resource
	}
	sorted := make([]titled, len(list))
	for i, r := range list {
		sorted[i] = titled{commons.SortKey(r.Title), r}
	}
	slices.SortStableFunc(sorted, func(a, b titled) int { return strings.Compare(a.key, b.key) })
	for i := range sorted {
		list[i] = sorted[i].Resource
	}
}

// text returns a page's text and the version that it is of, so that an edit
// finds what its writer began from.
func (s *Server) text(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	d, err := c.Doc(id)
	if err != nil {
		return nil, err
	}
	title := commons.View(d).Title
	if d.Deleted() {
		return nil, refuse(CodeRemoved, title)
	}
	return PageText{ID: id.String(), Title: title, Version: node.VersionOf(d), Text: commons.Body(d)}, nil
}

func (s *Server) edit(_ http.ResponseWriter, r *http.Request) (any, error) {
	in, err := read[PageEdit](r)
	if err != nil {
		return nil, err
	}
	c, id, err := s.page(r)
	if err != nil {
		return nil, err
	}
	err = c.LeavePage(r.Context(), node.Author{Person: c.Person()}, id, in.Base, in.Text)
	d, failed := c.Doc(id)
	switch {
	case failed != nil:
		return nil, failed
	case errors.Is(err, commons.ErrRemoved):
		return nil, refuse(CodeRemoved, commons.View(d).Title)
	case err != nil:
		return nil, err
	}
	return resource(c, d), nil
}

func (s *Server) history(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	steps, err := c.History(id)
	if err != nil {
		return nil, err
	}
	n := limit(r, len(steps))
	return entries(c, steps[len(steps)-min(n, len(steps)):], &id)
}

func (s *Server) recent(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	steps, err := c.Recent(limit(r, 50))
	if err != nil {
		return nil, err
	}
	return entries(c, steps, nil)
}

func limit(r *http.Request, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, 1000)
}

// entries describes steps, the newest first; of one resource only, if one is
// given.
func entries(c *node.Commons, steps []node.Step, only *crdt.ID) ([]Entry, error) {
	out := make([]Entry, 0, len(steps))
	for _, step := range slices.Backward(steps) {
		e := Entry{Change: step.Change.ID.String(), By: writer(c, step.Change.Log), Void: step.Void, Resources: []Entity{}}
		if w := step.Change.Wall; w != (crdt.Wall{}) {
			t := time.Unix(int64(min(w.Seconds, 1<<37)), 0).UTC()
			e.Time = &t
		}
		if who := step.Change.OnBehalf; who != nil {
			e.OnBehalf = c.PersonName(*who)
		}
		for _, id := range step.Resources {
			if only != nil && *only != id {
				continue
			}
			what, err := entity(c, step, id)
			if err != nil {
				return nil, err
			}
			e.Resources = append(e.Resources, what)
		}
		out = append(out, e)
	}
	return out, nil
}

// entity says what a change did to a resource.
func entity(c *node.Commons, step node.Step, id crdt.ID) (Entity, error) {
	d, err := c.Doc(id)
	if err != nil {
		return Entity{}, err
	}
	v, change := commons.View(d), step.Change.Data()
	return Entity{
		ID: v.ID, Kind: v.Kind, Title: v.Title, Did: commons.Did(change, id), Fields: commons.Touched(v.Kind, change, id),
	}, nil
}

func (s *Server) diff(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	from, to, names, err := compared(c, id, r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	if err != nil {
		return nil, err
	}
	was, is := commons.View(from), commons.View(to)
	title := is
	if title.Kind == "" {
		title = was
	}
	out := Diff{ID: id.String(), Kind: title.Kind, Title: title.Title, From: names[0], To: names[1], Fields: []FieldDiff{}}
	for _, d := range commons.Diff(was, is) {
		f := FieldDiff{Name: d.Name, Was: d.Was, Is: d.Is}
		old, _ := d.Was.(string)
		now, _ := d.Is.(string)
		if strings.Contains(old, "\n") || strings.Contains(now, "\n") {
			f = FieldDiff{Name: d.Name, Lines: commons.DiffLines(old, now), Spans: commons.Around(commons.DiffSpans(old, now), around)}
		}
		out.Fields = append(out.Fields, f)
	}
	return out, nil
}

// compared returns the two documents that a diff is between. Without versions
// they are what the last change began from and what it made; with one, that
// version and today's.
func compared(c *node.Commons, id crdt.ID, a, b string) (from, to *crdt.Doc, names [2]string, err error) {
	steps, err := c.History(id)
	if err != nil {
		return nil, nil, names, err
	}
	if len(steps) == 0 {
		return nil, nil, names, refuse(CodeNotFound, id.String())
	}
	last := steps[len(steps)-1]
	names[1] = last.Change.ID.String()
	if to, err = c.Doc(id); err != nil {
		return nil, nil, names, err
	}
	from = crdt.NewDoc(id)
	if a != "" {
		var at crdt.ChangeID
		if from, at, err = docAt(c, id, a); err != nil {
			return nil, nil, names, err
		}
		names[0] = at.String()
		if strings.HasSuffix(a, "^") {
			names[0] += "^"
		}
	} else if to.Kind() == "page" {
		// Of a page, by what somebody did at a sitting.
		list, err := c.Revisions(id)
		if err != nil {
			return nil, nil, names, err
		}
		if len(list) > 1 {
			names[0] = list[len(list)-2].Version.String()
		}
		if from, err = c.Before(id, list[len(list)-1]); err != nil {
			return nil, nil, names, err
		}
	} else if len(steps) > 1 {
		before := steps[len(steps)-2]
		names[0] = before.Change.ID.String()
		if from, err = c.DocThrough(id, last.Pos); err != nil {
			return nil, nil, names, err
		}
	}
	if b != "" {
		var at crdt.ChangeID
		if to, at, err = docAt(c, id, b); err != nil {
			return nil, nil, names, err
		}
		names[1] = at.String()
	}
	return from, to, names, nil
}
