package badgerdb

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"navette/storage"
)

// A log that was cut by a kill, wherever that was, isn't damaged; one that
// has another byte anywhere, or is shorter, is.
func TestCutLog(t *testing.T) {
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
	if cutLog(log) {
		t.Error("a log that is as it was written is taken for a damaged one")
	}
	for end := range used {
		killed := append(bytes.Clone(log[:end]), make([]byte, len(log)-end)...)
		if cutLog(killed) {
			t.Errorf("a log whose writer was killed after byte %d is taken for a damaged one", end)
		}
	}
	last := ends[len(ends)-2]
	for at := logHead; at < last; at++ {
		log[at] ^= 0x10
		if !cutLog(log) {
			t.Errorf("another bit at byte %d of %d isn't noticed", at, used)
		}
		log[at] ^= 0x10
	}
	for _, end := range ends[:len(ends)-1] {
		for _, at := range []int{end - 1, end + 1, end + 40} {
			if !cutLog(log[:at]) {
				t.Errorf("that the log ends after byte %d of %d isn't noticed", at, used)
			}
		}
	}
}
