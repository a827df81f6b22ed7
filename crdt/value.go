package crdt

import (
	"bytes"

	"navette/crdt/cbor"
)

// MaxValue is the most bytes that one value may take, encoded. An op with a
// longer one is skipped by everyone.
const MaxValue = 48 << 10

// A Value is what a field holds: one value of canonical DAG-CBOR. Two values
// are equal when their bytes are. The nil Value is no value at all; Null is the
// value of a field that somebody emptied.
type Value []byte

// Null is the empty value.
var Null = Value(cbor.AppendNull(nil))

// Text makes a value of a string, which must be valid UTF-8.
func Text(s string) Value { return cbor.AppendText(nil, s) }

// Int makes a value of an integer.
func Int(n int64) Value { return cbor.AppendInt(nil, n) }

// Bool makes a value of a truth value.
func Bool(v bool) Value { return cbor.AppendBool(nil, v) }

// Bytes makes a value of a byte string.
func Bytes(b []byte) Value { return cbor.AppendBytes(nil, b) }

// List makes a value of several.
func List(items ...Value) Value {
	b := cbor.AppendArray(nil, len(items))
	for _, v := range items {
		b = append(b, v...)
	}
	return b
}

// Equal tells whether the two values are the same.
func (v Value) Equal(w Value) bool { return bytes.Equal(v, w) }

// IsNull tells whether the value is no value, or an emptied one.
func (v Value) IsNull() bool { return len(v) == 0 || v.Equal(Null) }

// Text returns the string that v holds; ok is false if it holds none.
func (v Value) Text() (s string, ok bool) {
	r := cbor.NewReader(v)
	s = r.Text()
	return s, r.End() == nil
}

// Int returns the integer that v holds.
func (v Value) Int() (n int64, ok bool) {
	r := cbor.NewReader(v)
	n = r.Int()
	return n, r.End() == nil
}

// Bool returns the truth value that v holds.
func (v Value) Bool() (b, ok bool) {
	r := cbor.NewReader(v)
	b = r.Bool()
	return b, r.End() == nil
}

// Bytes returns the byte string that v holds; it aliases v.
func (v Value) Bytes() (b []byte, ok bool) {
	r := cbor.NewReader(v)
	b = r.Bytes()
	return b, r.End() == nil
}

// List returns the values that v, an array, holds; they alias v.
func (v Value) List() (items []Value, ok bool) {
	r := cbor.NewReader(v)
	for n := r.Array(); n > 0 && r.Err() == nil; n-- {
		items = append(items, r.Raw())
	}
	return items, r.End() == nil
}
