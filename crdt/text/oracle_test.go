package text

import (
	"cmp"
	"slices"
	"strings"
)

// An oracle is the tree of Weidner and Kleppmann (2023), one node a character,
// as slow and as close to the paper as can be: Fugue, or FugueMax with max set.
type oracle struct {
	max   bool
	order func(a, b Name) int
	root  *vertex
	past  []map[int]bool // the ancestors of each event, and itself
}

type vertex struct {
	r           rune
	event       int
	name        Name
	seq         int // in the event
	void        bool
	origin      *vertex // FugueMax: the right origin of a right child; nil: the end
	left, right []*vertex
	deleted     []int // events
	voided      []bool
}

func newOracle(max bool, order func(a, b Name) int) *oracle {
	return &oracle{max: max, order: order, root: &vertex{event: -1}}
}

// walk lists the tree in order, with the root where it stands.
func (v *vertex) walk(all []*vertex) []*vertex {
	for _, c := range v.left {
		all = c.walk(all)
	}
	all = append(all, v)
	for _, c := range v.right {
		all = c.walk(all)
	}
	return all
}

func (o *oracle) list() []*vertex { return o.root.walk(nil) }

// apply adds an event; it reports false for one out of range.
func (o *oracle) apply(n Name, parents []int, s []Splice, void bool) bool {
	id := len(o.past)
	past := map[int]bool{id: true, -1: true}
	for _, p := range parents {
		for e := range o.past[p] {
			past[e] = true
		}
	}
	o.past = append(o.past, past)
	there := func(v *vertex) bool { return past[v.event] }
	counted := func(v *vertex, deep bool) bool {
		return v != o.root && there(v) && (deep || !slices.ContainsFunc(v.deleted, func(e int) bool { return past[e] }))
	}
	size := 0
	for _, v := range o.list() {
		if counted(v, s[0].Deep) {
			size++
		}
	}
	if checkRange(s, size) != nil {
		o.past[id] = map[int]bool{}
		return false
	}
	seq := 0
	for _, x := range s {
		at := 0
		for _, v := range o.list() {
			if !counted(v, x.Deep) {
				continue
			}
			if at >= x.Pos && at < x.Pos+x.Del {
				v.deleted, v.voided = append(v.deleted, id), append(v.voided, void)
			}
			at++
		}
		for i, r := range []rune(x.Ins) {
			o.insert(&vertex{r: r, event: id, name: n, seq: seq, void: void}, x.Pos+i, there, func(v *vertex) bool { return counted(v, x.Deep) })
			seq++
		}
	}
	return true
}

func (o *oracle) insert(v *vertex, pos int, there, counted func(*vertex) bool) {
	all := o.list()
	left, i := o.root, slices.Index(all, o.root)
	if pos > 0 {
		n := 0
		for j, w := range all {
			if counted(w) {
				if n++; n == pos {
					left, i = w, j
					break
				}
			}
		}
	}
	var next *vertex
	for _, w := range all[i+1:] {
		if there(w) {
			next = w
			break
		}
	}
	byName := func(a, b *vertex) int { return cmp.Or(o.order(a.name, b.name), cmp.Compare(a.seq, b.seq)) }
	if slices.ContainsFunc(left.right, there) {
		next.left = append(next.left, v)
		slices.SortFunc(next.left, byName)
		return
	}
	v.origin = next
	rank := func(w *vertex) int {
		if w.origin == nil {
			return len(all)
		}
		return slices.Index(all, w.origin)
	}
	left.right = append(left.right, v)
	slices.SortFunc(left.right, func(a, b *vertex) int {
		if o.max {
			return cmp.Or(cmp.Compare(rank(b), rank(a)), byName(a, b))
		}
		return byName(a, b)
	})
}

// raw is the text with every deletion, shown the one without void events.
func (o *oracle) raw() string {
	return o.text(func(v *vertex) bool { return len(v.deleted) == 0 })
}

func (o *oracle) shown() string {
	return o.text(func(v *vertex) bool { return !v.void && !slices.Contains(v.voided, false) })
}

func (o *oracle) text(show func(*vertex) bool) string {
	var b strings.Builder
	for _, v := range o.list() {
		if v != o.root && show(v) {
			b.WriteRune(v.r)
		}
	}
	return b.String()
}

// setVoid changes a verdict.
func (o *oracle) setVoid(event int, void bool) {
	for _, v := range o.list() {
		if v.event == event {
			v.void = void
		}
		for i, e := range v.deleted {
			if e == event {
				v.voided[i] = void
			}
		}
	}
}
