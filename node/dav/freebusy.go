package dav

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"navette/crdt/commons/ical"
	"navette/node/formats"
)

// freeBusy answers free-busy-query (RFC 4791 §7.10): the times at which
// something takes place in a calendar, those that overlap joined.
func (x *session) freeBusy(w http.ResponseWriter, t target, request *element) error {
	r, err := readRange(request.child("c:time-range"))
	if err != nil {
		return err
	}
	if r.from.IsZero() || r.to.IsZero() {
		return &refusal{status: http.StatusForbidden, condition: "c:valid-filter"}
	}
	var busy []timeRange
	f := &filter{rng: r}
	for _, o := range x.index.within(&t.place) {
		if !f.mayMatch(o) {
			continue
		}
		ev, err := x.event(o)
		if err != nil {
			return err
		}
		if ev == nil {
			continue
		}
		found, _ := ev.Occurrences(r.window(x.here(), 0)) // as far as the rule can be followed
		for _, occurrence := range found {
			c := occurrence.Component
			if c.Text("TRANSP") == "TRANSPARENT" || c.Text("STATUS") == "CANCELLED" {
				continue
			}
			busy = append(busy, timeRange{latest(occurrence.Start, r.from), earliest(occurrence.End, r.to)})
		}
	}
	const form = "20060102T150405Z"
	c := &ical.Component{Name: "VFREEBUSY", Properties: []ical.Property{
		{Name: "DTSTAMP", Value: time.Now().UTC().Format(form)},
		{Name: "UID", Value: "freebusy-" + t.place.String()},
		{Name: "DTSTART", Value: r.from.UTC().Format(form)}, {Name: "DTEND", Value: r.to.UTC().Format(form)},
	}}
	var periods []string
	for _, p := range joined(busy) {
		periods = append(periods, p.from.UTC().Format(form)+"/"+p.to.UTC().Format(form))
	}
	if len(periods) > 0 {
		c.Properties = append(c.Properties, ical.Property{Name: "FREEBUSY", Value: strings.Join(periods, ",")})
	}
	cal := &ical.Component{Name: "VCALENDAR", Properties: []ical.Property{
		{Name: "VERSION", Value: "2.0"}, {Name: "PRODID", Value: formats.ProductID},
	}, Components: []*ical.Component{c}}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	_, _ = w.Write(cal.Append(nil)) // the program went away: there is nobody to tell
	return nil
}

// joined returns the ranges by their beginning, those that touch in one.
func joined(ranges []timeRange) (out []timeRange) {
	slices.SortFunc(ranges, func(a, b timeRange) int { return a.from.Compare(b.from) })
	for _, r := range ranges {
		if n := len(out); n > 0 && !r.from.After(out[n-1].to) {
			out[n-1].to = latest(out[n-1].to, r.to)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
