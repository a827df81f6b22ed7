package storage_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
	"navette/storage/badgerdb"
)

// bothDisks runs f on each implementation of KV.
func bothDisks(t *testing.T, f func(t *testing.T, kv storage.KV)) {
	t.Run("memkv", func(t *testing.T) { f(t, memory()) })
	t.Run("badgerdb", func(t *testing.T) {
		kv, _, err := badgerdb.Open(t.TempDir(), badgerdb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f(t, kv)
		if err := kv.Close(); err != nil {
			t.Error(err)
		}
	})
}

// dumped is what a Dump gave.
type dumped struct {
	members     []storage.MemberEntry
	entries     []storage.Entry
	fingerprint oplog.Fingerprint
}

// dump reads a Dump to its end. begun is called once its state is chosen, each
// before every entry.
func dump(kv storage.KV, prefix []byte, id oplog.CommonsID, begun, each func()) (d dumped, err error) {
	err = kv.View(func(r storage.Reader) error {
		all, err := storage.NewDump(r, prefix, id)
		if err != nil {
			return err
		}
		begun()
		d.fingerprint, err = all.Each(
			func(e storage.MemberEntry) error { d.members = append(d.members, e); return nil },
			func(e storage.Entry) error { each(); d.entries = append(d.entries, e); return nil })
		if err == nil && (len(d.members) != all.Members || uint64(len(d.entries)) != all.Entries) {
			err = errors.New("a dump of other counts than it said")
		}
		return err
	})
	return d, err
}

func nothing() {}

// restore makes a log of a dump, in parts of some entries.
func (d dumped) restore(t testing.TB, kv storage.KV, id oplog.CommonsID, part int) *storage.Log {
	t.Helper()
	l, _, err := storage.Open(kv, storage.Options{Commons: id})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if err := l.Restore(storage.Batch{Members: d.members}); err != nil {
		t.Fatalf("restoring the membership: %v", err)
	}
	for entries := range slices.Chunk(d.entries, part) {
		if err := l.Restore(storage.Batch{Class: storage.Own, Data: entries}); err != nil {
			t.Fatalf("restoring: %v", err)
		}
	}
	return l
}

// What is dumped restores to a log that shows the same, in parts of any size,
// with all that peers ask for.
func TestDumpRestores(t *testing.T) {
	id := commons
	bothDisks(t, func(t *testing.T, kv storage.KV) {
		for seed := range uint64(8) {
			prefix := []byte{'c', byte(seed)}
			under := storage.Prefix(kv, prefix)
			l, _, err := storage.Open(under, storage.Options{Commons: id})
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(seed, 77))
			for part := range slices.Chunk(history(t, rng, 4, 200), 1+int(seed)) {
				commit(t, l, part...)
			}
			d, err := dump(kv, prefix, id, nothing, nothing)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if d.fingerprint != l.Fingerprint() {
				t.Errorf("seed %d: the dump's fingerprint is %v, the log's %v", seed, d.fingerprint, l.Fingerprint())
			}
			other := memory()
			restored := d.restore(t, other, id, 1+rng.IntN(64))
			if got, want := state(t, restored), state(t, l); got != want {
				t.Errorf("seed %d: restored\n%s\nof\n%s", seed, got, want)
			}
			again, report, err := storage.Open(other, storage.Options{Commons: id})
			if err != nil || report.Damaged() {
				t.Fatalf("seed %d: opening what was restored: %+v, %v", seed, report, err)
			}
			if got, want := state(t, again), state(t, l); got != want {
				t.Errorf("seed %d: opened again\n%s\nof\n%s", seed, got, want)
			}
			for _, tip := range l.Tips() {
				if got, want := walk(t, again, tip.ID), walk(t, l, tip.ID); !slices.Equal(got, want) {
					t.Errorf("seed %d: a walk to tip %v gives %v, gave %v", seed, tip.ID, got, want)
				}
			}
		}
	})
}

