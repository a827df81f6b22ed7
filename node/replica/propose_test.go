package replica_test

import (
	"errors"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/text"
	"navette/node/replica"
	"navette/storage"
)

func TestProposalsShareACommit(t *testing.T) {
	n := found(t, 1).node(0)
	var tickets []replica.Ticket
	for i := range byte(20) {
		tickets = append(tickets, n.edit(create(i)))
	}
	if got := n.commit(); got != 1 {
		t.Errorf("%d commits, want 1", got)
	}
	for i, ticket := range tickets {
		c := n.saved(ticket)
		if c.Seq != uint64(i+1) || len(c.Deps) > 0 {
			t.Errorf("proposal %d became change %d with %d deps, want %d and none", i, c.Seq, len(c.Deps), i+1)
		}
	}
	if tips := n.log.Tips(); len(tips) != 1 || tips[0].Seq != 20 {
		t.Errorf("tips %+v, want one at 20", tips)
	}
}

// What a change edits it has seen: two that edit the same thing can't be made
// at once, and the second is made anew.
func TestEditsOfOneThingAreMadeOneAfterTheOther(t *testing.T) {
	n := found(t, 1).node(0)
	n.saved(n.edit(create(1)))
	seen := []int64{}
	edit := func() ([]crdt.Edit, error) {
		doc, err := n.log.Doc(thing(1))
		if err != nil {
			return nil, err
		}
		seen = append(seen, doc.Counter(1))
		return []crdt.Edit{add(1, 1)}, nil
	}
	for range 3 {
		n.rep.Propose(replica.Proposal{Person: oplog.PublicKey(key(50)), Edit: edit})
	}
	if got := n.commit(); got != 3 {
		t.Errorf("%d commits, want 3", got)
	}
	if last := seen[len(seen)-1]; last != 2 {
		t.Errorf("the last edit saw %d, want 2", last)
	}
}

// Two changes that were made together stay together, whatever comes between
// them: the second counts from where the first left the text.
func TestAChangeThatGoesOn(t *testing.T) {
	c := found(t, 2)
	a, b := c.node(0), c.node(1)
	insert := func(at int, s string) crdt.Edit {
		return crdt.Edit{Code: crdt.Splice, Resource: thing(1), Field: 2, Splices: []text.Splice{{Pos: at, Ins: s}}}
	}
	a.saved(a.edit(create(1), insert(0, "[]")))
	p := connect(a, b)
	p.run()
	first := a.saved(a.edit(insert(1, "one ")))
	b.saved(b.edit(insert(0, "from b: ")))
	p.run()
	second := a.saved(a.rep.Propose(replica.Proposal{
		Person: oplog.PublicKey(key(50)), Edit: replica.Edits(insert(5, "two")), GoesOn: true,
	}))
	if second.Prev != first.ID || len(second.Deps) > 0 {
		t.Errorf("it goes on from %v and %v; want %v alone", second.Prev, second.Deps, first.ID)
	}
	third := a.saved(a.edit(add(1, 1)))
	if len(third.Deps) != 1 {
		t.Errorf("the next change has %d deps, want what came from b", len(third.Deps))
	}
	p.run()
	p.upToDate(t)
	for _, n := range p.nodes {
		doc, err := n.log.Doc(thing(1))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := doc.Text(2).String(), "from b: [one two]"; got != want {
			t.Errorf("node %d reads %q, want %q", n.id, got, want)
		}
	}
}

func TestRefusedProposals(t *testing.T) {
	c := found(t, 1)
	n := c.node(0)
	wantErr(t, n, n.edit(), replica.ErrEmpty)
	stranger := replica.Proposal{Person: oplog.PublicKey(key(99)), Edit: replica.Edits(create(1))}
	wantErr(t, n, n.rep.Propose(stranger), replica.ErrNoWriter)
	big := crdt.Edit{Code: crdt.Add, Resource: thing(1), Field: 1, Value: crdt.Bytes(make([]byte, 40<<10))}
	wantErr(t, n, n.edit(big, big), replica.ErrTooBig)
	ours := errors.New("ours")
	failing := replica.Proposal{Person: oplog.PublicKey(key(50)), Edit: func() ([]crdt.Edit, error) { return nil, ours }}
	wantErr(t, n, n.rep.Propose(failing), ours)
	n.kv.SetFree(20 << 20)
	wantErr(t, n, n.edit(create(2)), storage.ErrFull)
	n.kv.SetFree(1 << 40)
	if got := n.saved(n.edit(create(2))).Seq; got != 1 {
		t.Errorf("the first change that was saved is number %d, want 1", got)
	}
}

func TestEachProcessBeginsALogThatClosesTheLast(t *testing.T) {
	c := found(t, 1)
	n := c.node(0)
	first := n.saved(n.edit(create(1)))
	c.start(n)
	second := n.saved(n.edit(create(2)))
	if second.Log == first.Log {
		t.Fatalf("a new process goes on in log %v", first.Log)
	}
	g, err := n.log.Genesis(second.Log)
	if err != nil || len(g.PrevLogs) != 1 || g.PrevLogs[0] != first.ID {
		t.Errorf("it goes on from %v, %v; want %v", g.PrevLogs, err, first.ID)
	}
	if tips := n.log.Tips(); len(tips) != 1 {
		t.Errorf("%d open tips, want 1", len(tips))
	}
}

func TestANewGrantBeginsALog(t *testing.T) {
	c := found(t, 1)
	n := c.node(0)
	first := n.saved(n.edit(create(1)))
	who := oplog.PublicKey(key(50))
	n.rep.ProposeMembers(c.seal(key(100), crdt.ChangeID(c.genesis.ID), &oplog.Remove{Target: who, Keep: true}))
	n.commit()
	wantErr(t, n, n.edit(create(2)), replica.ErrNoWriter)
	c.grant(who)
	n.rep.ProposeMembers(c.members[len(c.members)-1])
	second := n.saved(n.edit(create(2)))
	if second.Log == first.Log {
		t.Errorf("goes on in the log of the grant that ended")
	}
}

// Forty processes that didn't know of each other leave forty tips, and forty
// heads, to the next one.
func TestManyTipsAndHeads(t *testing.T) {
	c := found(t, 2)
	n, far := c.node(0), c.node(1)
	empty := n.kv.Clone()
	for i := range byte(40) {
		apart := &node{t: t, id: 0, kv: empty.Clone()}
		c.start(apart)
		for range i { // so that their nonces differ
			apart.rep.Propose(replica.Proposal{Person: oplog.PublicKey(key(50)), Edit: replica.Edits(create(200 - i))})
		}
		apart.saved(apart.edit(create(i)))
		p := connect(far, apart)
		p.run()
		p.part()
	}
	if got := len(far.log.Heads()); got < 30 {
		t.Fatalf("%d heads, want many", got)
	}
	made := far.saved(far.edit(create(100)))
	if len(far.log.Heads()) != 1 || len(made.Deps) > oplog.MaxLinks {
		t.Errorf("%d heads are left, the change has %d deps", len(far.log.Heads()), len(made.Deps))
	}
	p := connect(n, far)
	p.run()
	p.upToDate(t)
	tips := len(n.log.Tips())
	n.saved(n.edit(create(101)))
	if got := len(n.log.Tips()); got != 2 {
		t.Errorf("%d open tips after a log that goes on from all of %d, want 2", got, tips)
	}
	p.run()
	p.upToDate(t)
}
