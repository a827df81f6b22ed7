package oplog

import (
	"fmt"
	"math"
	"slices"

	"navette/crdt"
	"navette/crdt/cbor"
)

// A Change is a link of a log, atomic: [1, log, seq, prev, deps, lamport,
// onBehalf, wall, ops]. What DecodeChange returns aliases the block and isn't
// to be written to.
type Change struct {
	ID  crdt.ChangeID // set by DecodeChange
	Log crdt.LogID
	Seq uint64 // from 1
	// Prev is the link before: the log's genesis where Seq is 1.
	Prev crdt.ChangeID
	// Deps are what else the writer had seen: the newest links, changes or
	// geneses, that Prev doesn't reach. Sorted, unique, at most MaxLinks.
	Deps     []crdt.ChangeID
	Lamport  uint64 // 1 + the greatest among Prev and Deps
	OnBehalf *Key   // the person for whom it was made, if not the log's
	Wall     crdt.Wall
	Ops      []crdt.Op // at most MaxOps; none in a change that only gathers deps
}

// Data returns what folding needs of c.
func (c *Change) Data() *crdt.Change {
	return &crdt.Change{
		ID: c.ID, Log: c.Log, Lamport: c.Lamport, Wall: c.Wall,
		Prev: c.Prev, Deps: c.Deps, Ops: c.Ops,
	}
}

// Refs returns what op references in the change are relative to.
func (c *Change) Refs() crdt.Refs { return crdt.Refs{Prev: c.Prev, Deps: c.Deps} }

// Encode returns the change's block; the error is ErrInvalid, for a change
// beyond the bounds. ID is neither used nor set.
func (c *Change) Encode() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	b := cbor.AppendArray(make([]byte, 0, 256), 9)
	b = cbor.AppendUint(b, uint64(KindChange))
	b = cbor.AppendBytes(b, c.Log[:])
	b = cbor.AppendUint(b, c.Seq)
	b = cbor.AppendLink(b, c.Prev)
	b = appendLinks(b, c.Deps)
	b = cbor.AppendUint(b, c.Lamport)
	if c.OnBehalf != nil {
		b = cbor.AppendBytes(b, c.OnBehalf[:])
	} else {
		b = cbor.AppendNull(b)
	}
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, c.Wall.Seconds)
	b = cbor.AppendUint(b, uint64(c.Wall.Quality))
	b = c.appendOps(b)
	if len(b) > MaxBlock {
		return nil, fmt.Errorf("%w: a change of %d bytes", ErrInvalid, len(b))
	}
	return b, nil
}

// DecodeChange decodes a block; the error is ErrInvalid.
func DecodeChange(block []byte) (*Change, error) {
	if len(block) > MaxBlock {
		return nil, fmt.Errorf("%w: a change of %d bytes", ErrInvalid, len(block))
	}
	c := &Change{ID: Sum(block)}
	r := cbor.NewReader(block)
	readHead(r, KindChange, 9)
	r.Fixed(c.Log[:])
	c.Seq = r.Uint()
	c.Prev = r.Link()
	c.Deps = readLinks(r)
	c.Lamport = r.Uint()
	if !r.Null() {
		c.OnBehalf = new(Key)
		r.Fixed(c.OnBehalf[:])
	}
	r.Tuple(2)
	c.Wall.Seconds = r.Uint()
	c.Wall.Quality = readQuality(r)
	c.readOps(r)
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: change: %w", ErrInvalid, err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, nil
}

func readQuality(r *cbor.Reader) crdt.Quality {
	q := r.Uint()
	if q > uint64(crdt.QualityNTP) {
		r.Fail(fmt.Errorf("%w: a clock of quality %d", ErrInvalid, q))
	}
	return crdt.Quality(q)
}

