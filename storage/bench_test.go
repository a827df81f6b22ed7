package storage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"navette/crdt"
	"navette/storage"
	"navette/storage/badgerdb"
)

// records makes n changes of one log, each a new resource with ten registers
// set: about 350 bytes as JSON.
func records(t testing.TB, n int) []storage.Entry {
	w := newWriter(1)
	entries := []storage.Entry{w.begin(t)}
	for i := range n {
		id := resource(i)
		edits := []crdt.Edit{create(id, "tool")}
		for f := range uint64(10) {
			edits = append(edits, set(id, f, fmt.Sprintf("%s of tool %d", strings.Repeat("field ", int(1+f%3)), i*int(f+1))))
		}
		entries = append(entries, w.change(t, nil, edits...))
	}
	return entries
}

// BenchmarkImport commits 10 000 records in chunks, folded and durable.
func BenchmarkImport(b *testing.B) {
	const n = 10_000
	entries := records(b, n)
	for _, chunk := range []int{64, 256, 512} {
		b.Run(fmt.Sprint("chunks of ", chunk), func(b *testing.B) {
			for b.Loop() {
				dir := b.TempDir()
				kv, _, err := badgerdb.Open(dir, badgerdb.Options{})
				if err != nil {
					b.Fatal(err)
				}
				l, _ := open(b, kv)
				start := time.Now()
				for rest := entries; len(rest) > 0; {
					k := min(chunk, len(rest))
					commit(b, l, rest[:k]...)
					rest = rest[k:]
				}
				b.ReportMetric(float64(len(entries))/time.Since(start).Seconds(), "changes/s")
				running, err := l.Size()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(running)/1e6, "MB-running")
				if err := kv.Close(); err != nil {
					b.Fatal(err)
				}
				closed, err := kv.Size()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(closed)/1e6, "MB-closed")
			}
		})
	}
}
