// Package crdttest has what merging is tested with: random histories of a few
// replicas that edit one resource and meet now and then, the laws that every
// fold must keep, and a naive interpreter that says from the whole set of
// changes, without folding, what must come out.
//
// It is for tests, of crdt and of what is built on it.
package crdttest

import (
	"crypto/sha256"
	"encoding/binary"

	"pgregory.net/rapid"

	"navette/crdt"
	"navette/crdt/text"
)

// A History is a set of changes in an order that respects causality, with the
// ancestry of each. It is the crdt.History of its changes.
type History struct {
	Resource crdt.ID
	Changes  []*crdt.Change
	seen     map[crdt.ChangeID]map[crdt.ChangeID]bool
}

// Saw implements crdt.History.
func (h *History) Saw(later, earlier crdt.ChangeID) bool { return h.seen[later][earlier] }

// The fields that a drawn history edits, one of each type.
const (
	FieldRegister = iota + 1
	FieldMap
	FieldSet
	FieldCounter
	FieldList
	FieldText
)

// replica is one writer: what it has seen and what that amounts to.
type replica struct {
	log    crdt.LogID
	last   crdt.ChangeID
	height map[crdt.ChangeID]uint64
	heads  []crdt.ChangeID
	doc    *crdt.Doc
}

// Draw draws a history of up to steps changes by three replicas.
func Draw(t *rapid.T, steps int) *History {
	h := &History{Resource: crdt.ID{1}, seen: make(map[crdt.ChangeID]map[crdt.ChangeID]bool)}
	replicas := make([]*replica, 3)
	for i := range replicas {
		replicas[i] = &replica{log: crdt.LogID{byte(i + 1)}, height: map[crdt.ChangeID]uint64{}, doc: crdt.NewDoc(h.Resource)}
	}
	for n := rapid.IntRange(1, steps).Draw(t, "steps"); n > 0; n-- {
		r := replicas[rapid.IntRange(0, len(replicas)-1).Draw(t, "who")]
		if rapid.IntRange(0, 2).Draw(t, "meet") == 0 {
			h.meet(r, replicas[rapid.IntRange(0, len(replicas)-1).Draw(t, "whom")])
			continue
		}
		h.write(t, r)
	}
	return h
}

// DrawVoids makes some of the changes void, and the others not.
func (h *History) DrawVoids(t *rapid.T) {
	for _, c := range h.Changes {
		c.Void = rapid.IntRange(0, 2).Draw(t, "void") == 0
	}
}

// meet gives r all that from has.
func (h *History) meet(r, from *replica) {
	for _, c := range h.Changes {
		if _, has := from.height[c.ID]; has {
			h.take(r, c)
		}
	}
}

func (h *History) take(r *replica, c *crdt.Change) {
	if _, has := r.height[c.ID]; has {
		return
	}
	r.height[c.ID] = c.Lamport
	heads := r.heads[:0:0]
	for _, x := range r.heads {
		if !h.seen[c.ID][x] {
			heads = append(heads, x)
		}
	}
	r.heads = append(heads, c.ID)
	r.doc.Apply(h, c)
}

// write makes a change of a few edits by r.
func (h *History) write(t *rapid.T, r *replica) {
	c := &crdt.Change{Log: r.log, Lamport: 1, Prev: r.last}
	c.Wall = crdt.Wall{Seconds: rapid.Uint64Range(0, 3).Draw(t, "clock"), Quality: crdt.QualityPeers}
	for _, x := range r.heads {
		c.Lamport = max(c.Lamport, r.height[x]+1)
		if x != r.last {
			c.Deps = append(c.Deps, x)
		}
	}
	var edits []crdt.Edit
	for n := rapid.IntRange(1, 3).Draw(t, "edits"); n > 0; n-- {
		edits = append(edits, drawEdit(t, r.doc))
	}
	ops, err := crdt.EncodeOps(edits, c.Refs())
	if err != nil {
		t.Fatalf("encode %v: %v", edits, err)
	}
	c.Ops = ops
	c.ID = sha256.Sum256(binary.BigEndian.AppendUint64(r.log[:], uint64(len(h.Changes))))
	past := map[crdt.ChangeID]bool{c.ID: true}
	for x := range r.height {
		past[x] = true
	}
	h.seen[c.ID] = past
	h.Changes = append(h.Changes, c)
	h.take(r, c)
	r.last = c.ID
}

func drawValue(t *rapid.T) crdt.Value { return crdt.Int(rapid.Int64Range(0, 3).Draw(t, "value")) }

func drawEdit(t *rapid.T, d *crdt.Doc) crdt.Edit {
	e := crdt.Edit{Resource: d.ID(), Value: drawValue(t), Key: drawValue(t)}
	items := d.List(FieldList)
	pick := func() crdt.Item { return items[rapid.IntRange(0, len(items)-1).Draw(t, "item")] }
	codes := []crdt.Code{crdt.Create, crdt.Remove, crdt.Restore, crdt.Set, crdt.Put, crdt.Drop, crdt.Add, crdt.Discard,
		crdt.Increment, crdt.Count, crdt.Insert, crdt.Move, crdt.Amend, crdt.Take, crdt.Splice}
	e.Code = rapid.SampledFrom(codes).Draw(t, "code")
	if len(items) == 0 && e.Code >= crdt.Move && e.Code <= crdt.Take {
		e.Code = crdt.Insert
	}
	switch e.Code {
	case crdt.Create:
		e.Value = crdt.Text(rapid.SampledFrom([]string{"tool", "page"}).Draw(t, "kind"))
	case crdt.Set:
		e.Field, e.Over = FieldRegister, crdt.Dots(d.Register(FieldRegister))
	case crdt.Put, crdt.Drop:
		e.Field, e.Over = FieldMap, crdt.Dots(d.MapEntry(FieldMap, e.Key))
	case crdt.Add:
		e.Field = FieldSet
	case crdt.Discard:
		e.Field, e.Over = FieldSet, d.SetDots(FieldSet, e.Value)
	case crdt.Increment, crdt.Count:
		e.Field, e.N = FieldCounter, rapid.Int64Range(-3, 3).Draw(t, "n")
	case crdt.Insert:
		e.Field = FieldList
		e.Parent, e.Right = d.Gap(FieldList, rapid.IntRange(0, len(items)).Draw(t, "at"))
	case crdt.Move:
		it := pick()
		e.Field, e.Item, e.Over = FieldList, it.Dot, it.Places
		e.Parent, e.Right = d.Gap(FieldList, rapid.IntRange(0, len(items)).Draw(t, "at"))
	case crdt.Amend, crdt.Take:
		it := pick()
		e.Field, e.Item, e.Over = FieldList, it.Dot, crdt.Dots(it.Entries)
	case crdt.Splice:
		e.Field = FieldText
		length := 0
		if tx := d.Text(FieldText); tx != nil {
			length = tx.Len()
		}
		pos := rapid.IntRange(0, length).Draw(t, "pos")
		del := rapid.IntRange(0, length-pos).Draw(t, "del")
		ins := rapid.StringOfN(rapid.RuneFrom([]rune("aé🧵")), 0, 4, -1).Draw(t, "ins")
		if del == 0 && ins == "" {
			ins = "x"
		}
		e.Splices = []text.Splice{{Pos: pos, Del: del, Ins: ins}}
	}
	return e
}
