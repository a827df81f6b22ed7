package node

import (
	"testing"
	"time"
)

// Two machines that are one device take each other's place at a third. They
// come to do so four times a minute, and whoever has a peer for itself comes
// back at once.
func TestCalm(t *testing.T) {
	now := time.Now()
	twins := [2]peer{}
	swaps := 0
	for at := time.Duration(0); at < 5*time.Minute; swaps++ {
		p := &twins[swaps%2]
		lived := max(time.Second, twins[1-swaps%2].due.Sub(now)) // until the other is back
		now, at = now.Add(lived), at+lived
		p.calm(now, lived)
	}
	if swaps < 10 || swaps > 40 {
		t.Errorf("in five minutes twins took each other's place %d times; want 10 to 40", swaps)
	}
	p := peer{pause: longestCalm}
	if p.calm(now, time.Minute); p.pause != 0 || p.hurried || !p.due.Equal(now) {
		t.Errorf("after a session of a minute: pause %v, hurried %v; want none", p.pause, p.hurried)
	}
}

// The first two offences in a day cost ten minutes each, the third one a day.
func TestOffencesAddUp(t *testing.T) {
	var p peer
	now := time.Unix(1_800_000_000, 0)
	for i, want := range []time.Duration{10 * time.Minute, 10 * time.Minute, 24 * time.Hour, 24 * time.Hour} {
		now = now.Add(time.Hour)
		if p.offend(now); p.barred.Sub(now) != want {
			t.Errorf("offence %d: barred for %v, want %v", i+1, p.barred.Sub(now), want)
		}
	}
	now = now.Add(24 * time.Hour)
	if p.offend(now); p.barred.Sub(now) != 10*time.Minute {
		t.Errorf("a day later: barred for %v, want 10 minutes", p.barred.Sub(now))
	}
}
