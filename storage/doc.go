package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"navette/crdt"
)

// A short document is one value. A longer one is cut into segments where its
// content says so, so that an edit changes the segments around it only, and
// its head lists them. A segment is written once under a number of its own and
// never overwritten: the head decides which ones are the document.

const (
	wholeDoc   = 40 << 10 // up to here in one value
	minSegment = 8 << 10
	maxSegment = 44 << 10
	// A segment ends where the low bits of the rolling hash are zero: on
	// average 16 KiB after its minimum.
	cutMask = 1<<14 - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// gear is the table of the rolling hash (Xia et al., "Ddelta", 2014): any 256
// fixed odd-looking numbers do; these are splitmix64's first.
var gear = func() (t [256]uint64) {
	var x uint64
	for i := range t {
		x += 0x9e3779b97f4a7c15
		z := x
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		t[i] = z ^ z>>31
	}
	return t
}()

// cut returns how long the first segment of b is.
func cut(b []byte) int {
	if len(b) <= minSegment {
		return len(b)
	}
	var h uint64
	limit := min(len(b), maxSegment)
	for i := minSegment - 64; i < limit; i++ { // the hash covers 64 bytes
		h = h<<1 + gear[b[i]]
		if i >= minSegment && h>>50&cutMask == 0 {
			return i
		}
	}
	return limit
}

// A head is the value under a document's key.
type head struct {
	next     uint32       // the number of the next segment written
	segments []docSegment // none: the document follows in the same value
}

type docSegment struct {
	number uint32
	length uint32
	sum    [16]byte // the beginning of its sha2-256
}

func segmentSum(b []byte) (sum [16]byte) {
	full := sha256.Sum256(b)
	copy(sum[:], full[:])
	return sum
}

// encode appends the head, and the document if it is whole.
func (h *head) encode(doc []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(h.next))
	b = binary.AppendUvarint(b, uint64(len(h.segments)))
	for _, s := range h.segments {
		b = binary.AppendUvarint(b, uint64(s.number))
		b = binary.AppendUvarint(b, uint64(s.length))
		b = append(b, s.sum[:]...)
	}
	if len(h.segments) == 0 {
		b = binary.BigEndian.AppendUint32(b, crc32.Checksum(doc, castagnoli))
		b = append(b, doc...)
	}
	return b
}

// readDoc returns a document's bytes and head, or ErrNotFound. With ErrCorrupt
// the head is what could be read of it.
func readDoc(r Reader, g derivedKeys, id crdt.ID) ([]byte, head, error) {
	value, err := r.Get(g.doc(id))
	if err != nil {
		return nil, head{}, err
	}
	d := decoder{b: value, what: "a document"}
	h := head{next: d.uint32()}
	n := d.uint32()
	if n == 0 {
		var sum [4]byte
		d.fixed(sum[:])
		if binary.BigEndian.Uint32(sum[:]) != crc32.Checksum(d.b, castagnoli) {
			d.fail()
		}
		return d.b, h, d.err
	}
	size := 0
	for ; n > 0 && d.err == nil; n-- {
		s := docSegment{number: d.uint32(), length: d.uint32()}
		d.fixed(s.sum[:])
		h.segments = append(h.segments, s)
		size += int(s.length)
	}
	if err := d.end(); err != nil {
		return nil, h, err
	}
	doc := make([]byte, 0, min(size, len(h.segments)*maxSegment))
	for _, s := range h.segments {
		b, err := r.Get(g.segment(id, s.number))
		if errors.Is(err, ErrNotFound) || err == nil && segmentSum(b) != s.sum {
			return nil, h, fmt.Errorf("%w: segment %d of resource %v", ErrCorrupt, s.number, id)
		}
		if err != nil {
			return nil, head{}, err
		}
		doc = append(doc, b...)
	}
	return doc, h, nil
}

// writeDoc returns the rows that replace a document with head old by doc, and
// its new head. The segments may be written earlier than the final rows, in
// other transactions: until then nothing refers to them.
func writeDoc(g derivedKeys, id crdt.ID, old head, doc []byte) (segments, final rows, h head) {
	h.next = old.next
	if len(doc) > wholeDoc {
		had := make(map[[16]byte]docSegment, len(old.segments))
		for _, s := range old.segments {
			had[s.sum] = s
		}
		for rest := doc; len(rest) > 0; {
			part := rest[:cut(rest)]
			rest = rest[len(part):]
			sum := segmentSum(part)
			s, ok := had[sum]
			if !ok {
				s = docSegment{number: h.next, length: uint32(len(part)), sum: sum}
				h.next++
				had[sum] = s
				segments.set(g.segment(id, s.number), part)
			}
			h.segments = append(h.segments, s)
		}
	}
	kept := make(map[uint32]bool, len(h.segments))
	for _, s := range h.segments {
		kept[s.number] = true
	}
	for _, s := range old.segments {
		if !kept[s.number] {
			kept[s.number] = true // once, if it stands there twice
			final.delete(g.segment(id, s.number))
		}
	}
	final.set(g.doc(id), h.encode(doc))
	return segments, final, h
}
