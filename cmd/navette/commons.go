package main

import (
	"context"
	"net/http"

	"navette/node/api"
)

func initCommons(ctx context.Context, e *env, args []string) error {
	f := flags("init")
	place, name, person := f.String("place", "", ""), f.String("name", "", ""), f.String("person", "", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if *place == "" || *name == "" {
		return usage("usage.init")
	}
	if *person == "" {
		*person = userName(e)
	}
	return e.with(ctx, founding, func(c *api.Client) error {
		var made api.CommonsStatus
		err := c.Send(ctx, http.MethodPost, "/v1/commons", api.Founding{Place: *place, Name: *name, Person: *person}, &made)
		if err != nil {
			return err
		}
		return e.show(made, func() { e.say.line(e, "init.done", made.Name, made.Place) })
	})
}

func join(ctx context.Context, e *env, args []string) error {
	f := flags("join")
	in := api.Joining{}
	f.StringVar(&in.Place, "place", "", "")
	f.StringVar(&in.Person, "person", "", "")
	rest, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	return e.with(ctx, online, func(c *api.Client) error {
		var j api.Joined
		in.Invitation = rest[0]
		if err := e.introduce(ctx, c, &in); err != nil {
			return err
		}
		if err := c.Send(ctx, http.MethodPost, "/v1/join", in, &j); err != nil {
			return err
		}
		return e.show(j, func() {
			switch {
			case j.Already:
				e.say.line(e, "join.already", j.Name)
			case j.Again:
				e.say.line(e, "join.again", j.Name, e.say.text("role."+j.Role))
			default:
				e.say.line(e, "join.done", j.Name, e.say.text("role."+j.Role))
			}
			if j.Replaced != "" {
				e.say.line(e, "join.replaced", j.Replaced)
			}
			if j.Kept != "" {
				e.say.line(e, "join.kept", j.Kept, j.Name)
			}
		})
	})
}

// introduce names the place and the person of a node that knows neither yet.
func (e *env) introduce(ctx context.Context, c *api.Client, in *api.Joining) error {
	var s api.Status
	if err := c.Get(ctx, "/v1/status", nil, &s); err != nil {
		return err
	}
	var known api.CommonsStatus
	if len(s.Commons) > 0 {
		known = s.Commons[0]
	}
	if in.Place == "" && known.Place == "" {
		in.Place = hostName(e)
	}
	if in.Person == "" && known.Person == "" {
		in.Person = userName(e)
	}
	return nil
}
