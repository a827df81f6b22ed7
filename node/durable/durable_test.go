package durable_test

import (
	"os"
	"path/filepath"
	"testing"

	"navette/node/durable"
)

// What is written is read again; a failure leaves what there was, and nothing
// beside it.
func TestJSON(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	path := filepath.Join(dir, "list.json")
	var got []string
	if found, err := durable.ReadJSON(path, &got); found || err != nil || got != nil {
		t.Fatalf("before: %v, %v, %v; want nothing", found, err, got)
	}
	if err := durable.WriteJSON(path, []string{"é"}); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteJSON(path, func() {}); err == nil {
		t.Error("a function was written as JSON")
	}
	if found, err := durable.ReadJSON(path, &got); !found || err != nil || len(got) != 1 || got[0] != "é" {
		t.Errorf("after: %v, %v, %v; want what was written", found, err, got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(filepath.Join(dir, "folder"), nil); err == nil {
		t.Error("a file took the place of a folder")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("%d names are left, %v; want the file and the folder", len(left), err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := durable.ReadJSON(path, &got); !found || err == nil {
		t.Errorf("half a file: %v, %v; want an error", found, err)
	}
}
