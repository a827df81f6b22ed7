package web

import (
	"slices"
	"time"

	"navette/crdt/commons"
	"navette/crdt/commons/ical"
)

// happeningRoutes are an event, its form, and who comes to it.
var happeningRoutes = []route{
	{"GET", "/agenda/new", member, everywhere, (*visit).newEvent},
	{"POST", "/agenda/new", member, everywhere, (*visit).addEvent},
	{"GET", "/agenda/{id}", anybody, everywhere, (*visit).event},
	{"GET", "/agenda/{id}/edit", member, everywhere, (*visit).editEvent},
	{"POST", "/agenda/{id}/edit", member, everywhere, (*visit).saveEvent},
	{"POST", "/agenda/{id}/sign-up", member, everywhere, (*visit).signUp},
	{"POST", "/agenda/{id}/cancel", member, everywhere, (*visit).cancelSignUp},
}

// eventPage is what the page of an event shows.
type eventPage struct {
	*thing
	At        string // the instance shown, of an event that repeats; else ""
	When      happening
	Next      []happening // the next times of an event that repeats
	Repeats   string      // in words
	Elsewhere string      // the time as the event's own zone has it, if that is another
	Past      bool

	Seats   int // -1 if nobody said how many
	Taken   int
	Waiting int
	Mine    *commons.Seat
	Coming  []comer
	Self    string
	Notes   *notes
}

// A comer is somebody who signed up.
type comer struct {
	Who, Name string
	Waiting   int
}

// nextTimes is how many of its next times an event that repeats shows.
const nextTimes = 6

func (v *visit) event() error {
	t, err := v.thing("event")
	if err != nil {
		return err
	}
	p, err := v.eventPage(t, v.URL.Query().Get("at"))
	if err != nil {
		return err
	}
	return v.render("event", p)
}

func (v *visit) eventPage(t *thing, at string) (*eventPage, error) {
	ev := commons.EventOf(t.doc)
	p := &eventPage{thing: t, Seats: commons.Capacity(t.doc), Repeats: v.say.repetition(ev, v.zone())}
	if v.session != nil {
		p.Self = v.self().String()
	}
	show := func(o ical.Occurrence) happening {
		return happening{Title: o.Component.Text("SUMMARY"), Where: o.Component.Text("LOCATION"), Start: o.Start.In(v.zone()), End: o.End.In(v.zone()),
			AllDay: o.AllDay, Path: t.Path + "?at=" + o.Key, Cancelled: o.Component.Value("STATUS") == "CANCELLED"}
	}
	begin := v.now
	if m := ev.Master; m != nil && m.Get("DTSTART") != nil {
		if at, err := m.Get("DTSTART").Time(); err == nil && at.Civil.After(begin) {
			begin = at.Civil
		}
	}
	window := ical.Window{From: v.now.Add(-24 * time.Hour), To: begin.AddDate(2, 0, 0), Here: v.zone(), Zones: loadZone, Max: nextTimes}
	if !repeats(ev) {
		window.From, window.Max = time.Time{}, 1
	}
	times, _ := ev.Occurrences(window) // a rule that can't be followed shows what there is
	if repeats(ev) {
		for _, o := range times {
			p.Next = append(p.Next, show(o))
		}
		o, ok := v.instance(ev, at, times)
		if ok {
			p.At, p.When = o.Key, show(o)
			p.Elsewhere = v.elsewhere(o)
		}
	} else if len(times) > 0 {
		p.When = show(times[0])
		p.Elsewhere = v.elsewhere(times[0])
	}
	p.Past = !p.When.End.IsZero() && p.When.End.Before(v.now)
	for _, s := range commons.Seats(t.doc, p.At) {
		if s.Waiting > 0 {
			p.Waiting++
		} else {
			p.Taken++
		}
		if s.Who == p.Self && p.Self != "" {
			p.Mine = &s
		}
		p.Coming = append(p.Coming, comer{s.Who, v.who(s.Who), s.Waiting})
	}
	var err error
	p.Notes, err = v.notesOn(t)
	return p, err
}

// instance is the time that a key names, else the next one.
func (v *visit) instance(ev *ical.Event, key string, next []ical.Occurrence) (o ical.Occurrence, ok bool) {
	if key != "" {
		if day, err := time.Parse("20060102", key[:min(8, len(key))]); err == nil {
			around, _ := ev.Occurrences(ical.Window{From: day.AddDate(0, 0, -2), To: day.AddDate(0, 0, 3), Here: v.zone(), Zones: loadZone})
			if i := slices.IndexFunc(around, func(o ical.Occurrence) bool { return o.Key == key }); i >= 0 {
				return around[i], true
			}
		}
	}
	if i := slices.IndexFunc(next, func(o ical.Occurrence) bool { return o.End.After(v.now) }); i >= 0 {
		return next[i], true
	}
	all, _ := ev.Occurrences(ical.Window{To: v.now, Here: v.zone(), Zones: loadZone})
	if len(all) == 0 {
		return o, false
	}
	return all[len(all)-1], true
}

// elsewhere is the time as an event's own zone shows it, where clocks there
// show another than here.
func (v *visit) elsewhere(o ical.Occurrence) string {
	p := o.Component.Get("DTSTART")
	if p == nil || o.AllDay {
		return ""
	}
	t, err := p.Time()
	if err != nil || t.TZID == "" {
		return ""
	}
	loc, err := loadZone(t.TZID)
	if err != nil || o.Start.In(loc).Format("15:04") == o.Start.In(v.zone()).Format("15:04") {
		return ""
	}
	return v.say.text("event.elsewhere", v.say.clock(o.Start.In(loc)), t.TZID)
}
