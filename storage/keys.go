package storage

import (
	"encoding/binary"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

// LAYOUT.md describes the keys and values that are made here.

// The first byte of every key.
const (
	tagRoot    = 'R' // the root: format and generations
	tagEpoch   = 'E'
	tagMeta    = 'M'
	tagMember  = 'H' // membership, by height
	tagHeight  = 'N' // membership, by name
	tagStored  = 'S' // received data, under its generation
	tagDerived = 'D' // derived data, under its generation
)

// The third byte of the keys of received data.
const (
	tagBlock = 'b'
	tagSig   = 's'
	tagTip   = 't'
	tagIndex = 'i'
	tagFeed  = 'f'
)

// The third byte of the keys of derived data.
const (
	tagDoc      = 'd'
	tagSegment  = 's'
	tagTouched  = 'r' // resource → changes
	tagKind     = 'k' // kind → resources
	tagCount    = 'n' // kind → how many
	tagCursor   = 'a' // what remains to be folded
	tagVoid     = 'v' // what documents were folded without
	tagAwaiting = 'w' // what is to be folded anew
)

var rootKey = []byte{tagRoot}

// A storedKeys makes the keys of one generation of received data.
type storedKeys byte

func (g storedKeys) key(tag byte, n int) []byte {
	return append(make([]byte, 0, 3+n), tagStored, byte(g), tag)
}

func (g storedKeys) place(tag byte, p oplog.Place) []byte {
	b := binary.BigEndian.AppendUint32(g.key(tag, 8), p.Chain)
	return binary.BigEndian.AppendUint32(b, p.Pos)
}

// chainPrefix is what the keys of one chain's places begin with.
func (g storedKeys) chainPrefix(tag byte, chain uint32) []byte {
	return binary.BigEndian.AppendUint32(g.key(tag, 8), chain)
}

// placeOf returns the place at the end of a key.
func placeOf(key []byte) (p oplog.Place) {
	if n := len(key); n >= 8 {
		p.Chain, p.Pos = binary.BigEndian.Uint32(key[n-8:]), binary.BigEndian.Uint32(key[n-4:])
	}
	return p
}

func (g storedKeys) tip(chain uint32) []byte {
	return binary.BigEndian.AppendUint32(g.key(tagTip, 4), chain)
}

func (g storedKeys) index(id crdt.ChangeID) []byte {
	return append(g.key(tagIndex, 32), id[:]...)
}

// feed keys the row whose last entry has feed position last.
func (g storedKeys) feed(last uint64) []byte {
	return binary.BigEndian.AppendUint64(g.key(tagFeed, 8), last)
}

// A derivedKeys makes the keys of one generation of derived data.
type derivedKeys byte

func (g derivedKeys) key(tag byte, n int) []byte {
	return append(make([]byte, 0, 3+n), tagDerived, byte(g), tag)
}

func (g derivedKeys) doc(id crdt.ID) []byte {
	return append(g.key(tagDoc, 16), id[:]...)
}

func (g derivedKeys) segment(id crdt.ID, n uint32) []byte {
	return binary.BigEndian.AppendUint32(append(g.key(tagSegment, 20), id[:]...), n)
}

func (g derivedKeys) touched(id crdt.ID, pos uint64) []byte {
	return binary.BigEndian.AppendUint64(append(g.key(tagTouched, 24), id[:]...), pos)
}

// kind keys the resources of a kind. The length comes first, so that no kind
// is the beginning of another.
func (g derivedKeys) kind(kind string) []byte {
	b := binary.AppendUvarint(g.key(tagKind, len(kind)+18), uint64(len(kind)))
	return append(b, kind...)
}

func (g derivedKeys) count(kind string) []byte {
	return append(g.key(tagCount, len(kind)), kind...)
}

func (g derivedKeys) cursor() []byte { return g.key(tagCursor, 0) }

// void keys an interval of void places of a chain.
func (g derivedKeys) void(chain, from uint32) []byte {
	b := binary.BigEndian.AppendUint32(g.key(tagVoid, 8), chain)
	return binary.BigEndian.AppendUint32(b, from)
}

func (g derivedKeys) awaiting(id crdt.ID) []byte { return append(g.key(tagAwaiting, 16), id[:]...) }

func metaKey(key string) []byte { return append([]byte{tagMeta}, key...) }

func epochKey(n uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{tagEpoch}, n)
}

func memberKey(height uint32, id crdt.ChangeID) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{tagMember}, height), id[:]...)
}

func heightKey(id crdt.ChangeID) []byte { return append([]byte{tagHeight}, id[:]...) }

// A decoder reads a value: its first fault sticks and names what it is in.
type decoder struct {
	b    []byte
	what string
	err  error
}

func (d *decoder) fail() {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrCorrupt, d.what)
	}
	d.b = nil
}

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) uint32() uint32 {
	n := d.uint()
	if n > 1<<32-1 {
		d.fail()
		return 0
	}
	return uint32(n)
}

func (d *decoder) byte() byte {
	var b [1]byte
	d.fixed(b[:])
	return b[0]
}

// fixed fills into from the value.
func (d *decoder) fixed(into []byte) {
	if len(d.b) < len(into) {
		d.fail()
		return
	}
	copy(into, d.b)
	d.b = d.b[len(into):]
}

func (d *decoder) place() oplog.Place {
	return oplog.Place{Chain: d.uint32(), Pos: d.uint32()}
}

// end returns the first fault; bytes left over are one.
func (d *decoder) end() error {
	if len(d.b) > 0 {
		d.fail()
	}
	return d.err
}

func appendPlace(b []byte, p oplog.Place) []byte {
	b = binary.AppendUvarint(b, uint64(p.Chain))
	return binary.AppendUvarint(b, uint64(p.Pos))
}
