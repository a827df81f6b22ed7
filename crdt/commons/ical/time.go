package ical

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrTime is a value that isn't a DATE or DATE-TIME, ErrDuration one that isn't
// a DURATION.
var (
	ErrTime     = errors.New("ical: not a date or time")
	ErrDuration = errors.New("ical: not a duration")
)

// A Time is a DATE or DATE-TIME as it is written: what the clock on the wall
// shows, and whose wall it is.
type Time struct {
	Civil time.Time // what the clock shows, in time.UTC whatever the zone
	Date  bool      // a day, no time of day
	UTC   bool
	TZID  string // neither UTC nor TZID: any wall (floating)
}

const (
	dateLayout = "20060102"
	timeLayout = "20060102T150405"
)

// Time reads the property as one DATE or DATE-TIME.
func (p *Property) Time() (Time, error) { return ParseTime(p.Value, p.Param("TZID")) }

// Times reads the property as a list of them; of a PERIOD it takes the
// beginning. What can't be read is left out.
func (p *Property) Times() []Time {
	var out []Time
	for v := range strings.SplitSeq(p.Value, ",") {
		v, _, _ = strings.Cut(v, "/")
		if t, err := ParseTime(v, p.Param("TZID")); err == nil {
			out = append(out, t)
		}
	}
	return out
}

// ParseTime reads a DATE or DATE-TIME (RFC 5545 §3.3.4, §3.3.5).
func ParseTime(v, tzid string) (Time, error) {
	v = strings.TrimSpace(v)
	layout, t := timeLayout, Time{TZID: tzid}
	switch {
	case len(v) == len(dateLayout):
		layout, t.Date, t.TZID = dateLayout, true, ""
	case strings.HasSuffix(v, "Z"):
		layout, t.UTC, t.TZID = timeLayout+"Z", true, ""
	}
	civil, err := time.Parse(layout, v)
	if err != nil {
		return Time{}, fmt.Errorf("%w: %q", ErrTime, clip(v))
	}
	t.Civil = civil
	return t, nil
}

// Property makes a property of the time; of another one's parameters it keeps
// what doesn't say which time it is.
func (t Time) Property(name string, others []Param) Property {
	p := Property{Name: name}
	for _, q := range others {
		if q.Name != "TZID" && q.Name != "VALUE" {
			p.Params = append(p.Params, q)
		}
	}
	switch {
	case t.Date:
		p.Params = append(p.Params, Param{"VALUE", []string{"DATE"}})
	case t.TZID != "":
		p.Params = append(p.Params, Param{"TZID", []string{t.TZID}})
	}
	p.Value = t.value()
	return p
}

func (t Time) value() string {
	switch {
	case t.Date:
		return t.Civil.Format(dateLayout)
	case t.UTC:
		return t.Civil.Format(timeLayout) + "Z"
	default:
		return t.Civil.Format(timeLayout)
	}
}

// key names an instance of a recurring event: a RECURRENCE-ID and the start
// that it stands for give the same one.
func (t Time) key() string {
	if t.TZID != "" {
		return t.value() + "/" + t.TZID
	}
	return t.value()
}

// Key returns what names the instance that a RECURRENCE-ID stands for; "" for
// none.
func (c *Component) Key() string {
	p := c.Get("RECURRENCE-ID")
	if p == nil {
		return ""
	}
	t, err := p.Time()
	if err != nil {
		return p.Value
	}
	return t.key()
}

// A Duration is a DURATION: days are as long as the calendar has them.
type Duration struct {
	Days  int
	Exact time.Duration
}

// ParseDuration reads a DURATION (RFC 5545 §3.3.6).
func ParseDuration(v string) (d Duration, err error) {
	bad := fmt.Errorf("%w: %q", ErrDuration, clip(v))
	s := strings.ToUpper(strings.TrimSpace(v))
	sign := 1
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	s, ok := strings.CutPrefix(strings.TrimLeft(s, "+-"), "P")
	if !ok || s == "" {
		return d, bad
	}
	clock := false
	for s != "" {
		if s[0] == 'T' && !clock {
			clock, s = true, s[1:]
			continue
		}
		i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 {
			return d, bad
		}
		n, err := strconv.Atoi(s[:i])
		if err != nil || n > 1e7 {
			return d, bad
		}
		n *= sign
		switch unit := s[i]; {
		case unit == 'W' && !clock:
			d.Days += 7 * n
		case unit == 'D' && !clock:
			d.Days += n
		case unit == 'H' && clock:
			d.Exact += time.Duration(n) * time.Hour
		case unit == 'M' && clock:
			d.Exact += time.Duration(n) * time.Minute
		case unit == 'S' && clock:
			d.Exact += time.Duration(n) * time.Second
		default:
			return d, bad
		}
		s = s[i+1:]
	}
	return d, nil
}
