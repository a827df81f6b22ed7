package node_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/node/gate"
	"navette/storage/memkv"
	"navette/transport"
	"navette/transport/memnet"
)

// village is nodes on one network, in a bubble of its own time.
type village struct {
	*testing.T
	air *memnet.Net
}

// place is one of them.
type place struct {
	*node.Node
	v    *village
	name string
	dir  string
	kv   *memkv.DB
	stop func()
}

func inVillage(t *testing.T, f func(*village)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(&village{t, memnet.New(memnet.Options{Latency: time.Millisecond})})
	})
}

func (v *village) open(name string) *place {
	p := &place{v: v, name: name, dir: v.TempDir(), kv: memkv.New(memkv.Options{})}
	p.start()
	v.Cleanup(p.halt)
	return p
}

func (p *place) start() {
	n, err := node.Open(node.Options{Dir: p.dir, Store: p.kv})
	if err != nil {
		p.v.Fatal(err)
	}
	p.Node = n
	network, near := p.v.air.Join(n.Self(), node.Protocols...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, node.Links{Network: network, Discovery: near}) }()
	synctest.Wait()
	p.stop = func() {
		cancel()
		if err := <-done; err != nil {
			p.v.Errorf("%s: Run: %v", p.name, err)
		}
	}
}

// halt stops the node; its store stays.
func (p *place) halt() {
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
}

func (p *place) found(name string) *node.Commons {
	p.v.Helper()
	c, err := p.Found(p.v.Context(), name, p.name, "Ana", false)
	if err != nil {
		p.v.Fatal(err)
	}
	return c
}

func (p *place) join(from *node.Commons) *node.Joined {
	p.v.Helper()
	link, _, err := from.Invite(p.v.Context(), oplog.RoleMember, 1, time.Time{}, "")
	if err != nil {
		p.v.Fatal(err)
	}
	j, err := p.Join(p.v.Context(), link, p.name, "Benoît")
	if err != nil {
		p.v.Fatal(err)
	}
	return j
}

func (p *place) current() *node.Commons {
	p.v.Helper()
	c, err := p.Commons("")
	if err != nil {
		p.v.Fatal(err)
	}
	return c
}

func (p *place) add(name string) crdt.ID {
	p.v.Helper()
	id := commons.DerivedID("tool", name)
	c := p.current()
	_, err := c.Write(p.v.Context(), func() ([][]crdt.Edit, error) {
		return commons.Add(id, "tool", []commons.Assign{{Field: "name", Text: name}}, c.Env())
	})
	if err != nil {
		p.v.Fatalf("%s: add %q: %v", p.name, name, err)
	}
	return id
}

func (p *place) set(id crdt.ID, field, text string) {
	p.v.Helper()
	c := p.current()
	_, err := c.Write(p.v.Context(), func() ([][]crdt.Edit, error) {
		d, err := c.Doc(id)
		if err != nil {
			return nil, err
		}
		return commons.Set(d, []commons.Assign{{Field: field, Text: text}}, c.Env())
	})
	if err != nil {
		p.v.Fatalf("%s: set %s=%q: %v", p.name, field, text, err)
	}
}

// within waits, in the bubble's time, until all places hold the same.
func (v *village) within(limit time.Duration, places ...*place) {
	v.Helper()
	begin := time.Now()
	for {
		synctest.Wait()
		same := true
		for _, p := range places[1:] {
			same = same && p.current().Fingerprint() == places[0].current().Fingerprint()
		}
		if same {
			v.Logf("the same after %v", time.Since(begin))
			return
		}
		if time.Since(begin) > limit {
			for _, p := range places {
				v.Logf("%s: %v, %+v", p.name, p.current().Fingerprint(), p.current().Exchange())
			}
			v.Fatalf("not the same within %v", limit)
		}
		<-time.After(50 * time.Millisecond)
	}
}

func TestTwoPlacesHoldTheSame(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("La Fabrique"), v.open("La Plume")
		c := a.found("Communs du Boulonnais")
		saw := a.add("Scie")
		b.join(c)
		v.within(5*time.Second, a, b)
		b.set(saw, "location", "Réserve")
		v.within(time.Second, a, b)

		v.air.Cut(a.Self(), b.Self())
		a.set(saw, "location", "Atelier")
		b.set(saw, "location", "Cave")
		drill := b.add("Perceuse")
		v.air.Mend(a.Self(), b.Self())
		v.within(5*time.Second, a, b)
		d, err := a.current().Doc(saw)
		if err != nil {
			v.Fatal(err)
		}
		if got := commons.Conflicts(d); len(got) != 1 || len(got[0].Versions) != 2 {
			v.Errorf("conflicts at A: %+v, want two versions of location", got)
		}
		if _, err := a.current().Doc(drill); err != nil {
			v.Errorf("B's drill at A: %v", err)
		}
		<-time.After(time.Second) // the last confirmation is still on its way
		if x := a.current().Exchange(); x.State != node.UpToDate || x.Peers != 1 {
			v.Errorf("exchange at A: %+v, want up to date with one peer", x)
		}
	})
}

// What is acknowledged outlives the process, and a new start goes on from it.
func TestRestart(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("La Fabrique"), v.open("La Plume")
		b.join(a.found("Communs"))
		v.within(5*time.Second, a, b)
		for i := range 3 {
			a.halt()
			b.add(fmt.Sprint("outil ", i))
			a.start()
			a.add(fmt.Sprint("rabot ", i))
			v.within(10*time.Second, a, b)
		}
		counts, err := a.current().Counts()
		if err != nil || counts["tool"] != 6 {
			v.Errorf("%v, %v; want 6 tools", counts, err)
		}
	})
}

