package crdttest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"navette/crdt"
)

// Laws checks that folding h's changes is a function of their set: in every
// causal order drawn, and with the document encoded and decoded at any moment,
// the bytes are the same.
func Laws(t *rapid.T, h *History) {
	want := Fold(h, h.Changes).Encode()
	for range 3 {
		d := crdt.NewDoc(h.Resource)
		for _, c := range Shuffle(t, h) {
			d.Apply(h, c)
			if rapid.IntRange(0, 3).Draw(t, "store") == 0 {
				stored := d.Encode()
				back, err := crdt.DecodeDoc(stored)
				if err != nil {
					t.Fatalf("decode what Encode wrote: %v", err)
				}
				if again := back.Encode(); !bytes.Equal(again, stored) {
					t.Fatalf("decoded and encoded: %x\nwant %x", again, stored)
				}
				d = back
			}
		}
		if got := d.Encode(); !bytes.Equal(got, want) {
			t.Fatalf("another order gives %x\nwant %x", got, want)
		}
	}
}

// Fold applies changes to an empty document.
func Fold(h *History, changes []*crdt.Change) *crdt.Doc {
	d := crdt.NewDoc(h.Resource)
	for _, c := range changes {
		d.Apply(h, c)
	}
	return d
}

// Shuffle draws another order of h's changes that respects causality.
func Shuffle(t *rapid.T, h *History) []*crdt.Change {
	left, out := slices.Clone(h.Changes), make([]*crdt.Change, 0, len(h.Changes))
	for len(left) > 0 {
		var ready []int
		for i, c := range left {
			if !slices.ContainsFunc(left, func(x *crdt.Change) bool { return x != c && h.Saw(c.ID, x.ID) }) {
				ready = append(ready, i)
			}
		}
		i := ready[rapid.IntRange(0, len(ready)-1).Draw(t, "next")]
		out = append(out, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return out
}

// Naive is what a set of changes amounts to, found without folding: from each
// op and what all the others say of it.
type Naive struct {
	Kind     string
	Deleted  bool
	Register []string // the surviving values, as many times as they were set, sorted
	Map      []string // "key=value", likewise
	Set      []string
	Counter  int64
	List     []string // what the items hold, in no order
}

type naiveOp struct {
	c    *crdt.Change
	dot  crdt.Dot
	edit crdt.Edit
}

// Interpret interprets h's changes naively.
func Interpret(h *History) Naive {
	var ops []naiveOp
	void := map[crdt.Dot][]crdt.Dot{} // what each void op would have replaced
	for _, c := range h.Changes {
		for i := range c.Ops {
			e, err := crdt.DecodeEdit(c, i, h.Resource)
			dot := crdt.Dot{Change: c.ID, Index: uint32(i)}
			switch {
			case err != nil:
			case c.Void:
				void[dot] = e.Over
			default:
				ops = append(ops, naiveOp{c, dot, e})
			}
		}
	}
	var replaces func(over []crdt.Dot, dot crdt.Dot) bool
	replaces = func(over []crdt.Dot, dot crdt.Dot) bool {
		return slices.ContainsFunc(over, func(o crdt.Dot) bool { return o == dot || replaces(void[o], dot) })
	}
	replaced := func(op naiveOp) bool {
		return slices.ContainsFunc(ops, func(x naiveOp) bool {
			return x.edit.Code != crdt.Move && replaces(x.edit.Over, op.dot) // a Move replaces places, not values
		})
	}
	survivors := func(codes ...crdt.Code) (out []naiveOp) {
		for _, op := range ops {
			if slices.Contains(codes, op.edit.Code) && !replaced(op) {
				out = append(out, op)
			}
		}
		return out
	}
	show := func(v crdt.Value) string { n, _ := v.Int(); return fmt.Sprint(n) }
	var n Naive
	for _, op := range survivors(crdt.Set) {
		n.Register = append(n.Register, show(op.edit.Value))
	}
	for _, op := range survivors(crdt.Put) {
		n.Map = append(n.Map, show(op.edit.Key)+"="+show(op.edit.Value))
	}
	for _, op := range survivors(crdt.Add) {
		n.Set = append(n.Set, show(op.edit.Value))
	}
	for _, op := range survivors(crdt.Insert, crdt.Amend) {
		n.List = append(n.List, show(op.edit.Value))
	}
	slices.Sort(n.Register)
	slices.Sort(n.Map)
	slices.Sort(n.List)
	slices.Sort(n.Set)
	n.Set = slices.Compact(n.Set)
	n.Kind, n.Deleted, n.Counter = naiveKind(ops), naiveDeleted(h, ops), naiveCounter(h, ops)
	return n
}

func naiveKind(ops []naiveOp) string {
	creates := slices.DeleteFunc(slices.Clone(ops), func(op naiveOp) bool { return op.edit.Code != crdt.Create })
	if len(creates) == 0 {
		return ""
	}
	first := slices.MinFunc(creates, func(a, b naiveOp) int {
		return cmp.Or(cmp.Compare(a.c.Lamport, b.c.Lamport), a.dot.Compare(b.dot))
	})
	kind, _ := first.edit.Value.Text()
	return kind
}

// before tells whether b's writer had seen a.
func before(h *History, a, b naiveOp) bool {
	if a.c == b.c {
		return a.dot.Index < b.dot.Index
	}
	return h.Saw(b.c.ID, a.c.ID)
}

func naiveDeleted(h *History, ops []naiveOp) bool {
	for _, op := range ops {
		if op.edit.Code == crdt.Remove {
			continue
		}
		if !slices.ContainsFunc(ops, func(x naiveOp) bool { return x.edit.Code == crdt.Remove && before(h, op, x) }) {
			return false
		}
	}
	return true
}

func naiveCounter(h *History, ops []naiveOp) (sum int64) {
	var counts []naiveOp
	for _, op := range ops {
		if op.edit.Code == crdt.Count && !slices.ContainsFunc(ops, func(x naiveOp) bool { return x.edit.Code == crdt.Count && before(h, op, x) }) {
			counts = append(counts, op)
		}
	}
	base := func(naiveOp) bool { return false }
	if len(counts) > 0 {
		shown := slices.MaxFunc(counts, func(a, b naiveOp) int {
			return cmp.Or(cmp.Compare(a.c.Wall.Seconds, b.c.Wall.Seconds), cmp.Compare(a.c.Lamport, b.c.Lamport), a.dot.Compare(b.dot))
		})
		sum = shown.edit.N
		base = func(op naiveOp) bool { return before(h, op, shown) }
	}
	for _, op := range ops {
		if op.edit.Code == crdt.Increment && !base(op) {
			sum += op.edit.N
		}
	}
	return sum
}
