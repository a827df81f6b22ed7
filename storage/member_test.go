package storage_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
)

// founding is the genesis of a commons, and its name.
func founding(t testing.TB) (storage.MemberEntry, oplog.CommonsID) {
	t.Helper()
	root := ed25519.NewKeyFromSeed(make([]byte, 32))
	g := oplog.CommonsGenesis{Roots: []oplog.Key{oplog.PublicKey(root)}, Name: "La Navette"}
	block, err := g.Encode()
	if err != nil {
		t.Fatalf("encoding a commons genesis: %v", err)
	}
	id := oplog.Sum(block)
	return storage.MemberEntry{ID: id, Block: block}, oplog.CommonsID(id)
}

// invite is a change of membership on parents.
func invite(t testing.TB, parents []crdt.ChangeID) storage.MemberEntry {
	t.Helper()
	genesis, commons := founding(t)
	if parents == nil {
		parents = []crdt.ChangeID{genesis.ID}
	}
	m := oplog.MembershipChange{
		Commons: commons,
		Parents: oplog.SortLinks(slices.Clone(parents)),
		Auth:    genesis.ID,
		Op:      &oplog.Invite{ID: [16]byte{byte(len(parents))}, Role: oplog.RoleMember, Note: fmt.Sprint(parents)[:40]},
	}
	block, sig, err := m.Seal(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatalf("sealing an invitation: %v", err)
	}
	return storage.MemberEntry{ID: m.ID, Block: block, Sig: sig}
}

func TestMembers(t *testing.T) {
	genesis, commons := founding(t)
	a := invite(t, nil)
	b := invite(t, []crdt.ChangeID{a.ID})
	c := invite(t, []crdt.ChangeID{a.ID, genesis.ID})
	d := invite(t, []crdt.ChangeID{b.ID, c.ID})
	kv := memory()
	options := storage.Options{Commons: commons}
	l, _, err := storage.Open(kv, options)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	members := func(es ...storage.MemberEntry) storage.Batch {
		return storage.Batch{Class: storage.Membership, Members: es}
	}
	if _, err := l.Commit(members(a)); !errors.Is(err, storage.ErrParent) {
		t.Errorf("Commit without the genesis = %v; want ErrParent", err)
	}
	changed := l.Changed()
	done, err := l.Commit(members(genesis, a), members(a, b))
	if err != nil || done.Members != 3 {
		t.Errorf("Commit = %+v, %v; want 3 blocks", done, err)
	}
	select {
	case <-changed:
	default:
		t.Error("membership woke no follower")
	}
	if _, err := l.Commit(members(c, d)); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	want := []storage.MemberEntry{genesis, a, b, c, d}
	check := func(l *storage.Log) {
		t.Helper()
		if got := l.MemberHeads(); !slices.Equal(got, []crdt.ChangeID{d.ID}) || l.MemberCount() != 5 {
			t.Errorf("MemberHeads() = %v, MemberCount() = %d; want the last of five", got, l.MemberCount())
		}
		var got []crdt.ChangeID
		last := uint32(0)
		err := l.Members(func(height uint32, e storage.MemberEntry) error {
			if height < last || oplog.Sum(e.Block) != e.ID {
				t.Errorf("Members: %v at height %d after %d", e.ID, height, last)
			}
			last = height
			got = append(got, e.ID)
			return nil
		})
		if err != nil || len(got) != 5 || last != 3 {
			t.Errorf("Members gave %d blocks up to height %d, %v; want 5, 3", len(got), last, err)
		}
		for _, w := range want {
			e, err := l.Member(w.ID)
			if err != nil || !slices.Equal(e.Block, w.Block) || e.Sig != w.Sig {
				t.Errorf("Member(%v) = %+v, %v", w.ID, e, err)
			}
			if ok, err := l.HasMember(w.ID); !ok || err != nil {
				t.Errorf("HasMember(%v) = %v, %v", w.ID, ok, err)
			}
		}
		healthy(t, l)
	}
	check(l)
	fingerprint := l.Fingerprint()
	l, _, err = storage.Open(kv.Clone(), options)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	check(l)
	if l.Fingerprint() != fingerprint {
		t.Error("another fingerprint after opening again")
	}
	if ok, err := l.HasMember(crdt.ChangeID{1}); ok || err != nil {
		t.Errorf("HasMember of what isn't there = %v, %v", ok, err)
	}

	// A damaged block goes, with what rests on it; peers send it again.
	for i, key := range kv.Keys([]byte("H")) {
		kv := kv.Clone()
		kv.Flip(key, 8*70+3)
		l, report, err := storage.Open(kv, options)
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		lost := []int{5, 4, 2, 2, 1}[i]
		if report.LostMembers != lost || l.MemberCount() != 5-lost {
			t.Errorf("block %d damaged: %+v, %d left; want %d lost", i, report, l.MemberCount(), lost)
		}
		healthy(t, l)
		if _, err := l.Commit(members(want...)); err != nil {
			t.Errorf("block %d damaged: Commit: %v", i, err)
		}
		check(l)
	}
}
