package lan

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	var p pace
	start := time.Duration(0)
	said := []time.Duration{}
	for p.bursting() {
		if p.announces() {
			said = append(said, start)
		}
		start += p.next(false, 0)
	}
	if len(said) != 2 || said[0] != 0 || said[1] < time.Second {
		t.Errorf("announced after %v; want at once, and once more after a second", said)
	}
	if start > 5*time.Second {
		t.Errorf("a burst takes %v, want at most 5 s, in which a link must be in use", start)
	}
	var last time.Duration
	for range 20 {
		d := p.next(false, 0)
		if d < shortest || d < last || d > longest {
			t.Errorf("interval %v after %v, want it to grow from %v to %v", d, last, shortest, longest)
		}
		last = d
	}
	if last != longest {
		t.Errorf("interval after a long time: %v, want %v", last, longest)
	}
	if d := p.next(true, 0); d != anxious {
		t.Errorf("interval when somebody is missing: %v, want %v", d, anxious)
	}
	if d := p.next(false, 0); d > 2*shortest {
		t.Errorf("interval when nobody is missing any more: %v, want it to begin again", d)
	}
	for range 20 {
		p.next(false, 0)
	}
	if d := p.next(false, 0.999); d >= longest || d < longest*3/4 {
		t.Errorf("interval with jitter: %v, want up to a quarter less than %v", d, longest)
	}
}
