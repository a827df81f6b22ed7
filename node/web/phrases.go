package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A tongue is a language that the pages speak.
type tongue int

const (
	french  tongue = 0
	english tongue = 1
)

// tongues are the languages, by the tag that HTML and browsers give them.
var tongues = map[string]tongue{"fr": french, "en": english}

// tongueTags are the tags, by language.
var tongueTags = [...]string{french: "fr", english: "en"}

func (l tongue) tag() string { return tongueTags[l] }

// languageCookie remembers which language was chosen. It names nobody.
const languageCookie = "lang"

// tongueOf is the language that was chosen in this browser, else the first of
// ours that the browser asks for, else French.
func tongueOf(r *http.Request) tongue {
	if c, err := r.Cookie(languageCookie); err == nil {
		if l, ok := tongues[c.Value]; ok {
			return l
		}
	}
	best, l := 0.0, french
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64)
		}
		main, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if known, ok := tongues[main]; ok && q > best {
			best, l = q, known
		}
	}
	return l
}

// text is the phrase of a key with its arguments; the key itself where there
// is none, which a test forbids.
func (l tongue) text(key string, args ...any) string {
	w, ok := words[key]
	if !ok {
		return strings.TrimSpace(key + " " + fmt.Sprintln(args...))
	}
	phrase := w[l]
	for i, a := range args {
		phrase = strings.ReplaceAll(phrase, "%["+strconv.Itoa(i+1)+"]s", fmt.Sprint(a))
	}
	return phrase
}

// count is a number of something: of the two forms of a key, "one|several",
// the one that fits, with the number in place of %d. A key with .any says that
// there is none.
func (l tongue) count(key string, n int) string {
	if _, ok := words[key+".any"]; ok && n == 0 {
		return l.text(key + ".any")
	}
	one, many, ok := strings.Cut(l.text(key), "|")
	form := many
	if !ok || n == 1 || n == 0 && l == french {
		form = one
	}
	return strings.ReplaceAll(form, "%d", l.number(n))
}

// number writes a whole number, its thousands apart.
func (l tongue) number(n int) string {
	digits := strconv.Itoa(n)
	sep := [...]string{"\u202f", ","}[l]
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + sep + digits[i:]
	}
	return digits
}

// ago says how long before now something was.
func (l tongue) ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return l.text("when.never")
	case d < time.Minute:
		return l.text("when.now")
	case d < time.Hour:
		return l.count("when.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.count("when.hours", int(d/time.Hour))
	}
	return l.day(t)
}

// day writes a day with its weekday, and the year unless it is this one.
func (l tongue) day(t time.Time) string {
	date := l.text("weekday."+strconv.Itoa(int(t.Weekday()))) + " "
	month := l.text("month." + strconv.Itoa(int(t.Month())))
	if day := strconv.Itoa(t.Day()); l == french && t.Day() == 1 {
		date += "1er " + month
	} else {
		date += day + " " + month
	}
	if t.Year() != time.Now().Year() {
		date += " " + strconv.Itoa(t.Year())
	}
	return date
}

// moment writes a day and the time of day.
func (l tongue) moment(t time.Time) string { return l.day(t) + ", " + l.clock(t) }

// clock writes a time of day.
func (l tongue) clock(t time.Time) string {
	if l == french {
		return t.Format("15") + "\u00a0h\u00a0" + t.Format("04")
	}
	return t.Format("15:04")
}
