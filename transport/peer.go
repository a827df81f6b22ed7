package transport

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Peer is a node's name on the network: the Ed25519 public key of its device.
type Peer [32]byte

// peerPrefix makes of a key the peer id of libp2p: an identity multihash (0,
// length 36) of the protobuf PublicKey{Type: Ed25519, Data: key}. See
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
var peerPrefix = []byte{0x00, 0x24, 0x08, 0x01, 0x12, 0x20}

// errNotAPeer says how a peer id looks, for people who mistyped one.
var errNotAPeer = errors.New("transport: not a peer id: it starts with 12D3KooW and has 52 letters and digits")

// String gives the peer id as libp2p writes it, "12D3KooW…".
func (p Peer) String() string {
	return base58(append(bytes.Clone(peerPrefix), p[:]...))
}

// ParsePeer reads what String wrote. Ids of other kinds of keys are refused.
func ParsePeer(s string) (Peer, error) {
	var p Peer
	b, ok := unbase58(s)
	if !ok || len(b) != len(peerPrefix)+len(p) || !bytes.HasPrefix(b, peerPrefix) {
		return Peer{}, fmt.Errorf("%w (got %d characters)", errNotAPeer, len(s))
	}
	copy(p[:], b[len(peerPrefix):])
	return p, nil
}

// MarshalText and UnmarshalText make a Peer readable in JSON.
func (p Peer) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePeer.
func (p *Peer) UnmarshalText(b []byte) error {
	q, err := ParsePeer(string(b))
	if err != nil {
		return err
	}
	*p = q
	return nil
}

// alphabet is that of base58btc.
const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// longestBase58 is more than any peer id needs; it bounds the work of parsing.
const longestBase58 = 64

var radix = big.NewInt(58)

func base58(b []byte) string {
	var digits []byte
	for n, mod := new(big.Int).SetBytes(b), new(big.Int); n.Sign() > 0; {
		n.DivMod(n, radix, mod)
		digits = append(digits, alphabet[mod.Int64()])
	}
	for _, c := range b { // each leading zero byte is a leading digit zero
		if c != 0 {
			break
		}
		digits = append(digits, alphabet[0])
	}
	for i, j := 0, len(digits)-1; i < j; i, j = i+1, j-1 {
		digits[i], digits[j] = digits[j], digits[i]
	}
	return string(digits)
}

func unbase58(s string) ([]byte, bool) {
	if len(s) > longestBase58 {
		return nil, false
	}
	n := new(big.Int)
	for _, c := range []byte(s) {
		d := strings.IndexByte(alphabet, c)
		if d < 0 {
			return nil, false
		}
		n.Add(n.Mul(n, radix), big.NewInt(int64(d)))
	}
	zeros := len(s) - len(strings.TrimLeft(s, alphabet[:1]))
	return append(make([]byte, zeros), n.Bytes()...), true
}
