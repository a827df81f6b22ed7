// Package oplog is the format of what Navette's nodes keep and exchange:
// changes, the logs they stand in, the genesis of a commons, and changes of
// membership. FORMAT.md beside this file describes every byte, and
// testdata/*.json has vectors that another implementation can run.
//
// A log is a hash chain that one device writes for one person: a [LogGenesis],
// then [Change] after change, each naming the one before it (prev) and what
// else its writer had seen (deps). A block is the one encoding of either, its
// name is its sha2-256. Decoding ([DecodeChange], [DecodeLogGenesis]) checks
// all that a block shows by itself; [CheckChange] and [CheckGenesis] check it
// against the links it names; [Verify] checks a signature. What passes all
// three is valid for every node, at any time, in whatever order blocks come:
// validity is a function of a change and its ancestors alone.
//
// A [Run] is a piece of a log that ends on a signed change, packed for the
// wire. A [Graph] answers who had seen what, for a million changes in a few
// bytes each.
//
// The package is pure: no I/O, clock or goroutines. (Batch verification draws
// random numbers to weigh its equation, which no result depends on.) It
// doesn't judge who may write: see crdt/membership; nor look into an op's
// body: see crdt.
package oplog

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/ipfs/go-cid"

	"navette/crdt"
	"navette/crdt/cbor"
)

var (
	// ErrInvalid is a block, run or signature that can never be valid. What is
	// wrong is in the text of the error that wraps it.
	ErrInvalid = errors.New("oplog: invalid")
	// ErrUnknown is a block that names another which isn't stored here: it may
	// turn out valid once that one is.
	ErrUnknown = errors.New("oplog: names a block that is not stored")
)

// Bounds that decide validity (FORMAT.md, "Validity").
const (
	MaxBlock   = 60 << 10 // bytes of a block
	MaxOps     = 1024     // ops of a change
	MaxLinks   = 16       // deps, prevLogs, parents of a change of membership
	MaxLamport = 1 << 48
	MaxSeq     = 1 << 48
	MaxCode    = 1<<16 - 1
	MaxSeconds = 1 << 40 // of a wall
	MaxRoots   = 3
	MaxName    = 256 // bytes of a commons' name
)

// A Kind is the first item of a block: what it is.
type Kind uint8

// The kinds of block.
const (
	KindLog        Kind = 0 // LogGenesis
	KindChange     Kind = 1 // Change
	KindMembership Kind = 2 // MembershipChange
	KindCommons    Kind = 3 // CommonsGenesis
)

// String is the name of what begins with k.
func (k Kind) String() string {
	switch k {
	case KindLog:
		return "log genesis"
	case KindChange:
		return "change"
	case KindMembership:
		return "membership change"
	case KindCommons:
		return "commons genesis"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Parse tells what a block is, from its first item. Only the matching decoder
// can tell whether it is a good one. The error is ErrInvalid.
func Parse(block []byte) (Kind, error) {
	if len(block) > MaxBlock {
		return 0, fmt.Errorf("%w: a block of %d bytes", ErrInvalid, len(block))
	}
	r := cbor.NewReader(block)
	r.Array()
	k := r.Uint()
	if err := r.Err(); err != nil {
		return 0, fmt.Errorf("%w: reading a block's kind: %w", ErrInvalid, err)
	}
	if k > uint64(KindCommons) {
		return 0, fmt.Errorf("%w: a block of kind %d", ErrInvalid, k)
	}
	return Kind(k), nil
}

// Sum names a block: its sha2-256.
func Sum(block []byte) crdt.ChangeID { return sha256.Sum256(block) }

// cidPrefix is what comes before the digest in a CID: v1, dag-cbor, sha2-256,
// 32 bytes.
const cidPrefix = "\x01\x71\x12\x20"

// CID is the name in the form that other programs know: CIDv1, dag-cbor,
// sha2-256. Its String begins with "bafyrei".
func CID(id crdt.ChangeID) cid.Cid {
	c, _ := cid.Cast(append([]byte(cidPrefix), id[:]...)) // fails on other prefixes only
	return c
}

// ParseCID reads a CID in text, as CID(id).String() writes it. The error is
// ErrInvalid, also for a CID of any other version, codec or hash.
func ParseCID(s string) (id crdt.ChangeID, err error) {
	c, err := cid.Decode(s)
	if err != nil {
		return id, fmt.Errorf("%w: reading the CID %q: %w", ErrInvalid, s, err)
	}
	b := c.Bytes()
	if len(b) != len(cidPrefix)+len(id) || string(b[:len(cidPrefix)]) != cidPrefix {
		return id, fmt.Errorf("%w: the CID %q isn't v1, dag-cbor, sha2-256", ErrInvalid, s)
	}
	copy(id[:], b[len(cidPrefix):])
	return id, nil
}
