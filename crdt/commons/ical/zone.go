package ical

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Zones returns the time zone of a name in the IANA database, as
// time.LoadLocation does. It is given by the caller, since reading the database
// is I/O.
type Zones func(name string) (*time.Location, error)

// A clock says which instant it is when the clocks of a zone show something.
type clock interface {
	// instant returns the first instant at which the clock shows civil; a time
	// that a change of clocks leaves out counts as if it hadn't come yet
	// (RFC 5545 §3.3.5).
	instant(civil time.Time) time.Time
	// civil returns what the clock shows, in time.UTC.
	civil(t time.Time) time.Time
}

// A located clock goes by the IANA database.
type located struct{ *time.Location }

func (l located) civil(t time.Time) time.Time {
	_, off := t.In(l.Location).Zone()
	return t.UTC().Add(time.Duration(off) * time.Second)
}

func (l located) instant(civil time.Time) time.Time {
	return instant(civil, func(t time.Time) time.Duration {
		_, off := t.In(l.Location).Zone()
		return time.Duration(off) * time.Second
	}).In(l.Location)
}

// instant finds the instant whose offset makes it show civil. No zone is more
// than 26 hours off, none changes twice within a few hours.
func instant(civil time.Time, offset func(time.Time) time.Duration) time.Time {
	near := civil.Add(-offset(civil))
	before, after := offset(near.Add(-3*time.Hour)), offset(near.Add(3*time.Hour))
	// The larger offset is the earlier instant.
	for _, off := range []time.Duration{max(before, after), min(before, after)} {
		if t := civil.Add(-off); offset(t) == off {
			return t
		}
	}
	return civil.Add(-before)
}

// A defined clock goes by a VTIMEZONE.
type defined struct {
	name   string
	onsets []onset // by instant
	first  time.Duration
}

type onset struct {
	at     time.Time
	offset time.Duration
}

func (d *defined) offset(t time.Time) time.Duration {
	i, _ := slices.BinarySearchFunc(d.onsets, t, func(o onset, t time.Time) int {
		if o.at.After(t) {
			return 1
		}
		return -1
	})
	if i == 0 {
		return d.first
	}
	return d.onsets[i-1].offset
}

func (d *defined) civil(t time.Time) time.Time { return t.UTC().Add(d.offset(t)) }

func (d *defined) instant(civil time.Time) time.Time {
	t := instant(civil, d.offset)
	return t.In(time.FixedZone(d.name, int(d.offset(t)/time.Second)))
}

// lastYear is until when the rules of a VTIMEZONE are followed, maxOnsets for
// how many changes of clocks at most.
const (
	lastYear  = 2100
	maxOnsets = 2000
)

// define reads a VTIMEZONE; ok is false if it defines nothing.
func define(tz *Component) (d *defined, ok bool) {
	d = &defined{name: tz.Value("TZID")}
	earliest := time.Time{}
	for _, sub := range tz.Components {
		from, errFrom := parseOffset(sub.Value("TZOFFSETFROM"))
		to, errTo := parseOffset(sub.Value("TZOFFSETTO"))
		start, errStart := ParseTime(sub.Value("DTSTART"), "")
		if sub.Name != "STANDARD" && sub.Name != "DAYLIGHT" || errFrom != nil || errTo != nil || errStart != nil {
			continue
		}
		civils := []time.Time{start.Civil}
		for _, p := range sub.All("RDATE") {
			for _, t := range p.Times() {
				civils = append(civils, t.Civil)
			}
		}
		if rule, err := parseRule(sub.Value("RRULE")); err == nil {
			end := time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC)
			onsets, _ := rule.follow(start.Civil, start.Civil, end, maxOnsets, func(t time.Time) time.Time { return t.Add(from) })
			civils = append(civils, onsets...)
		}
		for _, c := range civils {
			d.onsets = append(d.onsets, onset{c.Add(-from), to})
		}
		if at := start.Civil.Add(-from); !ok || at.Before(earliest) {
			earliest, d.first = at, from
		}
		ok = true
	}
	slices.SortStableFunc(d.onsets, func(a, b onset) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.offset, b.offset))
	})
	return d, ok
}

func parseOffset(v string) (time.Duration, error) {
	bad := fmt.Errorf("ical: not a UTC offset: %q", clip(v))
	v = strings.TrimSpace(v)
	if len(v) != 5 && len(v) != 7 || v[0] != '+' && v[0] != '-' {
		return 0, bad
	}
	var d time.Duration
	for i, unit := 1, time.Hour; i < len(v); i, unit = i+2, unit/60 {
		n, err := strconv.ParseUint(v[i:i+2], 10, 8)
		if err != nil || n > 59 {
			return 0, bad
		}
		d += time.Duration(n) * unit
	}
	if v[0] == '-' {
		d = -d
	}
	return d, nil
}

// resolver finds the clocks that an event's times refer to.
type resolver struct {
	zones   Zones
	here    *time.Location
	defined []*Component
	found   map[string]clock
}

// clock returns the clock of a zone: the IANA database knows it better than
// the file, whose definitions often stop at a year; the file's own counts where
// the name isn't the database's. Some prefix their names, as in
// /mozilla.org/20070129_1/Europe/Paris. known is false if nobody defines it;
// then it is the local one.
func (r *resolver) clock(tzid string) (c clock, known bool) {
	if tzid == "" {
		return located{r.here}, true
	}
	if c := r.found[tzid]; c != nil {
		return c, true
	}
	c = r.look(tzid)
	if c == nil {
		return located{r.here}, false
	}
	r.found[tzid] = c
	return c, true
}

func (r *resolver) look(tzid string) clock {
	name := strings.Trim(tzid, "/")
	for r.zones != nil && name != "" {
		if loc, err := r.zones(name); err == nil && !strings.EqualFold(name, "local") {
			return located{loc}
		}
		if !strings.HasPrefix(tzid, "/") {
			break
		}
		_, name, _ = strings.Cut(name, "/")
	}
	for _, tz := range r.defined {
		if tz.Name == "VTIMEZONE" && tz.Value("TZID") == tzid {
			if d, ok := define(tz); ok {
				return d
			}
		}
	}
	return nil
}
