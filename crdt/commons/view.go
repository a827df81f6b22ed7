package commons

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons/ical"
)

// A Resource is what people read of a document. Its JSON shape is stable:
// fields are added to it, none is renamed.
type Resource struct {
	ID      string  `json:"id"`
	Kind    string  `json:"kind"`
	Known   bool    `json:"known"` // this version has a schema for the kind
	Deleted bool    `json:"deleted"`
	Title   string  `json:"title"`
	Created *Origin `json:"created,omitempty"`
	Updated *Origin `json:"updated,omitempty"`
	Fields  []Shown `json:"fields"` // in the schema's order, then those without a name; none is empty
	// Versions counts the values in Fields that two or more versions stand for.
	Versions int `json:"versions"`
}

// An Origin is where a change comes from.
type Origin struct {
	Change string     `json:"change"`
	Log    string     `json:"log"`
	Time   *time.Time `json:"time,omitempty"` // what the writer's clock said; nil if it had none
}

// A Shown is one field as it is shown, or one entry of a map, which then is
// called FIELD.KEY. Value is a string, a truth value, a json.Number or a list
// of these.
type Shown struct {
	ID    uint64   `json:"field"`
	Name  string   `json:"name"`
	Key   string   `json:"key,omitempty"` // of a map's entry
	Type  Type     `json:"type"`
	Value any      `json:"value"`
	Marks []string `json:"marks,omitempty"`
	// Versions are the different values that stand there, the shown one first;
	// empty unless there are several.
	Versions []Version `json:"versions,omitempty"`
}

// A Version is one of several values that were set without knowledge of each
// other.
type Version struct {
	Value  any    `json:"value"`
	Origin        // of the first who set it, in the order they are shown
	Dot    string `json:"dot"` // change/index, names the version
	raw    crdt.Value
}

// Get returns the field of that name or alias; of a map, FIELD.KEY.
func (r *Resource) Get(name string) (Shown, bool) {
	k, _ := Lookup(r.Kind)
	n, key, _ := strings.Cut(name, ".")
	if f, ok := k.Field(n); ok {
		n = f.Name
	}
	i := slices.IndexFunc(r.Fields, func(s Shown) bool {
		return s.Name == name || s.Key == key && (s.Name == n || key != "" && s.Name == n+"."+key)
	})
	if i < 0 {
		return Shown{}, false
	}
	return r.Fields[i], true
}

// View returns what people read of a document.
func View(d *crdt.Doc) Resource {
	k, known := Lookup(d.Kind())
	r := Resource{ID: d.ID().String(), Kind: d.Kind(), Known: known, Deleted: d.Deleted(), Fields: []Shown{}}
	if id, s, ok := d.Created(); ok {
		o := origin(id, s)
		r.Created = &o
	}
	if id, s, ok := d.Updated(); ok {
		o := origin(id, s)
		r.Updated = &o
	}
	var properties *properties
	if k == eventKind {
		properties = readProperties(d)
	}
	seen := make(map[uint64]bool)
	for _, f := range k.Fields {
		seen[f.ID] = true
		if properties != nil && f.ID == fieldProperties {
			r.Fields = append(r.Fields, properties.show(f)...)
		} else {
			r.Fields = append(r.Fields, showField(d, f)...)
		}
	}
	for _, n := range d.Fields() {
		if !seen[n] {
			r.Fields = append(r.Fields, showUnknown(d, n)...)
		}
	}
	for _, s := range r.Fields {
		if len(s.Versions) > 0 {
			r.Versions++
		}
	}
	r.Title = title(d, &r)
	return r
}

func title(d *crdt.Doc, r *Resource) string {
	if s, ok := r.Get("title"); ok {
		if t, ok := s.Value.(string); ok && t != "" {
			return t
		}
	}
	if r.Kind == pageKind.Name {
		if t := pageTitle(d); t != "" {
			return t
		}
	}
	if r.Kind == noteKind.Name {
		if first, _, _ := strings.Cut(strings.TrimSpace(Text(d, "text")), "\n"); first != "" {
			return clip(first)
		}
	}
	for _, m := range d.Map(fieldTitles) {
		if t, ok := m.Entries[0].Value.Text(); ok {
			return t
		}
	}
	return r.ID[:8]
}

