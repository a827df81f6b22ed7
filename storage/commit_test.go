package storage_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
	"navette/storage/memkv"
)

func TestCommitIsIdempotent(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(1, 1)), 3, 40)
	kv := memory()
	l, _ := open(t, kv)
	done := commit(t, l, append(slices.Clone(entries), entries...)...)
	if want := (storage.Committed{From: 0, To: uint64(len(entries))}); done != want {
		t.Errorf("Commit = %+v; want %+v", done, want)
	}
	want, changed, updates := state(t, l), l.Changed(), kv.Updates()
	done = commit(t, l, entries...)
	if done.From != done.To || done.To != uint64(len(entries)) {
		t.Errorf("Commit of stored entries = %+v", done)
	}
	if kv.Updates() != updates {
		t.Error("a commit of stored entries wrote")
	}
	select {
	case <-changed:
		t.Error("a commit of stored entries woke followers")
	default:
	}
	if got := state(t, l); got != want {
		t.Errorf("a commit of stored entries changed\n%s\nto\n%s", want, got)
	}
}

func TestCommitRefuses(t *testing.T) {
	w := newWriter(1)
	genesis := w.begin(t)
	first := w.change(t, nil, set(resource(0), 1, "one"))
	second := w.change(t, nil, set(resource(0), 1, "two"))
	unsigned := func(e storage.Entry) storage.Entry { e.Sig = nil; return e }
	misnamed := func(e storage.Entry) storage.Entry { e.ID[0]++; return e }
	damaged := func(e storage.Entry) storage.Entry {
		e.Block = e.Block[:len(e.Block)-1]
		e.ID = oplog.Sum(e.Block)
		return e
	}
	data := func(es ...storage.Entry) storage.Batch { return storage.Batch{Class: storage.Own, Data: es} }
	tests := []struct {
		name    string
		batches []storage.Batch
		want    error
		index   int // of the batch at fault, -1 for the whole
	}{
		{"prev isn't stored", []storage.Batch{data(genesis, second)}, storage.ErrParent, 0},
		{"prev comes later", []storage.Batch{data(genesis), data(second, first)}, storage.ErrParent, 1},
		{"a log whose last link is unsigned", []storage.Batch{data(genesis, first, unsigned(second))}, storage.ErrUnsigned, -1},
		{"a block under another name", []storage.Batch{data(genesis, misnamed(first))}, storage.ErrCorrupt, 0},
		{"a block that is none", []storage.Batch{data(genesis), data(damaged(first))}, oplog.ErrInvalid, 1},
		{"membership among data", []storage.Batch{data(storage.Entry{ID: oplog.Sum(invite(t, nil).Block), Block: invite(t, nil).Block})}, oplog.ErrInvalid, 0},
		{"data among membership", []storage.Batch{{Members: []storage.MemberEntry{{ID: genesis.ID, Block: genesis.Block}}}}, oplog.ErrInvalid, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kv := memory()
			l, _ := open(t, kv)
			before, updates := state(t, l), kv.Updates()
			_, err := l.Commit(tt.batches...)
			if !errors.Is(err, tt.want) {
				t.Errorf("Commit = %v; want %v", err, tt.want)
			}
			var at *storage.BatchError
			if errors.As(err, &at) != (tt.index >= 0) || at != nil && at.Index != tt.index {
				t.Errorf("Commit = %v; want the fault in batch %d", err, tt.index)
			}
			if got := state(t, l); got != before || l.Pos() != 0 || kv.Updates() != updates {
				t.Errorf("a refused commit left something: pos %d\n%s", l.Pos(), got)
			}
			commit(t, l, genesis, unsigned(first), second) // nothing of it is in the way
			healthy(t, l)
		})
	}
}

func TestCommitOfSeveralBatches(t *testing.T) {
	a, b := newWriter(1), newWriter(2)
	kv := memory()
	l, _ := open(t, kv)
	updates := kv.Updates()
	done, err := l.Commit(
		storage.Batch{Class: storage.Own, Data: []storage.Entry{a.begin(t), a.change(t, nil, set(resource(1), 1, "a"))}},
		storage.Batch{Class: storage.Others, Data: []storage.Entry{b.begin(t), b.change(t, []oplog.Link{a.tip}, set(resource(1), 1, "b"))}},
	)
	if want := (storage.Committed{To: 4}); err != nil || done != want {
		t.Errorf("Commit = %+v, %v; want %+v", done, err, want)
	}
	if n := kv.Updates() - updates; n != 1 {
		t.Errorf("two batches took %d transactions", n)
	}
	healthy(t, l)

	kv.SetFree(100 << 20) // enough for one's own, not for others'
	mine := storage.Batch{Class: storage.Own, Data: []storage.Entry{a.change(t, nil, set(resource(1), 2, "a"))}}
	theirs := storage.Batch{Class: storage.Others, Data: []storage.Entry{b.change(t, nil, set(resource(1), 2, "b"))}}
	if _, err := l.Commit(mine, theirs); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Commit on a full disk = %v; want ErrFull", err)
	}
	if err := l.Room(storage.Others); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Room(Others) = %v; want ErrFull", err)
	}
	if _, err := l.Commit(mine); err != nil {
		t.Errorf("Commit of one's own on a nearly full disk: %v", err)
	}
	kv.SetFree(1 << 40)
	if _, err := l.Commit(theirs); err != nil {
		t.Errorf("Commit with room made: %v", err)
	}
	healthy(t, l)
}

