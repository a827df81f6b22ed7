package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"navette/node/api"
	"navette/node/qr"
)

// invite makes an invitation, lists those there are, or revokes one.
func invite(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "list":
			return listInvitations(ctx, e, args[1:])
		case "revoke":
			return revokeInvitation(ctx, e, args[1:])
		}
	}
	f := flags("invite")
	role, note := f.String("role", "member", ""), f.String("note", "", "")
	uses, days, code := f.Int("uses", 1, ""), f.Int("days", 30, ""), f.Bool("qr", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if *uses < 0 || *days < 0 {
		return usage("usage.invite")
	}
	in := api.Invitation{Role: *role, Uses: *uses, Note: *note}
	if *days > 0 {
		in.Until = time.Now().Add(time.Duration(*days) * 24 * time.Hour).UTC().Format(time.RFC3339)
	}
	return e.with(ctx, online, func(c *api.Client) error {
		var i api.Invitation
		if err := c.Send(ctx, http.MethodPost, "/v1/invitations", in, &i); err != nil {
			return err
		}
		return e.show(i, func() {
			e.say.line(e, "invite.done", e.say.text("role."+i.Role), e.say.count("uses", i.Uses))
			e.printf("\n  %s\n\n", i.Link)
			if *code {
				e.code(i.Link)
			}
			if !i.Reachable {
				e.say.line(e, "invite.alone")
			}
			e.say.line(e, "invite.how", e.self())
		})
	})
}

// code draws a link to be read with another device; in upper case, which makes
// a smaller code. One that is too long is left out: the link stands above.
func (e *env) code(link string) {
	if drawn, err := qr.Of(strings.ToUpper(link)); err == nil {
		e.printf("%s\n", drawn.Terminal())
	}
}

func listInvitations(ctx context.Context, e *env, args []string) error {
	if _, err := parse(flags("invite"), args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var list []api.Invitation
		if err := c.Get(ctx, "/v1/invitations", nil, &list); err != nil {
			return err
		}
		return e.show(list, func() {
			for _, i := range list {
				e.invitation(i)
			}
			if len(list) == 0 {
				e.say.line(e, "invite.none")
			}
		})
	})
}

func (e *env) invitation(i api.Invitation) {
	by := i.By
	if by == "" {
		by = e.say.text("by.nobody")
	}
	uses := e.say.text("invite.any", i.Used)
	if i.Uses > 0 {
		uses = e.say.text("invite.uses", i.Used, i.Uses)
	}
	e.printf("%s  %s  %s\n", i.ID[:8], e.say.text("invite.state."+i.State), i.Note)
	e.printf("    %s\n", e.say.text("invite.by", e.say.text("role."+i.Role), by, e.when(i.Made), uses))
}

func revokeInvitation(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("invite"), args, 1, 1)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var i api.Invitation
		if err := c.Send(ctx, http.MethodDelete, "/v1/invitations/"+url.PathEscape(rest[0]), nil, &i); err != nil {
			return err
		}
		return e.show(i, func() { e.say.line(e, "invite.revoked", i.ID[:8]) })
	})
}
