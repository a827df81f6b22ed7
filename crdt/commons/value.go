package commons

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"navette/crdt"
)

// Marks say what is wrong with a value that somebody wrote.
const (
	MarkVersions  = "two_versions"
	MarkMalformed = "malformed"
	MarkTooLong   = "too_long"
	MarkUnknown   = "unknown"
)

// wants says, per form, what a value looks like, for FieldError.Want.
var wants = map[Form]string{
	Words:     "text",
	Number:    "a number",
	Date:      "a date, as in 2026-12-05",
	Instant:   "a time, as in 2026-12-05T19:00+01:00",
	Flag:      "yes or no",
	Link:      "a link",
	Latitude:  "a latitude from -90 to 90",
	Longitude: "a longitude from -180 to 180",
	Reference: "the id of a resource",
	Since:     "the ids of changes",
	Time:      "a day or time, as in 2026-12-05 or 2026-12-05T19:00",
	Lines:     "an iCalendar property's value",
	File:      "an attachment: SIZE TYPE PREVIEW NAME",
	Integer:   "a whole number",
	Who:       "a person or a name",
}

// value reads what a person typed for the field.
func (f Field) value(kind, text string, env Env) (crdt.Value, error) {
	bad := &FieldError{Kind: kind, Field: f.Name, Text: clip(text), Want: wants[f.Form], Err: ErrValue}
	if !utf8.ValidString(text) {
		return nil, bad
	}
	if err := f.Bound.check(kind, f.Name, text); err != nil {
		return nil, err
	}
	switch f.Form {
	case Flag:
		switch Fold(text) {
		case "yes", "true", "1", "oui", "vrai", "x":
			return crdt.Bool(true), nil
		case "no", "false", "0", "non", "faux":
			return crdt.Bool(false), nil
		}
		return nil, bad
	case Choice:
		for _, c := range f.Choices {
			if Fold(text) == c {
				return crdt.Text(c), nil
			}
		}
		bad.Want = "one of: " + strings.Join(f.Choices, ", ")
		return nil, bad
	case Number, Latitude, Longitude:
		n, ok := Decimal(text)
		x, _ := strconv.ParseFloat(n, 64)
		if !ok || f.Form == Latitude && (x < -90 || x > 90) || f.Form == Longitude && (x < -180 || x > 180) {
			return nil, bad
		}
		return crdt.Text(n), nil
	case Integer:
		n, ok := integer(text)
		if !ok {
			return nil, bad
		}
		return crdt.Text(n), nil
	case Who:
		who := NormalWho(text)
		if who == "" || Name.check(kind, f.Name, who) != nil {
			return nil, bad
		}
		return crdt.Text(who), nil
	case Date:
		if _, err := time.Parse(time.DateOnly, strings.TrimSpace(text)); err != nil {
			return nil, bad
		}
		return crdt.Text(strings.TrimSpace(text)), nil
	case Instant:
		t, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
		if err != nil {
			return nil, bad
		}
		return crdt.Text(t.UTC().Format(time.RFC3339)), nil
	case Link:
		if strings.ContainsFunc(strings.TrimSpace(text), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return nil, bad
		}
		return crdt.Text(strings.TrimSpace(text)), nil
	case Reference:
		id, err := env.refer(f.Of, text)
		if err != nil {
			bad.Want = "the id or name of a " + cmp.Or(f.Of, "resource")
			return nil, bad
		}
		return crdt.Bytes(id[:]), nil
	case File:
		if v, ok := attachmentValue(text); ok {
			return v, nil
		}
		return nil, bad
	case Since:
		changes, ok := readSince(text)
		if !ok {
			return nil, bad
		}
		return since(changes), nil
	default:
		return crdt.Text(text), nil
	}
}

func (env Env) refer(kind, text string) (id crdt.ID, err error) {
	if b, e := hex.DecodeString(text); e == nil && len(b) == len(id) {
		return crdt.ID(b), nil
	}
	if env.Refer == nil {
		return id, ErrAbsent
	}
	return env.Refer(kind, text)
}

func (b Bound) check(kind, field, text string) error {
	if n := utf8.RuneCountInString(text); b.Runes > 0 && n > b.Runes {
		return &FieldError{Kind: kind, Field: field, Text: clip(text), Got: n, Limit: b.Runes, Unit: "characters", Err: ErrBound}
	}
	most := b.Bytes
	if most == 0 {
		most = Raw.Bytes
	}
	if len(text) > most {
		return &FieldError{Kind: kind, Field: field, Text: clip(text), Got: len(text), Limit: most, Unit: "bytes", Err: ErrBound}
	}
	return nil
}

