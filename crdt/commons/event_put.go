package commons

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"navette/crdt"
	"navette/crdt/commons/ical"
)

// An entry is one entry of an event's properties on its way in.
type entry struct {
	key   propertyKey
	lines []ical.Property
}

// flatten lists the entries that a component and those in it make, by key.
func flatten(c *ical.Component, instance string, path []string, into map[string]*entry) {
	if len(c.Properties) == 0 {
		k := propertyKey{instance: instance, path: path}
		into[string(k.value())] = &entry{key: k}
	}
	for _, p := range c.Properties {
		k := propertyKey{instance: instance, path: path, name: p.Name}
		if repeated[p.Name] {
			k.occurrence = occurrence(p)
		}
		key := string(k.value())
		if into[key] == nil {
			into[key] = &entry{key: k}
		}
		into[key].lines = append(into[key].lines, p)
	}
	twins := make(map[string]int)
	for _, sub := range c.Components {
		name := sub.Name + ":" + identity(sub)
		twins[name]++
		if n := twins[name]; n > 1 {
			name += "~" + strconv.Itoa(n)
		}
		flatten(sub, instance, append(slices.Clone(path), name), into)
	}
}

func occurrence(p ical.Property) string {
	v := p.Value
	if p.Name == "ATTENDEE" {
		v = strings.ToLower(v)
	}
	if len(v) <= 64 {
		return v
	}
	return hash(v)
}

func hash(s string) string {
	h := sha256.Sum256([]byte(s))
	return "#" + hex.EncodeToString(h[:8])
}

// identity tells a sub-component from its siblings: by the id it has, else by
// all it says.
func identity(c *ical.Component) string {
	for _, name := range []string{"UID", "X-WR-ALARMUID"} {
		if v := c.Value(name); v != "" && len(v) <= 128 {
			return v
		}
	}
	return hash(c.Canonical().String())
}

// PutEvent makes an event say what ev says, and nothing else: properties that
// ev lacks are taken out, but those of instances only if ev has the event
// itself. Properties too long to be kept are left out and named.
func PutEvent(d *crdt.Doc, ev *ical.Event, env Env) (changes [][]crdt.Edit, leftOut []*FieldError, err error) {
	w, err := known(d, env)
	if err != nil {
		return nil, nil, err
	}
	w.settle = false
	leftOut = w.putEvent(ev)
	return w.changes(), leftOut, nil
}

func (w *writer) putEvent(ev *ical.Event) (leftOut []*FieldError) {
	entries := make(map[string]*entry)
	stated := make(map[string]bool) // instances that ev has
	if ev.Master != nil {
		flatten(ev.Master, "", nil, entries)
		stated[""] = true
	}
	for _, x := range ev.Exceptions {
		flatten(x, x.Key(), nil, entries)
		stated[x.Key()] = true
	}
	news := false
	var put []func()
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		e := entries[key]
		v := lines(e.lines)
		if len(v) > crdt.MaxValue || len(key) > crdt.MaxValue {
			leftOut = append(leftOut, tooLong(e))
			continue
		}
		if _, needed := w.put(w.doc.MapEntry(fieldProperties, crdt.Value(key)), v); !needed {
			continue
		}
		news = news || !bookkeeping[e.key.name]
		put = append(put, func() { w.putEntry(fieldOf(e.key), fieldProperties, crdt.Value(key), v) })
	}
	for _, m := range w.doc.Map(fieldProperties) {
		k, ok := readKey(m.Key)
		if entries[string(m.Key)] == nil && ok && (stated[k.instance] || stated[""]) {
			news = news || !bookkeeping[k.name]
			put = append(put, func() { w.drop(fieldOf(k), fieldProperties, m.Key) })
		}
	}
	for _, tz := range ev.Zones {
		key, v := crdt.Text(tz.Value("TZID")), crdt.Text(tz.String())
		if len(v) > crdt.MaxValue || len(key) > Short.Bytes {
			leftOut = append(leftOut, tooLong(&entry{propertyKey{name: "VTIMEZONE"}, []ical.Property{{Value: string(v), Line: tz.Line}}}))
			continue
		}
		if _, needed := w.put(w.doc.MapEntry(fieldTimezones, key), v); needed {
			// A zone of the database is known without; programs that export
			// add its definition.
			news = news || !w.env.knows(tz.Value("TZID"))
			put = append(put, func() { w.putEntry("timezones", fieldTimezones, key, v) })
		}
	}
	if news {
		for _, f := range put {
			f()
		}
	}
	return leftOut
}

func tooLong(e *entry) *FieldError {
	n, at := 0, 0
	for _, p := range e.lines {
		n, at = n+len(p.Value), cmp.Or(at, p.Line)
	}
	return &FieldError{Kind: "event", Field: e.key.String(), Line: at, Got: n, Limit: Raw.Bytes, Unit: "bytes", Err: ErrBound}
}

// fieldOf returns the name of the field that an entry is shown as.
func fieldOf(k propertyKey) string {
	if k.instance == "" && len(k.path) == 0 {
		for _, f := range eventKind.Fields {
			if f.Property != "" && f.Property == k.name {
				return f.Name
			}
		}
	}
	return "properties." + k.String()
}

// EventOf returns the event as a calendar program would have it. Of two
// versions of a property it has the one shown; of bookkeeping, the greatest.
func EventOf(d *crdt.Doc) *ical.Event {
	ev := &ical.Event{}
	components := make(map[string]*ical.Component) // by instance and path
	var at func(instance string, path []string) *ical.Component
	at = func(instance string, path []string) *ical.Component {
		id := string(propertyKey{instance: instance, path: path}.value())
		if c := components[id]; c != nil {
			return c
		}
		c := &ical.Component{Name: "VEVENT"}
		components[id] = c
		switch {
		case len(path) > 0:
			c.Name, _, _ = strings.Cut(path[len(path)-1], ":")
			parent := at(instance, path[:len(path)-1])
			parent.Components = append(parent.Components, c)
		case instance == "":
			ev.Master = c
		default:
			ev.Exceptions = append(ev.Exceptions, c)
		}
		return c
	}
	for _, m := range d.Map(fieldProperties) {
		k, ok := readKey(m.Key)
		if !ok || len(k.path) > ical.MaxDepth-2 {
			continue
		}
		shown := m.Entries[0].Value
		if bookkeeping[k.name] {
			shown = greatest(m.Entries)
		}
		if props, ok := readLines(k.name, shown); ok {
			c := at(k.instance, k.path)
			c.Properties = append(c.Properties, props...)
		}
	}
	for _, m := range d.Map(fieldTimezones) {
		s, _ := m.Entries[0].Value.Text()
		for _, c := range first(ical.Parse(s)) {
			if c.Name == "VTIMEZONE" {
				ev.Zones = append(ev.Zones, c)
			}
		}
	}
	if ev.Master != nil {
		ev.UID = ev.Master.Value("UID")
	}
	for _, x := range ev.Exceptions {
		ev.UID = cmp.Or(ev.UID, x.Value("UID"))
	}
	return ev
}

func first[A, B any](a A, _ B) A { return a }

func greatest(entries []crdt.Entry) crdt.Value {
	return slices.MaxFunc(entries, func(a, b crdt.Entry) int {
		return slices.Compare(a.Value, b.Value)
	}).Value
}
