package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
)

// The repetitions that the form offers.
const (
	weekly      = "weekly"
	fortnightly = "fortnightly"
	monthly     = "monthly"  // on the same weekday: the first Tuesday
	monthDaily  = "monthday" // on the same date
	asItIs      = "as_it_is"
)

// eventInputs is what an event is asked. Times are those of the event's own
// zone.
func eventInputs(r *commons.Resource, here *time.Location) []input {
	repeat := choices("repeat.", "", weekly, fortnightly, monthly, monthDaily)
	was := asForm(r, here)
	if was["repeat"] == asItIs {
		repeat = append(repeat, choices("repeat.", asItIs)...)
	}
	with := func(in input) input { in.Was = was[in.Name]; return in }
	return []input{
		{Name: "title", Needed: true},
		with(input{Name: "day", Label: "event.day", Kind: "date", Needed: true}),
		with(input{Name: "from", Label: "event.from", Kind: "clock", Hint: "event.from.hint"}),
		with(input{Name: "to", Label: "event.to", Kind: "clock"}),
		with(input{Name: "last", Label: "event.last", Kind: "date", Hint: "event.last.hint"}),
		with(input{Name: "repeat", Kind: "select", Options: repeat}),
		with(input{Name: "until", Label: "event.until", Kind: "date", Hint: "event.until.hint"}),
		{Name: "location", Label: "event.location"},
		{Name: "description", Kind: "area"},
		{Name: "capacity", Kind: "number", Hint: "field.capacity.hint"},
		{Name: "categories", Hint: "field.tags.hint"},
		{Name: "url"},
		{Name: "visibility", Kind: "select", Options: choices("visibility.", "", "members", "place", "private")},
	}
}

// timeInputs are those inputs that together say when.
var timeInputs = []string{"day", "from", "to", "last", "repeat", "until"}

// asForm is when an event takes place, as the form asks it.
func asForm(r *commons.Resource, here *time.Location) map[string]string {
	out := make(map[string]string)
	text := func(name string) string { f, _ := r.Get(name); return valueText(f.Value) }
	start, end := inputTime(text("start")), inputTime(text("end"))
	day, from, timed := strings.Cut(start, "T")
	last, to, _ := strings.Cut(end, "T")
	out["day"], out["from"], out["to"] = day, clip5(from), clip5(to)
	if d, err := time.Parse(time.DateOnly, last); err == nil {
		if !timed { // the day after the last one
			last = d.AddDate(0, 0, -1).Format(time.DateOnly)
		}
		if last > day {
			out["last"] = last
		}
	}
	out["repeat"], out["until"] = readRepeat(text("repeat"), here)
	return out
}

// clip5 is a time of day without its seconds.
func clip5(s string) string { return s[:min(len(s), 5)] }

// readRepeat finds which repetition of the form a rule is, and until which day.
func readRepeat(rule string, here *time.Location) (repeat, until string) {
	if rule == "" {
		return "", ""
	}
	var rest []string
	for _, part := range strings.Split(rule, ";") {
		if s, ok := strings.CutPrefix(part, "UNTIL="); ok {
			if at, err := time.Parse("20060102T150405Z", s); err == nil {
				until = at.In(here).Format(time.DateOnly)
			} else if d, err := time.Parse("20060102", s[:min(8, len(s))]); err == nil {
				until = d.Format(time.DateOnly)
			}
			continue
		}
		rest = append(rest, part)
	}
	slices.Sort(rest)
	switch s := strings.Join(rest, ";"); {
	case s == "FREQ=WEEKLY":
		return weekly, until
	case s == "FREQ=WEEKLY;INTERVAL=2":
		return fortnightly, until
	case s == "FREQ=MONTHLY":
		return monthDaily, until
	case len(rest) == 2 && rest[1] == "FREQ=MONTHLY" && nthOf(rest[0]) != "":
		return monthly, until
	}
	return asItIs, ""
}

// nthOf is which weekday of a month a rule's BYDAY is for: 1 to 4, or last; ""
// if it is for none or several.
func nthOf(byDay string) string {
	s, ok := strings.CutPrefix(byDay, "BYDAY=")
	switch {
	case ok && len(s) == 3 && s[0] >= '1' && s[0] <= '4':
		return s[:1]
	case ok && len(s) == 4 && s[:2] == "-1":
		return "last"
	}
	return ""
}

