package main

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"navette/crdt/commons"
	"navette/node/api"
)

// revisions tells the history of a page by what people did at a sitting.
func (e *env) revisions(list []api.Revision) {
	for _, r := range list {
		what := e.say.text("did." + r.Did)
		if r.Added+r.Deleted > 0 {
			what += e.say.text("revision.letters", r.Added, r.Deleted)
		}
		var fields []string
		for _, f := range r.Fields {
			if f != "body" {
				fields = append(fields, f)
			}
		}
		if len(fields) > 0 {
			what += " (" + strings.Join(fields, ", ") + ")"
		}
		e.printf("@%s  %s\n    %s\n", short(r.Version), e.sitting(r), what)
	}
}

// sitting says who did a revision, where and when.
func (e *env) sitting(r api.Revision) string {
	person := e.whoever(r.By, r.OnBehalf)
	at := r.To
	if r.From != nil && r.To != nil && r.To.Sub(*r.From) >= time.Minute {
		return e.say.text("revision.span", e.done(person, r.By.Place, r.From), r.To.Local().Format("15:04"))
	}
	return e.done(person, r.By.Place, at)
}

// whoever is the person who did something, and whom they helped.
func (e *env) whoever(by api.Writer, onBehalf string) string {
	if onBehalf == "" {
		return by.Person
	}
	return e.say.text("revision.behalf", by.Person, onBehalf)
}

// blame shows a page with who wrote which passage of it.
func blame(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("blame"), args, 1, 1)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var b api.Blame
		if err := c.Get(ctx, resourcePath(rest[0], "/blame"), nil, &b); err != nil {
			return err
		}
		return e.show(b, func() { e.passages(b) })
	})
}

// passages prints each line of a page beside the revision that it is of. A line
// that several wrote at is printed in pieces, of which all but the first begin
// with another mark.
func (e *env) passages(b api.Blame) {
	width := 0
	by := make([]string, len(b.Revisions))
	for i, r := range b.Revisions {
		by[i] = short(r.Version) + "  " + e.sitting(r)
		width = max(width, utf8.RuneCountInString(by[i]))
	}
	begun, last := false, -1 // a line; who is named beside the last one
	for _, p := range b.Passages {
		for piece := range strings.SplitAfterSeq(p.Text, "\n") {
			line, ends := strings.CutSuffix(piece, "\n")
			if line != "" || ends && !begun {
				label, mark := by[p.Revision], "│"
				if p.Revision == last {
					label = ""
				}
				if begun {
					mark = "┊"
				}
				e.printf("%s%s %s %s\n", label, strings.Repeat(" ", width-utf8.RuneCountInString(label)), mark, line)
				begun, last = true, p.Revision
			}
			begun = begun && !ends
		}
	}
}

// links shows where a page leads, and what leads to it.
func links(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("links"), args, 1, 1)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var l api.Links
		if err := c.Get(ctx, resourcePath(rest[0], "/links"), nil, &l); err != nil {
			return err
		}
		return e.show(l, func() {
			e.say.line(e, "links.to")
			for _, x := range l.Links {
				if x.To == nil {
					e.printf("  %s\n", e.say.text("links.missing", x.Target))
				} else {
					e.printf("  %s  %s · %s\n", short(x.To.ID), e.say.kind(x.To.Kind), x.To.Title)
				}
			}
			e.say.line(e, "links.from")
			for _, p := range l.Backlinks {
				e.printf("  %s  %s\n", short(p.ID), p.Title)
			}
		})
	})
}

// translate lists a page's languages, begins another, or says of a translation
// that it is up to date.
func translate(ctx context.Context, e *env, args []string) error {
	f := flags("translate")
	language, title, done := f.String("to", "", ""), f.String("title", "", ""), f.Bool("done", false, "")
	rest, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	switch {
	case *done && *language != "":
		return usage("usage.translate")
	case *done:
		return e.write(ctx, http.MethodPost, resourcePath(rest[0], "/follow"), nil, "translate.done")
	case *language != "":
		return e.write(ctx, http.MethodPost, resourcePath(rest[0], "/translations"), api.NewTranslation{Language: *language, Title: *title}, "translate.begun")
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var list []api.Translation
		if err := c.Get(ctx, resourcePath(rest[0], "/translations"), nil, &list); err != nil {
			return err
		}
		return e.show(list, func() {
			for _, t := range list {
				state := "translate.fresh"
				if t.Original {
					state = "translate.original"
				} else if t.Stale {
					state = "translate.stale"
				}
				language := t.Language
				if language == "" {
					language = "–"
				}
				e.printf("%s  %-5s  %s  (%s)\n", short(t.ID), language, t.Title, e.say.text(state))
				if len(t.Since) > 0 {
					e.printf("%s\n", indent(e.spans(t.Since)))
				}
			}
		})
	})
}

// spans shows the comparison of two texts: [-what went-]{+what came+}, and in
// colour on a terminal.
func (e *env) spans(list []commons.Span) string {
	marks := map[string][2]string{commons.Went: {"[-", "-]"}, commons.Came: {"{+", "+}"}}
	if f, ok := e.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) && e.getenv("NO_COLOR") == "" {
		marks = map[string][2]string{commons.Went: {"\x1b[31;9m", "\x1b[0m"}, commons.Came: {"\x1b[32m", "\x1b[0m"}}
	}
	var b strings.Builder
	for _, s := range list {
		switch s.Did {
		case commons.Aside:
			b.WriteString(e.say.text("diff.left", s.Left) + "\n")
		default:
			b.WriteString(marks[s.Did][0] + s.Text + marks[s.Did][1])
		}
	}
	return b.String()
}

// history asks for a page's revisions; it isn't ok for what isn't a page.
func history(ctx context.Context, c *api.Client, id string, query url.Values) (list []api.Revision, ok bool, err error) {
	var r api.Resource
	if err := c.Get(ctx, resourcePath(id), nil, &r); err != nil || r.Kind != "page" {
		return nil, false, err
	}
	return list, true, c.Get(ctx, resourcePath(id, "/revisions"), query, &list)
}
