package formats

import (
	"errors"
	"strings"
)

// Reasons why a row can't be read.
var (
	errQuote = errors.New("formats: a quote isn't closed")
	errAfter = errors.New("formats: text after a closing quote")
)

// A row is one record of a table: where it begins, its cells, or why it can't
// be read.
type row struct {
	line  int
	cells []string
	err   error
}

// rows splits a table (RFC 4180) whose first line has that number. A quote inside a cell that doesn't begin with
// one stands for itself, as in « écran 15" ». Where a quote is never closed, that
// line is the bad row and the next one begins anew: encoding/csv would take the
// rest of the file for its cell.
func rows(text string, delimiter byte, line int) (out []row) {
	for text != "" {
		r, rest := readRow(text, delimiter)
		if r.err != nil {
			_, rest = cutLine(text)
		}
		r.line = line
		line += lines(text[:len(text)-len(rest)])
		text = rest
		if r.err != nil || strings.Join(r.cells, "") != "" {
			out = append(out, r)
		}
	}
	return out
}

// lines counts the ends of lines, each LF, CRLF or CR.
func lines(s string) int {
	return strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}

func cutLine(s string) (line, rest string) {
	i := strings.IndexAny(s, "\r\n")
	if i < 0 {
		return s, ""
	}
	return s[:i], afterEnd(s[i:])
}

// afterEnd returns what follows the end of a line that s begins with.
func afterEnd(s string) string {
	if strings.HasPrefix(s, "\r\n") {
		return s[2:]
	}
	return s[1:]
}

func readRow(s string, delimiter byte) (r row, rest string) {
	stop := string(delimiter) + "\r\n"
	for {
		var cell string
		if strings.HasPrefix(s, `"`) {
			var ok bool
			if cell, s, ok = quoted(s[1:]); !ok {
				return row{err: errQuote}, ""
			}
			s = strings.TrimLeft(s, " ")
			if s != "" && !strings.ContainsRune(stop, rune(s[0])) {
				return row{err: errAfter}, ""
			}
		} else {
			i := strings.IndexAny(s, stop)
			if i < 0 {
				i = len(s)
			}
			cell, s = s[:i], s[i:]
		}
		r.cells = append(r.cells, cell)
		switch {
		case s == "":
			return r, ""
		case s[0] == delimiter:
			s = s[1:]
		default:
			return r, afterEnd(s)
		}
	}
}

// quoted reads up to the closing quote; two in a row stand for one.
func quoted(s string) (cell, rest string, ok bool) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", false
		}
		b.WriteString(s[:i])
		if s = s[i+1:]; !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
	}
}

// delimiterOf guesses what stands between cells: what the first lines have the
// most of outside quotes, each about as often as the heading. Excel's own hint
// "sep=;" prevails; headings is the line that the rest begins at.
func delimiterOf(text string) (delimiter byte, rest string, headings int) {
	first, after := cutLine(text)
	if hint, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(first)), "sep="); ok && len(hint) == 1 {
		return hint[0], after, 2
	}
	best, most := byte(';'), 0
	for _, d := range []byte{';', '\t', ',', '|'} {
		all := rows(prefix(text, 16<<10), d, 1)
		if len(all) == 0 || all[0].err != nil {
			continue
		}
		columns, alike := len(all[0].cells), 0
		for _, r := range all[:min(len(all), 20)] {
			if r.err == nil && len(r.cells) <= columns {
				alike++
			}
		}
		if score := (columns - 1) * alike; score > most {
			best, most = d, score
		}
	}
	return best, text, 1
}

// prefix returns the whole lines that the first n bytes of s hold, or one.
func prefix(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if i := strings.LastIndexAny(s[:n], "\r\n"); i > 0 {
		return s[:i]
	}
	return s[:n]
}
