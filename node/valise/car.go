package valise

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"navette/crdt"
)

// What comes before the digest in the CIDs of a valise.
const (
	prefixCBOR = "\x01\x71\x12\x20"
	prefixPB   = "\x01\x70\x12\x20"
	prefixRaw  = "\x01\x55\x12\x20"
)

// carHead and carTail stand around the root's digest in the only header that a
// valise has: its length, {"roots": [root], "version": 1}.
const (
	carHead = "\x3a\xa2\x65roots\x81\xd8\x2a\x58\x25\x00" + prefixCBOR
	carTail = "\x67version\x01"
)

func cborCID(id crdt.ChangeID) (c CID) {
	copy(c[:], prefixCBOR)
	copy(c[4:], id[:])
	return c
}

// codec is the CID without its digest.
func (c CID) codec() string { return string(c[:4]) }

// digest is the hash in the CID.
func (c CID) digest() (id crdt.ChangeID) {
	copy(id[:], c[4:])
	return id
}

// carWriter writes the blocks of a CAR.
type carWriter struct{ w io.Writer }

func (w *carWriter) header(root crdt.ChangeID) error {
	_, err := io.WriteString(w.w, carHead+string(root[:])+carTail)
	return err
}

func (w *carWriter) block(c CID, data []byte) error {
	head := binary.AppendUvarint(nil, uint64(len(c)+len(data)))
	if _, err := w.w.Write(append(head, c[:]...)); err != nil {
		return err
	}
	_, err := w.w.Write(data)
	return err
}

// carReader reads the blocks of a CAR and checks each against its CID.
type carReader struct{ r *bufio.Reader }

func (r *carReader) header() (root crdt.ChangeID, err error) {
	var b [len(carHead) + 32 + len(carTail)]byte
	if _, err := io.ReadFull(r.r, b[:]); err != nil {
		return root, cut(err)
	}
	copy(root[:], b[len(carHead):])
	if string(b[:len(carHead)]) != carHead || string(b[len(carHead)+32:]) != carTail {
		return root, fmt.Errorf("%w: the CAR's header", ErrDamaged)
	}
	return root, nil
}

// block returns the next block, or io.EOF after the last.
func (r *carReader) block() (c CID, data []byte, err error) {
	n, err := binary.ReadUvarint(r.r)
	if errors.Is(err, io.EOF) {
		return c, nil, io.EOF // a number that is cut off is io.ErrUnexpectedEOF
	}
	if err != nil {
		return c, nil, cut(err)
	}
	if n < uint64(len(c)) || n > maxPiece+uint64(len(c)) {
		return c, nil, fmt.Errorf("%w: a block of %d bytes", ErrDamaged, n)
	}
	if _, err := io.ReadFull(r.r, c[:]); err != nil {
		return c, nil, cut(err)
	}
	data = make([]byte, n-uint64(len(c)))
	if _, err := io.ReadFull(r.r, data); err != nil {
		return c, nil, cut(err)
	}
	switch c.codec() {
	case prefixPB, prefixRaw:
	case prefixCBOR:
		if len(data) > maxBlock {
			return c, nil, fmt.Errorf("%w: a block of %d bytes", ErrDamaged, len(data))
		}
	default:
		return c, nil, fmt.Errorf("%w: a block of another sort", ErrDamaged)
	}
	if sha256.Sum256(data) != c.digest() {
		return c, nil, fmt.Errorf("%w: a block that isn't what its CID says", ErrDamaged)
	}
	return c, data, nil
}

// cut makes the end of a file where something is due what it is: age says
// io.ErrUnexpectedEOF if it has been cut off, and something else if what it
// reads isn't what was written.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends early", ErrIncomplete)
	}
	return err
}
