package formats

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"navette/crdt/commons"
	"navette/crdt/commons/ical"
)

var stamp = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// What calendar programs in the wild write comes in, event by event, and goes
// out with every property, parameter, value and sub-component it had.
func TestCalendarsOfTheWild(t *testing.T) {
	for _, parts := range samples("calendars", "events", "*.ics") {
		t.Run(parts[0], func(t *testing.T) {
			events, files := 0, folder(t, parts...)
			for _, f := range files {
				t.Run(f.Name, func(t *testing.T) { events += oneCalendar(t, f) })
			}
			if events < 50 {
				t.Errorf("%d events came out of %d calendars; want 50", events, len(files))
			}
		})
	}
}

func oneCalendar(t *testing.T, f File) (events int) {
	r := Read([]File{f}, Options{})
	if len(r.Records) == 0 && len(r.Problems) == 0 {
		t.Fatal("nothing came out, and nobody says why")
	}
	for _, p := range r.Problems {
		if p.File != f.Name || p.Err == nil || p.Line == 0 && p.Code != CodeFile {
			t.Errorf("problem %+v doesn't say where or why", p)
		}
	}
	p := newPlace(t)
	plan := p.take(r.Records)
	if got := count(plan)[commons.New]; got != len(plan) {
		t.Fatalf("%d of %d events are new: %+v", got, len(plan), plan)
	}
	p.unchanged(r.Records, 0)

	var all []*ical.Event
	for i, x := range plan {
		ev := commons.EventOf(p.docs[x.ID])
		if got, want := ev.String(), r.Records[i].Event.String(); got != want {
			t.Errorf("an event came back as\n%s\nwant\n%s", got, want)
		}
		all = append(all, ev)
	}
	if len(all) == 0 {
		return 0
	}
	// All in one file, and from there in again.
	var out bytes.Buffer
	if err := WriteICS(&out, Calendar{Events: all, Stamp: stamp, Zones: time.LoadLocation}); err != nil {
		t.Fatal(err)
	}
	again := Read([]File{{"again.ics", out.Bytes()}}, Options{})
	if len(again.Problems) > 0 || len(again.Records) != len(all) {
		t.Fatalf("written, it reads with %d records, %v", len(again.Records), again.Problems)
	}
	p.unchanged(again.Records, 0)
	for l := range strings.SplitSeq(strings.TrimSuffix(out.String(), "\r\n"), "\r\n") {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") {
			t.Errorf("line %q", l)
		}
	}
	for _, ev := range all {
		// Whatever a calendar says, its occurrences are found or refused.
		list, err := ev.Occurrences(ical.Window{From: stamp.AddDate(-30, 0, 0), To: stamp.AddDate(5, 0, 0), Zones: time.LoadLocation})
		if err != nil && !errors.Is(err, ical.ErrRule) && !errors.Is(err, ical.ErrTime) {
			t.Errorf("occurrences of %s: %v", ev.UID, err)
		}
		if err == nil && len(list) == 0 && !strings.Contains(ev.String(), "DTSTART;VALUE=DATE:1") && !strings.Contains(ev.String(), ":19") {
			t.Errorf("%s never takes place", ev.UID)
		}
	}
	return len(all)
}

// All of them at once, as somebody imports a folder.
func TestFolderOfCalendars(t *testing.T) {
	r := Read(folder(t, "testdata", "calendars", "*.ics"), Options{})
	p := newPlace(t)
	got := count(p.take(r.Records))
	if got[commons.New] < 50 || got[commons.Changed] > 0 {
		t.Errorf("states = %v; want at least 50 new", got)
	}
	p.unchanged(r.Records, got[commons.Refused])
}

