package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"navette/node/api"
)

// members lists the people of the commons, or changes who they are.
func members(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "role":
			return setRole(ctx, e, args[1:])
		case "remove":
			return removeMember(ctx, e, args[1:])
		case "replace":
			return replaceMember(ctx, e, args[1:])
		case "leave":
			return leave(ctx, e, args[1:])
		case "undone":
			return undone(ctx, e, args[1:])
		}
	}
	if _, err := parse(flags("members"), args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var list []api.Member
		if err := c.Get(ctx, "/v1/members", nil, &list); err != nil {
			return err
		}
		return e.show(list, func() {
			stewards := 0
			for _, m := range list {
				e.member(m)
				if m.Rank > 0 {
					stewards++
				}
			}
			if stewards > 1 {
				e.printf("\n")
				e.say.line(e, "members.order")
			}
		})
	})
}

func (e *env) member(m api.Member) {
	role := e.say.text("role." + m.Role)
	if m.Rank > 0 {
		role = e.say.text("members.rank", role, m.Rank)
	}
	by := m.By
	switch {
	case m.ByKit:
		by = e.say.text("members.kit")
	case by == "":
		by = e.say.text("by.nobody")
	}
	name := e.called(m)
	if m.Self {
		name = e.say.text("members.you", name)
	}
	e.printf("%s\n", name)
	e.printf("  %s\n", e.say.text("members.since", role, e.when(m.Since), by))
	if m.Succeeds != "" {
		e.printf("  %s\n", e.say.text("members.succeeds", m.Succeeds))
	}
	for _, d := range m.Devices {
		e.printf("  %s\n", e.device(d))
	}
	if len(m.Devices) == 0 {
		e.printf("  %s\n", e.say.text("members.no_device"))
	}
}

// called is a person's name, or the beginning of the key of one without.
func (e *env) called(m api.Member) string {
	if m.Name != "" {
		return m.Name
	}
	return m.Person[:12]
}

func (e *env) device(d api.Device) string {
	place := d.Place
	if place == "" {
		place = e.say.text("by.nowhere")
	}
	seen := "device.met"
	switch {
	case d.Self:
		seen = "device.self"
	case d.Here:
		seen = "device.here"
	case d.Met == nil:
		seen = "device.never"
	}
	said := e.say.text(seen, e.when(d.Met))
	if d.Hosted {
		said = e.say.text("device.hosted", said)
	}
	return e.say.text("device", place, said)
}

func setRole(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("members"), args, 2, 2)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var m api.Member
		if err := c.Send(ctx, http.MethodPatch, "/v1/members/"+url.PathEscape(rest[0]), api.RoleChange{Role: rest[1]}, &m); err != nil {
			return err
		}
		return e.show(m, func() { e.say.line(e, "members.role", e.called(m), e.say.text("role."+m.Role)) })
	})
}

func removeMember(ctx context.Context, e *env, args []string) error {
	f := flags("members")
	in := api.Removal{}
	f.BoolVar(&in.Expel, "expel", false, "")
	f.BoolVar(&in.Annul, "annul", false, "")
	f.BoolVar(&in.Invitations, "invitations", false, "")
	f.BoolVar(&in.DryRun, "dry-run", false, "")
	keep, retire := f.Bool("keep", false, ""), f.Bool("retire", false, "")
	rest, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	if in.Annul && !in.Expel || in.Expel && (*keep || *retire) {
		return usage("usage.remove")
	}
	in.Invitations = in.Invitations || in.Expel
	return e.with(ctx, offline, func(c *api.Client) error {
		var r api.Removed
		if err := c.Send(ctx, http.MethodDelete, "/v1/members/"+url.PathEscape(rest[0]), in, &r); err != nil {
			return err
		}
		return e.show(r, func() { e.removed(r, in) })
	})
}

// removed says what became of a removal, or would.
func (e *env) removed(r api.Removed, in api.Removal) {
	name := e.called(r.Member)
	key := "members.retired"
	if r.Expelled {
		key = "members.expelled"
	}
	if in.DryRun {
		key += ".dry"
	}
	e.say.line(e, key, name)
	if r.Expelled && r.Stale {
		e.say.line(e, "notice", e.say.text("members.stale", name, e.when(r.Member.Met)))
	}
	if r.Annulled > 0 {
		e.say.line(e, "members.annulled", e.say.count("acts", r.Annulled))
	} else if r.Expelled && r.Stands > 0 {
		e.say.line(e, "members.stands", e.say.count("acts", r.Stands), name)
	}
	for _, i := range r.Invitations {
		if i.State == "revoked" || in.DryRun && in.Invitations {
			e.say.line(e, "members.invitation", i.ID[:8], i.Note)
		} else {
			e.say.line(e, "members.invitation.open", i.ID[:8], i.Note, e.self())
		}
	}
	if in.DryRun {
		e.say.line(e, "members.dry")
	}
}

func replaceMember(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("members"), args, 2, 2)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var m api.Member
		err := c.Send(ctx, http.MethodPost, "/v1/members/"+url.PathEscape(rest[0])+"/successor", api.Succession{Successor: rest[1]}, &m)
		if err != nil {
			return err
		}
		return e.show(m, func() { e.say.line(e, "members.replaced", e.called(m), rest[0], e.say.text("role."+m.Role)) })
	})
}

func leave(ctx context.Context, e *env, args []string) error {
	f := flags("members")
	in := api.Leaving{}
	f.BoolVar(&in.Force, "force", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var s api.CommonsStatus
		if err := c.Send(ctx, http.MethodPost, "/v1/leave", in, &s); err != nil {
			return err
		}
		return e.show(s, func() { e.say.line(e, "members.left", s.Name) })
	})
}

func undone(ctx context.Context, e *env, args []string) error {
	f := flags("members")
	seen := f.Bool("seen", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var list []api.Undone
		if err := c.Get(ctx, "/v1/undone", nil, &list); err != nil {
			return err
		}
		if *seen {
			if err := c.Send(ctx, http.MethodPost, "/v1/undone", nil, nil); err != nil {
				return err
			}
		}
		return e.show(list, func() {
			for _, u := range list {
				e.undone(u)
			}
			if len(list) == 0 {
				e.say.line(e, "undone.none")
			} else if !*seen {
				e.say.line(e, "undone.how", e.self())
			}
		})
	})
}

func (e *env) undone(u api.Undone) {
	who := func(name string) string {
		if name == "" {
			return e.say.text("by.nobody")
		}
		return name
	}
	did, role, _ := strings.Cut(u.Did, "_")
	e.say.line(e, "undone", e.when(u.Time), e.say.text("act."+did, who(u.Person), who(u.About), e.say.text("role."+role)))
	because, role, _ := strings.Cut(u.Because, "_")
	e.printf("    %s\n", e.say.text("undone.because", e.say.text("act."+because, who(u.By), who(u.Person), e.say.text("role."+role))))
}
