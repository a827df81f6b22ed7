package storage_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"navette/crdt"
	"navette/storage"
)

// Readers beside a writer see whole commits in the order of the feed, and
// followers miss none.
func TestReadersBesideAWriter(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(20, 1)), 4, 300)
	l, _ := open(t, memory())
	commit(t, l, entries[0])
	var wg sync.WaitGroup
	follow := func() {
		pos := uint64(0)
		for pos < uint64(len(entries)) {
			changed := l.Changed()
			items, err := l.Since(pos, 50)
			if err != nil {
				t.Errorf("Since(%d): %v", pos, err)
				return
			}
			for _, item := range items {
				if item.ID != entries[item.Pos].ID || item.Pos != pos {
					t.Errorf("the feed has %v at %d; want %v at %d", item.ID, item.Pos, entries[pos].ID, pos)
					return
				}
				pos++
				for _, id := range item.Resources {
					if _, err := l.Doc(id); err != nil {
						t.Errorf("Doc of a resource in the feed: %v", err)
						return
					}
				}
			}
			if len(items) == 0 {
				<-changed
			}
		}
	}
	look := func(rng *rand.Rand) {
		for l.Pos() < uint64(len(entries)) {
			tips := l.Tips()
			tip := tips[rng.IntN(len(tips))]
			if ok, err := l.Has(tip.ID); !ok || err != nil {
				t.Errorf("Has of a tip = %v, %v", ok, err)
			}
			branch, err := l.After(nil, tip.ID)
			if err != nil {
				t.Errorf("After: %v", err)
				return
			}
			for last := (storage.Entry{}); ; {
				e, ok, err := branch.Next()
				if err != nil {
					t.Errorf("Next: %v", err)
					return
				}
				if !ok {
					if last.Sig == nil {
						t.Errorf("a walk to tip %v ended on %v, unsigned", tip.ID, last.ID)
					}
					break
				}
				last = e
			}
			if !l.Saw(tip.ID, entries[0].ID) && tip.Log == crdt.LogID(entries[0].ID[:16]) {
				t.Errorf("tip %v hasn't seen its log's genesis", tip.ID)
			}
			if _, err := l.DocAt(resource(rng.IntN(12)), tip.ID); err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("DocAt: %v", err)
			}
			l.Heads()
			l.Fingerprint()
		}
	}
	for range 2 {
		wg.Go(follow)
	}
	for i := range uint64(2) {
		wg.Go(func() { look(rand.New(rand.NewPCG(i, 2))) })
	}
	wg.Go(func() {
		if _, err := l.Check(t.Context(), true, nil); err != nil {
			t.Errorf("Check: %v", err)
		}
	})
	for i := 1; i < len(entries); i += 3 {
		commit(t, l, entries[i:min(i+3, len(entries))]...)
		if i == 151 {
			if err := l.Rebuild(); err != nil {
				t.Errorf("Rebuild: %v", err)
			}
		}
	}
	wg.Wait()
	healthy(t, l)
}

func TestCheckStops(t *testing.T) {
	entries := history(t, rand.New(rand.NewPCG(21, 1)), 3, 40)
	l, _ := open(t, memory())
	commit(t, l, entries...)
	steps, last := 0, 0
	report, err := l.Check(t.Context(), true, func(done, total int) {
		steps++
		if done != steps || done > total || total < last {
			t.Errorf("progress(%d, %d) at step %d", done, total, steps)
		}
		last = total
	})
	if err != nil || report.Entries != 40 || report.Resources == 0 || steps != 40+report.Resources || last != steps {
		t.Errorf("Check = %+v, %v after %d steps of %d", report, err, steps, last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = l.Check(ctx, true, func(done, _ int) {
		if done == 5 {
			cancel()
		}
		if done > 5 {
			t.Error("Check went on")
		}
	})
	if !errors.Is(err, ctx.Err()) || err == nil {
		t.Errorf("Check = %v; want the context's error", err)
	}
}
