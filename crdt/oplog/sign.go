package oplog

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"

	"github.com/hdevalence/ed25519consensus"

	"navette/crdt"
)

// A Key is an Ed25519 public key: a root's, a person's or a device's.
type Key [ed25519.PublicKeySize]byte

// A CommonsID names a commons: the sha2-256 of its genesis.
type CommonsID [32]byte

// A Signature is an Ed25519 signature. It stands beside a block, not in it.
type Signature [ed25519.SignatureSize]byte

// String is the hexadecimal form.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// MarshalText writes the hexadecimal form.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the hexadecimal form.
func (k *Key) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(k) {
		return fmt.Errorf("%w: a key is %d hexadecimal digits", ErrInvalid, 2*len(k))
	}
	*k = Key(b)
	return nil
}

// String is the hexadecimal form.
func (c CommonsID) String() string { return hex.EncodeToString(c[:]) }

// String is the hexadecimal form.
func (s Signature) String() string { return hex.EncodeToString(s[:]) }

// PublicKey returns the public half of a private key.
func PublicKey(priv ed25519.PrivateKey) (k Key) {
	copy(k[:], priv.Public().(ed25519.PublicKey))
	return k
}

// A SigKind says what a signature is over, so that one over a block of one
// kind can't be passed off as one over another.
type SigKind string

// The kinds of signature.
const (
	SigLog        SigKind = "log"        // over a LogGenesis, by its device
	SigChange     SigKind = "change"     // over a Change, by its log's device
	SigMembership SigKind = "membership" // over a MembershipChange, by its signer
	SigValise     SigKind = "valise"     // over a valise's manifest, by the device that packed it
)

// signed returns the bytes that are signed for a block.
func signed(kind SigKind, commons CommonsID, id crdt.ChangeID) []byte {
	const prefix = "navette/1/"
	m := make([]byte, 0, len(prefix)+len(kind)+1+len(commons)+len(id))
	m = append(m, prefix...)
	m = append(m, kind...)
	m = append(m, 0)
	m = append(m, commons[:]...)
	return append(m, id[:]...)
}

// Sign signs a block of a commons.
func Sign(priv ed25519.PrivateKey, kind SigKind, commons CommonsID, block []byte) (sig Signature) {
	copy(sig[:], ed25519.Sign(priv, signed(kind, commons, Sum(block))))
	return sig
}

// Verify tells whether sig is pub's over a block of a commons, by the rule of
// ZIP-215 (https://zips.z.cash/zip-0215): the one under which verifying alone
// and in batches always agree.
func Verify(pub Key, kind SigKind, commons CommonsID, block []byte, sig Signature) bool {
	return ed25519consensus.Verify(pub[:], signed(kind, commons, Sum(block)), sig[:])
}

// Signed is a block with its signature, to be verified among others.
type Signed struct {
	Key     Key
	Kind    SigKind
	Commons CommonsID
	Block   []byte
	Sig     Signature
}

// VerifyBatch tells whether every one of the signatures is good, as Verify
// would, in less time. It doesn't say which one isn't.
func VerifyBatch(batch []Signed) bool {
	if len(batch) == 0 {
		return true
	}
	v := ed25519consensus.NewPreallocatedBatchVerifier(len(batch))
	for i := range batch {
		s := &batch[i]
		v.Add(s.Key[:], signed(s.Kind, s.Commons, Sum(s.Block)), s.Sig[:])
	}
	return v.Verify()
}
