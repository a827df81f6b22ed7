//go:build netns && linux

package lan_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// two machines on a switch, each with an IPv4 address and no route beyond.
func two(t *testing.T) (s *lanSwitch, a, b *cable) {
	s = newSwitch(t)
	a = s.plug(namespace(t, "a"), "eth0", "10.77.0.1/24")
	b = s.plug(namespace(t, "b"), "eth0", "10.77.0.2/24")
	return s, a, b
}

func TestMeetWithoutRoute(t *testing.T) {
	_, ca, cb := two(t)
	a := start(t, ca.machine)
	since := time.Now()
	b := start(t, cb.machine)
	inUse(t, "a second node starts", a, b, since)
	inUse(t, "and the other way", b, a, since)
}

func TestGoodbye(t *testing.T) {
	_, ca, cb := two(t)
	a, b := start(t, ca.machine), start(t, cb.machine)
	a.meets(b, time.Now())
	b.quit()
	since := time.Now()
	a.await("gone", b.peer, time.Time{})
	t.Logf("goodbye heard after %v", time.Since(since).Round(time.Millisecond))
}

func TestNoNetworkAtBoot(t *testing.T) {
	s := newSwitch(t)
	ma, mb := namespace(t, "a"), namespace(t, "b")
	s.plug(mb, "eth0", "10.77.0.2/24")
	a, b := start(t, ma), start(t, mb)
	c := s.plug(ma, "eth0")
	since := time.Now()
	c.address("add", "10.77.0.1/24")
	inUse(t, "the first network comes", a, b, since)
	inUse(t, "and the other way", b, a, since)
}

func TestInterfaceRecreated(t *testing.T) {
	s, ca, cb := two(t)
	a, b := start(t, ca.machine), start(t, cb.machine)
	a.meets(b, time.Now())
	for range 2 {
		ca.remove()
		a.await("lost", b.peer, time.Time{})
		ca = s.plug(ca.machine, "eth0", "10.77.0.1/24")
		since := time.Now()
		inUse(t, "the interface is made anew", a, b, since)
		inUse(t, "and the other way", b, a, since)
	}
}

func TestAddressChanged(t *testing.T) {
	_, ca, cb := two(t)
	a, b := start(t, ca.machine), start(t, cb.machine)
	a.meets(b, time.Now())
	// Without IPv6 nothing but the new address is left.
	for _, c := range []*cable{ca, cb} {
		ip(t, fmt.Sprintf("netns exec %s sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1", c.machine))
	}
	ca.address("del", "10.77.0.1/24")
	ca.address("add", "10.77.0.99/24")
	since := time.Now()
	inUse(t, "the address changes", a, b, since)
	inUse(t, "and the other way", b, a, since)
	ca.address("del", "10.77.0.99/24")
	cb.address("add", "192.168.5.2/16")
	ca.address("add", "192.168.5.1/16")
	since = time.Now()
	inUse(t, "another network", a, b, since)
	inUse(t, "and the other way", b, a, since)
}

func TestIPv6Only(t *testing.T) {
	s := newSwitch(t)
	ma, mb := namespace(t, "a"), namespace(t, "b")
	s.plug(ma, "eth0")
	s.plug(mb, "eth0")
	since := time.Now()
	a, b := start(t, ma), start(t, mb)
	inUse(t, "only link-local addresses", a, b, since)
	inUse(t, "and the other way", b, a, since)
	for _, e := range a.drain() {
		for _, addr := range e.Addrs {
			if !strings.HasPrefix(addr, "[fe80:") || !strings.Contains(addr, "%eth0]") {
				t.Errorf("found at %s, want link-local with the zone", addr)
			}
		}
	}
}

