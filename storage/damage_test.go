package storage_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/text"
	"navette/storage"
	"navette/storage/memkv"
)

// Any received value may be damaged or missing: the log opens on what is sound,
// says what it lost, and is whole again once peers have sent everything anew.
func TestDamage(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(9, 1)), 4, 50)
	kv := memory()
	l, _ := open(t, kv)
	for rest := entries; len(rest) > 0; {
		n := min(len(rest), 7)
		commit(t, l, rest[:n]...)
		rest = rest[n:]
	}
	want := state(t, l)
	whole := l.Pos()
	for i, key := range kv.Keys([]byte("S")) {
		if i%4 != 0 && (key[2] == 'b' || key[2] == 'i') {
			continue // there are many of these
		}
		for _, damage := range []struct {
			name string
			do   func(kv *memkv.DB)
		}{
			{"flipped", func(kv *memkv.DB) { kv.Flip(key, 5) }},
			{"flipped at the end", func(kv *memkv.DB) { kv.Flip(key, -1) }},
			{"gone", func(kv *memkv.DB) { remove(t, kv, key) }},
		} {
			what := fmt.Sprintf("key %x %s", key, damage.name)
			kv := kv.Clone()
			damage.do(kv)
			l, report, err := storage.Open(kv, storage.Options{Commons: commons})
			if err != nil {
				t.Fatalf("%s: Open: %v", what, err)
			}
			lost := 0
			for _, r := range report.RolledBack {
				lost += r.Lost
			}
			if l.Pos()+uint64(lost) != whole {
				t.Errorf("%s: %d entries and %d reported lost, of %d", what, l.Pos(), lost, whole)
			}
			healthy(t, l)
			if t.Failed() {
				t.Fatal(what)
			}
			commit(t, l, entries...)
			if got := state(t, l); got != want {
				t.Fatalf("%s: refilled:\n%s\nwant\n%s", what, got, want)
			}
			again, report := open(t, kv)
			if report.Damaged() || state(t, again) != want {
				t.Fatalf("%s: opened once more: %+v", what, report)
			}
		}
	}
}

func remove(t testing.TB, kv storage.KV, key []byte) {
	t.Helper()
	err := kv.Update(storage.Own, func(tx storage.Txn) error { return tx.Delete(key) })
	if err != nil {
		t.Fatalf("Delete: %v", err)
	}
}

// Derived data that is damaged is found by Check and made good by Rebuild.
func TestRebuild(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(10, 1)), 4, 90)
	kv := memory()
	l, _ := open(t, kv)
	commit(t, l, entries...)
	want := state(t, l)
	for i, key := range kv.Keys([]byte("D")) {
		if i%4 != 0 && key[len(key)-1] > 2 && len(key) > 24 {
			continue // there are many changes to resources
		}
		kv := kv.Clone()
		remove(t, kv, key)
		l, _ := open(t, kv)
		report, err := l.Check(t.Context(), true, nil)
		if err != nil {
			t.Fatalf("Check: %v", err)
		}
		if len(report.Problems) == 0 && len(key) > 3 { // the empty cursor may go
			t.Errorf("Check didn't notice that key %d, %x, is gone", i, key)
		}
		if err := l.Rebuild(); err != nil {
			t.Fatalf("Rebuild: %v", err)
		}
		healthy(t, l)
		if got := state(t, l); got != want {
			t.Fatalf("rebuilt without key %x:\n%s\nwant\n%s", key, got, want)
		}
	}
	before, err := kv.Size()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := l.Rebuild(); err != nil {
			t.Fatalf("Rebuild: %v", err)
		}
	}
	if after, err := kv.Size(); err != nil || after > before+64 {
		t.Errorf("%d bytes after rebuilding, %v; want the %d from before", after, err, before)
	}
	again, _ := open(t, kv)
	if got := state(t, again); got != want {
		t.Errorf("opened again:\n%s\nwant\n%s", got, want)
	}
}

