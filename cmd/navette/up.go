package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"navette/node"
	"navette/node/api"
	"navette/transport"
)

// settings are what the daemon is told, by flags or by a file.
type settings struct {
	Listen []string     `toml:"listen"`
	Peers  []string     `toml:"peers"`
	QUIC   bool         `toml:"quic"`
	Data   string       `toml:"data"`
	MDNS   mdnsSettings `toml:"mdns"`
	HTTP   httpSettings `toml:"http"`
	Files  fileSettings `toml:"attachments"`
	Log    logSettings  `toml:"log"`

	quiet   bool // no word, for as long as another command takes
	offline bool // no network
}

type mdnsSettings struct {
	Enabled *bool `toml:"enabled"` // nil: yes
}

type httpSettings struct {
	Listen  string   `toml:"listen"` // "" is defaultHTTP, where `up` serves
	Names   []string `toml:"names"`
	Metrics bool     `toml:"metrics"`
	// Secure is where they are over TLS: "" beside Listen, if that is more than
	// this machine. Certificate and Key are files; "" is the node's own.
	Secure      string `toml:"secure"`
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
}

// fileSettings say which attachments come by themselves.
type fileSettings struct {
	Most   int64    `toml:"most"` // megabytes; 0 is 8, less than 0 none
	Kinds  []string `toml:"kinds"`
	Places []string `toml:"places"`
}

// rule is what the node is told of it.
func (s fileSettings) rule() node.FileRule {
	return node.FileRule{Most: s.Most << 20, Kinds: s.Kinds, Places: s.Places}
}

type logSettings struct {
	Level slog.Level `toml:"level"`
}

// readSettings reads a settings file; a key that isn't known is an error.
func readSettings(path string) (s settings, err error) {
	meta, err := toml.DecodeFile(path, &s)
	if err != nil {
		return s, &failure{code: exitUsage, key: "usage.config", args: []any{path, cause(err)}, cause: err}
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return s, usage("usage.config", path, unknown[0].String())
	}
	return s, nil
}

// port is the port that Listen asks for; 0 is any.
func (s *settings) port() (uint16, error) {
	if len(s.Listen) == 0 {
		return 0, nil
	}
	if len(s.Listen) > 1 {
		return 0, usage("usage.listen", s.Listen[1])
	}
	host, port, err := net.SplitHostPort(s.Listen[0])
	n, err2 := strconv.ParseUint(port, 10, 16)
	if errors.Join(err, err2) != nil {
		return 0, usage("usage.listen", s.Listen[0])
	}
	if ip, err := netip.ParseAddr(host); host != "" && (err != nil || !ip.IsUnspecified()) {
		return 0, usage("usage.listen", s.Listen[0])
	}
	return uint16(n), nil
}

// doors are the addresses given by hand.
func (s *settings) doors() (out []node.Door, err error) {
	for _, text := range s.Peers {
		var d node.Door
		id, addr, named := strings.Cut(text, "@")
		if !named {
			addr = text
		} else if d.Peer, err = transport.ParsePeer(id); err != nil {
			return nil, usage("usage.peer", text)
		}
		if host, port, err := net.SplitHostPort(addr); err != nil || host == "" || port == "" {
			return nil, usage("usage.peer", text)
		}
		d.Addr = addr
		out = append(out, d)
	}
	return out, nil
}

