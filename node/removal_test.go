package node_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/node/replica"
	"navette/storage/memkv"
	"navette/transport"
)

// duo is a steward's place and a member's, which have met.
func (v *village) duo() (steward, member *place) {
	v.Helper()
	steward, member = v.open("La Fabrique"), v.open("La Plume")
	member.join(steward.found("Communs"))
	v.within(5*time.Second, steward, member)
	return steward, member
}

func TestOnlyStewardsRemove(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.duo()
		here, there := a.current(), b.current()
		for what, err := range map[string]error{
			"remove": func() error { _, err := there.Remove(v.Context(), here.Person(), node.RemoveOptions{}); return err }(),
			"annul":  func() error { _, err := there.Annul(v.Context(), crdt.ChangeID{1}); return err }(),
			"adopt":  there.Adopt(v.Context(), crdt.ChangeID{1}),
			"revert": there.Revert(v.Context(), crdt.ChangeID{1}),
			"device": func() error { _, err := there.RevokeDevice(v.Context(), here.Device(), here.Person()); return err }(),
			"self":   func() error { _, err := here.Remove(v.Context(), here.Person(), node.RemoveOptions{}); return err }(),
		} {
			if !errors.Is(err, node.ErrNotAllowed) {
				v.Errorf("%s: %v, want %v", what, err, node.ErrNotAllowed)
			}
		}
		if role := here.RoleOf(there.Person()); role != oplog.RoleMember {
			v.Errorf("the member is %v", role)
		}
		removal, err := here.Remove(v.Context(), there.Person(), node.RemoveOptions{})
		if err != nil {
			v.Fatal(err)
		}
		if role := here.RoleOf(there.Person()); role != oplog.RoleNone {
			v.Errorf("removed, the member is %v", role)
		}
		if _, err := here.Grant(v.Context(), there.Person(), oplog.RoleReader, nil); err != nil {
			v.Fatal(err)
		}
		if role := here.RoleOf(there.Person()); role != oplog.RoleReader {
			v.Errorf("granted again, the member is %v", role)
		}
		if _, err := here.Annul(v.Context(), removal); err != nil {
			v.Errorf("annul: %v", err)
		}
	})
}

