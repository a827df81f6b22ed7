//go:build netns && linux

package lan_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"navette/transport"

	"github.com/miekg/dns"
)

// Whatever happens, packets go to the peers and to the link's multicast groups:
// not to the gateway, though there is one, and no name is asked for or told.
func TestNothingLeaves(t *testing.T) {
	s, ca, cb := two(t)
	gateway := namespace(t, "gw")
	s.plug(gateway, "eth0", "10.77.0.254/24")
	for _, c := range []*cable{ca, cb} {
		ip(t, "-n "+c.machine+" route add default via 10.77.0.254")
	}
	stop := program(t, s.ns, "capture")
	a, b := start(t, ca.machine), start(t, cb.machine)
	a.meets(b, time.Now())
	ca.remove()
	b.await("lost", a.peer, time.Time{})
	ca = s.plug(ca.machine, "eth0", "10.77.0.1/24")
	ip(t, "-n "+ca.machine+" route add default via 10.77.0.254")
	a.meets(b, time.Now())
	a.quit()
	b.quit()
	said := strings.Fields(stop())
	if len(said) == 0 {
		t.Fatal("nothing was captured")
	}
	multicast := map[string]bool{}
	for _, line := range said {
		what, to, _ := strings.Cut(line, "=")
		switch what {
		case "hostname":
			t.Errorf("a packet to %s holds this machine's name", to)
		case "to":
			dst, err := netip.ParseAddrPort(to)
			if err != nil {
				t.Fatalf("capture: %v", err)
			}
			local := dst.Addr().IsLinkLocalMulticast() || dst.Addr().IsLinkLocalUnicast() ||
				slices.Contains([]string{"10.77.0.1", "10.77.0.2"}, dst.Addr().String())
			if !local || dst.Port() == 53 {
				t.Errorf("a packet went to %v", dst)
			}
			if dst.Addr().IsMulticast() && dst.Port() != 0 {
				multicast[dst.String()] = true
			}
		}
	}
	want := map[string]bool{"224.0.0.251:5353": true, "[ff02::fb]:5353": true}
	if !maps.Equal(multicast, want) {
		t.Errorf("multicasts went to %v, want %v", multicast, want)
	}
}

// program runs this test program in a role; stop ends it and gives its output.
func program(t *testing.T, machine, role string) (stop func() string) {
	t.Helper()
	cmd := exec.Command("ip", "netns", "exec", machine, os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	var out bytes.Buffer
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
		t.Fatal(err)
	}
	ready := make([]byte, len(readyLine))
	if _, err := io.ReadFull(stdout, ready); err != nil {
		t.Fatalf("%s didn't begin: %v", role, err)
	}
	done := make(chan struct{})
	go func() { out.ReadFrom(stdout); close(done) }()
	ended := false
	stop = func() string {
		if !ended {
			ended = true
			stdin.Close()
			<-done
			if err := cmd.Wait(); err != nil {
				t.Errorf("%s: %v", role, err)
			}
		}
		return out.String()
	}
	t.Cleanup(func() { stop() })
	return stop
}

const readyLine = "ready\n"

// runCapture prints once each where IP packets on the switch go.
func runCapture() error {
	ctx, cancel := untilStdinEnds()
	defer cancel()
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, syscall.ETH_P_ALL))
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, int(all))
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	wake := syscall.Timeval{Usec: 100_000}
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wake); err != nil {
		return err
	}
	fmt.Print(readyLine)
	seen := map[string]bool{}
	buf := make([]byte, 64<<10)
	for ctx.Err() == nil {
		n, _, err := syscall.Recvfrom(fd, buf, 0)
		if err != nil {
			continue
		}
		dst, ok := destination(buf[:n])
		if !ok {
			continue
		}
		if line := "to=" + dst.String(); !seen[line] {
			seen[line] = true
			fmt.Println(line)
		}
		if bytes.Contains(buf[:n], []byte(host)) {
			fmt.Println("hostname=" + dst.String())
		}
	}
	return nil
}

