package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
)

// firstVisit is what a browser loads with its first page, in bytes.
const firstVisit = 60 << 10

// large is a place with 5 000 tools, 200 events with 100 sign-ups each, and 2 000
// pages.
func large(tb testing.TB) *site {
	tb.Helper()
	s := newSite(tb)
	var intents []func() ([][]crdt.Edit, error)
	add := func(kind, key string, fields ...commons.Assign) {
		id := commons.DerivedID(kind, key)
		intents = append(intents, func() ([][]crdt.Edit, error) { return commons.Add(id, kind, fields, s.commons.Env()) })
	}
	for i := range 5000 {
		add("tool", fmt.Sprint(i), commons.Assign{Field: "name", Text: fmt.Sprintf("Perceuse à colonne nº %d", i)}, commons.Assign{Field: "tag", Text: fmt.Sprintf("F-%04d", i)},
			commons.Assign{Field: "location", Text: "Grande salle"}, commons.Assign{Field: "category", Text: "Atelier"}, commons.Assign{Field: "condition", Text: "good"})
	}
	for i := range 200 {
		fields := []commons.Assign{{Field: "title", Text: fmt.Sprintf("Atelier nº %d", i)}, {Field: "start", Text: time.Now().AddDate(0, 0, i-20).Format(time.DateOnly) + " 18:00"}, {Field: "duration", Text: "PT2H"}, {Field: "capacity", Text: "80"}}
		add("event", fmt.Sprint(i), fields...)
	}
	for i := range 2000 {
		add("page", fmt.Sprint(i), commons.Assign{Field: "title", Text: fmt.Sprintf("Régler la machine nº %d", i)}, commons.Assign{Field: "body", Text: "# Avant\n\nFermer le capot.\n"})
	}
	s.writeAll(intents)
	intents = nil
	for k := range 100 { // those of one event can't be stored together
		for i := range 200 {
			intents = append(intents, func() ([][]crdt.Edit, error) {
				d, err := s.commons.Doc(commons.DerivedID("event", fmt.Sprint(i)))
				if err != nil {
					return nil, err
				}
				return commons.SignUp(d, fmt.Sprintf("Personne %d", k), "")
			})
		}
	}
	s.writeAll(intents)
	return s
}

func (s *site) writeAll(intents []func() ([][]crdt.Edit, error)) {
	s.t.Helper()
	errs, err := s.commons.WriteAll(s.t.Context(), intents)
	if err := errors.Join(append(errs, err)...); err != nil {
		s.t.Fatal(err)
	}
}

// pagesOfAPlace are those that people open first.
var pagesOfAPlace = []string{"/", "/share", "/share?q=perceuse", "/agenda", "/know", "/decide", "/exchanges"}

// BenchmarkPages measures what the node takes to answer with 5 000 tools,
// 20 000 sign-ups and 2 000 pages, once the shelves are filled.
func BenchmarkPages(b *testing.B) {
	s := large(b)
	v := s.visitor()
	for _, path := range pagesOfAPlace {
		v.get(path, http.StatusOK)
		b.Run(path, func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = len(v.get(path, http.StatusOK))
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}

// The first visit, with the style and the script, weighs no more than 60 KiB as
// it is sent.
func TestFirstVisitWeighsLittle(t *testing.T) {
	s := newSite(t)
	for i := range 60 {
		s.add("tool", fmt.Sprintf("name=Perceuse à colonne nº %d", i), fmt.Sprintf("tag=F-%03d", i), "location=Grande salle", "category=Atelier")
	}
	v := s.visitor()
	for _, path := range pagesOfAPlace {
		sum := 0
		page := v.get(path, http.StatusOK)
		sum += len(page)
		for _, name := range []string{"navette.css", "live.js", "icon.svg"} {
			if strings.Contains(page, "/"+name) {
				sum += len(v.get("/static/"+versions[name]+"/"+name, http.StatusOK))
			}
		}
		if sum > firstVisit {
			t.Errorf("%s weighs %d bytes the first time, want at most %d", path, sum, firstVisit)
		}
	}
}
