package crdt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"navette/crdt/text"
)

// ErrDoc is an encoded document that can't be read. The document is derived
// from changes, which it can be rebuilt from.
var ErrDoc = errors.New("crdt: document can't be read")

// docVersion begins every encoded document. The form is local to a node and
// never exchanged: a change of it means folding anew.
const docVersion = 2

// Encode returns the document's bytes: those of DecodeDoc, and the same for
// everybody who applied the same changes. Texts come last, since they grow.
func (d *Doc) Encode() []byte {
	used := d.named()
	changes := slices.SortedFunc(maps.Keys(used), compareIDs)
	w := docWriter{b: append([]byte{docVersion}, d.id[:]...), index: make(map[ChangeID]uint64, len(changes))}
	w.stamps(d, changes)
	w.ids(d.alive)
	if d.newest == (ChangeID{}) {
		w.uint(0)
	} else {
		w.uint(1 + w.index[d.newest])
	}
	w.entries(d.kinds, false)
	w.passed(d.passed)
	fields := d.Fields()
	w.uint(uint64(len(fields)))
	for _, n := range fields {
		w.uint(n)
		w.field(d.fields[n])
	}
	for _, n := range fields {
		if t := d.fields[n].text; t != nil {
			w.text(t)
		}
	}
	return w.b
}

type docWriter struct {
	b     []byte
	index map[ChangeID]uint64
}

func (w *docWriter) uint(n uint64)  { w.b = binary.AppendUvarint(w.b, n) }
func (w *docWriter) int(n int64)    { w.b = binary.AppendVarint(w.b, n) }
func (w *docWriter) bytes(s []byte) { w.uint(uint64(len(s))); w.b = append(w.b, s...) }
func (w *docWriter) bool(v bool) {
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

// text writes a text as bytes does, without memory for it alone: its length comes
// to stand before it once it is known.
func (w *docWriter) text(t *text.Text) {
	start := len(w.b)
	w.b = t.AppendEncode(append(w.b, make([]byte, binary.MaxVarintLen64)...))
	from := start + binary.MaxVarintLen64
	at := start + binary.PutUvarint(w.b[start:], uint64(len(w.b)-from))
	w.b = w.b[:at+copy(w.b[at:], w.b[from:])]
}

func (w *docWriter) stamps(d *Doc, changes []ChangeID) {
	logs := make(map[LogID]uint64)
	var order []LogID
	for _, c := range changes {
		if l := d.stamps[c].Log; !has(logs, l) {
			logs[l] = uint64(len(order))
			order = append(order, l)
		}
	}
	w.uint(uint64(len(order)))
	for _, l := range order {
		w.b = append(w.b, l[:]...)
	}
	w.uint(uint64(len(changes)))
	for i, c := range changes {
		w.index[c] = uint64(i)
		s := d.stamps[c]
		w.b = append(w.b, c[:]...)
		w.uint(logs[s.Log])
		w.uint(s.Lamport)
		w.uint(s.Wall.Seconds)
		w.b = append(w.b, byte(s.Wall.Quality))
	}
}

func has[K comparable, V any](m map[K]V, k K) bool { _, ok := m[k]; return ok }

func (w *docWriter) dot(d Dot) { w.uint(w.index[d.Change]); w.uint(uint64(d.Index)) }

func (w *docWriter) ids(ids []ChangeID) {
	w.uint(uint64(len(ids)))
	for _, c := range ids {
		w.uint(w.index[c])
	}
}

func (w *docWriter) entries(list []Entry, keyed bool) {
	w.uint(uint64(len(list)))
	for _, e := range list {
		w.dot(e.Dot)
		if keyed {
			w.bytes(e.Key)
		}
		w.bytes(e.Value)
	}
}

// passed writes names in full: of what is replaced for good there is no stamp.
func (w *docWriter) passed(list []passed) {
	w.uint(uint64(len(list)))
	for _, p := range list {
		w.name(p.dot)
		w.uint(uint64(len(p.over)))
		for _, o := range p.over {
			w.name(o)
		}
	}
}

func (w *docWriter) name(d Dot) {
	w.b = append(w.b, d.Change[:]...)
	w.uint(uint64(d.Index))
}

func (w *docWriter) field(f *field) {
	w.entries(f.register, false)
	w.entries(f.entries, true)
	w.entries(f.set, false)
	w.uint(uint64(len(f.counter.increments)))
	for _, inc := range f.counter.increments {
		w.dot(inc.dot)
		w.int(inc.n)
	}
	w.uint(uint64(len(f.counter.counts)))
	for _, s := range f.counter.counts {
		w.dot(s.dot)
		w.int(s.total)
	}
	w.uint(uint64(len(f.list.positions)))
	for _, p := range f.list.positions {
		w.dot(p.dot)
		w.b = append(w.b, p.log[:]...)
		w.bool(p.right)
		w.bool(p.parent != nil)
		if p.parent != nil {
			w.dot(*p.parent)
		}
	}
	w.uint(uint64(len(f.list.items)))
	for _, it := range f.list.items {
		w.dot(it.dot)
		w.uint(uint64(len(it.places)))
		for _, p := range it.places {
			w.dot(p)
		}
		w.entries(it.values, false)
	}
	w.bool(f.text != nil)
}

// DecodeDoc reads what Encode wrote. It keeps no reference to b. The error is
// ErrDoc.
func DecodeDoc(b []byte) (*Doc, error) {
	r := docReader{b: b}
	if v := r.byte(); v != docVersion && r.err == nil {
		return nil, fmt.Errorf("%w: version %d", ErrDoc, v)
	}
	d := NewDoc(ID{})
	copy(d.id[:], r.take(len(d.id)))
	r.stamps(d)
	for n := r.count(1); n > 0; n-- {
		d.alive = append(d.alive, r.change())
	}
	if n := r.uint(); n > 0 {
		if n > uint64(len(r.changes)) {
			r.fail("a change that isn't listed")
		} else {
			d.newest = r.changes[n-1]
		}
	}
	d.kinds = r.entries(false)
	for n := r.count(34); n > 0 && r.err == nil; n-- {
		p := passed{dot: r.name()}
		for m := r.count(33); m > 0 && r.err == nil; m-- {
			p.over = append(p.over, r.name())
		}
		d.passed = append(d.passed, p)
	}
	var texts []*field
	for n := r.count(9); n > 0 && r.err == nil; n-- {
		number, f := r.uint(), new(field)
		if r.field(f) {
			texts = append(texts, f)
		}
		d.fields[number] = f
	}
	for _, f := range texts {
		t, err := text.Decode(r.bytes(), nil)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDoc, err)
		}
		f.text = t
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail("bytes after the document")
	}
	if r.err != nil {
		return nil, r.err
	}
	d.enough = 2*len(d.stamps) + 16
	return d, nil
}

