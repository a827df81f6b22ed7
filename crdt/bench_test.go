package crdt_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"navette/crdt"
)

// ordered is a history in which each change has seen all before it.
type ordered struct{}

// Saw implements crdt.History.
func (ordered) Saw(later, earlier crdt.ChangeID) bool { return later[31] >= earlier[31] }

// inventory returns the changes that make a resource of ten registers, a set of
// three and a map of three, and then edit one register again and again.
func inventory(b *testing.B, edits int) []*crdt.Change {
	b.Helper()
	name := func(i int) (id crdt.ChangeID) {
		id = sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		id[31] = byte(i)
		return id
	}
	first := []crdt.Edit{{Code: crdt.Create, Resource: res, Value: crdt.Text("tool")}}
	for f := range uint64(10) {
		first = append(first, crdt.Edit{Code: crdt.Set, Resource: res, Field: f, Value: crdt.Text(fmt.Sprintf("value %d of the field %d", f*f, f))})
	}
	for i := range 3 {
		v := crdt.Text(fmt.Sprint("label ", i))
		first = append(first,
			crdt.Edit{Code: crdt.Add, Resource: res, Field: 10, Value: v},
			crdt.Edit{Code: crdt.Put, Resource: res, Field: 11, Key: v, Value: v})
	}
	var all []*crdt.Change
	for i := range 1 + edits {
		c := &crdt.Change{ID: name(i), Lamport: uint64(i) + 1}
		ops := first
		if i > 0 {
			c.Prev = name(i - 1)
			over := crdt.Dot{Change: c.Prev}
			if i == 1 {
				over.Index = 1
			}
			ops = []crdt.Edit{{Code: crdt.Set, Resource: res, Field: 0, Value: crdt.Text(fmt.Sprint("edit ", i)), Over: []crdt.Dot{over}}}
		}
		var err error
		if c.Ops, err = crdt.EncodeOps(ops, c.Refs()); err != nil {
			b.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// BenchmarkFold folds what an import makes of one thing, and an edit of it as
// the store does: decoded, changed, encoded.
func BenchmarkFold(b *testing.B) {
	changes := inventory(b, 100)
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := crdt.NewDoc(res)
			d.Apply(ordered{}, changes[0])
			if len(d.Fields()) != 12 {
				b.Fatalf("%d fields, want 12", len(d.Fields()))
			}
			b.ReportMetric(float64(len(d.Encode())), "doc-bytes")
		}
	})
	d := crdt.NewDoc(res)
	for _, c := range changes[:100] {
		d.Apply(ordered{}, c)
	}
	if n := len(d.Register(0)); n != 1 {
		b.Fatalf("%d values of the register, want the last", n)
	}
	stored := d.Encode()
	b.Run("edit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d, err := crdt.DecodeDoc(stored)
			if err != nil {
				b.Fatal(err)
			}
			d.Apply(ordered{}, changes[100])
			d.Encode()
		}
	})
}