// C meets only A, then only B, never both.
func TestLaptopCarriesTheNews(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b, l := v.open("La Fabrique"), v.open("La Plume"), v.open("portable")
		c := a.found("Communs")
		l.join(c)
		v.air.Cut(a.Self(), l.Self())
		b.join(c) // the laptop has not heard of B
		v.within(5*time.Second, a, b)
		v.air.Cut(a.Self(), b.Self())
		a.add("Tour à bois")
		b.add("Presse à badges")

		v.air.Cut(b.Self(), l.Self())
		v.air.Mend(a.Self(), l.Self())
		v.within(10*time.Second, a, l)
		v.air.Cut(a.Self(), l.Self())
		v.air.Mend(b.Self(), l.Self())
		v.within(10*time.Second, b, l)
		v.air.Cut(b.Self(), l.Self())
		v.air.Mend(a.Self(), l.Self())
		v.within(10*time.Second, a, b, l)
	})
}

// The laptop joined first and meets B, of whom only B's own knowledge tells.
func TestNewcomerIsIntroducedByItself(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b, l := v.open("La Fabrique"), v.open("La Plume"), v.open("portable")
		c := a.found("Communs")
		l.join(c)
		v.within(5*time.Second, a, l)
		v.air.Partition([]transport.Peer{a.Self(), b.Self()}, []transport.Peer{l.Self()})
		b.join(c)
		b.add("Étau")
		v.air.Partition([]transport.Peer{a.Self()}, []transport.Peer{b.Self(), l.Self()})
		v.within(15*time.Second, b, l)
	})
}

func TestStrangerGetsNothing(t *testing.T) {
	inVillage(t, func(v *village) {
		a, s := v.open("La Fabrique"), v.open("passant")
		c := a.found("Communs")
		s.found("Autres communs")
		a.add("Scie")
		<-time.After(time.Minute)
		peers := s.Peers()
		if len(peers) != 1 || len(peers[0].Commons) != 0 || peers[0].Exchange.State != node.Stranger {
			v.Errorf("the stranger sees %+v, want a stranger", peers)
		}
		forged := gate.Invitation{Commons: c.ID(), Seed: gate.Seed{1}, Doors: []gate.Door{{Peer: oplog.Key(a.Self()), Addrs: a.Addrs()}}}
		_, err := s.Join(v.Context(), forged.String(), "", "")
		if !errors.Is(err, gate.RefusedUnknown) {
			v.Errorf("a forged invitation: %v, want %v", err, gate.RefusedUnknown)
		}
		if got := len(s.All()); got != 1 {
			v.Errorf("the stranger is of %d commons, want its own only", got)
		}
	})
}

func TestMadeByItselfGivesWay(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b, c := v.open("La Fabrique"), v.open("La Plume"), v.open("L'Étape")
		home := a.found("Communs")
		for _, p := range []*place{b, c} {
			if _, err := p.Found(v.Context(), "Communs de "+p.name, p.name, "Benoît", true); err != nil {
				v.Fatal(err)
			}
		}
		if j := b.join(home); j.Replaced != "Communs de La Plume" || j.Beside != nil {
			v.Errorf("an untouched commons: %+v, want it replaced", j)
		}
		c.add("Tour")
		if j := c.join(home); j.Replaced != "" || j.Beside == nil {
			v.Errorf("one in use: %+v, want it kept beside", j)
		}
		if got := len(c.All()); got != 2 {
			v.Errorf("C is of %d commons, want 2", got)
		}
		v.within(5*time.Second, a, b, c)
		names := []string{a.current().PlaceName(oplog.Key(b.Self())), a.current().PlaceName(oplog.Key(c.Self()))}
		if !slices.Equal(names, []string{"La Plume", "L'Étape"}) {
			v.Errorf("places at A: %q", names)
		}
	})
}

func TestLongPageIsSeveralChanges(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		c := a.found("Communs")
		body := ""
		for i := range 4000 {
			body += fmt.Sprintf("%d. Une ligne de savoir-faire\n", i)
		}
		id := commons.DerivedID("page", "long")
		ids, err := c.Write(v.Context(), func() ([][]crdt.Edit, error) {
			return commons.Add(id, "page", []commons.Assign{{Field: "title", Text: "Longue"}, {Field: "body", Text: body}}, c.Env())
		})
		if err != nil {
			v.Fatal(err)
		}
		if len(ids) < 3 {
			v.Errorf("%d changes for %d bytes, want several", len(ids), len(body))
		}
		d, err := c.Doc(id)
		if err != nil {
			v.Fatal(err)
		}
		r := commons.View(d)
		if f, _ := r.Get("body"); f.Value != body {
			v.Error("the page doesn't read as written")
		}
	})
}

// What a peer sends counts packed; things that are much alike come to many
// times that in memory. No more is read than can be stored, so that nothing is
// dropped and asked for again ten seconds later.
func TestJoinReadsNoMoreThanItStores(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("A"), v.open("B")
		c := a.found("Communs")
		stock(v, c, 8000)
		b.join(c)
		v.within(5*time.Second, a, b)
	})
}
