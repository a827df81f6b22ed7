package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"unicode/utf8"

	"navette/node/api"
	"navette/node/formats"
)

// edit opens $EDITOR on a page's text and sends what changed, as edits against
// the text that was opened: whatever others write meanwhile stays. From a pipe
// it takes the new text from standard input.
func edit(ctx context.Context, e *env, args []string) error {
	f := flags("edit")
	from := f.String("file", "", "")
	rest, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var page api.PageText
		if err := c.Get(ctx, resourcePath(rest[0], "/text"), nil, &page); err != nil {
			return err
		}
		var text string
		var keep string // where the words are, should sending fail
		if *from != "" {
			b, err := os.ReadFile(*from)
			if err != nil {
				return &failure{code: exitFailed, key: "error.file", args: []any{*from, cause(err)}, cause: err}
			}
			text = string(b)
		} else if text, keep, err = e.inEditor(ctx, page); err != nil {
			return err
		}
		if !utf8.ValidString(text) { // an editor of another time
			if text, _, err = formats.Decode([]byte(text)); err != nil {
				return &failure{code: exitFailed, key: "error.file", args: []any{cmp.Or(keep, *from), err}, cause: err}
			}
		}
		if text == page.Text {
			e.discard(keep)
			return e.show(page, func() { e.say.line(e, "edit.same", page.Title) })
		}
		var r api.Resource
		in := api.PageEdit{Base: page.Version, Text: text}
		if err := c.Send(ctx, http.MethodPut, resourcePath(page.ID, "/text"), in, &r); err != nil {
			if keep != "" {
				e.say.problem(e, "edit.kept", keep)
			}
			return err
		}
		e.discard(keep)
		return e.show(r, func() { e.say.line(e, "edit.done", r.Title, short(r.ID)) })
	})
}

func (e *env) discard(file string) {
	if file != "" {
		if err := os.Remove(file); err != nil {
			e.say.problem(e, "error.file", file, cause(err))
		}
	}
}

// inEditor lets the person edit a text and returns it with the file it is in.
func (e *env) inEditor(ctx context.Context, page api.PageText) (text, file string, err error) {
	editor := e.getenv("VISUAL")
	if editor == "" {
		editor = e.getenv("EDITOR")
	}
	if editor == "" {
		return "", "", &failure{code: exitUsage, key: "error.editor"}
	}
	f, err := os.CreateTemp("", "navette-*.md")
	if err != nil {
		return "", "", err
	}
	_, err = f.WriteString(page.Text)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", "", err
	}
	parts := strings.Fields(editor)
	cmd := exec.CommandContext(ctx, parts[0], append(parts[1:], f.Name())...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.stdin, e.stdout, e.stderr
	if err := cmd.Run(); err != nil {
		return "", "", &failure{code: exitFailed, key: "error.editor_failed", args: []any{editor, f.Name()}, cause: err}
	}
	b, err := os.ReadFile(f.Name())
	return string(b), f.Name(), err
}

func showLog(ctx context.Context, e *env, args []string) error {
	f := flags("log")
	most, changes := f.Int("n", 50, ""), f.Bool("changes", false, "")
	rest, err := parse(f, args, 0, 1)
	if err != nil {
		return err
	}
	path, query := "/v1/log", url.Values{"n": {itoa(*most)}}
	if len(rest) == 1 {
		path = resourcePath(rest[0], "/log")
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		if len(rest) == 1 && !*changes {
			if list, ok, err := history(ctx, c, rest[0], query); err != nil {
				return err
			} else if ok {
				return e.show(list, func() { e.revisions(list) })
			}
		}
		var entries []api.Entry
		if err := c.Get(ctx, path, query, &entries); err != nil {
			return err
		}
		return e.show(entries, func() {
			for _, n := range entries {
				void := ""
				if n.Void {
					void = "  " + e.say.text("log.void")
				}
				e.printf("%s  %s%s\n", short(n.Change), e.done(e.whoever(n.By, n.OnBehalf), n.By.Place, n.Time), void)
				for _, r := range n.Resources {
					fields := ""
					if len(r.Fields) > 0 {
						fields = " (" + strings.Join(r.Fields, ", ") + ")"
					}
					e.printf("    %s %s · %s%s\n", e.say.text("did."+r.Did), e.say.kind(r.Kind), r.Title, fields)
				}
			}
		})
	})
}

func diff(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("diff"), args, 1, 3)
	if err != nil {
		return err
	}
	query := url.Values{}
	for i, name := range []string{"from", "to"} {
		if len(rest) > i+1 {
			query.Set(name, strings.TrimPrefix(rest[i+1], "@"))
		}
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var d api.Diff
		if err := c.Get(ctx, resourcePath(rest[0], "/diff"), query, &d); err != nil {
			return err
		}
		return e.show(d, func() {
			e.printf("%s · %s\n", e.say.kind(d.Kind), d.Title)
			if len(d.Fields) == 0 {
				e.say.line(e, "diff.none")
			}
			for _, f := range d.Fields {
				e.printf("%s\n", f.Name)
				if len(f.Spans) > 0 {
					e.printf("%s\n", indent(e.spans(f.Spans)))
				} else {
					if f.Was != nil {
						e.printf("  -%s\n", plain(f.Was))
					}
					if f.Is != nil {
						e.printf("  +%s\n", plain(f.Is))
					}
				}
			}
		})
	})
}