func TestDumpOfMembership(t *testing.T) {
	genesis, id := founding(t)
	kv := memory()
	l, _, err := storage.Open(kv, storage.Options{Commons: id})
	if err != nil {
		t.Fatal(err)
	}
	a, b := invite(t, nil), invite(t, []crdt.ChangeID{genesis.ID})
	if _, err := l.Commit(storage.Batch{Members: []storage.MemberEntry{genesis, a, b, invite(t, []crdt.ChangeID{a.ID, b.ID})}}); err != nil {
		t.Fatal(err)
	}
	d, err := dump(kv, nil, id, nothing, nothing)
	if err != nil || d.fingerprint != l.Fingerprint() {
		t.Fatalf("%d changes of membership with fingerprint %v, %v; want %v", len(d.members), d.fingerprint, err, l.Fingerprint())
	}
	if got := d.restore(t, memory(), id, 1).Fingerprint(); got != d.fingerprint {
		t.Errorf("restored to %v, not %v", got, d.fingerprint)
	}
}

// walk is what a peer without anything is sent for a tip.
func walk(t testing.TB, l *storage.Log, tip crdt.ChangeID) (ids []crdt.ChangeID) {
	t.Helper()
	branch, err := l.After(nil, tip)
	if err != nil {
		t.Fatalf("After: %v", err)
	}
	for {
		e, ok, err := branch.Next()
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		if !ok {
			return ids
		}
		ids = append(ids, e.ID)
	}
}

// A dump that is read while commits go on is a state that there was: the one
// in which it began.
func TestDumpBesideAWriter(t *testing.T) {
	bothDisks(t, func(t *testing.T, kv storage.KV) {
		entries := history(t, rand.New(rand.NewPCG(5, 5)), 4, 400)
		l, _ := open(t, kv)
		commit(t, l, entries[:40]...)
		recorded := map[uint64]oplog.Fingerprint{l.Pos(): l.Fingerprint()}
		next, stored := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(stored)
			for part := range slices.Chunk(entries[40:], 3) {
				<-next
				if _, err := l.Commit(storage.Batch{Class: storage.Own, Data: part}); err != nil {
					t.Errorf("Commit: %v", err)
					return
				}
				recorded[l.Pos()] = l.Fingerprint()
				select {
				case stored <- struct{}{}:
				case <-t.Context().Done():
					return
				}
			}
		})
		one := func() { // a commit while the dump waits
			select {
			case next <- struct{}{}:
				<-stored
			case <-stored: // all are done
			}
		}
		for range 3 {
			d, err := dump(kv, nil, commons, one, one)
			if err != nil {
				t.Fatal(err)
			}
			if want, ok := recorded[uint64(len(d.entries))]; !ok || d.fingerprint != want {
				t.Errorf("a dump of %d entries has fingerprint %v; there was %v (%t)", len(d.entries), d.fingerprint, want, ok)
			}
			restored := d.restore(t, memory(), commons, 64)
			if restored.Fingerprint() != d.fingerprint {
				t.Errorf("restored to %v, not %v", restored.Fingerprint(), d.fingerprint)
			}
			healthy(t, restored)
		}
		for range entries {
			one()
		}
		wg.Wait()
		if len(recorded) < 100 {
			t.Errorf("only %d states recorded: the writer didn't write beside", len(recorded))
		}
	})
}

// What is damaged isn't dumped as if it were well.
func TestDumpOfDamage(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(6, 6)), 3, 120)
	kv := memory()
	l, _ := open(t, kv)
	commit(t, l, entries...)
	if _, err := dump(kv, nil, commons, nothing, nothing); err != nil {
		t.Fatalf("undamaged: %v", err)
	}
	for _, key := range kv.Keys([]byte{'S'}) {
		if key[2] == 's' {
			continue // a signature: what isn't looked at here, a restore verifies
		}
		for _, bit := range []int{3, 40, -2} {
			damaged := kv.Clone()
			if !damaged.Flip(key, bit) {
				t.Fatalf("nothing under %x", key)
			}
			d, err := dump(damaged, nil, commons, nothing, nothing)
			if key[2] == 't' && err == nil {
				continue // a bit of its signature
			}
			if !errors.Is(err, storage.ErrCorrupt) && !errors.Is(err, oplog.ErrInvalid) && !(err == nil && d.fingerprint == l.Fingerprint()) {
				t.Errorf("bit %d of %x flipped: %d entries, %v; want %v", bit, key, len(d.entries), err, storage.ErrCorrupt)
			}
		}
	}
}

func TestDumpOfNothing(t *testing.T) {
	if _, err := dump(memory(), nil, commons, nothing, nothing); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a dump of an empty store: %v; want %v", err, storage.ErrNotFound)
	}
}
