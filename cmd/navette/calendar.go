package main

import (
	"context"
	"net/http"
	"strings"

	"navette/node/api"
)

// calendar is what lets calendar programs in: addresses to subscribe to, and
// passwords to read and write with.
func calendar(ctx context.Context, e *env, args []string) error {
	f := flags("calendar")
	place := f.String("place", "", "")
	rest, err := parse(f, args, 0, 2)
	if err != nil {
		return err
	}
	do, name := "", ""
	if len(rest) > 0 {
		do = rest[0]
	}
	if len(rest) > 1 {
		name = rest[1]
	}
	switch {
	case do == "" && *place == "":
		return e.with(ctx, offline, func(c *api.Client) error { return listPasses(ctx, e, c) })
	case do == "link":
		return addPass(ctx, e, api.Pass{Use: "link", Name: name, Place: *place})
	case do == "password" && *place == "":
		return addPass(ctx, e, api.Pass{Use: "calendar", Name: name})
	case do == "revoke" && name != "" && *place == "":
		return e.with(ctx, offline, func(c *api.Client) error {
			var gone api.Pass
			if err := c.Send(ctx, http.MethodDelete, "/v1/passes/"+name, nil, &gone); err != nil {
				return err
			}
			return e.show(gone, func() { e.say.line(e, "calendar.revoked", gone.ID, gone.Name) })
		})
	}
	return usage("usage.calendar")
}

func addPass(ctx context.Context, e *env, in api.Pass) error {
	return e.with(ctx, offline, func(c *api.Client) error {
		var made api.Pass
		if err := c.Send(ctx, http.MethodPost, "/v1/passes", in, &made); err != nil {
			return err
		}
		return e.show(made, func() {
			e.say.line(e, "calendar."+in.Use)
			for _, a := range made.Addresses {
				e.printf("  %s\n", a)
			}
			if len(made.Addresses) == 0 {
				e.say.line(e, "calendar.nowhere", e.self())
			}
			if in.Use == "calendar" {
				e.say.field(e, "person", made.Owner)
				e.say.field(e, "password", made.Secret)
			}
			e.say.line(e, "calendar.once", e.command(), made.ID)
		})
	})
}

func listPasses(ctx context.Context, e *env, c *api.Client) error {
	var list []api.Pass
	if err := c.Get(ctx, "/v1/passes", nil, &list); err != nil {
		return err
	}
	return e.show(list, func() {
		if len(list) == 0 {
			e.say.line(e, "calendar.none", e.command())
		}
		for _, p := range list {
			used := e.say.text("calendar.unused")
			if p.Used != nil {
				used = e.say.text("calendar.used", p.Used.Format("2006-01-02"))
			}
			e.printf("  %s  %s\n", p.ID, strings.Join(nonEmpty(e.say.text("calendar.use."+p.Use), p.Name, p.Place, p.Owner, used), " · "))
		}
	})
}

// nonEmpty leaves out what says nothing.
func nonEmpty(parts ...string) (out []string) {
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}
