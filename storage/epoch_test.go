package storage_test

import (
	"math/rand/v2"
	"testing"

	"navette/storage"
)

func TestEpochs(t *testing.T) {
	kv := memory()
	rng := rand.NewChaCha8([32]byte{1})
	begin := func() *storage.Log {
		t.Helper()
		l, _, err := storage.Open(kv, storage.Options{Commons: commons, Rand: rng})
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		return l
	}
	w := newWriter(1)
	l := begin()
	first := l.Epoch()
	commit(t, l, w.begin(t), w.change(t, nil, set(resource(1), 1, "a")))
	l = begin()
	second := l.Epoch()
	commit(t, l, w.change(t, nil, set(resource(1), 1, "b")))
	early := l.Pos()
	commit(t, l, w.change(t, nil, set(resource(1), 1, "c")))
	late := l.Pos()
	tests := []struct {
		name       string
		epoch, pos uint64
		want       bool
	}{
		{"this epoch", second, late, true},
		{"this epoch, beyond the end", second, late + 1, false},
		{"the epoch before, to its end", first, 2, true},
		{"the epoch before, beyond its end", first, 3, false},
		{"the beginning", first, 0, true},
		{"another store's", first + second, 0, false},
	}
	for _, tt := range tests {
		if got := l.Honours(tt.epoch, tt.pos); got != tt.want {
			t.Errorf("%s: Honours(%x, %d) = %v; want %v", tt.name, tt.epoch, tt.pos, got, tt.want)
		}
	}
	// The last commit is lost, and another takes its place: who has seen the
	// lost one must begin anew, who hasn't needn't.
	kv.CutPower(1)
	l = begin()
	if l.Honours(second, late) || !l.Honours(second, early) {
		t.Errorf("after a rollback to %d: Honours(%d) = %v, Honours(%d) = %v; want false, true",
			l.Pos(), late, l.Honours(second, late), early, l.Honours(second, early))
	}
	commit(t, l, w.begin(t))
	if l.Honours(second, late) {
		t.Error("a position that another commit took is honoured")
	}
	if third := l.Epoch(); third == first || third == second {
		t.Errorf("epochs %x, %x, %x aren't different", first, second, third)
	}
}