// A rebuild that is cut off anywhere leaves the old generation in use, or the
// new one, complete.
func TestRebuildCutOff(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(11, 1)), 3, 40)
	kv := memory()
	l, _ := open(t, kv)
	commit(t, l, entries...)
	want := state(t, l)
	for n := 0; ; n++ {
		kv := kv.Clone()
		l, _ := open(t, kv)
		failed := false
		kv.Fail(func(op memkv.Op) error {
			if op.Kind == memkv.Commit && op.N == n {
				failed = true
				return memkv.ErrInjected
			}
			return nil
		})
		err := l.Rebuild()
		kv.Fail(nil)
		if (err != nil) != failed {
			t.Fatalf("Rebuild with failure %d: %v", n, err)
		}
		if got := state(t, l); got != want {
			t.Errorf("after failure %d:\n%s\nwant\n%s", n, got, want)
		}
		healthy(t, l)
		again, _ := open(t, kv)
		if got := state(t, again); got != want {
			t.Errorf("opened after failure %d:\n%s\nwant\n%s", n, got, want)
		}
		if size, _ := kv.Size(); again.Pos() != 40 || size > 3*int64(len(want))+100_000 {
			t.Errorf("after failure %d: pos %d, %d bytes", n, again.Pos(), size)
		}
		if !failed {
			break
		}
	}
}

// What a newer program wrote is left alone.
func TestNewerFormat(t *testing.T) {
	kv := memory()
	open(t, kv)
	err := kv.Update(storage.Own, func(tx storage.Txn) error { return tx.Set([]byte("R"), []byte{99, 0, 0, 1}) })
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := storage.Open(kv, storage.Options{Commons: commons}); err == nil {
		t.Error("Open of a newer format succeeded")
	}
}

// Derived data in an older form is folded anew at open.
func TestOlderFold(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(12, 1)), 3, 40)
	kv := memory()
	l, _ := open(t, kv)
	commit(t, l, entries...)
	want := state(t, l)
	err := kv.Update(storage.Own, func(tx storage.Txn) error { return tx.Set([]byte("R"), []byte{1, 0, 0, 0}) })
	if err != nil {
		t.Fatal(err)
	}
	l, report := open(t, kv)
	if !report.Refolded || report.Damaged() {
		t.Errorf("Open = %+v; want everything folded anew", report)
	}
	if got := state(t, l); got != want {
		t.Errorf("folded anew:\n%s\nwant\n%s", got, want)
	}
}

// A long text lies in segments, of which typing rewrites few.
func TestLongText(t *testing.T) {
	kv := memory()
	l, _ := open(t, kv)
	w := newWriter(1)
	id := resource(1)
	rng := rand.New(rand.NewPCG(13, 1))
	splice := func(pos, n int) crdt.Edit {
		letters := make([]byte, n)
		for i := range letters {
			letters[i] = byte('a' + rng.IntN(26))
		}
		return crdt.Edit{Code: crdt.Splice, Resource: id, Field: 1, Splices: []text.Splice{{Pos: pos, Ins: string(letters)}}}
	}
	commit(t, l, w.begin(t), w.change(t, nil, create(id, "page")))
	const length, step = 800_000, 8_000 // more than a transaction takes
	for pos := 0; pos < length; {
		var part []storage.Entry
		for range 10 {
			part = append(part, w.change(t, nil, splice(pos, step)))
			pos += step
		}
		commit(t, l, part...)
	}
	healthy(t, l)
	if n := len(kv.Keys([]byte("D\x00s"))); n < 20 || n > 100 {
		t.Errorf("a text of %d bytes has %d segments", length, n)
	}
	for _, at := range []int{0, length / 2, length} {
		written := 0
		kv.Fail(func(op memkv.Op) error {
			if op.Kind == memkv.Write && len(op.Key) > 3 && op.Key[0] == 'D' && op.Key[2] == 's' {
				written++
			}
			return nil
		})
		commit(t, l, w.change(t, nil, splice(at, 5)))
		kv.Fail(nil)
		if written == 0 || written > 12 {
			t.Errorf("typing at %d wrote or deleted %d segments", at, written)
		}
	}
	healthy(t, l)
	if err := l.Rebuild(); err != nil {
		t.Fatalf("Rebuild: %v", err)
	}
	healthy(t, l)
	doc, err := l.Doc(id)
	if err != nil {
		t.Fatalf("Doc: %v", err)
	}
	if got := doc.Text(1).Len(); got != length+15 {
		t.Errorf("the text has %d characters; want %d", got, length+15)
	}
}

