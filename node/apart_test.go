package node_test

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
)

// Several commons on one node don't leak into each other: who is of one learns
// neither that there is another, nor anything of it, even by its id.
func TestCommonsStayApart(t *testing.T) {
	s := besiege(t) // the victim, the friend and the enemy are of one
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	other, err := s.victim.Found(ctx, "Le Conseil", "La Fabrique", "Ana", false)
	if err != nil {
		t.Fatal(err)
	}
	id := commons.DerivedID("tool", "secret")
	_, err = other.Write(ctx, func() ([][]crdt.Edit, error) {
		return commons.Add(id, "tool", []commons.Assign{{Field: "name", Text: "secret"}}, other.Env())
	})
	if err != nil {
		t.Fatal(err)
	}
	third := newStation(t)
	third.join(t, other, s.victim, "Le Hangar")
	hangar, err := third.Commons("")
	if err != nil {
		t.Fatal(err)
	}
	s.await("the other commons at its member", func() bool { _, err := hangar.Doc(id); return err == nil })

	// The enemy is admitted to the one, and to no other.
	if _, err := s.enemy.enter(ctx); err != nil {
		t.Fatal(err)
	}
	foreign := *s.enemy
	foreign.home.ID = other.ID()
	refusedSession(t, ctx, &foreign)
	conn, err := s.enemy.dial(ctx, node.ProtocolSync)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()

	// One who knows neither secret, but both ids.
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*node.Commons{s.home, other} {
		stranger := &enemy{t: t, device: key, victim: s.victim, net: listen(t, key)}
		stranger.home.ID = c.ID()
		if _, err := stranger.enter(ctx); err == nil {
			t.Errorf("a stranger is admitted to %q", c.Name())
		}
		refusedSession(t, ctx, stranger)
	}

	// Neither member knows of what it isn't of.
	for who, p := range map[string]*station{"the friend": s.friend, "the third": third} {
		if all := p.All(); len(all) != 1 {
			t.Errorf("%s is of %d commons, want 1", who, len(all))
		}
		for _, x := range p.Peers() {
			if len(x.Commons) > 1 {
				t.Errorf("%s sees %v in %d commons", who, x.ID, len(x.Commons))
			}
		}
	}
	c, err := s.friend.Commons("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Doc(id); err == nil {
		t.Error("the friend holds what is of another commons")
	}
	if c.PlaceName(hangar.Device()) != "" || len(c.MemberList()) != 3 || len(hangar.MemberList()) != 2 {
		t.Errorf("members: %d of the one, %d of the other, want 3 and 2", len(c.MemberList()), len(hangar.MemberList()))
	}
	s.exchange(3)
}
