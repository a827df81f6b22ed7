package reconcile_test

import (
	"errors"
	"testing"

	"navette/crdt/reconcile"
)

// Who belongs no more is told of that, and of nothing else that is new.
func TestPart(t *testing.T) {
	a, b := newStore(), newStore()
	w, _ := newWriter(t, a, 1, 1)
	w.write(t, a, 20)
	a.member(1, 1)
	x, y := beginWith(a, b, reconcile.Options{})
	exchange(t, x, y)
	same(t, x, y)
	held := len(b.links)
	_, end := w.write(t, a, 1)
	x.Committed(nil, nil, []reconcile.Item{end})
	x.Committed([]reconcile.Item{a.member(2, 2)}, nil, nil)
	x.Part()
	exchange(t, x, y)
	if got, want := len(b.members), len(a.members); got != want {
		t.Errorf("it holds %d membership changes, want all %d", got, want)
	}
	if got := len(b.links); got != held {
		t.Errorf("it was given %d links more, want none", got-held)
	}
}

// A farewell is understood by a session that is open, and says nothing.
func TestFarewell(t *testing.T) {
	s := newStore()
	s.member(1, 1)
	x := reconcile.New(reconcile.Options{Commons: commons, Nonce: reconcile.Nonce{1}, Source: s, Initiator: true})
	x.Next()
	frames := reconcile.Farewell(commons, reconcile.Nonce{2})
	if _, err := x.Receive(frames[0]); err != nil {
		t.Fatal(err)
	}
	_, err := x.Receive(frames[1])
	var bye *reconcile.ByeError
	if !errors.Is(err, reconcile.ErrBye) || !errors.As(err, &bye) || bye.Reason != reconcile.ByeExpelled {
		t.Errorf("a farewell: %v, want a bye of one that is expelled", err)
	}
	h, err := reconcile.ReadHello(frames[0])
	if err != nil || h.Members.Count != 0 || h.Tips.Count != 0 || h.Members.Sum != 0 || h.Tips.Sum != 0 {
		t.Errorf("its hello: %+v, %v; want nothing of what is here", h, err)
	}
}
