package node_test

import (
	"testing"
	"testing/synctest"
	"time"

	"navette/node"
)

// upToDate waits until a place knows that another one has all.
func (p *place) upToDate() {
	for range 1000 {
		synctest.Wait()
		if p.current().Exchange().State == node.UpToDate {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	p.v.Fatalf("%s: %+v", p.name, p.current().Exchange())
}

// What is new since another place had all is counted, also after a restart;
// while they exchange, and as long as nobody was met, it isn't known or nothing.
func TestToHandOver(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		alone := a.found("Communs")
		a.add("Rabot")
		if n, known, err := a.current().ToHandOver(); known || err != nil {
			v.Errorf("before anyone was met: %d, %v, %v", n, known, err)
		}
		b := v.open("La Plume")
		b.join(alone)
		v.within(5*time.Second, a, b)
		a.upToDate()
		b.halt()
		<-time.After(time.Second) // the end has come here by then
		synctest.Wait()
		if n, known, err := a.current().ToHandOver(); n != 0 || !known || err != nil {
			v.Errorf("after they held the same: %d, %v, %v", n, known, err)
		}
		a.add("Perceuse")
		a.add("Scie")
		if n, _, err := a.current().ToHandOver(); n != 2 || err != nil {
			v.Errorf("after two more: %d, %v", n, err)
		}
		a.halt()
		a.start()
		if n, known, err := a.current().ToHandOver(); n != 2 || !known || err != nil {
			v.Errorf("after a restart: %d, %v, %v", n, known, err)
		}
		b.start()
		v.within(time.Minute, a, b)
		a.upToDate()
		b.halt()
		<-time.After(time.Second) // the end has come here by then
		synctest.Wait()
		if n, _, err := a.current().ToHandOver(); n != 0 || err != nil {
			v.Errorf("after they met again: %d, %v", n, err)
		}
	})
}
