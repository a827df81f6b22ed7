package node_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
)

// state is all that p shows of a kind, as JSON.
func (p *place) state(kind string) string {
	p.v.Helper()
	out := ""
	err := p.current().Each(kind, func(d *crdt.Doc) error {
		b, err := json.Marshal(commons.View(d))
		out += string(b) + "\n"
		return err
	})
	if err != nil {
		p.v.Fatal(err)
	}
	return out
}

// A member's device deletes everything: a steward undoes it with one list, and
// every place shows to the byte what it showed before. NAVETTE_MASS says how
// many things there are.
func TestMassDeletionIsUndone(t *testing.T) {
	things := 400
	if n, err := strconv.Atoi(os.Getenv("NAVETTE_MASS")); err == nil {
		things = n
	}
	inVillage(t, func(v *village) {
		<-time.After(time.Until(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))) // a bubble begins in 2000
		a, b := v.duo()
		c := a.current()
		var add, remove []func() ([][]crdt.Edit, error)
		for i := range things {
			id := commons.DerivedID("tool", fmt.Sprint(i))
			add = append(add, func() ([][]crdt.Edit, error) {
				return commons.Add(id, "tool", []commons.Assign{{Field: "name", Text: fmt.Sprint("outil ", i)}}, c.Env())
			})
			remove = append(remove, func() ([][]crdt.Edit, error) {
				d, err := b.current().Doc(id)
				if err != nil {
					return nil, err
				}
				return commons.Remove(d)
			})
		}
		write := func(p *place, all []func() ([][]crdt.Edit, error)) {
			errs, err := p.current().WriteAll(v.Context(), all)
			for _, e := range append(errs, err) {
				if e != nil {
					v.Fatal(e)
				}
			}
		}
		write(a, add)
		v.within(time.Minute, a, b)
		before := a.state("tool")
		if before != b.state("tool") || len(before) < things {
			v.Fatal("the two don't show the same to begin with")
		}
		<-time.After(time.Hour)
		since := time.Now()
		write(b, remove)
		v.within(time.Minute, a, b)
		if a.shown("tool") != 0 {
			v.Fatalf("%d tools are left; this shows nothing", a.shown("tool"))
		}
		changes, err := c.WrittenSince(b.current().Device(), since)
		if err != nil || len(changes) != things {
			v.Fatalf("%d changes since, %v; want %d", len(changes), err, things)
		}
		if err := c.Revert(v.Context(), changes...); err != nil {
			v.Fatal(err)
		}
		v.within(time.Minute, a, b)
		for _, p := range []*place{a, b} {
			for range 600 {
				if p.state("tool") == before {
					break
				}
				<-time.After(100 * time.Millisecond)
			}
			if p.state("tool") != before {
				v.Errorf("%s doesn't show what it showed before", p.name)
			}
		}
	})
}
