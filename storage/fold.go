package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A change, and where it stands in the feed and in the graph.
type fed struct {
	pos    uint64
	place  oplog.Place
	change *crdt.Change
}

// A folding turns changes into the rows of what they make of resources.
type folding struct {
	l       *Log
	r       Reader
	keys    derivedKeys
	history *history
	done    []*folded             // to be cached once the rows are durable
	counts  map[string]*KindCount // of the kinds that resources came to or left
}

func (l *Log) newFolding(r Reader, g derivedKeys, h *history) *folding {
	return &folding{l: l, r: r, keys: g, history: h, counts: map[string]*KindCount{}}
}

// byResource sorts changes under the resources that they change.
func byResource(changes []fed) map[crdt.ID][]fed {
	m := make(map[crdt.ID][]fed)
	for _, c := range changes {
		for _, id := range resources(c.change) {
			m[id] = append(m[id], c)
		}
	}
	return m
}

// resources returns what a change changes, each once, in the order of its ops.
func resources(c *crdt.Change) []crdt.ID {
	ids, ok := c.Resources()
	var out []crdt.ID
	seen := make(map[crdt.ID]bool)
	for i, id := range ids {
		if ok[i] && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// resource folds changes, in the order of the feed, into one resource. The
// segments of its document may be written before the rest. Unless what it
// returns is given to accept, nothing has happened.
func (f *folding) resource(id crdt.ID, changes []fed) (doc *folded, segments, final rows, err error) {
	if doc, err = f.load(id); err != nil {
		return nil, rows{}, rows{}, err
	}
	for _, c := range changes {
		doc.doc.Apply(f.history, c.change)
		final.set(f.keys.touched(id, c.pos), appendPlace(nil, c.place))
	}
	if err := f.history.err; err != nil {
		return nil, rows{}, rows{}, err
	}
	segments, written := f.store(doc)
	final.add(written)
	return doc, segments, final, nil
}

// store returns the rows of a document.
func (f *folding) store(doc *folded) (segments, final rows) {
	encoded := doc.doc.Encode()
	doc.size = len(encoded)
	segments, final, doc.head = writeDoc(f.keys, doc.doc.ID(), doc.head, encoded)
	return segments, final
}

// accept adds to r what a folded resource changes in the lists of kinds, and
// counts it. Its rows cost less than acceptCost.
func (f *folding) accept(doc *folded, r *rows) error {
	f.done = append(f.done, doc)
	return f.list(doc, r)
}

// load returns a document as stored, for folding.
func (f *folding) load(id crdt.ID) (*folded, error) {
	if doc := f.l.docs.take(id); doc != nil {
		return doc, nil
	}
	doc, h, err := f.l.doc(f.r, f.keys, f.history, id)
	if errors.Is(err, ErrNotFound) {
		return &folded{doc: crdt.NewDoc(id), head: h}, nil
	}
	if err != nil {
		return nil, err
	}
	return &folded{doc: doc, head: h, kind: listedKind(doc), deleted: doc.Deleted()}, nil
}

// maxKind is the longest kind, in bytes, that resources are listed under: it
// is a part of a key.
const maxKind = 255

// acceptCost is more than two entries in the lists of kinds and two counts
// cost.
const acceptCost, acceptKeys = 4 * (maxKind + 64), 4

func listedKind(d *crdt.Doc) string {
	if k := d.Kind(); len(k) <= maxKind {
		return k
	}
	return ""
}

// list moves a document in the lists of kinds.
func (f *folding) list(doc *folded, r *rows) error {
	kind, deleted := listedKind(doc.doc), doc.doc.Deleted()
	if kind == doc.kind && deleted == doc.deleted {
		return nil
	}
	id := doc.doc.ID()
	if doc.kind != "" {
		if doc.kind != kind {
			r.delete(append(f.keys.kind(doc.kind), id[:]...))
		}
		if err := f.count(doc.kind, doc.deleted, -1); err != nil {
			return err
		}
	}
	if kind != "" {
		r.set(append(f.keys.kind(kind), id[:]...), flag(deleted))
		if err := f.count(kind, deleted, 1); err != nil {
			return err
		}
	}
	doc.kind, doc.deleted = kind, deleted
	return nil
}

func flag(b bool) []byte {
	if b {
		return []byte{1}
	}
	return nil
}

func (f *folding) count(kind string, deleted bool, by int) error {
	c := f.counts[kind]
	if c == nil {
		var err error
		if c, err = readCount(f.r, f.keys, kind); err != nil {
			return err
		}
		f.counts[kind] = c
	}
	if deleted {
		c.Deleted += by
	} else {
		c.Live += by
	}
	return nil
}

// finish returns the rows that a transaction has once, whatever it folded.
func (f *folding) finish() (r rows) {
	for _, kind := range slices.Sorted(maps.Keys(f.counts)) {
		c := f.counts[kind]
		b := binary.AppendUvarint(nil, uint64(max(c.Live, 0)))
		r.set(f.keys.count(kind), binary.AppendUvarint(b, uint64(max(c.Deleted, 0))))
	}
	return r
}

// keep caches what is durable now.
func (f *folding) keep() {
	for _, doc := range f.done {
		f.l.docs.put(doc)
	}
}

// fold returns the rows of what staged changes make of all their resources, or
// ok = false if they don't fit beside those that are there already.
func (s *stage) fold() (f *folding, all rows, ok bool, err error) {
	h := &history{l: s.l, r: s.r, staged: make(map[crdt.ChangeID]oplog.Place, len(s.links))}
	var changes []fed
	for i, link := range s.links {
		if link.change != nil {
			h.staged[link.change.ID] = link.place
			link.change.Void = s.judgement.void.Has(link.place)
			changes = append(changes, fed{s.from + uint64(i), link.place, link.change})
		}
	}
	f = s.l.newFolding(s.r, s.l.derived, h)
	limits := s.l.kv.Limits()
	limits.Bytes -= s.rows.cost
	limits.Keys -= len(s.rows.list)
	sorted := byResource(changes)
	for _, id := range sortedIDs(sorted) {
		doc, segments, final, err := f.resource(id, sorted[id])
		if err != nil {
			return nil, rows{}, false, err
		}
		all.add(segments)
		all.add(final)
		if err := f.accept(doc, &all); err != nil {
			return nil, rows{}, false, err
		}
		if !all.fit(limits) {
			return nil, rows{}, false, nil
		}
	}
	all.add(f.finish())
	return f, all, all.fit(limits), nil
}

func sortedIDs(m map[crdt.ID][]fed) []crdt.ID {
	return slices.SortedFunc(maps.Keys(m), func(a, b crdt.ID) int { return bytes.Compare(a[:], b[:]) })
}
