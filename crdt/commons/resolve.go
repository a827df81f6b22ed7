package commons

import (
	"fmt"
	"slices"
	"strings"

	"navette/crdt"
	"navette/crdt/commons/ical"
)

// A Conflict is a field, or an entry of one, that two or more versions stand
// in.
type Conflict struct {
	Name     string    `json:"name"` // as Resolve takes it: FIELD or FIELD.KEY
	Versions []Version `json:"versions"`
	field    Field
	key      crdt.Value // of an entry
	entries  []crdt.Entry
}

// Conflicts returns what people may want to settle, in the order of the view.
// What programs write with every edit is left out.
func Conflicts(d *crdt.Doc) []Conflict {
	k, _ := Lookup(d.Kind())
	var out []Conflict
	add := func(name string, f Field, key crdt.Value, entries []crdt.Entry, show func(crdt.Value) (any, string)) {
		if _, _, versions := showEntries(entries, show); len(versions) > 0 {
			out = append(out, Conflict{Name: name, Versions: versions, field: f, key: key, entries: entries})
		}
	}
	for _, n := range d.Fields() {
		f, named := k.field(n)
		if !named {
			f = Field{ID: n, Name: fmt.Sprintf("field %d", n), Bound: Raw}
		}
		if !named || f.Type == RegisterType {
			add(f.Name, f, nil, d.Register(n), f.show)
		}
		for _, m := range d.Map(n) {
			if k == eventKind && n == fieldProperties {
				if key, ok := readKey(m.Key); ok && !bookkeeping[key.name] {
					g := f
					g.Name = fieldOf(key)
					if h, ok := k.Field(g.Name); ok {
						g = h
					}
					add(g.Name, g, m.Key, m.Entries, func(v crdt.Value) (any, string) { return showLines(g, key.name, v) })
				}
				continue
			}
			if !named || f.Type == MapType {
				add(fmt.Sprintf("%s.%v", f.Name, plain(m.Key)), f, m.Key, m.Entries, f.show)
			}
		}
	}
	position := func(c Conflict) int {
		for i, f := range k.Fields {
			if f.Name == c.field.Name {
				return i
			}
		}
		return len(k.Fields)
	}
	slices.SortStableFunc(out, func(a, b Conflict) int { return position(a) - position(b) })
	return out
}

// Resolve settles the two versions of that name (see Conflict) by keeping the
// ones of those numbers, counted from 0 in the order of Versions. Several are
// joined, which only texts and the lines of a calendar can be. To leave it for
// later takes no edit.
func Resolve(d *crdt.Doc, name string, keep ...int) ([][]crdt.Edit, error) {
	w, err := known(d, Env{})
	if err != nil {
		return nil, err
	}
	conflicts := Conflicts(d)
	i := slices.IndexFunc(conflicts, func(c Conflict) bool { return c.Name == name || fieldName(c.Name) == fieldName(name) })
	if i < 0 || len(keep) == 0 {
		return nil, fmt.Errorf("%w: %q", ErrVersions, clip(name))
	}
	c := conflicts[i]
	var values []crdt.Value
	for _, n := range keep {
		if n < 0 || n >= len(c.Versions) {
			return nil, fmt.Errorf("%w: %s has no version %d", ErrVersions, name, n+1)
		}
		values = append(values, c.Versions[n].raw)
	}
	v := values[0]
	if len(values) > 1 {
		if v, err = c.join(w.kind, values); err != nil {
			return nil, err
		}
	}
	e := crdt.Edit{Code: crdt.Set, Field: c.field.ID, Value: v, Over: crdt.Dots(c.entries)}
	if c.key != nil {
		e.Code, e.Key = crdt.Put, c.key
	}
	w.edit(c.Name, e)
	return w.changes(), nil
}

func (c *Conflict) join(k *Kind, values []crdt.Value) (crdt.Value, error) {
	no := &FieldError{Kind: k.Name, Field: c.Name, Err: ErrBoth}
	if c.field.Property != "" || c.field.Form == Lines {
		return c.joinLines(no, values)
	}
	if c.field.Form != Words {
		return nil, no
	}
	var texts []string
	for _, v := range values {
		s, ok := v.Text()
		if !ok && !v.IsNull() {
			return nil, no
		}
		if s != "" {
			texts = append(texts, s)
		}
	}
	joined := joinTexts(texts, c.field.Bound.Bytes > Short.Bytes)
	if err := c.field.Bound.check(k.Name, c.Name, joined); err != nil {
		return nil, err
	}
	return crdt.Text(joined), nil
}

func joinTexts(texts []string, long bool) string {
	if long && slices.ContainsFunc(texts, func(s string) bool { return len(s) > 64 || strings.Contains(s, "\n") }) {
		return strings.Join(texts, "\n\n")
	}
	return strings.Join(texts, " / ")
}

// joinLines joins the texts of an event's property, or keeps the lines of one
// that may have several.
func (c *Conflict) joinLines(no error, values []crdt.Value) (crdt.Value, error) {
	key, _ := readKey(c.key)
	var all []ical.Property
	for _, v := range values {
		props, ok := readLines(key.name, v)
		if !ok {
			return nil, no
		}
		all = append(all, props...)
	}
	switch {
	case len(all) > 0 && (key.name == "SUMMARY" || key.name == "DESCRIPTION" || key.name == "LOCATION"):
		var texts []string
		for _, p := range all {
			texts = append(texts, ical.Unescape(p.Value))
		}
		p := all[0]
		p.Value = ical.Escape(joinTexts(texts, true))
		all = []ical.Property{p}
	case !repeated[key.name] && !strings.HasPrefix(key.name, "X-"):
		return nil, no
	}
	v := lines(all)
	if len(v) > crdt.MaxValue {
		return nil, &FieldError{Kind: "event", Field: c.Name, Got: len(v), Limit: Raw.Bytes, Unit: "bytes", Err: ErrBound}
	}
	return v, nil
}
