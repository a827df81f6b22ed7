package badgerdb_test

import (
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
