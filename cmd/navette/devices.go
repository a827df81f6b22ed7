package main

import (
	"context"
	"net/http"
	"net/url"

	"navette/node/api"
)

// devices lists the devices of the commons, names or revokes one.
func devices(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "rename":
			return renameDevice(ctx, e, args[1:])
		case "revoke":
			return revokeDevice(ctx, e, args[1:])
		}
	}
	if _, err := parse(flags("devices"), args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var list []api.Device
		if err := c.Get(ctx, "/v1/devices", nil, &list); err != nil {
			return err
		}
		return e.show(list, func() {
			for _, d := range list {
				e.printf("%s\n    %s  %s\n", e.device(d), d.Name, d.Device)
			}
		})
	})
}

func renameDevice(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("devices"), args, 2, 2)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var d api.Device
		if err := c.Send(ctx, http.MethodPatch, "/v1/devices/"+url.PathEscape(rest[0]), api.Renaming{Name: rest[1]}, &d); err != nil {
			return err
		}
		return e.show(d, func() { e.say.line(e, "devices.renamed", rest[0], d.Place) })
	})
}

func revokeDevice(ctx context.Context, e *env, args []string) error {
	rest, err := parse(flags("devices"), args, 1, 1)
	if err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var d api.Device
		if err := c.Send(ctx, http.MethodDelete, "/v1/devices/"+url.PathEscape(rest[0]), nil, &d); err != nil {
			return err
		}
		return e.show(d, func() {
			place := d.Place
			if place == "" {
				place = rest[0]
			}
			e.say.line(e, "devices.revoked", place, d.Name)
		})
	})
}
