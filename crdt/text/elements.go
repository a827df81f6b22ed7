package text

import (
	"iter"
	"strings"
)

// elements calls f for the elements of a version (nil: the present one) in
// their order: whether the raw text of that version has them, and whether they
// are shown.
func (t *Text) elements(version []int32, f func(id, n int, raw, shown bool)) {
	w := t.whole()
	if version == nil {
		version = t.heads
	}
	w.moveTo(version)
	in := t.past(version)
	struck := make([]bool, t.elems) // deleted by an event that isn't void
	for e := range t.n {
		if t.voids == 0 || !in[e] || t.isVoid(e) {
			continue
		}
		for _, p := range w.metBy(e) {
			for i := range p.n {
				struck[p.id+i] = true
			}
		}
	}
	for leaf := w.tree.first; leaf != nil; leaf = leaf.next {
		for _, s := range leaf.spans {
			if s.state == 0 {
				continue
			}
			raw := s.state == 1
			if t.voids == 0 {
				f(s.id, int(s.n), raw, raw)
				continue
			}
			for i, end := s.id, s.id+int(s.n); i < end; {
				e, stop := t.inserter(i)
				j := i + 1
				for j < min(end, stop) && struck[j] == struck[i] {
					j++
				}
				f(i, j-i, raw, !t.isVoid(e) && !struck[i])
				i = j
			}
		}
	}
}

// Spans returns the passages of the shown text in order, each with the event
// that wrote it. Neighbours have different events.
func (t *Text) Spans() iter.Seq2[Name, string] {
	return func(yield func(Name, string) bool) {
		if t.load() != nil {
			return
		}
		var (
			by   int32 = -1
			b    strings.Builder
			done bool
		)
		flush := func() {
			if b.Len() > 0 && !done {
				done = !yield(t.name(by), b.String())
			}
			b.Reset()
		}
		t.elements(nil, func(id, n int, _, shown bool) {
			if !shown {
				return
			}
			for end := id + n; id < end; {
				e, stop := t.inserter(id)
				if e != by {
					flush()
					by = e
				}
				stop = min(stop, end)
				b.Write(t.bytes(id, stop-id))
				id = stop
			}
		})
		flush()
	}
}

// At returns the text of an earlier version, as it would be shown today: with
// the present verdicts. The empty version is the empty text. A name that is no
// event here gives ErrUnknown.
func (t *Text) At(version []Name) (string, error) {
	es, err := t.eventsOf(version)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	t.elements(es, func(id, n int, _, shown bool) {
		if shown {
			b.Write(t.bytes(id, n))
		}
	})
	return b.String(), nil
}
