package web

import (
	"context"
	"crypto/tls"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"navette/node"
)

// Options of a Server. The zero Options are good.
type Options struct {
	// Names are host names by which the node is reached, besides its addresses
	// and localhost: nothing that only ends in one of them counts.
	Names []string
	// Pages returns the addresses of the pages, as http:// and https:// URLs
	// that end in a slash, the best for somebody else's phone first. Nil: only
	// the one that a request was sent to is known.
	Pages func() []string
	// Certificate is what the pages are served with over TLS; nil without it.
	Certificate *tls.Certificate
	// Loopback are routes of other packages, by their patterns, that exist for
	// this machine only.
	Loopback map[string]http.Handler
	// Calendars answers calendar programs, which are no browsers: they bring a
	// password with each request, and no cookie. Nil: nobody does.
	Calendars http.Handler
	// Log is told of what goes wrong here. Nil is quiet.
	Log *slog.Logger
}

// interfaceAddresses are the addresses of this machine now.
func interfaceAddresses() (out []netip.Addr) {
	list, _ := net.InterfaceAddrs() // none: then only names count
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, ip.Unmap())
			}
		}
	}
	return out
}

// Server serves the pages of a node. Its methods may be called from several
// goroutines.
type Server struct {
	node     *node.Node
	o        Options
	book     *book
	sessions *sessions
	passes   passes
	pins     pins
	tries    tries
	pace     pace
	streams  chan struct{} // one for each stream of events
	said     said
	shelves  shelves
	tables   tables
	// visited says that somebody has come: see warm.
	visited chan struct{}
	// setupCode opens the set-up. Each start has another.
	setupCode string
	pages     [len(tongueTags)]map[string]*template.Template
	live      map[string]bool // pages that are brought up to date as they stand
	routes    []route
	handler   http.Handler
}

// New returns a server of n's pages. It keeps its sessions in the node's data
// folder.
func New(n *node.Node, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{node: n, o: o, sessions: openSessions(n.Dir()), pins: newPins(), streams: make(chan struct{}, maxStreams), visited: make(chan struct{}, 1), setupCode: shortCode(), routes: allRoutes()}
	var err error
	if s.book, err = openBook(n.Dir()); err != nil {
		return nil, err
	}
	if s.pages, s.live, err = readPages(); err != nil {
		return nil, err
	}
	muxes := map[side]http.Handler{}
	for _, on := range sides {
		muxes[on] = s.mux(on)
	}
	s.handler = s.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { muxes[sideOf(r)].ServeHTTP(w, r) }))
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve serves on l until ctx ends; requests under way may finish. With a
// config it is over TLS: see SecureConfig.
func (s *Server) Serve(ctx context.Context, l net.Listener, config *tls.Config) error {
	l = limited(l)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	h := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() { done <- h.Serve(l) }()
	warm := make(chan struct{})
	go func() { defer close(warm); s.warm(base) }()
	defer func() { end(); <-warm }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	end() // streams end
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := h.Shutdown(grace)
	<-done
	return err
}

// publicPage is the address of the pages for another phone than the one that
// asks.
func (s *Server) publicPage(r *http.Request) string {
	if s.o.Pages != nil {
		_, wifi := s.book.setUp()
		for _, page := range s.o.Pages() {
			if wifi != anyone || strings.HasPrefix(page, "https:") {
				return page
			}
		}
	}
	scheme := map[bool]string{true: "https://", false: "http://"}[r.TLS != nil]
	return scheme + r.Host + "/"
}

// securePage is the address of the pages with TLS, on the host that was asked;
// "" if there is none.
func (s *Server) securePage(r *http.Request) string {
	if s.o.Pages == nil {
		return ""
	}
	host, _ := splitHost(r.Host)
	best := ""
	for _, page := range s.o.Pages() {
		u, err := url.Parse(page)
		if err == nil && u.Scheme == "https" && (best == "" || u.Hostname() == host) {
			best = page
		}
	}
	return best
}

// isLocalPage tells whether the address of a page is one of this machine only.
func isLocalPage(page string) bool {
	u, err := url.Parse(page)
	return err == nil && isLoopback(u.Hostname())
}

func portText(p uint16) string { return strconv.Itoa(int(p)) }
