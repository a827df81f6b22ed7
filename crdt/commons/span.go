package commons

import (
	"strings"
	"unicode/utf8"

	"navette/crdt/text"
)

// What became of a span of text between two versions.
const (
	Kept  = "kept"
	Came  = "added"
	Went  = "removed"
	Aside = "left_out" // kept, and not shown: Text is empty, Left says how much
)

// A Span is a piece of the comparison of two texts.
type Span struct {
	Did  string `json:"did"`
	Text string `json:"text,omitempty"`
	Left int    `json:"left,omitempty"` // lines left out
}

// DiffSpans compares two texts by words, for people to read: what was kept and
// removed is the older one, what was kept and added the newer. A word of which
// a letter changed went and came whole.
func DiffSpans(was, is string) []Span {
	x, y := text.Words(was), text.Words(is)
	number := make(map[string]rune)
	splices := text.Diff(symbols(x, number), symbols(y, number))
	var out []Span
	went, came := "", ""
	kept := func(s string) {
		if s == " " && went+came != "" {
			// Between two words that were replaced: they are one piece.
			went, came = went+s, came+s
			return
		}
		for _, c := range []Span{{Did: Went, Text: went}, {Did: Came, Text: came}, {Did: Kept, Text: s}} {
			if c.Text != "" {
				out = append(out, c)
			}
		}
		went, came = "", ""
	}
	at := 0 // so much of y is gone through, which is what positions count
	for _, s := range splices {
		if s.Pos > at {
			kept(strings.Join(y[at:s.Pos], ""))
			x = x[s.Pos-at:]
		}
		n := utf8.RuneCountInString(s.Ins)
		went, came = went+strings.Join(x[:s.Del], ""), came+strings.Join(y[s.Pos:s.Pos+n], "")
		x, at = x[s.Del:], s.Pos+n
	}
	kept("")
	if at < len(y) {
		out = append(out, Span{Did: Kept, Text: strings.Join(y[at:], "")})
	}
	return out
}

// symbols writes one code point for each word, the same for equal ones.
func symbols(words []string, number map[string]rune) string {
	var b strings.Builder
	for _, w := range words {
		r, ok := number[w]
		if !ok {
			r = rune(len(number) + 1)
			if r >= 0xd800 {
				r += 0x800 // surrogates are no code points
			}
			number[w] = r
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Around leaves out of a comparison what was kept, but for so many lines before
// and after what wasn't.
func Around(spans []Span, lines int) (out []Span) {
	for i, s := range spans {
		if s.Did != Kept {
			out = append(out, s)
			continue
		}
		parts := strings.SplitAfter(s.Text, "\n")
		head, tail := lines+1, lines+1
		if i == 0 {
			head = 0
		}
		if i == len(spans)-1 {
			tail = 0
		}
		if len(parts) <= head+tail+1 {
			out = append(out, s)
			continue
		}
		if head > 0 {
			out = append(out, Span{Did: Kept, Text: strings.Join(parts[:head], "")})
		}
		left := strings.Join(parts[head:len(parts)-tail], "")
		out = append(out, Span{Did: Aside, Left: strings.Count(left, "\n")})
		if tail > 0 {
			out = append(out, Span{Did: Kept, Text: strings.Join(parts[len(parts)-tail:], "")})
		}
	}
	return out
}
