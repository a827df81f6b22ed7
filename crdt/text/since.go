package text

import "slices"

// A few events back are walked with a tracker of their own, so that following a
// page while it is typed in keeps none.
const fewEvents = 256

// Since returns the splices, from left to right, that turn what is shown of an
// earlier version into what is shown now: what somebody who has that version's
// text still needs. Both are shown with the present verdicts; after SetVoid
// changed one, somebody with an older text needs the whole of the new one, or
// what Diff says. The time depends on the events since the version, and since
// the last one before it that everybody had seen, not on the size of the text.
// A name that is no event here gives ErrUnknown.
func (t *Text) Since(version []Name) ([]Splice, error) {
	list, err := t.since(version)
	return splices(list, Points), err
}

// Rebase turns splices that somebody made of an earlier version's text, as it is
// shown, into splices of the text as it is now, for ToRaw. rest is what who has
// the earlier text with these splices needs to have the present one with those:
// of Since's splices those that remain, moved. It is a Transform in which what
// is here comes first.
//
// A name that is no event here gives ErrUnknown, splices that don't fit the
// earlier text ErrRange, and impossible ones ErrForm.
func (t *Text) Rebase(version []Name, s []Splice) (now, rest []Splice, err error) {
	theirs, err := t.since(version)
	if err != nil {
		return nil, nil, err
	}
	size := t.Len()
	for _, e := range theirs {
		size += e.del - Points.Of(e.ins)
	}
	if err := checkRange(s, size); err != nil {
		return nil, nil, err
	}
	ours, err := edits(s, Points)
	if err != nil {
		return nil, nil, err
	}
	rest, now = transform(theirs, ours, Points)
	return now, rest, nil
}

// since is Since in edits.
func (t *Text) since(version []Name) ([]edit, error) {
	if t.unread && t.endsIn(version) {
		return nil, nil
	}
	es, err := t.eventsOf(version)
	if err != nil || slices.Equal(es, t.heads) {
		return nil, err
	}
	if t.voids > 0 {
		return t.shownSince(es), nil
	}
	t.merge()
	base := t.base(least(es))
	var w *walker
	if t.n-base <= fewEvents && t.lastDeep <= base {
		w = newWalker(t, base)
	} else {
		w = t.walker(least(es), false)
	}
	w.catchUp(t.n, nil)
	w.moveTo(es)
	var d drift
	for leaf := w.tree.first; leaf != nil; leaf = leaf.next {
		for _, s := range leaf.spans {
			was, is, n := s.state == 1, !s.gone, int(s.n)
			ins := ""
			if is && !was {
				ins = string(t.bytes(w.elem+s.id, n))
			}
			d.add(n, was, is, ins)
		}
	}
	return d.edits, nil
}

// shownSince is since while some event is void.
func (t *Text) shownSince(version []int32) []edit {
	was := make([]bool, t.elems)
	t.elements(version, func(id, n int, _, shown bool) {
		for i := range n {
			was[id+i] = shown
		}
	})
	var d drift
	t.elements(nil, func(id, n int, _, is bool) {
		for end := id + n; id < end; {
			stop := id + 1
			for stop < end && was[stop] == was[id] {
				stop++
			}
			ins := ""
			if is && !was[id] {
				ins = string(t.bytes(id, stop-id))
			}
			d.add(stop-id, was[id], is, ins)
			id = stop
		}
	})
	return d.edits
}

// A drift gathers how one version of a sequence differs from another.
type drift struct {
	edits []edit
	pos   int // in the earlier one
}

// add says of the next n elements whether each version has them; ins is what
// only the later one has.
func (d *drift) add(n int, was, is bool, ins string) {
	switch {
	case was && is:
		d.pos += n
		return
	case !was && !is:
		return
	}
	k := len(d.edits) - 1
	if k < 0 || d.edits[k].pos+d.edits[k].del < d.pos {
		d.edits = append(d.edits, edit{pos: d.pos})
		k++
	}
	if was {
		d.edits[k].del += n
		d.pos += n
	} else {
		d.edits[k].ins += ins
	}
}

// eventsOf returns the events of a version, descending, less those that others
// of them had seen.
func (t *Text) eventsOf(version []Name) ([]int32, error) {
	if err := t.load(); err != nil {
		return nil, err
	}
	es := make([]int32, 0, len(version))
	for i := range version {
		e, ok := t.find(&version[i])
		if !ok {
			return nil, ErrUnknown
		}
		es = append(es, e)
	}
	return t.maximal(es), nil
}