func origin(id crdt.ChangeID, s crdt.Stamp) Origin {
	o := Origin{Change: id.String(), Log: s.Log.String()}
	// Seconds beyond the year 9999 are no clock's, and JSON has none.
	if s.Wall != (crdt.Wall{}) && s.Wall.Seconds < 253402300800 {
		t := time.Unix(int64(s.Wall.Seconds), 0).UTC()
		o.Time = &t
	}
	return o
}

// showField shows what stands in a field of the schema, of a map each entry;
// nothing if that is nothing.
func showField(d *crdt.Doc, f Field) []Shown {
	s := Shown{ID: f.ID, Name: f.Name, Type: f.Type}
	switch f.Type {
	case RegisterType:
		entries := d.Register(f.ID)
		if len(entries) == 0 || entries[0].Value.IsNull() && !several(entries) {
			return nil
		}
		s.Value, s.Marks, s.Versions = showEntries(entries, f.show)
	case MapType:
		var out []Shown
		for _, m := range d.Map(f.ID) {
			e := s.entry(fmt.Sprint(plain(m.Key)))
			e.Value, e.Marks, e.Versions = showEntries(m.Entries, f.show)
			out = append(out, e)
		}
		return out
	case SetType, ListType:
		values := []any{}
		for _, v := range d.Set(f.ID) {
			if f.Type == SetType {
				values = append(values, s.mark(f.show(v)))
			}
		}
		for _, it := range d.List(f.ID) {
			if f.Type == ListType {
				values = append(values, s.mark(f.show(it.Entries[0].Value)))
			}
		}
		if len(values) == 0 {
			return nil
		}
		if f.Type == SetType {
			slices.SortStableFunc(values, func(a, b any) int { return cmp.Compare(Fold(fmt.Sprint(a)), Fold(fmt.Sprint(b))) })
		}
		s.Value = values
	case CounterType:
		n := d.Counter(f.ID)
		if n == 0 {
			return nil
		}
		s.Value = plain(crdt.Int(n))
	case TextType:
		t := d.Text(f.ID)
		if t == nil || t.Len() == 0 {
			return nil
		}
		text := t.String()
		if f.Bound.check("", "", text) != nil {
			s.Marks = append(s.Marks, MarkTooLong)
		}
		s.Value = text
	}
	return []Shown{s}
}

func (s Shown) entry(key string) Shown {
	s.Name, s.Key = s.Name+"."+key, key
	return s
}

// mark adds a mark, once, and returns the value.
func (s *Shown) mark(v any, mark string) any {
	if mark != "" && !slices.Contains(s.Marks, mark) {
		s.Marks = append(s.Marks, mark)
	}
	return v
}

// showUnknown shows a field that has no name here, as each type that stands in
// it.
func showUnknown(d *crdt.Doc, n uint64) (out []Shown) {
	for _, t := range []Type{RegisterType, MapType, SetType, CounterType, ListType, TextType} {
		f := Field{ID: n, Name: fmt.Sprintf("field %d", n), Type: t, Bound: Whole}
		for _, s := range showField(d, f) {
			s.Marks = append([]string{MarkUnknown}, s.Marks...)
			out = append(out, s)
		}
	}
	return out
}

// showEntries shows the values of a register or an entry: the first, its
// marks, and, if there are several different ones, each.
func showEntries(entries []crdt.Entry, show func(crdt.Value) (any, string)) (value any, marks []string, versions []Version) {
	for _, e := range entries {
		if slices.ContainsFunc(versions, func(v Version) bool { return v.raw.Equal(e.Value) }) {
			continue
		}
		shown, mark := any(nil), ""
		if !e.Value.IsNull() {
			shown, mark = show(e.Value)
		}
		if len(versions) == 0 {
			value = shown
			if mark != "" {
				marks = append(marks, mark)
			}
		}
		versions = append(versions, Version{
			Value: shown, Origin: origin(e.Dot.Change, e.Stamp),
			Dot: fmt.Sprintf("%s/%d", e.Dot.Change, e.Dot.Index), raw: e.Value,
		})
	}
	if len(versions) < 2 {
		return value, marks, nil
	}
	return value, append(marks, MarkVersions), versions
}

