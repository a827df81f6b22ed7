package cbor

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"
)

// Kind tells what value comes next.
type Kind byte

// The kinds of value. KindNone is the end of the input or a value that the
// format forbids; reading it gives the error.
const (
	KindNone Kind = iota
	KindUint
	KindNegative
	KindBytes
	KindText
	KindArray
	KindLink
	KindBool
	KindNull
)

// A Reader takes values off the front of a byte slice. Its first error sticks:
// every later read returns zero values, so a decoder may read a whole block
// and ask Err once. What it returns aliases the input.
type Reader struct {
	rest []byte
	err  error
}

// NewReader reads b.
func NewReader(b []byte) *Reader { return &Reader{rest: b} }

// Err returns the first error, if any.
func (r *Reader) Err() error { return r.err }

// Fail makes err the reader's error, unless it has one.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// End returns the first error, or ErrTrailing if bytes are left.
func (r *Reader) End() error {
	if r.err == nil && len(r.rest) > 0 {
		r.err = ErrTrailing
	}
	return r.err
}

// Len returns the number of bytes not read yet.
func (r *Reader) Len() int { return len(r.rest) }

// Kind returns the kind of the next value without reading it.
func (r *Reader) Kind() Kind {
	if r.err != nil || len(r.rest) == 0 {
		return KindNone
	}
	switch r.rest[0] & 0xe0 {
	case majorUint:
		return KindUint
	case majorNeg:
		return KindNegative
	case majorBytes:
		return KindBytes
	case majorText:
		return KindText
	case majorArray:
		return KindArray
	case majorTag:
		return KindLink
	}
	switch r.rest[0] {
	case valueFalse, valueTrue:
		return KindBool
	case valueNull:
		return KindNull
	}
	return KindNone
}

// head reads an initial byte and its argument.
func (r *Reader) head(want byte) uint64 {
	if r.err != nil {
		return 0
	}
	if len(r.rest) == 0 {
		r.err = ErrTruncated
		return 0
	}
	if r.rest[0]&0xe0 != want {
		err := ErrType
		if r.Kind() == KindNone {
			err = ErrForbidden
		}
		r.err = err
		return 0
	}
	info := r.rest[0] & 0x1f
	if info < 24 {
		r.rest = r.rest[1:]
		return uint64(info)
	}
	if info > 27 {
		r.err = ErrForbidden
		return 0
	}
	size := 1 << (info - 24)
	if len(r.rest) < 1+size {
		r.err = ErrTruncated
		return 0
	}
	var n uint64
	for _, c := range r.rest[1 : 1+size] {
		n = n<<8 | uint64(c)
	}
	if least := [...]uint64{24, math.MaxUint8 + 1, math.MaxUint16 + 1, math.MaxUint32 + 1}[info-24]; n < least {
		r.err = ErrNotCanonical
		return 0
	}
	r.rest = r.rest[1+size:]
	return n
}

func (r *Reader) take(n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.rest)) {
		r.err = ErrTruncated
		return nil
	}
	s := r.rest[:n:n]
	r.rest = r.rest[n:]
	return s
}

// Uint reads an unsigned integer.
func (r *Reader) Uint() uint64 { return r.head(majorUint) }

// Int reads an integer that fits in 64 bits with its sign.
func (r *Reader) Int() int64 {
	if r.Kind() == KindNegative {
		n := r.head(majorNeg)
		if n > math.MaxInt64 {
			r.Fail(ErrBound)
			return 0
		}
		return -int64(n) - 1
	}
	n := r.head(majorUint)
	if n > math.MaxInt64 {
		r.Fail(ErrBound)
		return 0
	}
	return int64(n)
}

// Bytes reads a byte string.
func (r *Reader) Bytes() []byte { return r.take(r.head(majorBytes)) }

// Fixed reads a byte string of len(dst) bytes into dst.
func (r *Reader) Fixed(dst []byte) {
	s := r.Bytes()
	if r.err == nil && len(s) != len(dst) {
		r.err = fmt.Errorf("%w: %d bytes where %d are due", ErrType, len(s), len(dst))
	}
	copy(dst, s)
}

// Text reads a text string, which must be valid UTF-8.
func (r *Reader) Text() string {
	s := r.take(r.head(majorText))
	if r.err == nil && !utf8.Valid(s) {
		r.err = fmt.Errorf("%w: text that isn't UTF-8", ErrForbidden)
		return ""
	}
	return string(s)
}

// Array reads the head of an array and returns the number of its items.
func (r *Reader) Array() int {
	n := r.head(majorArray)
	if r.err == nil && n > MaxArray {
		r.err = ErrBound
		return 0
	}
	return int(n)
}

// Tuple reads the head of an array that must have n items.
func (r *Reader) Tuple(n int) {
	if got := r.Array(); r.err == nil && got != n {
		r.err = fmt.Errorf("%w: an array of %d where %d are due", ErrType, got, n)
	}
}

// Null reads null if it comes next and tells whether it did.
func (r *Reader) Null() bool {
	if r.Kind() != KindNull {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	if r.Kind() != KindBool {
		r.head(majorTag) // for its error
		r.Fail(ErrType)
		return false
	}
	v := r.rest[0] == valueTrue
	r.rest = r.rest[1:]
	return v
}

// Link reads a link and returns the sha2-256 digest it names. Any CID but a
// CIDv1 of dag-cbor and sha2-256 is refused.
func (r *Reader) Link() (digest [32]byte) {
	if tag := r.head(majorTag); r.err == nil && tag != tagLink {
		r.err = ErrForbidden
	}
	s := r.Bytes()
	if r.err != nil {
		return digest
	}
	if len(s) != len(linkPrefix)+len(digest) || !bytes.Equal(s[:len(linkPrefix)], linkPrefix[:]) {
		r.err = fmt.Errorf("%w: a CID that isn't v1, dag-cbor, sha2-256", ErrForbidden)
		return digest
	}
	copy(digest[:], s[len(linkPrefix):])
	return digest
}

// Raw reads one value of any kind, checks it within the bounds and returns its
// encoding.
func (r *Reader) Raw() []byte {
	before := r.rest
	r.skip(1)
	if r.err != nil {
		return nil
	}
	n := len(before) - len(r.rest)
	return before[:n:n]
}

func (r *Reader) skip(depth int) {
	switch r.Kind() {
	case KindUint:
		r.Uint()
	case KindNegative:
		r.Int()
	case KindBytes:
		r.Bytes()
	case KindText:
		r.Text()
	case KindLink:
		r.Link()
	case KindBool:
		r.Bool()
	case KindNull:
		r.Null()
	case KindArray:
		if depth > MaxDepth {
			r.Fail(ErrBound)
			return
		}
		for n := r.Array(); n > 0 && r.err == nil; n-- {
			r.skip(depth + 1)
		}
	case KindNone:
		if len(r.rest) == 0 {
			r.Fail(ErrTruncated)
		}
		r.Fail(ErrForbidden)
	}
}

// Valid returns nil if b is exactly one value in the permitted encoding.
func Valid(b []byte) error {
	r := NewReader(b)
	r.Raw()
	return r.End()
}
