package commons

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons/ical"
)

// parseEvent reads a text of one event, with its instances and zones.
func parseEvent(t *testing.T, text string) *ical.Event {
	t.Helper()
	top, problems := ical.Parse(text)
	if len(problems) > 0 {
		t.Fatalf("parse: %v", problems[0].Error())
	}
	ev := &ical.Event{}
	for _, c := range top {
		switch {
		case c.Name == "VTIMEZONE":
			ev.Zones = append(ev.Zones, c)
		case c.Get("RECURRENCE-ID") != nil:
			ev.Exceptions = append(ev.Exceptions, c)
		default:
			ev.Master = c
		}
	}
	if ev.Master != nil {
		ev.UID = ev.Master.Value("UID")
	}
	return ev
}

// holding returns a site that holds the event.
func holding(t *testing.T, ev *ical.Event) *site {
	t.Helper()
	s := newSite(t, "A", DerivedID("event", ev.UID))
	for _, p := range Plan(Holder{Doc: func(crdt.ID) *crdt.Doc { return nil }}, []Record{{Kind: "event", Key: ev.UID, Event: ev}}, paris) {
		s.do(p.Edits, p.Err)
	}
	return s
}

const workshop = `BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:atelier@lafabrique
DTSTAMP:20260901T080000Z
SUMMARY;LANGUAGE=fr:Atelier réparation\, vélos
DTSTART;TZID=Europe/Paris:20261001T190000
DTEND;TZID=Europe/Paris:20261001T210000
RRULE:FREQ=WEEKLY;COUNT=8
EXDATE;TZID=Europe/Paris:20261015T190000
CATEGORIES:Vélo,Réparation
ATTENDEE;CN="Karim, B.";PARTSTAT=ACCEPTED:mailto:karim@example.org
ATTENDEE;CN=Anne:mailto:Anne@example.org
X-FABLAB-ROOM;X-FLOOR=2;X-NOTE="a^nb":Grand atelier
X-FABLAB-ROOM:Cour
BEGIN:VALARM
UID:alarm-1
ACTION:DISPLAY
TRIGGER:-PT15M
END:VALARM
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
BEGIN:X-INNER
X-DEEP:yes
END:X-INNER
END:VALARM
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
BEGIN:X-INNER
X-DEEP:yes
END:X-INNER
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:atelier@lafabrique
DTSTAMP:20260901T080000Z
RECURRENCE-ID;TZID=Europe/Paris:20261008T190000
SUMMARY:Atelier au jardin
DTSTART;TZID=Europe/Paris:20261008T180000
DTEND;TZID=Europe/Paris:20261008T200000
END:VEVENT
`

func TestEventRoundTrip(t *testing.T) {
	ev := parseEvent(t, workshop)
	s := holding(t, ev)
	if got, want := EventOf(s.doc).String(), ev.String(); got != want {
		t.Errorf("came back as\n%s\nwant\n%s", got, want)
	}
	if changes, left, err := PutEvent(s.doc, ev, paris); len(changes)+len(left) > 0 || err != nil {
		t.Errorf("putting it again makes %v, leaves out %v, %v", changes, left, err)
	}
	s.shows("title", "Atelier réparation, vélos")
	s.shows("start", "2026-10-01T19:00[Europe/Paris]")
	s.shows("categories", []string{"Vélo", "Réparation"})
	s.shows("uid", "atelier@lafabrique")
	s.shows("properties.SUMMARY@20261008T190000/Europe/Paris", "SUMMARY:Atelier au jardin")
	s.shows("properties.VALARM:alarm-1/TRIGGER", "TRIGGER:-PT15M")
}

