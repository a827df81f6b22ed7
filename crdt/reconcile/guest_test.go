package reconcile_test

import (
	"testing"

	"navette/crdt/reconcile"
)

// A peer that isn't known to belong gets membership, and no data until it
// turns out that it does.
func TestGuestIsGivenNoData(t *testing.T) {
	a, b := newStore(), newStore()
	w, _ := newWriter(t, a, 1, 1)
	w.write(t, a, 20)
	a.member(1, 1)
	b.member(2, 2)
	x, y := beginWith(a, b, reconcile.Options{})
	x.Session = reconcile.New(reconcile.Options{Commons: commons, Nonce: reconcile.Nonce{1}, Source: a, Initiator: true, Guest: true})
	exchange(t, x, y)
	if got, want := len(b.members), len(a.members); got != want {
		t.Errorf("the guest holds %d membership changes, want all %d", got, want)
	}
	if got := len(b.links); got != 0 {
		t.Errorf("the guest was given %d links, want none", got)
	}
	_, end := w.write(t, a, 1)
	x.Committed(nil, nil, []reconcile.Item{end})
	exchange(t, x, y)
	if got := len(b.links); got != 0 {
		t.Errorf("the guest was pushed %d links, want none", got)
	}
	x.Welcome()
	exchange(t, x, y)
	same(t, x, y)
}
