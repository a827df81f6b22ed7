package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"

	"navette/node"
	"navette/node/api"
	"navette/storage"
	"navette/storage/badgerdb"
	"navette/transport"
	"navette/transport/lan"
	"navette/transport/p2p"
)

// daemon is a node put together from its parts: the store on Badger, the
// network on libp2p, the discovery by mDNS, and what it serves.
type daemon struct {
	e        *env
	settings settings
	store    *badgerdb.DB
	node     *node.Node
	network  *p2p.Network
	lan      *lan.Discovery
	pages    *pages         // nil unless asked for
	health   *http.ServeMux // with pages: what they serve to this machine besides
	ready    chan struct{}
}

// openDaemon opens the data folder. Close it by running it with a context that
// has ended.
func openDaemon(e *env, s settings) (*daemon, error) {
	doors, err := s.doors()
	if err != nil {
		return nil, err
	}
	port, err := s.port()
	if err != nil {
		return nil, err
	}
	// A tenth more processor time for a fifth less memory.
	if e.getenv("GOGC") == "" {
		debug.SetGCPercent(40)
	}
	// Whatever the store or the socket makes is for this user only.
	syscall.Umask(0o077)
	if err := makeFolder(e.data); err != nil {
		return nil, err
	}
	d := &daemon{e: e, settings: s, ready: make(chan struct{})}
	log := e.logger(s)
	var report *badgerdb.Report
	d.store, report, err = badgerdb.Open(filepath.Join(e.data, "db"), badgerdb.Options{Log: log})
	if errors.Is(err, storage.ErrLocked) {
		return nil, &failure{code: exitRunning, key: "error.running", args: []any{e.data}, cause: node.ErrRunning}
	}
	if err != nil {
		return nil, noRoom(err)
	}
	d.node, err = node.Open(node.Options{
		Dir: e.data, Store: d.store, Free: d.store.Free, Log: log, Doors: doors,
		Quarantined: report.Quarantined, Cut: report.Cut, Suspect: report.Suspect,
		Files: s.Files.rule(),
		Board: func() []node.Notice { return examineBoard(os.DirFS("/"), e.data) },
	})
	if err == nil && !s.offline {
		err = d.connect(port)
	}
	if err == nil && s.HTTP.Listen != "" {
		d.pages, err = d.openPages()
	}
	if err != nil {
		return nil, noRoom(errors.Join(err, d.close()))
	}
	if s.quiet {
		d.warn()
	}
	return d, nil
}

// noRoom puts a full disk into words.
func noRoom(err error) error {
	if !errors.Is(err, storage.ErrFull) {
		return err
	}
	return &failure{code: exitFailed, key: "error.disk_full", cause: err}
}

// warn says what was lost, where nobody will ask for the node's notices.
func (d *daemon) warn() {
	for _, n := range d.node.Notices() {
		if n.Code == node.NoticeRolledBack || n.Code == node.NoticeQuarantined {
			d.e.say.problem(d.e, "notice", d.e.notice(api.Notice{Code: n.Code, Args: n.Args}))
		}
	}
}

// connect opens the network and the discovery.
func (d *daemon) connect(port uint16) (err error) {
	o := p2p.Options{Key: d.node.Key(), Port: port, QUIC: d.settings.QUIC, Protocols: node.Protocols, Known: d.node.Known}
	d.network, err = p2p.Listen(o)
	if errors.Is(err, syscall.EADDRINUSE) {
		d.e.say.problem(d.e, "up.port", port)
		o.Port = 0
		d.network, err = p2p.Listen(o)
	}
	if err != nil || d.settings.MDNS.Enabled != nil && !*d.settings.MDNS.Enabled {
		return err
	}
	d.lan = lan.New(lan.Options{
		Self: d.network.Self(), Port: d.network.Port(),
		Known: d.node.Known, Changed: d.node.NetworkChanged, Log: d.e.logger(d.settings),
	})
	return nil
}

// run serves until ctx ends, then closes everything in good order.
func (d *daemon) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var links node.Links
	if d.network != nil {
		links.Network = d.network
	}
	if d.lan != nil {
		links.Discovery = d.lan
	}
	// What is served stops before the node does, so that requests under way
	// can finish.
	serving, stop := context.WithCancel(ctx)
	nodeCtx, stopNode := context.WithCancel(context.WithoutCancel(ctx))
	var wait sync.WaitGroup
	errs := make(chan error, 3)
	start := func(f func() error) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if err := f(); err != nil {
				errs <- err
			}
			cancel()
		}()
	}
	var node sync.WaitGroup
	node.Add(1)
	go func() {
		defer node.Done()
		if err := d.node.Run(nodeCtx, links); err != nil {
			errs <- err
		}
		cancel()
	}()
	server := api.NewServer(d.node)
	if d.pages != nil {
		server.Pages = d.pages.addresses
		server.Handle("POST /v1/web", d.pages.server.AccessHandler())
	}
	start(func() error {
		return api.Serve(serving, d.e.data, server, func() { close(d.ready) })
	})
	if d.pages != nil {
		server.Health(d.health, d.settings.HTTP.Metrics)
		start(func() error { return d.pages.serve(serving) })
	}
	<-ctx.Done()
	stop()
	wait.Wait()
	stopNode()
	node.Wait()
	err := d.close()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

// alive returns when nothing that the node does is stuck.
func (d *daemon) alive() {
	for _, c := range d.node.All() {
		c.Exchange()
	}
}

// close lets go of the store and of a network that never ran.
func (d *daemon) close() error {
	if d.network != nil {
		d.network.Close()
	}
	if d.pages != nil {
		d.pages.close()
	}
	if err := d.store.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

var _ transport.Discovery = (*lan.Discovery)(nil)
