package formats

import (
	"fmt"
	"slices"
	"strings"

	"navette/crdt/commons"
)

// ReadCSV reads a table as people's spreadsheets write it. What is between the
// cells, the encoding, decimal commas and the order of day and month are
// detected; columns go to fields by their headings (see Options.Map for more),
// unknown ones to the custom fields. A row with a bad cell is left out as a
// whole and named.
func ReadCSV(f File, kind string, columns map[string]string) (Result, error) {
	text, _, err := Decode(f.Data)
	if err != nil {
		return Result{}, err
	}
	k, ok := commons.Lookup(kind)
	if !ok {
		return Result{}, fmt.Errorf("%w: %q", commons.ErrKind, kind)
	}
	delimiter, text, first := delimiterOf(text)
	all := rows(text, delimiter, first)
	if len(all) == 0 || len(all) == 1 && all[0].err == nil {
		return Result{}, ErrEmpty
	}
	if all[0].err != nil {
		return Result{}, fmt.Errorf("read the headings in line %d: %w", all[0].line, all[0].err)
	}
	t := &table{file: f.Name, kind: k, delimiter: delimiter, head: all[0].cells, rows: all[1:]}
	if err := t.assignColumns(columns); err != nil {
		return Result{}, err
	}
	t.detect()
	for _, r := range t.rows {
		t.row(r)
	}
	return t.result, nil
}

// A table is a CSV file being read.
type table struct {
	file      string
	kind      *commons.Kind
	delimiter byte
	head      []string
	fields    []string // of each column: the field, "" if left out
	rows      []row
	monthDay  []bool // of each column: the month comes before the day
	thousands []bool // of each column: a lone comma sets off thousands
	result    Result
}

// assignColumns decides which field each column goes to.
func (t *table) assignColumns(given map[string]string) error {
	t.fields = make([]string, len(t.head))
	taken := make(map[string]bool)
	for _, field := range sortedKeys(given) {
		name, key, _ := strings.Cut(field, ".")
		f, ok := t.kind.Field(name)
		if !ok || key != "" && f.Type != commons.MapType {
			return &commons.FieldError{Kind: t.kind.Name, Field: field, Known: fieldNames(t.kind), Err: commons.ErrField}
		}
		i := slices.IndexFunc(t.head, func(h string) bool {
			return heading(h) == heading(given[field]) || strings.TrimSpace(h) == given[field]
		})
		if i < 0 {
			return fmt.Errorf("%w: %q; there are %q", ErrColumn, given[field], t.head)
		}
		t.fields[i] = strings.TrimSuffix(f.Name+"."+key, ".")
		taken[t.fields[i]] = true
	}
	for i, h := range t.head {
		if t.fields[i] != "" {
			continue
		}
		field := fieldOf(t.kind, h)
		if strings.TrimSpace(h) == "" {
			field = fmt.Sprintf("custom.column %d", i+1)
		}
		if taken[field] {
			field = "custom." + strings.TrimSpace(h)
		}
		for n := 2; taken[field]; n++ {
			field = fmt.Sprintf("custom.%s %d", strings.TrimSpace(h), n)
		}
		if field != "" && t.used(i) {
			taken[field] = true
			t.fields[i] = field
		}
	}
	for i, h := range t.head {
		t.result.Columns = append(t.result.Columns, Column{t.file, h, t.fields[i]})
	}
	if !taken["name"] && !taken["title"] && !taken["model"] {
		return fmt.Errorf("%w; there are %q", ErrNoName, t.head)
	}
	return nil
}

// used tells whether anything stands in the column.
func (t *table) used(i int) bool {
	return slices.ContainsFunc(t.rows, func(r row) bool { return i < len(r.cells) && strings.TrimSpace(r.cells[i]) != "" })
}

func fieldNames(k *commons.Kind) []string {
	var out []string
	for _, f := range k.Fields {
		out = append(out, f.Name)
	}
	return out
}

// row reads one row.
func (t *table) row(r row) {
	line := r.line
	refuse := func(err error, code string, args ...string) {
		t.result.Problems = append(t.result.Problems, Problem{File: t.file, Line: line, Code: code, Args: args, Err: err})
	}
	if r.err != nil {
		refuse(r.err, CodeQuote)
		return
	}
	for i := len(t.head); i < len(r.cells); i++ {
		if strings.TrimSpace(r.cells[i]) != "" {
			refuse(ErrColumn, CodeCells, fmt.Sprint(len(r.cells)), fmt.Sprint(len(t.head)))
			return
		}
	}
	rec := commons.Record{File: t.file, Line: line, Kind: t.kind.Name, Fields: make([]commons.Assign, 0, len(r.cells))}
	values := make(map[string]string)
	for i, cell := range r.cells[:min(len(r.cells), len(t.head))] {
		field := t.fields[i]
		cell = unguard(strings.TrimSpace(cell))
		if field == "" || cell == "" {
			continue
		}
		value, err := t.cell(i, cell)
		if err != nil {
			refuse(err, CodeValue, t.head[i], cell, err.Want)
			return
		}
		if field == "retired" {
			if value != "true" {
				continue
			}
			field, value = "condition", "retired"
		}
		name, key, _ := strings.Cut(field, ".")
		a := commons.Assign{Field: name, Key: key, Text: value}
		if f, ok := t.kind.Field(name); ok && f.Type == commons.SetType {
			a.Items = strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;|\n", r) })
		}
		values[name] = value
		rec.Fields = append(rec.Fields, a)
	}
	title := values["name"] + values["title"]
	if title == "" && t.kind.Name == "tool" && values["model"] != "" {
		// Snipe-IT names an asset after its model if it has no name.
		title = values["model"]
		rec.Fields = append(rec.Fields, commons.Assign{Field: "name", Text: title})
	}
	if title == "" {
		refuse(ErrNoName, CodeNoName)
		return
	}
	rec.Name = title
	rec.Key, rec.By = "name/"+normal(title), titleField(t.kind)
	for _, by := range []string{"tag", "osm", "uid"} {
		if v := normal(values[by]); v != "" {
			rec.Key, rec.By = v, by
		}
	}
	t.result.Records = append(t.result.Records, rec)
}

func titleField(k *commons.Kind) string {
	f, _ := k.Field("title")
	return f.Name
}

// normal is the form of a key.
func normal(s string) string { return commons.Composed(strings.TrimSpace(s)) }
