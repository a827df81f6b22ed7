package node_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"navette/crdt/oplog"
	"navette/node"
	"navette/node/gate"
)

// someone returns a person of p's commons by name, which comes with what they
// wrote first.
func (p *place) someone(name string) *node.Person {
	p.v.Helper()
	x, err := p.current().FindPerson(name)
	for range 50 {
		if err == nil {
			return x
		}
		<-time.After(100 * time.Millisecond)
		x, err = p.current().FindPerson(name)
	}
	p.v.Fatalf("%s: %v", p.name, err)
	return nil
}

// joinAs joins with another name.
func (p *place) joinAs(from *node.Commons, person string) {
	p.v.Helper()
	link, _, err := from.Invite(p.v.Context(), oplog.RoleMember, 1, time.Time{}, "")
	if err != nil {
		p.v.Fatal(err)
	}
	if _, err := p.Join(p.v.Context(), link, p.name, person); err != nil {
		p.v.Fatal(err)
	}
}

func (p *place) role(name string, r oplog.Role) {
	p.v.Helper()
	if err := p.current().SetRole(p.v.Context(), p.someone(name).Key, r); err != nil {
		p.v.Fatalf("%s: %s becomes %v: %v", p.name, name, r, err)
	}
}

// roles is who is what, stewards by seniority first.
func (p *place) roles() string {
	var all []string
	for _, x := range p.current().People() {
		all = append(all, x.Name+":"+x.Role.String())
	}
	return strings.Join(all, " ")
}

func (p *place) want(roles string) {
	p.v.Helper()
	if got := p.roles(); got != roles {
		p.v.Errorf("at %s: %s, want %s", p.name, got, roles)
	}
}

func TestRolesUpAndDown(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b, c := v.open("La Fabrique"), v.open("La Plume"), v.open("L'Étape")
		home := a.found("Communs")
		b.joinAs(home, "Benoît")
		c.joinAs(home, "Chloé")
		v.within(5*time.Second, a, b, c)
		if err := home.ForgetKit(); err != nil {
			v.Fatal(err)
		}
		a.role("Benoît", oplog.RoleSteward)
		v.within(5*time.Second, a, b, c)
		b.role("Chloé", oplog.RoleSteward)
		v.within(5*time.Second, a, b, c)
		for _, p := range []*place{a, b, c} {
			p.want("Ana:steward Benoît:steward Chloé:steward")
		}
		if x := c.someone("Benoît"); x.Rank != 2 || x.By != home.Person() || x.Root || len(x.Devices) != 1 || x.Devices[0].Place != "La Plume" || !x.Devices[0].Here {
			v.Errorf("Benoît, seen from L'Étape: %+v", x)
		}
		if x := c.someone("Ana"); x.Rank != 1 || !x.Root || x.Self {
			v.Errorf("Ana, seen from L'Étape: %+v", x)
		}

		// Whoever comes later decides nothing about who came before.
		if err := c.current().SetRole(v.Context(), a.someone("Ana").Key, oplog.RoleMember); !errors.Is(err, node.ErrSenior) {
			v.Errorf("the third steward demotes the first: %v, want ErrSenior", err)
		}
		if _, err := c.current().Part(v.Context(), c.someone("Benoît"), node.Parting{Expel: true}, false); !errors.Is(err, node.ErrSenior) {
			v.Errorf("the third steward expels the second: %v, want ErrSenior", err)
		}
		a.role("Benoît", oplog.RoleDoorkeeper)
		v.within(5*time.Second, a, b, c)
		b.want("Ana:steward Chloé:steward Benoît:doorkeeper")
		if err := b.current().SetRole(v.Context(), b.someone("Chloé").Key, oplog.RoleMember); !errors.Is(err, node.ErrNotAllowed) {
			v.Errorf("a doorkeeper demotes: %v, want ErrNotAllowed", err)
		}
		a.role("Benoît", oplog.RoleReader)
		v.within(5*time.Second, a, b, c)
		b.want("Ana:steward Chloé:steward Benoît:reader")
		a.role("Benoît", oplog.RoleMember)
		v.within(5*time.Second, a, b, c)
		saw := b.add("Scie") // they write again
		v.within(5*time.Second, a, b, c)
		if _, err := a.current().Doc(saw); err != nil {
			v.Errorf("what Benoît wrote, at La Fabrique: %v", err)
		}
		c.role("Chloé", oplog.RoleMember) // herself
		v.within(5*time.Second, a, b, c)
		a.want("Ana:steward Benoît:member Chloé:member")
		if err := home.Leave(v.Context(), false); !errors.Is(err, node.ErrLastSteward) {
			v.Errorf("the last steward leaves: %v, want ErrLastSteward", err)
		}
		if err := home.SetRole(v.Context(), home.Person(), oplog.RoleMember); !errors.Is(err, node.ErrLastSteward) {
			v.Errorf("the last steward steps down: %v, want ErrLastSteward", err)
		}
		if err := c.current().Leave(v.Context(), false); err != nil {
			v.Errorf("a member leaves: %v", err)
		}
		a.wantSoon("Ana:steward Benoît:member")
		if !c.current().ReadsOnly() {
			v.Error("who left goes on writing")
		}
	})
}

