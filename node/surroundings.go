package node

import (
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"navette/transport"
)

// The codes of notices about the network and the machine.
const (
	NoticeMulticast    = "multicast"    // a place that is only reached by its address
	NoticeIsolated     = "isolated"     // a device that is heard and can't be reached
	NoticeUndervoltage = "undervoltage" //
	NoticeWorn         = "worn"         // how much of the card's life is used, in per cent
	NoticeReadOnly     = "read_only"    // the folder, whose disk takes no writes any more
	NoticeFiles        = "files"        // how many attached files wait for room
)

// triedInVain is how often a device that is heard may fail to answer before
// something must be between the two.
const triedInVain = 3

// tried notes how a visit ended. The caller holds mu.
func (p *peer) tried(err error) {
	switch {
	case !errors.Is(err, transport.ErrUnreachable):
		p.vain = 0
	case p.near:
		p.vain++
	}
}

// examineNetwork says what keeps places apart that should see each other.
func (n *Node) examineNetwork() (out []Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.links.Discovery == nil || n.links.Network == nil {
		return nil
	}
	own := n.links.Network.Addrs()
	var deaf, cut []string
	for id, p := range n.peers {
		name := id.String()
		switch {
		case p.near && len(p.sessions) == 0 && p.vain >= triedInVain:
			cut = append(cut, name[len(name)-8:])
		case !p.near && len(p.sessions) > 0 && neighbours(own, p.address) && p.since() > multicastWait:
			deaf = append(deaf, name[len(name)-8:])
		}
	}
	if len(deaf) > 0 {
		out = append(out, Notice{NoticeMulticast, []string{slices.Min(deaf)}})
	}
	if len(cut) > 0 {
		out = append(out, Notice{NoticeIsolated, []string{slices.Min(cut)}})
	}
	return out
}

// multicastWait is after how long a neighbour must have been heard: queries come
// at least once a minute.
const multicastWait = 2 * time.Minute

// since is how long the oldest session with the peer lasts.
func (p *peer) since() (d time.Duration) {
	for _, s := range p.sessions {
		d = max(d, time.Since(s.begun))
	}
	return d
}

// neighbours tells whether an address is on one of the networks of the others,
// as far as addresses tell: IPv4 of the same 256, or IPv6 of one link.
func neighbours(own []string, addr string) bool {
	other := ipOf(addr)
	return other != nil && slices.ContainsFunc(own, func(a string) bool {
		ip := ipOf(a)
		if v4 := other.To4(); v4 != nil {
			mine := ip.To4() // nil as well if there is no ip
			return mine != nil && v4.IsPrivate() && slices.Equal(mine[:3], v4[:3])
		}
		return ip != nil && ip.IsLinkLocalUnicast() && other.IsLinkLocalUnicast()
	})
}

func ipOf(addr string) net.IP {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil
	}
	host, _, _ = strings.Cut(host, "%")
	return net.ParseIP(host)
}
