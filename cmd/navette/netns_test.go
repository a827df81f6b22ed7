//go:build netns

package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestNetns runs the scripts of testdata: real daemons, real disks, real links
// and real mDNS, in network namespaces. What Navette promises its users is
// told there.
func TestNetns(t *testing.T) {
	isolated(t, "testdata", navette(t))
}

// navette builds the program under test, or takes one that is made:
// $NAVETTE_PROGRAM.
func navette(t *testing.T) func() programs {
	return func() programs {
		if made := os.Getenv("NAVETTE_PROGRAM"); made != "" {
			return programs{client: made, daemon: made}
		}
		p := programs{client: program(t, "navette", ".")}
		p.daemon = p.client
		if os.Getenv("NAVETTE_RACE") == "1" {
			p.daemon = program(t, "navette-race", ".", "-race")
		}
		return p
	}
}

// TestHarness runs the scripts about the scripts, with a program that stands
// in for navette.
func TestHarness(t *testing.T) {
	isolated(t, "testdata/harness", func() programs {
		fake := program(t, "fake", "./testdata/fake")
		return programs{client: fake, daemon: fake}
	})
}

// runScripts runs the scripts of a folder, in the namespaces it is called in.
func runScripts(t *testing.T, dir string, bin programs) {
	formats, err := filepath.Abs("../../node/formats/testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Cmds:                scriptCommands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			l := &lab{
				bin:    bin,
				work:   env.WorkDir,
				lans:   map[string]*link{},
				places: map[string]*place{},
			}
			env.Values[labKey{}] = l
			env.Setenv("LANG", "en_US.UTF-8")
			env.Setenv("SAMPLES", formats)
			if err := amounts(env); err != nil {
				return err
			}
			env.Defer(func() {
				tb := env.T().(testing.TB)
				for _, f := range l.figures {
					tb.Logf("figure: %s", f)
				}
				if tb.Failed() {
					for name, p := range l.places {
						if p.daemon != nil {
							tb.Logf("%s said:\n%s", name, p.daemon.tail())
						}
					}
				}
				if err := l.close(); err != nil {
					tb.Errorf("at the end: %v", err)
				}
			})
			return nil
		},
	})
}
