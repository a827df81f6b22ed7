package formats

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"navette/crdt/commons"
)

// conditions are words for the condition of a tool, folded.
var conditions = map[string]string{
	"bon": "good", "neuf": "good", "bon etat": "good", "tres bon": "good", "ok": "good", "en service": "good", "fonctionnel": "good", "correct": "good",
	"good": "good", "new": "good", "working": "good", "ready to deploy": "good", "deployed": "good", "deployable": "good",
	"a reviser": "to check", "a verifier": "to check", "a controler": "to check", "moyen": "to check", "use": "to check", "to check": "to check", "pending": "to check", "fair": "to check", "out for diagnostics": "to check",
	"en panne": "broken", "panne": "broken", "casse": "broken", "hs": "broken", "hors service": "broken", "a reparer": "broken", "en reparation": "broken", "broken": "broken", "out for repair": "broken", "undeployable": "broken",
	"reforme": "retired", "retire": "retired", "au rebut": "retired", "jete": "retired", "vendu": "retired", "retired": "retired", "archived": "retired", "archive": "retired", "lost": "retired", "lost/stolen": "retired", "perdu": "retired",
}

// visibilities are French words for who may see a thing, folded.
var visibilities = map[string]string{"public": "public", "publique": "public", "membres": "members", "lieu": "place", "prive": "private", "privee": "private"}

// detect finds out, per column, in which order days and months stand and what
// a comma in a number means.
func (t *table) detect() {
	t.monthDay = make([]bool, len(t.head))
	t.thousands = make([]bool, len(t.head))
	for i := range t.head {
		dayFirst, monthFirst, lone, three := 0, 0, 0, 0
		for _, r := range t.rows {
			if r.err != nil || i >= len(r.cells) {
				continue
			}
			if a, b, _, ok := dateParts(r.cells[i]); ok {
				if a > 12 {
					dayFirst++
				} else if b > 12 {
					monthFirst++
				}
			}
			if whole, fraction, ok := strings.Cut(strings.TrimSpace(r.cells[i]), ","); ok && !strings.ContainsAny(fraction, ",.") && whole != "" {
				lone++
				if len(strings.TrimRight(fraction, " €$£")) == 3 {
					three++
				}
			}
		}
		t.monthDay[i] = monthFirst > dayFirst
		t.thousands[i] = t.delimiter == ',' && lone > 0 && lone == three
	}
}

// cell reads one cell for the field its column goes to.
func (t *table) cell(i int, cell string) (string, *commons.FieldError) {
	name, _, _ := strings.Cut(t.fields[i], ".")
	bad := func(want string) *commons.FieldError {
		return &commons.FieldError{Kind: t.kind.Name, Field: name, Text: cell, Want: want, Err: commons.ErrValue}
	}
	if name == "retired" {
		return strconv.FormatBool(strings.EqualFold(cell, "true")), nil
	}
	f, _ := t.kind.Field(name)
	switch f.Form {
	case commons.Number, commons.Latitude, commons.Longitude:
		if t.thousands[i] {
			cell = strings.Replace(cell, ",", "", 1)
		}
		n, ok := commons.Decimal(cell)
		if !ok {
			return "", bad("a number")
		}
		return n, nil
	case commons.Date:
		d, ok := date(cell, t.monthDay[i])
		if !ok {
			return "", bad("a date, as in 31/12/2026 or 2026-12-31")
		}
		return d, nil
	case commons.Time:
		return dateTime(cell, t.monthDay[i]), nil
	case commons.Choice:
		words := conditions
		if f.Name == "visibility" {
			words = visibilities
		}
		if c, ok := words[commons.Fold(cell)]; ok {
			return c, nil
		}
		if !slices.Contains(f.Choices, commons.Fold(cell)) {
			return "", bad("one of: " + strings.Join(f.Choices, ", "))
		}
	case commons.Flag:
		switch commons.Fold(cell) {
		case "oui", "yes", "true", "vrai", "1", "x", "o", "y":
			return "yes", nil
		case "non", "no", "false", "faux", "0", "n", "-":
			return "no", nil
		}
		return "", bad("yes or no")
	}
	return cell, nil
}

// dateParts reads dd/mm/yyyy and its like: the first two numbers as they stand,
// and the year.
func dateParts(s string) (a, b, year int, ok bool) {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '/' || r == '.' || r == '-' })
	if len(parts) != 3 {
		return 0, 0, 0, false
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 {
			return 0, 0, 0, false
		}
		n[i] = v
	}
	switch len(parts[2]) {
	case 4:
		return n[0], n[1], n[2], true
	case 2:
		// As spreadsheets do: 30 to 99 are of the last century.
		if n[2] < 30 {
			return n[0], n[1], 2000 + n[2], true
		}
		return n[0], n[1], 1900 + n[2], true
	}
	return 0, 0, 0, false
}

// date reads a day as people write it and returns it as 2026-12-31.
func date(s string, monthDay bool) (string, bool) {
	s = strings.TrimSpace(s)
	if day, _, _ := strings.Cut(strings.Replace(s, "T", " ", 1), " "); len(day) == len(time.DateOnly) {
		if t, err := time.Parse(time.DateOnly, strings.ReplaceAll(day, "/", "-")); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	day, month, year, ok := dateParts(s)
	if !ok {
		return "", false
	}
	if monthDay {
		day, month = month, day
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day || int(t.Month()) != month || t.Year() != year {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

// dateTime reads a day with a time of day after it; what it can't read it leaves
// to the field's own rules.
func dateTime(s string, monthDay bool) string {
	day, clock, has := strings.Cut(s, " ")
	d, ok := date(day, monthDay)
	if !ok {
		return s
	}
	if !has {
		return d
	}
	return d + "T" + strings.Replace(strings.TrimSpace(clock), "h", ":", 1)
}

// A spreadsheet takes a cell that begins with one of these for a formula.
const formula = "=+-@\t\r"

// guard puts an apostrophe before what a spreadsheet would compute; unguard
// takes it off.
func guard(s string) string {
	if s != "" && strings.ContainsRune(formula, rune(s[0])) {
		return "'" + s
	}
	return s
}

func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formula, rune(s[1])) {
		return s[1:]
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
