package crdt

import (
	"cmp"
	"maps"
	"slices"

	"navette/crdt/text"
)

// A MapEntry is one entry of a map field, with its concurrent values.
type MapEntry struct {
	Key     Value
	Entries []Entry // the shown one first
}

// A Conflict is a register, or an entry of a map (then with its Key), of which
// several different values survive.
type Conflict struct {
	Field   uint64
	Key     Value
	Entries []Entry // the shown one first
}

// ID returns the resource's name.
func (d *Doc) ID() ID { return d.id }

// Kind returns what the resource was created as, or "" if it wasn't. Of
// concurrent creations the earliest by (lamport, name) tells.
func (d *Doc) Kind() string {
	if e, ok := d.creation(); ok {
		kind, _ := e.Value.Text()
		return kind
	}
	return ""
}

func (d *Doc) creation() (Entry, bool) {
	if len(d.kinds) == 0 {
		return Entry{}, false
	}
	e := slices.MinFunc(d.kinds, func(a, b Entry) int {
		la, lb := d.stamps[a.Dot.Change].Lamport, d.stamps[b.Dot.Change].Lamport
		return cmp.Or(cmp.Compare(la, lb), a.Dot.Compare(b.Dot))
	})
	e.Stamp = d.stamps[e.Dot.Change]
	return e, true
}

// Deleted tells whether a removal has seen every edit.
func (d *Doc) Deleted() bool { return len(d.alive) == 0 }

// Created returns the change that made the resource.
func (d *Doc) Created() (id ChangeID, s Stamp, ok bool) {
	e, ok := d.creation()
	return e.Dot.Change, e.Stamp, ok
}

// Updated returns the newest change to the resource by (lamport, id).
func (d *Doc) Updated() (id ChangeID, s Stamp, ok bool) {
	s, ok = d.stamps[d.newest]
	return d.newest, s, ok
}

// Fields returns the numbers of the fields that something stands in, sorted.
func (d *Doc) Fields() []uint64 {
	var out []uint64
	for _, n := range slices.Sorted(maps.Keys(d.fields)) {
		if !d.fields[n].empty() {
			out = append(out, n)
		}
	}
	return out
}

func (f *field) empty() bool {
	return len(f.register)+len(f.entries)+len(f.set)+len(f.counter.increments)+len(f.counter.counts)+len(f.list.positions) == 0 &&
		(f.text == nil || len(f.text.Heads()) == 0)
}

func (d *Doc) field(n uint64) *field {
	if f := d.fields[n]; f != nil {
		return f
	}
	return new(field)
}

// shown returns a copy of entries with their stamps, the one to show first: by
// the writer's clock, newest first, then by lamport and dot. The order decides
// nothing but what people see first.
func (d *Doc) shown(entries []Entry) []Entry {
	out := slices.Clone(entries)
	for i := range out {
		out[i].Stamp = d.stamps[out[i].Dot.Change]
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.Stamp.Wall.Seconds, a.Stamp.Wall.Seconds),
			cmp.Compare(b.Stamp.Lamport, a.Stamp.Lamport), b.Dot.Compare(a.Dot))
	})
	return out
}

// Register returns the values of a register that nobody who saw them replaced,
// the shown one first.
func (d *Doc) Register(n uint64) []Entry { return d.shown(d.field(n).register) }

// Shown returns the value of a register that is shown; ok is false if the
// field is empty or emptied.
func (d *Doc) Shown(n uint64) (v Value, ok bool) {
	e := d.Register(n)
	if len(e) == 0 || e[0].Value.IsNull() {
		return nil, false
	}
	return e[0].Value, true
}

// Map returns the entries of a map, sorted by key.
func (d *Doc) Map(n uint64) []MapEntry {
	byKey := make(map[string][]Entry)
	for _, e := range d.field(n).entries {
		byKey[string(e.Key)] = append(byKey[string(e.Key)], e)
	}
	out := make([]MapEntry, 0, len(byKey))
	for _, k := range slices.Sorted(maps.Keys(byKey)) {
		out = append(out, MapEntry{Key: Value(k), Entries: d.shown(byKey[k])})
	}
	return out
}

