package membership_test

import (
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
)

// What has no effect is named in every scenario, with a cause that counts.
func TestUndone(t *testing.T) {
	for _, list := range [][]scenario{removals, devices, doors} {
		for _, sc := range list {
			t.Run(sc.name, func(t *testing.T) {
				w := sc.build(t)
				var got, want []crdt.ChangeID
				for _, u := range w.state.Undone() {
					got = append(got, u.Change.ID)
					if !w.state.Counts(u.Cause.ID) || w.state.ActedBy(u.Cause.ID) != u.By || w.state.ActedBy(u.Change.ID) != u.Person {
						t.Errorf("%v of %v: because of %v by %v, which counts: %v", u.Change.ID, u.Person, u.Cause.ID, u.By, w.state.Counts(u.Cause.ID))
					}
				}
				for _, c := range w.changes {
					m := w.state.Get(w.ids[c.label])
					if m == nil || w.state.Counts(m.ID) {
						continue
					}
					if _, unknown := m.Op.(*oplog.UnknownOp); !unknown {
						want = append(want, m.ID)
					}
				}
				if !slices.Equal(oplog.SortLinks(got), oplog.SortLinks(want)) {
					t.Errorf("undone: %v, want %v", got, want)
				}
			})
		}
	}
}

func TestCauses(t *testing.T) {
	w := base(t)
	w.do("rB", "A/1", "gA", "gM", remove("B"))
	w.do("rA", "B/1", "gB", "gM", remove("A"))
	u := w.state.Undone()
	if len(u) != 1 || u[0].Change.ID != w.id("rA") || u[0].Cause.ID != w.id("rB") || u[0].By != pub("A") || u[0].Person != pub("B") {
		t.Errorf("two who removed each other: %+v, want B's removal of A, because of A's of B", u)
	}
	var acts []crdt.ChangeID
	for _, m := range w.state.ActsOf(pub("B")) {
		acts = append(acts, m.ID)
	}
	if want := w.idsOf("gC"); !slices.Equal(acts, want) {
		t.Errorf("what B did and counts: %v, want only that B appointed C", acts)
	}
}
