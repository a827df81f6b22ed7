package ical

import (
	"fmt"
	"time"
)

// Define writes a VTIMEZONE for a zone of the IANA database (RFC 5545 §3.6.5),
// right from the beginning of the given year on: what the zone does by rule as a
// rule, what it does otherwise as dates, until 20 years later.
func Define(tzid string, loc *time.Location, year int) *Component {
	tz := &Component{Name: "VTIMEZONE", Properties: []Property{{Name: "TZID", Value: tzid}}}
	begin := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	changes := transitions(loc, begin, begin.AddDate(20, 0, 0))
	name, off := begin.In(loc).Zone()
	tz.Components = append(tz.Components, observance("STANDARD", name, off, off, []time.Time{begin.Add(time.Duration(off) * time.Second)}))
	if begin.In(loc).IsDST() {
		tz.Components[0].Name = "DAYLIGHT"
	}
	// Changes of one kind go together: from and to the same offsets, under the
	// same name.
	type kind struct {
		name     string
		from, to int
		daylight bool
	}
	var order []kind
	onsets := make(map[kind][]time.Time)
	for _, t := range changes {
		_, from := t.Add(-time.Second).In(loc).Zone()
		name, to := t.In(loc).Zone()
		k := kind{name, from, to, t.In(loc).IsDST()}
		if onsets[k] == nil {
			order = append(order, k)
		}
		onsets[k] = append(onsets[k], t.UTC().Add(time.Duration(from)*time.Second))
	}
	for _, k := range order {
		component := "STANDARD"
		if k.daylight {
			component = "DAYLIGHT"
		}
		tz.Components = append(tz.Components, observance(component, k.name, k.from, k.to, onsets[k]))
	}
	return tz
}

// transitions returns the instants at which the zone's offset or name changes.
func transitions(loc *time.Location, from, to time.Time) (out []time.Time) {
	zone := func(t time.Time) string { name, off := t.In(loc).Zone(); return fmt.Sprint(name, off) }
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		lo, hi := day, day.AddDate(0, 0, 1)
		if zone(lo) == zone(hi) {
			continue
		}
		for hi.Sub(lo) > time.Second {
			mid := lo.Add(hi.Sub(lo) / 2).Truncate(time.Second)
			if zone(mid) == zone(lo) {
				lo = mid
			} else {
				hi = mid
			}
		}
		out = append(out, hi)
	}
	return out
}

// observance writes one STANDARD or DAYLIGHT whose onsets are given in the time
// shown before each.
func observance(component, name string, from, to int, onsets []time.Time) *Component {
	c := &Component{Name: component, Properties: []Property{
		{Name: "DTSTART", Value: onsets[0].Format(timeLayout)},
		{Name: "TZOFFSETFROM", Value: formatOffset(from)},
		{Name: "TZOFFSETTO", Value: formatOffset(to)},
		{Name: "TZNAME", Value: Escape(name)},
	}}
	if rule := yearly(onsets); rule != "" {
		c.Properties = append(c.Properties, Property{Name: "RRULE", Value: rule})
		return c
	}
	for _, t := range onsets[1:] {
		c.Properties = append(c.Properties, Property{Name: "RDATE", Value: t.Format(timeLayout)})
	}
	return c
}

// yearly returns the rule that onsets follow, "" if they follow none: the n-th
// or last of a day of the week in a month, each year, at the same time.
func yearly(onsets []time.Time) string {
	if len(onsets) < 10 {
		return ""
	}
	first := onsets[0]
	week, last := (first.Day()-1)/7, true
	same := true
	for i, t := range onsets {
		if t.Year() != first.Year()+i || t.Month() != first.Month() || t.Weekday() != first.Weekday() || t.Format("150405") != first.Format("150405") {
			return ""
		}
		same = same && (t.Day()-1)/7 == week
		last = last && t.AddDate(0, 0, 7).Month() != t.Month()
	}
	day := [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}[first.Weekday()]
	switch {
	case last:
		return fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=-1%s", first.Month(), day)
	case same:
		return fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", first.Month(), week+1, day)
	default:
		return ""
	}
}

func formatOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
