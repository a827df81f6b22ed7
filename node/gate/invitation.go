package gate

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"navette/crdt/oplog"
)

// What ParseInvitation refuses.
var (
	// ErrNotInvitation is text that isn't an invitation at all.
	ErrNotInvitation = errors.New("gate: not an invitation")
	// ErrCutOff is an invitation whose end is missing, or that has more after
	// it: copy all of it.
	ErrCutOff = errors.New("gate: invitation cut off")
	// ErrMistyped is an invitation in which some character is wrong.
	ErrMistyped = errors.New("gate: invitation mistyped")
	// ErrNewer is an invitation of a later version of Navette.
	ErrNewer = errors.New("gate: invitation of a later version")
)

// A Seed is what an invitation keeps secret. Its ID and key derive from it.
type Seed [16]byte

// ID is what the invitation is called: the first half of
// HMAC-SHA256(seed, "navette/1/invitation/id").
func (s Seed) ID() (id [16]byte) {
	copy(id[:], s.derive("id"))
	return id
}

// Key is what a joiner proves with that it holds the invitation: Ed25519 from
// the seed HMAC-SHA256(seed, "navette/1/invitation/key").
func (s Seed) Key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(s.derive("key")) }

func (s Seed) derive(what string) []byte {
	h := hmac.New(sha256.New, s[:])
	h.Write([]byte("navette/1/invitation/" + what))
	return h.Sum(nil)
}

// Invite returns the op that makes the invitation known to the commons.
func (s Seed) Invite(role oplog.Role, uses, until uint64, note string) *oplog.Invite {
	return &oplog.Invite{ID: s.ID(), Public: oplog.PublicKey(s.Key()), Role: role, Uses: uses, Until: until, Note: note}
}

// Bounds of an invitation.
const (
	MaxHosts   = 2
	MaxAddrs   = 4   // of a host
	MaxAddrLen = 255 // bytes
)

// A Door is a node to knock at with an invitation.
type Door struct {
	Peer  oplog.Key
	Addrs []string // at most MaxAddrs of at most MaxAddrLen bytes; those beyond aren't written
}

// An Invitation is what its link says.
type Invitation struct {
	Commons oplog.CommonsID
	Seed    Seed
	Doors   []Door // at most MaxHosts; those beyond aren't written
}

const (
	scheme       = "navette:"
	version      = 1
	headSize     = 3 // version, length
	checksumSize = 4
)

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// String is the invitation as a link, in lower case; in upper case it means
// the same and makes a smaller QR code. In a URL it belongs after the "#".
func (v *Invitation) String() string {
	b := []byte{version, 0, 0}
	b = append(b, v.Commons[:]...)
	b = append(b, v.Seed[:]...)
	doors := v.Doors[:min(len(v.Doors), MaxHosts)]
	b = append(b, byte(len(doors)))
	for _, d := range doors {
		b = append(b, d.Peer[:]...)
		at := len(b)
		b = append(b, 0)
		for _, a := range d.Addrs {
			if len(a) <= MaxAddrLen && b[at] < MaxAddrs {
				b[at]++
				b = append(b, byte(len(a)))
				b = append(b, a...)
			}
		}
	}
	binary.BigEndian.PutUint16(b[1:], uint16(len(b)+checksumSize))
	sum := sha256.Sum256(b)
	return scheme + base32Lower.EncodeToString(append(b, sum[:checksumSize]...))
}

// ParseInvitation reads a link: in any case, alone or after the "#" of a URL,
// with spaces or line breaks that mail programs put in. The error is
// ErrNotInvitation, ErrCutOff, ErrMistyped or ErrNewer.
func ParseInvitation(s string) (*Invitation, error) {
	if _, after, ok := strings.Cut(s, "#"); ok {
		s = after
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return nil, fmt.Errorf("%w: it doesn't begin with %q", ErrNotInvitation, scheme)
	}
	text := strings.ToLower(s[len(scheme):])
	for i, r := range text {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz234567", r) {
			return nil, fmt.Errorf("%w: character %d is %q", ErrMistyped, len(scheme)+i+1, r)
		}
	}
	// A text whose end is missing may stop between bytes: what is whole
	// suffices to say so.
	b := make([]byte, base32Lower.DecodedLen(len(text)))
	n, err := base32Lower.Decode(b, []byte(text))
	v, err := decodeInvitation(b[:n], err)
	if err == nil && v.String() != scheme+text {
		return nil, fmt.Errorf("%w: its last character", ErrMistyped) // has bits to spare
	}
	return v, err
}

func decodeInvitation(b []byte, decoding error) (*Invitation, error) {
	switch {
	case len(b) > 0 && b[0] > version:
		return nil, fmt.Errorf("%w: %d", ErrNewer, b[0])
	case len(b) > 0 && b[0] != version:
		return nil, fmt.Errorf("%w: version %d", ErrMistyped, b[0])
	case len(b) < headSize:
		return nil, ErrCutOff
	}
	switch length := int(binary.BigEndian.Uint16(b[1:])); {
	case length < headSize+checksumSize:
		return nil, fmt.Errorf("%w: a length of %d", ErrMistyped, length)
	case len(b) != length || decoding != nil:
		return nil, fmt.Errorf("%w: %d bytes of %d", ErrCutOff, len(b), length)
	}
	body, sum := b[:len(b)-checksumSize], b[len(b)-checksumSize:]
	if want := sha256.Sum256(body); string(sum) != string(want[:checksumSize]) {
		return nil, ErrMistyped
	}
	v := &Invitation{}
	in := byteReader{rest: body[headSize:]}
	copy(v.Commons[:], in.take(len(v.Commons)))
	copy(v.Seed[:], in.take(len(v.Seed)))
	for range in.count(MaxHosts) {
		d := Door{}
		copy(d.Peer[:], in.take(len(d.Peer)))
		for range in.count(MaxAddrs) {
			d.Addrs = append(d.Addrs, string(in.take(in.count(MaxAddrLen))))
		}
		v.Doors = append(v.Doors, d)
	}
	if in.bad || len(in.rest) > 0 {
		return nil, fmt.Errorf("%w: its checksum is right, its fields aren't", ErrNotInvitation)
	}
	return v, nil
}

// byteReader takes fields off the front; once bad, it gives nothing.
type byteReader struct {
	rest []byte
	bad  bool
}

func (r *byteReader) take(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// count reads a byte that is at most most.
func (r *byteReader) count(most int) int {
	b := r.take(1)
	if r.bad || int(b[0]) > most {
		r.bad = true
		return 0
	}
	return int(b[0])
}
