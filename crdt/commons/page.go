package commons

import (
	"iter"
	"path"
	"strings"
	"unicode"

	"navette/crdt"
)

// The numbers of the fields of a page that code refers to.
const (
	fieldPath        = 32
	fieldTemplate    = 33
	fieldFrontMatter = 34
	fieldBody        = 35
	fieldOriginal    = 36
	fieldFollows     = 37
)

// pageKind is a document in Markdown. The body is everything after the front
// matter, byte for byte; the front matter is kept as it was written, since it
// may hold what no field here has a name for.
var pageKind = &Kind{
	Name: "page", Plural: "pages",
	Fields: shared("title",
		Field{ID: fieldPath, Name: "path", Type: RegisterType, Form: Words, Bound: Bound{Bytes: 1024}},
		Field{ID: fieldTemplate, Name: "template", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: fieldFrontMatter, Name: "front-matter", Type: RegisterType, Form: Words, Bound: Long},
		Field{ID: fieldBody, Name: "body", Type: TextType, Form: Words, Bound: Whole},
		Field{ID: fieldOriginal, Name: "translation-of", Aliases: []string{"original"}, Type: RegisterType, Form: Reference, Of: "page"},
		Field{ID: fieldFollows, Name: "follows", Type: RegisterType, Form: Since, Bound: Raw},
	),
}

// Heading returns the first heading of a Markdown text, "" if it has none. A
// hash without a space after it is one too, as many people write it.
func Heading(markdown string) string {
	fence, previous := "", ""
	for line := range strings.Lines(strings.TrimPrefix(markdown, "\uFEFF")) {
		line = strings.TrimSpace(line)
		switch {
		case fence != "":
			if strings.HasPrefix(line, fence) {
				fence = ""
			}
			continue
		case strings.HasPrefix(line, "```"), strings.HasPrefix(line, "~~~"):
			fence = line[:3]
			continue
		case strings.HasPrefix(line, "#"):
			if h := bare(line); h != "" {
				return h
			}
		case previous != "" && len(line) > 1 && strings.Trim(line, "=") == "":
			return bare(previous)
		}
		previous = line
	}
	return ""
}

// bare takes the marks of Markdown off both ends.
func bare(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '#' || r == '*' || r == '_' })
}

// pageTitle returns what a page without a title is called: by its first
// heading, else by its file.
func pageTitle(d *crdt.Doc) string {
	if t := d.Text(fieldBody); t != nil {
		if h := Heading(t.String()); h != "" {
			return h
		}
	}
	if v, ok := d.Shown(fieldPath); ok {
		p, _ := v.Text()
		base := path.Base(p)
		return strings.TrimSuffix(base, path.Ext(base))
	}
	return ""
}

// Written returns the passages of a page's text in order, each with the change
// that wrote it.
func Written(d *crdt.Doc) iter.Seq2[crdt.ChangeID, string] {
	return func(yield func(crdt.ChangeID, string) bool) {
		t := d.Text(fieldBody)
		if t == nil {
			return
		}
		for n, s := range t.Spans() {
			if !yield(crdt.ChangeID(n.Change), s) {
				return
			}
		}
	}
}
