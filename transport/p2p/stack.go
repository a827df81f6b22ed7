package p2p

import (
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"sync"

	"navette/transport"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	tpt "github.com/libp2p/go-libp2p/core/transport"
	muxer "github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	quictransport "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/quic-go/quic-go"

	"github.com/libp2p/go-yamux/v5"
)

// stack is what is used of libp2p.
type stack struct {
	tcp    tpt.Transport
	quic   tpt.Transport // nil unless wanted
	reuse  *quicreuse.ConnManager
	limits network.ResourceManager
	once   sync.Once
}

// newStack puts it together; admits decides on each peer that has proved who
// it is and comes from outside.
func newStack(o Options, admits func(transport.Peer, string) bool) (*stack, error) {
	fail := func(err error) (*stack, error) { return nil, fmt.Errorf("p2p: setting up libp2p: %w", err) }
	key, err := crypto.UnmarshalEd25519PrivateKey(o.Key)
	if err != nil {
		return fail(err)
	}
	limits, err := newLimits()
	if err != nil {
		return fail(err)
	}
	s := &stack{limits: limits}
	muxers := []upgrader.StreamMuxer{{ID: muxer.ID, Muxer: newMuxer(o)}}
	secured, err := noise.New(noise.ID, key, muxers)
	if err != nil {
		return fail(err)
	}
	gate := gate{admits}
	up, err := upgrader.New([]sec.SecureTransport{secured}, muxers, nil, limits, gate,
		upgrader.WithAcceptTimeout(handshakeTime))
	if err != nil {
		return fail(err)
	}
	// Sharing the port (SO_REUSEPORT) would let a second program listen on it
	// without an error.
	s.tcp, err = tcp.NewTCPTransport(up, limits, nil, tcp.DisableReuseport(), tcp.WithConnectionTimeout(dialTime))
	if err != nil || !o.QUIC {
		return s, err
	}
	var reset quic.StatelessResetKey
	var token quic.TokenGeneratorKey
	rand.Read(reset[:])
	rand.Read(token[:])
	if s.reuse, err = quicreuse.NewConnManager(reset, token, quicreuse.DisableReuseport()); err != nil {
		return fail(err)
	}
	if s.quic, err = quictransport.NewTransport(key, s.reuse, nil, gate, limits); err != nil {
		return fail(err)
	}
	return s, nil
}

func (s *stack) close() {
	s.once.Do(func() {
		if c, ok := s.quic.(io.Closer); ok {
			c.Close()
		}
		if s.reuse != nil {
			s.reuse.Close()
		}
		s.limits.Close()
	})
}

// newMuxer is yamux as libp2p sets it up, but for probes that notice a cut
// sooner, and windows that suit a small machine.
func newMuxer(o Options) *muxer.Transport {
	c := yamux.DefaultConfig()
	c.KeepAliveInterval = o.Keepalive
	c.ConnectionWriteTimeout = o.Keepalive
	c.MeasureRTTInterval = math.MaxInt64
	c.InitialStreamWindowSize = transport.Window + negotiation
	c.MaxStreamWindowSize = 2 * transport.Window
	c.AcceptBacklog = waiting
	c.MaxIncomingStreams = math.MaxUint32 // the resource manager counts them
	c.ReadBufSize = 0                     // Noise reads whole messages
	c.LogOutput = io.Discard
	return (*muxer.Transport)(c)
}

// negotiation is what agreeing on a protocol takes of a stream's window, at
// most: libp2p's names of protocols are bounded by 1 KiB, each said once.
const negotiation = 4 << 10

// gate is asked by libp2p about every connection.
type gate struct {
	admits func(p transport.Peer, remote string) bool
}

// InterceptSecured refuses peers without a name of ours, and strangers when
// there is no room.
func (g gate) InterceptSecured(d network.Direction, id peer.ID, c network.ConnMultiaddrs) bool {
	p, err := peerOf(id)
	if err != nil {
		return false
	}
	return d == network.DirOutbound || g.admits(p, hostOf(c.RemoteMultiaddr()))
}

func (gate) InterceptPeerDial(peer.ID) bool               { return true }
func (gate) InterceptAddrDial(peer.ID, ma.Multiaddr) bool { return true }
func (gate) InterceptAccept(network.ConnMultiaddrs) bool  { return true }
func (gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) {
	return true, 0
}

func peerOf(id peer.ID) (transport.Peer, error) { return transport.ParsePeer(id.String()) }

func idOf(p transport.Peer) (peer.ID, error) { return peer.Decode(p.String()) }
