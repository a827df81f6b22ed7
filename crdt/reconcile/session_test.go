package reconcile_test

import (
	"testing"

	"navette/crdt/reconcile"
)

func TestEqualFrontiersCostOneShortExchange(t *testing.T) {
	a, b := newStore(), newStore()
	for i := range 50 {
		w, r := newWriter(t, a, byte(i), uint32(29_000_000+i))
		_, _ = w.write(t, a, 3)
		if _, _, err := b.add(r); err != nil {
			t.Fatal(err)
		}
	}
	for id, l := range a.links {
		b.links[id] = l
	}
	x, y := begin(a, b)
	exchange(t, x, y)
	same(t, x, y)
	for _, s := range []*side{x, y} {
		if s.frames != 1 || s.control > 64 {
			t.Errorf("%d frames of %d bytes each way, want 1 of at most 64", s.frames, s.control)
		}
	}
}

func TestExchange(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, a, b *store)
		o    reconcile.Options
	}{
		{name: "both empty", make: func(*testing.T, *store, *store) {}},
		{name: "one empty", make: func(t *testing.T, a, _ *store) {
			for i := range 40 {
				w, _ := newWriter(t, a, byte(i), uint32(i))
				w.write(t, a, 100)
			}
		}},
		{name: "the other empty", make: func(t *testing.T, _, b *store) {
			for i := range 40 {
				w, _ := newWriter(t, b, byte(i), uint32(i))
				w.write(t, b, 100)
			}
		}},
		{name: "some on either side", make: func(t *testing.T, a, b *store) {
			for i := range 100 {
				w, r := newWriter(t, a, byte(i), uint32(i/3))
				b.add(r)
				switch i % 5 {
				case 0:
					w.write(t, a, 5)
				case 1:
					w.write(t, b, 5)
				}
			}
		}},
		{name: "logs that interleave", make: func(t *testing.T, a, _ *store) {
			v, _ := newWriter(t, a, 1, 1)
			w, _ := newWriter(t, a, 2, 2)
			for range 200 {
				v.write(t, a, 1, w.last)
				w.write(t, a, 1, v.last)
			}
		}},
		{name: "a log that forked", make: func(t *testing.T, a, b *store) {
			w, _ := newWriter(t, a, 1, 1)
			w.write(t, a, 70)
			for id, l := range a.links {
				b.links[id] = l
			}
			v := *w
			w.write(t, a, 80)
			v.write(t, b, 1)
		}},
		{name: "membership on both sides", make: func(t *testing.T, a, b *store) {
			for i := range 300 {
				it := a.member(uint64(i), uint64(i))
				if i%7 != 0 {
					b.members[it.ID], b.blocks[it.ID] = it, a.blocks[it.ID]
				}
			}
			b.member(400, 400)
			w, _ := newWriter(t, b, 1, 1)
			w.write(t, b, 5)
		}},
		{name: "more than one remembers", o: reconcile.Options{MaxLacks: 10}, make: func(t *testing.T, a, b *store) {
			for i := range 60 {
				w, _ := newWriter(t, a, byte(i), uint32(i))
				w.write(t, a, 2)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := newStore(), newStore()
			tt.make(t, a, b)
			x, y := beginWith(a, b, tt.o)
			exchange(t, x, y)
			same(t, x, y)
		})
	}
}

// What becomes durable here is pushed: one frame there, one back, and no echo.
func TestPush(t *testing.T) {
	a, b := newStore(), newStore()
	w, r := newWriter(t, a, 1, 1)
	if _, _, err := b.add(r); err != nil {
		t.Fatal(err)
	}
	x, y := begin(a, b)
	exchange(t, x, y)
	for range 3 {
		x.frames, y.frames = 0, 0
		ids, end := w.write(t, a, 1)
		x.Committed(nil, ids, []reconcile.Item{end})
		if p := x.Progress(); p.UpToDate || p.Owes != 1 {
			t.Errorf("before it is sent: %+v, want one owed", p)
		}
		exchange(t, x, y)
		same(t, x, y)
		if x.frames != 1 || y.frames != 1 {
			t.Errorf("%d frames there and %d back, want one each", x.frames, y.frames)
		}
	}
	it := b.member(1, 1)
	y.Committed([]reconcile.Item{it}, nil, nil)
	exchange(t, x, y)
	same(t, x, y)
}

// What comes up between hello and the end of the comparison isn't lost.
func TestPushWhileComparing(t *testing.T) {
	a, b := newStore(), newStore()
	w, _ := newWriter(t, a, 1, 1)
	v, _ := newWriter(t, b, 2, 2)
	x, y := begin(a, b)
	for i := 0; ; i++ {
		for _, s := range []struct {
			*side
			w     *writer
			other *side
		}{{x, w, y}, {y, v, x}} {
			if i < 6 {
				ids, end := s.w.write(t, s.store, 1)
				s.Committed(nil, ids, []reconcile.Item{end})
			}
			if f := s.Next(); f != nil {
				if err := s.other.deliver(t, f); err != nil {
					t.Fatal(err)
				}
			}
		}
		if i > 60 {
			break
		}
	}
	exchange(t, x, y)
	same(t, x, y)
}

// A peer is refused what isn't there, and forgets what it was refused.
func TestRefused(t *testing.T) {
	a, b := newStore(), newStore()
	w, _ := newWriter(t, a, 1, 1)
	_, end := w.write(t, a, 1)
	x, y := begin(a, b)
	y.deliver(t, x.Next())
	x.deliver(t, y.Next())
	for f := y.Next(); f != nil; f = y.Next() {
		x.deliver(t, f)
	}
	if _, err := y.Receive(x.Next()); err != nil { // what b lacks
		t.Fatal(err)
	}
	if got := y.Lacking(true); len(got) != 1 || got[0].ID != end.ID || !y.Lacks(end.ID) {
		t.Fatalf("lacking %v, want %v", got, end)
	}
	y.RefuseTip(end.ID)
	exchange(t, x, y)
	for _, s := range []*side{x, y} {
		if p := s.Progress(); !p.UpToDate {
			t.Errorf("%+v after all was refused, want up to date", p)
		}
	}
}
