package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
)

// A naive reader of a history: ancestry by walking, nothing remembered.
type naive struct {
	entries []storage.Entry
	at      map[crdt.ChangeID]int
}

func newNaive(entries []storage.Entry) *naive {
	n := &naive{entries: entries, at: map[crdt.ChangeID]int{}}
	for i, e := range entries {
		n.at[e.ID] = i
	}
	return n
}

// past returns ids and all their ancestors.
func (n *naive) past(t testing.TB, ids ...crdt.ChangeID) map[crdt.ChangeID]bool {
	seen := map[crdt.ChangeID]bool{}
	for len(ids) > 0 {
		id := ids[0]
		ids = ids[1:]
		i, ok := n.at[id]
		if ok && !seen[id] {
			seen[id] = true
			ids = append(ids, parents(t, n.entries[i].Block)...)
		}
	}
	return seen
}

func (n *naive) Saw(later, earlier crdt.ChangeID) bool {
	_, ok := n.at[earlier]
	return ok && n.past(nopT{}, later)[earlier]
}

// nopT stands in for a test where blocks are known to be good.
type nopT struct{ testing.TB }

func (nopT) Helper() {}

// fold folds the changes to a resource that belong.
func (n *naive) fold(t testing.TB, id crdt.ID, belongs func(i int, e storage.Entry) bool) *crdt.Doc {
	t.Helper()
	var doc *crdt.Doc
	for i, e := range n.entries {
		c, err := oplog.DecodeChange(e.Block)
		if err != nil || !belongs(i, e) {
			continue
		}
		ids, _ := c.Data().Resources()
		if slices.Contains(ids, id) {
			if doc == nil {
				doc = crdt.NewDoc(id)
			}
			doc.Apply(n, c.Data())
		}
	}
	return doc
}

func sameDoc(t testing.TB, what string, got *crdt.Doc, err error, want *crdt.Doc) {
	t.Helper()
	switch {
	case want == nil && !errors.Is(err, storage.ErrNotFound):
		t.Errorf("%s = %v; want ErrNotFound", what, err)
	case want != nil && err != nil:
		t.Errorf("%s: %v", what, err)
	case want != nil && !bytes.Equal(got.Encode(), want.Encode()):
		t.Errorf("%s = %x; want %x", what, got.Encode(), want.Encode())
	}
}

func TestVersions(t *testing.T) {
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 5))
		entries := history(t, rng, 4, 60)
		n := newNaive(entries)
		l, _ := open(t, memory())
		for _, e := range entries {
			commit(t, l, e)
		}
		for range 40 {
			id := resource(rng.IntN(14))
			doc, err := l.Doc(id)
			sameDoc(t, "Doc", doc, err, n.fold(t, id, func(int, storage.Entry) bool { return true }))

			at := entries[rng.IntN(len(entries))].ID
			other := entries[rng.IntN(len(entries))].ID
			past := n.past(t, at, other)
			doc, err = l.DocAt(id, at, other)
			sameDoc(t, "DocAt", doc, err, n.fold(t, id, func(_ int, e storage.Entry) bool { return past[e.ID] }))

			pos := rng.IntN(len(entries) + 1)
			doc, err = l.DocThrough(id, uint64(pos))
			sameDoc(t, "DocThrough", doc, err, n.fold(t, id, func(i int, _ storage.Entry) bool { return i < pos }))

			if got, want := l.Saw(at, other), n.Saw(at, other); got != want {
				t.Errorf("Saw(%v, %v) = %v; want %v", at, other, got, want)
			}
		}
		if _, err := l.DocAt(resource(0), crdt.ChangeID{1}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("DocAt of what isn't stored = %v; want ErrNotFound", err)
		}
	}
}

func TestFeed(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	entries := history(t, rng, 4, 700)
	l, _ := open(t, memory())
	for rest := entries; len(rest) > 0; {
		n := min(len(rest), []int{1, 1, 2, 300}[rng.IntN(4)])
		commit(t, l, rest[:n]...)
		rest = rest[n:]
	}
	histories := map[crdt.ID][]storage.FeedItem{}
	check := func(pos, limit int) {
		t.Helper()
		items, err := l.Since(uint64(pos), limit)
		if err != nil {
			t.Fatalf("Since(%d, %d): %v", pos, limit, err)
		}
		if want := min(limit, len(entries)-pos); len(items) != want && pos <= len(entries) {
			t.Errorf("Since(%d, %d) gave %d items; want %d", pos, limit, len(items), want)
		}
		for i, item := range items {
			if item.ID != entries[pos+i].ID || item.Pos != uint64(pos+i) {
				t.Fatalf("Since(%d, %d)[%d] = %+v; want %v", pos, limit, i, item, entries[pos+i].ID)
			}
		}
	}
	check(0, len(entries))
	check(0, 0)
	check(len(entries), 10)
	check(len(entries)+5, 10)
	for range 100 {
		check(rng.IntN(len(entries)), rng.IntN(300))
	}
	items, err := l.Since(0, -1)
	if err != nil {
		t.Fatalf("Since: %v", err)
	}
	for _, item := range items {
		for _, id := range item.Resources {
			histories[id] = append(histories[id], storage.FeedItem{Pos: item.Pos, ID: item.ID})
		}
	}
	for id, want := range histories {
		got, err := l.History(id)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("History(%v) = %v, %v; want %v", id, got, err, want)
		}
	}
	if _, err := l.History(resource(99)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("History of nothing = %v; want ErrNotFound", err)
	}
}

