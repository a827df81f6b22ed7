package crdt

import (
	"errors"
	"fmt"

	"navette/crdt/cbor"
	"navette/crdt/text"
)

// A Code says what an op does. The numbers are part of the format (FORMAT.md):
// changing what one accepts takes a new one.
type Code uint64

// The codes, with the parts of an Edit that each uses beside Resource.
const (
	Create    Code = 1  // Value: the kind, a text
	Remove    Code = 2  // the whole resource, as far as the writer saw it
	Restore   Code = 3  // brings a removed resource back
	Set       Code = 4  // Field, Value, Over: a register
	Put       Code = 5  // Field, Key, Value, Over: one entry of a map
	Drop      Code = 6  // Field, Key, Over: takes an entry out
	Add       Code = 7  // Field, Value: an element of a set
	Discard   Code = 8  // Field, Over: takes out the elements that those dots added
	Increment Code = 9  // Field, N: of a counter
	Count     Code = 10 // Field, N: a stock-take, absorbs all increments it saw
	Insert    Code = 11 // Field, Parent, Right, Value: a new item of a list
	Move      Code = 12 // Field, Item, Parent, Right, Over: an item to elsewhere
	Amend     Code = 13 // Field, Item, Value, Over: what an item holds
	Take      Code = 14 // Field, Item, Over: an item out of the list
	Splice    Code = 15 // Field, Splices: of a text
)

// MaxTextPerChange is the most bytes of text that the ops of one change may
// insert together; from the op on that exceeds it, text ops are skipped.
const MaxTextPerChange = 32 << 10

// ErrSkipped is an op that everybody who knows its code skips: malformed, over
// a bound, or naming what it can't.
var ErrSkipped = errors.New("crdt: op is skipped")

// An Edit is what somebody wants of one field of one resource; which parts it
// uses is said at its code. Dots in it with the zero Change name edits of the
// same change, by their index in the list.
type Edit struct {
	Code     Code
	Resource ID
	Field    uint64
	Key      Value
	Value    Value
	Over     []Dot // what the writer saw there and replaces
	N        int64
	Item     Dot
	Parent   *Dot // the position to hang on; nil is the list itself
	Right    bool
	Splices  []text.Splice
}

// EncodeOps makes the ops of a change out of edits, in order. refs is what the
// change will have as prev and deps; the dots of the edits must be among its
// ancestors.
func EncodeOps(edits []Edit, refs Refs) ([]Op, error) {
	first := make(map[ID]uint32)
	ops := make([]Op, len(edits))
	for i, e := range edits {
		body, err := e.body(refs)
		if err != nil {
			return nil, fmt.Errorf("encode edit %d: %w", i, err)
		}
		ops[i] = Op{Code: uint64(e.Code), Body: body}
		if at, seen := first[e.Resource]; seen {
			ops[i].Target.Ref = &Dot{Index: at}
		} else {
			ops[i].Target.ID = e.Resource
			first[e.Resource] = uint32(i)
		}
	}
	return ops, nil
}

func (e Edit) body(refs Refs) ([]byte, error) {
	shape, known := shapes[e.Code]
	if !known {
		return nil, fmt.Errorf("%w: unknown code %d", ErrSkipped, e.Code)
	}
	b := cbor.AppendArray(nil, len(shape))
	for _, part := range shape {
		switch part {
		case partField:
			b = cbor.AppendUint(b, e.Field)
		case partKey, partValue:
			v := e.Value
			if part == partKey {
				v = e.Key
			}
			if err := checkValue(v); err != nil {
				return nil, err
			}
			b = append(b, v...)
		case partOver:
			b = cbor.AppendArray(b, len(e.Over))
			for _, d := range e.Over {
				b = refs.Append(b, d)
			}
		case partN:
			b = cbor.AppendInt(b, e.N)
		case partItem:
			b = refs.Append(b, e.Item)
		case partParent:
			if e.Parent == nil {
				b = cbor.AppendNull(b)
			} else {
				b = refs.Append(b, *e.Parent)
			}
		case partRight:
			b = cbor.AppendBool(b, e.Right)
		case partSplices:
			if err := text.CheckSplices(e.Splices); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrSkipped, err)
			}
			b = cbor.AppendBytes(b, text.AppendSplices(nil, e.Splices))
		}
	}
	return b, nil
}

func checkValue(v Value) error {
	if len(v) > MaxValue {
		return fmt.Errorf("%w: a value of %d bytes, more than %d", ErrSkipped, len(v), MaxValue)
	}
	if err := cbor.Valid(v); err != nil {
		return fmt.Errorf("%w: %w", ErrSkipped, err)
	}
	return nil
}

// part is one item of an op's body.
type part byte

const (
	partField part = iota
	partKey
	partValue
	partOver
	partN
	partItem
	partParent
	partRight
	partSplices
)

// shapes has the body of each code: an array of these parts.
var shapes = map[Code][]part{
	Create:    {partValue},
	Remove:    {},
	Restore:   {},
	Set:       {partField, partValue, partOver},
	Put:       {partField, partKey, partValue, partOver},
	Drop:      {partField, partKey, partOver},
	Add:       {partField, partValue},
	Discard:   {partField, partOver},
	Increment: {partField, partN},
	Count:     {partField, partN},
	Insert:    {partField, partParent, partRight, partValue},
	Move:      {partField, partItem, partParent, partRight, partOver},
	Amend:     {partField, partItem, partValue, partOver},
	Take:      {partField, partItem, partOver},
	Splice:    {partField, partSplices},
}

// Known tells whether this version has a name for the code.
func (c Code) Known() bool { _, ok := shapes[c]; return ok }

// DecodeEdit decodes op i of c, which changes the given resource. An error is
// ErrSkipped: everybody skips that op.
func DecodeEdit(c *Change, i int, resource ID) (Edit, error) {
	op := c.Ops[i]
	e := Edit{Code: Code(op.Code), Resource: resource}
	shape, known := shapes[e.Code]
	if !known {
		return e, fmt.Errorf("%w: unknown code %d", ErrSkipped, op.Code)
	}
	refs := c.Refs()
	r := cbor.NewReader(op.Body)
	r.Tuple(len(shape))
	for _, part := range shape {
		switch part {
		case partField:
			e.Field = r.Uint()
		case partKey:
			e.Key = r.Raw()
		case partValue:
			e.Value = r.Raw()
		case partOver:
			for n := r.Array(); n > 0 && r.Err() == nil; n-- {
				e.Over = append(e.Over, refs.Read(r, c.ID, i))
			}
		case partN:
			e.N = r.Int()
		case partItem:
			e.Item = refs.Read(r, c.ID, i)
		case partParent:
			if !r.Null() {
				d := refs.Read(r, c.ID, i)
				e.Parent = &d
			}
		case partRight:
			e.Right = r.Bool()
		case partSplices:
			s, err := text.ReadSplices(r.Bytes())
			if err != nil {
				r.Fail(err)
			}
			e.Splices = s
		}
	}
	if err := r.End(); err != nil {
		return e, fmt.Errorf("%w: %w", ErrSkipped, err)
	}
	if len(e.Value) > MaxValue || len(e.Key) > MaxValue {
		return e, fmt.Errorf("%w: a value of more than %d bytes", ErrSkipped, MaxValue)
	}
	return e, nil
}
