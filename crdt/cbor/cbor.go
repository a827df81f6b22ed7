// Package cbor reads and writes the one form of DAG-CBOR that Navette's
// formats use: unsigned and negative integers, byte strings, UTF-8 text,
// arrays, null, booleans and CID links (tag 42). There are no maps, no floats,
// no indefinite lengths and no other tags, and every value has exactly one
// encoding: what the Reader accepts, the append functions give back byte for
// byte.
//
// It is DAG-CBOR (https://ipld.io/specs/codecs/dag-cbor/spec/) cut down until
// two readers can't disagree. It is not a general CBOR codec: it maps no Go
// values and knows nothing of what it carries.
package cbor

import (
	"errors"
	"math"
)

// Bounds of what a Reader accepts.
const (
	MaxDepth = 8    // arrays in arrays
	MaxArray = 4096 // items of one array
)

// What a Reader refuses. ErrTruncated and ErrTrailing tell a block that is
// short or long from one that is wrong.
var (
	ErrTruncated    = errors.New("cbor: ends in the middle of a value")
	ErrTrailing     = errors.New("cbor: bytes after the value")
	ErrNotCanonical = errors.New("cbor: not in the one permitted encoding")
	ErrForbidden    = errors.New("cbor: a kind of value that is not permitted")
	ErrType         = errors.New("cbor: another kind of value than expected")
	ErrBound        = errors.New("cbor: too deep or too long")
)

// Major types of RFC 8949 §3.1, in the three high bits of an initial byte.
const (
	majorUint  = 0 << 5
	majorNeg   = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorArray = 4 << 5
	majorTag   = 6 << 5

	valueFalse = 0xf4
	valueTrue  = 0xf5
	valueNull  = 0xf6

	tagLink = 42
)

func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return append(b, major|25, byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return append(b, major|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	default:
		return append(b, major|27, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32),
			byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// AppendUint appends an unsigned integer.
func AppendUint(b []byte, n uint64) []byte { return appendHead(b, majorUint, n) }

// AppendInt appends a signed integer; one that isn't negative encodes as
// AppendUint does.
func AppendInt(b []byte, n int64) []byte {
	if n < 0 {
		return appendHead(b, majorNeg, uint64(-(n + 1)))
	}
	return appendHead(b, majorUint, uint64(n))
}

// AppendBytes appends a byte string.
func AppendBytes(b, s []byte) []byte {
	return append(appendHead(b, majorBytes, uint64(len(s))), s...)
}

// AppendText appends a text string; s must be valid UTF-8.
func AppendText(b []byte, s string) []byte {
	return append(appendHead(b, majorText, uint64(len(s))), s...)
}

// AppendArray appends the head of an array; its n items are to follow.
func AppendArray(b []byte, n int) []byte { return appendHead(b, majorArray, uint64(n)) }

// AppendNull appends null.
func AppendNull(b []byte) []byte { return append(b, valueNull) }

// AppendBool appends true or false.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, valueTrue)
	}
	return append(b, valueFalse)
}

// linkPrefix is what comes before the digest in a link: the multibase identity
// byte, then CIDv1, dag-cbor, sha2-256, 32 bytes.
var linkPrefix = [5]byte{0x00, 0x01, 0x71, 0x12, 0x20}

// AppendLink appends a link (tag 42) to the dag-cbor block whose sha2-256 is
// digest: 41 bytes.
func AppendLink(b []byte, digest [32]byte) []byte {
	b = appendHead(b, majorTag, tagLink)
	b = appendHead(b, majorBytes, uint64(len(linkPrefix)+len(digest)))
	b = append(b, linkPrefix[:]...)
	return append(b, digest[:]...)
}
