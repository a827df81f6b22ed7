//go:build netns && linux

package lan_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"navette/transport"
)

// These tests need root and iproute2, and fail without. Each makes a switch (a
// bridge in a namespace of its own) and machines (namespaces) plugged into it;
// nothing has a default route unless a test gives it one. A node runs in a
// machine as a process of its own: this test program again, see node_test.go.

// within is what the product promises for a link that comes back.
const within = 5 * time.Second

// patience is how long a test waits for what must happen at some time.
const patience = 40 * time.Second

// ip runs iproute2 and fails the test if it fails.
func ip(t *testing.T, args string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s (these tests need root and iproute2)", args, err, out)
	}
}

var names = struct {
	sync.Mutex
	n int
}{}

// namespace makes one that ends with the test.
func namespace(t *testing.T, kind string) string {
	t.Helper()
	names.Lock()
	names.n++
	ns := fmt.Sprintf("nvt%d-%s%d", os.Getpid(), kind, names.n)
	names.Unlock()
	ip(t, "netns add "+ns)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", ns).Run() })
	ip(t, "-n "+ns+" link set lo up")
	return ns
}

// lanSwitch is a switch.
type lanSwitch struct {
	t     *testing.T
	ns    string
	ports int
}

func newSwitch(t *testing.T) *lanSwitch {
	s := &lanSwitch{t: t, ns: namespace(t, "sw")}
	ip(t, "-n "+s.ns+" link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0")
	ip(t, "-n "+s.ns+" link set br0 up")
	return s
}

// cable connects an interface of a machine to the switch.
type cable struct {
	*lanSwitch
	machine, name, port string
}

// plug makes the interface, with addrs if any.
func (s *lanSwitch) plug(machine, name string, addrs ...string) *cable {
	s.t.Helper()
	s.ports++
	c := &cable{s, machine, name, fmt.Sprintf("p%d", s.ports)}
	ip(s.t, fmt.Sprintf("-n %s link add %s type veth peer name %s netns %s", s.ns, c.port, name, machine))
	ip(s.t, fmt.Sprintf("-n %s link set %s master br0 up", s.ns, c.port))
	ip(s.t, fmt.Sprintf("-n %s link set %s up", machine, name))
	for _, a := range addrs {
		c.address("add", a)
	}
	return c
}

func (c *cable) address(verb, addr string) {
	c.t.Helper()
	ip(c.t, fmt.Sprintf("-n %s addr %s %s dev %s", c.machine, verb, addr, c.name))
}

// pull takes the carrier away; push gives it back.
func (c *cable) pull() { c.t.Helper(); ip(c.t, "-n "+c.ns+" link set "+c.port+" down") }
func (c *cable) push() { c.t.Helper(); ip(c.t, "-n "+c.ns+" link set "+c.port+" up") }

// cut leaves the carrier, as when another switch on the way fails.
func (c *cable) cut()  { c.t.Helper(); ip(c.t, "-n "+c.ns+" link set "+c.port+" nomaster") }
func (c *cable) mend() { c.t.Helper(); ip(c.t, "-n "+c.ns+" link set "+c.port+" master br0") }

// remove makes the interface vanish from the machine.
func (c *cable) remove() { c.t.Helper(); ip(c.t, "-n "+c.machine+" link del "+c.name) }

// event is what a node reports, a line of JSON each.
type event struct {
	Kind string         `json:"kind"` // ready, found, gone, beat or lost
	Peer transport.Peer `json:"peer"`
	// Sent is when the beat was sent.
	Sent time.Time `json:"sent"`
	// Addrs of who was found.
	Addrs []string `json:"addrs"`
}

// node is a process in a machine.
type node struct {
	t      *testing.T
	peer   transport.Peer
	events chan event
	quit   func()
}

// start runs a node in a machine; pinned peers are known to it.
func start(t *testing.T, machine string, pinned ...transport.Peer) *node {
	t.Helper()
	known, err := json.Marshal(pinned)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ip", "netns", "exec", machine, os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"=node", knownVar+"="+string(known))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting a node: %v", err)
	}
	n := &node{t: t, events: make(chan event, 10_000)}
	var once sync.Once
	n.quit = func() {
		once.Do(func() {
			stdin.Close()
			if err := cmd.Wait(); err != nil {
				t.Errorf("node: %v", err)
			}
		})
	}
	t.Cleanup(n.quit)
	go n.listen(stdout)
	n.peer = n.await("ready", transport.Peer{}, time.Time{}).Peer
	return n
}

func (n *node) listen(stdout io.Reader) {
	defer close(n.events)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			n.events <- e
		}
	}
}

// await waits for an event about peer (zero: any), and of a beat, for one sent
// after since.
func (n *node) await(kind string, peer transport.Peer, since time.Time) event {
	n.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, ok := <-n.events:
			if !ok {
				n.t.Fatalf("the node ended while waiting for %s of %v", kind, peer)
			}
			if e.Kind == kind && (peer == transport.Peer{} || e.Peer == peer) && e.Sent.After(since) == (kind == "beat") {
				return e
			}
		case <-late:
			n.t.Fatalf("no %s of %v within %v", kind, peer, patience)
		}
	}
}

// drain gives what has been reported and not waited for.
func (n *node) drain() []event {
	var all []event
	for {
		select {
		case e := <-n.events:
			all = append(all, e)
		default:
			return all
		}
	}
}

// meets waits until the two exchange frames that were sent after since, and
// gives how long after since that was.
func (n *node) meets(m *node, since time.Time) time.Duration {
	n.t.Helper()
	n.await("beat", m.peer, since)
	took := time.Since(since)
	return took
}

// inUse fails the test if n and m don't exchange frames within the promise.
func inUse(t *testing.T, what string, n, m *node, since time.Time) {
	t.Helper()
	took := n.meets(m, since)
	t.Logf("%s: in use after %v", what, took.Round(time.Millisecond))
	if took > within {
		t.Errorf("%s: in use after %v, want at most %v", what, took, within)
	}
}

// apart waits until a and b have both lost their session.
func apart(a, b *node) {
	a.t.Helper()
	a.await("lost", b.peer, time.Time{})
	b.await("lost", a.peer, time.Time{})
}