type docReader struct {
	b       []byte
	err     error
	changes []ChangeID
}

func (r *docReader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrDoc, what)
	}
	r.b = nil
}

func (r *docReader) take(n int) []byte {
	if n > len(r.b) {
		r.fail("it ends too early")
		return make([]byte, min(n, 64))
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *docReader) byte() byte { return r.take(1)[0] }
func (r *docReader) bool() bool { return r.byte() == 1 }

func (r *docReader) uint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.fail("a number is cut off")
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *docReader) int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.fail("a number is cut off")
		return 0
	}
	r.b = r.b[size:]
	return n
}

// count reads how many items follow, each of at least size bytes.
func (r *docReader) count(size int) int {
	n := r.uint()
	if n > uint64(len(r.b)/size) {
		r.fail("more items than bytes")
		return 0
	}
	return int(n)
}

func (r *docReader) bytes() []byte {
	n := r.count(1)
	return slices.Clone(r.take(n))
}

func (r *docReader) change() ChangeID {
	n := r.uint()
	if n >= uint64(len(r.changes)) {
		r.fail("a change that isn't listed")
		return ChangeID{}
	}
	return r.changes[n]
}

func (r *docReader) dot() Dot {
	c := r.change()
	return Dot{Change: c, Index: uint32(r.uint())}
}

func (r *docReader) name() (d Dot) {
	copy(d.Change[:], r.take(len(d.Change)))
	d.Index = uint32(r.uint())
	return d
}

func (r *docReader) stamps(d *Doc) {
	logs := make([]LogID, r.count(len(LogID{})))
	for i := range logs {
		copy(logs[i][:], r.take(len(logs[i])))
	}
	r.changes = make([]ChangeID, r.count(len(ChangeID{})))
	for i := range r.changes {
		copy(r.changes[i][:], r.take(len(r.changes[i])))
		var s Stamp
		if l := r.uint(); l < uint64(len(logs)) {
			s.Log = logs[l]
		} else {
			r.fail("a log that isn't listed")
		}
		s.Lamport, s.Wall.Seconds, s.Wall.Quality = r.uint(), r.uint(), Quality(r.byte())
		d.stamps[r.changes[i]] = s
	}
}

func (r *docReader) entries(keyed bool) []Entry {
	var list []Entry
	for n := r.count(3); n > 0 && r.err == nil; n-- {
		e := Entry{Dot: r.dot()}
		if keyed {
			e.Key = r.bytes()
		}
		e.Value = r.bytes()
		list = append(list, e)
	}
	return list
}

// field reads a field and tells whether it has a text, which comes later.
func (r *docReader) field(f *field) (hasText bool) {
	f.register = r.entries(false)
	f.entries = r.entries(true)
	f.set = r.entries(false)
	for n := r.count(3); n > 0 && r.err == nil; n-- {
		f.counter.increments = append(f.counter.increments, increment{r.dot(), r.int()})
	}
	for n := r.count(3); n > 0 && r.err == nil; n-- {
		f.counter.counts = append(f.counter.counts, stocktake{r.dot(), r.int()})
	}
	for n := r.count(20); n > 0 && r.err == nil; n-- {
		p := position{dot: r.dot()}
		copy(p.log[:], r.take(len(p.log)))
		p.right = r.bool()
		if r.bool() {
			d := r.dot()
			p.parent = &d
		}
		f.list.positions = append(f.list.positions, p)
	}
	for n := r.count(4); n > 0 && r.err == nil; n-- {
		it := item{dot: r.dot()}
		for m := r.count(2); m > 0; m-- {
			it.places = append(it.places, r.dot())
		}
		if len(it.places) == 0 {
			r.fail("an item that stands nowhere")
		}
		it.values = r.entries(false)
		f.list.items = append(f.list.items, it)
	}
	return r.bool()
}
