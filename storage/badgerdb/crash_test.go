package badgerdb_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"navette/storage"
	"navette/storage/badgerdb"
)

// writerEnv makes the test binary the process that is killed: it writes to the
// folder named, for ever.
const writerEnv = "NAVETTE_TEST_WRITE_TO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// rowsPerUpdate rows are written by each update: all or none are there.
const rowsPerUpdate = 5

func rowKey(n uint64, i int) []byte {
	return append(binary.BigEndian.AppendUint64([]byte("row"), n), byte(i))
}

// rowValue is unlike any other row's, and long enough to fill tables.
func rowValue(key []byte) []byte {
	return bytes.Repeat(key, 150)
}

func writeForEver(dir string) error {
	kv, report, err := badgerdb.Open(dir, badgerdb.Options{})
	if err != nil {
		return err
	}
	if report.Fresh {
		return report.Cause
	}
	next, err := rowsIn(kv)
	for ; err == nil; next++ {
		err = kv.Update(storage.Own, func(t storage.Txn) error {
			for i := range rowsPerUpdate {
				if err := t.Set(rowKey(next, i), rowValue(rowKey(next, i))); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			_, err = fmt.Println(next)
		}
	}
	return err
}

// rowsIn returns how many updates there are in kv, which must be whole and
// the first ones.
func rowsIn(kv storage.KV) (uint64, error) {
	n, i := uint64(0), 0
	err := kv.View(func(r storage.Reader) error {
		return r.Scan([]byte("row"), nil, func(key, value []byte) error {
			if want := rowKey(n, i); !bytes.Equal(key, want) || !bytes.Equal(value, rowValue(key)) {
				return fmt.Errorf("row %x holds %.20x; want row %x", key, value, want)
			}
			if i++; i == rowsPerUpdate {
				n, i = n+1, 0
			}
			return nil
		})
	})
	if err == nil && i > 0 {
		err = fmt.Errorf("%d rows of update %d", i, n)
	}
	return n, err
}

// A process that is killed at any moment loses nothing that it was told is
// stored, and leaves no update half done.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	acknowledged := uint64(0)
	for kill := range 24 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 1 + rng.IntN(300) {
			if !lines.Scan() {
				t.Fatalf("kill %d: the writer ended by itself: %v", kill, cmd.Wait())
			}
			if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it was told meanwhile counts, too
			if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait() // it was killed
		kv, report := open(t, dir, badgerdb.Options{})
		if report.Quarantined != "" {
			t.Fatalf("kill %d: quarantined: %v", kill, report.Cause)
		}
		n, err := rowsIn(kv)
		if err != nil || n < acknowledged+1 {
			t.Fatalf("kill %d: %d updates are there, %v; %d were acknowledged", kill, n, err, acknowledged+1)
		}
		if err := kv.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever happens to a file, the store opens: with all there was, with what
// there was earlier, or empty, the damaged files kept aside. It never gives
// out a wrong value, nor ends the process.
func TestDamagedFiles(t *testing.T) {
	live := t.TempDir()
	kv, _ := open(t, live, badgerdb.Options{})
	const updates = 1600 // some 14 MB: tables and a log
	for n := range uint64(updates) {
		err := kv.Update(storage.Own, func(tx storage.Txn) error {
			for i := range rowsPerUpdate {
				if err := tx.Set(rowKey(n, i), rowValue(rowKey(n, i))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	crashed := filepath.Join(t.TempDir(), "crashed")
	if err := os.CopyFS(crashed, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 1))
	flip := func(at func(size int64) int64) func(*os.File, int64) error {
		return func(f *os.File, size int64) error {
			var b [1]byte
			off := at(size)
			if _, err := f.ReadAt(b[:], off); err != nil {
				return err
			}
			b[0] ^= 1 << rng.IntN(8)
			_, err := f.WriteAt(b[:], off)
			return err
		}
	}
	truncate := func(to func(size int64) int64) func(*os.File, int64) error {
		return func(f *os.File, size int64) error { return f.Truncate(to(size)) }
	}
	damages := []struct {
		name string
		do   func(f *os.File, size int64) error
	}{
		{"emptied", truncate(func(int64) int64 { return 0 })},
		{"cut in half", truncate(func(n int64) int64 { return n / 2 })},
		{"a byte short", truncate(func(n int64) int64 { return n - 1 })},
		{"gone", func(f *os.File, _ int64) error { return os.Remove(f.Name()) }},
		{"flipped", flip(rng.Int64N)},
		{"flipped at the beginning", flip(func(n int64) int64 { return rng.Int64N(min(n, 40)) })},
		{"flipped at the end", flip(func(n int64) int64 { return n - 1 - rng.Int64N(min(n, 16)) })},
		{"flipped in the last byte but three", flip(func(n int64) int64 { return n - 4 })},
	}
	var files []string
	err := filepath.WalkDir(filepath.Join(crashed, "badger"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != "LOCK" {
			files = append(files, strings.TrimPrefix(path, crashed))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.Open(filepath.Join(crashed, "badger", "MANIFEST"))
	if err != nil {
		t.Fatal(err)
	}
	named, _, err := badger.ReplayManifestFile(manifest, 0, badger.DefaultOptions(""))
	if err := errors.Join(err, manifest.Close()); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, file := range files {
		kinds[filepath.Ext(file)]++
		if kinds[filepath.Ext(file)] > 2 {
			continue // others like it have been damaged
		}
		for _, damage := range damages {
			dir := filepath.Join(t.TempDir(), "damaged")
			if err := os.CopyFS(dir, os.DirFS(crashed)); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(dir+file, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			info, err := f.Stat()
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(damage.do(f, info.Size()), f.Close()); err != nil {
				t.Fatal(err)
			}
			examine(t, file+" "+damage.name, dir, updates, named)
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	if kinds[".sst"] < 2 || kinds[".mem"] == 0 {
		t.Fatalf("there were no tables and logs to damage: %v", kinds)
	}
}

// tablesIn are the tables that a store has, which a fresh one must keep aside.
// An empty file holds nothing to keep, and what a merge that was cut off left
// is named in no manifest: Badger removes it.
func tablesIn(t *testing.T, dir string, named badger.Manifest) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "badger", "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		id, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(p), ".sst"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := named.Tables[id]; ok && info.Size() > 0 {
			names = append(names, filepath.Base(p))
		}
	}
	return names
}

// examine opens a damaged store.
func examine(t *testing.T, what, dir string, updates uint64, named badger.Manifest) {
	t.Helper()
	tables := tablesIn(t, dir, named)
	kv, report, err := badgerdb.Open(dir, badgerdb.Options{})
	if err != nil {
		t.Errorf("%s: Open: %v", what, err)
		return
	}
	defer kv.Close()
	n, err := rowsIn(kv)
	switch {
	case report.Fresh && (n != 0 || err != nil || report.Cause == nil):
		t.Errorf("%s: a fresh store holds %d updates, %v; cause %v", what, n, err, report.Cause)
	case report.Fresh:
		for _, name := range tables {
			if _, err := os.Stat(filepath.Join(report.Quarantined, "badger", name)); err != nil {
				t.Errorf("%s: %s was not kept aside: %v", what, name, err)
			}
		}
	case report.Suspect: // tables may be missing, and rows with them
	case err != nil:
		t.Errorf("%s: %v", what, err)
	case n != updates && !strings.Contains(what, ".mem "):
		t.Errorf("%s: %d of %d updates left, and nothing said", what, n, updates)
	}
	if err := kv.Update(storage.Own, func(tx storage.Txn) error { return tx.Set([]byte("after"), nil) }); err != nil {
		t.Errorf("%s: Update: %v", what, err)
	}
	t.Logf("%s: %d updates, fresh %v, suspect %v, cause %v", what, n, report.Fresh, report.Suspect, report.Cause)
}