// MapEntry returns the values under one key of a map, the shown one first.
func (d *Doc) MapEntry(n uint64, key Value) []Entry {
	var list []Entry
	for _, e := range d.field(n).entries {
		if e.Key.Equal(key) {
			list = append(list, e)
		}
	}
	return d.shown(list)
}

// Set returns the elements of a set, sorted by their bytes.
func (d *Doc) Set(n uint64) []Value {
	var out []Value
	for _, e := range d.field(n).set {
		out = append(out, e.Value)
	}
	slices.SortFunc(out, func(a, b Value) int { return slices.Compare(a, b) })
	return slices.CompactFunc(out, Value.Equal)
}

// SetDots returns the dots that put v into a set; a Discard names them.
func (d *Doc) SetDots(n uint64, v Value) []Dot {
	var out []Dot
	for _, e := range d.field(n).set {
		if e.Value.Equal(v) {
			out = append(out, e.Dot)
		}
	}
	return out
}

// Counter returns what a counter stands at.
func (d *Doc) Counter(n uint64) int64 {
	c := &d.field(n).counter
	if len(c.counts) == 0 {
		return c.sum()
	}
	shown := slices.MaxFunc(c.counts, func(a, b stocktake) int {
		sa, sb := d.stamps[a.dot.Change], d.stamps[b.dot.Change]
		return cmp.Or(cmp.Compare(sa.Wall.Seconds, sb.Wall.Seconds), cmp.Compare(sa.Lamport, sb.Lamport), a.dot.Compare(b.dot))
	})
	return shown.total
}

// List returns the items of a list in order.
func (d *Doc) List(n uint64) []Item {
	l := &d.field(n).list
	at := make(map[Dot]int, len(l.items)) // position to item
	for i, it := range l.items {
		if len(it.values) > 0 {
			at[d.place(it)] = i
		}
	}
	var out []Item
	for _, p := range l.order() {
		if i, here := at[p]; here {
			it := l.items[i]
			out = append(out, Item{Dot: it.dot, Position: p, Places: slices.Clone(it.places), Entries: d.shown(it.values)})
		}
	}
	return out
}

// place returns the position where an item is shown, of its concurrent ones.
func (d *Doc) place(it item) Dot {
	entries := make([]Entry, len(it.places))
	for i, p := range it.places {
		entries[i].Dot = p
	}
	return d.shown(entries)[0].Dot
}

// Gap returns where to hang what is to stand before item i of List (or at the
// end, if i is its length), as Insert and Move want it: Fugue's rule.
func (d *Doc) Gap(n uint64, i int) (parent *Dot, right bool) {
	l := &d.field(n).list
	order, items := l.order(), d.List(n)
	left := -1 // index in order of what it is to stand behind
	if i > 0 {
		left = slices.Index(order, items[i-1].Position)
	}
	if left+1 < len(order) {
		next := order[left+1]
		if left < 0 || l.hangsOn(next, order[left]) {
			return &next, false
		}
	}
	if left < 0 {
		return nil, true
	}
	return &order[left], true
}

// hangsOn tells whether position p is a descendant of position q.
func (l *list) hangsOn(p, q Dot) bool {
	for at := l.position(p); at != nil && at.parent != nil; at = l.position(*at.parent) {
		if *at.parent == q {
			return true
		}
	}
	return false
}

// Text returns a text field; nil if nothing was ever written there. The caller
// must not change it.
func (d *Doc) Text(n uint64) *text.Text { return d.field(n).text }

// Conflicts returns the registers and map entries that hold several different
// values, by field, then key.
func (d *Doc) Conflicts() []Conflict {
	var out []Conflict
	for _, n := range d.Fields() {
		if e := d.Register(n); several(e) {
			out = append(out, Conflict{Field: n, Entries: e})
		}
		for _, m := range d.Map(n) {
			if several(m.Entries) {
				out = append(out, Conflict{Field: n, Key: m.Key, Entries: m.Entries})
			}
		}
	}
	return out
}

func several(entries []Entry) bool {
	for _, e := range entries[min(1, len(entries)):] {
		if !e.Value.Equal(entries[0].Value) {
			return true
		}
	}
	return false
}

// Dots returns the dots of entries, as Over wants them.
func Dots(entries []Entry) []Dot {
	out := make([]Dot, len(entries))
	for i, e := range entries {
		out[i] = e.Dot
	}
	return out
}
