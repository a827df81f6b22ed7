package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"navette/node/api"
)

// importFiles imports a file, or all files of a folder.
func importFiles(ctx context.Context, e *env, args []string) error {
	f := flags("import")
	as, dry := f.String("as", "", ""), f.Bool("dry-run", false, "")
	var columns values
	f.Var(&columns, "map", "")
	rest, err := parse(f, args, 1, -1)
	if err != nil {
		return err
	}
	in := api.ImportRequest{As: *as, DryRun: *dry}
	for _, c := range columns {
		field, column, ok := strings.Cut(c, "=")
		if !ok {
			return usage("usage.assign", c)
		}
		if in.Map == nil {
			in.Map = make(map[string]string)
		}
		in.Map[field] = column
	}
	for _, path := range rest {
		if in.Files, err = e.readFiles(in.Files, path); err != nil {
			return err
		}
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var result api.ImportResult
		bar := e.progress("import.progress")
		err := c.Stream(ctx, http.MethodPost, "/v1/import", nil, in, func(line json.RawMessage) error {
			var l api.ImportLine
			if err := json.Unmarshal(line, &l); err != nil {
				return err
			}
			if l.Progress != nil {
				bar(*l.Progress)
			}
			if l.Result != nil {
				result = *l.Result
			}
			return nil
		})
		bar(api.Progress{})
		if err == nil && !*dry {
			result.Attached, err = e.attachLinked(ctx, c, rest, in.Files)
		}
		if err != nil {
			return err
		}
		if err := e.show(result, func() { e.imported(result, *dry) }); err != nil {
			return err
		}
		if len(result.Problems) > 0 {
			if result.New+result.Changed+result.Unchanged == 0 {
				return outcome(exitFailed)
			}
			return outcome(exitPartly)
		}
		return nil
	})
}

func (e *env) imported(r api.ImportResult, dry bool) {
	if dry {
		for _, c := range r.Columns {
			e.say.line(e, "import.column", c.Column, c.Field)
		}
		for _, it := range r.Items {
			fields := ""
			if len(it.Fields) > 0 {
				fields = " (" + strings.Join(it.Fields, ", ") + ")"
			}
			e.printf("  %s %s · %s%s\n", e.say.text("did."+it.Did), e.say.kind(it.Kind), it.Title, fields)
		}
	}
	key := "import.done"
	if dry {
		key = "import.dry"
	}
	e.say.line(e, key, r.New, r.Changed, r.Unchanged)
	if r.Attached > 0 {
		e.say.line(e, "import.attached", r.Attached)
	}
	for _, p := range r.Problems {
		where := p.File
		if p.Line > 0 {
			where = e.say.text("import.line", p.File, p.Line)
		}
		e.say.problem(e, "import.problem", where, e.reason(p))
	}
}

// reason says why something was left out.
func (e *env) reason(p api.ImportProblem) string {
	return e.say.text(p.Code, e.args(p.Args)...)
}

// readFiles appends the file at path, or the files in the folder at path with
// their names relative to it.
func (e *env) readFiles(list []api.File, path string) ([]api.File, error) {
	wrap := func(err error) error {
		return &failure{code: exitFailed, key: "error.file", args: []any{path, cause(err)}, cause: err}
	}
	if path == "-" {
		b, err := io.ReadAll(e.stdin)
		if err != nil {
			return nil, wrap(err)
		}
		return append(list, api.File{Name: "-", Data: b}), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, wrap(err)
	}
	if !info.IsDir() {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, wrap(err)
		}
		return append(list, api.File{Name: filepath.Base(path), Data: b}), nil
	}
	found := len(list)
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() || !importable(p) {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(path, p)
		if err != nil {
			return err
		}
		list = append(list, api.File{Name: filepath.ToSlash(name), Data: b})
		return nil
	})
	if err != nil {
		return nil, wrap(err)
	}
	if len(list) == found {
		return nil, &failure{code: exitFailed, key: "error.empty_folder", args: []any{path}}
	}
	return list, nil
}

func importable(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".tsv", ".ics", ".md", ".markdown":
		return true
	}
	return false
}

// exportFiles writes all resources of a kind to standard output, to a file or
// into a folder.
func exportFiles(ctx context.Context, e *env, args []string) error {
	f := flags("export")
	format, out := f.String("format", "", ""), f.String("o", "", "")
	rest, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	query := url.Values{"kind": {rest[0]}}
	if e.say.lang == french {
		query.Set("lang", "fr")
	}
	if *format != "" {
		query.Set("format", *format)
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var files []api.File
		if err := c.Get(ctx, "/v1/export", query, &files); err != nil {
			return err
		}
		return e.writeFiles(files, *out, len(files) == 1 && filepath.Ext(files[0].Name) != ".md")
	})
}

// writeFiles writes an export: whole tells that it is one file by nature, and
// not a folder that happens to hold one.
func (e *env) writeFiles(files []api.File, out string, whole bool) error {
	switch {
	case out == "" || out == "-":
		for _, f := range files {
			if len(files) > 1 {
				e.printf("==> %s <==\n", f.Name)
			}
			if _, err := e.stdout.Write(f.Data); err != nil {
				return err
			}
		}
		return nil
	case len(files) == 1 && !isFolder(out) && (whole || filepath.Ext(out) == filepath.Ext(files[0].Name)):
		return e.save(out, files[0].Data)
	}
	for _, f := range files {
		path := filepath.Join(out, filepath.FromSlash(f.Name))
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) {
			path = filepath.Join(out, filepath.Base(f.Name))
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return &failure{code: exitFailed, key: "error.file", args: []any{path, cause(err)}, cause: err}
		}
		if err := e.save(path, f.Data); err != nil {
			return err
		}
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || strings.HasSuffix(path, "/")
}

// save writes a file whole or not at all.
func (e *env) save(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".navette-*")
	if err == nil {
		_, err = f.Write(data)
		if e2 := f.Close(); err == nil {
			err = e2
		}
		if err == nil {
			err = os.Chmod(f.Name(), 0o644)
		}
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}
	if err != nil {
		return &failure{code: exitFailed, key: "error.file", args: []any{path, cause(err)}, cause: err}
	}
	return nil
}

// cause is what the system said, without the path that the text names already.
func cause(err error) string {
	if p, ok := err.(*fs.PathError); ok { //nolint:errorlint // only the outermost repeats the path
		return p.Err.Error()
	}
	return err.Error()
}

// progress returns a function that shows progress on a terminal, and ends the
// line when given no more.
func (e *env) progress(key string) func(api.Progress) {
	f, ok := e.stderr.(*os.File)
	if !ok || e.json || !term.IsTerminal(int(f.Fd())) {
		return func(api.Progress) {}
	}
	shown := false
	return func(p api.Progress) {
		switch {
		case p.Total > 0:
			fmt.Fprintf(e.stderr, "\r%s\x1b[K", e.say.text(key, p.Done, p.Total))
			shown = true
		case shown:
			fmt.Fprint(e.stderr, "\r\x1b[K")
		}
	}
}
