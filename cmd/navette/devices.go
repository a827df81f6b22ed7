package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

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
		case "undo":
			return undoDevice(ctx, e, args[1:])
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

func undoDevice(ctx context.Context, e *env, args []string) error {
	f := flags("devices")
	since, dry := f.String("since", "", ""), f.Bool("dry-run", false, "")
	rest, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	at, err := moment(*since, time.Now())
	if err != nil {
		return usage("usage.since", *since)
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var u api.Undoing
		in := api.Undoing{Since: at, DryRun: *dry}
		if err := c.Send(ctx, http.MethodPost, "/v1/devices/"+url.PathEscape(rest[0])+"/undo", in, &u); err != nil {
			return err
		}
		return e.show(u, func() {
			key := "devices.undone"
			if *dry {
				key += ".dry"
			}
			e.say.line(e, key, e.say.count("changes", u.Changes), rest[0], e.when(&at))
		})
	})
}

// moment reads a time as people write it here, or how long ago it was.
func moment(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	var t time.Time
	var err error
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err = time.ParseInLocation(layout, text, time.Local); err == nil {
			break
		}
	}
	return t, err
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
