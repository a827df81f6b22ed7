package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/term"

	"navette/node/api"
	"navette/node/dav"
	"navette/node/qr"
	"navette/node/web"
)

// Where the pages are, unless something else is asked for: on this machine
// only, and nowhere.
const (
	defaultHTTP = "127.0.0.1:7380"
	noHTTP      = "none"
)

// pages is the place's pages as the daemon serves them.
type pages struct {
	server *web.Server
	plain  net.Listener
	secure net.Listener // nil: they are for this machine only, or TLS is off
	config *tls.Config
}

// openPages opens the addresses of the pages, and makes their server.
func (d *daemon) openPages() (*pages, error) {
	h := d.settings.HTTP
	p := &pages{}
	var err error
	if p.plain, err = listenWeb(h.Listen); err != nil {
		return nil, err
	}
	o := web.Options{Names: h.Names, Pages: p.addresses, Calendars: dav.New(d.node), Log: d.e.logger(d.settings)}
	if at := h.secureAddress(p.plain); at != "" {
		var c tls.Certificate
		if h.Certificate != "" {
			c, err = tls.LoadX509KeyPair(h.Certificate, h.Key)
			if err != nil {
				err = &failure{code: exitUsage, key: "error.file", args: []any{h.Certificate, cause(err)}, cause: err}
			}
		} else {
			c, err = web.OwnCertificate(d.e.data, h.Names)
		}
		if err == nil {
			o.Certificate, p.config = &c, web.SecureConfig(c)
			p.secure, err = listenWeb(at)
		}
	}
	d.health = http.NewServeMux()
	o.Loopback = map[string]http.Handler{"GET /health": d.health, "GET /metrics": d.health}
	if err == nil {
		p.server, err = web.New(d.node, o)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// listenWeb opens an address. Without a host it is every address of this
// machine. Where nobody chose it and another program has it, any free port will
// do.
func listenWeb(addr string) (net.Listener, error) {
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

// secureAddress is where the pages are served over TLS: where it was asked
// for, else, if others than this machine can open them, on the next port.
func (h *httpSettings) secureAddress(plain net.Listener) string {
	at, ok := plain.Addr().(*net.TCPAddr)
	switch {
	case h.Secure == noHTTP || h.Secure == "" && (!ok || at.IP.IsLoopback()):
		return ""
	case h.Secure != "":
		return h.Secure
	}
	host := ""
	if !at.IP.IsUnspecified() {
		host = at.IP.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(at.Port+1))
}

// serve serves the pages until ctx ends.
func (p *pages) serve(ctx context.Context) error {
	if p.secure == nil {
		return p.server.Serve(ctx, p.plain, nil)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- p.server.Serve(ctx, p.secure, p.config)
	}()
	err := p.server.Serve(ctx, p.plain, nil)
	cancel()
	return errors.Join(err, <-done)
}

// close lets go of the addresses, if nothing has served on them.
func (p *pages) close() {
	for _, l := range []net.Listener{p.plain, p.secure} {
		if l != nil {
			l.Close()
		}
	}
}

// addresses are where a browser finds the pages: first what a phone can open,
// with TLS before without, last what only this machine can.
func (p *pages) addresses() (out []string) {
	if p.secure != nil {
		out = append(out, urls("https", p.secure, false)...)
	}
	out = append(out, urls("http", p.plain, false)...)
	return append(out, urls("http", p.plain, true)...)
}

// urls are the addresses of a listener, those of this machine only or the
// others.
func urls(scheme string, l net.Listener, local bool) (out []string) {
	at, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	ips := []net.IP{at.IP}
	if at.IP.IsUnspecified() {
		ips = nil
		list, _ := net.InterfaceAddrs() // none: then there is nothing to name
		for _, a := range list {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
				ips = append(ips, n.IP)
			}
		}
	}
	for _, ip := range ips {
		if ip.IsLoopback() == local {
			out = append(out, scheme+"://"+net.JoinHostPort(ip.String(), strconv.Itoa(at.Port))+"/")
		}
	}
	return out
}

// showWeb says where the pages are, and with which code one comes in.
func showWeb(ctx context.Context, e *env, args []string) error {
	f := flags("web")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var a web.Access
		if err := c.Send(ctx, http.MethodPost, "/v1/web", nil, &a); err != nil {
			return err
		}
		return e.show(a, func() { e.access(a) })
	})
}

// access says how people come in.
func (e *env) access(a web.Access) {
	e.say.field(e, "page", strings.Join(a.Pages, "  "))
	if a.Certificate != "" {
		e.say.field(e, "certificate", a.Certificate)
	}
	if len(a.Pages) == 0 {
		return
	}
	key, code := "web.code", a.Code
	if a.SetupCode != "" {
		key, code = "web.setup", a.SetupCode
	}
	e.printf("\n")
	e.say.line(e, key, code)
	e.printf("  %s\n", a.Link)
	if picture, err := qr.Of(a.Link); err == nil && e.terminal() {
		e.printf("\n%s", picture.Terminal())
	}
}

// terminal tells whether somebody looks at what is printed.
func (e *env) terminal() bool {
	f, ok := e.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
