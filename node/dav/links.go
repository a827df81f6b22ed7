package dav

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"navette/crdt"
	"navette/node"
	"navette/node/formats"
)

// subscription answers a secret address: whoever has it reads that calendar,
// with private events as times when something is.
func (s *Server) subscription(w http.ResponseWriter, r *http.Request) {
	words := wordsFor(r)
	secret, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/cal/"), ".ics")
	var pass node.Pass
	var c *node.Commons
	if ok {
		pass, c, ok = s.node.CheckPass(node.PassLink, secret)
	}
	if !ok {
		http.Error(w, words.nothing, http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, words.readOnly, http.StatusMethodNotAllowed)
		return
	}
	x := &session{c: c, index: s.indexOf(c), request: r, words: words}
	if err := x.index.refresh(); err != nil {
		fail(w, err)
		return
	}
	place, title := (*crdt.ID)(nil), c.Name()
	if pass.Calendar != "" {
		t, ok := readPath(homePath + pass.Calendar)
		if !ok {
			http.Error(w, words.nothing, http.StatusNotFound)
			return
		}
		place, title = &t.place, x.index.title(t.place)
	}
	var tags strings.Builder
	for _, o := range x.index.within(place) {
		tags.WriteString(o.target.path() + o.tag + "\n")
	}
	if err := x.sendAll(w, place, title, strings.Trim(tagOf([]byte(tags.String())), `"`)); err != nil {
		fail(w, err)
	}
}

// sendAll sends a calendar whole; of a nil place, all of them.
func (x *session) sendAll(w http.ResponseWriter, place *crdt.ID, title, tag string) error {
	tag = `"` + tag + `"`
	if matches(x.request.Header.Get("If-None-Match"), tag) {
		x.send(w, nil, tag)
		return nil
	}
	cal := formats.Calendar{Title: title, Stamp: time.Unix(0, 0), Zones: time.LoadLocation}
	for _, o := range x.index.within(place) {
		ev, err := x.event(o)
		if err != nil {
			return err
		}
		if ev != nil {
			cal.Events = append(cal.Events, ev)
		}
	}
	var b bytes.Buffer
	if err := formats.WriteICS(&b, cal); err != nil {
		return err
	}
	x.send(w, b.Bytes(), tag)
	return nil
}
