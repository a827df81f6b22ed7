package badgerdb_test

import (
	"errors"
	"testing"

	"navette/storage"
	"navette/storage/badgerdb"
	"navette/storage/storagetest"
)

func open(t testing.TB, dir string, o badgerdb.Options) (*badgerdb.DB, *badgerdb.Report) {
	t.Helper()
	kv, report, err := badgerdb.Open(dir, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return kv, report
}

func TestKV(t *testing.T) {
	storagetest.KV(t, func(t *testing.T) storage.KV {
		kv, report := open(t, t.TempDir(), badgerdb.Options{})
		if report.Quarantined != "" {
			t.Errorf("a fresh store was quarantined: %v", report.Cause)
		}
		return kv
	})
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	kv, _ := open(t, dir, badgerdb.Options{})
	if _, _, err := badgerdb.Open(dir, badgerdb.Options{}); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("a second Open = %v; want ErrLocked", err)
	}
	if err := kv.Update(storage.Own, func(tx storage.Txn) error { return tx.Set([]byte("k"), []byte("v")) }); err != nil {
		t.Errorf("Update after a refused second Open: %v", err)
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	kv, report := open(t, dir, badgerdb.Options{})
	if report.Quarantined != "" || report.Suspect {
		t.Errorf("opened again: %+v", report)
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFreeSpace(t *testing.T) {
	dir := t.TempDir()
	space := int64(1 << 40)
	o := badgerdb.Options{
		Floors: storage.Floors{Own: 100 << 20},
		Free:   func(string) (int64, error) { return space, nil },
	}
	kv, _ := open(t, dir, o)
	write := func(c storage.Class) error {
		return kv.Update(c, func(tx storage.Txn) error { return tx.Set([]byte("k"), []byte("v")) })
	}
	tests := []struct {
		free                    int64
		others, own, membership bool
	}{
		{256 << 20, true, true, true},
		{256<<20 - 1, false, true, true},
		{100<<20 - 1, false, false, true},
		{16 << 20, false, false, true},
		{16<<20 - 1, false, false, false},
	}
	for _, tt := range tests {
		space = tt.free
		for c, want := range map[storage.Class]bool{storage.Others: tt.others, storage.Own: tt.own, storage.Membership: tt.membership} {
			if err := write(c); (err == nil) != want || err != nil && !errors.Is(err, storage.ErrFull) {
				t.Errorf("%d bytes free: Update of %v data = %v; want it done: %v", tt.free, c, err, want)
			}
			if err := kv.Room(c); (err == nil) != want {
				t.Errorf("%d bytes free: Room(%v) = %v; want room: %v", tt.free, c, err, want)
			}
		}
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := badgerdb.Open(dir, o); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Open on a full disk = %v; want ErrFull", err)
	}
	space = 1 << 40
	kv, report := open(t, dir, o)
	if report.Quarantined != "" {
		t.Errorf("a full disk had the database moved aside: %+v", report)
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
}

// A store that is new takes next to nothing on the disk, whatever size its
// files pretend to have.
func TestSmall(t *testing.T) {
	kv, _ := open(t, t.TempDir(), badgerdb.Options{})
	defer kv.Close()
	if n, err := kv.Size(); err != nil || n > 128<<10 {
		t.Errorf("a new store takes %d bytes, %v", n, err)
	}
	if err := kv.Update(storage.Own, func(tx storage.Txn) error { return tx.Set([]byte("k"), make([]byte, 64<<10)) }); !errors.Is(err, storage.ErrTooBig) {
		t.Errorf("a value of 64 KiB: %v; want ErrTooBig", err)
	}
}
