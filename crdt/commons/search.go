package commons

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Where is a condition on a field: FIELD=VALUE or FIELD.KEY=VALUE.
type Where struct {
	Field, Key, Value string
}

// ParseWhere reads FIELD=VALUE or FIELD.KEY=VALUE.
func ParseWhere(s string) (Where, error) {
	a, err := ParseAssign(s)
	if err != nil || a.How != Replace {
		return Where{}, fmt.Errorf("%w: %q", ErrAssign, clip(s))
	}
	return Where{Field: a.Field, Key: a.Key, Value: a.Text}, nil
}

// Check tells whether resources of the kind can have that field.
func (w Where) Check(k *Kind) error {
	if f, ok := k.Field(w.Field); !ok || w.Key != "" && f.Type != MapType {
		return &FieldError{Kind: k.Name, Field: w.Field, Known: k.names(), Err: ErrField}
	}
	return nil
}

// Match tells whether the resource shows that value: in any case and with any
// accents, in any element of a set or list, in any entry of a map unless a key
// is given. An empty value matches where nothing stands.
func (w Where) Match(r *Resource) bool {
	k, _ := Lookup(r.Kind)
	name := w.Field
	if f, ok := k.Field(w.Field); ok {
		name = f.Name
	}
	there := false
	for _, s := range r.Fields {
		of, _, _ := strings.Cut(s.Name, ".")
		if of != name || w.Key != "" && Fold(s.Key) != Fold(w.Key) {
			continue
		}
		there = true
		if w.is(s.Value) {
			return true
		}
	}
	if there {
		return false
	}
	return w.Value == "" || w.Key == "" && fieldName(w.Field) == "title" && w.is(r.Title)
}

func (w Where) is(v any) bool {
	want := Fold(w.Value)
	switch v := v.(type) {
	case string:
		return Fold(v) == want
	case bool:
		got, ok := Field{Form: Flag}.value("", w.Value, Env{})
		b, _ := got.Bool()
		return ok == nil && b == v
	case json.Number:
		n, ok := Decimal(w.Value)
		return ok && n == v.String()
	case []any:
		for _, x := range v {
			if w.is(x) {
				return true
			}
		}
	}
	return false
}

// Search returns a test of whether a resource has all the words of a query in
// what it shows: in any case, with any accents, in the singular or plural.
func Search(query string) func(*Resource) bool {
	var words []string
	for _, word := range strings.FieldsFunc(Fold(query), between) {
		words = append(words, singular(word))
	}
	if len(words) == 0 {
		return func(*Resource) bool { return true }
	}
	return func(r *Resource) bool {
		text := searchText(r)
		for _, word := range words {
			if !strings.Contains(text, word) {
				return false
			}
		}
		return true
	}
}

func between(r rune) bool {
	return strings.ContainsRune(" '\"’,;.:!?()[]{}/«»", r)
}

// singular takes the ending of a French or English plural off, so that what is
// left stands in both forms.
func singular(word string) string {
	if len(word) > 3 && (word[len(word)-1] == 's' || word[len(word)-1] == 'x') {
		return word[:len(word)-1]
	}
	return word
}

func searchText(r *Resource) string {
	var b strings.Builder
	b.WriteString(r.ID + " " + r.Title)
	var add func(v any)
	add = func(v any) {
		switch v := v.(type) {
		case string:
			b.WriteString(" " + v)
		case json.Number:
			b.WriteString(" " + v.String())
		case []any:
			for _, x := range v {
				add(x)
			}
		}
	}
	for _, s := range r.Fields {
		if s.ID == fieldTimezones && r.Kind == eventKind.Name {
			continue
		}
		b.WriteString(" " + s.Key)
		add(s.Value)
	}
	return Fold(b.String())
}
