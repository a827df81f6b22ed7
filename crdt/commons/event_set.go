package commons

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons/ical"
)

// assignProperty sets a property of the event itself, in the words of people.
func (w *writer) assignProperty(f Field, a Assign) error {
	name := f.Property
	if name == "" {
		if name = strings.ToUpper(a.Key); name == "" {
			return w.unknown(f.Name)
		}
	}
	if f.Form == Several {
		return w.categories(f, a)
	}
	k := propertyKey{name: name}
	if repeated[name] {
		return &FieldError{Kind: "event", Field: f.Name, Text: clip(a.Text), Want: "a property that an event has one of", Err: ErrValue}
	}
	if a.Text == "" {
		w.drop(f.Name, fieldProperties, k.value())
		return nil
	}
	if err := f.Bound.check("event", f.Name, a.Text); err != nil {
		return err
	}
	p := ical.Property{Name: name, Value: ical.Escape(a.Text)}
	entries := w.doc.MapEntry(fieldProperties, k.value())
	if len(entries) > 0 {
		if old, ok := readLines(name, entries[0].Value); ok && len(old) > 0 {
			p.Params = old[0].Params
		}
	}
	switch {
	case f.Form == Lines || name == "URL":
		p.Value = strings.TrimSpace(a.Text)
	case f.Form == Time:
		t, err := w.time(f, a.Text)
		if err != nil {
			return err
		}
		p = t.Property(name, p.Params)
	}
	if q, err := ical.ParseLine(p.String()); err != nil || q.Name != name {
		return &FieldError{Kind: "event", Field: f.Name, Text: clip(a.Text), Want: wants[Lines], Err: ErrValue}
	}
	w.putEntry(f.Name, fieldProperties, k.value(), lines([]ical.Property{p}))
	return nil
}

// categories keeps one line a category, so that two people may add one each.
func (w *writer) categories(f Field, a Assign) error {
	has := make(map[string]bool)
	lineKeys := make(map[string]bool)
	for _, m := range w.doc.Map(fieldProperties) {
		k, ok := readKey(m.Key)
		if !ok || k.instance != "" || len(k.path) > 0 || k.name != f.Property {
			continue
		}
		lineKeys[string(m.Key)] = true
		props, _ := readLines(k.name, m.Entries[0].Value)
		for _, p := range props {
			for _, c := range ical.SplitList(p.Value) {
				has[c] = true
			}
		}
	}
	wanted := make(map[string]bool)
	if a.How != Replace {
		maps.Copy(wanted, has)
	}
	for _, c := range a.elements() {
		wanted[c] = a.How != Exclude
	}
	maps.DeleteFunc(wanted, func(_ string, in bool) bool { return !in })
	if maps.Equal(has, wanted) {
		return nil
	}
	keys := make(map[string]ical.Property)
	for c := range wanted {
		p := ical.Property{Name: f.Property, Value: ical.Escape(c)}
		if _, err := ical.ParseLine(p.String()); err != nil || f.Bound.check("", "", c) != nil {
			return &FieldError{Kind: "event", Field: f.Name, Text: clip(c), Want: wants[Words], Err: ErrValue}
		}
		keys[string(propertyKey{name: p.Name, occurrence: occurrence(p)}.value())] = p
	}
	for _, key := range slices.Sorted(maps.Keys(lineKeys)) {
		if _, stays := keys[key]; !stays {
			w.drop(f.Name, fieldProperties, crdt.Value(key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		w.putEntry(f.Name, fieldProperties, crdt.Value(key), lines([]ical.Property{keys[key]}))
	}
	return nil
}

// time reads a day or time. Without a zone it is in that of the event as it
// stands, else in the place's.
func (w *writer) time(f Field, s string) (ical.Time, error) {
	bad := &FieldError{Kind: "event", Field: f.Name, Text: clip(s), Want: wants[Time], Err: ErrValue}
	s = strings.TrimSpace(s)
	zone := ""
	if i := strings.IndexAny(s, "["); i >= 0 && strings.HasSuffix(s, "]") {
		s, zone = s[:i], s[i+1:len(s)-1]
	} else if parts := strings.Fields(s); len(parts) > 1 && strings.Contains(parts[len(parts)-1], "/") {
		s, zone = strings.Join(parts[:len(parts)-1], " "), parts[len(parts)-1]
	}
	if zone != "" && w.env.Zones != nil && !w.env.knows(zone) {
		bad.Want = "in a time zone that is known: " + clip(zone)
		return ical.Time{}, bad
	}
	s = strings.Replace(s, " ", "T", 1)
	if t, err := time.Parse(time.DateOnly, s); err == nil && zone == "" {
		return ical.Time{Civil: t, Date: true}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return ical.Time{Civil: t, TZID: cmp.Or(zone, w.zone())}, nil
		}
		t, err := time.Parse(layout+"Z07:00", s)
		if err != nil {
			continue
		}
		zone = cmp.Or(zone, w.env.Zone)
		if !strings.HasSuffix(s, "Z") && zone != "" && w.env.Zones != nil {
			if loc, err := w.env.Zones(zone); err == nil {
				in := t.In(loc)
				_, off := in.Zone()
				return ical.Time{Civil: t.UTC().Add(time.Duration(off) * time.Second), TZID: zone}, nil
			}
		}
		return ical.Time{Civil: t.UTC(), UTC: true}, nil
	}
	return ical.Time{}, bad
}

// zone returns the zone that a time without one is in.
func (w *writer) zone() string {
	if start := w.property("DTSTART"); start != nil {
		if t, err := start.Time(); err == nil && !t.UTC && !t.Date {
			return t.TZID
		}
	}
	return w.env.Zone
}

// property returns a property of the event itself, as it is with the edits
// made so far.
func (w *writer) property(name string) *ical.Property {
	key := propertyKey{name: name}.value()
	var v crdt.Value
	if entries := w.doc.MapEntry(fieldProperties, key); len(entries) > 0 {
		v = entries[0].Value
	}
	for _, e := range w.edits {
		if e.Field == fieldProperties && e.Key.Equal(key) {
			v = e.Value // of a Drop there is none
		}
	}
	if props, ok := readLines(name, v); ok && len(props) > 0 {
		return &props[0]
	}
	return nil
}

// finishEvent checks that what was set fits together.
func (w *writer) finishEvent() error {
	if w.kind != eventKind || !slices.ContainsFunc(w.fields, func(s string) bool { return s == "start" || s == "end" }) {
		return nil
	}
	start, end := w.property("DTSTART"), w.property("DTEND")
	if start == nil || end == nil {
		return nil
	}
	s, errStart := start.Time()
	e, errEnd := end.Time()
	if errStart != nil || errEnd != nil {
		return nil
	}
	if s.Date != e.Date {
		return &FieldError{Kind: "event", Field: "end", Text: end.Value, Want: "a day where the start is one, a time where it is one", Err: ErrValue}
	}
	if s.UTC == e.UTC && s.TZID == e.TZID && e.Civil.Before(s.Civil) {
		return &FieldError{Kind: "event", Field: "end", Err: ErrOrder}
	}
	return nil
}
