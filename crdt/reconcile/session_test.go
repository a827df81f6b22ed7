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
