package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"

	"navette/node/api"
	"navette/node/dav"
	"navette/node/web"
)

// Where the pages are, unless something else is asked for: on this machine
// only, and nowhere.
const (
	defaultHTTP = "127.0.0.1:7380"
	noHTTP      = "none"
)

// listen opens the address of the pages. Without a host it is every address of
// this machine. Where nobody chose the address and another program has it, any
// free port will do.
func (d *daemon) listen() (net.Listener, error) {
	addr := d.settings.HTTP.Listen
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) && addr == defaultHTTP {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, &failure{code: exitUsage, key: "error.listen", args: []any{addr, err}, cause: err}
	}
	return l, nil
}

// serveWeb serves the pages and, to this machine only, health and metrics.
func (d *daemon) serveWeb(ctx context.Context, health *api.Server) error {
	mux := http.NewServeMux()
	health.Health(mux, d.settings.HTTP.Metrics)
	s, err := web.New(d.node, web.Options{
		Names: d.settings.HTTP.Names, Log: d.e.logger(d.settings),
		Loopback:  map[string]http.Handler{"GET /health": mux, "GET /metrics": mux},
		Calendars: dav.New(d.node),
	})
	if err != nil {
		return err
	}
	return s.Serve(ctx, d.http)
}

// pages are the addresses under which a browser finds the pages.
func (d *daemon) pages() (out []string) {
	if d.http == nil {
		return nil
	}
	at, ok := d.http.Addr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	if !at.IP.IsUnspecified() {
		return []string{"http://" + at.String() + "/"}
	}
	list, _ := net.InterfaceAddrs() // none: then there is loopback
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			out = append(out, "http://"+(&net.TCPAddr{IP: n.IP, Port: at.Port}).String()+"/")
		}
	}
	return append(out, "http://"+(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: at.Port}).String()+"/")
}