func TestEventEditedApart(t *testing.T) {
	a := holding(t, parseEvent(t, workshop))
	b := a.with("B")
	a.set("start=2026-10-01T20:00", "end=2026-10-01T22:00", "categories+=Soir")
	b.set("title=Atelier vélos", "location=Cour, au fond", "categories-=Vélo")
	edited := parseEvent(t, strings.Replace(strings.Replace(workshop, "BEGIN:VALARM\nUID", "EXDATE;TZID=Europe/Paris:20261022T190000\nBEGIN:VALARM\nUID", 1), "DTSTAMP:20260901", "DTSTAMP:20260905", 1))
	c := a.with("C")
	cChanges, _, err := PutEvent(c.doc, edited, paris)
	c.do(cChanges, err)
	d := b.with("D")
	dChanges, _, err := PutEvent(d.doc, parseEvent(t, strings.Replace(workshop, "DTSTAMP:20260901", "DTSTAMP:20260903", 1)), paris)
	d.do(dChanges, err)
	a.meet(b)
	if n := len(Conflicts(a.doc)); n != 0 {
		t.Errorf("%d conflicts: %+v; the time here and the title there should meet", n, Conflicts(a.doc))
	}
	a.shows("start", "2026-10-01T20:00[Europe/Paris]")
	a.shows("title", "Atelier vélos")
	a.shows("location", "Cour, au fond")
	if p := EventOf(a.doc).Master.Get("SUMMARY"); p.String() != `SUMMARY;LANGUAGE=fr:Atelier vélos` {
		t.Errorf("the title's parameters are lost: %s", p)
	}
	if got := EventOf(c.doc).Master.All("EXDATE"); len(got) != 2 {
		t.Errorf("EXDATE = %v; want both", got)
	}
	if got := EventOf(d.doc).Master.Value("DTSTAMP"); got != "20260903T080000Z" {
		t.Errorf("DTSTAMP = %s; want that of the file, since it changes more than that", got)
	}
}

func TestBookkeepingAloneChangesNothing(t *testing.T) {
	s := holding(t, parseEvent(t, workshop))
	again := parseEvent(t, strings.ReplaceAll(workshop, "DTSTAMP:20260901", "DTSTAMP:20260909"))
	if changes, _, err := PutEvent(s.doc, again, paris); len(changes) > 0 || err != nil {
		t.Errorf("a new DTSTAMP alone makes %v, %v", changes, err)
	}
	b := s.with("B")
	for i, site := range []*site{s, b} {
		stamp := []string{"DTSTAMP:20260910", "DTSTAMP:20260911"}[i]
		text := strings.Replace(strings.ReplaceAll(workshop, "DTSTAMP:20260901", stamp), "Grand atelier", "Salle "+stamp, 1)
		changes, _, err := PutEvent(site.doc, parseEvent(t, text), paris)
		site.do(changes, err)
	}
	s.meet(b)
	if got := EventOf(s.doc).Master.Value("DTSTAMP"); got != "20260911T080000Z" {
		t.Errorf("DTSTAMP = %s; want the greatest", got)
	}
	conflicts := Conflicts(s.doc)
	if len(conflicts) != 1 || conflicts[0].Name != "properties.X-FABLAB-ROOM" {
		t.Fatalf("conflicts = %+v; want the room's alone", conflicts)
	}
	s.do(Resolve(s.doc, conflicts[0].Name, 0, 1))
	if got := EventOf(s.doc).Master.All("X-FABLAB-ROOM"); len(got) != 4 {
		t.Errorf("both kept = %v", got)
	}
}

func TestPutEventTakesOut(t *testing.T) {
	s := holding(t, parseEvent(t, workshop))
	shorter := parseEvent(t, `BEGIN:VEVENT
UID:atelier@lafabrique
DTSTAMP:20260901T080000Z
SUMMARY:Atelier
DTSTART;TZID=Europe/Paris:20261001T190000
END:VEVENT
`)
	changes, _, err := PutEvent(s.doc, shorter, paris)
	s.do(changes, err)
	got := EventOf(s.doc)
	if got.Zones = nil; got.String() != shorter.String() {
		t.Errorf("came back as\n%s\nwant\n%s", got, shorter)
	}
	// An invitation to one instance says nothing of the others.
	s = holding(t, parseEvent(t, workshop))
	one := parseEvent(t, `BEGIN:VEVENT
UID:atelier@lafabrique
RECURRENCE-ID;TZID=Europe/Paris:20261022T190000
SUMMARY:Atelier annulé
DTSTART;TZID=Europe/Paris:20261022T190000
STATUS:CANCELLED
END:VEVENT
`)
	changes, _, err = PutEvent(s.doc, one, paris)
	s.do(changes, err)
	if got := EventOf(s.doc); got.Master.Get("RRULE") == nil || len(got.Exceptions) != 2 {
		t.Errorf("an instance alone took others out: %s", got)
	}
}

