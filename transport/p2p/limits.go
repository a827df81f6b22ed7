package p2p

import (
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
)

// Connections in all; to be reached only under attack, or at a place with many
// more peers than a node talks to at a time (6 to 8).
const (
	connsInbound  = 64
	connsOutbound = 32
	// connsHandshake is how many may be proving who they are at once, and
	// connsPerAddr how many one address has: fewer, so that one address can't
	// take every place, and more than libp2p's 8, since behind one address may
	// be a whole house.
	connsHandshake = 48
	connsPerAddr   = 40
	// streamsPerPeer allows a stream per commons and protocol.
	streamsPerPeer = 32
	// memory is in bytes, for all windows of all streams.
	memory = 32 << 20
)

// newLimits sizes the resource manager for a board with 512 MB.
func newLimits() (network.ResourceManager, error) {
	limits := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: connsInbound + connsOutbound, ConnsInbound: connsInbound, ConnsOutbound: connsOutbound,
			Streams: 512, StreamsInbound: 256, StreamsOutbound: 256,
			Memory: memory, FD: connsInbound + connsOutbound,
		},
		Transient: rcmgr.ResourceLimits{
			Conns: connsHandshake + connsOutbound, ConnsInbound: connsHandshake, ConnsOutbound: connsOutbound,
			Streams: 128, StreamsInbound: 64, StreamsOutbound: 64,
			Memory: memory / 4, FD: connsHandshake + connsOutbound,
		},
		PeerDefault: rcmgr.ResourceLimits{
			Conns: 8, ConnsInbound: 4, ConnsOutbound: 4,
			Streams: 2 * streamsPerPeer, StreamsInbound: streamsPerPeer, StreamsOutbound: streamsPerPeer,
			Memory: memory / 2, FD: 8,
		},
	}.Build(rcmgr.InfiniteLimits)
	perAddr := func(bits int) []rcmgr.ConnLimitPerSubnet {
		return []rcmgr.ConnLimitPerSubnet{{PrefixLength: bits, ConnCount: connsPerAddr}}
	}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits),
		rcmgr.WithMetricsDisabled(),
		// libp2p counts IPv6 by /56, and thereby a whole link as one address:
		// all link-local addresses share fe80::/64.
		rcmgr.WithLimitPerSubnet(perAddr(32), perAddr(128)),
		rcmgr.WithNetworkPrefixLimit([]rcmgr.NetworkPrefixLimit{}, []rcmgr.NetworkPrefixLimit{}),
		rcmgr.WithConnRateLimiters(newRates()))
}

// newRates bounds how often an address may connect. libp2p's one in five
// seconds would keep out a peer whose link comes and goes. IPv6 is counted by
// /64, whose addresses a stranger makes as many of as it likes.
func newRates() *rate.Limiter {
	return &rate.Limiter{SubnetRateLimiter: rate.SubnetLimiter{
		IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 10, Burst: 100}}},
		IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 64, Limit: rate.Limit{RPS: 20, Burst: 200}}},
		GracePeriod:      time.Minute,
	}}
}
