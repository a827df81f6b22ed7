package storage_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
)

// Logs that answer each other can only be sent run by run if a run can end
// before each change that depends on another log.
func TestTheLinkBeforeOneWithDepsKeepsItsSignature(t *testing.T) {
	l, _ := open(t, memory())
	v, w := newWriter(1), newWriter(2)
	commit(t, l, v.begin(t), w.begin(t))
	kept := map[crdt.ChangeID]bool{}
	for i := range 20 {
		kept[v.tip.ID] = true
		commit(t, l, v.change(t, []oplog.Link{w.tip}, set(resource(1), 1, "v")))
		if i%2 == 0 { // a change that has seen nothing new
			kept[v.tip.ID] = false
			commit(t, l, v.change(t, nil, set(resource(1), 1, "more")))
		}
		kept[w.tip.ID] = true
		commit(t, l, w.change(t, []oplog.Link{v.tip}, set(resource(1), 1, "w")))
	}
	for id, want := range kept {
		if _, got, err := l.Signature(id); got != want || err != nil {
			t.Errorf("Signature(%v) = %v, %v; want %v", id, got, err, want)
		}
	}
}

// Branches, Back, Upto and First against a walk from block to block.
func TestBranches(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 5))
		l, _ := open(t, memory())
		entries := history(t, rng, 4, 120)
		commit(t, l, entries...)
		paths := map[crdt.ChangeID][]crdt.ChangeID{} // from the genesis
		ends := map[crdt.LogID]map[crdt.ChangeID]bool{}
		for _, e := range entries {
			link, err := l.Link(e.ID)
			if err != nil {
				t.Fatalf("Link(%v): %v", e.ID, err)
			}
			var before []crdt.ChangeID
			if c, err := oplog.DecodeChange(e.Block); err == nil {
				before = paths[c.Prev]
				delete(ends[link.Log], c.Prev)
			} else {
				ends[link.Log] = map[crdt.ChangeID]bool{}
			}
			paths[e.ID] = append(slices.Clone(before), e.ID)
			ends[link.Log][e.ID] = true
		}
		for log, want := range ends {
			got, err := l.Branches(log)
			if err != nil || len(got) != len(want) || slices.ContainsFunc(got, func(id crdt.ChangeID) bool { return !want[id] }) {
				t.Errorf("seed %d: Branches(%v) = %v, %v; want %v", seed, log, got, err, want)
			}
		}
		for id, path := range paths {
			back, err := l.Back(id)
			if err != nil || back[0] != id || back[len(back)-1] != path[0] || len(back) > 64 {
				t.Errorf("seed %d: Back(%v) = %v, %v; want it from the link to the genesis", seed, id, back, err)
			}
			for _, b := range back {
				if !slices.Contains(path, b) {
					t.Errorf("seed %d: Back(%v) has %v, which isn't before it", seed, id, b)
				}
			}
			for have := range paths {
				if paths[have][0] == path[0] {
					checkFirst(t, l, paths, id, have)
				}
			}
		}
	}
}

func checkFirst(t *testing.T, l *storage.Log, paths map[crdt.ChangeID][]crdt.ChangeID, tip, have crdt.ChangeID) {
	t.Helper()
	want := slices.IndexFunc(paths[tip], func(id crdt.ChangeID) bool { return !slices.Contains(paths[have], id) })
	v, err := l.Upto(have)
	if err != nil {
		t.Fatalf("Upto(%v): %v", have, err)
	}
	first, ok, err := l.First(v, tip)
	if err != nil || ok != (want >= 0) || ok && first.ID != paths[tip][want] {
		t.Errorf("First(Upto(%v), %v) = %v, %v, %v; want link %d of %d", have, tip, first, ok, err, want, len(paths[tip]))
	}
}
