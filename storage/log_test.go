package storage_test

import (
	"math/rand/v2"
	"testing"
)

func TestOrderLeavesNoTrace(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 1))
		entries := history(t, rng, 4, 80)
		var want string
		for order := range 4 {
			l, _ := open(t, memory())
			for rest := entries; len(rest) > 0; {
				n := 1 + rng.IntN(min(len(rest), 12))
				commit(t, l, rest[:n]...)
				rest = rest[n:]
			}
			if l.Pos() != uint64(len(entries)) {
				t.Fatalf("seed %d: Pos() = %d; want %d", seed, l.Pos(), len(entries))
			}
			healthy(t, l)
			got := state(t, l)
			if order == 0 {
				want = got
			}
			if got != want {
				t.Fatalf("seed %d, order %d:\n%s\nwant\n%s", seed, order, got, want)
			}
			entries = causal(t, rng, entries)
		}
	}
}