// wantSoon waits for it.
func (p *place) wantSoon(roles string) {
	p.v.Helper()
	for range 100 {
		if p.roles() == roles {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	p.want(roles)
}

// Somebody whose keys are lost comes back as somebody else, with a device of
// the same place.
func TestSuccessor(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b, b2 := v.open("La Fabrique"), v.open("La Plume"), v.open("La Plume, encore")
		home := a.found("Communs")
		b.joinAs(home, "Benoît")
		a.role("Benoît", oplog.RoleSteward)
		v.within(5*time.Second, a, b)
		b.halt()
		b2.joinAs(home, "Benoît B.")
		old := a.someone("Benoît").Key
		if err := home.Succeed(v.Context(), old, a.someone("Benoît B.").Key); err != nil {
			v.Fatal(err)
		}
		v.within(5*time.Second, a, b2)
		b2.want("Ana:steward Benoît B.:steward")
		if x := b2.someone("Benoît B."); x.Succeeds == nil || *x.Succeeds != old {
			v.Errorf("the successor: %+v, want one of Benoît's", x)
		}
	})
}

// A removal says what it takes with it, and the removed person's invitations
// open no door.
func TestParting(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b, c, d := v.open("La Fabrique"), v.open("La Plume"), v.open("L'Étape"), v.open("Le Hangar")
		home := a.found("Communs")
		b.joinAs(home, "Benoît")
		a.role("Benoît", oplog.RoleSteward)
		v.within(5*time.Second, a, b)
		b.add("Scie")
		c.joinAs(b.current(), "Chloé")
		poster, _, err := b.current().Invite(v.Context(), oplog.RoleMember, 0, time.Time{}, "affiche")
		if err != nil {
			v.Fatal(err)
		}
		v.within(5*time.Second, a, b, c)

		benoit := a.someone("Benoît")
		dry, err := home.Part(v.Context(), benoit, node.Parting{Expel: true, Annul: true, Invitations: true}, true)
		if err != nil {
			v.Fatal(err)
		}
		// Chloé's admission, and the two invitations.
		if dry.Annulled != 3 || dry.Stands != 0 || len(dry.Invitations) != 1 || dry.Invitations[0].Invite.Note != "affiche" || dry.Stale {
			v.Errorf("a dry run: %+v", dry)
		}
		a.want("Ana:steward Benoît:steward Chloé:member")

		done, err := home.Part(v.Context(), benoit, node.Parting{Expel: true, Invitations: true}, false)
		if err != nil {
			v.Fatal(err)
		}
		if done.Annulled != 0 || done.Stands != 3 || len(done.Invitations) != 1 || !done.Invitations[0].Revoked {
			v.Errorf("the removal: %+v", done)
		}
		a.want("Ana:steward Chloé:member")
		v.within(5*time.Second, a, c)
		c.want("Ana:steward Chloé:member") // whom Benoît let in, and Ana knew of, stays

		// The poster's door is La Plume, which lets nobody in any more; at La
		// Fabrique it isn't good either.
		inv, err := gate.ParseInvitation(poster)
		if err != nil {
			v.Fatal(err)
		}
		self := a.Self()
		inv.Doors = []gate.Door{{Peer: oplog.Key(self), Addrs: a.Addrs()}}
		var refused gate.Refusal
		if _, err := d.Join(v.Context(), inv.String(), "Le Hangar", "Dora"); !errors.As(err, &refused) || refused != gate.RefusedRevoked {
			v.Errorf("an expelled steward's poster: %v, want %v", err, gate.RefusedRevoked)
		}
	})
}

