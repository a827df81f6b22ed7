// Package blob keeps files by what is in them: attachments, as they are, under
// the CID that IPFS gives them. FORMAT.md has the form of CIDs and blocks, and
// what lies where.
//
//	s, err := blob.Open(dir, blob.Options{})
//	id, size, err := s.Put(file)           // something new
//	in, err := s.Receive(tree)             // something that comes from elsewhere
//	for _, i := range in.Lacks() { err = in.Put(i, leaf) }
//	f, err := s.File(id)
//
// A file that comes from elsewhere comes leaf by leaf, in any order, over any
// number of days and from anybody: each leaf is verified by itself, and what is
// durable isn't asked for again. A Store may be used by several goroutines.
//
// It doesn't know what a file is for, nor when to fetch or release one.
package blob

import (
	"encoding/base32"
	"errors"
	"fmt"
)

// Errors of a Store.
var (
	// ErrAbsent is a file, a leaf or a node that isn't here.
	ErrAbsent = errors.New("blob: not here")
	// ErrDamaged is one on the disk that isn't what its name says.
	ErrDamaged = errors.New("blob: damaged on the disk")
	// ErrInvalid is a block that isn't what was asked for, or a CID that no
	// file has.
	ErrInvalid = errors.New("blob: not a block of that file")
	// ErrTooLarge is a file of more than MaxSize bytes.
	ErrTooLarge = errors.New("blob: too large")
)

// Sizes, in bytes.
const (
	LeafSize = 1 << 20
	MaxSize  = 1 << 36
)

// A CID names a file, a node or a leaf: CIDv1, dag-pb or raw, sha2-256.
type CID [36]byte

const (
	prefixRaw = "\x01\x55\x12\x20"
	prefixPB  = "\x01\x70\x12\x20"
)

var base = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// String is the CID as text.
func (c CID) String() string { return "b" + base.EncodeToString(c[:]) }

// Parse reads what String wrote. The error is ErrInvalid.
func Parse(s string) (c CID, err error) {
	if len(s) == 59 && s[0] == 'b' {
		b, err := base.DecodeString(s[1:])
		if err == nil && len(b) == len(c) {
			if copy(c[:], b); c.valid() && c.String() == s {
				return c, nil
			}
		}
	}
	return CID{}, fmt.Errorf("%w: the CID %.80q", ErrInvalid, s)
}

func (c CID) valid() bool { p := string(c[:4]); return p == prefixRaw || p == prefixPB }

// Whole tells whether the file is a single leaf, so that it has no nodes.
func (c CID) Whole() bool { return string(c[:4]) == prefixRaw }
