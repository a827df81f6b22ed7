package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/commons/ical"
	"navette/node"
	"navette/node/formats"
)

// lines sends an answer a line at a time.
type lines struct {
	w   http.ResponseWriter
	enc *json.Encoder
}

func newLines(w http.ResponseWriter) *lines {
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	return &lines{w, json.NewEncoder(w)}
}

func (l *lines) send(v any) error {
	if err := l.enc.Encode(v); err != nil {
		return err
	}
	return http.NewResponseController(l.w).Flush()
}

// fail ends the answer with an error.
func (l *lines) fail(err error) {
	var e *Error
	if !errors.As(refusal(err), &e) {
		return
	}
	_ = l.send(errorBody{e}) // the client went away: there is nobody to tell
}

func (s *Server) importFiles(w http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	in, err := read[ImportRequest](r)
	if err != nil {
		return nil, err
	}
	files := make([]formats.File, len(in.Files))
	for i, f := range in.Files {
		files[i] = formats.File{Name: f.Name, Data: f.Data}
	}
	found := formats.Read(files, formats.Options{As: in.As, Map: in.Map})
	result := &ImportResult{Problems: []ImportProblem{}}
	for _, p := range found.Problems {
		result.Problems = append(result.Problems, ImportProblem{p.File, p.Line, "problem." + codeOf(p), p.Args})
	}
	for _, col := range found.Columns {
		result.Columns = append(result.Columns, ImportColumn{col.Heading, col.Field})
	}
	out := newLines(w)
	err = c.Import(r.Context(), found.Records, node.Import{
		DryRun:   in.DryRun,
		Each:     func(p commons.Planned) { result.note(p, in.DryRun) },
		Progress: func(done, total int) error { return out.send(ImportLine{Progress: &Progress{done, total}}) },
	})
	if err != nil {
		out.fail(err)
		return nil, nil
	}
	_ = out.send(ImportLine{Result: result}) // the client went away: there is nobody to tell
	return nil, nil
}

// codeOf is the code of a problem; where a file as a whole can't be read, of why.
func codeOf(p formats.Problem) string {
	for _, why := range []struct {
		err  error
		code string
	}{
		{formats.ErrEmpty, "empty"}, {formats.ErrBinary, "binary"}, {formats.ErrTooLarge, "too_large"},
		{formats.ErrFormat, "format"}, {formats.ErrNoName, "unnamed"}, {formats.ErrColumn, "column"},
	} {
		if p.Code == formats.CodeFile && errors.Is(p.Err, why.err) {
			return why.code
		}
	}
	return p.Code
}

func (r *ImportResult) note(p commons.Planned, dry bool) {
	did := string(p.State)
	switch p.State {
	case commons.New:
		r.New++
	case commons.Changed:
		r.Changed++
	case commons.Unchanged:
		r.Unchanged++
	case commons.Gone:
		r.Unchanged++
		r.Problems = append(r.Problems, ImportProblem{p.File, p.Line, "problem.gone", []string{p.Name}})
	case commons.Refused:
		r.Problems = append(r.Problems, problem(p, p.Err))
	}
	for _, left := range p.Left {
		r.Problems = append(r.Problems, problem(p, left))
	}
	if dry {
		r.Items = append(r.Items, ImportItem{Did: did, ID: p.ID.String(), Kind: p.Kind, Title: p.Name, Fields: p.Fields})
	}
}

// problem puts what is wrong with a record into a code.
func problem(p commons.Planned, err error) ImportProblem {
	var repeat *commons.RepeatError
	if errors.As(err, &repeat) {
		where := repeat.File
		if where == "" {
			where = p.File
		}
		return ImportProblem{p.File, p.Line, "problem.twice", []string{repeat.Key, fmt.Sprintf("%s:%d", where, repeat.Line)}}
	}
	var e *Error
	if errors.As(refusal(err), &e) && e.Code != CodeInternal {
		return ImportProblem{p.File, p.Line, "error." + e.Code, e.Args}
	}
	return ImportProblem{p.File, p.Line, "error." + CodeInternal, []string{err.Error()}}
}

func (s *Server) export(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	k, err := kind(r.URL.Query().Get("kind"))
	if err != nil {
		return nil, err
	}
	format := r.URL.Query().Get("format")
	if format == "" {
		format = map[string]string{"event": "ics", "page": "md"}[k.Name]
		if format == "" {
			format = "csv"
		}
	}
	var list []commons.Resource
	var events []*ical.Event
	err = c.Each(k.Name, func(d *crdt.Doc) error {
		if d.Deleted() {
			return nil
		}
		list = append(list, commons.View(d))
		if k.Name == "event" {
			events = append(events, commons.EventOf(d))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	switch {
	case format == "csv":
		title := func(id string) string {
			if found, err := c.Find("", id); err == nil {
				if d, err := c.Doc(found); err == nil {
					return commons.View(d).Title
				}
			}
			return id
		}
		err = formats.WriteCSV(&b, k.Name, list, formats.Table{French: r.URL.Query().Get("lang") == "fr", Title: title})
	case format == "json":
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		sortByTitle(list)
		err = enc.Encode(list)
	case format == "ics" && k.Name == "event":
		err = formats.WriteICS(&b, formats.Calendar{Events: events, Stamp: time.Now(), Zones: time.LoadLocation})
	case format == "md" && k.Name == "page":
		return pages(list)
	default:
		return nil, refuse(CodeFormat, format, k.Name)
	}
	return []File{{Name: k.Plural + "." + format, Data: b.Bytes()}}, err
}

func pages(list []commons.Resource) ([]File, error) {
	out := []File{}
	taken := make(map[string]bool)
	for _, p := range list {
		var b bytes.Buffer
		if err := formats.WritePage(&b, &p); err != nil {
			return nil, fmt.Errorf("write page %q: %w", p.Title, err)
		}
		out = append(out, File{Name: formats.PagePath(&p, taken), Data: b.Bytes()})
	}
	return out, nil
}
