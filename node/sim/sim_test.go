package sim_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"navette/crdt/reconcile/mutant"
	"navette/node/sim"
)

var seedFlag = flag.Uint64("seed", 1, "the seed that TestSim/seed runs")

// A run makes much garbage and keeps little: collecting it less often is a
// tenth of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// seeds returns which seeds to run: NAVETTE_SEEDS is how many, or the first
// and the one after the last, as in 1000000-2000000.
func seeds(t *testing.T) (from, to uint64) {
	s := os.Getenv("NAVETTE_SEEDS")
	if s == "" {
		return 0, 100
	}
	first, last, span := strings.Cut(s, "-")
	if !span {
		first, last = "0", s
	}
	from, err := strconv.ParseUint(first, 10, 64)
	if err == nil {
		to, err = strconv.ParseUint(last, 10, 64)
	}
	if err != nil || to <= from {
		t.Fatalf("NAVETTE_SEEDS=%q is neither a number nor a span", s)
	}
	return from, to
}

// TestSim runs many seeds; go test ./node/sim -run 'TestSim/seed$' -seed N runs
// one of them alone.
func TestSim(t *testing.T) {
	t.Run("seed", func(t *testing.T) { report(t, sim.Run(*seedFlag, sim.Options{})) })
	t.Run("seeds", func(t *testing.T) {
		const parts, most = 4, 10 // failures of a part that are shown
		from, to := seeds(t)
		for part := range uint64(parts) {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				failed := 0
				for seed := from + part; seed < to && failed < most; seed += parts {
					if f := sim.Run(seed, sim.Options{}); f != nil {
						failed++
						report(t, f)
					}
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

// mutants are all mistakes, by the name of their field.
func mutants() (names []string, sets []mutant.Set) {
	all := reflect.TypeFor[mutant.Set]()
	for i := range all.NumField() {
		var m mutant.Set
		reflect.ValueOf(&m).Elem().Field(i).SetBool(true)
		names, sets = append(names, all.Field(i).Name), append(sets, m)
	}
	return names, sets
}

// TestMutants shows that the simulator notices nodes which are broken, each in
// one of the first 200 seeds. With -v it says which three notice first:
// MUTANTS.md.
func TestMutants(t *testing.T) {
	enough := 1
	if testing.Verbose() {
		enough = 3
	}
	names, sets := mutants()
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var caught []string
			seed, why := uint64(0), ""
			for ; seed < 200 && len(caught) < enough; seed++ {
				if f := sim.Run(seed, sim.Options{Mutant: sets[i]}); f != nil {
					caught = append(caught, fmt.Sprint(seed))
					why = f.What
				}
			}
			if len(caught) == 0 {
				t.Fatal("200 seeds pass, want at least one to fail")
			}
			t.Logf("| %s | %s | %d | %s |", name, strings.Join(caught, ", "), seed, why)
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