// A rolled-back log is refilled by a clone of the device as well: forks
// whose beginning was lost come back.
func TestDamageBelowAFork(t *testing.T) {
	w := newWriter(1)
	entries := []storage.Entry{w.begin(t), w.change(t, nil, set(resource(1), 1, "a")), w.change(t, nil, set(resource(1), 1, "b"))}
	clone := *w
	entries = append(entries, w.change(t, nil, set(resource(1), 1, "c")), clone.change(t, nil, set(resource(1), 1, "d")))
	kv := memory()
	l, _ := open(t, kv)
	commit(t, l, entries...)
	if n := len(l.Tips()); n != 2 {
		t.Fatalf("%d tips of a forked log", n)
	}
	want := state(t, l)
	block, err := l.Block(entries[2].ID)
	if err != nil || oplog.Sum(block) != entries[2].ID {
		t.Fatalf("Block: %v", err)
	}
	kv.Flip([]byte("S\x00b\x00\x00\x00\x00\x00\x00\x00\x02"), 77)
	l, report := open(t, kv)
	if len(report.RolledBack) != 1 || report.RolledBack[0].Lost != 4 || len(l.Tips()) != 1 {
		t.Errorf("Open = %+v, tips %v; want all four changes lost: none before has its signature", report, l.Tips())
	}
	commit(t, l, entries...)
	healthy(t, l)
	if got := state(t, l); got != want {
		t.Errorf("refilled:\n%s\nwant\n%s", got, want)
	}
}

// A store that lost any of its keys without a trace, as Badger does when its
// list of tables is damaged, is looked through: what can't be noticed
// otherwise is made good.
func TestSuspect(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(14, 1)), 4, 60)
	whole := memory()
	l, _ := open(t, whole)
	commit(t, l, entries...)
	want := state(t, l)
	rng := rand.New(rand.NewPCG(15, 1))
	for round := range 40 {
		kv := whole.Clone()
		all := kv.Keys(nil)
		from := rng.IntN(len(all))
		to := from + 1 + rng.IntN(len(all)-from) // a table holds a range of keys
		for _, key := range all[from:to] {
			remove(t, kv, key)
		}
		l, report, err := storage.Open(kv, storage.Options{Commons: commons, Suspect: true})
		if err != nil {
			t.Fatalf("round %d: Open: %v", round, err)
		}
		if from == 0 && to < len(all) && !report.Damaged() {
			t.Errorf("round %d: %d keys lost, and nothing said", round, to)
		}
		healthy(t, l)
		commit(t, l, entries...)
		healthy(t, l)
		if got := state(t, l); got != want {
			t.Fatalf("round %d, keys %d to %d of %d lost:\n%s\nwant\n%s", round, from, to, len(all), got, want)
		}
	}
}

// A damaged document is folded anew when it is read, and stored anew when it is
// changed.
func TestDamagedDocument(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(16, 1)), 4, 90)
	whole, _ := open(t, memory())
	commit(t, whole, entries...)
	want := state(t, whole)
	for _, bit := range []int{0, 1, 20, 200, -1} {
		kv := memory()
		l, _ := open(t, kv)
		commit(t, l, entries[:60]...)
		before := state(t, l)
		for _, key := range kv.Keys([]byte("D\x00d")) {
			kv.Flip(key, bit)
		}
		l, _ = open(t, kv) // nothing is cached
		if got := state(t, l); got != before {
			t.Errorf("bit %d:\n%s\nwant\n%s", bit, got, before)
		}
		commit(t, l, entries[60:]...)
		if got := state(t, l); got != want {
			t.Errorf("bit %d, and changed:\n%s\nwant\n%s", bit, got, want)
		}
	}
}