// A commit that fails at any step leaves memory as the disk, and succeeds when
// it is tried again.
func TestFailedCommitLeavesNothing(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(2, 1)), 4, 60)
	old, fresh := entries[:40], entries[40:]
	for _, kind := range []memkv.Kind{memkv.Get, memkv.Scan, memkv.Write, memkv.Commit} {
		for n := 0; ; n++ {
			kv := memory()
			l, _ := open(t, kv)
			commit(t, l, old...)
			before, pos, tips := state(t, l), l.Pos(), l.Tips()
			failed := false
			kv.Fail(func(op memkv.Op) error {
				if op.Kind == kind && op.N == n {
					failed = true
					return memkv.ErrInjected
				}
				return nil
			})
			_, err := l.Commit(storage.Batch{Class: storage.Others, Data: fresh})
			kv.Fail(nil)
			if !failed {
				if err != nil {
					t.Fatalf("Commit: %v", err)
				}
				if n == 0 && kind != memkv.Scan {
					t.Errorf("nothing failed for kind %d", kind)
				}
				break
			}
			if !errors.Is(err, memkv.ErrInjected) {
				t.Fatalf("kind %d, number %d: Commit = %v; want the injected failure", kind, n, err)
			}
			if got := state(t, l); got != before || l.Pos() != pos || !slices.Equal(l.Tips(), tips) {
				t.Fatalf("kind %d, number %d: a failed commit left something:\n%s\nwant\n%s", kind, n, got, before)
			}
			again, _ := open(t, kv.Clone())
			if got := state(t, again); got != before {
				t.Fatalf("kind %d, number %d: on the disk:\n%s\nwant\n%s", kind, n, got, before)
			}
			commit(t, l, fresh...)
			healthy(t, l)
			if n > 0 {
				n += n / 4 // all the first, then some
			}
		}
	}
}

// A write that fails after it may have happened stops the log until it is
// opened again; then either all of the commit is there or nothing.
func TestBrokenStore(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(3, 1)), 3, 30)
	kv := memory()
	l, _ := open(t, kv)
	commit(t, l, entries[:20]...)
	before := state(t, l)
	kv.Fail(func(op memkv.Op) error {
		if op.Kind == memkv.Synced {
			return memkv.ErrInjected
		}
		return nil
	})
	if _, err := l.Commit(storage.Batch{Data: entries[20:]}); !errors.Is(err, storage.ErrBroken) {
		t.Fatalf("Commit = %v; want ErrBroken", err)
	}
	kv.Fail(nil)
	if _, err := l.Commit(storage.Batch{Data: entries[20:]}); !errors.Is(err, storage.ErrBroken) {
		t.Errorf("the next Commit = %v; want ErrBroken", err)
	}
	if l.Pos() != 20 {
		t.Errorf("Pos() = %d after a write that may have failed; want 20", l.Pos())
	}
	kept, report := open(t, kv.Clone())
	if report.Damaged() || kept.Pos() != 30 {
		t.Errorf("opened again: %+v, pos %d; want all 30", report, kept.Pos())
	}
	healthy(t, kept)
	kv.CutPower(1)
	lost, report := open(t, kv)
	if got := state(t, lost); got != before || report.Damaged() {
		t.Errorf("opened without the last write: %+v\n%s\nwant\n%s", report, got, before)
	}
}

// Power is cut after each update of a history, with and without the updates
// just before it: the log opens, is sound, and takes the rest.
func TestPowerCuts(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(4, 1)), 4, 60)
	whole, _ := open(t, memory())
	commit(t, whole, entries...)
	want := state(t, whole)
	for cut := 1; cut <= len(entries); cut += 3 {
		for lost := range 4 {
			kv := memory()
			l, _ := open(t, kv)
			for _, e := range entries[:cut] {
				commit(t, l, e)
			}
			kv.CutPower(lost)
			l, report := open(t, kv)
			if report.Damaged() || l.Pos() != uint64(max(cut-lost, 0)) {
				t.Fatalf("cut after %d, %d lost: %+v, pos %d", cut, lost, report, l.Pos())
			}
			healthy(t, l)
			commit(t, l, entries...)
			if got := state(t, l); got != want {
				t.Fatalf("cut after %d, %d lost:\n%s\nwant\n%s", cut, lost, got, want)
			}
		}
	}
}

