package valise

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"filippo.io/age"

	"navette/crdt/oplog"
)

// derive makes a secret of K for one purpose.
func (k Key) derive(purpose string, about []byte) []byte {
	h := hmac.New(sha256.New, k.Secret[:])
	h.Write([]byte(purpose))
	h.Write([]byte{0})
	h.Write(about)
	return h.Sum(nil)
}

// identity is what the valises of the commons are encrypted to.
func (k Key) identity() (*age.X25519Identity, error) {
	text := bech32("age-secret-key-", k.derive("navette/1/valise", k.Commons[:]))
	id, err := age.ParseX25519Identity(strings.ToUpper(text))
	if err != nil {
		return nil, fmt.Errorf("derive the key of a valise: %w", err)
	}
	return id, nil
}

// Identity is the secret key of the commons' valises as the program age reads
// it.
func (k Key) Identity() (string, error) {
	id, err := k.identity()
	if err != nil {
		return "", err
	}
	return id.String(), nil
}

// Name is what a device's valise of the commons is called in a folder that
// several share. It tells strangers nothing.
func (k Key) Name(device oplog.Key) string {
	return "navette-" + hex.EncodeToString(k.derive("navette/1/valise/name", device[:])[:4]) + ".valise"
}

// bech32 writes bytes as BIP-173 does, in small letters: the form that age has
// its keys in.
func bech32(prefix string, data []byte) string {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var five []byte
	acc, bits := uint32(0), 0
	for _, b := range data {
		acc, bits = acc<<8|uint32(b), bits+8
		for ; bits >= 5; bits -= 5 {
			five = append(five, byte(acc>>(bits-5)&31))
		}
	}
	if bits > 0 {
		five = append(five, byte(acc<<(5-bits)&31))
	}
	var all []byte // prefix, spread out, then the data and room for the checksum
	for _, c := range []byte(prefix) {
		all = append(all, c>>5)
	}
	all = append(all, 0)
	for _, c := range []byte(prefix) {
		all = append(all, c&31)
	}
	all = append(append(all, five...), 0, 0, 0, 0, 0, 0)
	sum := uint32(1)
	for _, v := range all {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	sum ^= 1
	out := prefix + "1"
	for _, v := range five {
		out += alphabet[v : v+1]
	}
	for i := range 6 {
		v := sum >> (5 * (5 - i)) & 31
		out += alphabet[v : v+1]
	}
	return out
}
