package badgerdb

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"navette/storage"
)

// A log that was cut by a kill, wherever that was, isn't damaged; one that
// has another byte anywhere, or is shorter, is.
func TestReadLog(t *testing.T) {
	dir := t.TempDir()
	db, _, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var ends []int // of the log after each update
	read := func() []byte {
		names := list(dir+"/badger", "*.mem")
		if len(names) != 1 {
			t.Fatalf("logs: %v; want one", names)
		}
		b, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for n := range 12 {
		err := db.Update(storage.Own, func(t storage.Txn) error {
			for i := range 3 {
				if err := t.Set(fmt.Appendf(nil, "key %d %d", n, i), bytes.Repeat([]byte{byte(n), 7}, 90*i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, len(bytes.TrimRight(read(), "\x00")))
	}
	used := ends[len(ends)-1]
	log := read()[:used+4096] // the rest is more zeros
	if readLog(log).cut {
		t.Error("a log that is as it was written is taken for a damaged one")
	}
	for end := range used {
		killed := append(bytes.Clone(log[:end]), make([]byte, len(log)-end)...)
		if readLog(killed).cut {
			t.Errorf("a log whose writer was killed after byte %d is taken for a damaged one", end)
		}
	}
	last := ends[len(ends)-2]
	for at := logHead; at < last; at++ {
		log[at] ^= 0x10
		if !readLog(log).cut {
			t.Errorf("another bit at byte %d of %d isn't noticed", at, used)
		}
		log[at] ^= 0x10
	}
	for _, end := range ends[:len(ends)-1] {
		for _, at := range []int{end - 1, end + 1, end + 40} {
			if !readLog(log[:at]).cut {
				t.Errorf("that the log ends after byte %d of %d isn't noticed", at, used)
			}
		}
	}
}

// A log that goes on from a transaction that is nowhere tells that another is
// missing, though each file is whole.
func TestMissingLog(t *testing.T) {
	dir := t.TempDir()
	session := func(key string) (log []byte) {
		db, _, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := db.Update(storage.Own, func(t storage.Txn) error { return t.Set([]byte(key), []byte("value")) }); err != nil {
				t.Fatal(err)
			}
		}
		if log, err = os.ReadFile(list(dir+"/badger", "*.mem")[0]); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		return log
	}
	session("first")
	old := filepath.Join(t.TempDir(), "old")
	if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	next, last := session("next"), session("last")
	for _, c := range []struct {
		name string
		logs [][]byte
		cut  bool
	}{
		{"both", [][]byte{next, last}, false},
		{"the first of two", [][]byte{next}, false}, // the other may never have been
		{"the second of two", [][]byte{last}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "damaged")
			if err := os.CopyFS(dir, os.DirFS(old)); err != nil {
				t.Fatal(err)
			}
			for i, log := range c.logs {
				if err := os.WriteFile(fmt.Sprintf("%s/badger/%05d.mem", dir, i+1), log, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			db, report, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if report.Cut != c.cut || report.Suspect != c.cut {
				t.Errorf("cut %v, suspect %v; want both %v", report.Cut, report.Suspect, c.cut)
			}
		})
	}
}
