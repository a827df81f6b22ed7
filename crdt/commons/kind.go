package commons

import (
	"slices"
)

// A Type is the CRDT type of a field: how concurrent edits of it meet.
type Type string

// The types of fields.
const (
	RegisterType Type = "register" // both values are kept, one is shown
	MapType      Type = "map"      // per key
	SetType      Type = "set"      // an addition beats a concurrent removal
	CounterType  Type = "counter"
	ListType     Type = "list"
	TextType     Type = "text" // per character
)

// A Form says what a value of a field is.
type Form string

// The forms of values.
const (
	Any       Form = "" // of a field without a name
	Words     Form = "text"
	Number    Form = "number"    // decimal, stored as text in shortest form: "14500.5"
	Date      Form = "date"      // stored as text: "2026-12-05"
	Instant   Form = "instant"   // stored as text in UTC: "2026-12-05T18:00:00Z"
	Flag      Form = "yes or no" // stored as a truth value
	Link      Form = "link"      // a URL or path
	Latitude  Form = "latitude"  // decimal degrees, as a number
	Longitude Form = "longitude"
	Choice    Form = "choice"     // one of the field's Choices, stored as that text
	Reference Form = "resource"   // stored as the 16 bytes of its id
	Time      Form = "time"       // of an event's property: with a zone, without, or a day
	Several   Form = "texts"      // of an event's property: several
	Lines     Form = "property"   // an iCalendar property as it stands in a file
	File      Form = "attachment" // what a file is called, its type, its size, its preview
	Integer   Form = "whole number"
	Who       Form = "person or name" // stored as text: the 32 digits of a person's id, or a name
	Since     Form = "version"        // changes, stored as a sorted list of their ids
)

// A Bound is how long a value may be.
type Bound struct {
	Bytes, Runes int // 0: no limit of that kind
}

// Bounds. The largest value of all is crdt.MaxValue; of that 128 bytes are left
// for what stands around a value in an event's properties.
var (
	Short = Bound{Bytes: 256}
	Long  = Bound{Bytes: 16 << 10}
	Name  = Bound{Runes: 64, Bytes: 256}
	Raw   = Bound{Bytes: 48<<10 - 128}
	// Whole is what a text may come to in all; a larger one is refused here
	// while those of others are kept.
	Whole = Bound{Bytes: 1 << 20}
)

// A Field is one field of a kind.
type Field struct {
	ID       uint64 // never changes, never comes to mean something else
	Name     string // as the command line and the API have it
	Aliases  []string
	Type     Type
	Form     Form
	Bound    Bound
	Choices  []string // of a Choice
	Of       string   // of a Reference: the kind it refers to; "" is any
	Property string   // of an event: the iCalendar property it stands for
	Needed   bool     // when adding
}

// A Kind is a schema.
type Kind struct {
	Name, Plural string
	Fields       []Field // in the order to show them
}

// Field returns the field of that name or alias.
func (k *Kind) Field(name string) (Field, bool) {
	n := fieldName(name)
	for _, f := range k.Fields {
		if f.Name == n || slices.Contains(f.Aliases, n) {
			return f, true
		}
	}
	return Field{}, false
}

// field returns the field of that number that isn't a property's.
func (k *Kind) field(id uint64) (Field, bool) {
	for _, f := range k.Fields {
		if f.ID == id && f.Property == "" {
			return f, true
		}
	}
	return Field{}, false
}

func (k *Kind) names() []string {
	out := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		out[i] = f.Name
	}
	return out
}

// The numbers of the fields that every resource has. A kind's own begin at 32.
const (
	fieldTitle       = 1
	fieldTitles      = 2
	fieldHome        = 3
	fieldLicence     = 4
	fieldAuthors     = 5
	fieldSource      = 6
	fieldVisibility  = 7
	fieldCustom      = 8
	fieldLanguage    = 9
	fieldTags        = 10
	fieldDescription = 11
	fieldAttachments = 12
)

// shared returns what every resource has; a title is called a name where it is
// one.
func shared(title string, own ...Field) []Field {
	first := Field{ID: fieldTitle, Name: title, Type: RegisterType, Form: Words, Bound: Short, Needed: title == "name"}
	if title != "title" {
		first.Aliases = []string{"title"}
	}
	fields := []Field{first}
	fields = append(fields, own...)
	return append(fields,
		Field{ID: fieldDescription, Name: "description", Type: RegisterType, Form: Words, Bound: Long},
		Field{ID: fieldTags, Name: "tags", Aliases: []string{"labels", "keywords"}, Type: SetType, Form: Words, Bound: Short},
		Field{ID: fieldCustom, Name: "custom", Type: MapType, Form: Words, Bound: Long},
		Field{ID: fieldHome, Name: "home", Aliases: []string{"home-place"}, Type: RegisterType, Form: Reference, Of: "place"},
		Field{ID: fieldVisibility, Name: "visibility", Type: RegisterType, Form: Choice, Choices: []string{"public", "members", "place", "private"}},
		Field{ID: fieldLanguage, Name: "language", Aliases: []string{"lang"}, Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: fieldTitles, Name: "titles", Type: MapType, Form: Words, Bound: Short},
		Field{ID: fieldAuthors, Name: "authors", Aliases: []string{"author"}, Type: SetType, Form: Words, Bound: Short},
		Field{ID: fieldLicence, Name: "licence", Aliases: []string{"license"}, Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: fieldSource, Name: "source", Aliases: []string{"source-url"}, Type: RegisterType, Form: Link, Bound: Short},
		Field{ID: fieldAttachments, Name: "attachments", Aliases: []string{"files"}, Type: MapType, Form: File, Bound: Bound{Bytes: 1024}},
	)
}
