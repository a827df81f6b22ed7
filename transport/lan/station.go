package lan

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"reflect"
	"sync"

	"navette/transport"

	"github.com/hashicorp/mdns"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// onLink is the time to live of what mustn't leave the link, and shows that it
// didn't come from beyond it.
const onLink = 255

// failuresMost is how often in a row reading may fail before it is given up; a
// change of the link makes a new socket.
const failuresMost = 100

var groups = map[string]netip.AddrPort{
	"udp4": netip.MustParseAddrPort("224.0.0.251:5353"),
	"udp6": netip.MustParseAddrPort("[ff02::fb]:5353"),
}

// station is what a node has on one link.
type station struct {
	link   transport.Interface
	server *mdns.Server
	ears   []*ear
	wait   sync.WaitGroup // for those who read
}

// ear is a station's sockets for one family of addresses. Questions go out
// from asks, and are answered to it alone; announcements go out from hears,
// whose port is 5353, as they must (RFC 6762 §6).
type ear struct {
	asks, hears *net.UDPConn
	group       *net.UDPAddr
}

// openStation opens what the link allows. One family is enough.
func openStation(link transport.Interface, z *zone, answers, announcements chan<- packet) (*station, error) {
	iface, err := net.InterfaceByIndex(link.Index)
	if err != nil {
		return nil, fmt.Errorf("lan: %w", err)
	}
	s := &station{link: link}
	var failed []error
	for _, family := range []string{"udp4", "udp6"} {
		e, err := openEar(family, iface)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		s.ears = append(s.ears, e)
	}
	if len(s.ears) == 0 {
		return nil, fmt.Errorf("lan: opening sockets: %w", errors.Join(failed...))
	}
	s.server, err = mdns.NewServer(&mdns.Config{Zone: z, Iface: iface, Logger: log.New(io.Discard, "", 0)})
	if err != nil {
		s.close()
		return nil, fmt.Errorf("lan: starting the responder: %w", err)
	}
	for _, e := range s.ears {
		s.wait.Go(func() { s.read(e.asks, answers) })
		s.wait.Go(func() { s.read(e.hears, announcements) })
	}
	return s, nil
}

func openEar(family string, iface *net.Interface) (*ear, error) {
	group := net.UDPAddrFromAddrPort(groups[family])
	if family == "udp6" {
		group.Zone = iface.Name
	}
	hears, err := net.ListenMulticastUDP(family, iface, group)
	if err != nil {
		return nil, err
	}
	asks, err := net.ListenUDP(family, nil)
	if err != nil {
		hears.Close()
		return nil, err
	}
	e := &ear{asks: asks, hears: hears, group: group}
	if err := errors.Join(sendOn(family, asks, iface), sendOn(family, hears, iface), onlyJoined(family, hears)); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// sendOn makes multicasts leave by iface, whatever the routes say, and be
// heard by other programs on this machine too.
func sendOn(family string, c *net.UDPConn, iface *net.Interface) error {
	if family == "udp4" {
		p := ipv4.NewPacketConn(c)
		return errors.Join(p.SetMulticastInterface(iface), p.SetMulticastTTL(onLink), p.SetMulticastLoopback(true))
	}
	p := ipv6.NewPacketConn(c)
	return errors.Join(p.SetMulticastInterface(iface), p.SetMulticastHopLimit(onLink), p.SetMulticastLoopback(true))
}

// serves says whether l is still as it was when the station was opened.
func (s *station) serves(l transport.Interface) bool { return reflect.DeepEqual(s.link, l) }

// ask puts the question. What can't be sent now is asked in the next round.
func (s *station) ask() {
	for _, e := range s.ears {
		e.asks.WriteToUDP(question, e.group)
	}
}

// announce tells all; nothing if content is nil.
func (s *station) announce(content []byte) {
	for _, e := range s.ears {
		if content != nil {
			e.hears.WriteToUDP(content, e.group)
		}
	}
}

func (s *station) read(c *net.UDPConn, heard chan<- packet) {
	buf := make([]byte, packetMost+1)
	for failures := 0; failures < failuresMost; {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			failures++
			continue
		}
		failures = 0
		if !worthReading(buf[:n]) {
			continue
		}
		select {
		case heard <- packet{append([]byte(nil), buf[:n]...), from, s.link}:
		default: // a flood
		}
	}
}

func (s *station) close() {
	if s.server != nil {
		s.server.Shutdown()
	}
	for _, e := range s.ears {
		e.close()
	}
	s.wait.Wait()
}

func (e *ear) close() {
	e.asks.Close()
	e.hears.Close()
}
