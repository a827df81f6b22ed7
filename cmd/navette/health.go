package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"runtime"
	"sort"
	"strings"

	"navette/node"
	"navette/node/api"
)

func status(ctx context.Context, e *env, args []string) error {
	f := flags("status")
	watch := f.Bool("watch", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		if !*watch {
			var s api.Status
			if err := c.Get(ctx, "/v1/status", nil, &s); err != nil {
				return err
			}
			if len(s.Commons) == 0 {
				return &api.Error{Code: api.CodeNoCommons}
			}
			return e.show(s, func() { e.status(s) })
		}
		return c.Stream(ctx, http.MethodGet, "/v1/status", url.Values{"watch": {"1"}}, nil, func(line json.RawMessage) error {
			var s api.Status
			if err := json.Unmarshal(line, &s); err != nil {
				return err
			}
			if e.json {
				e.printf("%s", line)
				return nil
			}
			for _, c := range s.Commons {
				e.printf("%s  %s\n", c.Name, e.exchange(c.Exchange))
			}
			return nil
		})
	})
}

func (e *env) status(s api.Status) {
	for _, c := range s.Commons {
		current := ""
		if c.Current && len(s.Commons) > 1 {
			current = "  " + e.say.text("status.current")
		}
		e.printf("%s%s\n", c.Name, current)
		e.say.field(e, "place", c.Place)
		e.say.field(e, "person", strings.TrimSpace(c.Person+" ("+e.say.text("role."+c.Role)+")"))
		var holds []string
		for kind := range c.Resources {
			holds = append(holds, kind)
		}
		sort.Strings(holds)
		for i, kind := range holds {
			holds[i] = e.say.count("kind."+kind, c.Resources[kind])
		}
		e.say.field(e, "holds", strings.Join(holds, ", "))
		e.say.field(e, "exchange", e.exchange(c.Exchange))
		e.say.field(e, "fingerprint", c.Fingerprint)
	}
	for _, n := range s.Notices {
		e.say.line(e, "notice", e.notice(n))
	}
	e.say.field(e, "address", strings.Join(s.Listen, "  "))
	e.say.field(e, "data", s.Data)
}

// notice puts what is to be looked at into words.
func (e *env) notice(n api.Notice) string {
	return e.say.text("notice."+n.Code, append(e.args(n.Args), e.self())...)
}

func (e *env) exchange(x api.Exchange) string {
	return e.say.text("exchange."+x.State, e.say.count("peers", x.Peers), x.Missing, x.ToGive)
}

func peers(ctx context.Context, e *env, args []string) error {
	if _, err := parse(flags("peers"), args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var list []api.Peer
		if err := c.Get(ctx, "/v1/peers", nil, &list); err != nil {
			return err
		}
		return e.show(list, func() {
			for _, p := range list {
				place := p.Place
				if place == "" {
					place = e.say.text("by.nowhere")
				}
				e.printf("%s  %s\n", place, e.say.text("peer."+p.State, p.Missing, p.ToGive, e.when(p.Seen)))
				e.printf("    %s  %s\n", p.Peer, p.Address)
			}
			if len(list) == 0 {
				e.say.line(e, "peers.none", e.self())
			}
		})
	})
}

func fingerprint(ctx context.Context, e *env, args []string) error {
	if _, err := parse(flags("fingerprint"), args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var p api.Fingerprint
		if err := c.Get(ctx, "/v1/fingerprint", nil, &p); err != nil {
			return err
		}
		return e.show(p, func() { e.say.line(e, "fingerprint.is", p.Words) })
	})
}

func check(ctx context.Context, e *env, args []string) error {
	f := flags("check")
	deep := f.Bool("read-data", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var found api.Check
		bar := e.progress("check.progress")
		err := c.Stream(ctx, http.MethodPost, "/v1/check", nil, api.CheckRequest{ReadData: *deep}, func(line json.RawMessage) error {
			var l api.CheckLine
			if err := json.Unmarshal(line, &l); err != nil {
				return err
			}
			if l.Progress != nil {
				bar(*l.Progress)
			}
			if l.Result != nil {
				found = *l.Result
			}
			return nil
		})
		if err != nil {
			return err
		}
		bar(api.Progress{})
		err = e.show(found, func() {
			e.say.line(e, "check.done", found.Changes, found.Resources)
			for _, p := range found.Problems {
				e.say.line(e, "check.problem", p)
			}
			if len(found.Problems) > 0 {
				e.say.line(e, "check.mend")
			}
		})
		if err == nil && len(found.Problems) > 0 {
			return outcome(exitFailed)
		}
		return err
	})
}

func doctor(ctx context.Context, e *env, args []string) error {
	if _, err := parse(flags("doctor"), args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var list []api.Notice
		if err := c.Get(ctx, "/v1/doctor", nil, &list); err != nil {
			return err
		}
		return e.show(list, func() {
			for _, n := range list {
				e.say.line(e, "notice", e.notice(n))
			}
			if len(list) == 0 {
				e.say.line(e, "doctor.well")
			}
		})
	})
}

func version(_ context.Context, e *env, args []string) error {
	if _, err := parse(flags("version"), args, 0, 0); err != nil {
		return err
	}
	v := map[string]string{"version": node.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}
	return e.show(v, func() { e.printf("navette %s (%s, %s/%s)\n", v["version"], v["go"], v["os"], v["arch"]) })
}