func TestEventTooLong(t *testing.T) {
	long := "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + strings.Repeat("QUJD", 16<<10)
	ev := parseEvent(t, "BEGIN:VEVENT\nUID:x\nDTSTART:20260101\n"+long+"\nDESCRIPTION:"+strings.Repeat("x", 47<<10)+"\nEND:VEVENT\n")
	p := Plan(Holder{Doc: func(crdt.ID) *crdt.Doc { return nil }}, []Record{{Kind: "event", Key: "x", Event: ev}}, paris)[0]
	var fe *FieldError
	if p.State != New || len(p.Left) != 1 || !errors.As(p.Left[0], &fe) || fe.Line != 4 || !errors.Is(fe, ErrBound) {
		t.Errorf("plan = %v, left out %v; want line 4 left out", p.State, p.Left)
	}
	s := newSite(t, "A", p.ID)
	s.do(p.Edits, nil)
	if got, _ := s.view().Get("description"); len(got.Value.(string)) != 47<<10 {
		t.Error("a description of 47 KiB didn't arrive")
	}
}

func TestSetEvent(t *testing.T) {
	id := DerivedID("event", "new")
	s := newSite(t, "A", id)
	s.do(Add(id, "event", assign(t, "title=Réunion", "start=2026-12-05T19:00", "end=2026-12-05 21:30", "location=Salle; fond", "categories=Assemblée"), paris))
	s.shows("start", "2026-12-05T19:00[Europe/Paris]")
	s.shows("end", "2026-12-05T21:30[Europe/Paris]")
	s.shows("location", "Salle; fond")
	s.shows("uid", id.String())

	s.set("start=2026-12-05T18:00Z", "end=2026-12-05T20:30Z")
	s.shows("start", "2026-12-05T18:00Z")
	s.set("start=2026-12-05T18:00+00:00", "end=2026-12-05T20:30+00:00")
	s.shows("start", "2026-12-05T19:00[Europe/Paris]")
	s.set("start=2026-12-05T19:00 America/Cayenne", "end=2026-12-05T20:00")
	s.shows("end", "2026-12-05T20:00[America/Cayenne]")
	s.set("start=2026-12-05", "end=2026-12-06", "repeat=FREQ=WEEKLY;COUNT=3", "property.X-Room=2", "visibility=public")
	s.shows("start", "2026-12-05")
	s.shows("repeat", "FREQ=WEEKLY;COUNT=3")
	s.shows("properties.X-ROOM", "X-ROOM:2")
	s.set("property.x-room=", "repeat=")
	s.shows("properties.X-ROOM", nil)

	for name, tt := range map[string]struct {
		assign []string
		want   error
	}{
		"end before start":     {[]string{"end=2026-12-04"}, ErrOrder},
		"a day and a time":     {[]string{"end=2026-12-05T10:00"}, ErrValue},
		"no time":              {[]string{"start=demain"}, ErrValue},
		"no such zone":         {[]string{"start=2026-12-05T10:00 Europe/Boulogne"}, ErrValue},
		"a line end":           {[]string{"repeat=FREQ=DAILY\r\nX:1"}, ErrValue},
		"a property in a name": {[]string{"property.X:Y=1"}, ErrValue},
		"one of many":          {[]string{"property.ATTENDEE=mailto:x@example.org"}, ErrValue},
		"no such field":        {[]string{"colour=8"}, ErrField},
	} {
		if changes, err := Set(s.doc, assign(t, tt.assign...), paris); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v; want %v", name, changes, err, tt.want)
		}
	}
	if _, err := Add(id, "event", assign(t, "title=x"), paris); !errors.Is(err, ErrMissing) {
		t.Errorf("an event without start = %v; want %v", err, ErrMissing)
	}
}

