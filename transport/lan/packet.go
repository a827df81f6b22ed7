package lan

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"

	"navette/transport"

	"github.com/miekg/dns"
)

const (
	// packetMost is the longest mDNS packet (RFC 6762 §17).
	packetMost = 9000
	// recordsMost in a packet, and peersMost, are many more than ours have.
	recordsMost = 256
	peersMost   = 4
)

// packet is what came in on a link.
type packet struct {
	content []byte
	from    netip.AddrPort // with the zone, if it is link-local
	link    transport.Interface
}

// worthReading keeps out, before anything is unpacked, questions and the talk
// of other services: every answer of ours spells the service once.
func worthReading(b []byte) bool {
	const header = 12
	if len(b) < header || len(b) > packetMost || b[2]&0x80 == 0 {
		return false
	}
	records := 0
	for i := 4; i < header; i += 2 {
		records += int(binary.BigEndian.Uint16(b[i:]))
	}
	return records <= recordsMost && strings.Contains(strings.ToLower(string(b)), "\x08_navette\x04_tcp")
}

// parse reads who says to be there, or to go, in a packet from anybody. Only
// local addresses are believed; the one that the packet came from is best.
func parse(p packet, self transport.Peer) []sighting {
	var m dns.Msg
	from := p.from.Addr().Unmap()
	if !transport.IsLocal(from) || !worthReading(p.content) || m.Unpack(p.content) != nil ||
		m.Opcode != dns.OpcodeQuery || m.Rcode != dns.RcodeSuccess {
		return nil
	}
	records := slices.Concat(m.Answer, m.Extra)
	var seen []sighting
	for _, r := range records {
		ptr, ok := r.(*dns.PTR)
		if !ok || !strings.EqualFold(ptr.Hdr.Name, service) || !strings.HasSuffix(strings.ToLower(ptr.Ptr), "."+service) {
			continue
		}
		if len(seen) == peersMost {
			break
		}
		peer, ok := peerIn(records, ptr.Ptr)
		if !ok || peer == self {
			continue
		}
		s := sighting{peer: peer, link: p.link.Index, source: from, gone: ptr.Hdr.Ttl == 0}
		if !s.gone {
			if s.addrs = addrsIn(records, ptr.Ptr, from, p.link.Name); s.addrs == nil {
				continue
			}
		}
		seen = append(seen, s)
	}
	return seen
}

// peerIn finds the peer id in the TXT record of an instance.
func peerIn(records []dns.RR, instance string) (transport.Peer, bool) {
	for _, r := range records {
		if txt, ok := r.(*dns.TXT); ok && strings.EqualFold(txt.Hdr.Name, instance) {
			for _, field := range txt.Txt {
				if id, ok := strings.CutPrefix(field, "id="); ok {
					p, err := transport.ParsePeer(id)
					return p, err == nil
				}
			}
		}
	}
	return transport.Peer{}, false
}

// addrsIn finds the port of an instance and the addresses of its host. Nil
// without a port.
func addrsIn(records []dns.RR, instance string, from netip.Addr, link string) []string {
	i := slices.IndexFunc(records, func(r dns.RR) bool {
		srv, ok := r.(*dns.SRV)
		return ok && srv.Port != 0 && strings.EqualFold(srv.Hdr.Name, instance)
	})
	if i < 0 {
		return nil
	}
	srv := records[i].(*dns.SRV)
	addrs := []string{netip.AddrPortFrom(from, srv.Port).String()}
	for _, r := range records {
		if !strings.EqualFold(r.Header().Name, srv.Target) || len(addrs) == addrsMost {
			continue
		}
		var ip net.IP
		switch r := r.(type) {
		case *dns.A:
			ip = r.A
		case *dns.AAAA:
			ip = r.AAAA
		}
		a, ok := netip.AddrFromSlice(ip)
		if a = a.Unmap(); !ok || !transport.IsLocal(a) {
			continue
		}
		if a.Is6() && a.IsLinkLocalUnicast() {
			a = a.WithZone(link)
		}
		if s := netip.AddrPortFrom(a, srv.Port).String(); !slices.Contains(addrs, s) {
			addrs = append(addrs, s)
		}
	}
	return addrs
}
