package sim_test

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"navette/crdt/reconcile/mutant"
	"navette/node/sim"
)

var seedFlag = flag.Uint64("seed", 1, "the seed that TestSim/seed runs")

// seeds returns how many seeds to run: NAVETTE_SEEDS, or fallback.
func seeds(t *testing.T, fallback uint64) uint64 {
	s := os.Getenv("NAVETTE_SEEDS")
	if s == "" {
		return fallback
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("NAVETTE_SEEDS=%q isn't a number", s)
	}
	return n
}

// TestSim runs many seeds; go test ./node/sim -run 'TestSim/seed$' -seed N runs
// one of them alone.
func TestSim(t *testing.T) {
	t.Run("seed", func(t *testing.T) { report(t, sim.Run(*seedFlag, sim.Options{})) })
	t.Run("seeds", func(t *testing.T) {
		const parts = 4
		n := seeds(t, 100)
		for part := range uint64(parts) {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				for seed := part; seed < n && !t.Failed(); seed += parts {
					report(t, sim.Run(seed, sim.Options{}))
				}
			})
		}
	})
}

func report(t *testing.T, f *sim.Failure) {
	t.Helper()
	if f != nil {
		t.Errorf("%s\n\n%v\nrun it alone: go test ./node/sim -run 'TestSim/seed$' -seed %d", strings.Join(f.Steps, "\n"), f, f.Seed)
	}
}

// TestMutants shows that the simulator notices nodes which are broken.
func TestMutants(t *testing.T) {
	for _, tt := range []struct {
		name   string
		mutant mutant.Set
	}{
		{"no verification", mutant.Set{Unverified: true}},
		{"no credit", mutant.Set{Uncredited: true}},
		{"identity by number", mutant.Set{ByNumber: true}},
		{"late subscription", mutant.Set{Late: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var caught []uint64
			why := ""
			for seed := uint64(0); seed < 200 && len(caught) < 3; seed++ {
				if f := sim.Run(seed, sim.Options{Mutant: tt.mutant}); f != nil {
					caught = append(caught, seed)
					why = f.What
				}
			}
			if len(caught) == 0 {
				t.Fatal("200 seeds pass, want at least one to fail")
			}
			t.Logf("caught by seeds %v, the last one: %s", caught, why)
		})
	}
}

// TestReplay shows that a seed gives the same steps each time.
func TestReplay(t *testing.T) {
	for seed := range uint64(5) {
		a := sim.Run(seed, sim.Options{Trace: true})
		b := sim.Run(seed, sim.Options{Trace: true})
		for i := range a.Steps {
			if i >= len(b.Steps) || a.Steps[i] != b.Steps[i] {
				t.Fatalf("seed %d: step %d is %q, the second time %q", seed, i, a.Steps[i], b.Steps[min(i, len(b.Steps)-1)])
			}
		}
	}
}
