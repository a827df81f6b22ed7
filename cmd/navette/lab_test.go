//go:build netns

package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How long the harness waits for what should take no time at all. Generous:
// two cores run several daemons built with the race detector.
const (
	patience     = 30 * time.Second
	commandLimit = 60 * time.Second
)

// serial numbers interfaces and namespaces: scripts run side by side.
var serial atomic.Int64

// A lab is the world of one script: links, and places that plug into them.
type lab struct {
	bin    programs // under test
	work   string
	getenv func(string) string // of the script
	lans   map[string]*link
	places map[string]*place

	disks   []string   // that were mounted
	rng     *rand.Rand // where damages fall
	harm    string     // the last damage
	figures []string   // what was measured

	mu    sync.Mutex // guards acked: several places may write
	acked []string   // ids of the writes that were acknowledged

	last output // of the command that runs
	said string // by the one before, on its standard output
}

// A link is a switch without an uplink.
type link struct {
	bridge    string
	number    int // of its subnet, 10.number.0.0/24
	multicast bool
}

// A place is a machine with one network namespace, one home and one daemon.
type place struct {
	name   string
	ns     string
	home   string
	number int              // its address on every link
	ports  map[string]*port // by link
	daemon *daemon
	clock  *int64          // how many seconds the daemon's clock is off; nil: it isn't
	taps   map[string]*tap // captures, by file
}

// A port is a cable between a place and a link.
type port struct {
	outer string // the end in the link
	inner string // the end in the place
}

type output struct {
	stdout, stderr string
	code           int
}

// An exitError is the end of a command that ran.
type exitError struct {
	cmd string
	output
}

func (e *exitError) Error() string { return fmt.Sprintf("%s: exit code %d", e.cmd, e.code) }

func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

func allOf(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func ips(lines ...string) error {
	for _, line := range lines {
		if err := ip(strings.Fields(line)...); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) addLAN(name string, multicast bool) error {
	if l.lans[name] != nil {
		return fmt.Errorf("there is a LAN %s already", name)
	}
	n := int(serial.Add(1))
	lan := &link{bridge: fmt.Sprintf("br%d", n), number: n % 250, multicast: multicast}
	l.lans[name] = lan
	// Snooping off: a plain switch floods multicast to all its ports.
	return ips(
		fmt.Sprintf("link add %s type bridge mcast_snooping 0", lan.bridge),
		fmt.Sprintf("link set %s up", lan.bridge))
}

func (l *lab) addPlace(name string) error {
	if l.places[name] != nil {
		return fmt.Errorf("there is a place %s already", name)
	}
	p := &place{
		name:   name,
		ns:     fmt.Sprintf("n%d", serial.Add(1)),
		home:   filepath.Join(l.work, name),
		number: len(l.places) + 1,
		ports:  map[string]*port{},
		taps:   map[string]*tap{},
	}
	l.places[name] = p
	return allOf(
		func() error { return os.MkdirAll(p.home, 0o700) },
		func() error { return ips("netns add "+p.ns, "-n "+p.ns+" link set lo up") })
}

func (l *lab) place(name string) (*place, error) {
	if p := l.places[name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("there is no place %s", name)
}

func (l *lab) lan(name string) (*link, error) {
	if lan := l.lans[name]; lan != nil {
		return lan, nil
	}
	return nil, fmt.Errorf("there is no LAN %s", name)
}

// plug puts the cable in. The first time, the interface appears in the place;
// later its carrier comes back.
func (l *lab) plug(p *place, lanName string, ipv4 bool) error {
	lan, err := l.lan(lanName)
	if err != nil {
		return err
	}
	if port := p.ports[lanName]; port != nil {
		return ips("link set " + port.outer + " up")
	}
	n := serial.Add(1)
	port := &port{outer: fmt.Sprintf("v%d", n), inner: fmt.Sprintf("eth%d", len(p.ports))}
	p.ports[lanName] = port
	steps := []string{
		fmt.Sprintf("link add %s type veth peer name %s netns %s", port.outer, port.inner, p.ns),
		fmt.Sprintf("link set %s master %s", port.outer, lan.bridge),
	}
	if !lan.multicast {
		steps = append(steps, fmt.Sprintf("link set %s type bridge_slave mcast_flood off", port.outer))
	}
	steps = append(steps, fmt.Sprintf("link set %s up", port.outer))
	if ipv4 {
		steps = append(steps, fmt.Sprintf("-n %s addr add %s/24 dev %s", p.ns, l.address(p, lan), port.inner))
	}
	steps = append(steps, fmt.Sprintf("-n %s link set %s up", p.ns, port.inner))
	return ips(steps...)
}

func (l *lab) address(p *place, lan *link) string {
	return fmt.Sprintf("10.%d.0.%d", lan.number, p.number)
}

// unplug pulls the cable out of one link, or of all of them: the interface
// stays and loses its carrier.
func (l *lab) unplug(p *place, lanName string) error {
	found := false
	for name, port := range p.ports {
		if lanName != "" && name != lanName {
			continue
		}
		found = true
		if err := ips("link set " + port.outer + " down"); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%s isn't plugged into %s", p.name, lanName)
	}
	return nil
}

// detach takes the interface away, as when a USB adapter is pulled out; plug
// makes it anew.
func (l *lab) detach(p *place, lanName string) error {
	port := p.ports[lanName]
	if port == nil {
		return fmt.Errorf("%s isn't plugged into %s", p.name, lanName)
	}
	delete(p.ports, lanName)
	return ips("link del " + port.outer)
}

// command prepares a command in a place; "navette" is the program under test,
// "navette up" its daemon.
func (l *lab) command(ctx context.Context, p *place, dir string, args ...string) *exec.Cmd {
	if args[0] == "navette" {
		bin := l.bin.client
		if len(args) > 1 && args[1] == "up" {
			bin = l.bin.daemon
		}
		args = append([]string{bin}, args[1:]...)
	}
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", p.ns}, args...)...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = []string{
		"HOME=" + p.home,
		"NAVETTE_DATA=" + filepath.Join(p.home, "data"),
		"PATH=" + filepath.Dir(l.bin.client) + ":" + os.Getenv("PATH") + ":/usr/sbin:/sbin",
		"TMPDIR=" + l.work,
	}
	for _, name := range []string{"EDITOR", "GORACE", "LANG", "LC_ALL", "TZ"} {
		if v := l.getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	return cmd
}

// run runs a command in a place to its end and keeps what it said. An exit
// code other than 0 is an *exitError.
func (l *lab) run(p *place, dir, stdin string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	return l.runIn(ctx, p, dir, stdin, args...)
}

func (l *lab) runIn(ctx context.Context, p *place, dir, stdin string, args ...string) error {
	cmd := l.command(ctx, p, dir, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	l.last = output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: not finished in time", strings.Join(args, " "))
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return &exitError{strings.Join(args, " "), l.last}
	}
	return err
}

// close ends what still runs and takes the namespaces away.
func (l *lab) close() (errs error) {
	for _, p := range l.places {
		for file := range p.taps {
			errs = errors.Join(errs, p.endCapture(file))
		}
		if p.daemon != nil {
			errs = errors.Join(errs, l.stop(p, syscall.SIGTERM))
		}
		errs = errors.Join(errs, ips("netns del "+p.ns))
	}
	for _, dir := range l.disks {
		errs = errors.Join(errs, os.NewSyscallError("unmount a disk", syscall.Unmount(dir, 0)))
	}
	for _, lan := range l.lans {
		errs = errors.Join(errs, ips("link del "+lan.bridge))
	}
	return errs
}
