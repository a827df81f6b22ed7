package node_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"navette/crdt"
	"navette/node"
)

// A secret lets in whoever has it, in the use it was made for, until it is
// revoked, also after a restart; the file doesn't tell what it is.
func TestPasses(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("A")
		c := a.found("Communs")
		_, password, err := c.AddPass(node.PassCalendar, c.Person(), "Phone", nil)
		if err != nil {
			t.Fatal(err)
		}
		place := crdt.ID{7}
		_, link, err := c.AddPass(node.PassLink, c.Person(), "Poster", &place)
		if err != nil {
			t.Fatal(err)
		}
		check := func(use node.PassUse, secret, want string) {
			t.Helper()
			pass, of, ok := a.CheckPass(use, secret)
			switch {
			case ok != (want != ""), pass.Name != want:
				t.Errorf("CheckPass(%s, %q) = %q, %v; want %q", use, secret, pass.Name, ok, want)
			case ok && (of.ID() != c.ID() || pass.Owner() != c.Person()):
				t.Errorf("CheckPass(%s): commons %v, person %v", use, of.ID(), pass.Owner())
			}
		}
		check(node.PassCalendar, password, "Phone")
		check(node.PassCalendar, strings.ToUpper(strings.ReplaceAll(password, "-", " ")), "Phone")
		check(node.PassLink, password, "")
		check(node.PassLink, link, "Poster")
		check(node.PassLink, link[1:], "")
		check(node.PassCalendar, "", "")

		a.halt()
		if b, err := os.ReadFile(a.dir + "/passes.json"); err != nil || strings.Contains(string(b), link) {
			t.Errorf("the file of passes: %v; it has the secret: %v", err, err == nil)
		}
		a.start()
		synctest.Wait()
		c = a.current()
		check(node.PassLink, link, "Poster")
		list := c.Passes()
		if len(list) != 2 || list[0].Name != "Poster" || list[0].Calendar != place.String() || list[0].Used.Before(time.Now().Add(-24*time.Hour)) {
			t.Fatalf("passes: %+v", list)
		}
		if _, err := c.RevokePass(list[0].ID); err != nil {
			t.Fatal(err)
		}
		check(node.PassLink, link, "")
		check(node.PassCalendar, password, "Phone")
		if _, err := c.RevokePass(list[0].ID); !errors.Is(err, node.ErrNoPass) {
			t.Errorf("revoked twice: %v; want %v", err, node.ErrNoPass)
		}
	})
}

// Touched names each resource once, however often it changed since.
func TestTouched(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("A")
		c := a.found("Communs")
		first := a.add("Laser")
		_, pos, err := c.Touched(0)
		if err != nil {
			t.Fatal(err)
		}
		second := a.add("Perceuse")
		a.set(second, "brand", "Bosch")
		ids, end, err := c.Touched(pos)
		if err != nil || len(ids) != 1 || ids[0] != second || end <= pos {
			t.Errorf("touched since %d: %v, %d, %v; want %v alone", pos, ids, end, err, second)
		}
		ids, _, err = c.Touched(0)
		found := false
		for _, id := range ids {
			found = found || id == first
		}
		if err != nil || !found {
			t.Errorf("touched since the beginning: %v, %v; want %v among them", ids, err, first)
		}
	})
}
