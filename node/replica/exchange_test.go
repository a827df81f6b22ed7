package replica_test

import (
	"errors"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node/replica"
	"navette/storage"
)

func TestExchangeBothWays(t *testing.T) {
	c := found(t, 2)
	a, b := c.node(0), c.node(1)
	for i := range byte(100) {
		a.edit(create(i))
		a.commit()
		b.edit(create(100 + i))
	}
	p := connect(a, b)
	p.run()
	p.upToDate(t)
	p.part()
	again := connect(a, b)
	again.run()
	if again.frames != 2 || again.bytes > 128 {
		t.Errorf("nothing to do took %d frames of %d bytes, want 2 of at most 128", again.frames, again.bytes)
	}
}

// One edit, seen at once by a peer: one frame there, one back.
func TestLiveEdit(t *testing.T) {
	c := found(t, 2)
	a, b := c.node(0), c.node(1)
	a.saved(a.edit(create(1)))
	p := connect(a, b)
	p.run()
	for range 3 {
		p.bytes, p.frames = 0, 0
		a.saved(a.edit(add(1, 1)))
		p.run()
		p.upToDate(t)
		if p.frames != 2 || p.bytes > 300 {
			t.Errorf("an edit took %d frames of %d bytes, want 2 of at most 300", p.frames, p.bytes)
		}
	}
}

// Nothing is said of a change before it is durable.
func TestPersistThenSend(t *testing.T) {
	c := found(t, 2)
	a, b := c.node(0), c.node(1)
	p := connect(a, b)
	p.run()
	ticket := a.edit(create(1))
	commit, effects := a.rep.Next(0)
	a.do(effects)
	if commit == nil || len(a.sent) > 0 || a.done[ticket] != nil {
		t.Fatalf("before the commit: %d frames sent, proposal %+v", len(a.sent), a.done[ticket])
	}
	if again, _ := a.rep.Next(0); again != nil {
		t.Error("a second commit begins while the first is under way")
	}
	a.do(a.rep.Committed(0, commit, storage.ErrFull))
	if len(a.sent) > 0 || !errors.Is(a.done[ticket].Err, storage.ErrFull) {
		t.Errorf("after a commit that failed: %d frames sent, proposal %+v", len(a.sent), a.done[ticket])
	}
	a.saved(a.edit(create(1)))
	if len(a.sent) != 1 {
		t.Errorf("after the commit: %d frames, want 1", len(a.sent))
	}
}

func TestTheMemberWhoLeftIsShown(t *testing.T) {
	c := found(t, 2)
	a, b := c.node(0), c.node(1)
	p := connect(a, b)
	p.run()
	remove := c.seal(key(100), crdt.ChangeID(c.genesis.ID), &oplog.Remove{Target: oplog.PublicKey(key(51))})
	ticket := a.rep.ProposeMembers(remove)
	a.commit()
	if d := a.done[ticket]; d == nil || d.Err != nil {
		t.Fatalf("the removal: %+v", d)
	}
	if len(a.over) != 1 || !errors.Is(a.over[0].Err, replica.ErrExpelled) {
		t.Errorf("sessions ended: %+v, want one, by ErrExpelled", a.over)
	}
}

func TestInadmissibleMembershipIsRefused(t *testing.T) {
	c := found(t, 2)
	a := c.node(0)
	bad := c.members[1]
	bad.Sig[5] ^= 1
	fresh := found(t, 3)
	late := fresh.members[len(fresh.members)-1]
	ticket := a.rep.ProposeMembers(reconcile.Member{Block: late.Block, Sig: bad.Sig})
	a.commit()
	if d := a.done[ticket]; d == nil || d.Err == nil {
		t.Errorf("a change with another's signature: %+v, want an error", d)
	}
}

