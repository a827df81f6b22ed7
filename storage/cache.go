package storage

import (
	"container/list"

	"navette/crdt"
)

// docOverhead is what a document takes in memory, decoded, beyond its encoding:
// short ones are nothing but that.
const docOverhead = 6 << 10

// A docCache keeps the documents folded last, decoded, within a bound on their
// encoded bytes and overhead. A document in it is as stored: whoever folds
// takes it out and puts it back once the transaction is durable.
type docCache struct {
	limit, bytes int
	byID         map[crdt.ID]*list.Element
	recent       list.List // of *folded, the newest first
}

// A folded document, as stored.
type folded struct {
	doc  *crdt.Doc
	head head
	size int
	// kind and deleted are under which it is listed; kind "" is nowhere.
	kind    string
	deleted bool
}

// take removes a document from the cache and returns it, or nil.
func (c *docCache) take(id crdt.ID) *folded {
	e := c.byID[id]
	if e == nil {
		return nil
	}
	f := c.recent.Remove(e).(*folded)
	delete(c.byID, id)
	c.bytes -= f.size + docOverhead
	return f
}

func (c *docCache) put(f *folded) {
	if f.size > c.limit/2 {
		return
	}
	if c.byID == nil {
		c.byID = map[crdt.ID]*list.Element{}
	}
	c.take(f.doc.ID())
	c.byID[f.doc.ID()] = c.recent.PushFront(f)
	for c.bytes += f.size + docOverhead; c.bytes > c.limit; {
		c.take(c.recent.Back().Value.(*folded).doc.ID())
	}
}

func (c *docCache) clear() { *c = docCache{limit: c.limit} }
