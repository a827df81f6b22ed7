//go:build netns

package main_test

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestFaults runs the scripts of testdata/faults: what must not happen when
// plugs are pulled, disks fill up or lie, folders are copied, clocks are wrong
// and peers don't listen. Each prints the figure that it measures.
//
// By default it is a share that is quick enough for every change; `make faults`
// runs all of it: see testdata/README.md.
func TestFaults(t *testing.T) {
	isolated(t, "testdata/faults", func() programs {
		p := navette(t)()
		p.enemy = program(t, "hostile", "./testdata/hostile")
		return p
	})
}

// killsPerRound is how many processes each round of kill.txtar kills.
const killsPerRound = 8

// amounts gives the scripts how much they are to do, from the environment.
func amounts(env *testscript.Env) error {
	for _, a := range []struct {
		name, from string
		otherwise  int
		per        int // what the scripts count in
	}{
		{"ROUNDS", "NAVETTE_KILLS", 24, killsPerRound}, // processes killed
		{"DAMAGES", "NAVETTE_DAMAGES", 1, 1},           // of each sort to each sort of file
		{"ROWS", "NAVETTE_ROWS", 10_000, 1},            // that a slow peer catches up on
		{"IDLE", "NAVETTE_IDLE", 5, 1},                 // seconds
		{"FILES", "NAVETTE_FILES", 25, 1},              // MiB of files that travel
		{"DIALS", "NAVETTE_DIALS", 1000, 1},            // of strangers who mean harm
		{"MEMORY", "NAVETTE_MEMORY", 200, 1},           // MiB that this may take
	} {
		n, err := strconv.Atoi(cmp.Or(os.Getenv(a.from), strconv.Itoa(a.otherwise)))
		if err != nil || n < 1 {
			return fmt.Errorf("%s=%s isn't a number above 0", a.from, os.Getenv(a.from))
		}
		env.Setenv(a.name, strconv.Itoa((n+a.per-1)/a.per))
	}
	return nil
}