// when makes of what was typed what an event holds.
func (v *visit) when(f *sheet) (in []commons.Assign, err error) {
	changed := slices.ContainsFunc(timeInputs, func(name string) bool { return f.Get(name).Value != f.Get(name).Was })
	if !changed {
		return nil, nil
	}
	value := func(name string) string { return strings.TrimSpace(f.Get(name).Value) }
	day, err := time.ParseInLocation(time.DateOnly, value("day"), v.zone())
	if err != nil {
		return nil, wrong("day", "problem.day", value("day"))
	}
	last := day
	if s := value("last"); s != "" {
		if last, err = time.ParseInLocation(time.DateOnly, s, v.zone()); err != nil {
			return nil, wrong("last", "problem.day", s)
		}
	}
	from, to := value("from"), value("to")
	for name, s := range map[string]string{"from": from, "to": to} {
		if _, err := time.Parse("15:04", s); s != "" && err != nil {
			return nil, wrong(name, "problem.clock", s)
		}
	}
	start, end := day.Format(time.DateOnly), ""
	switch {
	case from == "" && to != "":
		return nil, wrong("from", "problem.no_start")
	case from == "":
		end = last.AddDate(0, 0, 1).Format(time.DateOnly)
	default:
		start += "T" + from
		if to != "" {
			end = last.Format(time.DateOnly) + "T" + to
		} else if last.After(day) {
			return nil, wrong("to", "problem.no_end")
		}
	}
	if end != "" && end <= start {
		return nil, wrong("to", "problem.order")
	}
	in = append(in, commons.Assign{Field: "start", Text: start}, commons.Assign{Field: "end", Text: end}, commons.Assign{Field: "duration"})
	if f.Get("repeat").Value != f.Get("repeat").Was || f.Get("until").Value != f.Get("until").Was || f.Get("repeat").Value == monthly {
		rule, err := v.rule(value("repeat"), day, from == "", value("until"))
		if err != nil {
			return nil, err
		}
		if value("repeat") != asItIs {
			in = append(in, commons.Assign{Field: "repeat", Text: rule})
		}
	}
	return in, nil
}

// rule writes a repetition of the form as a calendar has it.
func (v *visit) rule(repeat string, day time.Time, allDay bool, until string) (string, error) {
	rule := map[string]string{weekly: "FREQ=WEEKLY", fortnightly: "FREQ=WEEKLY;INTERVAL=2", monthDaily: "FREQ=MONTHLY"}[repeat]
	if repeat == monthly {
		weekday := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}[day.Weekday()]
		nth := (day.Day()-1)/7 + 1
		if nth == 5 {
			nth = -1 // the last, which there is every month
		}
		rule = fmt.Sprintf("FREQ=MONTHLY;BYDAY=%d%s", nth, weekday)
	}
	if rule == "" || until == "" {
		return rule, nil
	}
	end, err := time.ParseInLocation(time.DateOnly, until, v.zone())
	if err != nil {
		return "", wrong("until", "problem.day", until)
	}
	if end.Before(day) {
		return "", wrong("until", "problem.order")
	}
	if allDay {
		return rule + ";UNTIL=" + end.Format("20060102"), nil
	}
	return rule + ";UNTIL=" + end.AddDate(0, 0, 1).Add(-time.Second).UTC().Format("20060102T150405Z"), nil
}

func (v *visit) newEvent() error { return v.eventForm(nil, nil) }

func (v *visit) addEvent() error {
	id := newID()
	return v.eventForm(nil, func(f *sheet) error {
		in, err := v.eventAssigns(f)
		if err != nil {
			return err
		}
		err = v.write(func() ([][]crdt.Edit, error) { return commons.Add(id, "event", in, v.commons.Env()) })
		if err != nil {
			return err
		}
		return v.goSaying(pathOf("event", id), &message{Key: "said.added", Args: []any{f.Get("title").Value}, Undo: v.undo("/things/"+id.String()+"/remove", "/agenda")})
	})
}

// eventAssigns are what was changed in the form of an event.
func (v *visit) eventAssigns(f *sheet) ([]commons.Assign, error) {
	in, err := v.when(f)
	for _, a := range f.assigns() {
		if !slices.Contains(timeInputs, a.Field) {
			in = append(in, a)
		}
	}
	return in, err
}

func (v *visit) editEvent() error {
	t, err := v.thing("event")
	if err != nil {
		return err
	}
	return v.eventForm(t, nil)
}

func (v *visit) saveEvent() error {
	t, err := v.thing("event")
	if err != nil {
		return err
	}
	return v.eventForm(t, func(f *sheet) error {
		in, err := v.eventAssigns(f)
		if err != nil {
			return err
		}
		return v.saveAssigns(t, in)
	})
}

func (v *visit) eventForm(t *thing, do func(*sheet) error) error {
	r := &commons.Resource{Kind: "event"}
	data := thingForm{Thing: t, Back: "/agenda"}
	if t != nil {
		r, data.Back = &t.r, t.Path
	}
	inputs := eventInputs(r, v.zone())
	if t == nil {
		inputs[1].Value = v.startOfDay(v.URL.Query().Get("day")).Format(time.DateOnly)
	}
	data.Form = v.sheetOf("event", inputs, t)
	return v.fill(data.Form, "event-form", data, do)
}
