package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestCommandLine runs the scripts of testdata/cli: what the program says for
// itself, without a daemon or a network.
func TestCommandLine(t *testing.T) {
	bin := program(t, "navette", ".")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/cli",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("LANG", "en_US.UTF-8")
			env.Setenv("PATH", filepath.Dir(bin)+string(os.PathListSeparator)+env.Getenv("PATH"))
			return nil
		},
	})
}

// program builds a program once for a test and returns its path. NAVETTE_RACE=1
// builds it with the race detector.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	// A test that runs itself again in namespaces, without a way to a module
	// proxy, has built it before.
	if bin := os.Getenv("NAVETTE_PROGRAM"); bin != "" {
		return bin
	}
	bin := filepath.Join(t.TempDir(), name)
	args := []string{"build", "-o", bin}
	if os.Getenv("NAVETTE_RACE") == "1" {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, pkg)...).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return bin
}
