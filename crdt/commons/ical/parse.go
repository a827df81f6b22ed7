package ical

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how many components may stand in one another.
const MaxDepth = 8

// What Parse refuses, each in a Problem with its line.
var (
	ErrColon     = errors.New("ical: no colon after the property's name")
	ErrName      = errors.New("ical: not a property's name")
	ErrParam     = errors.New("ical: malformed parameter")
	ErrControl   = errors.New("ical: a control character")
	ErrEnd       = errors.New("ical: END without its BEGIN")
	ErrUnclosed  = errors.New("ical: ends before its END")
	ErrDepth     = errors.New("ical: components too deep in one another")
	ErrOutside   = errors.New("ical: a line outside of any component")
	ErrMalformed = errors.New("ical: not iCalendar")
)

// A Problem is a line that Parse left out, or, where Component is set, a whole
// component.
type Problem struct {
	Line      int        // from 1
	Text      string     // the line, or its beginning
	Component string     // the name of the component left out, or ""
	In        *Component // what the line stands in, or nil
	Err       error
}

// Error says which line, and why.
func (p *Problem) Error() string { return fmt.Sprintf("line %d: %v: %q", p.Line, p.Err, p.Text) }

// Unwrap returns the reason.
func (p *Problem) Unwrap() error { return p.Err }

// A line is a content line, unfolded, and where it begins.
type line struct {
	number int
	text   string
}

// unfold joins folded lines (RFC 5545 §3.1): CRLF or LF followed by a space or
// tab. A text without any LF has its lines end in CR.
func unfold(text string) []line {
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	var out []line
	var joined []string // the parts of the last line
	flush := func() {
		if len(out) > 0 && len(joined) > 1 {
			out[len(out)-1].text = strings.Join(joined, "")
		}
	}
	n := 0
	for raw := range strings.SplitSeq(text, "\n") {
		n++
		raw = strings.TrimSuffix(raw, "\r")
		if len(out) > 0 && raw != "" && (raw[0] == ' ' || raw[0] == '\t') {
			joined = append(joined, raw[1:])
			continue
		}
		if raw == "" {
			continue
		}
		flush()
		out = append(out, line{n, raw})
		joined = append(joined[:0], raw)
	}
	flush()
	return out
}

// Parse reads the components of a text, which must be UTF-8 without a byte
// order mark, and what it left out of it. A bad line is left out of its
// component; a component that isn't closed properly is left out of what holds
// it. So each event of a file stands or falls alone.
func Parse(text string) ([]*Component, []Problem) {
	p := parser{}
	for _, l := range unfold(text) {
		p.take(l)
	}
	for len(p.open) > 0 {
		p.abandon()
	}
	return p.done, p.problems
}

type parser struct {
	open     []*Component
	done     []*Component
	problems []Problem
	skip     int // components too deep, which are passed over
}

func (p *parser) innermost() *Component {
	if len(p.open) == 0 {
		return nil
	}
	return p.open[len(p.open)-1]
}

func (p *parser) problem(l line, err error) {
	p.problems = append(p.problems, Problem{Line: l.number, Text: clip(l.text), In: p.innermost(), Err: err})
}

func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func (p *parser) take(l line) {
	prop, err := ParseLine(l.text)
	prop.Line = l.number
	switch {
	case err != nil:
		p.problem(l, err)
	case prop.Name == "BEGIN":
		if len(p.open) >= MaxDepth {
			if p.skip == 0 {
				p.problem(l, ErrDepth)
			}
			p.skip++
			return
		}
		p.open = append(p.open, &Component{Name: upper(prop.Value), Line: l.number})
	case prop.Name == "END":
		p.end(l, upper(prop.Value))
	case p.skip > 0:
	case len(p.open) == 0:
		p.problem(l, ErrOutside)
	default:
		c := p.open[len(p.open)-1]
		c.Properties = append(c.Properties, prop)
	}
}

func (p *parser) end(l line, name string) {
	if p.skip > 0 {
		p.skip--
		return
	}
	at := len(p.open) - 1
	for at >= 0 && p.open[at].Name != name {
		at--
	}
	if at < 0 {
		p.problem(l, ErrEnd)
		return
	}
	for len(p.open)-1 > at {
		p.abandon()
	}
	c := p.open[at]
	p.open = p.open[:at]
	if at == 0 {
		p.done = append(p.done, c)
	} else {
		p.open[at-1].Components = append(p.open[at-1].Components, c)
	}
}

// abandon leaves the innermost open component out. What is whole in a calendar
// that is cut off is still good.
func (p *parser) abandon() {
	c := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	p.problems = append(p.problems, Problem{Line: c.Line, Text: "BEGIN:" + clip(c.Name), Component: c.Name, In: p.innermost(), Err: ErrUnclosed})
	if c.Name == "VCALENDAR" && len(p.open) == 0 {
		p.done = append(p.done, c)
	}
}

// ParseLine reads one content line, unfolded (RFC 5545 §3.1, RFC 6868).
func ParseLine(s string) (Property, error) {
	if !utf8.ValidString(s) {
		return Property{}, ErrMalformed
	}
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return Property{}, fmt.Errorf("%w: %#02x", ErrControl, s[i])
		}
	}
	i := strings.IndexAny(s, ":;")
	if i < 0 {
		return Property{}, ErrColon
	}
	p := Property{Name: upper(s[:i])}
	if !isName(p.Name) {
		return Property{}, fmt.Errorf("%w: %q", ErrName, clip(s[:i]))
	}
	rest := s[i:]
	for strings.HasPrefix(rest, ";") {
		param, after, err := parseParam(rest[1:])
		if err != nil {
			return Property{}, err
		}
		p.Params, rest = append(p.Params, param), after
	}
	if !strings.HasPrefix(rest, ":") {
		return Property{}, ErrColon
	}
	p.Value = rest[1:]
	return p, nil
}

func parseParam(s string) (q Param, rest string, err error) {
	i := strings.IndexAny(s, "=:;,\"")
	if i < 0 || s[i] != '=' || !isName(upper(s[:i])) {
		return q, "", fmt.Errorf("%w: %q", ErrParam, clip(s))
	}
	q.Name = upper(s[:i])
	s = s[i+1:]
	for {
		var v string
		if strings.HasPrefix(s, `"`) {
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				return q, "", fmt.Errorf("%w: no closing quote", ErrParam)
			}
			v, s = s[1:end+1], s[end+2:]
			if s == "" || !strings.ContainsRune(",;:", rune(s[0])) {
				return q, "", fmt.Errorf("%w: text after the closing quote", ErrParam)
			}
		} else {
			end := strings.IndexAny(s, `,;:"`)
			if end < 0 {
				return q, "", ErrColon
			}
			if s[end] == '"' {
				return q, "", fmt.Errorf("%w: a quote in the middle", ErrParam)
			}
			v, s = s[:end], s[end:]
		}
		q.Values = append(q.Values, caretDecoder.Replace(v))
		if s[0] != ',' {
			return q, s, nil
		}
		s = s[1:]
	}
}

var (
	caretDecoder = strings.NewReplacer("^n", "\n", "^^", "^", "^'", `"`)
	caretEncoder = strings.NewReplacer("\r\n", "^n", "\n", "^n", "^", "^^", `"`, "^'")
)

func upper(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

func isName(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
