package crdt

import "slices"

// A counter is a sum of increments. A count (a stock-take) absorbs the
// increments and counts that it saw; of concurrent counts one is shown, each
// with the increments it didn't see.
type counter struct {
	increments []increment // sorted by dot; all of them, since a concurrent count may come that saw none
	counts     []stocktake // sorted by dot; those that no other count saw
}

type increment struct {
	dot Dot
	n   int64
}

type stocktake struct {
	dot   Dot
	total int64 // what was counted, plus the increments it didn't see
}

func (c *counter) increment(d Dot, n int64) {
	i, found := slices.BinarySearchFunc(c.increments, d, func(x increment, d Dot) int { return x.dot.Compare(d) })
	if found {
		return
	}
	c.increments = slices.Insert(c.increments, i, increment{d, n})
	for i := range c.counts {
		// Had the count seen it, it would have been applied before.
		c.counts[i].total += n
	}
}

func (c *counter) count(h History, d Dot, n int64) {
	saw := func(e Dot) bool {
		return h.Saw(d.Change, e.Change) && (e.Change != d.Change || e.Index < d.Index)
	}
	for _, inc := range c.increments {
		if !saw(inc.dot) {
			n += inc.n
		}
	}
	c.counts = slices.DeleteFunc(c.counts, func(s stocktake) bool { return saw(s.dot) })
	i, _ := slices.BinarySearchFunc(c.counts, d, func(x stocktake, d Dot) int { return x.dot.Compare(d) })
	c.counts = slices.Insert(c.counts, i, stocktake{d, n})
}

func (c *counter) sum() (n int64) {
	for _, inc := range c.increments {
		n += inc.n
	}
	return n
}

func (c *counter) names(used map[ChangeID]bool) {
	for _, inc := range c.increments {
		used[inc.dot.Change] = true
	}
	for _, s := range c.counts {
		used[s.dot.Change] = true
	}
}
