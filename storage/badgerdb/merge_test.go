package badgerdb

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"navette/storage"
)

// Tables don't pile up, whatever is written, and no update waits for ever.
func TestMerging(t *testing.T) {
	d, _, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.NewChaCha8([32]byte{})
	value := func() []byte {
		b := make([]byte, 16<<10) // can't be compressed
		_, _ = rng.Read(b)
		return b
	}
	most := 0
	for range 250 { // some 120 MB over 50 MB of keys
		err := d.Update(storage.Own, func(tx storage.Txn) error {
			for range 30 {
				key := binary.BigEndian.AppendUint64(nil, rng.Uint64()%3000*0x9e3779b97f4a7c15)
				if err := tx.Set(key, value()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		first, all, _ := d.tables()
		if most = max(most, first); first > max(mergeAt, all/8)+waitOver+4 {
			t.Fatalf("%d tables on the first level, of %d", first, all)
		}
	}
	if most < mergeAt {
		t.Errorf("at most %d tables on the first level: nothing was merged", most)
	}
	d.merging.Wait()
	_, _, size := d.tables()
	if size > 160<<20 {
		t.Errorf("tables of %d bytes for 50 MB", size)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
