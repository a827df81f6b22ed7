// Package ical holds iCalendar data (RFC 5545) as it was written: components
// with their properties, parameters and sub-components, known or not, so that
// whatever a calendar program put into an event comes out again.
//
// [Parse] reads the text of a file and names each line it can't take, keeping
// what is good; [Component.Append] writes the lines back, folded. A [Property]
// keeps its value as it stands in the file, escaped; [Unescape] reads one of
// type TEXT. [Event.Occurrences] says when an event takes place, in the zones
// that its TZIDs name or its own VTIMEZONEs define.
//
// Two texts that Parse takes for the same mean the same: order among different
// names, folding, quoting and letter case of names are not kept. The package is
// pure: no clock, no files; time zones by name come from the caller.
//
// It is not a validator, and it does no scheduling (RFC 5546). Why not
// emersion/go-ical for reading: a file is all or nothing there, without line
// numbers, a parameter at the end of a line makes it panic, and it writes no
// sub-component of a VEVENT but VALARM. The tests use it as their oracle.
package ical

import (
	"cmp"
	"slices"
	"strings"
)

// A Component is one BEGIN…END: its name in capitals, its properties in order,
// its sub-components in order.
type Component struct {
	Name       string
	Properties []Property
	Components []*Component
	Line       int // of its BEGIN in the text it was read from, from 1; else 0
}

// A Property is one content line. Name is in capitals, Value as it stands in
// the file, unfolded.
type Property struct {
	Name   string
	Params []Param
	Value  string
	Line   int // in the text it was read from, from 1; else 0
}

// A Param is a parameter of a property: its name in capitals, its values
// without quotes and with RFC 6868's ^n, ^^ and ^' decoded.
type Param struct {
	Name   string
	Values []string
}

// Get returns the first property of that name, nil if there is none.
func (c *Component) Get(name string) *Property {
	for i := range c.Properties {
		if c.Properties[i].Name == name {
			return &c.Properties[i]
		}
	}
	return nil
}

// All returns the properties of that name in order.
func (c *Component) All(name string) []Property {
	var out []Property
	for _, p := range c.Properties {
		if p.Name == name {
			out = append(out, p)
		}
	}
	return out
}

// Value returns the value of the first property of that name, or "".
func (c *Component) Value(name string) string {
	if p := c.Get(name); p != nil {
		return p.Value
	}
	return ""
}

// Text returns the value of the first property of that name as text, or "".
func (c *Component) Text(name string) string { return Unescape(c.Value(name)) }

// Param returns the first value of the parameter of that name, or "".
func (p *Property) Param(name string) string {
	for _, q := range p.Params {
		if q.Name == name && len(q.Values) > 0 {
			return q.Values[0]
		}
	}
	return ""
}

// TZIDs returns the names of time zones that the component and those in it
// refer to, sorted, each once.
func (c *Component) TZIDs() []string {
	var out []string
	for i := range c.Properties {
		if id := c.Properties[i].Param("TZID"); id != "" {
			out = append(out, id)
		}
	}
	for _, sub := range c.Components {
		out = append(out, sub.TZIDs()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Canonical returns a copy with properties, parameters and sub-components in
// one order and without line numbers: components that mean the same have equal
// canonical forms.
func (c *Component) Canonical() *Component {
	out := &Component{Name: c.Name}
	for _, p := range c.Properties {
		out.Properties = append(out.Properties, p.Canonical())
	}
	slices.SortStableFunc(out.Properties, func(a, b Property) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.line(), b.line()))
	})
	for _, sub := range c.Components {
		out.Components = append(out.Components, sub.Canonical())
	}
	slices.SortStableFunc(out.Components, func(a, b *Component) int { return cmp.Compare(a.String(), b.String()) })
	return out
}

// Canonical returns the property with its parameters sorted by name, those of
// one name joined, and without its line number.
func (p Property) Canonical() Property {
	out := Property{Name: p.Name, Value: p.Value}
	for _, q := range p.Params {
		i := slices.IndexFunc(out.Params, func(x Param) bool { return x.Name == q.Name })
		if i < 0 {
			out.Params = append(out.Params, Param{Name: q.Name, Values: slices.Clone(q.Values)})
		} else {
			out.Params[i].Values = append(out.Params[i].Values, q.Values...)
		}
	}
	slices.SortFunc(out.Params, func(a, b Param) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Unescape reads a value of type TEXT (RFC 5545 §3.3.11); an escape that isn't
// one stands for itself.
func Unescape(v string) string {
	if !strings.Contains(v, `\`) {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			switch v[i+1] {
			case 'n', 'N':
				b.WriteByte('\n')
				i++
				continue
			case '\\', ';', ',', ':', '"':
				i++
			}
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// Escape writes a text as a value of type TEXT.
func Escape(s string) string {
	return escaper.Replace(s)
}

var escaper = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", "")

// SplitList splits a value that is a list of TEXT at its commas and unescapes
// each; empty ones are left out.
func SplitList(v string) []string {
	var out []string
	start := 0
	for i := 0; i <= len(v); i++ {
		switch {
		case i < len(v) && v[i] == '\\':
			i++
		case i >= len(v) || v[i] == ',':
			if s := strings.TrimSpace(Unescape(v[start:min(i, len(v))])); s != "" {
				out = append(out, s)
			}
			start = i + 1
		}
	}
	return out
}
