package dav

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"time"

	"navette/crdt/commons"
	"navette/crdt/commons/ical"
	"navette/node"
	"navette/node/formats"
)

// event reads an event as it is shown to the person; nil if it is gone.
func (x *session) event(o *object) (*ical.Event, error) {
	d, err := x.c.Doc(o.id)
	if errors.Is(err, node.ErrNotFound) || err == nil && d.Deleted() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ev := commons.EventOf(d)
	if x.hides(o) {
		ev = busyEvent(ev, x.words.busy)
	}
	return shownEvent(ev), nil
}

// data is the text of an event, in the form that a calendar-data element asks
// for.
func (x *session) data(o *object, form *element) ([]byte, error) {
	d, err := x.c.Doc(o.id)
	if err != nil {
		return nil, err
	}
	ev := commons.EventOf(d)
	if x.hides(o) {
		ev = busyEvent(ev, x.words.busy)
	}
	if expand := form.child("c:expand"); expand != nil {
		r, err := readRange(expand)
		if err != nil || r.from.IsZero() || r.to.IsZero() {
			return nil, &refusal{status: http.StatusForbidden, condition: "c:valid-filter"}
		}
		ev = expanded(ev, r, x.here())
	}
	return calendarText(d, ev), nil
}

// here is the time zone of the place, in which times without one are.
func (x *session) here() *time.Location {
	if loc, err := time.LoadLocation(x.c.Env().Zone); err == nil {
		return loc
	}
	return time.UTC
}

// shownOfBusy are the properties of a private event that others see.
var shownOfBusy = []string{
	"UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID",
	"DTSTAMP", "SEQUENCE", "STATUS", "TRANSP", "CLASS",
}

// busyEvent is what others see of a private event: when it is.
func busyEvent(ev *ical.Event, title string) *ical.Event {
	out := &ical.Event{UID: ev.UID, Zones: ev.Zones}
	for _, c := range components(ev) {
		busy := &ical.Component{Name: c.Name}
		for _, p := range c.Properties {
			if slices.Contains(shownOfBusy, p.Name) {
				busy.Properties = append(busy.Properties, p)
			}
		}
		busy.Properties = append(busy.Properties, ical.Property{Name: "SUMMARY", Value: ical.Escape(title)})
		if c == ev.Master {
			out.Master = busy
		} else {
			out.Exceptions = append(out.Exceptions, busy)
		}
	}
	return out
}

// expanded is each time that an event takes place as an event of its own, in
// UTC (RFC 4791 §9.6.5).
func expanded(ev *ical.Event, r timeRange, here *time.Location) *ical.Event {
	out := &ical.Event{UID: ev.UID}
	found, _ := ev.Occurrences(r.window(here, 0)) // as far as the rule can be followed
	repeats := ev.Master != nil && (ev.Master.Get("RRULE") != nil || ev.Master.Get("RDATE") != nil)
	for _, o := range found {
		c := &ical.Component{Name: "VEVENT", Components: o.Component.Components}
		for _, p := range o.Component.Properties {
			switch p.Name {
			case "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID":
			default:
				c.Properties = append(c.Properties, p)
			}
		}
		at := func(name string, t time.Time) ical.Property {
			return ical.Time{Civil: t.UTC(), UTC: true}.Property(name, nil)
		}
		if o.AllDay {
			at = func(name string, t time.Time) ical.Property {
				return ical.Time{Civil: t, Date: true}.Property(name, nil)
			}
		}
		c.Properties = append(c.Properties, at("DTSTART", o.Start), at("DTEND", o.End))
		switch id := o.Component.Get("RECURRENCE-ID"); {
		case id != nil:
			if t, err := id.Time(); err == nil && !t.Date {
				c.Properties = append(c.Properties, at("RECURRENCE-ID", instant(t, here)))
			} else {
				c.Properties = append(c.Properties, *id)
			}
		case repeats:
			c.Properties = append(c.Properties, at("RECURRENCE-ID", o.Start))
		}
		out.Exceptions = append(out.Exceptions, c)
	}
	return out
}

// zoneText is a calendar that defines a time zone.
func zoneText(name string) (string, bool) {
	loc, err := time.LoadLocation(name)
	if name == "" || err != nil {
		return "", false
	}
	var b bytes.Buffer
	cal := &ical.Component{Name: "VCALENDAR", Properties: []ical.Property{
		{Name: "VERSION", Value: "2.0"}, {Name: "PRODID", Value: formats.ProductID},
	}, Components: []*ical.Component{ical.Define(name, loc, 2020)}}
	b.Write(cal.Append(nil))
	return b.String(), true
}