func clip(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// show returns a value as JSON has it, and a mark if it isn't what the field
// holds: it is shown all the same.
func (f Field) show(v crdt.Value) (shown any, mark string) {
	shown = plain(v)
	text, isText := v.Text()
	if isText && f.Bound.check("", "", text) != nil {
		return shown, MarkTooLong
	}
	ok := isText
	switch f.Form {
	case Any:
		ok = true
	case Flag:
		_, ok = v.Bool()
	case Number, Latitude, Longitude:
		n, decimal := Decimal(text)
		if ok = isText && decimal && n == text; ok {
			shown = json.Number(text)
		}
	case Integer:
		n, whole := integer(text)
		if ok = whole && n == text; ok {
			shown = json.Number(text)
		}
	case Who:
		ok = isText && text != "" && NormalWho(text) == text
	case Date:
		_, err := time.Parse(time.DateOnly, text)
		ok = isText && err == nil
	case Instant:
		_, err := time.Parse(time.RFC3339, text)
		ok = isText && err == nil
	case Choice:
		ok = isText && slices.Contains(f.Choices, text)
	case File:
		_, ok = readAttachment(v)
	case Reference:
		b, isBytes := v.Bytes()
		ok = isBytes && len(b) == len(crdt.ID{})
	case Since:
		_, ok = changesOf(v)
	}
	if !ok {
		return shown, MarkMalformed
	}
	return shown, ""
}

// plain shows any value without knowing what it is for: texts and truth values
// as they are, integers as numbers, byte strings and the rest in hexadecimal,
// lists as lists.
func plain(v crdt.Value) any {
	if s, ok := v.Text(); ok {
		return s
	}
	if b, ok := v.Bool(); ok {
		return b
	}
	if n, ok := v.Int(); ok {
		return json.Number(strconv.FormatInt(n, 10))
	}
	if b, ok := v.Bytes(); ok {
		return hex.EncodeToString(b)
	}
	if items, ok := v.List(); ok {
		out := make([]any, len(items))
		for i, it := range items {
			out[i] = plain(it)
		}
		return out
	}
	if v.IsNull() {
		return nil
	}
	return hex.EncodeToString(v)
}

// Decimal reads a number as people write it ("14 500,00", "1,299.50", "6.5 €")
// and returns its shortest form ("14500", "1299.5", "6.5"). Of a comma and a
// point, the last is the decimal mark; alone, either is.
func Decimal(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', 0xa0, 0x202f, 0x2009, '\'', '’', '_', '€', '$', '£':
			return -1
		case '−':
			return '-'
		}
		return r
	}, s)
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	mark := strings.LastIndexAny(s, ",.")
	whole, fraction := s, ""
	if mark >= 0 {
		whole, fraction = s[:mark], s[mark+1:]
		other := ","
		if s[mark] == ',' {
			other = "."
		}
		if strings.ContainsRune(whole, rune(s[mark])) {
			// The same mark again: it sets off thousands.
			if fraction == "" || strings.Contains(whole, other) || !thousands(whole+s[mark:], s[mark]) {
				return "", false
			}
			whole, fraction = strings.ReplaceAll(s, s[mark:mark+1], ""), ""
		} else if strings.Contains(whole, other) {
			if !thousands(whole, other[0]) {
				return "", false
			}
			whole = strings.ReplaceAll(whole, other, "")
		}
	}
	if whole+fraction == "" || !digits(whole) || !digits(fraction) {
		return "", false
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if whole == "0" {
		sign = ""
	}
	return sign + whole, true
}

// integer reads a whole number of at most nine digits.
func integer(s string) (string, bool) {
	n, ok := Decimal(s)
	return n, ok && digits(n) && len(n) <= 9
}

// NormalWho brings a name into the form in which it is kept: composed, without
// spaces around, and the digits of an id in small letters.
func NormalWho(s string) string {
	s = Composed(strings.TrimSpace(s))
	if low := strings.ToLower(s); len(low) == 2*len(crdt.ID{}) && strings.Trim(low, "0123456789abcdef") == "" {
		return low
	}
	return s
}

// thousands tells whether the mark stands where thousands are set off.
func thousands(s string, mark byte) bool {
	groups := strings.Split(s, string(mark))
	for i, g := range groups {
		if i == 0 && (g == "" || len(g) > 3) || i > 0 && len(g) != 3 {
			return false
		}
	}
	return true
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
