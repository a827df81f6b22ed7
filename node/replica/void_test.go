package replica_test

import (
	"errors"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node/replica"
)

// rule makes a change of membership by the root.
func (c *commons) rule(op oplog.MemberOp) reconcile.Member {
	c.t.Helper()
	return c.seal(key(100), crdt.ChangeID(c.genesis.ID), op)
}

func (n *node) hears(m reconcile.Member) {
	n.t.Helper()
	ticket := n.rep.ProposeMembers(m)
	n.commit()
	if d := n.done[ticket]; d == nil || d.Err != nil {
		n.t.Fatalf("membership: %+v", d)
	}
}

func (n *node) tips() (ids []crdt.ChangeID) {
	for _, t := range n.log.Tips() {
		ids = append(ids, t.ID)
	}
	return ids
}

// What a removed person wrote that the remover hadn't seen is kept, offered to
// nobody, and rested on by nobody. Adopted, it goes to all.
func TestVoidIsKeptAndNotOffered(t *testing.T) {
	c := found(t, 4)
	steward, removed, friend, late := c.node(0), c.node(1), c.node(2), c.node(3)
	meet := func(a, b *node) {
		t.Helper()
		p := connect(a, b)
		p.run()
		p.upToDate(t)
		p.part()
	}
	removed.saved(removed.edit(create(1)))
	meet(steward, removed)
	cut := steward.tips()
	steward.saved(steward.edit(create(3)))
	meet(steward, removed) // so that the next has deps, and a run can end before it
	last := removed.saved(removed.edit(create(2), add(1, 7)))
	meet(removed, friend)

	steward.hears(c.rule(&oplog.Remove{Target: oplog.PublicKey(key(51)), Cut: cut}))
	meet(steward, friend) // who may say what it has before it hears of the removal
	if void, err := friend.log.Void(last.ID); !void || err != nil {
		t.Errorf("the last change is void at the friend's: %v, %v", void, err)
	}
	if slices.Contains(friend.tips(), last.ID) {
		t.Error("the friend still offers it")
	}
	honest := friend.saved(friend.edit(add(1, 1)))
	if friend.log.Saw(honest.ID, last.ID) {
		t.Error("a change made afterwards rests on it")
	}
	meet(friend, late)
	if ok, _ := late.log.Has(last.ID); ok {
		t.Error("one who comes late is sent it")
	}
	for _, n := range []*node{friend, late} {
		if d, err := n.log.Doc(thing(1)); err != nil || d.Counter(1) != 1 {
			t.Errorf("node %d counts %v, %v; want 1", n.id, d.Counter(1), err)
		}
	}

	// In sessions that go on, all hear of what counts again.
	p := connect(friend, late)
	p.run()
	friend.hears(c.rule(&oplog.Grant{Target: oplog.PublicKey(key(51)), Role: oplog.RoleMember, Adopt: []crdt.ChangeID{last.ID}}))
	p.run()
	p.upToDate(t)
	if d, err := late.log.Doc(thing(1)); err != nil || d.Counter(1) != 8 {
		t.Errorf("adopted, it counts %v, %v; want 8", d.Counter(1), err)
	}
	p.part()
	meet(late, steward)
	meet(steward, removed)
}

// A person whose right has ended is told so; granted again, they write in a new
// log, which goes on from what counts of the old one.
func TestRightThatEnds(t *testing.T) {
	c := found(t, 2)
	n := c.node(1)
	first := n.saved(n.edit(create(1)))
	lost := n.saved(n.edit(create(2)))
	n.hears(c.rule(&oplog.Remove{Target: oplog.PublicKey(key(51)), Cut: []crdt.ChangeID{first.ID}}))
	wantErr(t, n, n.edit(create(3)), replica.ErrEnded)
	wantErr(t, n, n.edit(create(4)), replica.ErrNoWriter)
	stranger := n.rep.Propose(replica.Proposal{Person: oplog.PublicKey(key(99)), Edit: replica.Edits(create(5))})
	n.commit()
	if err := n.done[stranger].Err; !errors.Is(err, replica.ErrNoWriter) || errors.Is(err, replica.ErrEnded) {
		t.Errorf("who never belonged: %v", err)
	}
	n.hears(c.rule(&oplog.Grant{Target: oplog.PublicKey(key(51)), Role: oplog.RoleMember}))
	again := n.saved(n.edit(create(6)))
	g, err := n.log.Genesis(again.Log)
	if err != nil {
		t.Fatal(err)
	}
	if again.Log == first.Log || !slices.Equal(g.PrevLogs, []crdt.ChangeID{first.ID}) {
		t.Errorf("it writes in %v, which goes on from %v; want a new log after %v", again.Log, g.PrevLogs, first.ID)
	}
	if void, err := n.log.Void(lost.ID); !void || err != nil {
		t.Errorf("what was beyond the cut is void: %v, %v", void, err)
	}
	if got := n.tips(); !slices.Equal(got, []crdt.ChangeID{again.ID}) {
		t.Errorf("tips %v, want %v", got, again.ID)
	}
}
