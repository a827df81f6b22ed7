package commons

import (
	"slices"
	"strings"

	"navette/crdt"
	"navette/crdt/commons/ical"
)

// The numbers of the fields of an event.
const (
	fieldProperties = 32
	fieldTimezones  = 33
	fieldCapacity   = 34
	fieldSignUps    = 35
)

// eventKind is what a calendar says of one UID: the event, its instances that
// differ, the sub-components of both, and the time zones they name.
//
// All of it stands in one map, a property an entry, so that concurrent edits
// meet per property (see propertyKey). The fields below are names for the
// properties of the event itself that people speak of; "properties" are the
// others, as they stand in a file.
var eventKind = &Kind{
	Name: "event", Plural: "events",
	Fields: append([]Field{
		needed(named("title", Words, "SUMMARY", "summary", "name")),
		needed(named("start", Time, "DTSTART", "from")),
		named("end", Time, "DTEND", "to"),
		named("duration", Lines, "DURATION"),
		named("repeat", Lines, "RRULE", "rrule"),
		named("location", Words, "LOCATION"),
		named("description", Words, "DESCRIPTION"),
		named("categories", Several, "CATEGORIES"),
		named("status", Words, "STATUS"),
		named("url", Words, "URL"),
		named("uid", Words, "UID"),
	}, append(slices.DeleteFunc(shared("title"), func(f Field) bool {
		return f.ID == fieldTitle || f.ID == fieldDescription
	}),
		Field{ID: fieldCapacity, Name: "capacity", Aliases: []string{"seats"}, Type: RegisterType, Form: Integer, Bound: Short},
		Field{ID: fieldSignUps, Name: "sign-ups", Aliases: []string{"signups"}, Type: MapType, Form: Flag},
		Field{ID: fieldProperties, Name: "properties", Aliases: []string{"property"}, Type: MapType, Form: Lines, Bound: Raw},
		Field{ID: fieldTimezones, Name: "timezones", Type: MapType, Form: Words, Bound: Raw},
	)...),
}

func named(name string, form Form, property string, aliases ...string) Field {
	return Field{ID: fieldProperties, Name: name, Aliases: aliases, Type: MapType, Form: form, Bound: Raw, Property: property}
}

func needed(f Field) Field {
	f.Needed = true
	return f
}

// repeated are the properties that an event has many of (RFC 5545 §3.6.1, 7986,
// 9073, 9253): each line is an entry, so that two people may add one each. The
// lines of any other name are one entry together.
var repeated = map[string]bool{
	"ATTACH": true, "ATTENDEE": true, "CATEGORIES": true, "COMMENT": true, "CONCEPT": true,
	"CONFERENCE": true, "CONTACT": true, "EXDATE": true, "IMAGE": true, "LINK": true,
	"RDATE": true, "REFID": true, "RELATED-TO": true, "REQUEST-STATUS": true, "RESOURCES": true,
	"STRUCTURED-DATA": true, "STYLED-DESCRIPTION": true,
}

// bookkeeping are the properties that programs write with every edit. That two
// of them differ is no news to people, and alone they are no change.
var bookkeeping = map[string]bool{
	"DTSTAMP": true, "LAST-MODIFIED": true, "SEQUENCE": true, "CREATED": true, "X-MOZ-GENERATION": true,
}

// Bookkeeping tells whether programs write a property of that name with every
// edit: DTSTAMP and the like.
func Bookkeeping(name string) bool { return bookkeeping[name] }

// A propertyKey names an entry of an event's properties. As a key it is
// [instance, [path…], name, occurrence], all texts.
type propertyKey struct {
	instance   string   // of an exception: its ical.Component.Key; else ""
	path       []string // of a sub-component: "VALARM:" and what tells it from others, per level
	name       string   // "" says that the component is there, where it has no properties
	occurrence string   // of a repeated property: its value, or its hash
}

func (k propertyKey) value() crdt.Value {
	path := make([]crdt.Value, len(k.path))
	for i, p := range k.path {
		path[i] = crdt.Text(p)
	}
	return crdt.List(crdt.Text(k.instance), crdt.List(path...), crdt.Text(k.name), crdt.Text(k.occurrence))
}

func readKey(v crdt.Value) (k propertyKey, ok bool) {
	items, ok := v.List()
	if !ok || len(items) != 4 {
		return k, false
	}
	path, okPath := items[1].List()
	for _, p := range path {
		s, okPart := p.Text()
		k.path, okPath = append(k.path, s), okPath && okPart
	}
	var ok0, ok2, ok3 bool
	k.instance, ok0 = items[0].Text()
	k.name, ok2 = items[2].Text()
	k.occurrence, ok3 = items[3].Text()
	return k, okPath && ok0 && ok2 && ok3
}

// String is the name under which people find the entry: PATH/NAME@INSTANCE.
func (k propertyKey) String() string {
	s := strings.Join(append(slices.Clone(k.path), k.name), "/")
	if k.instance != "" {
		s += "@" + k.instance
	}
	return s
}

// lines makes the value of an entry: [[value, [parameter, value…]…]…].
func lines(props []ical.Property) crdt.Value {
	items := make([]crdt.Value, len(props))
	for i, p := range props {
		p = p.Canonical()
		line := []crdt.Value{crdt.Text(p.Value)}
		for _, q := range p.Params {
			param := []crdt.Value{crdt.Text(q.Name)}
			for _, s := range q.Values {
				param = append(param, crdt.Text(s))
			}
			line = append(line, crdt.List(param...))
		}
		items[i] = crdt.List(line...)
	}
	return crdt.List(items...)
}

func readLines(name string, v crdt.Value) (out []ical.Property, ok bool) {
	items, ok := v.List()
	for _, it := range items {
		line, okLine := it.List()
		if !okLine || len(line) == 0 {
			return nil, false
		}
		p := ical.Property{Name: name}
		p.Value, ok = line[0].Text()
		if !ok {
			return nil, false
		}
		for _, param := range line[1:] {
			parts, okParam := param.List()
			if !okParam || len(parts) == 0 {
				return nil, false
			}
			var q ical.Param
			for i, part := range parts {
				s, okPart := part.Text()
				if !okPart {
					return nil, false
				}
				if i == 0 {
					q.Name = s
				} else {
					q.Values = append(q.Values, s)
				}
			}
			p.Params = append(p.Params, q)
		}
		// What couldn't stand in a file isn't a property, whoever wrote it.
		if q, err := ical.ParseLine(p.String()); err != nil || q.Name != name {
			return nil, false
		}
		out = append(out, p)
	}
	return out, ok
}
