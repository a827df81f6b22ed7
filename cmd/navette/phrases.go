package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// phrases is the text in one language.
type phrases struct{ lang int }

const (
	french  = 0
	english = 1
)

// phrasesFor chooses by the locale; French where it says neither.
func phrasesFor(getenv func(string) string) phrases {
	for _, name := range []string{"NAVETTE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			return phrasesIn(v)
		}
	}
	return phrases{french}
}

// phrasesIn chooses by a language tag or locale.
func phrasesIn(tag string) phrases {
	if strings.HasPrefix(strings.ToLower(tag), "en") {
		return phrases{english}
	}
	return phrases{french}
}

// code is the language's tag.
func (p phrases) code() string { return [2]string{"fr", "en"}[p.lang] }

func (p phrases) has(key string) bool { _, ok := words[key]; return ok }

// text is the phrase of a key with its arguments; the key itself where there
// is none, which a test forbids for the keys of this program.
func (p phrases) text(key string, args ...any) string {
	w, ok := words[key]
	if !ok {
		parts := []string{key}
		for _, a := range args {
			parts = append(parts, fmt.Sprint(a))
		}
		return strings.Join(parts, " ")
	}
	return fill(w[p.lang], args)
}

// fill puts the arguments in their places; a phrase need not use them all.
func fill(phrase string, args []any) string {
	for i, a := range args {
		for _, verb := range []string{"s", "d"} {
			phrase = strings.ReplaceAll(phrase, fmt.Sprintf("%%[%d]%s", i+1, verb), fmt.Sprint(a))
		}
	}
	return phrase
}

// hint is the remedy that goes with a key; "" if there is none, or if it needs
// an argument that isn't there.
func (p phrases) hint(key string, args ...any) string {
	for k := key; k != ""; k = k[:max(0, strings.LastIndexByte(k, '.'))] {
		if p.has(k + ".hint") {
			if h := p.text(k+".hint", args...); !strings.Contains(h, "%[") {
				return h
			}
		}
	}
	return ""
}

// want is what a value has to look like, as the node says it in English, in
// the person's language; anything else is left as it is.
func (p phrases) want(s string) string {
	if p.has("want." + s) {
		return p.text("want." + s)
	}
	for _, begin := range []string{"one of: ", "the id or name of a ", "an entry: say ", "an addition: say ", "a set: say "} {
		if rest, ok := strings.CutPrefix(s, begin); ok {
			return p.text("want."+begin, rest)
		}
	}
	return s
}

// count is a number of something.
func (p phrases) count(key string, n int) string {
	if n == 0 && p.has(key+".any") {
		return p.text(key + ".any")
	}
	one, many, ok := strings.Cut(p.text(key), "|")
	if !ok {
		many = one
	}
	form := many
	if n == 1 || n == 0 && p.lang == french {
		form = one
	}
	if !strings.Contains(form, "%d") {
		return fmt.Sprintf("%d %s", n, form)
	}
	return fmt.Sprintf(form, n)
}

// kind is the name of one thing of a kind.
func (p phrases) kind(kind string) string {
	one, _, _ := strings.Cut(p.text("kind."+kind), "|")
	return strings.TrimPrefix(one, "kind.")
}

func (p phrases) line(e *env, key string, args ...any) {
	fmt.Fprintln(e.stdout, p.text(key, args...))
}

func (p phrases) problem(e *env, key string, args ...any) {
	fmt.Fprintln(e.stderr, p.text(key, args...))
}

// field prints a labelled line of a status, if there is something to say.
func (p phrases) field(e *env, key, value string) {
	if value == "" {
		return
	}
	label := p.text("status." + key)
	fmt.Fprintf(e.stdout, "  %s%s  %s\n", label, strings.Repeat(" ", max(0, 11-len([]rune(label)))), value)
}

// wordKeys are all keys, sorted.
func wordKeys() []string { return slices.Sorted(maps.Keys(words)) }
