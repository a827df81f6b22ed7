package commons

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"navette/crdt"
)

func newThing(t *testing.T, kind string, texts ...string) *site {
	t.Helper()
	id := crdt.ID{2}
	s := newSite(t, "A", id)
	s.do(Add(id, kind, assign(t, texts...), paris))
	return s
}

func TestNote(t *testing.T) {
	drill := newTool(t, "name=Perceuse")
	about := drill.id.String()
	s := newThing(t, "note", "about="+about, "experience=Worked", "text=Parfaite pour le béton\nmèche de 8")
	if id, ok := About(s.doc); !ok || id != drill.id {
		t.Errorf("the note is about %v, %v; want %v", id, ok, drill.id)
	}
	s.shows("experience", "worked")
	s.shows("about", about)
	if got := s.view().Title; got != "Parfaite pour le béton" {
		t.Errorf("title = %q; want the first line", got)
	}
	for name, tt := range map[string]struct {
		fields []string
		want   error
	}{
		"no such experience": {[]string{"about=" + about, "text=x", "experience=good"}, ErrValue},
		"about nothing":      {[]string{"text=x"}, ErrMissing},
		"says nothing":       {[]string{"about=" + about}, ErrMissing},
		"too long":           {[]string{"about=" + about, "text=" + strings.Repeat("x", Long.Bytes+1)}, ErrBound},
	} {
		if _, err := Add(s.id, "note", assign(t, tt.fields...), paris); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
	if _, ok := About(newTool(t, "name=x").doc); ok {
		t.Error("a tool is about something")
	}
}

func TestProposal(t *testing.T) {
	s := newThing(t, "proposal", "title=Un four solaire", "body=# Pourquoi\n\nParce que.", "threshold=10", "deadline=2026-12-31")
	ana, bob := crdt.ID{0xa}, crdt.ID{0xb}
	s.do(Support(s.doc, bob, true))
	s.do(Support(s.doc, ana, true))
	if got, want := Supports(s.doc), []crdt.ID{ana, bob}; !slices.Equal(got, want) {
		t.Errorf("supports %v; want %v", got, want)
	}
	if edits, err := Support(s.doc, ana, true); len(edits) > 0 || err != nil {
		t.Errorf("supported again: %v, %v; want no edits", edits, err)
	}
	// A support given elsewhere meanwhile stays.
	b := s.with("B")
	s.do(Support(s.doc, ana, false))
	b.do(Support(b.doc, crdt.ID{0xc}, true))
	s.meet(b)
	if got, want := Supports(s.doc), []crdt.ID{bob, {0xc}}; !slices.Equal(got, want) {
		t.Errorf("supports %v; want %v", got, want)
	}
	s.set("state=in evaluation", "answer=On en parle lundi")
	s.shows("state", "in evaluation")
	s.shows("threshold", json.Number("10"))
	s.shows("body", "# Pourquoi\n\nParce que.")
	for _, bad := range []string{"state=maybe", "threshold=-1", "threshold=1,5", "threshold=beaucoup", "deadline=demain", "threshold=12345678901"} {
		if _, err := Set(s.doc, assign(t, bad), paris); !errors.Is(err, ErrValue) {
			t.Errorf("%s: %v; want %v", bad, err, ErrValue)
		}
	}
	if _, err := Support(newTool(t, "name=x").doc, ana, true); !errors.Is(err, ErrKind) {
		t.Errorf("support of a tool: %v; want %v", err, ErrKind)
	}
}

func TestLoan(t *testing.T) {
	drill := newTool(t, "name=Perceuse")
	s := newThing(t, "loan", "tool="+drill.id.String(), "borrower= Ana ", "out=2026-12-01T10:00:00+01:00", "due=2026-12-05", "condition-out=good")
	day := func(d string) time.Time {
		at, err := time.ParseInLocation(time.DateOnly, d, time.FixedZone("", 3600))
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	check := func(name, today, due string, want LoanState) {
		t.Helper()
		l := LoanOf(s.doc, day(today))
		if l.Tool != drill.id || l.Borrower != "Ana" || l.Due != due || l.State != want {
			t.Errorf("%s: %+v; want %s, due on %s", name, l, want, due)
		}
	}
	check("on the last day", "2026-12-05", "2026-12-05", LoanOut)
	check("the day after", "2026-12-06", "2026-12-05", LoanLate)
	s.set("renewals+=2026-12-12")
	s.set("renewals+=2026-12-10") // given elsewhere, for less
	check("renewed", "2026-12-12", "2026-12-12", LoanOut)
	s.set("back=2026-12-13T09:00:00Z", "condition-in=to check")
	check("back", "2027-01-01", "2026-12-12", LoanBack)
	s.shows("out", "2026-12-01T09:00:00Z")
	if _, err := Add(crdt.ID{3}, "loan", assign(t, "tool="+drill.id.String()), paris); !errors.Is(err, ErrMissing) {
		t.Errorf("lent to nobody: %v; want %v", err, ErrMissing)
	}
}