func up(ctx context.Context, e *env, args []string) error {
	f := flags("up")
	var listen, peers values
	f.Var(&listen, "listen", "")
	f.Var(&peers, "peer", "")
	config, http, https := f.String("config", "", ""), f.String("http", "", ""), f.String("https", "", "")
	place, person := f.String("place", "", ""), f.String("person", "", "")
	quic, noMDNS := f.Bool("quic", false, ""), f.Bool("no-mdns", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	var s settings
	if *config != "" {
		var err error
		if s, err = readSettings(*config); err != nil {
			return err
		}
	}
	if s.Data != "" && !e.dataNamed {
		e.data = s.Data
	}
	if len(listen) > 0 {
		s.Listen = listen
	}
	s.Peers = append(s.Peers, peers...)
	s.QUIC = s.QUIC || *quic
	if *http != "" {
		s.HTTP.Listen = *http
	}
	if *https != "" {
		s.HTTP.Secure = *https
	}
	switch s.HTTP.Listen {
	case "":
		s.HTTP.Listen = defaultHTTP
	case noHTTP:
		s.HTTP.Listen = ""
	}
	if *noMDNS {
		no := false
		s.MDNS.Enabled = &no
	}
	d, err := openDaemon(e, s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	select {
	case <-d.ready:
	case err := <-done:
		return err
	}
	if err := e.welcome(ctx, d, *place, *person); err != nil {
		cancel()
		return errors.Join(err, <-done)
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		e.notify(ctx, d.alive)
	}()
	rested := make(chan struct{})
	go func() {
		defer close(rested)
		rest(ctx)
	}()
	err = <-done
	stopped := ctx.Err() != nil
	cancel()
	<-told
	<-rested
	if stopped && (err == nil || errors.Is(err, context.Canceled)) {
		e.say.line(e, "up.stopped")
		return outcome(exitDone)
	}
	return err
}

// welcome makes a commons where there is none, and says where to go next.
func (e *env) welcome(ctx context.Context, d *daemon, place, person string) error {
	if len(d.node.All()) == 0 {
		if place == "" {
			place = hostName(e)
		}
		if person == "" {
			person = userName(e)
		}
		if _, err := d.node.Found(ctx, e.say.text("up.commons", place), place, person, true); err != nil {
			return err
		}
	}
	if e.json {
		return nil
	}
	c := d.node.All()[0]
	here := c.PlaceName(c.Device())
	if here == "" {
		here = e.say.text("by.nowhere")
	}
	e.say.line(e, "up.head", here, c.Name())
	e.say.field(e, "data", e.data)
	e.say.field(e, "address", strings.Join(d.node.Addrs(), "  "))
	for _, n := range d.node.Notices() {
		e.say.line(e, "notice", e.notice(api.Notice{Code: n.Code, Args: n.Args}))
	}
	if d.pages != nil {
		e.access(d.pages.server.Access())
	}
	e.printf("\n")
	e.say.line(e, "up.next")
	for _, hint := range [][2]string{
		{"add tool name=\"" + e.say.text("up.tool") + "\"", "up.next.add"},
		{"import " + e.say.text("up.file"), "up.next.file"},
		{"invite", "up.next.them"},
		{"status", "up.next.how"},
	} {
		e.printf("  %s %-36s # %s\n", e.command(), hint[0], e.say.text(hint[1]))
	}
	e.printf("\n")
	e.say.line(e, "up.stop")
	return nil
}

// command is what to type so that the node that runs here is asked.
func (e *env) command() string {
	if !e.dataNamed {
		return e.self()
	}
	return e.self() + " --data " + e.data
}

// hostName is what to call a place whose people haven't said.
func hostName(e *env) string {
	if name, err := os.Hostname(); err == nil && name != "" && name != "localhost" {
		return name
	}
	return e.say.text("up.place")
}

// userName is what to call a person who hasn't said.
func userName(e *env) string {
	u, err := user.Current()
	if err != nil || u.Uid == "0" {
		return e.say.text("up.person")
	}
	if name, _, _ := strings.Cut(u.Name, ","); name != "" {
		return name
	}
	return u.Username
}

// logger writes what happens to standard error, for whoever looks after the
// machine.
func (e *env) logger(s settings) *slog.Logger {
	if s.quiet {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: s.Log.Level}))
}

// makeFolder makes the data folder, private to its owner.
func makeFolder(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	var path *fs.PathError
	if errors.As(err, &path) {
		return &failure{code: exitFailed, key: "error.file", args: []any{filepath.Clean(dir), path.Err}, cause: err}
	}
	return err
}
