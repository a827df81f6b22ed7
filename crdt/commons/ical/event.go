package ical

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
)

// ErrRule is a recurrence rule that can't be followed.
var ErrRule = errors.New("ical: a recurrence rule that can't be followed")

// An Event is all that a calendar says of one UID: the event itself, those of
// its instances that differ (with a RECURRENCE-ID), and the definitions of the
// time zones that they name.
type Event struct {
	UID        string
	Master     *Component // nil if only single instances are known
	Exceptions []*Component
	Zones      []*Component // VTIMEZONE
}

// An Occurrence is one time that an event takes place.
type Occurrence struct {
	Start, End time.Time
	AllDay     bool
	Floating   bool       // no zone is named: it is at that time wherever one is
	Unzoned    bool       // its zone's name means nothing here: shown in the local one
	Key        string     // names the instance: Component.Key of an exception to it
	Component  *Component // what describes it: the event, or an exception
}

// Window is which occurrences are wanted: those that end after From and start
// before To, at most Max of them (0: 1 000), for a place whose zone is Here
// (nil: UTC), to which floating times and days belong.
type Window struct {
	From, To time.Time
	Here     *time.Location
	Zones    Zones
	Max      int
}

// maxSteps is how many instances a rule may go through before the window.
const maxSteps = 100_000

// Occurrences returns the times within the window at which the event takes
// place, by start. A clock that shows 19:00 shows 19:00 at each of them, across
// the change of clocks too. With ErrRule, the rule is one that can't be followed
// or goes on for too long; the occurrences returned are those found till then.
// An exception counts for its own instance, also where it says RANGE.
func (e *Event) Occurrences(w Window) ([]Occurrence, error) {
	if w.Here == nil {
		w.Here = time.UTC
	}
	if w.Max == 0 {
		w.Max = 1000
	}
	r := &resolver{zones: w.Zones, here: w.Here, defined: e.Zones, found: make(map[string]clock)}
	replaced := make(map[string]bool) // by instant of the start replaced
	for _, x := range e.Exceptions {
		if p := x.Get("RECURRENCE-ID"); p != nil {
			if t, err := p.Time(); err == nil {
				replaced[r.at(t)] = true
			}
		}
	}
	var out []Occurrence
	keep := func(o Occurrence) {
		if o.Start.Before(w.To) && (o.End.After(w.From) || o.End.Equal(o.Start) && !o.Start.Before(w.From)) {
			out = append(out, o)
		}
	}
	var ruleErr error
	if e.Master != nil {
		start, err := startOf(e.Master)
		if err != nil {
			return nil, err
		}
		var starts []Time
		starts, ruleErr = r.starts(e.Master, start, w)
		for _, s := range starts {
			if !replaced[r.at(s)] {
				keep(r.occurrence(e.Master, start, s))
			}
		}
	}
	for _, x := range e.Exceptions {
		if s, err := startOf(x); err == nil && x.Value("STATUS") != "CANCELLED" {
			o := r.occurrence(x, s, s)
			o.Key = x.Key()
			keep(o)
		}
	}
	slices.SortStableFunc(out, func(a, b Occurrence) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Key, b.Key))
	})
	return out[:min(len(out), w.Max)], ruleErr
}

func startOf(c *Component) (Time, error) {
	p := c.Get("DTSTART")
	if p == nil {
		return Time{}, ErrTime
	}
	return p.Time()
}

// at names an instant, so that a time in one zone equals the same in another.
func (r *resolver) at(t Time) string {
	if t.Date {
		return t.value()
	}
	return r.instant(t).UTC().Format(timeLayout)
}

func (r *resolver) instant(t Time) time.Time {
	if t.UTC {
		return t.Civil
	}
	c, _ := r.clock(t.TZID)
	return c.instant(t.Civil)
}

// starts returns the starts that may fall into the window: DTSTART, those of
// the rule, RDATE, without EXDATE.
func (r *resolver) starts(c *Component, start Time, w Window) (out []Time, err error) {
	without := make(map[string]bool)
	for _, p := range c.All("EXDATE") {
		for _, t := range p.Times() {
			without[r.at(t)] = true
			if t.Date { // programs write days for events with a time, too
				without[t.value()] = true
			}
		}
	}
	seen := make(map[string]bool)
	add := func(t Time) {
		at := r.at(t)
		if !seen[at] && !without[at] && !without[t.Civil.Format(dateLayout)] {
			seen[at] = true
			out = append(out, t)
		}
	}
	add(start)
	one := r.occurrence(c, start, start)
	for _, p := range c.All("RRULE") {
		civils, e := r.follow(p.Value, start, one.End.Sub(one.Start), w)
		if e != nil {
			err = e
		}
		for _, civil := range civils {
			t := start
			t.Civil = civil
			add(t)
		}
	}
	for _, p := range c.All("RDATE") {
		for _, t := range p.Times() {
			add(t)
		}
	}
	return out, err
}

// follow expands a rule in what the clock shows. It returns what may fall into
// the window of an event that lasts for length, and perhaps a little more.
func (r *resolver) follow(value string, start Time, length time.Duration, w Window) ([]time.Time, error) {
	rule, err := parseRule(value)
	if err != nil {
		return nil, err
	}
	c, _ := r.clock(start.TZID)
	show := c.civil
	if start.UTC {
		show = time.Time.UTC
	}
	begin := show(w.From).Add(-length - 24*time.Hour)
	out, ok := rule.follow(start.Civil, begin, show(w.To).Add(24*time.Hour), maxSteps, show)
	if !ok {
		return out, ErrRule
	}
	return out, nil
}

// occurrence makes the occurrence of c, which begins at first, that begins at
// start.
func (r *resolver) occurrence(c *Component, first, start Time) Occurrence {
	o := Occurrence{Component: c, AllDay: start.Date, Key: start.key()}
	o.Floating = !start.UTC && start.TZID == ""
	_, known := r.clock(start.TZID)
	o.Unzoned = !known
	o.Start = r.instant(start)
	o.End = o.Start
	if p := c.Get("DTEND"); p != nil {
		if end, err := p.Time(); err == nil {
			if start.Date && end.Date {
				last := start
				last.Civil = start.Civil.Add(end.Civil.Sub(first.Civil))
				o.End = r.instant(last)
			} else {
				o.End = o.Start.Add(r.instant(end).Sub(r.instant(first)))
			}
		}
	} else if d, err := ParseDuration(c.Value("DURATION")); err == nil {
		last := start
		last.Civil = start.Civil.AddDate(0, 0, d.Days)
		o.End = r.instant(last).Add(d.Exact)
	} else if start.Date {
		last := start
		last.Civil = start.Civil.AddDate(0, 0, 1)
		o.End = r.instant(last)
	}
	if o.End.Before(o.Start) {
		o.End = o.Start
	}
	return o
}

// String returns the event's components as a file has them, in one order
// whatever order they were in.
func (e *Event) String() string {
	var all []string
	for _, c := range slices.Concat([]*Component{e.Master}, e.Exceptions, e.Zones) {
		if c != nil {
			all = append(all, c.Canonical().String())
		}
	}
	slices.Sort(all)
	return strings.Join(all, "")
}
