package ical

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"
)

func parseOne(t *testing.T, text string) *Component {
	t.Helper()
	top, problems := Parse(text)
	if len(top) != 1 || len(problems) > 0 {
		t.Fatalf("Parse: %d components, problems %v", len(top), problems)
	}
	return top[0]
}

func TestParseLine(t *testing.T) {
	tests := []struct {
		name, line string
		want       string // written again
		err        error
	}{
		{"plain", "SUMMARY:x", "SUMMARY:x", nil},
		{"small letters", "summary;language=fr:x", "SUMMARY;LANGUAGE=fr:x", nil},
		{"colon in the value", "URL:http://x/y;z", "URL:http://x/y;z", nil},
		{"empty value", "SUMMARY:", "SUMMARY:", nil},
		{"needless quotes", `A;B="c":d`, "A;B=c:d", nil},
		{"quotes needed", `A;B="c;d:e,f":g`, `A;B="c;d:e,f":g`, nil},
		{"empty parameter", `ORGANIZER;CN="":that`, `ORGANIZER;CN="":that`, nil},
		{"several values", `A;B=c,"d,e",f:g`, `A;B=c,"d,e",f:g`, nil},
		{"carets", `A;B=x^ny^^z^'q^a:v`, `A;B=x^ny^^z^'q^^a:v`, nil},
		{"underscore", "X_Y:z", "X_Y:z", nil},
		{"no colon", "SUMMARY", "", ErrColon},
		{"no colon after a parameter", "SUMMARY;A=b", "", ErrColon},
		{"no name", ":x", "", ErrName},
		{"a space in the name", "SUM MARY:x", "", ErrName},
		{"no parameter", "DTSTART;;VALUE=DATE:20140409", "", ErrParam},
		{"no equals sign", "A;B:c", "", ErrParam},
		{"open quote", `A;B="c:d`, "", ErrParam},
		{"text after a quote", `A;B="c"d:e`, "", ErrParam},
		{"quote in the middle", `A;B=c"d":e`, "", ErrParam},
		{"control character", "A:\x00", "", ErrControl},
		{"not UTF-8", "A:\xff", "", ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParseLine(tt.line)
			if !errors.Is(err, tt.err) {
				t.Fatalf("ParseLine(%q) = %v; want %v", tt.line, err, tt.err)
			}
			if err == nil && p.String() != tt.want {
				t.Errorf("ParseLine(%q) writes %q; want %q", tt.line, p, tt.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		components []string // top ones: NAME and how many lines each is written in
		problems   []string // line and reason
	}{
		{"folded", "BEGIN:VEVENT\r\nSUMMARY:a\r\n b\r\n\tc\r\n\r\nEND:VEVENT\r\n", []string{"VEVENT 3"}, nil},
		{"lone CR", "BEGIN:A\rX:1\rEND:A\r", []string{"A 3"}, nil},
		{"nested", "BEGIN:A\nBEGIN:B\nEND:B\nEND:A\nBEGIN:C\nEND:C", []string{"A 4", "C 2"}, nil},
		{"bad line", "BEGIN:A\nX\nY:1\nEND:A", []string{"A 3"}, []string{"2 ical: no colon after the property's name"}},
		{"END missing inside", "BEGIN:A\nBEGIN:B\nX:1\nEND:A\n", []string{"A 2"}, []string{"2 ical: ends before its END"}},
		{"cut off", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nBEGIN:VEVENT\nSUMM", []string{"VCALENDAR 4"}, []string{
			"5 ical: no colon after the property's name", "4 ical: ends before its END", "1 ical: ends before its END"}},
		{"END alone", "END:A\nBEGIN:B\nEND:B", []string{"B 2"}, []string{"1 ical: END without its BEGIN"}},
		{"outside", "X:1\nBEGIN:B\nEND:B", []string{"B 2"}, []string{"1 ical: a line outside of any component"}},
		{"too deep", strings.Repeat("BEGIN:A\n", 10) + "X:1\n" + strings.Repeat("END:A\n", 10), []string{"A 16"}, []string{"9 ical: components too deep in one another"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			top, problems := Parse(tt.text)
			var got, bad []string
			for _, c := range top {
				got = append(got, c.Name+" "+string(rune('0'+strings.Count(c.String(), "\n")%10)))
				if n := strings.Count(c.String(), "\n"); n >= 10 {
					got[len(got)-1] = c.Name + " " + string(rune('0'+n/10)) + string(rune('0'+n%10))
				}
			}
			for _, p := range problems {
				bad = append(bad, strings.Join([]string{string(rune('0' + p.Line)), p.Err.Error()}, " "))
			}
			if !slices.Equal(got, tt.components) || !slices.Equal(bad, tt.problems) {
				t.Errorf("Parse = %q, problems %q; want %q, %q", got, bad, tt.components, tt.problems)
			}
		})
	}
}

func TestFolding(t *testing.T) {
	c := &Component{Name: "A", Properties: []Property{{Name: "SUMMARY", Value: strings.Repeat("é🙂x", 60)}}}
	text := c.String()
	for l := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(l) > lineLength {
			t.Errorf("a line of %d octets: %q", len(l), l)
		}
		if strings.ContainsRune(l, '\uFFFD') || strings.ToValidUTF8(l, "?") != l {
			t.Errorf("a character is cut: %q", l)
		}
	}
	if got := parseOne(t, text); got.Value("SUMMARY") != c.Properties[0].Value {
		t.Errorf("unfolds as %q", got.Value("SUMMARY"))
	}
}

func TestText(t *testing.T) {
	for raw, want := range map[string]string{
		`a\, b\; c\\ d\n e\N f`: "a, b; c\\ d\n e\n f", `\x`: `\x`, `end\`: `end\`, ``: ``, `a\:b\"c`: `a:b"c`,
	} {
		if got := Unescape(raw); got != want {
			t.Errorf("Unescape(%q) = %q; want %q", raw, got, want)
		}
		if got := Unescape(Escape(want)); got != want {
			t.Errorf("%q escaped and back is %q", want, got)
		}
	}
	if got := SplitList(`a, b\,c ,,d\;`); !slices.Equal(got, []string{"a", "b,c", "d;"}) {
		t.Errorf("SplitList = %q", got)
	}
}

func TestDuration(t *testing.T) {
	for v, want := range map[string]Duration{
		"PT15M": {0, 15 * time.Minute}, "-P1DT2H": {-1, -2 * time.Hour}, "P2W": {14, 0}, "+PT1H30M5S": {0, 90*time.Minute + 5*time.Second},
	} {
		if got, err := ParseDuration(v); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", v, got, err, want)
		}
	}
	for _, v := range []string{"", "P", "15M", "PT", "P1H", "PT1D", "PTT1H", "P99999999999D", "P1"} {
		if got, err := ParseDuration(v); v != "PT" && !errors.Is(err, ErrDuration) {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", v, got, err, ErrDuration)
		}
	}
}

// oracle reads a text with go-ical and writes it in our canonical form; ok is
// false where that library refuses (or panics, as it does at a parameter
// without a colon).
func oracle(text string) (c *Component, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	cal, err := goical.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		return nil, false
	}
	return fromOracle(cal.Component), true
}

func fromOracle(o *goical.Component) *Component {
	c := &Component{Name: upper(o.Name)}
	for _, props := range o.Props {
		for _, p := range props {
			q := Property{Name: upper(p.Name), Value: p.Value}
			for name, values := range p.Params {
				decoded := make([]string, len(values))
				for i, v := range values {
					decoded[i] = caretDecoder.Replace(v) // which the library leaves to its user
				}
				q.Params = append(q.Params, Param{upper(name), decoded})
			}
			c.Properties = append(c.Properties, q)
		}
	}
	for _, sub := range o.Children {
		c.Components = append(c.Components, fromOracle(sub))
	}
	return c.Canonical()
}

var calendars = []string{
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nATTENDEE;CN=\"Karim, B.\";ROLE=CHAIR:mailto:k@example.org\r\n" +
		"DESCRIPTION:a very long line that is to be folded somewhere because it has m\r\n ore than 75 octets\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	"BEGIN:VCALENDAR\nBEGIN:VEVENT\nX-A;B=c,\"d;e\",f^ng:1\nX-A:2\nCOMMENT:a\nCOMMENT:b\nBEGIN:VALARM\nTRIGGER;RELATED=END:-PT5M\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
	"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
	"BEGIN:VCALENDAR\nBEGIN:VEVENT\nRRULE:FREQ=DAILY;COUNT=3\nDTSTART;TZID=Europe/Paris:20260328T190000\nDURATION:PT2H\nEND:VEVENT\nEND:VCALENDAR\n",
	"BEGIN:VCALENDAR\nBEGIN:VEVENT\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\nDTSTART:19000101T000000\nEND:VEVENT\nEND:VCALENDAR\n",
	"BEGIN:VCALENDAR\nA;B=\nX\nEND:VEVENT\n",
}

func TestAgainstOracle(t *testing.T) {
	agreed := 0
	for _, text := range calendars {
		want, ok := oracle(text)
		if !ok {
			continue
		}
		agreed++
		if got := parseOne(t, text).Canonical(); got.String() != want.String() {
			t.Errorf("reads as\n%s\nwant\n%s", got, want)
		}
	}
	if agreed < 5 {
		t.Errorf("the oracle read %d calendars; want 5", agreed)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range calendars {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		top, problems := Parse(text)
		for _, c := range top {
			again, bad := Parse(c.String())
			if len(again) != 1 || len(bad) > 0 || again[0].Canonical().String() != c.Canonical().String() {
				t.Fatalf("%q is written as %q, which reads with %v", text, c, bad)
			}
			occurs(c)
		}
		if want, ok := oracle(text); ok && len(problems) == 0 && len(top) == 1 && !strings.Contains(text, "\r") && !strings.Contains(text, "\\") {
			if got := top[0].Canonical(); got.String() != want.String() {
				t.Fatalf("%q reads as\n%s\nthe oracle has\n%s", text, got, want)
			}
		}
	})
}

// occurs follows every rule in a component, however silly.
func occurs(c *Component) {
	w := Window{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Max: 10}
	ev := Event{Master: c, Exceptions: c.Components, Zones: c.Components}
	ev.Occurrences(w)
	for _, sub := range c.Components {
		occurs(sub)
	}
}
