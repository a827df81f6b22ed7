package lan

import (
	"flag"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strings"
	"testing"

	"navette/transport"

	"github.com/miekg/dns"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// testZone has fixed names and addresses.
func testZone() *zone {
	var p transport.Peer
	for i := range p {
		p[i] = byte(i)
	}
	z := newZone(p, 4242, "0011223344556677", "8899aabbccddeeff")
	z.set([]netip.Addr{
		netip.MustParseAddr("fe80::1"), netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("fd00::20"),
		netip.MustParseAddr("2001:db8::20"), netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("192.168.1.20"),
	})
	return z
}

var link = transport.Interface{Name: "eth0", Index: 3}

func heardFrom(content []byte, from string) packet {
	return packet{content, netip.MustParseAddrPort(from), link}
}

// answer is what hashicorp's server sends to a question.
func answer(z *zone, name string, kind uint16) *dns.Msg {
	return &dns.Msg{
		MsgHdr:   dns.MsgHdr{Response: true, Authoritative: true},
		Compress: true,
		Answer:   z.Records(dns.Question{Name: name, Qtype: kind, Qclass: dns.ClassINET}),
	}
}

// emitted is everything that this package can send.
func emitted(t *testing.T, z *zone) map[string][]byte {
	all := map[string][]byte{
		"question":     question,
		"announcement": z.announcement(),
		"goodbye":      z.goodbye(),
	}
	for name, m := range map[string]*dns.Msg{
		"answer: service":  answer(z, service, dns.TypePTR),
		"answer: services": answer(z, "_services._dns-sd._udp.local.", dns.TypePTR),
		"answer: instance": answer(z, z.instance+"."+service, dns.TypeANY),
		"answer: host":     answer(z, z.host+".local.", dns.TypeA),
		"answer: host, v6": answer(z, z.host+".local.", dns.TypeAAAA),
	} {
		b, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		all[name] = b
	}
	return all
}

func TestEmittedPackets(t *testing.T) {
	all := emitted(t, testZone())
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	var text strings.Builder
	for _, name := range names {
		var m dns.Msg
		if err := m.Unpack(all[name]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text.WriteString("## " + name + "\n" + m.String() + "\n")
		if len(all[name]) > 1400 {
			t.Errorf("%s: %d bytes, want at most 1400", name, len(all[name]))
		}
		if class := m.Question; len(class) > 0 && class[0].Qclass != dns.ClassINET {
			t.Errorf("%s: asks for a unicast answer", name)
		}
	}
	const golden = "testdata/emitted.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("packets are not those of %s (see -update); got:\n%s", golden, text.String())
	}
}

func TestNamesAreRandomAndNobodys(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	var who string
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	z := newZone(transport.Peer{1}, 4242, randomName(), randomName())
	z.set([]netip.Addr{netip.MustParseAddr("10.0.0.1")})
	for name, b := range emitted(t, z) {
		for _, secret := range []string{host, who} {
			if secret != "" && strings.Contains(strings.ToLower(string(b)), strings.ToLower(secret)) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
	if a, b := randomName(), randomName(); a == b || len(a) != 16 {
		t.Errorf("random names %q and %q", a, b)
	}
}

// Without an address hashicorp's library would look up the machine's name.
func TestNothingToSayWithoutAddress(t *testing.T) {
	z := newZone(transport.Peer{1}, 4242, "i", "h")
	z.set([]netip.Addr{netip.MustParseAddr("203.0.113.9")})
	if b := z.announcement(); b != nil {
		t.Errorf("announcement without a local address: %d bytes", len(b))
	}
	if r := z.Records(dns.Question{Name: service, Qtype: dns.TypePTR}); r != nil {
		t.Errorf("answers without a local address: %v", r)
	}
}

func TestZoneAnswersSoMany(t *testing.T) {
	z := testZone()
	for range answersMost {
		if !z.allow(7) {
			t.Fatal("refused within the bound")
		}
	}
	if z.allow(7) {
		t.Error("allowed beyond the bound")
	}
	if !z.allow(8) {
		t.Error("refused in the next second")
	}
}

func TestParse(t *testing.T) {
	z := testZone()
	all := emitted(t, z)
	for _, c := range []struct {
		name, from string
		content    []byte
		want       []string
	}{
		{"IPv4", "192.168.1.77:5353", all["announcement"],
			[]string{"192.168.1.77:4242", "192.168.1.20:4242", "[fd00::20]:4242", "[fe80::1%eth0]:4242"}},
		{"an answer", "192.168.1.20:5353", all["answer: service"],
			[]string{"192.168.1.20:4242", "[fd00::20]:4242", "[fe80::1%eth0]:4242"}},
		{"IPv6", "[fe80::9%eth0]:5353", all["announcement"],
			[]string{"[fe80::9%eth0]:4242", "192.168.1.20:4242", "[fd00::20]:4242", "[fe80::1%eth0]:4242"}},
		{"from the internet", "203.0.113.9:5353", all["announcement"], nil},
		{"a question", "192.168.1.77:5353", all["question"], nil},
		{"only the instance", "192.168.1.77:5353", all["answer: instance"], nil},
		{"cut short", "192.168.1.77:5353", all["announcement"][:len(all["announcement"])-1], nil},
		{"nothing", "192.168.1.77:5353", nil, nil},
	} {
		seen := parse(heardFrom(c.content, c.from), transport.Peer{})
		if len(seen) != min(1, len(c.want)) {
			t.Errorf("%s: got %v, want %v", c.name, seen, c.want)
			continue
		}
		if len(seen) > 0 && (seen[0].peer != z.self || seen[0].link != link.Index || !slices.Equal(seen[0].addrs, c.want)) {
			t.Errorf("%s: got %+v, want %v", c.name, seen[0], c.want)
		}
	}
	if seen := parse(heardFrom(all["announcement"], "192.168.1.77:5353"), z.self); len(seen) != 0 {
		t.Errorf("its own: got %v", seen)
	}
	if seen := parse(heardFrom(all["goodbye"], "192.168.1.77:5353"), transport.Peer{}); len(seen) != 1 || !seen[0].gone {
		t.Errorf("goodbye: got %+v", seen)
	}
}

// changed is the announcement with something else in it.
func changed(t testing.TB, change func(*dns.Msg)) []byte {
	var m dns.Msg
	if err := m.Unpack(testZone().announcement()); err != nil {
		t.Fatal(err)
	}
	change(&m)
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// each applies f to the records of one kind.
func each[R dns.RR](m *dns.Msg, f func(R)) {
	for _, r := range m.Answer {
		if r, ok := r.(R); ok {
			f(r)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, change := range map[string]func(*dns.Msg){
		"another service":   func(m *dns.Msg) { each(m, func(r *dns.PTR) { r.Hdr.Name = "_other._tcp.local." }) },
		"another's suffix":  func(m *dns.Msg) { each(m, func(r *dns.PTR) { r.Ptr = "x._other._tcp.local." }) },
		"no port":           func(m *dns.Msg) { each(m, func(r *dns.SRV) { r.Port = 0 }) },
		"no service record": func(m *dns.Msg) { each(m, func(r *dns.SRV) { r.Hdr.Name = "x.local." }) },
		"no peer":           func(m *dns.Msg) { each(m, func(r *dns.TXT) { r.Txt = []string{"v=1"} }) },
		"not a peer":        func(m *dns.Msg) { each(m, func(r *dns.TXT) { r.Txt = []string{"id=12D3KooW"} }) },
		"an error":          func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure },
		"an update":         func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate },
	} {
		if seen := parse(heardFrom(changed(t, change), "192.168.1.77:5353"), transport.Peer{}); len(seen) != 0 {
			t.Errorf("%s: got %+v, want nothing", name, seen)
		}
	}
}

func TestWorthReading(t *testing.T) {
	announcement := testZone().announcement()
	many := slices.Clone(announcement)
	many[6] = 0xff
	for name, c := range map[string]struct {
		packet []byte
		want   bool
	}{
		"announcement":   {announcement, true},
		"question":       {question, false},
		"empty":          {nil, false},
		"a header":       {announcement[:12], false},
		"too many":       {many, false},
		"too long":       {append(slices.Clone(announcement), make([]byte, packetMost)...), false},
		"other services": {pack(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}}), false},
	} {
		if got := worthReading(c.packet); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func FuzzMDNSPacket(f *testing.F) {
	z := testZone()
	f.Add(z.announcement(), "192.168.1.77:5353")
	f.Add(z.goodbye(), "[fe80::9%eth0]:5353")
	f.Add(question, "10.0.0.1:5353")
	f.Add(changed(f, func(m *dns.Msg) { m.Answer = append(m.Answer, m.Answer...) }), "172.16.0.1:1")
	f.Add([]byte("\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\x08_navette\x04_tcp\xc0\x0c"), "10.0.0.1:5353")
	f.Fuzz(func(t *testing.T, content []byte, from string) {
		source, err := netip.ParseAddrPort(from)
		if err != nil {
			return
		}
		seen := parse(packet{content, source, link}, z.self)
		if len(seen) > peersMost {
			t.Fatalf("%d peers in a packet, want at most %d", len(seen), peersMost)
		}
		for _, s := range seen {
			if s.peer == z.self || !transport.IsLocal(s.source) || s.gone != (len(s.addrs) == 0) || len(s.addrs) > addrsMost {
				t.Fatalf("a sighting out of bounds: %+v", s)
			}
			for _, a := range s.addrs {
				ap, err := netip.ParseAddrPort(a)
				if err != nil || ap.Port() == 0 || !transport.IsLocal(ap.Addr()) {
					t.Fatalf("address %q: %v", a, err)
				}
			}
		}
	})
}
