package formats

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"navette/crdt/commons"
)

// Table says how WriteCSV writes.
type Table struct {
	// French writes what a French spreadsheet reads at a double click: UTF-8
	// with a byte order mark, semicolons, decimal commas, dd/mm/yyyy, French
	// headings and words. Default: commas, ISO dates, the fields' own names.
	French bool
	// Title returns what a resource is called that a field refers to.
	// Default: its id.
	Title func(id string) string
}

// WriteCSV writes resources of one kind as a table: a column for each field in
// which something stands, and for each custom field. Texts of pages are left
// out, of events what has no name. Read again, it changes nothing.
func WriteCSV(w io.Writer, kind string, list []commons.Resource, o Table) error {
	k, _ := commons.Lookup(kind)
	columns := tableColumns(k, list)
	var b strings.Builder
	delimiter, end := ",", "\n"
	if o.French {
		b.WriteString("\uFEFF")
		delimiter, end = ";", "\r\n"
	}
	write := func(cells []string) {
		for i, c := range cells {
			if i > 0 {
				b.WriteString(delimiter)
			}
			if strings.ContainsAny(c, "\",;\t\r\n|") || c != strings.TrimSpace(c) {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteString(end)
	}
	var head []string
	for _, c := range columns {
		head = append(head, o.heading(c))
	}
	write(head)
	for _, r := range list {
		cells := make([]string, len(columns))
		for i, c := range columns {
			if s, ok := r.Get(c); ok {
				f, _ := k.Field(strings.SplitN(c, ".", 2)[0])
				cells[i] = o.cell(f, s.Value)
			} else if i == 0 {
				cells[i] = guard(r.Title)
			}
		}
		write(cells)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// tableColumns returns the fields in which something stands, in the schema's
// order, the title always.
func tableColumns(k *commons.Kind, list []commons.Resource) []string {
	present := make(map[string]bool)
	for _, r := range list {
		for _, s := range r.Fields {
			present[s.Name] = true
		}
	}
	var out []string
	for _, f := range k.Fields {
		switch {
		case f.Type == commons.TextType || f.Type == commons.ListType || f.Form == commons.Lines || f.Name == "front-matter" || f.Name == "timezones":
		case f.Type == commons.MapType && f.Property == "":
			for _, name := range sortedKeys(present) {
				if strings.HasPrefix(name, f.Name+".") {
					out = append(out, name)
				}
			}
		case present[f.Name] || f.Name == titleField(k):
			out = append(out, f.Name)
		}
	}
	return out
}

func (o Table) heading(column string) string {
	if h := french[column]; o.French && h != "" {
		return h
	}
	// A custom field that has a name of its own again is read as one.
	if key, ok := strings.CutPrefix(column, "custom."); ok {
		for _, k := range commons.Kinds() {
			if fieldOf(k, key) != column {
				return column
			}
		}
		return key
	}
	return column
}

func (o Table) cell(f commons.Field, v any) string {
	switch v := v.(type) {
	case json.Number:
		if o.French {
			return strings.Replace(v.String(), ".", ",", 1)
		}
		return v.String()
	case bool:
		words := map[bool]string{true: "yes", false: "no"}
		if o.French {
			words = map[bool]string{true: "oui", false: "non"}
		}
		return words[v]
	case []any:
		texts := make([]string, len(v))
		for i, x := range v {
			texts[i] = fmt.Sprint(x)
		}
		// What has a comma in it needs another mark between.
		mark := ", "
		if slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, ",") }) {
			mark = " | "
		}
		return guard(strings.Join(texts, mark))
	case string:
		switch {
		case f.Form == commons.Reference && o.Title != nil:
			v = o.Title(v)
		case f.Form == commons.Date && o.French:
			if t, err := time.Parse(time.DateOnly, v); err == nil {
				return t.Format("02/01/2006")
			}
		case f.Form == commons.Choice && o.French:
			if word := frenchChoices[v]; word != "" {
				return word
			}
		}
		return guard(v)
	}
	return ""
}

var frenchChoices = map[string]string{
	"good": "Bon", "to check": "À vérifier", "broken": "En panne", "retired": "Réformé",
	"public": "Public", "members": "Membres", "place": "Lieu", "private": "Privé",
}
