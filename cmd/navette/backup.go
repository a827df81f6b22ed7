package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"navette/node"
	"navette/node/api"
	"navette/node/backup"
	"navette/node/durable"
	"navette/storage"
)

func backUp(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "create":
			return createBackup(ctx, e, args[1:])
		case "restore":
			return restoreBackup(ctx, e, args[1:])
		}
	}
	return usage("usage.backup")
}

// madeBackup is what was made: what --json prints.
type madeBackup struct {
	File    string     `json:"file"`
	Made    *time.Time `json:"made,omitempty"`
	Commons int        `json:"commons"`
	Changes uint64     `json:"changes"`
	Bytes   int64      `json:"bytes"`
}

func createBackup(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("backup"), args, 1, 1)
	if err != nil {
		return err
	}
	path := rest[0]
	if info, err := os.Stat(path); path != "-" && err == nil && !info.Mode().IsRegular() {
		return &failure{code: exitFailed, key: "error.no_file", args: []any{path}}
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		body, err := c.Backup(ctx)
		if err != nil {
			return err
		}
		defer body.Close()
		made := madeBackup{File: path}
		if path == "-" {
			err = e.receive(body, e.stdout, &made)
		} else {
			err = durable.Write(path, func(w io.Writer) error { return e.receive(body, w, &made) })
		}
		if err != nil {
			return backupFailure(err, "error.backup_cut", path)
		}
		kept := api.Backup{}
		if made.Made != nil {
			kept.Made = *made.Made
		}
		if err := c.Send(ctx, http.MethodPost, "/v1/backup", kept, nil); err != nil {
			return err
		}
		if path == "-" {
			return nil
		}
		return e.show(made, func() { e.say.line(e, "backup.done", path, made.Changes, e.size(made.Bytes)) })
	})
}

// size is a number of bytes, as people say it.
func (e *env) size(n int64) string {
	if n < 1e6 {
		return e.say.text("size.kb", (n+999)/1000)
	}
	return e.say.text("size.mb", (n+5e5)/1e6)
}

// receive copies a backup as it comes, and makes sure that it is whole.
func (e *env) receive(from io.Reader, to io.Writer, made *madeBackup) error {
	bar := e.progress("backup.progress")
	defer bar(api.Progress{})
	count := &counter{w: to}
	h, err := backup.Verify(io.TeeReader(from, count), shown(bar))
	if err != nil {
		return err
	}
	made.Commons, made.Bytes = len(h.Commons), count.n
	for _, c := range h.Commons {
		made.Changes += c.Entries
	}
	if !h.Made.IsZero() {
		made.Made = &h.Made
	}
	return nil
}

// shown shows one step in a hundred: each is a line on a terminal.
func shown(bar func(api.Progress)) func(done, total int) {
	return func(done, total int) {
		if done%max(1, total/100) == 0 {
			bar(api.Progress{Done: done, Total: total})
		}
	}
}

type counter struct {
	w io.Writer
	n int64
}

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// restored is what was restored: what --json prints.
type restored struct {
	Made    *time.Time        `json:"made,omitempty"`
	Commons []restoredCommons `json:"commons"`
	Notices []api.Notice      `json:"notices"`
}

type restoredCommons struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Changes     uint64 `json:"changes"`
	Fingerprint string `json:"fingerprint"`
	Full        string `json:"full"`
}

func restoreBackup(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("backup"), args, 1, 1)
	if err != nil {
		return err
	}
	path := rest[0]
	f, err := os.Open(path)
	if err != nil {
		return backupFailure(err, "error.backup_damaged", path)
	}
	defer f.Close()
	// Nothing is written before the file is known to be whole.
	bar := e.progress("backup.reading")
	h, err := backup.Verify(f, shown(bar))
	bar(api.Progress{})
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return backupFailure(err, "error.backup_damaged", path)
	}
	d, err := openDaemon(e, settings{quiet: true, offline: true})
	if err != nil {
		return err
	}
	bar = e.progress("backup.restoring")
	err = d.node.Restore(ctx, f, shown(bar))
	bar(api.Progress{})
	out := d.restored(h)
	if err := errors.Join(err, d.close()); err != nil {
		if errors.Is(err, node.ErrOccupied) {
			return &failure{code: exitFailed, key: "error.occupied", args: []any{e.data}, cause: err}
		}
		return backupFailure(err, "error.backup_damaged", path)
	}
	return e.show(out, func() {
		for _, c := range out.Commons {
			e.say.line(e, "backup.restored", c.Name, e.when(out.Made), c.Changes)
			e.say.line(e, "fingerprint.is", c.Fingerprint)
		}
		for _, n := range out.Notices {
			e.say.line(e, "notice", e.notice(n))
		}
	})
}

func (d *daemon) restored(h *backup.Header) restored {
	out := restored{Commons: []restoredCommons{}, Notices: []api.Notice{}}
	if !h.Made.IsZero() {
		out.Made = &h.Made
	}
	for _, c := range d.node.All() {
		f := c.Fingerprint()
		out.Commons = append(out.Commons, restoredCommons{c.ID().String(), c.Name(), c.Changes(), f.String(), f.Hex()})
	}
	for _, n := range d.node.Notices() {
		out.Notices = append(out.Notices, api.Notice{Code: n.Code, Args: n.Args})
	}
	return out
}

// backupFailure puts what is wrong with a backup, or with its file, into words;
// damaged is the key for one that isn't whole.
func backupFailure(err error, damaged, path string) error {
	var refused *api.Error
	var file *fs.PathError
	f := &failure{code: exitFailed, args: []any{path}, cause: err}
	switch {
	case errors.As(err, &refused), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, storage.ErrFull):
		f.key = "error.disk_full"
	case errors.Is(err, backup.ErrNotBackup):
		f.key = "error.backup_other"
	case errors.Is(err, backup.ErrNewer):
		f.key = "error.backup_newer"
	case errors.Is(err, backup.ErrDamaged):
		f.key = damaged
	case errors.As(err, &file):
		f.key, f.args = "error.file", []any{path, file.Err}
	default:
		return err
	}
	return f
}
