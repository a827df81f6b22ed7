package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"navette/crdt/commons/ical"
)

// repetition says in words how an event repeats; "" if it doesn't.
func (l tongue) repetition(ev *ical.Event, here *time.Location) string {
	if !repeats(ev) {
		return ""
	}
	rule := ev.Master.Value("RRULE")
	times := 0
	parts := strings.Split(rule, ";")
	for i, part := range parts {
		if n, ok := strings.CutPrefix(part, "COUNT="); ok {
			times, _ = strconv.Atoi(n)
			rule = strings.Join(slices.Delete(slices.Clone(parts), i, i+1), ";")
		}
	}
	repeat, until := readRepeat(rule, here)
	var day time.Time
	if p := ev.Master.Get("DTSTART"); p != nil {
		if t, err := p.Time(); err == nil {
			day = t.Civil
		}
	}
	weekday := l.text("weekday." + strconv.Itoa(int(day.Weekday())))
	var said string
	switch {
	case day.IsZero():
		return l.text("repeat.as_it_is")
	case repeat == weekly:
		said = l.text("repeats.weekly", weekday)
	case repeat == fortnightly:
		said = l.text("repeats.fortnightly", weekday)
	case repeat == monthDaily:
		said = l.text("repeats.monthday", day.Day())
	case repeat == monthly:
		nth := ""
		for _, part := range strings.Split(rule, ";") {
			nth += nthOf(part)
		}
		said = l.text("repeats.monthly", l.text("nth."+nth), weekday)
	default:
		return l.text("repeat.as_it_is")
	}
	if t, err := time.ParseInLocation(time.DateOnly, until, here); err == nil {
		said += ", " + l.text("repeats.until", l.day(t))
	}
	if times > 0 {
		said += ", " + l.count("repeats.times", times)
	}
	return said
}
