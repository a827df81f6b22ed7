package storage_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
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

// BenchmarkOpen opens a log of 100 000 changes, and reports what it takes in
// memory.
func BenchmarkOpen(b *testing.B) {
	const logs, changes = 2000, 50
	dir := b.TempDir()
	kv, _, err := badgerdb.Open(dir, badgerdb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	l, _ := open(b, kv)
	n := 0
	var last []oplog.Link
	for i := range logs {
		w := newWriter(1)
		w.birth = uint32(i)
		entries := []storage.Entry{w.begin(b)}
		for range changes {
			n++
			entries = append(entries, w.change(b, last, set(resource(n%10_000), 1, fmt.Sprint("value ", n))))
			last = nil
		}
		last = []oplog.Link{w.tip}
		commit(b, l, entries...)
	}
	if err := kv.Close(); err != nil {
		b.Fatal(err)
	}
	for _, clean := range []bool{true, false} {
		b.Run(fmt.Sprint("clean stop ", clean), func(b *testing.B) {
			for b.Loop() {
				kv, _, err := badgerdb.Open(dir, badgerdb.Options{})
				if err != nil {
					b.Fatal(err)
				}
				l, report, err := storage.Open(kv, storage.Options{Commons: commons, CleanStop: clean})
				if err != nil || report.Damaged() {
					b.Fatal(report, err)
				}
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap")
				if l.Pos() != logs*(changes+1) {
					b.Fatalf("%d entries", l.Pos())
				}
				if err := kv.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCommit commits changes one at a time, as people make them, and so
// many at once as gather while a disk is busy.
func BenchmarkCommit(b *testing.B) {
	for _, bench := range []struct {
		name string
		kv   func(b *testing.B) storage.KV
		at   int // changes at once
	}{
		{"memory, 1 at once", func(*testing.B) storage.KV { return memory() }, 1},
		{"badger, 1 at once", onDisk, 1},
		{"badger, 32 at once", onDisk, 32},
	} {
		b.Run(bench.name, func(b *testing.B) {
			kv := bench.kv(b)
			l, _ := open(b, kv)
			w := newWriter(1)
			commit(b, l, w.begin(b))
			n := 0
			for b.Loop() {
				b.StopTimer()
				batches := make([]storage.Batch, bench.at)
				for i := range batches {
					n++
					batches[i].Data = []storage.Entry{w.change(b, nil, set(resource(n%1000), 1, fmt.Sprint("value ", n)))}
				}
				b.StartTimer()
				if _, err := l.Commit(batches...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*bench.at)/b.Elapsed().Seconds(), "changes/s")
			if err := kv.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func onDisk(b *testing.B) storage.KV {
	kv, _, err := badgerdb.Open(b.TempDir(), badgerdb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return kv
}

// BenchmarkRemoval removes a person who wrote 2 000 changes to 500 resources,
// which somebody else has changed as well, and takes them in again with all they
// wrote. resolve is the commit: the verdicts, the queue, and the first of the
// queue; rebuild is the rest of the queue.
func BenchmarkRemoval(b *testing.B) {
	kv, _, err := badgerdb.Open(b.TempDir(), badgerdb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer kv.Close()
	const things, each = 500, 4
	c := newCourt(b, rand.New(rand.NewPCG(1, 1)))
	mine, other := c.writers[0], c.writers[1]
	c.a.data = append(c.a.data, mine.begin(b), other.begin(b))
	for i := range things {
		c.a.data = append(c.a.data, other.change(b, nil, create(resource(i), "tool"), set(resource(i), 1, fmt.Sprint("outil ", i))))
	}
	seen := []oplog.Link{other.tip}
	for i := range things * each {
		c.a.data = append(c.a.data, mine.change(b, seen, set(resource(i%things), uint64(2+i/things), fmt.Sprint("valeur ", i))))
		seen = nil
	}
	l, _, err := storage.Open(kv, storage.Options{Commons: c.a.commons})
	if err != nil {
		b.Fatal(err)
	}
	for part := range slices.Chunk(c.a.data, 200) {
		if _, err := l.Commit(storage.Batch{Class: storage.Own, Members: c.a.members, Data: part}); err != nil {
			b.Fatal(err)
		}
	}
	var resolve, rebuild time.Duration
	apply := func() {
		begin := time.Now()
		if _, err := l.Commit(storage.Batch{Class: storage.Membership, Members: c.a.members[len(c.a.members)-1:]}); err != nil {
			b.Fatal(err)
		}
		committed := time.Now()
		for more := true; more; {
			if more, err = l.Settle(); err != nil {
				b.Fatal(err)
			}
		}
		resolve, rebuild = resolve+committed.Sub(begin), rebuild+time.Since(committed)
	}
	b.ResetTimer()
	for range b.N {
		c.sign(c.root, crdt.ChangeID(c.a.commons), &oplog.Remove{Target: mine.person})
		apply()
		if doc, err := l.Doc(resource(0)); err != nil || len(doc.Fields()) != 1 {
			b.Fatalf("fields %v, %v", doc.Fields(), err)
		}
		c.sign(c.root, crdt.ChangeID(c.a.commons), &oplog.Grant{Target: mine.person, Role: oplog.RoleMember, Adopt: []crdt.ChangeID{mine.tip.ID}})
		apply()
		if doc, err := l.Doc(resource(0)); err != nil || len(doc.Fields()) != 1+each {
			b.Fatalf("fields %v, %v", doc.Fields(), err)
		}
	}
	b.ReportMetric(float64(resolve.Milliseconds())/float64(2*b.N), "resolve-ms")
	b.ReportMetric(float64(rebuild.Milliseconds())/float64(2*b.N), "rebuild-ms")
}
