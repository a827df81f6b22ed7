package node_test

import (
	"errors"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/node/replica"
)

// A person that a node hosts writes in their own name once a steward let them
// in, at most as a member, and other places know who it was and for whom.
func TestHostedPersonsWrite(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.duo()
		here, there := a.current(), b.current()
		ana, err := here.Host(v.Context())
		if err != nil {
			v.Fatal(err)
		}
		if !here.Hosts(ana) || here.Hosts(here.Person()) {
			v.Error("it isn't known whom the node hosts")
		}
		id := commons.DerivedID("tool", "drill")
		add := func() ([][]crdt.Edit, error) {
			return commons.Add(id, "tool", []commons.Assign{{Field: "name", Text: "Perceuse"}}, here.Env())
		}
		if _, err := here.WriteAs(v.Context(), node.Author{Person: ana}, add); !errors.Is(err, replica.ErrNoWriter) {
			v.Fatalf("before anyone let her in: %v, want %v", err, replica.ErrNoWriter)
		}
		if _, err := here.Grant(v.Context(), ana, oplog.RoleSteward, nil); err != nil {
			v.Fatal(err)
		}
		if err := here.CallPerson(v.Context(), ana, "Ana"); err != nil {
			v.Fatal(err)
		}
		helped := there.Person()
		if _, err := here.WriteAs(v.Context(), node.Author{Person: ana, OnBehalf: &helped}, add); err != nil {
			v.Fatal(err)
		}
		v.within(5*time.Second, a, b)
		if name := there.PersonName(ana); name != "Ana" {
			v.Errorf("the other place calls her %q", name)
		}
		steps, err := there.History(id)
		if err != nil || len(steps) != 1 {
			v.Fatalf("history of %d steps, %v", len(steps), err)
		}
		change := steps[0].Change
		if w := there.Writer(change.Log); w.Person != ana || w.Device != here.Device() {
			v.Errorf("written by %v", w)
		}
		if change.OnBehalf == nil || *change.OnBehalf != helped {
			v.Errorf("on behalf of %v, want %v", change.OnBehalf, helped)
		}
	})
}

// What the node made by itself gives way at set-up; what people used keeps its
// name.
func TestSetUp(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("vm")
		made, err := a.Found(v.Context(), "Communs de vm", "vm", "root", true)
		if err != nil || !a.SelfMade(made) {
			v.Fatalf("made by itself: %v, %v", a.SelfMade(made), err)
		}
		c, err := a.SetUp(v.Context(), "Communs du Boulonnais", "La Fabrique", "Ana")
		if err != nil {
			v.Fatal(err)
		}
		if all := a.All(); len(all) != 1 || all[0] != c || c.Name() != "Communs du Boulonnais" {
			v.Errorf("after set-up: %d commons, %q", len(all), c.Name())
		}
		again, err := a.SetUp(v.Context(), "Autres", "L'Atelier", "Ana B.")
		if err != nil {
			v.Fatal(err)
		}
		if again != c || c.PlaceName(c.Device()) != "L'Atelier" || c.PersonName(c.Person()) != "Ana B." || c.Role() != oplog.RoleSteward {
			v.Errorf("set up again: %q, %q, %v", c.PlaceName(c.Device()), c.PersonName(c.Person()), c.Role())
		}
	})
}
