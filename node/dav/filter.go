package dav

import (
	"net/http"
	"strings"
	"time"

	"navette/crdt/commons"
	"navette/crdt/commons/ical"
)

// A filter is what a calendar-query looks for (RFC 4791 §9.7): a nil one finds
// everything.
type filter struct {
	event *element // the comp-filter of VEVENT
	none  bool     // it asks for something that isn't here: tasks, journals
	here  *time.Location
	rng   timeRange
}

// timeRange is a time-range; a zero end is open.
type timeRange struct{ from, to time.Time }

func readFilter(e *element, here *time.Location) (*filter, error) {
	f := &filter{here: here}
	calendar := e.child("c:comp-filter")
	if calendar == nil {
		return f, nil
	}
	if calendar.attr("name") != "VCALENDAR" || calendar.child("c:is-not-defined") != nil {
		f.none = true
		return f, nil
	}
	for _, c := range calendar.all("c:comp-filter") {
		absent := c.child("c:is-not-defined") != nil
		switch is := c.attr("name") == "VEVENT"; {
		case is && !absent:
			f.event = c
		case is || !absent:
			f.none = true
		}
	}
	var err error
	f.rng, err = readRange(f.event.child("c:time-range"))
	return f, err
}

func readRange(e *element) (r timeRange, err error) {
	for _, part := range []struct {
		name string
		into *time.Time
	}{{"start", &r.from}, {"end", &r.to}} {
		v := e.attr(part.name)
		if v == "" {
			continue
		}
		t, err := ical.ParseTime(v, "")
		if err != nil || !t.UTC {
			return r, &refusal{status: http.StatusForbidden, condition: "c:valid-filter", message: v}
		}
		*part.into = t.Civil
	}
	return r, nil
}

// window is the range for looking up when an event takes place.
func (r timeRange) window(here *time.Location, most int) ical.Window {
	w := ical.Window{From: r.from, To: r.to, Here: here, Zones: time.LoadLocation, Max: most}
	if w.From.IsZero() {
		w.From = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if w.To.IsZero() {
		w.To = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return w
}

// mayMatch tells, without reading the event, whether it can.
func (f *filter) mayMatch(o *object) bool {
	if f.none {
		return false
	}
	before := !f.rng.to.IsZero() && !o.from.IsZero() && o.from.After(f.rng.to)
	after := !f.rng.from.IsZero() && !o.to.IsZero() && o.to.Before(f.rng.from)
	return !before && !after
}

func (f *filter) match(ev *ical.Event) bool {
	if f.none {
		return false
	}
	if f.event == nil {
		return true
	}
	if f.rng != (timeRange{}) {
		// A rule that can't be followed to its end is shown rather than hidden.
		if found, err := ev.Occurrences(f.rng.window(f.here, 1)); err == nil && len(found) == 0 {
			return false
		}
	}
	for _, c := range components(ev) {
		if f.matchComponent(f.event, c) {
			return true
		}
	}
	return false
}

// matchComponent tells whether a component is what a comp-filter describes;
// the time range is looked at by match.
func (f *filter) matchComponent(e *element, c *ical.Component) bool {
	for _, p := range e.all("c:prop-filter") {
		if !f.matchProperty(p, c.All(strings.ToUpper(p.attr("name")))) {
			return false
		}
	}
	for _, sub := range e.all("c:comp-filter") {
		found := false
		for _, in := range c.Components {
			found = found || in.Name == strings.ToUpper(sub.attr("name")) && f.matchComponent(sub, in)
		}
		if found == (sub.child("c:is-not-defined") != nil) {
			return false
		}
	}
	return true
}

func (f *filter) matchProperty(e *element, props []ical.Property) bool {
	if e.child("c:is-not-defined") != nil {
		return len(props) == 0
	}
	for i := range props {
		if f.matchLine(e, &props[i]) {
			return true
		}
	}
	return false
}

func (f *filter) matchLine(e *element, p *ical.Property) bool {
	if m := e.child("c:text-match"); m != nil && !matchText(m, ical.Unescape(p.Value)) {
		return false
	}
	if m := e.child("c:time-range"); m != nil {
		r, err := readRange(m)
		t, errTime := p.Time()
		if err != nil || errTime != nil || !r.has(instant(t, f.here)) {
			return false
		}
	}
	for _, q := range e.all("c:param-filter") {
		var values []string
		for _, param := range p.Params {
			if param.Name == strings.ToUpper(q.attr("name")) {
				values = param.Values
			}
		}
		matches := len(values) > 0
		if m := q.child("c:text-match"); m != nil {
			matches = matches && matchText(m, strings.Join(values, ","))
		}
		if matches == (q.child("c:is-not-defined") != nil) {
			return false
		}
	}
	return true
}

func (r timeRange) has(t time.Time) bool {
	return (r.from.IsZero() || !t.Before(r.from)) && (r.to.IsZero() || t.Before(r.to))
}

// instant is the moment that a time stands for, at a place.
func instant(t ical.Time, here *time.Location) time.Time {
	loc := here
	if t.UTC {
		loc = time.UTC
	} else if t.TZID != "" {
		if zone, err := time.LoadLocation(t.TZID); err == nil {
			loc = zone
		}
	}
	c := t.Civil
	return time.Date(c.Year(), c.Month(), c.Day(), c.Hour(), c.Minute(), c.Second(), 0, loc)
}

// matchText looks for a text within another, as people would: in any case and
// with any accents, unless octets are asked for (RFC 4791 §9.7.5).
func matchText(e *element, s string) bool {
	found := false
	if e.attr("collation") == "i;octet" {
		found = strings.Contains(s, e.Text)
	} else {
		found = strings.Contains(commons.Fold(s), commons.Fold(e.Text))
	}
	return found != (e.attr("negate-condition") == "yes")
}
