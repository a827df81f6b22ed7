package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"navette/crdt/commons"
	"navette/node/api"
)

func itoa(n int) string { return strconv.Itoa(n) }

// versions lists what was set twice by people who hadn't seen each other, and
// settles it.
func versions(ctx context.Context, e *env, args []string) error {
	f := flags("versions")
	id, field := f.String("resolve", "", ""), f.String("field", "", "")
	keep := f.String("keep", "1", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if *id != "" {
		n, err := strconv.Atoi(*keep)
		if err != nil && *keep != "both" || err == nil && n < 1 {
			return usage("usage.keep", *keep)
		}
		in := api.Resolution{Field: *field, Keep: n, Both: *keep == "both"}
		return e.write(ctx, http.MethodPost, resourcePath(*id, "/versions"), in, "versions.done")
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var list []api.Versions
		if err := c.Get(ctx, "/v1/versions", nil, &list); err != nil {
			return err
		}
		err := e.show(list, func() {
			for _, v := range list {
				e.printf("%s  %s · %s\n", short(v.ID), e.say.kind(v.Kind), v.Title)
				for _, f := range v.Fields {
					e.printf("  %s\n", e.say.text("versions.of", f.Field))
					for i, x := range f.Versions {
						e.version(i, x.Value, e.done(x.Person, x.Place, x.Time))
					}
				}
			}
			if len(list) == 0 {
				e.say.line(e, "versions.none")
			} else {
				e.say.line(e, "versions.how", e.self())
			}
		})
		if err == nil && len(list) > 0 {
			return outcome(exitTwoVersions)
		}
		return err
	})
}

// version prints one of several versions, by person, place and time.
func (e *env) version(i int, value any, by string) {
	e.printf("    %d. %s\n       %s\n", i+1, plain(value), by)
}

// by says who did something, where and when.
func (e *env) by(o commons.Origin, writers map[string]api.Writer) string {
	w := writers[o.Log]
	return e.done(w.Person, w.Place, o.Time)
}

func (e *env) done(person, place string, at *time.Time) string {
	if person == "" {
		person = e.say.text("by.nobody")
	}
	if place == "" {
		place = e.say.text("by.nowhere")
	}
	return e.say.text("by", person, place, e.when(at))
}

// when shows a time in the reader's zone.
func (e *env) when(t *time.Time) string {
	if t == nil {
		return e.say.text("by.never")
	}
	return t.Local().Format(e.say.text("format.time"))
}
