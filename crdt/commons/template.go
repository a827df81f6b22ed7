package commons

import (
	"embed"
	"strings"
)

//go:embed templates/*.md
var skeletons embed.FS

// Templates returns the names of the templates that a page can begin from, in
// the order to show them. What people call them is said where words are.
func Templates() []string {
	return []string{"good-practice", "project", "learning-resource", "minutes", "charter"}
}

// Skeleton returns the Markdown that a page of a template begins as, in English
// where the language is that, else in French; "" for a template that isn't ours.
func Skeleton(template, language string) string {
	if lang, _, _ := strings.Cut(strings.ToLower(language), "-"); lang == "en" {
		language = "en"
	} else {
		language = "fr"
	}
	b, err := skeletons.ReadFile("templates/" + fieldName(template) + "." + language + ".md")
	if err != nil {
		return ""
	}
	return string(b)
}

// Licences returns licences to offer for what people write, by their SPDX
// identifiers, the one to propose first. Any other can be written down.
func Licences() []string {
	return []string{"CC-BY-SA-4.0", "CC-BY-4.0", "CC0-1.0", "CC-BY-NC-SA-4.0", "CERN-OHL-S-2.0", "Etalab-2.0"}
}

// begin gives a new page the text of its template under its own title, unless
// it was given a text.
func (w *writer) begin(in []Assign) error {
	template, language, title := "", "", ""
	for _, a := range in {
		f, _ := w.kind.Field(a.Field)
		switch f.ID {
		case fieldBody:
			return nil
		case fieldTemplate:
			template = a.Text
		case fieldLanguage:
			language = a.Text
		case fieldTitle:
			title = strings.TrimSpace(a.Text)
		}
	}
	body := Skeleton(template, language)
	if _, rest, ok := strings.Cut(body, "\n"); ok && title != "" {
		body = "# " + title + "\n" + rest
	}
	f, _ := pageKind.field(fieldBody)
	return w.text(f, body)
}
