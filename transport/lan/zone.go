package lan

import (
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"navette/transport"

	"github.com/hashicorp/mdns"
	"github.com/miekg/dns"
)

const (
	service = "_navette._tcp.local."
	// version of the TXT record.
	version = "1"
	// published is how many addresses are told; with more, an answer might not
	// fit into one packet.
	published = 8
	// answersMost is how many questions are answered in a second: enough for a
	// place full of nodes that wake at once, too few to be worth a stranger's
	// while to aim the answers at somebody else.
	answersMost = 200
)

// question is what is asked: who offers the service. The bit that asks for
// unicast answers isn't set: they come to the port that asks anyway.
var question = pack(&dns.Msg{Question: []dns.Question{{Name: service, Qtype: dns.TypePTR, Qclass: dns.ClassINET}}})

// zone is what this node tells about itself, on all links the same. It is the
// mdns.Zone of every server.
type zone struct {
	self           transport.Peer
	port           uint16
	instance, host string

	mu      sync.Mutex // guards what follows
	addrs   []netip.Addr
	second  int64 // of the answers counted
	answers int
}

var _ mdns.Zone = (*zone)(nil)

func newZone(self transport.Peer, port uint16, instance, host string) *zone {
	return &zone{self: self, port: port, instance: instance, host: host}
}

// randomName is new at every start, and says nothing.
func randomName() string {
	b := make([]byte, 8)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// set takes those addresses that a local network uses, IPv4 before IPv6.
func (z *zone) set(addrs []netip.Addr) {
	var local []netip.Addr
	for _, a := range addrs {
		if transport.IsLocal(a) && !slices.Contains(local, a) {
			local = append(local, a)
		}
	}
	slices.SortFunc(local, netip.Addr.Compare)
	z.mu.Lock()
	defer z.mu.Unlock()
	z.addrs = local
}

// Records answers a question, for hashicorp's server.
func (z *zone) Records(q dns.Question) []dns.RR {
	if !z.allow(time.Now().Unix()) {
		return nil
	}
	s := z.service()
	if s == nil {
		return nil
	}
	return s.Records(q)
}

func (z *zone) allow(second int64) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	if second != z.second {
		z.second, z.answers = second, 0
	}
	z.answers++
	return z.answers <= answersMost
}

// service is nil without an address: given none, the library would look up the
// machine's name.
func (z *zone) service() *mdns.MDNSService {
	z.mu.Lock()
	defer z.mu.Unlock()
	var ips []net.IP
	for _, a := range z.addrs[:min(len(z.addrs), published)] {
		ips = append(ips, net.IP(a.AsSlice()))
	}
	if len(ips) == 0 {
		return nil
	}
	txt := []string{"id=" + z.self.String(), "v=" + version}
	s, err := mdns.NewMDNSService(z.instance, "_navette._tcp", "local.", z.host+".local.", int(z.port), ips, txt)
	if err != nil {
		return nil
	}
	return s
}

// announcement tells all without being asked; nil while there is no address.
func (z *zone) announcement() []byte { return z.unasked(nil) }

// goodbye takes it back: the same with no time to live (RFC 6762 §10.1).
func (z *zone) goodbye() []byte {
	return z.unasked(func(r dns.RR) { r.Header().Ttl = 0 })
}

func (z *zone) unasked(change func(dns.RR)) []byte {
	s := z.service()
	if s == nil {
		return nil
	}
	records := s.Records(dns.Question{Name: service, Qtype: dns.TypePTR, Qclass: dns.ClassINET})
	for _, r := range records {
		if change != nil {
			change(r)
		}
	}
	return pack(&dns.Msg{
		MsgHdr:   dns.MsgHdr{Response: true, Authoritative: true},
		Compress: true,
		Answer:   records,
	})
}

// pack gives nil for what can't be packed, which our own messages always can.
func pack(m *dns.Msg) []byte {
	b, err := m.Pack()
	if err != nil {
		return nil
	}
	return b
}
