package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"navette/node/api"
	"navette/node/durable"
)

func attach(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("attach"), args, 2, -1)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		out := []api.Attachment{}
		for _, path := range rest[1:] {
			a, err := e.attachOne(ctx, c, rest[0], path)
			if err != nil {
				return err
			}
			out = append(out, a)
		}
		return e.show(out, func() {
			for _, a := range out {
				e.say.line(e, "attach.done", a.Name, e.size(a.Size), a.CID)
			}
		})
	})
}

func (e *env) attachOne(ctx context.Context, c *api.Client, resource, path string) (a api.Attachment, err error) {
	f, err := os.Open(path)
	if err != nil {
		return a, stickFailure(err, path)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return a, &failure{code: exitFailed, key: "error.not_a_file", args: []any{path}, cause: err}
	}
	bar := e.progress("attach.progress")
	defer bar(api.Progress{})
	return c.Attach(ctx, resource, filepath.Base(path), io.TeeReader(f, &passing{bar: bar, total: info.Size()}))
}

func attachments(ctx context.Context, e *env, args []string) error {
	f := flags("attachments")
	get, to := f.String("get", "", ""), f.String("o", "", "")
	release, remove := f.String("release", "", ""), f.String("remove", "", "")
	rest, err := parse(f, args, 0, 1)
	if err != nil {
		return err
	}
	if len(rest) == 0 && *get+*release+*remove != "" {
		return usage("usage.few", "attachments")
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		if len(rest) == 0 {
			var all api.Attachments
			if err := c.Get(ctx, "/v1/attachments", nil, &all); err != nil {
				return err
			}
			return e.show(all, func() {
				e.say.line(e, "attachments.all", all.Files, e.size(all.Bytes), all.Wanted)
				if all.NoRoom {
					e.say.line(e, "attachments.no_room")
				}
			})
		}
		var list []api.Attachment
		if err := c.Get(ctx, resourcePath(rest[0], "/attachments"), nil, &list); err != nil {
			return err
		}
		name := *get + *release + *remove
		if name == "" {
			return e.show(list, func() { e.attachments(list) })
		}
		a, err := pick(list, name)
		if err != nil {
			return err
		}
		file := "/v1/attachments/" + url.PathEscape(a.CID)
		switch {
		case *get != "":
			return e.getFile(ctx, c, a, *to)
		case *release != "":
			if err := c.Send(ctx, http.MethodDelete, file, struct{}{}, nil); err != nil {
				return err
			}
			return e.show(a, func() { e.say.line(e, "attachments.released", a.Name, e.size(a.Size)) })
		default:
			if err := c.Send(ctx, http.MethodDelete, resourcePath(rest[0], "/attachments/"+url.PathEscape(a.CID)), struct{}{}, nil); err != nil {
				return err
			}
			return e.show(a, func() { e.say.line(e, "attachments.removed", a.Name) })
		}
	})
}

// pick finds the file of a name, a CID or the beginning of one.
func pick(list []api.Attachment, name string) (a api.Attachment, err error) {
	var found []api.Attachment
	for _, a := range list {
		if a.Name == name || len(name) > 8 && strings.HasPrefix(a.CID, name) {
			found = append(found, a)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return a, &failure{code: exitFailed, key: "error.no_file_of", args: []any{name}}
	}
	return a, &failure{code: exitFailed, key: "error.several_files", args: []any{name}}
}

// getFile writes an attachment to a file, or asks other places for it.
func (e *env) getFile(ctx context.Context, c *api.Client, a api.Attachment, to string) error {
	path := "/v1/attachments/" + url.PathEscape(a.CID)
	if !a.Here {
		if err := c.Send(ctx, http.MethodPost, path+"/fetch", struct{}{}, nil); err != nil {
			return err
		}
		if err := e.show(a, func() { e.say.line(e, "attachments.asked", a.Name) }); err != nil {
			return err
		}
		return outcome(exitWaiting)
	}
	if to == "-" {
		return c.Get(ctx, path, nil, e.stdout)
	}
	if to == "" {
		to = a.Name
	}
	err := durable.Write(to, func(w io.Writer) error { return c.Get(ctx, path, nil, w) })
	if err != nil {
		var refused *api.Error
		if errors.As(err, &refused) {
			return err
		}
		return stickFailure(err, to)
	}
	return e.show(a, func() { e.say.line(e, "attachments.got", to, e.size(a.Size)) })
}

func (e *env) attachments(list []api.Attachment) {
	for _, a := range list {
		state := "attachment.here"
		switch {
		case a.Here:
		case a.Pieces > 0:
			state = "attachment.coming"
		case a.Asked:
			state = "attachment.asked"
		default:
			state = "attachment.elsewhere"
		}
		e.printf("%s  %s  %s\n", a.CID, a.Name, e.say.text(state, e.size(a.Size), a.Come, a.Pieces))
	}
	if len(list) == 0 {
		e.say.line(e, "attachments.none")
	}
}
