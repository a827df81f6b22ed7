package ical

import (
	"strings"
	"unicode/utf8"
)

// lineLength is how many octets a line takes at most before it is folded, its
// CRLF not counted.
const lineLength = 75

// Append appends the component's lines: CRLF, folded at 75 octets between
// characters.
func (c *Component) Append(b []byte) []byte {
	b = appendFolded(b, "BEGIN:"+c.Name)
	for _, p := range c.Properties {
		b = appendFolded(b, p.line())
	}
	for _, sub := range c.Components {
		b = sub.Append(b)
	}
	return appendFolded(b, "END:"+c.Name)
}

// String returns the component's lines, as a file has them.
func (c *Component) String() string { return string(c.Append(nil)) }

// String returns the content line, unfolded and without its end.
func (p Property) String() string { return p.line() }

func (p Property) line() string {
	var b strings.Builder
	b.WriteString(p.Name)
	for _, q := range p.Params {
		b.WriteString(";" + q.Name + "=")
		for i, v := range q.Values {
			if i > 0 {
				b.WriteByte(',')
			}
			v = caretEncoder.Replace(v)
			// An empty value is quoted, as a lone "=" puzzles other readers.
			if v == "" || strings.ContainsAny(v, ",;:") {
				v = `"` + v + `"`
			}
			b.WriteString(v)
		}
	}
	b.WriteByte(':')
	b.WriteString(p.Value)
	return b.String()
}

func appendFolded(b []byte, s string) []byte {
	room := lineLength
	for len(s) > room {
		cut := room
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		if cut == 0 { // not UTF-8
			cut = room
		}
		b = append(b, s[:cut]...)
		b = append(b, "\r\n "...)
		s = s[cut:]
		room = lineLength - 1 // the space
	}
	b = append(b, s...)
	return append(b, "\r\n"...)
}