func TestOneTimeTwice(t *testing.T) {
	a := holding(t, parseEvent(t, workshop))
	b := a.with("B")
	a.set("start=2026-10-01T18:00")
	b.set("start=2026-10-01T20:00")
	a.meet(b)
	c := Conflicts(a.doc)
	if len(c) != 1 || c[0].Name != "start" || len(c[0].Versions) != 2 {
		t.Fatalf("conflicts = %+v; want the two starts", c)
	}
	if _, err := Resolve(a.doc, "start", 0, 1); !errors.Is(err, ErrBoth) {
		t.Errorf("both starts = %v; want %v", err, ErrBoth)
	}
	a.do(Resolve(a.doc, "start", 1))
	a.shows("start", c[0].Versions[1].Value)
}

func TestForeignEntriesOfAnEvent(t *testing.T) {
	s := holding(t, parseEvent(t, workshop))
	before := EventOf(s.doc).String()
	s.write([]crdt.Edit{
		{Code: crdt.Put, Resource: s.id, Field: fieldProperties, Key: crdt.Text("no key of ours"), Value: crdt.Int(1)},
		{Code: crdt.Put, Resource: s.id, Field: fieldProperties, Key: propertyKey{name: "X-BAD"}.value(), Value: crdt.Text("no lines")},
		{Code: crdt.Put, Resource: s.id, Field: fieldProperties, Key: propertyKey{name: "X-CRLF"}.value(), Value: lines([]ical.Property{{Value: "a\r\nX-EVIL:1"}})},
		{Code: crdt.Put, Resource: s.id, Field: fieldTimezones, Key: crdt.Text("x"), Value: crdt.Text("BEGIN:VEVENT\nEND:VEVENT")},
	})
	if got := EventOf(s.doc).String(); got != before {
		t.Errorf("what is no property got into\n%s", got)
	}
	marked := 0
	for _, f := range s.view().Fields {
		if slices.Contains(f.Marks, MarkMalformed) {
			marked++
		}
	}
	if marked != 3 {
		t.Errorf("%d values are marked; want 3", marked)
	}
}

func TestClocksOfAnEvent(t *testing.T) {
	ev := EventOf(holding(t, parseEvent(t, workshop)).doc)
	got, err := ev.Occurrences(ical.Window{
		From: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 6, 0, 0, 0, 0, time.UTC), Zones: time.LoadLocation,
	})
	if err != nil {
		t.Fatal(err)
	}
	var starts []string
	for _, o := range got {
		starts = append(starts, o.Start.Format("01-02 15:04 MST")+" "+o.Component.Text("SUMMARY"))
	}
	want := []string{
		"10-01 19:00 CEST Atelier réparation, vélos", "10-08 18:00 CEST Atelier au jardin", "10-22 19:00 CEST Atelier réparation, vélos",
		"10-29 19:00 CET Atelier réparation, vélos", "11-05 19:00 CET Atelier réparation, vélos",
	}
	if !slices.Equal(starts, want) {
		t.Errorf("occurrences\n%s\nwant\n%s", strings.Join(starts, "\n"), strings.Join(want, "\n"))
	}
}

// The view's JSON is what programs rely on.
func TestViewGolden(t *testing.T) {
	s := holding(t, parseEvent(t, workshop))
	got, err := json.MarshalIndent(s.view(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "event.json")
	if os.Getenv("NAVETTE_UPDATE") != "" {
		if err := os.WriteFile(name, append(got, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("the view is now\n%s\nif that is meant, run with NAVETTE_UPDATE=1", got)
	}
}
