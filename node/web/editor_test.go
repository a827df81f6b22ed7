//go:build chromium

package web

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The script that is kept is the one that its sources make.
func TestEditorIsBuiltFromItsSources(t *testing.T) {
	out := filepath.Join(t.TempDir(), "editor.js")
	build := exec.CommandContext(t.Context(), "editor/build.sh", out)
	build.Stderr = t.Output()
	build.Stdout = t.Output()
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := files.ReadFile("static/editor.js")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("a build gives %d bytes, others than the %d that are kept: run `make editor`", len(got), len(want))
	}
}