func TestTooBig(t *testing.T) {
	kv := memory()
	l, _ := open(t, kv)
	w := newWriter(1)
	entries := []storage.Entry{w.begin(t)}
	for size := 0; size < kv.Limits().Bytes; {
		e := w.change(t, nil, set(resource(1), 1, string(make([]byte, 40_000))))
		entries = append(entries, e)
		size += len(e.Block)
	}
	_, err := l.Commit(storage.Batch{Data: entries})
	if !errors.Is(err, storage.ErrTooBig) {
		t.Errorf("Commit of more than a transaction takes = %v; want ErrTooBig", err)
	}
	if l.Pos() != 0 || len(l.Tips()) != 0 {
		t.Errorf("a commit that was too big left %d entries", l.Pos())
	}
	commit(t, l, entries[:len(entries)/2]...)
	commit(t, l, entries[len(entries)/2:]...)
	healthy(t, l)
}

// worst is a log whose last change touches 1 024 resources, each of which
// holds a value of size bytes already.
func worst(t testing.TB, size int) (before []storage.Entry, last storage.Entry) {
	w := newWriter(1)
	before = append(before, w.begin(t))
	for i := 0; i < oplog.MaxOps; {
		var edits []crdt.Edit
		for room := 50_000; i < oplog.MaxOps && room > size; i++ {
			edits = append(edits, create(resource(i), "tool"), set(resource(i), 1, string(make([]byte, size))))
			room -= size + 80
			if len(edits) > oplog.MaxOps-2 {
				break
			}
		}
		before = append(before, w.change(t, nil, edits...))
	}
	var edits []crdt.Edit
	for i := range oplog.MaxOps {
		edits = append(edits, set(resource(i), 2, fmt.Sprint(i, " and twenty-nine letters more")))
	}
	last = w.change(t, nil, edits...)
	if n := len(last.Block); n < 50<<10 {
		t.Fatalf("the worst change has %d bytes only", n)
	}
	return before, last
}

// The worst valid change commits under the reference settings: what it says of
// resources that don't fit follows in transactions of its own, and survives a
// crash between any two of them.
func TestWorstChange(t *testing.T) {
	for _, size := range []int{10, 3_000} {
		before, last := worst(t, size)
		kv := memkv.New(memkv.Options{History: 1000})
		l, _ := open(t, kv)
		for _, e := range before {
			commit(t, l, e)
		}
		base, start := kv.Clone(), kv.Updates()
		commit(t, l, last)
		healthy(t, l)
		took := kv.Updates() - start
		if size > 1000 && took < 4 {
			t.Errorf("with %d bytes a resource it took %d transactions", size, took)
		}
		for lost := 1; lost < took; lost += 1 + took/3 {
			cut := base.Clone()
			l, _ := open(t, cut)
			commit(t, l, last)
			cut.CutPower(lost)
			l, report := open(t, cut)
			if !report.CaughtUp || report.Damaged() || l.Pos() != uint64(len(before)+1) {
				t.Errorf("%d of %d transactions lost: %+v, pos %d", lost, took, report, l.Pos())
			}
			healthy(t, l)
		}
	}
}

// Resources that couldn't be folded for want of room follow later; nothing is
// folded twice.
func TestFoldingWaits(t *testing.T) {
	before, last := worst(t, 3_000)
	kv := memory()
	l, _ := open(t, kv)
	for _, e := range before {
		commit(t, l, e)
	}
	commits := 0
	kv.Fail(func(op memkv.Op) error {
		if op.Kind == memkv.Commit {
			if commits++; commits > 3 {
				return storage.ErrFull
			}
		}
		return nil
	})
	done, err := l.Commit(storage.Batch{Class: storage.Own, Data: []storage.Entry{last}})
	if err != nil || done.To != done.From+1 {
		t.Fatalf("Commit whose resources wait = %+v, %v", done, err)
	}
	if ok, err := l.Has(last.ID); !ok || err != nil {
		t.Errorf("Has = %v, %v; want it stored", ok, err)
	}
	w := newWriter(2)
	next := storage.Batch{Class: storage.Own, Data: []storage.Entry{w.begin(t)}}
	if _, err := l.Commit(next); !errors.Is(err, storage.ErrFull) {
		t.Errorf("the next Commit = %v; want ErrFull", err)
	}
	kv.Fail(nil)
	if _, err := l.Commit(next); err != nil {
		t.Errorf("the next Commit with room made: %v", err)
	}
	healthy(t, l)
}