func TestWrittenSince(t *testing.T) {
	n, err := node.Open(node.Options{Dir: t.TempDir(), Store: memkv.New(memkv.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, node.Links{}) }()
	c, err := n.Found(t.Context(), "Communs", "La Fabrique", "Ana", false) // writes twice
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		device oplog.Key
		since  time.Time
		want   int
	}{
		{c.Device(), time.Time{}, 2},
		{c.Device(), time.Now().Add(-time.Hour), 2},
		{c.Device(), time.Now().Add(time.Hour), 0},
		{c.Person(), time.Time{}, 0}, // no device
	} {
		got, err := c.WrittenSince(x.device, x.since)
		if err != nil || len(got) != x.want {
			t.Errorf("since %v: %d changes, %v; want %d", x.since, len(got), err, x.want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// shown counts the live resources of a kind.
func (p *place) shown(kind string) int {
	p.v.Helper()
	counts, err := p.current().Counts()
	if err != nil {
		p.v.Fatal(err)
	}
	return counts[kind]
}

// eventually waits, in the bubble's time, until ok.
func (v *village) eventually(what string, ok func() bool) {
	v.Helper()
	for begin := time.Now(); !ok(); <-time.After(100 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			v.Fatalf("not within a minute: %s", what)
		}
	}
}

// tryAdd adds a tool, or says why not.
func (p *place) tryAdd(name string) error {
	c := p.current()
	_, err := c.Write(p.v.Context(), func() ([][]crdt.Edit, error) {
		return commons.Add(commons.DerivedID("tool", name), "tool", []commons.Assign{{Field: "name", Text: name}}, c.Env())
	})
	return err
}

// refused tells whether the place's person can't write any more.
func (p *place) refused() bool {
	return errors.Is(p.tryAdd(fmt.Sprint("Rabot ", time.Now())), replica.ErrEnded)
}

// A member is removed who has told only a third place of their last words: these
// count nowhere, until a steward takes them and the member in again.
func TestLastWordsOfTheRemoved(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.duo()
		c := v.open("L'Étape")
		c.join(a.current())
		b.add("Scie")
		v.within(10*time.Second, a, b, c)
		v.air.Partition([]transport.Peer{a.Self()}, []transport.Peer{b.Self(), c.Self()})
		b.add("Tour")
		v.within(5*time.Second, b, c)
		if _, err := a.current().Remove(v.Context(), b.current().Person(), node.RemoveOptions{}); err != nil {
			v.Fatal(err)
		}
		v.air.Partition([]transport.Peer{a.Self(), c.Self()}, []transport.Peer{b.Self()})
		v.within(10*time.Second, a, c)
		for _, p := range []*place{a, c} {
			if got := p.shown("tool"); got != 1 {
				v.Errorf("%s shows %d tools, want the one from before", p.name, got)
			}
		}
		if tips := c.current().VoidTipsOf(b.current().Person()); len(tips) != 1 {
			v.Errorf("C has %d void tips of B, want 1", len(tips))
		}
		copied := v.restore("copie", c.backup()).current()
		if counts, err := copied.Counts(); err != nil || counts["tool"] != 1 || copied.Fingerprint() != c.current().Fingerprint() {
			v.Errorf("restored: %v tools, %v, %v; want 1, %v", counts["tool"], err, copied.Fingerprint(), c.current().Fingerprint())
		}
		// A steward doesn't annul their own removal: they grant again, and adopt.
		void := c.current().VoidTipsOf(b.current().Person())
		if _, err := a.current().Grant(v.Context(), b.current().Person(), oplog.RoleMember, nil, void...); err != nil {
			v.Fatal(err)
		}
		v.within(5*time.Second, a, c)
		v.eventually("A shows both", func() bool { return a.shown("tool") == 2 && c.shown("tool") == 2 })
		v.air.Mend(a.Self(), b.Self())
		v.air.Mend(c.Self(), b.Self())
		v.within(30*time.Second, a, b, c)
		b.add("Rabot")
		v.within(5*time.Second, a, b, c)
		if got := a.shown("tool"); got != 3 {
			v.Errorf("A shows %d tools, want 3, the last from a new log", got)
		}
	})
}

// All that a device wrote is reverted, and accepted again; then it is revoked, and
// what it wrote until then stays.
func TestRevertAdoptRevoke(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.duo()
		saw := b.add("Scie")
		v.within(5*time.Second, a, b)
		tips := a.current().TipsOf(b.current().Person())
		b.add("Tour")
		b.set(saw, "location", "Cave")
		v.within(5*time.Second, a, b)
		all := a.current().TipsOf(b.current().Person())
		if len(tips) != 1 || len(all) != 1 || tips[0] == all[0] {
			v.Fatalf("tips %v, then %v", tips, all)
		}
		if err := a.current().Revert(v.Context(), mustWritten(v, a, b)...); err != nil {
			v.Fatal(err)
		}
		v.within(5*time.Second, a, b)
		for _, p := range []*place{a, b} {
			if p.shown("tool") != 0 || p.current().PersonName(b.current().Person()) != "" {
				v.Errorf("%s still shows %d tools, and a name", p.name, p.shown("tool"))
			}
		}
		if err := a.current().Adopt(v.Context(), mustWritten(v, a, b)...); err != nil {
			v.Fatal(err)
		}
		v.within(5*time.Second, a, b)
		for _, p := range []*place{a, b} {
			if p.shown("tool") != 2 || p.current().PersonName(b.current().Person()) == "" {
				v.Errorf("%s shows %d tools, want both again, and the name", p.name, p.shown("tool"))
			}
		}
		<-time.After(time.Second) // the last confirmation is still on its way
		// Revoked, the device writes no more.
		if _, err := a.current().RevokeDevice(v.Context(), b.current().Device(), b.current().Person()); err != nil {
			v.Fatal(err)
		}
		<-time.After(time.Second) // B hears of it
		if !b.refused() {
			v.Error("B still writes")
		}
		if got := a.shown("tool"); got != 2 {
			v.Errorf("A shows %d tools, want 2", got)
		}
		if left := a.current().Awaiting(saw); left {
			v.Error("the saw is still being brought up to date")
		}
	})
}

// mustWritten is all that b's device has written, as a holds it.
func mustWritten(v *village, a, b *place) []crdt.ChangeID {
	v.Helper()
	all, err := a.current().WrittenSince(b.current().Device(), time.Time{})
	if err != nil || len(all) == 0 {
		v.Fatalf("%d changes, %v", len(all), err)
	}
	return all
}
