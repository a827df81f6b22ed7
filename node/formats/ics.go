package formats

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"navette/crdt/commons"
	"navette/crdt/commons/ical"
)

// Reasons why an event, or part of a calendar, is left out.
var (
	ErrStart    = errors.New("formats: the event has no readable start")
	ErrRepeat   = errors.New("formats: the event is in the file twice")
	ErrNotEvent = errors.New("formats: not an event")
)

// ReadICS reads the events of a calendar, each apart: what is said of one UID
// is one record, with the time zones it names. A bad line is left out of its
// event; an event whose start, rule or UID is a bad line is left out as a
// whole. To-dos, journals and the like are no events and named as left out.
// What a calendar says of itself (its name, its method) is no event's.
func ReadICS(f File) (Result, error) {
	text, _, err := Decode(f.Data)
	if err != nil {
		return Result{}, err
	}
	top, problems := ical.Parse(text)
	r := &calendar{file: f.Name, bad: make(map[*ical.Component]bool), zones: make(map[string]*ical.Component)}
	for _, p := range problems {
		r.problem(p)
	}
	r.collect(top)
	r.group()
	if len(r.result.Records)+len(r.result.Problems) == 0 {
		return Result{}, ErrEmpty
	}
	return r.result, nil
}

// A calendar is an iCalendar file being read.
type calendar struct {
	file   string
	bad    map[*ical.Component]bool // events that lost a line they can't do without
	zones  map[string]*ical.Component
	events []*ical.Component
	result Result
}

func (r *calendar) refuse(line int, err error, code string, args ...string) {
	r.result.Problems = append(r.result.Problems, Problem{File: r.file, Line: line, Code: code, Args: args, Err: err})
}

func (r *calendar) problem(p ical.Problem) {
	if p.Component != "" {
		r.refuse(p.Line, p.Err, CodeUnclosed, p.Component)
		return
	}
	r.refuse(p.Line, p.Err, CodeLine, p.Text)
	name := strings.ToUpper(p.Text)
	if i := strings.IndexAny(name, ":;= \t"); i >= 0 {
		name = name[:i]
	}
	if p.In != nil && slices.Contains([]string{"DTSTART", "RRULE", "RECURRENCE-ID", "UID"}, name) {
		r.bad[p.In] = true
	}
}

// collect finds the events and time zones, also where they stand outside of a
// calendar.
func (r *calendar) collect(list []*ical.Component) {
	for _, c := range list {
		switch c.Name {
		case "VCALENDAR":
			r.collect(c.Components)
		case "VTIMEZONE":
			if id := c.Value("TZID"); id != "" && r.zones[id] == nil {
				r.zones[id] = c
			}
		case "VEVENT":
			r.events = append(r.events, c)
		default:
			r.refuse(c.Line, ErrNotEvent, CodeNotEvent, c.Name)
		}
	}
}

// group makes a record of all that the file says of one UID.
func (r *calendar) group() {
	byUID := make(map[string]*ical.Event)
	var order []*ical.Event
	for _, c := range r.events {
		name := cmp.Or(strings.TrimSpace(c.Text("SUMMARY")), c.Text("UID"))
		start := c.Get("DTSTART")
		// Without a start, a title or a UID there is nothing to put on a calendar.
		if r.bad[c] || start == nil && name == "" {
			r.refuse(c.Line, ErrStart, CodeStart, name, "")
			continue
		}
		if start != nil {
			if _, err := start.Time(); err != nil {
				r.refuse(start.Line, ErrStart, CodeStart, name, start.Value)
				continue
			}
		}
		uid := c.Value("UID")
		if strings.TrimSpace(uid) == "" {
			uid = contentUID(c)
			c.Properties = slices.DeleteFunc(c.Properties, func(p ical.Property) bool { return p.Name == "UID" })
			c.Properties = append(c.Properties, ical.Property{Name: "UID", Value: uid, Line: c.Line})
		}
		ev := byUID[uid]
		if ev == nil {
			ev = &ical.Event{UID: uid}
			byUID[uid] = ev
			order = append(order, ev)
		}
		r.put(ev, c, name)
	}
	for _, ev := range order {
		r.record(ev)
	}
}

// put adds a component to its event. Of two that say to be the same one, the
// later revision counts.
func (r *calendar) put(ev *ical.Event, c *ical.Component, name string) {
	if c.Get("RECURRENCE-ID") == nil {
		if ev.Master == nil {
			ev.Master = c
			return
		}
		ev.Master = r.later(ev.Master, c, name)
		return
	}
	for i, x := range ev.Exceptions {
		if x.Key() == c.Key() {
			ev.Exceptions[i] = r.later(x, c, name)
			return
		}
	}
	ev.Exceptions = append(ev.Exceptions, c)
}

func (r *calendar) later(a, b *ical.Component, name string) *ical.Component {
	sequence := func(c *ical.Component) int {
		n, _ := strconv.Atoi(strings.TrimSpace(c.Value("SEQUENCE")))
		return n
	}
	order := cmp.Or(cmp.Compare(sequence(a), sequence(b)), cmp.Compare(a.Value("LAST-MODIFIED"), b.Value("LAST-MODIFIED")))
	if order > 0 {
		a, b = b, a
	}
	if a.Canonical().String() != b.Canonical().String() {
		r.refuse(a.Line, ErrRepeat, CodeRepeat, name)
	}
	return b
}

func (r *calendar) record(ev *ical.Event) {
	rec := commons.Record{File: r.file, Kind: "event", Key: normal(ev.UID), Event: ev, Name: ev.UID}
	for _, c := range append([]*ical.Component{ev.Master}, ev.Exceptions...) {
		if c == nil {
			continue
		}
		if rec.Line == 0 {
			rec.Line, rec.Name = c.Line, cmp.Or(strings.TrimSpace(c.Text("SUMMARY")), ev.UID)
		}
		for _, id := range c.TZIDs() {
			if tz := r.zones[id]; tz != nil && !slices.Contains(ev.Zones, tz) {
				ev.Zones = append(ev.Zones, tz)
			}
		}
	}
	r.result.Records = append(r.result.Records, rec)
}

// contentUID is the UID given to an event that has none: the same file gives
// the same one again.
func contentUID(c *ical.Component) string {
	said := &ical.Component{Name: c.Name, Components: c.Components}
	for _, p := range c.Properties {
		if !commons.Bookkeeping(p.Name) && p.Name != "UID" {
			said.Properties = append(said.Properties, p)
		}
	}
	h := sha256.Sum256([]byte(said.Canonical().String()))
	return hex.EncodeToString(h[:])
}
