// Package commons knows what a commons holds: the kinds of resource and their
// fields, what people ask of them (intents), and what they read (views).
//
// A [Kind] is a schema: fields with a number, a name, a CRDT type, a type of
// value and a bound. KINDS.md has the table of numbers; they never change
// meaning. An intent ([Add], [Set], [Remove], [Restore], [RestoreAt],
// [EditText], [EditSplices], [Translate], [Follow], [Resolve], [PutEvent],
// [SignUp], [Support]) turns what a person asks into edits, given the document as
// the person sees it: each slice of edits is to be one change, in order. A view ([View]) turns a document into a [Resource], which is what
// the API and the command line show. [Plan] does for many records from a file
// what Add and Set do for one, and says first what would change.
//
// Merging knows no schema. A kind or a field that this version has no name for
// is kept, forwarded and shown by its number; bounds are checked when writing
// and marked when reading, since others may have written anything.
//
// The package is pure: ids, the zone and the zone database are arguments. It
// doesn't know who may do what (crdt/membership), nor files (node/formats).
package commons

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"navette/crdt"
	"navette/crdt/commons/ical"
)

// Reasons why an intent can't be carried out.
var (
	ErrKind     = errors.New("commons: no such kind")
	ErrField    = errors.New("commons: no such field")
	ErrValue    = errors.New("commons: not a value of that type")
	ErrBound    = errors.New("commons: too long")
	ErrMissing  = errors.New("commons: a field that is needed is missing")
	ErrAbsent   = errors.New("commons: no such resource")
	ErrRemoved  = errors.New("commons: the resource was removed")
	ErrThere    = errors.New("commons: the resource isn't removed")
	ErrOrder    = errors.New("commons: the end is before the start")
	ErrVersions = errors.New("commons: no two versions there")
	ErrBoth     = errors.New("commons: values of that type can't be joined")
	ErrAssign   = errors.New("commons: not FIELD=VALUE")
)

// A FieldError says what is wrong with which field; Err is one of ErrField,
// ErrValue, ErrBound, ErrMissing, ErrOrder or ErrBoth.
type FieldError struct {
	Kind, Field string
	Line        int      // of a file, from 1, where one is known; else 0
	Text        string   // the value refused, or its beginning
	Want        string   // ErrValue: what a value looks like; ErrBound: the limit
	Got         int      // ErrBound: how long it is, in the unit of Limit
	Limit       int      // ErrBound
	Unit        string   // ErrBound: "bytes" or "characters"
	Known       []string // ErrField: the fields that the kind has
	Err         error
}

// Error names the field, what is wrong and what would be right.
func (e *FieldError) Error() string {
	switch e.Err {
	case ErrField:
		return fmt.Sprintf("%s: a %s has no field of that name; it has %s", e.Field, e.Kind, strings.Join(e.Known, ", "))
	case ErrBound:
		return fmt.Sprintf("%s: %d %s, more than the %d there is room for", e.Field, e.Got, e.Unit, e.Limit)
	case ErrMissing:
		return fmt.Sprintf("%s: needed for a %s", e.Field, e.Kind)
	case ErrOrder:
		return fmt.Sprintf("%s: the end is before the start", e.Field)
	case ErrBoth:
		return fmt.Sprintf("%s: both values can't stand there together; keep one", e.Field)
	default:
		return fmt.Sprintf("%s: %q is not %s", e.Field, e.Text, e.Want)
	}
}

// Unwrap returns the reason.
func (e *FieldError) Unwrap() error { return e.Err }

// An Env is what intents and views need to know of where they are used. The
// zero Env knows no time zones and links to resources by hexadecimal id only.
type Env struct {
	Zone  string     // the place's time zone, as in "Europe/Paris"; "" is none
	Zones ical.Zones // the database of zones: time.LoadLocation
	// Refer finds the resource of a kind that a person named by title or
	// shortened id.
	Refer func(kind, text string) (crdt.ID, error)
}

// knows tells whether the database has a zone of that name.
func (env Env) knows(zone string) bool {
	if env.Zones == nil {
		return false
	}
	_, err := env.Zones(zone)
	return err == nil
}

// DerivedID returns the id of what is imported under a key, so that the same
// file imported at two places meets in one resource.
func DerivedID(kind, key string) crdt.ID {
	h := sha256.New()
	h.Write([]byte("navette/id/" + kind + "\x00" + key))
	return crdt.ID(h.Sum(nil)[:len(crdt.ID{})])
}

// SortKey returns what texts are put in order by: Fold, and numbers in them by
// their size, so that nº 2 comes before nº 10.
func SortKey(s string) string {
	var b strings.Builder
	folded := Fold(s)
	for i := 0; i < len(folded); {
		n := 0
		for i+n < len(folded) && folded[i+n] >= '0' && folded[i+n] <= '9' {
			n++
		}
		if n == 0 {
			b.WriteByte(folded[i])
			i++
			continue
		}
		digits := strings.TrimLeft(folded[i:i+n], "0")
		b.WriteByte(byte('0' + min(len(digits), 40))) // more digits are a greater number
		b.WriteString(digits)
		i += n
	}
	return b.String()
}

// Fold makes texts comparable as people compare them: small letters, no
// accents, ligatures in two, typographic apostrophes plain, spaces single.
func Fold(s string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r >= 0x300 && r <= 0x36f: // accents, now on their own
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ß':
			b.WriteString("ss")
		case r == '’' || r == 'ʼ':
			b.WriteByte('\'')
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == 0xa0 || r == 0x202f || r == 0x2009:
			space = b.Len() > 0
			continue
		default:
			if space {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
		}
		space = false
	}
	return b.String()
}

// Composed returns the text with accents composed (NFC): file names come
// decomposed from some systems.
func Composed(s string) string { return norm.NFC.String(s) }

// fieldName makes names comparable: "Other names" is "other-names".
func fieldName(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }); i < 0 {
		return s // as most are
	}
	return strings.Join(strings.FieldsFunc(Fold(s), func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), "-")
}

// Kinds returns the kinds that this version knows, by name.
func Kinds() []*Kind { return slices.Clone(kinds) }

var kinds = []*Kind{eventKind, loanKind, noteKind, pageKind, personKind, placeKind, proposalKind, toolKind}

// Lookup returns the kind of that name, singular or plural; ok is false if this
// version doesn't know it, and then the kind returned has only the fields that
// every resource has.
func Lookup(name string) (k *Kind, ok bool) {
	folded := name
	for range 2 { // mostly, the name is as we write it
		for _, k := range kinds {
			if folded == k.Name || folded == k.Plural {
				return k, true
			}
		}
		folded = Fold(name)
	}
	return &Kind{Name: name, Plural: name, Fields: shared("title")}, false
}
