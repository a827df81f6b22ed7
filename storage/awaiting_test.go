package storage_test

import (
	"math/rand/v2"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
)

// What a person sees until the queue is done is said to be awaiting; followers
// of the feed are told once it is.
func TestAwaiting(t *testing.T) { bothDisks(t, awaiting) }

func awaiting(t *testing.T, kv storage.KV) {
	c := newCourt(t, rand.New(rand.NewPCG(1, 1)))
	w := c.writers[0]
	c.a.data = append(c.a.data, w.begin(t))
	const things = 200
	for i := range things {
		c.a.data = append(c.a.data, w.change(t, nil, create(resource(i), "tool")))
	}
	b := &bumpy{TB: t, rng: c.rng, a: c.a, kv: kv}
	b.open()
	if _, err := b.l.Commit(storage.Batch{Class: storage.Own, Members: c.a.members, Data: c.a.data}); err != nil {
		t.Fatal(err)
	}
	if n := b.l.AwaitingCount(); n != 0 {
		t.Fatalf("%d await, and nothing is void", n)
	}
	pos := b.l.Pos()
	c.sign(c.steward, c.grant, &oplog.Remove{Target: w.person})
	if _, err := b.l.Commit(storage.Batch{Class: storage.Membership, Members: c.a.members}); err != nil {
		t.Fatal(err)
	}
	left := b.l.AwaitingCount()
	if left == 0 || left >= things {
		t.Fatalf("after the removal %d of %d await, want some", left, things)
	}
	b.open()
	if n := b.l.AwaitingCount(); n != left {
		t.Fatalf("opened again, %d await, %d did", n, left)
	}
	live, told := 0, map[crdt.ID]bool{}
	for i := range things {
		doc, err := b.l.Doc(resource(i))
		if err != nil {
			t.Fatal(err)
		}
		if up := !b.l.Awaiting(resource(i)); up != doc.Deleted() {
			t.Fatalf("resource %d is up to date: %v, and shown: %v", i, up, !doc.Deleted())
		}
		if !doc.Deleted() {
			live++
		}
	}
	if live != left {
		t.Errorf("%d are shown, %d await", live, left)
	}
	changed := b.l.Changed()
	b.settle()
	select {
	case <-changed:
	default:
		t.Error("followers weren't woken")
	}
	news, err := b.l.Since(pos, -1)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range news {
		for _, id := range item.Resources {
			told[id] = true
		}
	}
	if n := b.l.Len(); n != uint64(len(c.a.data)) {
		t.Errorf("%d entries, want %d", n, len(c.a.data))
	}
	if len(told) != things {
		t.Errorf("followers were told of %d, want %d", len(told), things)
	}
	if kinds, err := b.l.Kinds(); err != nil || len(kinds) != 0 {
		t.Errorf("kinds %v, %v; want none", kinds, err)
	}
	if tips := b.l.Tips(); len(tips) != 0 {
		t.Errorf("tips %v, want none", tips)
	}
	if tips := b.l.VoidTips(); len(tips) != 1 || tips[0].ID != w.tip.ID {
		t.Errorf("void tips %v, want %v", tips, w.tip)
	}
	// What the device writes on, void from the first, touches no queue.
	more := w.change(t, nil, create(resource(things), "tool"))
	commit(t, b.l, more)
	c.a.data = append(c.a.data, more)
	if n := b.l.AwaitingCount(); n != 0 {
		t.Errorf("%d await after a void change", n)
	}
	items, err := b.l.History(resource(things))
	if err != nil || len(items) != 1 || !items[0].Void {
		t.Errorf("history %+v, %v; want one void change", items, err)
	}
	// Annulled, all of it comes back, and is offered again.
	c.sign(c.root, crdt.ChangeID(c.a.commons), &oplog.Remove{Keep: true, Annul: []crdt.ChangeID{c.a.members[len(c.a.members)-1].ID}})
	if _, err := b.l.Commit(storage.Batch{Class: storage.Membership, Members: c.a.members}); err != nil {
		t.Fatal(err)
	}
	if e := b.l.Exposed(); len(e) != 1 || e[0].ID != more.ID {
		t.Errorf("exposed %v, want %v", e, more.ID)
	}
	b.settle()
	if kinds, err := b.l.Kinds(); err != nil || len(kinds) != 1 || kinds[0].Live != things+1 {
		t.Errorf("kinds %v, %v; want %d tools", kinds, err, things+1)
	}
	b.same()
}
