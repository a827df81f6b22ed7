package crdt_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"navette/crdt"
	"navette/crdt/crdttest"
	"navette/crdt/text"
)

func TestFoldIsAFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { crdttest.Laws(t, crdttest.Draw(t, 20)) })
}

func TestFoldIsAFunctionOfTheSetAndTheVerdicts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := crdttest.Draw(t, 20)
		h.DrawVoids(t)
		crdttest.Laws(t, h)
	})
}

func TestFoldAgreesWithNaiveInterpreter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := crdttest.Draw(t, 25)
		if rapid.Bool().Draw(t, "voids") {
			h.DrawVoids(t)
		}
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

// Verdicts may come and go: a text whose events are toggled shows what folding
// all changes anew, under the verdicts as they are, makes of it.
func TestToggledTextsAreAsRebuilt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := crdttest.Draw(t, 20)
		toggled := crdttest.Fold(h, h.Changes).Text(crdttest.FieldText)
		if toggled == nil {
			return
		}
		for range 3 {
			h.DrawVoids(t)
			for _, c := range h.Changes {
				for i := range c.Ops {
					err := toggled.SetVoid(text.Name{Log: c.Log, Change: c.ID, Index: uint32(i)}, c.Void)
					if err != nil && !errors.Is(err, text.ErrUnknown) {
						t.Fatal(err)
					}
				}
			}
			rebuilt := crdttest.Fold(h, h.Changes).Text(crdttest.FieldText)
			if got, want := toggled.String(), rebuilt.String(); got != want {
				t.Fatalf("toggled, the text reads %q, rebuilt %q", got, want)
			}
			if got, want := toggled.Raw(), rebuilt.Raw(); got != want {
				t.Fatalf("toggled, raw is %q, rebuilt %q", got, want)
			}
		}
	})
}

// Every item stands in a list once, however often and by whomever it is moved.
func TestMovesNeverDuplicate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := crdttest.Draw(t, 30)
		h.DrawVoids(t)
		seen := map[crdt.Dot]bool{}
		for _, it := range crdttest.Fold(h, h.Changes).List(crdttest.FieldList) {
			if seen[it.Dot] {
				t.Fatalf("item %v stands in the list twice", it.Dot)
			}
			seen[it.Dot] = true
		}
	})
}
