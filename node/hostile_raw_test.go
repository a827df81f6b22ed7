package node_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"navette/node"
	"navette/transport"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/sec"
	tpt "github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multistream"
)

// rawLink connects to a node with libp2p alone, so that an enemy can write to
// its streams what no Conn would send.
func rawLink(ctx context.Context, key ed25519.PrivateKey, to *station) (tpt.CapableConn, error) {
	k, err := crypto.UnmarshalEd25519PrivateKey(key)
	if err != nil {
		return nil, err
	}
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	secured, err := noise.New(noise.ID, k, muxers)
	if err != nil {
		return nil, err
	}
	limits := &network.NullResourceManager{}
	up, err := upgrader.New([]sec.SecureTransport{secured}, muxers, nil, limits, nil)
	if err != nil {
		return nil, err
	}
	t, err := tcp.NewTCPTransport(up, limits, nil, tcp.DisableReuseport())
	if err != nil {
		return nil, err
	}
	id, err := peer.Decode(to.Self().String())
	if err != nil {
		return nil, err
	}
	return t.Dial(ctx, ma.StringCast("/ip4/127.0.0.1/tcp/"+strconv.Itoa(int(to.net.Port()))), id)
}

func rawStream(ctx context.Context, l tpt.CapableConn, proto string) (network.MuxedStream, error) {
	s, err := l.OpenStream(ctx)
	if err != nil {
		return nil, err
	}
	return s, multistream.SelectProtoOrFail(protocol.ID(proto), s)
}

// A frame that announces more than there may be ends its stream at once, and
// one that announces much and doesn't come costs nothing.
func TestHostileLengthBomb(t *testing.T) {
	s := besiege(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		key   ed25519.PrivateKey
		proto string
		bytes []byte
	}{
		{"two GiB", stranger, node.ProtocolAdmit, binary.AppendUvarint(nil, 1<<31)},
		{"one byte too many", stranger, node.ProtocolAdmit, binary.AppendUvarint(nil, transport.MaxFrame+1)},
		{"a length without an end", stranger, node.ProtocolJoin, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"a longer form than needed", stranger, node.ProtocolAdmit, []byte{0xa0, 0x80, 0}},
		{"much that doesn't come", stranger, node.ProtocolAdmit, binary.AppendUvarint(nil, transport.MaxFrame)},
		{"two GiB, of a member", s.enemy.device, node.ProtocolSync, binary.AppendUvarint(nil, 1<<31)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := heap()
			l, err := rawLink(ctx, tt.key, s.victim)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			for range 8 {
				stream, err := rawStream(ctx, l, tt.proto)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := stream.Write(tt.bytes); err != nil {
					t.Fatal(err)
				}
				stream.SetReadDeadline(time.Now().Add(20 * time.Second))
				if n, err := io.Copy(io.Discard, stream); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%d bytes, and the stream stays open", n)
				}
				if tt.bytes[0] != 0xff && len(tt.bytes) == 3 && tt.bytes[2] != 0 {
					break // this one is waited for
				}
			}
			if grown := heap() - before; grown > 4<<20 {
				t.Errorf("it holds %d bytes more", grown)
			}
		})
	}
	s.exchange(3)
}

// Connections that are held open and hardly used: they are closed, and keep no
// member out.
func TestHostileSlowLoris(t *testing.T) {
	s := besiege(t)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	before := heap()
	var held []network.MuxedStream
	refused := 0
	for i := range 64 {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		l, err := rawLink(ctx, key, s.victim)
		if err != nil {
			refused++
			continue
		}
		defer l.Close()
		stream, err := rawStream(ctx, l, []string{node.ProtocolAdmit, node.ProtocolJoin, node.ProtocolSync}[i%3])
		if err != nil {
			refused++
			continue
		}
		stream.Write([]byte{0x20, 1}) // the beginning of a frame
		held = append(held, stream)
	}
	calm := median(s.exchange(21))
	// The friend's machine starts anew meanwhile, and gets in.
	again, err := s.enemy.enter(ctx)
	if err != nil {
		t.Errorf("a member isn't let in: %v", err)
	}
	for i, stream := range held {
		stream.SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := io.Copy(io.Discard, stream); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("stream %d is held open", i)
		}
	}
	if grown := heap() - before; grown > memoryOf {
		t.Errorf("it holds %d bytes more, want at most %d", grown, memoryOf)
	}
	t.Logf("figure: SlowLoris: %d held and closed, %d refused at once; a friend's change arrives in %.1f ms; a member is let in with %d frames",
		len(held), refused, float64(calm.Microseconds())/1000, len(again))
}

// Thousands of connections, of which some prove who they are and know a
// protocol: NAVETTE_DIALS of them.
func TestHostileDials(t *testing.T) {
	dials := 300
	if n, err := strconv.Atoi(os.Getenv("NAVETTE_DIALS")); err == nil {
		dials = n
	}
	s := besiege(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	s.under(fmt.Sprintf("%d dials", dials), 64<<20, func(context.Context) string {
		in, out := 0, 0
		var open []io.Closer
		for i := range dials {
			if i%4 == 0 {
				_, key, err := ed25519.GenerateKey(nil)
				if err != nil {
					return err.Error()
				}
				l, err := rawLink(ctx, key, s.victim)
				if err != nil {
					out++
					continue
				}
				if stream, err := rawStream(ctx, l, node.ProtocolAdmit); err == nil {
					stream.Write(append([]byte{32}, make([]byte, 32)...))
				}
				open = append(open, l)
			} else {
				c, err := net.Dial("tcp", s.victim.addr())
				if err != nil {
					out++
					continue
				}
				io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
				open = append(open, c)
			}
			in++
			if len(open) > 100 {
				open[0].Close()
				open = open[1:]
			}
		}
		for _, c := range open {
			c.Close()
		}
		return fmt.Sprintf("%d connected, %d didn't", in, out)
	})
}