func TestTwoInterfaces(t *testing.T) {
	left, right := newSwitch(t), newSwitch(t)
	ma, mb, mc := namespace(t, "a"), namespace(t, "b"), namespace(t, "c")
	cable := left.plug(ma, "eth0", "10.77.0.1/24")
	right.plug(ma, "eth1", "192.168.9.1/24")
	left.plug(mb, "eth0", "10.77.0.2/24")
	right.plug(mc, "eth0", "192.168.9.2/24")
	since := time.Now()
	a, b, c := start(t, ma), start(t, mb), start(t, mc)
	inUse(t, "first link", a, b, since)
	inUse(t, "second link", a, c, since)
	inUse(t, "back on the first", b, a, since)
	inUse(t, "back on the second", c, a, since)
	cable.pull()
	apart(a, b)
	c.meets(a, time.Now()) // the other link goes on
	cable.push()
	since = time.Now()
	inUse(t, "the first link comes back", a, b, since)
	for _, e := range append(b.drain(), c.drain()...) {
		if e.Kind == "found" && (e.Peer == b.peer || e.Peer == c.peer) {
			t.Errorf("%v was found through a machine between two links", e.Peer)
		}
	}
}

// A cable is pulled and put back. The sessions have ended before, so that it is
// not TCP's patience that is measured.
func TestCablePulled(t *testing.T) {
	_, ca, cb := two(t)
	a, b := start(t, ca.machine), start(t, cb.machine)
	a.meets(b, time.Now())
	b.meets(a, time.Now())
	ca.pull()
	apart(a, b)
	ca.push()
	since := time.Now()
	inUse(t, "the cable is back", a, b, since)
	inUse(t, "and the other way", b, a, since)
	// And so shortly that nobody has noticed.
	ca.pull()
	ca.push()
	since = time.Now()
	inUse(t, "the cable was out for a moment", a, b, since)
	// And until one side has noticed and the other hasn't.
	a.drain()
	ca.pull()
	a.await("lost", b.peer, time.Time{})
	ca.push()
	since = time.Now()
	inUse(t, "the cable is back early", a, b, since)
	inUse(t, "and the other way", b, a, since)
}

// A switch further on fails: neither side sees its own link change.
func TestSilentCut(t *testing.T) {
	_, ca, cb := two(t)
	a, b := start(t, ca.machine), start(t, cb.machine)
	a.meets(b, time.Now())
	b.meets(a, time.Now())
	ca.cut()
	cut := time.Now()
	apart(a, b)
	t.Logf("silent cut noticed by both after %v", time.Since(cut).Round(time.Millisecond))
	a.await("gone", b.peer, time.Time{})
	b.await("gone", a.peer, time.Time{})
	t.Logf("both gone after %v", time.Since(cut).Round(time.Millisecond))
	ca.mend()
	since := time.Now()
	inUse(t, "the silent cut is mended", a, b, since)
	inUse(t, "and the other way", b, a, since)
}

// avahi runs avahi-daemon in a machine, until the test ends.
func avahi(t *testing.T, machine string) {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "avahi.conf")
	content := "[server]\nhost-name=other\nuse-ipv4=yes\nuse-ipv6=yes\nenable-dbus=no\n[publish]\npublish-hinfo=no\n"
	if err := os.WriteFile(conf, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	// A private /run, since avahi's pid file would be that of another's.
	cmd := exec.Command("ip", "netns", "exec", machine, "sh", "-c",
		"mount -t tmpfs none /run && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "+conf)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting avahi-daemon (Debian's package avahi-daemon): %v", err)
	}
	t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	log := make([]byte, 0, 4096)
	for buf := make([]byte, 4096); !strings.Contains(string(log), "Server startup complete"); {
		n, err := stderr.Read(buf)
		if err != nil {
			t.Fatalf("avahi-daemon: %v: %s", err, log)
		}
		log = append(log, buf[:n]...)
	}
	go func() {
		for buf := make([]byte, 4096); ; {
			if _, err := stderr.Read(buf); err != nil {
				return
			}
		}
	}()
}

func TestAvahiBefore(t *testing.T) {
	_, ca, cb := two(t)
	avahi(t, ca.machine)
	since := time.Now()
	a, b := start(t, ca.machine), start(t, cb.machine)
	inUse(t, "beside an avahi that was there", a, b, since)
	inUse(t, "and the other way", b, a, since)
}

func TestAvahiAfter(t *testing.T) {
	_, ca, cb := two(t)
	a := start(t, ca.machine)
	avahi(t, ca.machine)
	since := time.Now()
	b := start(t, cb.machine)
	inUse(t, "with an avahi that came later", a, b, since)
	inUse(t, "and the other way", b, a, since)
	b.quit()
	a.await("gone", b.peer, time.Time{})
}