// A peer that goes silent doesn't keep others from helping.
func TestAWantIsAskedOfAnother(t *testing.T) {
	c := found(t, 3)
	a, b, mute := c.node(0), c.node(1), c.node(2)
	b.saved(b.edit(create(1)))
	before := connect(b, mute)
	before.run()
	before.part()
	silent := connect(a, mute)
	for range 20 { // it says what it has, and nothing comes of it
		for i, n := range silent.nodes {
			frames := n.sent
			n.sent = nil
			for _, s := range frames {
				if s.Session == silent.sessions[i] && s.Frame[1] != 4 {
					silent.nodes[1-i].do(silent.nodes[1-i].rep.Receive(0, silent.sessions[1-i], s.Frame))
				}
			}
		}
	}
	p := connect(a, b)
	p.run()
	if a.log.Pos() != 0 {
		t.Fatal("a has asked both at once")
	}
	for a.now = 0; a.now < 30*time.Second; a.now += time.Second {
		a.do(a.rep.Tick(a.now))
		p.run()
	}
	if a.log.Pos() != 2 {
		t.Errorf("a has %d entries, want the 2 that b has", a.log.Pos())
	}
}

// A peer that takes nothing and says nothing is left, one that is slow isn't.
func TestStall(t *testing.T) {
	c := found(t, 2)
	for _, slow := range []bool{false, true} {
		a, b := c.node(0), c.node(1)
		for i := range byte(200) {
			a.edit(create(i))
			a.commit()
		}
		p := connect(a, b)
		for a.now = 0; a.now < 15*time.Minute; a.now += time.Minute {
			b.now = a.now
			a.do(a.rep.Tick(a.now))
			for i, n := range p.nodes { // one frame a minute
				if len(n.sent) > 0 && (slow || a.now == 0) {
					s := n.sent[0]
					n.sent = n.sent[1:]
					p.nodes[1-i].do(p.nodes[1-i].rep.Receive(b.now, p.sessions[1-i], s.Frame))
					p.nodes[1-i].commit()
				}
			}
		}
		stalled := len(a.over) == 1 && errors.Is(a.over[0].Err, replica.ErrStalled)
		if stalled == slow {
			t.Errorf("slow %v: sessions ended %+v", slow, a.over)
		}
	}
}

// BenchmarkIngest is what a peer sends: verified, folded, stored in memory.
func BenchmarkIngest(b *testing.B) {
	c := found(b, 2)
	from := c.node(0)
	const changes = 5000
	for i := range changes {
		id := crdt.ID{2, byte(i >> 8), byte(i)}
		from.edit(crdt.Edit{Code: crdt.Create, Resource: id, Value: crdt.Text("thing")},
			crdt.Edit{Code: crdt.Set, Resource: id, Field: 1, Value: crdt.Text("a drill with a name")},
			crdt.Edit{Code: crdt.Set, Resource: id, Field: 2, Value: crdt.Int(int64(i))})
	}
	from.commit()
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		to := c.node(1)
		p := connect(from, to)
		b.StartTimer()
		p.run()
		if to.log.Pos() != changes+1 {
			b.Fatalf("%d entries arrived, want %d", to.log.Pos(), changes+1)
		}
		b.ReportMetric(float64(p.bytes)/changes, "wire-B/change")
	}
	b.ReportMetric(float64(changes*b.N)/b.Elapsed().Seconds(), "changes/s")
}

// With a full disk nothing is asked of peers; with room again all of it is, at
// once and in the same session.
func TestRoomAgain(t *testing.T) {
	c := found(t, 2)
	a, b := c.node(0), c.node(1)
	for i := range byte(200) {
		a.saved(a.edit(create(i)))
	}
	b.kv.SetFree(100 << 20) // for its own, and no others'
	p := connect(a, b)
	p.run()
	tick := func() {
		for _, n := range p.nodes {
			n.now += time.Second
			n.do(n.rep.Tick(n.now))
		}
		p.run()
	}
	own := b.saved(b.edit(create(250)))
	p.run()
	if has, err := a.log.Has(own.ID); !has || err != nil {
		t.Errorf("what b wrote with little room: %v, %v at a; want true", has, err)
	}
	p.frames = 0
	for range 60 {
		tick()
	}
	if p.frames > 0 || b.log.Pos() != 2 {
		t.Errorf("in a minute without room: %d frames, b has %d entries; want 0 and 2", p.frames, b.log.Pos())
	}
	b.kv.SetFree(1 << 40)
	tick()
	p.upToDate(t)
}
