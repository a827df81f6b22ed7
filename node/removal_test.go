package node_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/node"
	"navette/storage/memkv"
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
