package text

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// cases is how many a test runs, $NAVETTE_TEXT_CASES or the default.
func cases(t *testing.T, usual int) int {
	s := os.Getenv("NAVETTE_TEXT_CASES")
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("NAVETTE_TEXT_CASES: %v", err)
	}
	return n
}

// A replica is one place of three: it writes on top of all it has, and takes
// over what others have, events and verdicts, while it reaches them.
type replica struct {
	text     *Text
	has      []bool // of the events
	lamport  uint64
	verdicts []verdict // of the events
}

// A verdict on an event; of two the later one holds.
type verdict struct {
	at   int
	void bool
}

// An island is three replicas and all that they ever wrote.
type island struct {
	rnd      *rand.Rand
	replicas [3]replica
	cut      [3][3]bool
	events   []testEvent
	past     [][]bool // what each event had seen
	index    map[Name]int
	verdicts int
}

func newIsland(seed uint64) *island {
	w := &island{rnd: rand.New(rand.NewPCG(seed, 3)), index: map[Name]int{}}
	for i := range w.replicas {
		w.replicas[i].text = New(nil)
	}
	return w
}

func (w *island) step() error {
	i, k := w.rnd.IntN(3), w.rnd.IntN(3)
	r := &w.replicas[i]
	switch w.rnd.IntN(16) {
	case 0: // a cable is pulled or put back
		w.cut[min(i, k)][max(i, k)] = !w.cut[min(i, k)][max(i, k)]
	case 1, 2, 3, 4:
		if i != k && !w.cut[min(i, k)][max(i, k)] {
			return w.merge(i, k)
		}
	case 5: // somebody is expelled with one of their changes, or it is adopted
		if e := w.known(i); e >= 0 {
			w.verdicts++
			return r.judge(w.events[e].name, e, verdict{w.verdicts, w.rnd.IntN(2) == 0})
		}
	case 6: // the place is switched off and on again
		y, err := Decode(r.text.Encode(), nil)
		if err != nil {
			return err
		}
		r.text = y
	case 7:
		_ = r.text.String()
	default:
		return w.write(i)
	}
	return nil
}

// known returns an event that a replica has, or -1.
func (w *island) known(i int) int {
	if len(w.events) == 0 {
		return -1
	}
	e := w.rnd.IntN(len(w.events))
	if e >= len(w.replicas[i].has) || !w.replicas[i].has[e] {
		return -1
	}
	return e
}

func (r *replica) judge(n Name, e int, v verdict) error {
	if v.at > r.verdicts[e].at {
		r.verdicts[e] = v
		return r.text.SetVoid(n, v.void)
	}
	return nil
}

// write makes a replica's person edit what they see.
func (w *island) write(i int) error {
	r := &w.replicas[i]
	size := r.text.Len()
	var s []Splice
	for range 1 + w.rnd.IntN(2) {
		x := Splice{Pos: w.rnd.IntN(size + 1), Ins: []string{"", "a", "bé", "😀cde"}[w.rnd.IntN(4)]}
		x.Del = min(w.rnd.IntN(4), size-x.Pos)
		if x.Del == 0 && x.Ins == "" {
			x.Ins = "x"
		}
		s = append(s, x)
		size += Points.Of(x.Ins) - x.Del
	}
	raw, err := r.text.ToRaw(s)
	if err != nil {
		return err
	}
	r.lamport++
	e := testEvent{name: testName(string(rune('a'+i)), len(w.events)), lamport: r.lamport, splices: raw}
	w.index[e.name] = len(w.events)
	w.past = append(w.past, slices.Clone(r.has))
	w.events = append(w.events, e)
	want := edited(r.text.String(), s)
	if err := w.apply(i, len(w.events)-1); err != nil {
		return err
	}
	if got := r.text.String(); got != want {
		return fmt.Errorf("%v, as %v: got %q, want %q", s, raw, got, want)
	}
	return nil
}

// apply gives a replica an event.
func (w *island) apply(i, e int) error {
	r := &w.replicas[i]
	if more := len(w.events) - len(r.has); more > 0 {
		r.has, r.verdicts = append(r.has, make([]bool, more)...), append(r.verdicts, make([]verdict, more)...)
	}
	if r.has[e] {
		return nil
	}
	r.has[e] = true
	ev := &w.events[e]
	r.lamport = max(r.lamport, ev.lamport)
	saw := func(n Name) bool { k := w.index[n]; return k < len(w.past[e]) && w.past[e][k] }
	return r.text.Apply(ev.name, ev.lamport, saw, ev.splices, false)
}

// merge gives a replica what another one has, in some order that respects
// causality: that of writing, or author by author as far as that goes.
func (w *island) merge(i, k int) error {
	r, from := &w.replicas[i], &w.replicas[k]
	first := w.rnd.IntN(4)
	for _, all := range []bool{false, true} {
		for e := range from.has {
			ready := from.has[e] && (all || int(w.events[e].name.Log[0]-'a') == first && !slices.ContainsFunc(w.seenBy(e), func(p int) bool { return p >= len(r.has) || !r.has[p] }))
			if !ready {
				continue
			}
			if err := w.apply(i, e); err != nil {
				return err
			}
		}
	}
	for e, v := range from.verdicts {
		if from.has[e] {
			if err := r.judge(w.events[e].name, e, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *island) seenBy(e int) (seen []int) {
	for p, yes := range w.past[e] {
		if yes {
			seen = append(seen, p)
		}
	}
	return seen
}

// run plays one case, connects all, and compares.
func (w *island) run() error {
	steps := 10 + w.rnd.IntN(30)
	if w.rnd.IntN(30) == 0 {
		steps *= 8
	}
	for range steps {
		if err := w.step(); err != nil {
			return err
		}
	}
	for range 2 {
		for i := range 3 {
			for k := range 3 {
				if err := w.merge(i, k); err != nil {
					return err
				}
			}
		}
	}
	one := &w.replicas[0]
	for i := 1; i < 3; i++ {
		other := &w.replicas[i]
		if one.text.String() != other.text.String() || !bytes.Equal(one.text.Encode(), other.text.Encode()) {
			return fmt.Errorf("replica 0 has %q, replica %d has %q, or other bytes", one.text, i, other.text)
		}
	}
	return one.text.Check()
}

// Three places that write, are cut off, merge, expel and adopt end up equal. It
// takes NAVETTE_TEXT_CASES=100000 to be thorough; NAVETTE_TEXT_SEED begins
// elsewhere than at 0.
func TestThreePlacesConverge(t *testing.T) {
	first, _ := strconv.ParseUint(os.Getenv("NAVETTE_TEXT_SEED"), 10, 64)
	for seed := first; seed < first+uint64(cases(t, 400)); seed++ {
		if err := newIsland(seed).run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
