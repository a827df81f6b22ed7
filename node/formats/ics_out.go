package formats

import (
	"fmt"
	"io"
	"slices"
	"time"

	"navette/crdt/commons/ical"
)

// ProductID names the program that wrote a calendar (RFC 5545 §3.7.3).
const ProductID = "-//Navette//Navette//EN"

// A Calendar is events to write.
type Calendar struct {
	// Title is what people see the calendar called; "" is nothing.
	Title  string
	Events []*ical.Event
	// Stamp is when the file is made, for events that say of themselves not
	// when they were written, which RFC 5545 asks for.
	Stamp time.Time
	Zones ical.Zones // defines the zones that events name without defining them
}

// WriteICS writes a calendar: the events with their instances, and the
// definition of each time zone that they name and somebody knows.
func WriteICS(w io.Writer, c Calendar) error {
	cal := &ical.Component{Name: "VCALENDAR", Properties: []ical.Property{
		{Name: "VERSION", Value: "2.0"}, {Name: "PRODID", Value: ProductID}, {Name: "CALSCALE", Value: "GREGORIAN"},
	}}
	if c.Title != "" { // as programs write it, and as RFC 7986 does
		title := ical.Escape(c.Title)
		cal.Properties = append(cal.Properties, ical.Property{Name: "X-WR-CALNAME", Value: title}, ical.Property{Name: "NAME", Value: title})
	}
	var events []*ical.Component
	defined := make(map[string]*ical.Component)
	needed := make(map[string]int) // by name: the first year it is needed for
	for _, ev := range c.Events {
		for _, tz := range ev.Zones {
			if id := tz.Value("TZID"); defined[id] == nil {
				defined[id] = tz
			}
		}
		for _, x := range append([]*ical.Component{ev.Master}, ev.Exceptions...) {
			if x == nil {
				continue
			}
			for _, id := range x.TZIDs() {
				year := firstYear(x)
				if was, there := needed[id]; !there || year < was {
					needed[id] = year
				}
			}
			events = append(events, c.stamped(x, ev.UID))
		}
	}
	for _, id := range sortedKeys(needed) {
		tz := defined[id]
		if tz == nil && c.Zones != nil {
			if loc, err := c.Zones(id); err == nil {
				tz = ical.Define(id, loc, needed[id])
			}
		}
		if tz != nil {
			cal.Components = append(cal.Components, tz)
		}
	}
	cal.Components = append(cal.Components, events...)
	if _, err := w.Write(cal.Append(nil)); err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	return nil
}

// firstYear returns the year that an event's start is in, or a recent one.
func firstYear(c *ical.Component) int {
	if p := c.Get("DTSTART"); p != nil {
		if t, err := p.Time(); err == nil {
			return max(t.Civil.Year()-1, 1970)
		}
	}
	return 2020
}

// stamped returns the component with the DTSTAMP and UID that it must have.
func (c Calendar) stamped(x *ical.Component, uid string) *ical.Component {
	out := *x
	out.Properties = slices.Clone(x.Properties)
	if x.Get("UID") == nil {
		out.Properties = append(out.Properties, ical.Property{Name: "UID", Value: uid})
	}
	if x.Get("DTSTAMP") == nil {
		out.Properties = append(out.Properties, ical.Property{Name: "DTSTAMP", Value: c.Stamp.UTC().Format("20060102T150405Z")})
	}
	return &out
}
