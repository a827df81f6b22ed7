package ical

import (
	"fmt"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// What a rule may ask for before it counts as one that can't be followed: the
// library makes a whole year's instants at once, and it looks for one that fits
// until the year 9999.
const (
	maxInterval = 1000
	maxPerDay   = 288 // every five minutes
	maxListed   = 400 // numbers in one of its BY lists
	firstYear   = 1000
	lastStart   = 9000
)

// A rule is an RRULE that can be followed.
type rule struct {
	option rrule.ROption
	// local says that UNTIL is what the clock shows there, not UTC.
	local bool
}

// parseRule reads an RRULE's value (RFC 5545 §3.3.10). It forgives what
// programs write: spaces, and a separator too many.
func parseRule(s string) (*rule, error) {
	s = strings.ToUpper(strings.Join(strings.Fields(s), ""))
	s = strings.Trim(strings.ReplaceAll(s, ";;", ";"), ";")
	o, err := rrule.StrToROption(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRule, err)
	}
	days := [][]int{o.Bysetpos, o.Bymonth, o.Bymonthday, o.Byyearday, o.Byweekno, o.Byeaster}
	times := [][]int{o.Byhour, o.Byminute, o.Bysecond}
	filtered, perDay := len(o.Byweekday) > 0, 1
	for _, list := range append(days, times...) {
		filtered = filtered || len(list) > 0
		if len(list) > maxListed {
			return nil, ErrRule
		}
	}
	for _, list := range times {
		perDay *= max(1, len(list))
	}
	if o.Interval > maxInterval || perDay > maxPerDay || len(o.Byweekday) > maxListed || o.Freq >= rrule.HOURLY && filtered {
		return nil, ErrRule
	}
	_, until, _ := strings.Cut(s, "UNTIL=")
	until, _, _ = strings.Cut(until, ";")
	if len(until) == len(dateLayout) { // a day: all of it
		o.Until = o.Until.Add(24*time.Hour - time.Second)
	}
	return &rule{*o, !strings.HasSuffix(until, "Z")}, nil
}

// follow returns the instants of the rule from start through end, which are
// what a clock shows, those before begin left out; show says what the clock
// shows at an instant. ok is false if it gave up after so many steps.
func (r *rule) follow(start, begin, end time.Time, steps int, show func(time.Time) time.Time) (out []time.Time, ok bool) {
	if until := r.option.Until; !until.IsZero() {
		if !r.local {
			until = show(until)
		}
		if until.Before(end) {
			end = until
		}
	}
	if end.Before(start) {
		return nil, true
	}
	if start.Year() < firstYear || start.Year() > lastStart {
		return nil, false
	}
	o := r.option
	o.Dtstart, o.Until = start, end
	set, err := rrule.NewRRule(o)
	if err != nil {
		return nil, false
	}
	next := set.Iterator()
	for range steps {
		t, more := next()
		if !more {
			return out, true
		}
		if !t.Before(begin) {
			out = append(out, t)
		}
	}
	return out, false
}
