package web

import (
	"fmt"
	"net/http"
	"time"
)

var eventRoutes = []route{
	{"GET", "/events", anybody, everywhere, (*visit).events},
}

// How often a stream looks at the exchanges, which change without a change
// being stored, and how often it says that it is still there.
const (
	lookEvery  = time.Second
	breathe    = 20 * time.Second
	maxStreams = 64
)

// events streams server-sent events (WHATWG HTML §9.2): one without content
// whenever what the pages show may have changed. Its id is where the feed
// stands; who comes back with Last-Event-ID is told at once if there is
// something new since. An id of another life of the store counts as old.
func (v *visit) events() error {
	if v.commons == nil {
		return &problem{status: http.StatusServiceUnavailable, key: "problem.no_commons"}
	}
	select {
	case v.s.streams <- struct{}{}:
		defer func() { <-v.s.streams }()
	default:
		v.w.Header().Set("Retry-After", "30")
		return &problem{status: http.StatusServiceUnavailable, key: "problem.busy"}
	}
	out := http.NewResponseController(v.w)
	// The server's own limits are for requests that end.
	if err := out.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/event-stream")
	last := v.Header.Get("Last-Event-ID")
	if last == "" {
		last = v.URL.Query().Get("since")
	}
	if last == "" {
		last, _ = v.commons.Mark()
	}
	strip, breath := v.strip(), time.Now()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	if _, err := fmt.Fprint(v.w, "retry: 3000\n\n"); err != nil {
		return nil // the browser went away
	}
	for {
		changed := v.commons.Changed()
		v.now = time.Now()
		mark, _ := v.commons.Mark()
		now := v.strip()
		text := ""
		switch {
		case mark != last || now != strip:
			text = "id: " + mark + "\ndata:\n\n"
		case v.now.Sub(breath) > breathe:
			text = ":\n\n"
		}
		if text != "" {
			last, strip, breath = mark, now, v.now
			if _, err := fmt.Fprint(v.w, text); err != nil {
				return nil
			}
		}
		if err := out.Flush(); err != nil {
			return nil
		}
		select {
		case <-v.Context().Done():
			return nil
		case <-changed:
		case <-tick.C:
		}
	}
}
