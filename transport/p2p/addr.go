package p2p

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"navette/transport"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// tried is how many addresses are tried for one Dial, names resolved.
const tried = 16

// resolve turns host:port into what can be dialled. A name is looked up by the
// system's resolver: it can only come from a person, since discovery gives
// numbers. A link-local address without a zone is tried on every link.
func resolve(ctx context.Context, addrs []string) ([]netip.AddrPort, error) {
	var found []netip.AddrPort
	var failed error
	for _, a := range addrs {
		host, service, err := net.SplitHostPort(a)
		if err != nil {
			failed = err
			continue
		}
		port, err := strconv.ParseUint(service, 10, 16)
		if err != nil || port == 0 {
			failed = fmt.Errorf("address %q: the port must be a number from 1 to 65535", a)
			continue
		}
		ips := []netip.Addr{}
		if ip, err := netip.ParseAddr(host); err == nil {
			ips = append(ips, ip)
		} else if ips, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
			failed = err
			continue
		}
		for _, ip := range ips {
			for _, ip := range everyLink(ip.Unmap()) {
				found = append(found, netip.AddrPortFrom(ip, uint16(port)))
			}
		}
	}
	slices.SortStableFunc(found, func(a, b netip.AddrPort) int { return rank(a.Addr()) - rank(b.Addr()) })
	if found = unique(found); len(found) > tried {
		found = found[:tried]
	}
	if len(found) == 0 && failed != nil {
		return nil, failed
	}
	return found, nil
}

// everyLink gives a, or if it is link-local without a zone, a on each link.
func everyLink(a netip.Addr) []netip.Addr {
	if !a.Is6() || !a.IsLinkLocalUnicast() || a.Zone() != "" {
		return []netip.Addr{a}
	}
	links, err := transport.Interfaces()
	if err != nil {
		return nil
	}
	var on []netip.Addr
	for _, l := range links {
		on = append(on, a.WithZone(l.Name))
	}
	return on
}

// rank orders addresses: nearest and cheapest first.
func rank(a netip.Addr) int {
	switch {
	case a.IsLoopback():
		return 0
	case a.Is4() && a.IsPrivate():
		return 1
	case a.IsPrivate():
		return 2
	case a.IsLinkLocalUnicast():
		return 4
	}
	return 3
}

func unique(addrs []netip.AddrPort) []netip.AddrPort {
	var once []netip.AddrPort
	for _, a := range addrs {
		if !slices.Contains(once, a) {
			once = append(once, a)
		}
	}
	return once
}

// systemAddrs are the addresses of this machine's links, with port.
func systemAddrs(port uint16) []string {
	links, err := transport.Interfaces()
	if err != nil {
		return nil
	}
	var ips []netip.Addr
	for _, l := range links {
		ips = append(ips, l.Addrs...)
	}
	slices.SortStableFunc(ips, func(a, b netip.Addr) int { return rank(a) - rank(b) })
	addrs := make([]string, len(ips))
	for i, ip := range ips {
		addrs[i] = netip.AddrPortFrom(ip, port).String()
	}
	return addrs
}

// systemHas asks the system once, and says of a connection's own address
// whether a link has it. If in doubt it has.
func systemHas() func(ma.Multiaddr) bool {
	links, err := transport.Interfaces()
	return func(m ma.Multiaddr) bool {
		a, perr := netip.ParseAddr(hostOf(m))
		if a = a.Unmap().WithZone(""); err != nil || perr != nil || a.IsLoopback() || a.IsUnspecified() {
			return true
		}
		return slices.ContainsFunc(links, func(l transport.Interface) bool { return slices.Contains(l.Addrs, a) })
	}
}

// tcpOf and quicOf write an address as libp2p does.
func tcpOf(a netip.AddrPort) (ma.Multiaddr, error) {
	return manet.FromNetAddr(net.TCPAddrFromAddrPort(a))
}

func quicOf(a netip.AddrPort) (ma.Multiaddr, error) {
	m, err := manet.FromNetAddr(net.UDPAddrFromAddrPort(a))
	if err != nil {
		return nil, err
	}
	return m.Encapsulate(ma.StringCast("/quic-v1")), nil
}

// hostPortOf writes a remote address for people; hostOf is only its host.
func hostPortOf(m ma.Multiaddr) string {
	a, err := manet.ToNetAddr(m)
	if err != nil {
		return m.String()
	}
	return a.String()
}

func hostOf(m ma.Multiaddr) string {
	host, _, err := net.SplitHostPort(hostPortOf(m))
	if err != nil {
		return m.String()
	}
	return host
}