// check returns nil if the fields are within the bounds.
func (c *Change) check() error {
	switch {
	case c.Seq < 1 || c.Seq > MaxSeq:
		return fmt.Errorf("%w: change with seq %d", ErrInvalid, c.Seq)
	case c.Prev == crdt.ChangeID{}:
		return fmt.Errorf("%w: change whose prev is the zero digest", ErrInvalid)
	case c.Lamport < 1 || c.Lamport > MaxLamport:
		return fmt.Errorf("%w: change with lamport %d", ErrInvalid, c.Lamport)
	case c.Wall.Seconds > MaxSeconds || c.Wall.Quality > crdt.QualityNTP:
		return fmt.Errorf("%w: change at %d s by a clock of quality %d", ErrInvalid, c.Wall.Seconds, c.Wall.Quality)
	case len(c.Ops) > MaxOps:
		return fmt.Errorf("%w: change of %d ops", ErrInvalid, len(c.Ops))
	case slices.Contains(c.Deps, c.Prev):
		return fmt.Errorf("%w: change whose deps name its prev", ErrInvalid)
	}
	if err := checkLinks(c.Deps); err != nil {
		return fmt.Errorf("change: deps: %w", err)
	}
	for i, op := range c.Ops {
		if op.Code > MaxCode {
			return fmt.Errorf("%w: op %d with code %d", ErrInvalid, i, op.Code)
		}
		ref, offset := op.Target.Ref, op.Target.Offset
		if ref != nil && ref.Change == (crdt.ChangeID{}) && int64(ref.Index) >= int64(i) {
			return fmt.Errorf("%w: op %d whose target is op %d", ErrInvalid, i, ref.Index)
		}
		if offset != nil && (ref == nil || *offset > math.MaxUint32) {
			return fmt.Errorf("%w: op %d whose target has the offset %d", ErrInvalid, i, *offset)
		}
	}
	return nil
}

// appendOps appends the ops as one array.
func (c *Change) appendOps(b []byte) []byte {
	refs := c.Refs()
	b = cbor.AppendArray(b, len(c.Ops))
	for _, op := range c.Ops {
		b = cbor.AppendArray(b, 3)
		b = cbor.AppendUint(b, op.Code)
		b = appendTarget(b, refs, op.Target)
		b = cbor.AppendBytes(b, op.Body)
	}
	return b
}

func (c *Change) readOps(r *cbor.Reader) {
	n := r.Array()
	if n > MaxOps {
		r.Fail(fmt.Errorf("%w: %d ops", ErrInvalid, n))
	}
	if r.Err() != nil || n == 0 {
		return
	}
	refs := c.Refs()
	c.Ops = make([]crdt.Op, 0, min(n, r.Len()/3)) // an op takes 20 bytes or so
	for i := range n {
		if r.Err() != nil {
			return
		}
		var op crdt.Op
		r.Tuple(3)
		op.Code = r.Uint()
		op.Target = readTarget(r, refs, i)
		op.Body = r.Bytes()
		c.Ops = append(c.Ops, op)
	}
}

// appendTarget appends the target of an op. One with an offset is a reference
// of three items, [k, index, offset].
func appendTarget(b []byte, refs crdt.Refs, t crdt.Target) []byte {
	if t.Ref == nil {
		return cbor.AppendBytes(b, t.ID[:])
	}
	if t.Offset == nil {
		return refs.Append(b, *t.Ref)
	}
	pair := refs.Append(nil, *t.Ref)
	b = cbor.AppendArray(b, 3)
	b = append(b, pair[1:]...)
	return cbor.AppendUint(b, *t.Offset)
}

// readTarget reads the target of the op at index.
func readTarget(r *cbor.Reader, refs crdt.Refs, index int) (t crdt.Target) {
	if r.Kind() != cbor.KindArray {
		r.Fixed(t.ID[:])
		return t
	}
	raw := r.Raw()
	if r.Err() != nil {
		return t
	}
	// Refs reads pairs: give it the first two items as one.
	three := cbor.NewReader(raw)
	if three.Array() == 3 {
		raw = append(cbor.AppendArray(make([]byte, 0, len(raw)), 2), raw[1:]...)
	}
	in := cbor.NewReader(raw)
	d := refs.Read(in, crdt.ChangeID{}, index)
	t.Ref = &d
	if in.Err() == nil && in.Len() > 0 {
		offset := in.Uint()
		t.Offset = &offset
	}
	if err := in.End(); err != nil {
		r.Fail(fmt.Errorf("target of op %d: %w", index, err))
	}
	return t
}
