package crdt_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"navette/crdt"
	"navette/crdt/crdttest"
)

func TestFoldIsAFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { crdttest.Laws(t, crdttest.Draw(t, 20)) })
}

func TestFoldAgreesWithNaiveInterpreter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := crdttest.Draw(t, 25)
		want := crdttest.Interpret(h)
		got := observe(crdttest.Fold(h, h.Changes))
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Fatalf("folded      %+v\ninterpreted %+v", got, want)
		}
	})
}

func observe(d *crdt.Doc) (n crdttest.Naive) {
	show := func(v crdt.Value) string { i, _ := v.Int(); return fmt.Sprint(i) }
	n.Kind, n.Deleted, n.Counter = d.Kind(), d.Deleted(), d.Counter(crdttest.FieldCounter)
	for _, e := range d.Register(crdttest.FieldRegister) {
		n.Register = append(n.Register, show(e.Value))
	}
	for _, m := range d.Map(crdttest.FieldMap) {
		for _, e := range m.Entries {
			n.Map = append(n.Map, show(m.Key)+"="+show(e.Value))
		}
	}
	for _, v := range d.Set(crdttest.FieldSet) {
		n.Set = append(n.Set, show(v))
	}
	for _, it := range d.List(crdttest.FieldList) {
		for _, e := range it.Entries {
			n.List = append(n.List, show(e.Value))
		}
	}
	slices.Sort(n.Register)
	slices.Sort(n.Map)
	slices.Sort(n.Set)
	slices.Sort(n.List)
	return n
}

// Every item stands in a list once, however often and by whomever it is moved.
func TestMovesNeverDuplicate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := crdttest.Draw(t, 30)
		seen := map[crdt.Dot]bool{}
		for _, it := range crdttest.Fold(h, h.Changes).List(crdttest.FieldList) {
			if seen[it.Dot] {
				t.Fatalf("item %v stands in the list twice", it.Dot)
			}
			seen[it.Dot] = true
		}
	})
}
