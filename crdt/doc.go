package crdt

import (
	"bytes"
	"cmp"
	"slices"

	"navette/crdt/text"
)

// A Doc is what the changes to one resource amount to. It is a function of the
// set of changes applied: replicas that applied the same ones, in any causal
// order, hold the same bytes (see Encode). The zero Doc is not usable; see
// NewDoc and DecodeDoc.
type Doc struct {
	id     ID
	stamps map[ChangeID]Stamp // of every change that an entry, position or count names
	kinds  []Entry            // one a Create
	alive  []ChangeID         // the edits that no Remove saw and no later edit saw, sorted
	newest ChangeID
	passed []passed // sorted by dot
	fields map[uint64]*field
	enough int // stamps held before forget walks again
}

// A Stamp is where a change comes from.
type Stamp struct {
	Log     LogID
	Lamport uint64
	Wall    Wall
}

// A field holds what ops of each type made of one field number. A schema reads
// just one of them.
type field struct {
	register []Entry
	entries  []Entry // of a map: with Key
	set      []Entry
	counter  counter
	list     list
	text     *text.Text
}

// An Entry is a value somebody set, which nobody who saw it replaced.
type Entry struct {
	Dot   Dot
	Key   Value // of a map's entry
	Value Value
	Stamp Stamp // filled in by what returns entries
}

// NewDoc returns the document of a resource that nothing changed yet.
func NewDoc(id ID) *Doc {
	return &Doc{id: id, stamps: make(map[ChangeID]Stamp), fields: make(map[uint64]*field), enough: 16}
}

// Apply folds into the document those ops of c that change it. The caller
// applies each change once, after all its ancestors; h knows c and them. Ops
// that are malformed, over a bound or name what c had not seen are skipped.
func (d *Doc) Apply(h History, c *Change) {
	resources, ok := c.Resources()
	inserted, touched := 0, false
	for i := range c.Ops {
		mine := ok[i] && resources[i] == d.id
		if !mine && Code(c.Ops[i].Code) != Splice {
			continue
		}
		e, err := DecodeEdit(c, i, resources[i])
		if err != nil {
			continue
		}
		for _, s := range e.Splices {
			inserted += len(s.Ins)
		}
		if !mine || inserted > MaxTextPerChange || !e.grounded(h, c) {
			continue
		}
		if d.fold(h, c, uint32(i), &e) {
			d.mark(h, c, e.Code)
			touched = true
		}
	}
	if touched {
		d.stamps[c.ID] = Stamp{Log: c.Log, Lamport: c.Lamport, Wall: c.Wall}
		if !c.Void && (d.newest == (ChangeID{}) || d.later(c.ID, d.newest)) {
			d.newest = c.ID
		}
		d.forget()
	}
}

// grounded tells whether c had seen all that e names.
func (e *Edit) grounded(h History, c *Change) bool {
	for _, o := range e.Over {
		if !h.Saw(c.ID, o.Change) {
			return false
		}
	}
	switch e.Code {
	case Move, Amend, Take:
		if !h.Saw(c.ID, e.Item.Change) {
			return false
		}
	}
	return e.Parent == nil || h.Saw(c.ID, e.Parent.Change)
}

// fold folds one op and tells whether it had a place in the document.
func (d *Doc) fold(h History, c *Change, index uint32, e *Edit) bool {
	own := Entry{Dot: Dot{c.ID, index}, Key: e.Key, Value: slices.Clone(e.Value)}
	if c.Void && !d.leavesTrace(own.Dot, e) {
		return false
	}
	e.Over = d.through(e.Over)
	f := d.fields[e.Field]
	if f == nil && e.Code > Restore {
		f = new(field)
		d.fields[e.Field] = f
	}
	switch e.Code {
	case Create:
		if _, isText := e.Value.Text(); !isText {
			return false
		}
		d.kinds = insertEntry(d.kinds, own)
	case Remove, Restore:
	case Set:
		f.register = insertEntry(without(f.register, e.Over), own)
	case Put:
		own.Key = slices.Clone(e.Key)
		f.entries = insertEntry(withoutKey(f.entries, e.Key, e.Over), own)
	case Drop:
		f.entries = withoutKey(f.entries, e.Key, e.Over)
	case Add:
		f.set = insertEntry(f.set, own)
	case Discard:
		f.set = without(f.set, e.Over)
	case Increment:
		f.counter.increment(own.Dot, e.N)
	case Count:
		f.counter.count(h, own.Dot, e.N)
	case Insert, Move, Amend, Take:
		return f.list.fold(c.Log, own, e, c.Void)
	case Splice:
		if f.text == nil {
			f.text = text.New(nil)
		}
		saw := func(n text.Name) bool { return h.Saw(c.ID, n.Change) }
		name := text.Name{Log: c.Log, Change: c.ID, Index: index}
		return f.text.Apply(name, c.Lamport, saw, e.Splices, c.Void) == nil
	}
	return true
}

// mark keeps alive the antichain of edits that no removal saw. An edit beats a
// concurrent removal because the removal has not seen it.
func (d *Doc) mark(h History, c *Change, code Code) {
	if c.Void {
		return
	}
	d.alive = slices.DeleteFunc(d.alive, func(a ChangeID) bool { return h.Saw(c.ID, a) })
	if code != Remove {
		i, _ := slices.BinarySearchFunc(d.alive, c.ID, compareIDs)
		d.alive = slices.Insert(d.alive, i, c.ID)
	}
}

func compareIDs(a, b ChangeID) int { return bytes.Compare(a[:], b[:]) }

// later orders changes by (lamport, id), which respects causality.
func (d *Doc) later(a, b ChangeID) bool {
	if c := cmp.Compare(d.stamps[a].Lamport, d.stamps[b].Lamport); c != 0 {
		return c > 0
	}
	return compareIDs(a, b) > 0
}

// forget drops the stamps that nothing names any more, once they are enough to
// be worth the walk.
func (d *Doc) forget() {
	if len(d.stamps) <= d.enough {
		return
	}
	used := d.named()
	for id := range d.stamps {
		if !used[id] {
			delete(d.stamps, id)
		}
	}
	d.enough = 2*len(d.stamps) + 16
}

// named returns the changes that the document's state names, whose stamps it
// needs. A text keeps the names of its events itself.
func (d *Doc) named() map[ChangeID]bool {
	used := make(map[ChangeID]bool)
	if d.newest != (ChangeID{}) {
		used[d.newest] = true
	}
	for _, a := range d.alive {
		used[a] = true
	}
	entries := func(list []Entry) {
		for _, e := range list {
			used[e.Dot.Change] = true
		}
	}
	entries(d.kinds)
	for _, f := range d.fields {
		entries(f.register)
		entries(f.entries)
		entries(f.set)
		f.counter.names(used)
		f.list.names(used)
	}
	return used
}

// insertEntry keeps entries sorted by dot, so that order of arrival leaves no
// trace.
func insertEntry(list []Entry, e Entry) []Entry {
	i, found := slices.BinarySearchFunc(list, e.Dot, func(x Entry, d Dot) int { return x.Dot.Compare(d) })
	if found {
		return list
	}
	return slices.Insert(list, i, e)
}

func without(list []Entry, over []Dot) []Entry {
	if len(over) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(e Entry) bool { return slices.Contains(over, e.Dot) })
}

func withoutKey(list []Entry, key Value, over []Dot) []Entry {
	if len(over) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(e Entry) bool { return e.Key.Equal(key) && slices.Contains(over, e.Dot) })
}
