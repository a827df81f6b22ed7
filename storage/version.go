package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

// Doc returns what the stored changes make of a resource, or ErrNotFound. The
// document is the caller's. One whose stored form is damaged is folded anew.
func (l *Log) Doc(id crdt.ID) (doc *crdt.Doc, err error) {
	err = l.kv.View(func(r Reader) error {
		root, err := readRoot(r)
		if err != nil {
			return err
		}
		doc, _, err = l.doc(r, root.derived, &history{l: l, r: r}, id)
		return err
	})
	return doc, err
}

// doc reads a document, and folds it anew out of the changes that are in it if
// it is damaged.
func (l *Log) doc(r Reader, g derivedKeys, h *history, id crdt.ID) (*crdt.Doc, head, error) {
	b, head, err := readDoc(r, g, id)
	if err == nil {
		if doc, err := crdt.DecodeDoc(b); err == nil {
			return doc, head, nil
		}
	}
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, head, err
	}
	doc, err := l.fold(r, g, h, id, func(fed) bool { return true })
	return doc, head, err
}

// fold folds those changes to a resource that belong, or returns ErrNotFound.
func (l *Log) fold(r Reader, g derivedKeys, h *history, id crdt.ID, belongs func(fed) bool) (*crdt.Doc, error) {
	var doc *crdt.Doc
	err := l.scanHistory(r, g, id, func(c fed) error {
		if !belongs(c) {
			return nil
		}
		if doc == nil {
			doc = crdt.NewDoc(id)
		}
		doc.Apply(h, c.change)
		return h.err
	})
	if err == nil && doc == nil {
		err = ErrNotFound
	}
	return doc, err
}

// History returns the changes to a resource in the order of the feed, or
// ErrNotFound. Their Resources are left out.
func (l *Log) History(id crdt.ID) (items []FeedItem, err error) {
	err = l.kv.View(func(r Reader) error {
		root, err := readRoot(r)
		if err != nil {
			return err
		}
		return l.scanHistory(r, root.derived, id, func(c fed) error {
			items = append(items, FeedItem{Pos: c.pos, ID: c.change.ID, Void: c.change.Void})
			return nil
		})
	})
	if err == nil && items == nil {
		err = ErrNotFound
	}
	return items, err
}

// scanHistory calls fn with the changes to a resource in the order of the
// feed.
func (l *Log) scanHistory(r Reader, g derivedKeys, id crdt.ID, fn func(fed) error) error {
	prefix := g.touched(id, 0)
	prefix = prefix[:len(prefix)-8]
	l.mu.Lock()
	void := l.void
	l.mu.Unlock()
	return r.Scan(prefix, nil, func(key, value []byte) error {
		d := decoder{b: value, what: "the changes to a resource"}
		c := fed{pos: binary.BigEndian.Uint64(key[len(prefix):]), place: d.place()}
		if err := d.end(); err != nil {
			return err
		}
		block, err := r.Get(l.stored.place(tagBlock, c.place))
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("%w: a change to resource %v is missing", ErrCorrupt, id)
		}
		if err != nil {
			return err
		}
		if c.change, err = dataOf(block); err != nil {
			return err
		}
		if c.change == nil {
			return fmt.Errorf("%w: a genesis among the changes to resource %v", ErrCorrupt, id)
		}
		c.change.Void = void.Has(c.place)
		return fn(c)
	})
}

// DocAt returns a resource as whoever had seen the entries at, and all their
// ancestors, saw it; ErrNotFound if one of them isn't stored, or if they know
// nothing of the resource. For the state before a change, give its prev and
// deps.
func (l *Log) DocAt(id crdt.ID, at ...crdt.ChangeID) (*crdt.Doc, error) {
	var version oplog.Version
	err := l.kv.View(func(r Reader) error {
		var places []oplog.Place
		for _, a := range at {
			p, _, err := l.find(r, a)
			if err != nil {
				return fmt.Errorf("entry %v: %w", a, err)
			}
			places = append(places, p)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		version = l.graph.Past(places...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l.docWith(id, func(c fed) bool { return version.Has(c.place) })
}

// DocThrough returns a resource as it was here when the feed was at pos, or
// ErrNotFound if nothing was known of it then.
func (l *Log) DocThrough(id crdt.ID, pos uint64) (*crdt.Doc, error) {
	return l.docWith(id, func(c fed) bool { return c.pos < pos })
}

// docWith folds those changes to a resource that belong.
func (l *Log) docWith(id crdt.ID, belongs func(fed) bool) (doc *crdt.Doc, err error) {
	err = l.kv.View(func(r Reader) error {
		root, err := readRoot(r)
		if err != nil {
			return err
		}
		doc, err = l.fold(r, root.derived, &history{l: l, r: r}, id, belongs)
		return err
	})
	return doc, err
}

// Saw reports whether earlier is later itself or one of its ancestors; false
// if either isn't stored. It implements crdt.History for what is stored; a
// failure to read counts as not stored.
func (l *Log) Saw(later, earlier crdt.ChangeID) (saw bool) {
	_ = l.kv.View(func(r Reader) error {
		h := history{l: l, r: r}
		saw = h.Saw(later, earlier)
		return nil
	})
	return saw
}