func TestTipsAndHeads(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 7))
		entries := history(t, rng, 4, 60)
		kv := memory()
		l, _ := open(t, kv)
		for i, e := range entries {
			commit(t, l, e)
			if i%7 == 0 {
				l, _ = open(t, kv) // what is in memory is what is stored
			}
			named, goneOn := map[crdt.ChangeID]bool{}, map[crdt.ChangeID]bool{}
			for _, e := range entries[:i+1] {
				if g, err := oplog.DecodeLogGenesis(e.Block); err == nil {
					for _, p := range g.PrevLogs {
						named[p], goneOn[p] = true, true
					}
					continue
				}
				c, _ := oplog.DecodeChange(e.Block)
				goneOn[c.Prev] = true
				for _, p := range append(c.Deps, c.Prev) {
					named[p] = true
				}
			}
			var tips, heads, wantTips, wantHeads []crdt.ChangeID
			for _, e := range entries[:i+1] {
				if !goneOn[e.ID] {
					wantTips = append(wantTips, e.ID)
				}
				if !named[e.ID] {
					wantHeads = append(wantHeads, e.ID)
				}
			}
			for _, tip := range l.Tips() {
				tips = append(tips, tip.ID)
				link, err := l.Link(tip.ID)
				if err != nil || link.Log != tip.Log || link.Seq != tip.Seq {
					t.Fatalf("tip %+v is link %+v, %v", tip, link, err)
				}
				g, err := l.Genesis(tip.Log)
				if err != nil || g.Birth != tip.Birth {
					t.Fatalf("tip %+v of genesis %+v, %v", tip, g, err)
				}
				block, err := l.Block(tip.ID)
				if err != nil {
					t.Fatalf("Block: %v", err)
				}
				kind := oplog.SigChange
				if tip.Seq == 0 {
					kind = oplog.SigLog
				}
				if !oplog.Verify(g.Device, kind, commons, block, tip.Sig) {
					t.Fatalf("tip %v has another's signature", tip.ID)
				}
			}
			for _, h := range l.Heads() {
				heads = append(heads, h.ID)
			}
			if got, want := oplog.SortLinks(tips), oplog.SortLinks(wantTips); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %d entries: Tips() = %v; want %v", seed, i+1, got, want)
			}
			if want := oplog.SortLinks(wantHeads); !slices.Equal(heads, want) {
				t.Fatalf("seed %d, %d entries: Heads() = %v; want %v", seed, i+1, heads, want)
			}
		}
	}
}

func TestAfter(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 8))
		entries := history(t, rng, 4, 120)
		n := newNaive(entries)
		l, _ := open(t, memory())
		for rest := entries; len(rest) > 0; {
			k := 1 + rng.IntN(min(len(rest), 9))
			commit(t, l, rest[:k]...)
			rest = rest[k:]
		}
		for range 60 {
			tip := entries[rng.IntN(len(entries))]
			have := []crdt.ChangeID{entries[rng.IntN(len(entries))].ID, {1, 2, 3}}[:rng.IntN(3)]
			version, err := l.Past(have...)
			if err != nil {
				t.Fatalf("Past: %v", err)
			}
			branch, err := l.After(version, tip.ID)
			if err != nil {
				t.Fatalf("After: %v", err)
			}
			// The way back from tip through its log, less what is in the past.
			past := n.past(t, have...)
			var want []crdt.ChangeID
			for id := tip.ID; !past[id]; {
				want = append(want, id)
				c, err := oplog.DecodeChange(n.entries[n.at[id]].Block)
				if err != nil {
					break
				}
				id = c.Prev
			}
			slices.Reverse(want)
			var got []storage.Entry
			for {
				e, ok, err := branch.Next()
				if err != nil {
					t.Fatalf("Next: %v", err)
				}
				if !ok {
					break
				}
				got = append(got, e)
			}
			for i, e := range got {
				switch {
				case i < len(want) && e.ID != want[i]:
					t.Fatalf("seed %d: link %d after %v to %v is %v; want %v", seed, i, have, tip.ID, e.ID, want[i])
				case i >= len(want): // beyond the tip, for its signature
					if c, err := oplog.DecodeChange(e.Block); err != nil || c.Prev != got[i-1].ID || got[i-1].Sig != nil {
						t.Fatalf("seed %d: link %d is %v, after %v signed %v", seed, i, e.ID, got[i-1].ID, got[i-1].Sig != nil)
					}
				}
				if e.Sig != nil && *e.Sig != *n.entries[n.at[e.ID]].Sig {
					t.Fatalf("another signature of %v", e.ID)
				}
			}
			if len(got) < len(want) || len(want) > 0 && got[len(got)-1].Sig == nil {
				t.Fatalf("seed %d: %d links; want at least %d, the last one signed", seed, len(got), len(want))
			}
		}
		if _, err := l.After(nil, crdt.ChangeID{1}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("After what isn't stored = %v; want ErrNotFound", err)
		}
	}
}

