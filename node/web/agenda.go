package web

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"navette/crdt/commons/ical"
)

// agendaRoutes are the agenda by day and by month.
var agendaRoutes = []route{
	{"GET", "/agenda", anybody, everywhere, (*visit).agenda},
	{"GET", "/agenda/month", anybody, everywhere, (*visit).month},
}

// loadZone is time.LoadLocation that reads each zone once.
func loadZone(name string) (*time.Location, error) {
	if loc, ok := zonesRead.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		zonesRead.Store(name, loc)
	}
	return loc, err
}

var zonesRead sync.Map // by name, *time.Location

// A day is what happens on one day.
type dayOf struct {
	Date   time.Time
	Key    string // as in 2026-12-05
	Today  bool
	Other  bool // of another month than the one shown
	Events []happening
}

// A happening is one time that an event takes place.
type happening struct {
	Path, Title, Where string
	Start, End         time.Time
	AllDay             bool
	Began              bool // on a day before
	Cancelled          bool
	Seats, Taken       int // Seats is -1 if nobody said how many
}

// SeveralDays tells whether it ends on another day than it began.
func (h happening) SeveralDays() bool {
	return h.LastDay().Format(time.DateOnly) != h.Start.Format(time.DateOnly)
}

// LastDay is the day on which it ends: the end of a day is the beginning of the
// next.
func (h happening) LastDay() time.Time {
	if h.End.After(h.Start) {
		return h.End.Add(-time.Second)
	}
	return h.End
}

// happenings are those in a stretch of time that whoever asks may see, by
// start.
func (v *visit) happenings(from, to time.Time, query string) ([]happening, error) {
	list, err := v.shelf("event")
	if err != nil {
		return nil, err
	}
	var out []happening
	for _, it := range found(list, query) {
		// A rule that can't be followed shows what there is of it.
		times, _ := it.event.Occurrences(ical.Window{From: from, To: to, Here: v.zone(), Zones: loadZone})
		for _, o := range times {
			h := happening{
				Path: pathOf("event", it.id), Title: cmp.Or(strings.TrimSpace(o.Component.Text("SUMMARY")), it.title), Where: o.Component.Text("LOCATION"),
				Start: o.Start.In(v.zone()), End: o.End.In(v.zone()), AllDay: o.AllDay,
				Cancelled: o.Component.Value("STATUS") == "CANCELLED", Seats: it.capacity,
			}
			instance := ""
			if repeats(it.event) {
				instance = o.Key
				h.Path += "?at=" + instance
			}
			h.Taken = it.taken[instance]
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b happening) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Title, b.Title)) })
	return out, nil
}

// repeats tells whether an event takes place more than once.
func repeats(ev *ical.Event) bool {
	return ev.Master != nil && (ev.Master.Get("RRULE") != nil || ev.Master.Get("RDATE") != nil)
}

// days deals happenings out to days, from a day on.
func (v *visit) days(from time.Time, count int, list []happening) []dayOf {
	today := v.now.In(v.zone()).Format(time.DateOnly)
	out := make([]dayOf, count)
	for i := range out {
		day := from.AddDate(0, 0, i)
		next := from.AddDate(0, 0, i+1)
		out[i] = dayOf{Date: day, Key: day.Format(time.DateOnly), Today: day.Format(time.DateOnly) == today}
		for _, h := range list {
			if h.Start.Before(next) && (h.End.After(day) || !h.Start.Before(day)) {
				h.Began = h.Start.Before(day)
				out[i].Events = append(out[i].Events, h)
			}
		}
	}
	return out
}

// startOfDay is the beginning of the day that a text says, else of today.
func (v *visit) startOfDay(text string) time.Time {
	if t, err := time.ParseInLocation(time.DateOnly, text, v.zone()); err == nil && t.Year() > 1900 && t.Year() < 2200 {
		return t
	}
	y, m, d := v.now.In(v.zone()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, v.zone())
}

// agendaDays is how many days the list by day shows.
const agendaDays = 28

type agendaPage struct {
	Query      string
	From, To   time.Time // the first and last day shown
	Days       []dayOf   // those on which something happens
	Prev, Next string
	Month      string // the month grid around it
	Some       bool   // there are events at all
}

func (v *visit) agenda() error {
	q := v.URL.Query()
	from := v.startOfDay(q.Get("from"))
	p := agendaPage{Query: strings.TrimSpace(q.Get("q")), From: from, To: from.AddDate(0, 0, agendaDays-1), Month: from.Format("2006-01")}
	list, err := v.happenings(from, from.AddDate(0, 0, agendaDays), p.Query)
	if err != nil {
		return err
	}
	for _, d := range v.days(from, agendaDays, list) {
		if len(d.Events) > 0 {
			p.Days = append(p.Days, d)
		}
	}
	all, err := v.shelf("event")
	if err != nil {
		return err
	}
	p.Some = len(all) > 0
	to := func(days int) string { return v.asking("from", from.AddDate(0, 0, days).Format(time.DateOnly)) }
	p.Prev, p.Next = to(-agendaDays), to(agendaDays)
	return v.render("agenda", p)
}

// asking is the address of this page with another value of one of its
// parameters.
func (v *visit) asking(name, value string) string {
	q := v.URL.Query()
	q.Del(saidParam)
	q.Set(name, value)
	return v.URL.Path + "?" + q.Encode()
}

type monthPage struct {
	Month      time.Time
	Weeks      [][]dayOf
	Weekdays   []int
	Prev, Next string
	List       string // the same month by day
}

// month shows a month as a grid.
func (v *visit) month() error {
	first := v.startOfDay(v.URL.Query().Get("month") + "-01")
	first = first.AddDate(0, 0, 1-first.Day())
	begin := first.AddDate(0, 0, -(int(first.Weekday())+6)%7)
	next := first.AddDate(0, 1, 0)
	weeks := 0
	for day := begin; day.Before(next); day = day.AddDate(0, 0, 7) {
		weeks++
	}
	list, err := v.happenings(begin, begin.AddDate(0, 0, 7*weeks), "")
	if err != nil {
		return err
	}
	days := v.days(begin, 7*weeks, list)
	p := monthPage{Month: first, Weekdays: []int{1, 2, 3, 4, 5, 6, 0}, List: "/agenda?from=" + first.Format(time.DateOnly)}
	for i := range days {
		days[i].Other = days[i].Date.Month() != first.Month()
	}
	for week := range slices.Chunk(days, 7) {
		p.Weeks = append(p.Weeks, week)
	}
	p.Prev, p.Next = v.asking("month", first.AddDate(0, -1, 0).Format("2006-01")), v.asking("month", next.Format("2006-01"))
	return v.render("agenda-month", p)
}
