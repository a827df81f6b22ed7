package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"navette/crdt/commons"
	"navette/node/api"
)

func list(ctx context.Context, e *env, args []string) error {
	f := flags("list")
	var where values
	f.Var(&where, "where", "")
	search, removed := f.String("search", "", ""), f.Bool("removed", false, "")
	rest, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	query := url.Values{"kind": {rest[0]}, "where": where}
	if *search != "" {
		query.Set("search", *search)
	}
	if *removed {
		query.Set("removed", "1")
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var found []commons.Resource
		if err := c.Get(ctx, "/v1/resources", query, &found); err != nil {
			return err
		}
		return e.show(found, func() {
			ids := shorten(found)
			for i, r := range found {
				mark := ""
				if r.Versions > 0 {
					mark = "  " + e.say.text("mark.two_versions")
				}
				e.printf("%s  %s%s\n", ids[i], r.Title, mark)
			}
			if len(found) == 0 {
				e.say.line(e, "list.none")
			}
		})
	})
}

// shorten returns the shortest ids that tell the resources apart, of at least
// seven digits.
func shorten(list []commons.Resource) []string {
	for n := 7; ; n++ {
		seen, ids := map[string]bool{}, make([]string, len(list))
		for i, r := range list {
			ids[i] = r.ID[:min(n, len(r.ID))]
			seen[ids[i]] = true
		}
		if len(seen) == len(list) || n >= 32 {
			return ids
		}
	}
}

// short is an id as people see it where nothing else is listed.
func short(id string) string { return id[:min(10, len(id))] }

// reference splits ID[@VERSION].
func reference(arg string) (id, version string) {
	id, version, _ = strings.Cut(arg, "@")
	return id, version
}

func resourcePath(id string, more ...string) string {
	return "/v1/resources/" + url.PathEscape(id) + strings.Join(more, "")
}

func show(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("show"), args, 1, 1)
	if err != nil {
		return err
	}
	id, version := reference(rest[0])
	query := url.Values{}
	if version != "" {
		query.Set("version", version)
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var r api.Resource
		if err := c.Get(ctx, resourcePath(id), query, &r); err != nil {
			return err
		}
		if err := e.show(r, func() { e.resource(r) }); err != nil {
			return err
		}
		if r.Versions > 0 {
			return outcome(exitTwoVersions)
		}
		return nil
	})
}

// resource prints a resource as people read it.
func (e *env) resource(r api.Resource) {
	e.printf("%s · %s\n", e.say.kind(r.Kind), r.Title)
	if r.Deleted {
		e.say.line(e, "show.removed")
	}
	if r.Updating {
		e.say.line(e, "show.updating")
	}
	width := 0
	for _, f := range r.Fields {
		width = max(width, utf8.RuneCountInString(f.Name))
	}
	for _, f := range r.Fields {
		value := plain(f.Value)
		if strings.Contains(value, "\n") {
			value = "\n" + indent(value)
		}
		for _, m := range f.Marks {
			value += "  (" + e.say.text("mark."+m) + ")"
		}
		e.printf("  %s%s  %s\n", f.Name, strings.Repeat(" ", width-utf8.RuneCountInString(f.Name)), value)
		for i, v := range f.Versions {
			e.version(i, v.Value, e.by(v.Origin, r.Writers))
		}
	}
	if r.Created != nil {
		e.say.line(e, "show.created", e.by(*r.Created, r.Writers))
	}
	if r.Updated != nil && r.Created != nil && r.Updated.Change != r.Created.Change {
		e.say.line(e, "show.updated", e.by(*r.Updated, r.Writers))
	}
	e.printf("  id %s\n", r.ID)
}

// plain shows a value of a field without JSON's marks.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = plain(x)
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ")
}

func add(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("add"), args, 1, -1)
	if err != nil {
		return err
	}
	in := api.Assignments{Kind: rest[0], Fields: e.inOwnLanguage(rest[1:])}
	return e.write(ctx, http.MethodPost, "/v1/resources", in, "add.done")
}

// inOwnLanguage lets what begins from a template do so in the person's language,
// unless they say another.
func (e *env) inOwnLanguage(fields []string) []string {
	template := false
	for _, f := range fields {
		name, _, _ := strings.Cut(strings.ToLower(f), "=")
		template = template || name == "template"
		if name == "language" || name == "lang" {
			return fields
		}
	}
	if !template {
		return fields
	}
	return append(fields, "language="+e.say.code())
}

func set(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("set"), args, 2, -1)
	if err != nil {
		return err
	}
	return e.write(ctx, http.MethodPatch, resourcePath(rest[0]), api.Assignments{Fields: rest[1:]}, "set.done")
}

func remove(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("remove"), args, 1, -1)
	if err != nil {
		return err
	}
	for _, id := range rest {
		if err := e.write(ctx, http.MethodDelete, resourcePath(id), nil, "remove.done"); err != nil {
			return err
		}
	}
	return nil
}

func restore(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("restore"), args, 1, 1)
	if err != nil {
		return err
	}
	id, version := reference(rest[0])
	return e.write(ctx, http.MethodPost, resourcePath(id, "/restore"), map[string]string{"version": version}, "restore.done")
}

// write sends one act and says what came of it.
func (e *env) write(ctx context.Context, method, path string, in any, key string) error {
	return e.with(ctx, offline, func(c *api.Client) error {
		var r api.Resource
		if err := c.Send(ctx, method, path, in, &r); err != nil {
			return err
		}
		return e.show(r, func() { e.say.line(e, key, r.Title, short(r.ID)) })
	})
}