// A walk that has begun keeps its last signature, though a later commit
// replaces it.
func TestAfterWhileCommitting(t *testing.T) {
	l, _ := open(t, memory())
	w := newWriter(1)
	commit(t, l, w.begin(t), w.change(t, nil, set(resource(1), 1, "a")))
	tip := w.tip.ID
	branch, err := l.After(nil, tip)
	if err != nil {
		t.Fatalf("After: %v", err)
	}
	commit(t, l, w.change(t, nil, set(resource(1), 1, "b")))
	var last storage.Entry
	for {
		e, ok, err := branch.Next()
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		if !ok {
			break
		}
		last = e
	}
	if last.ID != tip || last.Sig == nil {
		t.Errorf("the walk ended on %v, signed %v; want %v, signed", last.ID, last.Sig != nil, tip)
	}
	if _, ok, err := l.Signature(tip); ok || err != nil {
		t.Errorf("Signature of what a later one covers = %v, %v; want none", ok, err)
	}
}

func TestSignaturesKept(t *testing.T) {
	l, _ := open(t, memory())
	w := newWriter(1)
	entries := []storage.Entry{w.begin(t)}
	for i := range 130 {
		entries = append(entries, w.change(t, nil, set(resource(i), 1, "x")))
	}
	entries = append(entries, w.change(t, nil, set(resource(1), 1, strings.Repeat("long ", 1000))))
	entries = append(entries, w.change(t, nil, set(resource(1), 1, "x")))
	end := w.tip
	entries = append(entries, w.begin(t, end), w.change(t, nil, set(resource(1), 1, "y")))
	kept := map[crdt.ChangeID]bool{w.tip.ID: true, end.ID: true}
	for _, e := range entries {
		if c, err := oplog.DecodeChange(e.Block); err != nil || c.Seq%64 == 0 || len(e.Block) > 4<<10 {
			kept[e.ID] = true
		}
		commit(t, l, e)
	}
	if len(kept) != 7 {
		t.Fatalf("%d signatures to keep; want 2 geneses, seq 64 and 128, a long one, two ends", len(kept))
	}
	for i, e := range entries {
		sig, ok, err := l.Signature(e.ID)
		if err != nil || ok != kept[e.ID] || ok && sig != *e.Sig {
			t.Errorf("Signature of entry %d = %v, %v; want %v", i, ok, err, kept[e.ID])
		}
	}
}

func TestKinds(t *testing.T) {
	l, _ := open(t, memory())
	w := newWriter(1)
	commit(t, l, w.begin(t))
	var ids []crdt.ID
	for i := range 30 {
		ids = append(ids, resource(i))
		commit(t, l, w.change(t, nil, create(resource(i), []string{"tool", "to", "page"}[i%3]), set(resource(i), 1, "x")))
	}
	commit(t, l, w.change(t, nil, crdt.Edit{Code: crdt.Remove, Resource: ids[0]}))
	commit(t, l, w.change(t, nil, create(resource(99), strings.Repeat("k", 300)))) // too long a kind to be listed
	kinds, err := l.Kinds()
	if want := []storage.KindCount{{"page", 10, 0}, {"to", 10, 0}, {"tool", 9, 1}}; err != nil || !slices.Equal(kinds, want) {
		t.Errorf("Kinds() = %v, %v; want %v", kinds, err, want)
	}
	var want, got []crdt.ID
	for i := 0; i < 30; i += 3 {
		want = append(want, ids[i])
	}
	slices.SortFunc(want, func(a, b crdt.ID) int { return bytes.Compare(a[:], b[:]) })
	err = l.Resources("tool", want[3], func(id crdt.ID, deleted bool) error {
		if deleted != (id == ids[0]) {
			t.Errorf("%v deleted: %v", id, deleted)
		}
		if got = append(got, id); len(got) == 5 {
			return storage.Stop
		}
		return nil
	})
	if err != nil || !slices.Equal(got, want[3:8]) {
		t.Errorf("Resources(tool) = %v, %v; want %v", got, err, want[3:8])
	}
	healthy(t, l)
}

func TestMeta(t *testing.T) {
	kv := memory()
	l, _ := open(t, kv)
	if _, err := l.Meta("name"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Meta = %v; want ErrNotFound", err)
	}
	if err := l.SetMeta("name", []byte("workshop")); err != nil {
		t.Fatalf("SetMeta: %v", err)
	}
	l, _ = open(t, kv)
	if got, err := l.Meta("name"); string(got) != "workshop" || err != nil {
		t.Errorf("Meta = %q, %v; want workshop", got, err)
	}
	if err := l.SetMeta("name", nil); err != nil {
		t.Fatalf("SetMeta: %v", err)
	}
	if _, err := l.Meta("name"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Meta = %v; want ErrNotFound", err)
	}
}