func TestProblemsOfCalendars(t *testing.T) {
	event := func(lines string) string {
		return "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:good\nDTSTART:20260101T100000Z\nEND:VEVENT\n" + lines + "END:VCALENDAR\n"
	}
	tests := []struct {
		name, data string
		want       []string // line, code, arguments
		records    int
	}{
		{"no colon", event("BEGIN:VEVENT\nUID:x\nDTSTART:20260101\nX-APPLE-RADIUS=49\nEND:VEVENT\n"), []string{"9 line [X-APPLE-RADIUS=49]"}, 2},
		{"start that is a bad line", event("BEGIN:VEVENT\nUID:x\nSUMMARY:Fête\nDTSTART;;VALUE=DATE:20260101\nEND:VEVENT\n"),
			[]string{"9 line [DTSTART;;VALUE=DATE:20260101]", "6 start [Fête ]"}, 1},
		{"start that is no time", event("BEGIN:VEVENT\nUID:x\nDTSTART:DEMAIN\nEND:VEVENT\n"), []string{"8 start [x DEMAIN]"}, 1},
		{"nothing in it", event("BEGIN:VEVENT\nEND:VEVENT\n"), []string{"6 start [ ]"}, 1},
		{"to-do", event("BEGIN:VTODO\nUID:x\nEND:VTODO\n"), []string{"6 not_event [VTODO]"}, 1},
		{"cut off", event("BEGIN:VEVENT\nUID:x\nDTSTART:20260101\n"), []string{"6 unclosed [VEVENT]"}, 1},
		{"end of another", event("BEGIN:VEVENT\nUID:x\nDTSTART:20260101\nEND:VTODO\nEND:VEVENT\n"), []string{"9 line [END:VTODO]"}, 2},
		{"twice, the newer counts", event("BEGIN:VEVENT\nUID:good\nSEQUENCE:2\nSUMMARY:neu\nDTSTART:20260102T100000Z\nEND:VEVENT\n"), []string{"2 repeat [neu]"}, 1},
		{"twice the same", event("BEGIN:VEVENT\nUID:good\nDTSTART:20260101T100000Z\nEND:VEVENT\n"), nil, 1},
		{"without a UID", event("BEGIN:VEVENT\nSUMMARY:x\nDTSTART:20260101\nEND:VEVENT\n"), nil, 2},
		{"an event outside of a calendar", "BEGIN:VEVENT\nUID:x\nDTSTART:20260101\nEND:VEVENT\n", nil, 1},
		{"not a calendar", "Bonjour,\nvoici : le programme\n", []string{"1 line [Bonjour,]", "2 line [voici : le programme]"}, 0},
		{"Windows-1252", event("BEGIN:VEVENT\nUID:x\nSUMMARY:F\xeate\nDTSTART:20260101\nEND:VEVENT\n"), nil, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Read([]File{{"t.ics", []byte(tt.data)}}, Options{})
			var got []string
			for _, p := range r.Problems {
				got = append(got, fmt.Sprint(p.Line, " ", p.Code, " ", p.Args))
			}
			if !slices.Equal(got, tt.want) || len(r.Records) != tt.records {
				t.Errorf("%d records, problems %q; want %d, %q", len(r.Records), got, tt.records, tt.want)
			}
		})
	}
}

func TestWriteICSDefinesZones(t *testing.T) {
	r := Read([]File{{"t.ics", []byte("BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20261205T190000\nBEGIN:VALARM\nTRIGGER;VALUE=DATE-TIME;TZID=America/Cayenne:20261205T120000\nEND:VALARM\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:y\nDTSTART;TZID=Nowhere:20200101T000000\nEND:VEVENT\n")}}, Options{})
	var events []*ical.Event
	for _, rec := range r.Records {
		events = append(events, rec.Event)
	}
	var out bytes.Buffer
	if err := WriteICS(&out, Calendar{Events: events, Stamp: stamp, Zones: time.LoadLocation}); err != nil {
		t.Fatal(err)
	}
	top, problems := ical.Parse(out.String())
	if len(problems) > 0 || len(top) != 1 {
		t.Fatalf("written as\n%s\nproblems %v", out.String(), problems)
	}
	var zones, stamps []string
	for _, c := range top[0].Components {
		if c.Name == "VTIMEZONE" {
			zones = append(zones, c.Value("TZID"))
		} else {
			stamps = append(stamps, c.Value("DTSTAMP"))
		}
	}
	if !slices.Equal(zones, []string{"America/Cayenne", "Europe/Paris"}) {
		t.Errorf("zones defined: %q", zones)
	}
	if !slices.Equal(stamps, []string{"20261124T120000Z", "20261124T120000Z"}) {
		t.Errorf("stamps: %q", stamps)
	}
	for _, name := range []string{"VERSION", "PRODID", "CALSCALE"} {
		if top[0].Value(name) == "" {
			t.Errorf("no %s", name)
		}
	}
}

func FuzzICS(f *testing.F) {
	for _, x := range folder(f, "testdata", "calendars", "*.ics") {
		if len(x.Data) < 4096 {
			f.Add(x.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := Read([]File{{"t.ics", data}}, Options{})
		p := newPlace(t)
		plan := p.take(r.Records)
		p.unchanged(r.Records, count(plan)[commons.Refused])
		var events []*ical.Event
		for i, x := range plan {
			if x.State != commons.New {
				continue
			}
			ev := commons.EventOf(p.docs[x.ID])
			if got, want := ev.String(), r.Records[i].Event.String(); got != want && len(x.Left) == 0 {
				t.Fatalf("an event came back as\n%q\nwant\n%q", got, want)
			}
			events = append(events, ev)
		}
		var out bytes.Buffer
		if err := WriteICS(&out, Calendar{Events: events, Stamp: stamp}); err != nil {
			t.Fatal(err)
		}
		if again := Read([]File{{"t.ics", out.Bytes()}}, Options{}); len(events) > 0 && (len(again.Problems) > 0 || len(again.Records) != len(events)) {
			t.Fatalf("%d events are written as\n%s\nwhich reads as %d, %v", len(events), out.String(), len(again.Records), again.Problems)
		}
	})
}