// destination of an Ethernet frame that holds IP; the port is 0 if it is
// neither TCP nor UDP.
func destination(frame []byte) (netip.AddrPort, bool) {
	const ethernet = 14
	if len(frame) < ethernet+40 {
		return netip.AddrPort{}, false
	}
	kind, packet := binary.BigEndian.Uint16(frame[12:]), frame[ethernet:]
	var addr netip.Addr
	var next byte
	var rest []byte
	switch kind {
	case syscall.ETH_P_IP:
		addr, next, rest = netip.AddrFrom4([4]byte(packet[16:20])), packet[9], packet[4*(packet[0]&15):]
	case syscall.ETH_P_IPV6:
		addr, next, rest = netip.AddrFrom16([16]byte(packet[24:40])), packet[6], packet[40:]
	default:
		return netip.AddrPort{}, false
	}
	port := uint16(0)
	if (next == syscall.IPPROTO_TCP || next == syscall.IPPROTO_UDP) && len(rest) >= 4 {
		port = binary.BigEndian.Uint16(rest[2:])
	}
	return netip.AddrPortFrom(addr, port), true
}

// A stranger announces thousands of peers that don't exist, from dozens of
// addresses. Two nodes that know each other meet all the same.
func TestFlood(t *testing.T) {
	s, ca, cb := two(t)
	mallory := namespace(t, "m")
	c := s.plug(mallory, "eth0")
	for i := range flooders {
		c.address("add", fmt.Sprintf("10.77.0.%d/24", 100+i))
	}
	b := start(t, cb.machine)
	program(t, mallory, "flood")
	a := start(t, ca.machine, b.peer)
	a.await("found", transport.Peer{}, time.Time{}) // the flood is there
	a.meets(b, time.Now())
	cb.pull()
	a.await("lost", b.peer, time.Time{}) // b, to which a is a stranger, may not have found it
	cb.push()
	since := time.Now()
	inUse(t, "the cable is back, in a flood", a, b, since)
	found := map[transport.Peer]bool{}
	for _, e := range a.drain() {
		switch e.Kind {
		case "found":
			found[e.Peer] = true
			if len(e.Addrs) > 4 {
				t.Errorf("%d addresses for one candidate, want at most 4", len(e.Addrs))
			}
		case "gone":
			delete(found, e.Peer)
		}
	}
	if len(found) > 64 {
		t.Errorf("%d candidates at a time, want at most 64", len(found))
	}
}

// flooders is from how many addresses the flood comes.
const flooders = 40

func runFlood() error {
	ctx, cancel := untilStdinEnds()
	defer cancel()
	var from []*net.UDPConn
	for i := range flooders {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 77, 0, byte(100+i))})
		if err != nil {
			return err
		}
		defer c.Close()
		raw, err := c.SyscallConn()
		if err != nil {
			return err
		}
		var failed error
		raw.Control(func(fd uintptr) {
			failed = syscall.SetsockoptInet4Addr(int(fd), syscall.IPPROTO_IP, syscall.IP_MULTICAST_IF, [4]byte{10, 77, 0, byte(100 + i)})
		})
		if failed != nil {
			return failed
		}
		from = append(from, c)
	}
	fmt.Print(readyLine)
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	for i := 0; ctx.Err() == nil; i++ {
		b, err := fake(i)
		if err != nil {
			return err
		}
		from[i%flooders].WriteToUDP(b, &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353})
		if i%4 == 0 {
			<-pause.C
		}
	}
	return nil
}

// fake is an announcement of a peer that doesn't exist.
func fake(i int) ([]byte, error) {
	var p transport.Peer
	rand.Read(p[:])
	const service = "_navette._tcp.local."
	instance, host := strconv.Itoa(i)+"."+service, strconv.Itoa(i)+".local."
	m := dns.Msg{MsgHdr: dns.MsgHdr{Response: true, Authoritative: true}, Compress: true}
	for _, r := range []string{
		service + " 120 IN PTR " + instance,
		instance + " 120 IN SRV 0 0 4242 " + host,
		instance + " 120 IN TXT \"id=" + p.String() + "\" \"v=1\"",
		host + " 120 IN A 10.77.1." + strconv.Itoa(i%250+1),
		host + " 120 IN A 10.77.2." + strconv.Itoa(i%250+1),
		host + " 120 IN A 10.77.3." + strconv.Itoa(i%250+1),
		host + " 120 IN A 10.77.4." + strconv.Itoa(i%250+1),
		host + " 120 IN A 8.8.8.8",
	} {
		rr, err := dns.NewRR(r)
		if err != nil {
			return nil, err
		}
		m.Answer = append(m.Answer, rr)
	}
	return m.Pack()
}
