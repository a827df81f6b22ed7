package reconcile

import (
	"encoding/binary"
	"fmt"
	"math"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
)

// MaxFrame is the greatest size of a frame in bytes.
const MaxFrame = 256 << 10

// The versions of the protocol that this package speaks.
const (
	MinVersion = 1
	MaxVersion = 1
)

// The types of frame. Others are skipped by who doesn't know them.
const (
	typeHello   = 0
	typeAnswers = 1
	typeAsk     = 2
	typeWant    = 3
	typeRuns    = 4
	typeMembers = 5
	typeGot     = 6
	typeRefused = 7
	typeFork    = 8
	typeBye     = 9
	typeBeside  = 10
)

// Which of the two sets a frame is about.
type kind uint8

const (
	members kind = 0
	tips    kind = 1
)

// A Nonce is drawn by each side for each session. Nobody who doesn't know both
// can make two different sets look equal.
type Nonce [8]byte

// A Hello is the first frame of either side.
type Hello struct {
	Min, Max uint64 // versions spoken
	Features uint64 // bits, of which none is given out yet
	Commons  [16]byte
	Nonce    Nonce
	// Members and Tips sum up the two sets, under the sender's nonce.
	Members, Tips summary
}

func (h Hello) encode() []byte {
	b := cbor.AppendArray(make([]byte, 0, 64), 10)
	b = cbor.AppendUint(b, typeHello)
	b = cbor.AppendUint(b, h.Min)
	b = cbor.AppendUint(b, h.Max)
	b = cbor.AppendUint(b, h.Features)
	b = cbor.AppendBytes(b, h.Commons[:])
	b = cbor.AppendBytes(b, h.Nonce[:])
	for _, s := range []summary{h.Members, h.Tips} {
		b = cbor.AppendUint(b, s.Count)
		b = cbor.AppendUint(b, s.Sum)
	}
	return b
}

// ReadHello reads the first frame of a session, by which the side that accepts
// a connection learns which commons it is about: Hello.Is. Later versions may
// append to it. The error is ErrProtocol.
func ReadHello(frame []byte) (h Hello, err error) {
	if len(frame) > MaxFrame {
		return h, fmt.Errorf("%w: a frame of %d bytes", ErrProtocol, len(frame))
	}
	r := cbor.NewReader(frame)
	n := r.Array()
	if t := r.Uint(); r.Err() == nil && (n < 10 || t != typeHello) {
		return h, fmt.Errorf("%w: a session that doesn't begin with hello", ErrProtocol)
	}
	h.Min, h.Max, h.Features = r.Uint(), r.Uint(), r.Uint()
	r.Fixed(h.Commons[:])
	r.Fixed(h.Nonce[:])
	for _, s := range []*summary{&h.Members, &h.Tips} {
		s.Count, s.Sum = r.Uint(), r.Uint()
	}
	for ; n > 10; n-- {
		r.Raw()
	}
	if err := r.End(); err != nil {
		return h, fmt.Errorf("%w: hello: %w", ErrProtocol, err)
	}
	return h, nil
}

// Is tells whether the hello is about the commons.
func (h Hello) Is(id oplog.CommonsID) bool { return h.Commons == [16]byte(id[:16]) }

// head begins a frame of n items after its type.
func head(typ uint64, n int) []byte {
	return cbor.AppendUint(cbor.AppendArray(make([]byte, 0, 64), n+1), typ)
}

// appendItems appends those items of the set as an array of three each: how
// far Order is from that of the one before, LogID and CID (or only the CID of
// a membership change), Seq.
func appendItems(b []byte, s *Set, which []int) []byte {
	b = cbor.AppendArray(b, 3*len(which))
	var last uint64
	for _, i := range which {
		it := s.items[i]
		b = cbor.AppendUint(b, it.Order-last)
		last = it.Order
		n := it.name()
		if it.Log == (crdt.LogID{}) {
			b = cbor.AppendBytes(b, n[16:])
		} else {
			b = cbor.AppendBytes(b, n[:])
		}
		b = cbor.AppendUint(b, it.Seq)
	}
	return b
}

// readItems reads what appendItems wrote: ascending, at most maxDiffer.
func readItems(r *cbor.Reader) ([]Item, error) {
	n := r.Array()
	if n%3 != 0 || n/3 > maxDiffer {
		return nil, fmt.Errorf("%w: a list of %d thirds of an item", ErrProtocol, n)
	}
	items := make([]Item, 0, min(n/3, r.Len()/35))
	for range n / 3 {
		var it Item
		step, name := r.Uint(), r.Bytes()
		it.Seq = r.Uint()
		if r.Err() != nil {
			return nil, fmt.Errorf("%w: item: %w", ErrProtocol, r.Err())
		}
		if len(items) > 0 {
			it.Order = items[len(items)-1].Order
		}
		if step > math.MaxUint64-it.Order || it.Seq > oplog.MaxSeq {
			return nil, fmt.Errorf("%w: an item of order %d+%d, seq %d", ErrProtocol, it.Order, step, it.Seq)
		}
		it.Order += step
		switch len(name) {
		case 48:
			copy(it.Log[:], name)
			copy(it.ID[:], name[16:])
		case 32:
			copy(it.ID[:], name)
		default:
			return nil, fmt.Errorf("%w: an item's name of %d bytes", ErrProtocol, len(name))
		}
		if (len(name) == 48) == (it.Log == crdt.LogID{}) || len(items) > 0 && items[len(items)-1].Compare(it) >= 0 {
			return nil, fmt.Errorf("%w: items out of order", ErrProtocol)
		}
		items = append(items, it)
	}
	return items, nil
}

// readHashes reads hashes of 8 bytes each, strung together.
func readHashes(r *cbor.Reader) ([]uint64, error) {
	b := r.Bytes()
	if r.Err() != nil || len(b)%8 != 0 {
		return nil, fmt.Errorf("%w: a list of hashes of %d bytes", ErrProtocol, len(b))
	}
	hashes := make([]uint64, 0, len(b)/8)
	for ; len(b) > 0; b = b[8:] {
		hashes = append(hashes, binary.BigEndian.Uint64(b))
	}
	return hashes, nil
}

func readIDs(r *cbor.Reader) (ids []crdt.ChangeID, err error) {
	b := r.Bytes()
	if r.Err() != nil || len(b)%32 != 0 {
		return nil, fmt.Errorf("%w: a list of CIDs of %d bytes", ErrProtocol, len(b))
	}
	for ; len(b) > 0; b = b[32:] {
		ids = append(ids, crdt.ChangeID(b))
	}
	return ids, nil
}