// Two stewards cut off from each other remove each other: the senior one's
// decision stands everywhere, and the other learns what came of theirs.
func TestUndoneIsShown(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b, c := v.open("La Fabrique"), v.open("La Plume"), v.open("L'Étape")
		home := a.found("Communs")
		b.joinAs(home, "Benoît")
		c.joinAs(home, "Chloé")
		a.role("Benoît", oplog.RoleSteward)
		v.within(5*time.Second, a, b, c)
		v.air.Cut(a.Self(), b.Self())
		v.air.Cut(a.Self(), c.Self())
		ctx := v.Context()
		if _, err := home.Part(ctx, a.someone("Benoît"), node.Parting{Expel: true}, false); err != nil {
			v.Fatal(err)
		}
		b.forcedRemoval(ctx, "Ana")
		v.within(5*time.Second, b, c)
		c.want("Ana:steward Benoît:steward Chloé:member") // Ana is senior
		if u, err := c.current().Undone(); err != nil || len(u) != 0 {
			v.Errorf("undone at L'Étape before: %+v, %v", u, err)
		}
		v.air.Mend(a.Self(), b.Self())
		v.air.Mend(a.Self(), c.Self())
		c.wantSoon("Ana:steward Chloé:member")
		a.want("Ana:steward Chloé:member")
		u, err := c.current().Undone()
		if err != nil || len(u) != 1 || u[0].Of != "Benoît" || u[0].Target != "Ana" || u[0].By != "Ana" || u[0].Seen {
			v.Fatalf("undone at L'Étape: %+v, %v; want Benoît's removal of Ana", u, err)
		}
		notice := func() bool {
			for _, n := range c.Notices() {
				if n.Code == node.NoticeUndone {
					return true
				}
			}
			return false
		}
		if !notice() {
			v.Error("nobody is told of what was undone")
		}
		if err := c.current().SeeUndone(); err != nil {
			v.Fatal(err)
		}
		if notice() {
			v.Error("people are told again of what they have looked at")
		}
	})
}

// forcedRemoval removes somebody senior, as a program would that warns nobody.
func (p *place) forcedRemoval(ctx context.Context, name string) {
	p.v.Helper()
	if _, err := p.current().Remove(ctx, p.someone(name).Key, node.RemoveOptions{}); err != nil {
		p.v.Fatal(err)
	}
}

// The kit leaves the machine, and its words bring it back: then it does what no
// steward can.
func TestKitComesBack(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("La Fabrique"), v.open("La Plume")
		home := a.found("Communs")
		b.joinAs(home, "Benoît")
		a.role("Benoît", oplog.RoleSteward)
		v.within(5*time.Second, a, b)
		words, err := home.Kit()
		if err != nil {
			v.Fatal(err)
		}
		if err := home.ForgetKit(); err != nil {
			v.Fatal(err)
		}
		if _, err := home.Kit(); !errors.Is(err, node.ErrNotAllowed) {
			v.Errorf("the kit, once it is put away: %v", err)
		}
		other := v.open("Ailleurs").found("D'autres")
		if err := other.RestoreKit(strings.Join(words, " ")); !errors.Is(err, node.ErrNobody) {
			v.Errorf("another commons' words: %v, want ErrNobody", err)
		}
		if err := b.current().RestoreKit(strings.ToUpper(strings.Join(words, "\n"))); err != nil {
			v.Fatal(err)
		}
		if _, err := b.current().Part(v.Context(), b.someone("Ana"), node.Parting{Expel: true}, false); err != nil {
			v.Errorf("the kit removes the founder: %v", err)
		}
		b.want("Benoît:steward")
		a.wantSoon("Benoît:steward")
	})
}

// When a place was met last outlives the process.
func TestMeetingsAreKept(t *testing.T) {
	inVillage(t, func(v *village) {
		<-time.After(time.Until(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))) // a bubble begins in 2000
		a, b := v.open("La Fabrique"), v.open("La Plume")
		b.joinAs(a.found("Communs"), "Benoît")
		v.within(5*time.Second, a, b)
		b.halt()
		<-time.After(30 * time.Second)
		before := a.someone("Benoît").Met()
		if before.IsZero() || time.Since(before) > time.Minute {
			v.Errorf("met %v, want a moment ago", before)
		}
		a.halt()
		<-time.After(100 * time.Hour)
		a.start()
		if met := a.someone("Benoît").Met(); before.Sub(met).Abs() > 10*time.Minute {
			v.Errorf("after a restart: met %v, was %v", met, before)
		}
		if p, err := a.current().Part(v.Context(), a.someone("Benoît"), node.Parting{Expel: true}, true); err != nil || !p.Stale {
			v.Errorf("expelling somebody who wasn't met for four days: %+v, %v; want a warning", p, err)
		}
	})
}
