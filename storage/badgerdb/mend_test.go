package badgerdb

import (
	"os"
	"path/filepath"
	"testing"

	"navette/storage"
)

// A list of tables that is cut off between two of its entries looks whole. What
// is in a table that it doesn't name, and nowhere else, is lost: that is told. A
// crash leaves such a table as well, but with nothing that isn't elsewhere.
func TestUnlistedTable(t *testing.T) {
	dir := t.TempDir()
	for _, key := range []string{"a", "b"} {
		db, _, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(storage.Own, func(t storage.Txn) error { return t.Set([]byte(key), []byte("value")) })
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil { // which writes a table
			t.Fatal(err)
		}
	}
	tables := list(filepath.Join(dir, "badger"), "*.sst")
	if len(tables) != 2 {
		t.Fatalf("tables %v; want two", tables)
	}
	for _, c := range []struct {
		name string
		harm func(dir string) error
		cut  bool
	}{
		{"the list lost its end", func(dir string) error {
			list := filepath.Join(dir, "MANIFEST")
			info, err := os.Stat(list)
			if err != nil {
				return err
			}
			return os.Truncate(list, info.Size()-1)
		}, true},
		{"a table that was being written", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "000099.sst"), []byte("half of it"), 0o600)
		}, false},
		{"a table that is in others as well", func(dir string) error {
			b, err := os.ReadFile(filepath.Join(dir, filepath.Base(tables[0])))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "000099.sst"), b, 0o600)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			harmed := filepath.Join(t.TempDir(), "harmed")
			if err := os.CopyFS(harmed, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if err := c.harm(filepath.Join(harmed, "badger")); err != nil {
				t.Fatal(err)
			}
			db, report, err := Open(harmed, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if report.Cut != c.cut || !report.Suspect || report.Fresh {
				t.Errorf("cut %v, suspect %v, fresh %v; want %v, true, false", report.Cut, report.Suspect, report.Fresh, c.cut)
			}
		})
	}
}
