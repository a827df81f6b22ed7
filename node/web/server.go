package web

import (
	"context"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"navette/node"
)

// Options of a Server. The zero Options are good.
type Options struct {
	// Names are host names by which the node is reached, besides its addresses
	// and localhost: nothing that only ends in one of them counts.
	Names []string
	// Addresses returns the addresses of this machine. Nil asks the system.
	Addresses func() []netip.Addr
	// Loopback are routes of other packages, by their patterns, that exist for
	// this machine only.
	Loopback map[string]http.Handler
	// Calendars answers calendar programs, which are no browsers: they bring a
	// password with each request, and no cookie. Nil: nobody does.
	Calendars http.Handler
	// Log is told of what goes wrong here. Nil is quiet.
	Log *slog.Logger
}

func (o *Options) addresses() []netip.Addr {
	if o.Addresses != nil {
		return o.Addresses()
	}
	return interfaceAddresses()
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
	sessions *sessions
	said     said
	pages    [len(tongueTags)]map[string]*template.Template
	routes   []route
	handler  http.Handler
}

// New returns a server of n's pages. It keeps its sessions in the node's data
// folder.
func New(n *node.Node, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{node: n, o: o, sessions: openSessions(n.Dir()), routes: allRoutes()}
	var err error
	if s.pages, err = readPages(); err != nil {
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

// Serve serves on l until ctx ends; requests under way may finish.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
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

func portText(p uint16) string { return strconv.Itoa(int(p)) }
