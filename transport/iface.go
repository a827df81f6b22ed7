package transport

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Interface is a link of this machine that is up, other than loopback.
type Interface struct {
	Name  string
	Index int
	// Multicast: the link carries it.
	Multicast bool
	// Running: there is a carrier, a cable or a network.
	Running bool
	// Addrs are the link's addresses, without zones, in order.
	Addrs []netip.Addr
}

// Interfaces asks the system for its links, in the order of their indices. The
// answer is of this moment: what libp2p keeps of it may be a minute old.
func Interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing the network interfaces: %w", err)
	}
	var up []Interface
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it has gone in the meantime
		}
		link := Interface{
			Name:      i.Name,
			Index:     i.Index,
			Multicast: i.Flags&net.FlagMulticast != 0,
			Running:   i.Flags&net.FlagRunning != 0,
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok {
				if ip, ok := netip.AddrFromSlice(n.IP); ok {
					link.Addrs = append(link.Addrs, ip.Unmap())
				}
			}
		}
		slices.SortFunc(link.Addrs, netip.Addr.Compare)
		up = append(up, link)
	}
	slices.SortFunc(up, func(a, b Interface) int { return cmp.Compare(a.Index, b.Index) })
	return up, nil
}

// IsLocal says whether a is an address of the kind that a local network uses:
// private (RFC 1918, RFC 4193) or link-local.
func IsLocal(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLinkLocalUnicast()
}
