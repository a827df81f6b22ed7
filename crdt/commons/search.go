package commons

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
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

// Search returns a test of whether a resource answers a query: see Query.
func Search(query string) func(*Resource) bool {
	q := ParseQuery(query)
	return func(r *Resource) bool { return q.Empty() || q.Match(SearchText(r)) }
}

// A Query is what somebody looks for: resources that have each of its words in
// what they show, in any case, with any accents, in the singular or plural, or
// another word of the same meaning (synonyms.txt). The zero Query matches all.
type Query struct {
	terms []term
}

// A term is one or more words typed, and what else says the same.
type term struct {
	words   []string   // as they were typed, in the singular
	forms   []string   // of a single word: what may stand in a text for it
	phrases [][]string // synonyms, each all its words
}

// ParseQuery reads what somebody typed into a search box.
func ParseQuery(text string) Query {
	words := splitWords(text)
	all := slices.Clone(words)
	if words = slices.DeleteFunc(words, func(w string) bool { return stopWords[w] }); len(words) == 0 {
		words = all // nothing but such words: then they are meant
	}
	for i, w := range words {
		words[i] = singular(w)
	}
	var q Query
	for len(words) > 0 {
		t := term{words: words[:1]}
		for n := min(len(words), longestSynonym); n > 0; n-- {
			if groups := synonyms[strings.Join(words[:n], " ")]; groups != nil {
				t.words = words[:n]
				for _, g := range groups {
					t.phrases = append(t.phrases, g...)
				}
				break
			}
		}
		if len(t.words) == 1 {
			t.forms = plurals(t.words[0])
		}
		words = words[len(t.words):]
		q.terms = append(q.terms, t)
	}
	return q
}

// Empty tells whether nothing is looked for.
func (q Query) Empty() bool { return len(q.terms) == 0 }

// Match tells whether a text answers the query. The text is a SearchText, or
// anything else that went through Fold.
func (q Query) Match(folded string) bool {
	for _, t := range q.terms {
		if !t.match(folded) {
			return false
		}
	}
	return true
}

func (t term) match(text string) bool {
	in := func(w string) bool { return strings.Contains(text, w) }
	if len(t.words) == 1 && slices.ContainsFunc(t.forms, in) {
		return true
	}
	if len(t.words) > 1 && !slices.ContainsFunc(t.words, func(w string) bool { return !in(w) }) {
		return true
	}
	// A synonym wasn't typed: it has to be a word of its own, or begin one.
	return slices.ContainsFunc(t.phrases, func(phrase []string) bool {
		return !slices.ContainsFunc(phrase, func(w string) bool { return !beginsWord(text, w) })
	})
}

func beginsWord(text, w string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], w)
		if i < 0 {
			return false
		}
		if at += i; at == 0 || strings.IndexByte(wordEnds, text[at-1]) >= 0 {
			return true
		}
		at += len(w)
	}
}

const wordEnds = " '\",;.:!?()[]{}/-"

// splitWords returns the words of a text, folded.
func splitWords(text string) []string {
	return strings.FieldsFunc(Fold(text), func(r rune) bool { return strings.ContainsRune(" '\"’,;.:!?()[]{}/«»", r) })
}

// stopWords say nothing about what is looked for.
var stopWords = func() map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq("a au aux d de des du en et l la le les pour sur un une and for of on the to with") {
		m[w] = true
	}
	return m
}()

// singular takes the ending of a French or English plural off, so that what is
// left stands in both forms.
func singular(word string) string {
	if len(word) > 3 && (word[len(word)-1] == 's' || word[len(word)-1] == 'x') {
		return word[:len(word)-1]
	}
	return word
}

// plurals returns what may stand for a word in the singular where a plural is
// more than an ending: of "metal" also "metaux", and the other way.
func plurals(word string) []string {
	forms := []string{word}
	if stem, ok := strings.CutSuffix(word, "al"); ok && len(stem) > 1 {
		forms = append(forms, stem+"aux")
	}
	if stem, ok := strings.CutSuffix(word, "au"); ok && len(stem) > 1 {
		forms = append(forms, stem+"al")
	}
	return forms
}

//go:embed synonyms.txt
var synonymsText string

// synonyms has the groups of a term, in singular words with spaces between.
var synonyms, longestSynonym = readSynonyms(synonymsText)

// readSynonyms reads synonyms.txt. A term may stand in several groups.
func readSynonyms(text string) (of map[string][][][]string, longest int) {
	of = make(map[string][][][]string)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		var group [][]string
		for _, t := range strings.Split(line, ",") {
			var words []string
			for _, w := range splitWords(t) {
				if !stopWords[w] {
					words = append(words, singular(w))
				}
			}
			longest = max(longest, len(words))
			group = append(group, words)
		}
		for _, words := range group {
			key := strings.Join(words, " ")
			of[key] = append(of[key], group)
		}
	}
	return of, longest
}

// SearchText returns all that a resource shows, folded, for a Query to look
// through: it is what costs time, so that whoever searches often keeps it.
func SearchText(r *Resource) string {
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
		if r.Kind == eventKind.Name && (s.ID == fieldTimezones || s.ID == fieldSignUps) {
			continue // definitions, and people, whom nobody looks for here
		}
		b.WriteString(" " + s.Key)
		add(s.Value)
	}
	return Fold(b.String())
}
