package crdt

import (
	"bytes"
	"slices"
)

// A list is a tree of positions (Weidner, Kleppmann: "The Art of the Fugue",
// 2023) and items that stand at them. A position stays for ever, so that what
// hangs on it keeps its place; an item's place is a register of positions, so
// a concurrent move never makes two of it (Kleppmann: "Moving elements in list
// CRDTs", 2020).
type list struct {
	positions []position // sorted by dot
	items     []item     // sorted by dot
}

type position struct {
	dot    Dot
	log    LogID
	parent *Dot // nil: the list itself
	right  bool
}

type item struct {
	dot    Dot
	places []Dot   // the positions that no later move replaced, sorted
	values []Entry // none left: the item is taken out
}

// An Item is one item of a list, in its place.
type Item struct {
	Dot      Dot     // names the item for Move, Amend and Take
	Position Dot     // where it stands
	Places   []Dot   // all its concurrent places; a Move replaces them
	Entries  []Entry // what it holds, the shown value first
}

// fold folds one op and tells whether it had a place. A void Insert is an item
// already taken out, a void Move moves nothing; both leave their positions, on
// which others may hang.
func (l *list) fold(log LogID, own Entry, e *Edit, void bool) bool {
	if (e.Code == Insert || e.Code == Move) && e.Parent != nil && l.position(*e.Parent) == nil {
		return false
	}
	if e.Code == Insert {
		l.hang(position{own.Dot, log, e.Parent, e.Right})
		i, _ := l.item(own.Dot)
		it := item{dot: own.Dot, places: []Dot{own.Dot}}
		if !void {
			it.values = []Entry{own}
		}
		l.items = slices.Insert(l.items, i, it)
		return true
	}
	i, found := l.item(e.Item)
	if !found {
		return false
	}
	it := &l.items[i]
	switch e.Code {
	case Move:
		l.hang(position{own.Dot, log, e.Parent, e.Right})
		if void {
			return true
		}
		it.places = slices.DeleteFunc(it.places, func(d Dot) bool { return slices.Contains(e.Over, d) })
		at, _ := slices.BinarySearchFunc(it.places, own.Dot, Dot.Compare)
		it.places = slices.Insert(it.places, at, own.Dot)
	case Amend:
		it.values = insertEntry(without(it.values, e.Over), own)
	case Take:
		it.values = without(it.values, e.Over)
	}
	return true
}

func (l *list) hang(p position) {
	i, _ := slices.BinarySearchFunc(l.positions, p.dot, func(x position, d Dot) int { return x.dot.Compare(d) })
	l.positions = slices.Insert(l.positions, i, p)
}

func (l *list) position(d Dot) *position {
	i, found := slices.BinarySearchFunc(l.positions, d, func(x position, d Dot) int { return x.dot.Compare(d) })
	if !found {
		return nil
	}
	return &l.positions[i]
}

func (l *list) item(d Dot) (int, bool) {
	return slices.BinarySearchFunc(l.items, d, func(x item, d Dot) int { return x.dot.Compare(d) })
}

// order returns the positions in list order: for each, what hangs on its left,
// itself, what hangs on its right; siblings by log, change and index.
func (l *list) order() []Dot {
	children := make(map[Dot][2][]position)
	roots := [2][]position{}
	for _, p := range l.positions {
		side := 0
		if p.right {
			side = 1
		}
		if p.parent == nil {
			roots[side] = append(roots[side], p)
			continue
		}
		c := children[*p.parent]
		c[side] = append(c[side], p)
		children[*p.parent] = c
	}
	out := make([]Dot, 0, len(l.positions))
	// A stack of its own: a chain of insertions is as deep as it is long.
	type step struct {
		p    position
		open bool
	}
	var stack []step
	push := func(siblings []position) {
		slices.SortFunc(siblings, func(a, b position) int {
			if c := bytes.Compare(b.log[:], a.log[:]); c != 0 {
				return c
			}
			return b.dot.Compare(a.dot)
		})
		for _, p := range siblings { // the last first, since the stack turns them round
			stack = append(stack, step{p, true})
		}
	}
	push(roots[1])
	push(roots[0])
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !s.open {
			out = append(out, s.p.dot)
			continue
		}
		push(children[s.p.dot][1])
		stack = append(stack, step{s.p, false})
		push(children[s.p.dot][0])
	}
	return out
}

func (l *list) names(used map[ChangeID]bool) {
	for _, p := range l.positions {
		used[p.dot.Change] = true
	}
	for _, it := range l.items {
		for _, e := range it.values {
			used[e.Dot.Change] = true
		}
	}
}
