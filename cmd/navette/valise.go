package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"navette/node/api"
)

// packed is what was packed: what --json prints.
type packed struct {
	File  string `json:"file"`
	For   string `json:"for,omitempty"`
	Parts int    `json:"parts"` // files that it is in
	Size  int64  `json:"size"`  // of these, in bytes
	api.Valise
}

func pack(ctx context.Context, e *env, args []string) error {
	f := flags("pack")
	place := f.String("for", "", "")
	rest, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		path, shared := rest[0], isFolder(rest[0])
		if shared && *place != "" {
			if err := e.look(ctx, c, path); err != nil {
				return err
			}
		}
		v, body, err := c.Pack(ctx, *place)
		if err != nil {
			return err
		}
		defer body.Close()
		if shared {
			path = filepath.Join(path, v.Name)
		}
		out := packed{File: path, For: *place, Valise: v}
		w := &stickWriter{path: path, most: mostOfFile}
		bar := e.progress("pack.progress")
		_, err = io.Copy(io.MultiWriter(w, &passing{bar: bar, total: v.Bytes}), body)
		bar(api.Progress{})
		if err == nil {
			err = w.finish()
		}
		if err != nil {
			w.drop()
			return stickFailure(err, path)
		}
		out.Parts, out.Size = w.parts, w.bytes
		return e.show(out, func() {
			e.say.line(e, "pack.done", path, e.things(v.Things), e.size(w.bytes))
			if v.Files > 0 {
				e.say.line(e, "pack.files", v.Files)
			}
			if w.parts > 1 {
				e.say.line(e, "pack.parts", w.parts)
			}
		})
	})
}

// look lets the node remember what the other valises on a stick say that their
// packers have.
func (e *env) look(ctx context.Context, c *api.Client, folder string) error {
	paths, err := valisesIn(folder)
	if err != nil {
		return err
	}
	for _, path := range paths {
		r, err := openStick(path)
		if err != nil {
			return stickFailure(err, path)
		}
		err = c.Look(ctx, r)
		r.Close()
		var refused *api.Error
		if err != nil && !errors.As(err, &refused) { // another commons', or damaged: it tells nothing
			return err
		}
	}
	return nil
}

// passing shows how much has passed, in megabytes.
type passing struct {
	bar         func(api.Progress)
	done, total int64
}

// Write implements io.Writer.
func (p *passing) Write(b []byte) (int, error) {
	before := p.done >> 20
	if p.done += int64(len(b)); p.done>>20 != before {
		p.bar(api.Progress{Done: int(p.done >> 20), Total: int(max(p.done, p.total)>>20) + 1})
	}
	return len(b), nil
}

// opened is what came of a valise: what --json prints a list of.
type opened struct {
	File string `json:"file"`
	*api.Unpacked
}

func unpack(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("unpack"), args, 1, 1)
	if err != nil {
		return err
	}
	paths := rest
	shared := isFolder(rest[0])
	if shared {
		if paths, err = valisesIn(rest[0]); err != nil {
			return err
		}
		if len(paths) == 0 {
			return &failure{code: exitFailed, key: "error.no_valise", args: []any{rest[0]}}
		}
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		all := []opened{}
		var foreign error
		mine := false
		for _, path := range paths {
			u, err := e.unpackOne(ctx, c, path)
			var refused *api.Error
			if shared && len(paths) > 1 && errors.As(err, &refused) && refused.Code == api.CodeForeignValise {
				foreign = err // another commons shares the stick
				continue
			}
			if err != nil {
				return err
			}
			mine = mine || u.Own
			if !shared || !u.Own {
				all = append(all, opened{path, u})
			}
		}
		if len(all) == 0 && !mine && foreign != nil {
			return foreign
		}
		code := exitDone
		if slices.ContainsFunc(all, func(o opened) bool { return !o.Complete }) {
			code = exitPartly
		}
		err := e.show(all, func() { e.unpacked(all) })
		if err == nil && code != exitDone {
			err = outcome(code)
		}
		return err
	})
}

func (e *env) unpackOne(ctx context.Context, c *api.Client, path string) (*api.Unpacked, error) {
	r, err := openStick(path)
	if err != nil {
		return nil, stickFailure(err, path)
	}
	defer r.Close()
	var out *api.Unpacked
	bar := e.progress("unpack.progress")
	err = c.Unpack(ctx, r, func(l api.UnpackLine) error {
		if l.Result != nil {
			out = l.Result
		}
		if l.Progress != nil {
			bar(*l.Progress)
		}
		return nil
	})
	bar(api.Progress{})
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return nil, stickFailure(err, path)
	case err == nil && out == nil:
		err = io.ErrUnexpectedEOF
	}
	return out, err
}

// unpacked tells what came of valises.
func (e *env) unpacked(all []opened) {
	for _, o := range all {
		from := o.From
		if from == "" {
			from = e.say.text("by.nowhere")
		}
		switch {
		case o.Own:
			e.say.line(e, "unpack.own", o.File)
			continue
		case o.Complete && o.Changes == 0 && o.Files == 0:
			e.say.line(e, "unpack.nothing", from, e.when(o.Made))
		case o.Complete:
			e.say.line(e, "unpack.done", from, e.when(o.Made), e.things(o.Things))
		case o.Changes == 0:
			e.say.line(e, "unpack."+o.Why+".nothing", from, o.File)
		default:
			e.say.line(e, "unpack."+o.Why, from, o.File, e.things(o.Things))
		}
		if o.Files > 0 {
			e.say.line(e, "unpack.files", o.Files)
		}
		if o.Unusable > 0 {
			e.say.line(e, "unpack.unusable", o.Unusable)
		}
		e.say.line(e, "fingerprint.is", o.Fingerprint)
	}
	if len(all) == 0 {
		e.say.line(e, "unpack.none")
	}
}

// things are how many of each kind, as people say it.
func (e *env) things(counts map[string]int) string {
	var kinds []string
	for kind := range counts {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for i, kind := range kinds {
		kinds[i] = e.say.count("kind."+kind, counts[kind])
	}
	if len(kinds) == 0 {
		return e.say.text("things.none")
	}
	return strings.Join(kinds, ", ")
}

// valisesIn are the valises in a folder that several share, as far as names
// tell.
func valisesIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, stickFailure(err, folder)
	}
	var paths []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, "navette-") && strings.HasSuffix(name, ".valise") {
			paths = append(paths, filepath.Join(folder, name))
		}
	}
	return paths, nil
}

// stickFailure puts what is wrong with a file into words.
func stickFailure(err error, path string) error {
	var file *fs.PathError
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return &failure{code: exitFailed, key: "error.stick_full", args: []any{path}, cause: err}
	case errors.Is(err, fs.ErrNotExist):
		if _, started := os.Stat(path + ".part"); started == nil {
			return &failure{code: exitFailed, key: "error.valise_begun", args: []any{path}, cause: err}
		}
		return &failure{code: exitFailed, key: "error.file", args: []any{path, syscall.ENOENT}, cause: err}
	case errors.As(err, &file):
		return &failure{code: exitFailed, key: "error.file", args: []any{file.Path, file.Err}, cause: err}
	}
	return err
}