// properties are the entries of an event, by what they are shown as.
type properties struct {
	named map[string][]property // of the event itself, by name of the property
	other []property
}

type property struct {
	key     propertyKey
	unread  string // a key that is none of ours, as it is shown
	entries []crdt.Entry
}

func readProperties(d *crdt.Doc) *properties {
	ps := &properties{named: make(map[string][]property)}
	for _, m := range d.Map(fieldProperties) {
		k, ok := readKey(m.Key)
		p := property{key: k, entries: m.Entries}
		if bookkeeping[k.name] {
			v := greatest(m.Entries)
			p.entries = slices.DeleteFunc(slices.Clone(m.Entries), func(e crdt.Entry) bool { return !e.Value.Equal(v) })
		}
		switch {
		case !ok:
			p.unread = hex.EncodeToString(m.Key)
			ps.other = append(ps.other, p)
		case fieldOf(k) != "properties."+k.String():
			ps.named[k.name] = append(ps.named[k.name], p)
		default:
			ps.other = append(ps.other, p)
		}
	}
	return ps
}

func (ps *properties) show(f Field) []Shown {
	s := Shown{ID: f.ID, Name: f.Name, Type: f.Type}
	if f.Property == "" {
		var out []Shown
		for _, p := range ps.other {
			e := s.entry(cmp.Or(p.unread, p.key.String()))
			e.Value, e.Marks, e.Versions = showEntries(p.entries, func(v crdt.Value) (any, string) {
				return showLines(f, p.key.name, v)
			})
			out = append(out, e)
		}
		return out
	}
	found := ps.named[f.Property]
	if len(found) == 0 {
		return nil
	}
	show := func(v crdt.Value) (any, string) { return showLines(f, f.Property, v) }
	s.Type = RegisterType
	if f.Form == Several {
		s.Type = SetType
		values := []any{}
		for _, p := range found {
			if list, ok := s.mark(show(p.entries[0].Value)).([]any); ok {
				values = append(values, list...)
			}
		}
		s.Value = values
		return []Shown{s}
	}
	s.Value, s.Marks, s.Versions = showEntries(found[0].entries, show)
	return []Shown{s}
}

// showLines shows the lines of one entry of an event.
func showLines(f Field, name string, v crdt.Value) (any, string) {
	props, ok := readLines(name, v)
	if !ok {
		return plain(v), MarkMalformed
	}
	if len(props) == 0 {
		return "", ""
	}
	switch f.Form {
	case Words:
		return ical.Unescape(props[0].Value), ""
	case Several:
		values := []any{}
		for _, p := range props {
			for _, c := range ical.SplitList(p.Value) {
				values = append(values, c)
			}
		}
		return values, ""
	case Time:
		t, err := props[0].Time()
		if err != nil {
			return props[0].Value, MarkMalformed
		}
		return showTime(t), ""
	}
	if f.Property == "" || len(props) > 1 {
		out := make([]any, len(props))
		for i, p := range props {
			out[i] = p.String()
		}
		if len(out) == 1 {
			return out[0], ""
		}
		return out, ""
	}
	return props[0].Value, ""
}

// showTime writes a time as assignProperty reads it.
func showTime(t ical.Time) string {
	if t.Date {
		return t.Civil.Format(time.DateOnly)
	}
	layout := "2006-01-02T15:04"
	if t.Civil.Second() != 0 {
		layout += ":05"
	}
	s := t.Civil.Format(layout)
	switch {
	case t.UTC:
		s += "Z"
	case t.TZID != "":
		s += "[" + t.TZID + "]"
	}
	return s
}

// Text returns what a register of a resource shows, by the field's name; "" if
// it has none, or something that isn't a text. It costs a fraction of View.
func Text(d *crdt.Doc, field string) string {
	k, _ := Lookup(d.Kind())
	f, ok := k.Field(field)
	if !ok {
		return ""
	}
	v, _ := d.Shown(f.ID)
	s, _ := v.Text()
	return s
}

// Home returns the place that a resource says it belongs to; the zero id if it
// says none. It costs a fraction of View.
func Home(d *crdt.Doc) (place crdt.ID) {
	v, _ := d.Shown(fieldHome)
	if b, ok := v.Bytes(); ok && len(b) == len(place) {
		copy(place[:], b)
	}
	return place
}
