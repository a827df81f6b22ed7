// Package transport is the seam between a node and the network: opaque frames
// between peers that have proved who they are.
//
// A [Network] is this node's place on the network. It dials peers by their
// [Peer], which is a public key, at addresses that may be wrong or hostile; it
// accepts their dials; and what comes of both is a [Conn], an ordered and
// authenticated pipe of frames that holds back the sender when the receiver
// doesn't read. A [Discovery] says which peers are near, and where. Neither
// knows what the frames mean, nor who may be talked to: whoever has a key can
// connect, admission is the business of the protocol spoken over the Conn.
//
// Implementations: p2p (libp2p: TCP, Noise, yamux) and memnet (in one process,
// for tests) are Networks that pass the suite in transporttest; lan (multicast
// DNS) and memnet are Discoveries.
//
// An address is written host:port, as net.JoinHostPort does, an IPv6
// link-local one with its zone: "192.168.1.20:4242", "[fe80::1%eth0]:4242". It
// says where to knock, never who will answer: that is the Peer.
//
// It is not a place for policy. Whom to dial, how often, and what to do with
// two connections to one peer is decided by the node.
package transport

import (
	"context"
	"errors"
)

// MaxFrame is the longest frame in bytes: 256 KiB of content, and 256 bytes
// for what a protocol puts before it.
const MaxFrame = 256<<10 + 256

// Window is how many bytes of frames, their lengths included, an
// implementation takes from a sender before the receiver has read any of them.
// Two peers that each send at most this much without reading can't block each
// other.
const Window = 512 << 10

// Errors of Networks and Conns. Each comes wrapped with what was being done.
var (
	// ErrClosed: this end was closed, or the connection broke. Every later
	// call on the Conn gives it again.
	ErrClosed = errors.New("transport: closed")
	// ErrUnreachable: nobody answered at any of the addresses.
	ErrUnreachable = errors.New("transport: peer unreachable")
	// ErrRefused: the peer answered and doesn't speak the protocol, or has no
	// room now.
	ErrRefused = errors.New("transport: refused by peer")
	// ErrPeerMismatch: whoever answered isn't the peer that was dialled.
	ErrPeerMismatch = errors.New("transport: another peer answered")
	// ErrFrameTooLarge: a frame is longer than MaxFrame. Sending one sends
	// nothing and leaves the Conn as it was; receiving one ends the Conn.
	ErrFrameTooLarge = errors.New("transport: frame too large")
)

// MismatchError is an ErrPeerMismatch that says who answered: dialling the
// zero Peer finds out who is at an address that somebody typed.
type MismatchError struct{ Actual Peer }

// Error names who answered.
func (e *MismatchError) Error() string { return ErrPeerMismatch.Error() + ": " + e.Actual.String() }

// Unwrap returns ErrPeerMismatch.
func (e *MismatchError) Unwrap() error { return ErrPeerMismatch }

// Conn is an authenticated pipe of frames to one peer, for one protocol. One
// goroutine may send while another receives; more of either wait in line.
type Conn interface {
	// Peer is whom the other end proved to be.
	Peer() Peer
	// Protocol is what the dialler asked for.
	Protocol() string
	// Remote is the peer's address, to be shown to people.
	Remote() string
	// Send hands over one frame of at most MaxFrame bytes; it waits while the
	// peer doesn't read. The frame may be reused when Send returns. Nil means
	// that it is on its way, not that it arrived. If ctx ends before the frame
	// is wholly handed over, the Conn is closed and the error wraps ctx's.
	Send(ctx context.Context, frame []byte) error
	// Receive gives the next frame, which the caller then owns. It gives
	// io.EOF once the peer has closed and everything it sent was received. If
	// ctx ends first the error wraps ctx's, and nothing is lost: the next
	// Receive goes on where this one stopped.
	Receive(ctx context.Context) ([]byte, error)
	// Close ends both directions and doesn't wait. Frames already handed over
	// still arrive, as long as the link holds.
	Close() error
}

// Network is this node among its peers.
type Network interface {
	// Self is this node's own name.
	Self() Peer
	// Run serves until ctx ends or nothing can be served any more, closes
	// every Conn, waits for all it started, and says why it returned. It is
	// called once.
	Run(ctx context.Context) error
	// Dial connects to p, using a connection that is open already or else
	// trying all addrs, and speaks protocol. It gives ErrUnreachable,
	// ErrPeerMismatch, ErrRefused, ErrClosed, or ctx's error. It never waits
	// because an earlier dial failed: how often to try is the caller's choice.
	Dial(ctx context.Context, p Peer, addrs []string, protocol string) (Conn, error)
	// Accept waits for the next Conn that a peer has opened with one of the
	// protocols this Network was made for.
	Accept(ctx context.Context) (Conn, error)
	// Addrs are the addresses under which this node can be dialled now, best
	// first.
	Addrs() []string
	// Connected says whether a link to p is open, whoever opened it.
	Connected(p Peer) bool
	// NetworkChanged says that a link of this machine came, went or changed
	// its addresses: links that have died are noticed and closed within two
	// seconds, instead of when they next stay silent for too long.
	NetworkChanged()
}

// Candidate is somebody who may be near: a claim, to be proved by dialling.
type Candidate struct {
	Peer Peer
	// Addrs is at most four addresses, best first.
	Addrs []string
	// Gone: it said goodbye, or hasn't been heard for a while. Addrs is empty.
	Gone bool
}

// Discovery finds peers nearby and lets them find this one.
type Discovery interface {
	// Run announces this node and looks for others until ctx ends, then says
	// goodbye, and says why it returned. It is called once.
	Run(ctx context.Context) error
	// Found gives candidates as they appear, change, are heard again and go.
	// For a reader that is slow only the latest news of each peer waits. It is
	// closed when Run has returned.
	Found() <-chan Candidate
	// Refresh looks around again now.
	Refresh()
}
