package crdt

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"navette/crdt/cbor"
)

// ErrRef is an op reference that isn't in its one permitted form, or names
// nothing.
var ErrRef = errors.New("crdt: op reference that isn't in its shortest form or names nothing")

// Refs is what the op references in one change are relative to: its prev and
// its deps in order. A reference is [k, index], where k is 0 for the change
// itself, 1 for prev, 2 and up for the deps, or the 32-byte digest of any
// other change; only the shortest form is valid.
type Refs struct {
	Prev ChangeID
	Deps []ChangeID
}

// Append appends the reference that names d.
func (r Refs) Append(b []byte, d Dot) []byte {
	b = cbor.AppendArray(b, 2)
	switch i := slices.Index(r.Deps, d.Change); {
	case d.Change == ChangeID{}:
		b = cbor.AppendUint(b, 0)
	case d.Change == r.Prev:
		b = cbor.AppendUint(b, 1)
	case i >= 0:
		b = cbor.AppendUint(b, uint64(2+i))
	default:
		b = cbor.AppendBytes(b, d.Change[:])
	}
	return cbor.AppendUint(b, uint64(d.Index))
}

// Read reads a reference. self is the name of the change that it stands in; a
// reference with k = 0 may only name an op before index.
func (r Refs) Read(in *cbor.Reader, self ChangeID, index int) (d Dot) {
	in.Tuple(2)
	switch in.Kind() {
	case cbor.KindUint:
		k := in.Uint()
		switch {
		case k == 0:
			d.Change = self
		case k == 1 && r.Prev != ChangeID{}:
			d.Change = r.Prev
		case k >= 2 && k < uint64(2+len(r.Deps)):
			d.Change = r.Deps[k-2]
		default:
			in.Fail(fmt.Errorf("%w: k = %d", ErrRef, k))
		}
		i := in.Uint()
		if k == 0 && i >= uint64(index) || i > math.MaxUint32 {
			in.Fail(fmt.Errorf("%w: index %d", ErrRef, i))
		}
		d.Index = uint32(i)
	default:
		in.Fixed(d.Change[:])
		i := in.Uint()
		if i > math.MaxUint32 || d.Change == r.Prev || d.Change == self || slices.Contains(r.Deps, d.Change) {
			in.Fail(ErrRef)
		}
		d.Index = uint32(i)
	}
	return d
}

// A Target is what an op changes: a resource by its ID, or, where Ref is set,
// the same resource as an earlier op names. Only references within the change
// (zero Change, lower index) name a resource to the codes known so far; an op
// with any other is skipped.
type Target struct {
	ID  ID
	Ref *Dot
	// Offset is the third item of a reference, for codes that name a part of
	// what an op made. No code uses it yet.
	Offset *uint64
}

// An Op is an encoded edit: what stands in a change.
type Op struct {
	Code   uint64
	Target Target
	Body   []byte // one array of DAG-CBOR, as Edit.Op makes it
}

// Resources returns the resource that each op changes, in order; ok is false
// where its target names none.
func (c *Change) Resources() (ids []ID, ok []bool) {
	ids, ok = make([]ID, len(c.Ops)), make([]bool, len(c.Ops))
	for i, op := range c.Ops {
		switch ref := op.Target.Ref; {
		case ref == nil:
			ids[i], ok[i] = op.Target.ID, true
		case op.Target.Offset == nil && (ref.Change == ChangeID{} || ref.Change == c.ID) && int(ref.Index) < i:
			ids[i], ok[i] = ids[ref.Index], ok[ref.Index]
		}
	}
	return ids, ok
}
