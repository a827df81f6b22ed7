package reconcile

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"

	"navette/crdt"
)

// An Item is what two nodes compare: an open tip of a log, or a membership
// change. Items are ordered by (Order, Log, ID), which is their key; Seq goes
// along for progress.
type Item struct {
	Order uint64        // tip: the birth of its log in minutes; membership change: its height
	Log   crdt.LogID    // zero for a membership change
	ID    crdt.ChangeID // the tip, or the membership change
	Seq   uint64        // tip: its number in the log; membership change: 0
}

// Compare orders items by key.
func (a Item) Compare(b Item) int {
	return cmp.Or(cmp.Compare(a.Order, b.Order),
		bytes.Compare(a.Log[:], b.Log[:]),
		bytes.Compare(a.ID[:], b.ID[:]))
}

// name is what is hashed and what bounds are a prefix of: LogID and CID.
func (a Item) name() (n [48]byte) {
	copy(n[:16], a.Log[:])
	copy(n[16:], a.ID[:])
	return n
}

// A Set is a frozen set of items, as it stood at one moment. It may be shared
// by sessions.
type Set struct {
	items []Item
	logs  map[crdt.LogID][]Item
}

// NewSet takes ownership of items, which it sorts, dropping duplicates.
func NewSet(items []Item) *Set {
	slices.SortFunc(items, Item.Compare)
	items = slices.CompactFunc(items, func(a, b Item) bool { return a.Compare(b) == 0 })
	s := &Set{items: items, logs: make(map[crdt.LogID][]Item)}
	for i, j := 0, 0; i < len(items); i = j {
		for j = i; j < len(items) && items[j].Log == items[i].Log; j++ {
			continue
		}
		s.logs[items[i].Log] = items[i:j:j]
	}
	return s
}

// Len returns the number of items.
func (s *Set) Len() int { return len(s.items) }

// Items returns the items in order. They are not to be changed.
func (s *Set) Items() []Item { return s.items }

// Has tells whether an item of that key is in the set.
func (s *Set) Has(it Item) bool {
	_, ok := slices.BinarySearchFunc(s.items, it, Item.Compare)
	return ok
}

// ofLog returns the items of a log, which stand together: a log has one birth.
func (s *Set) ofLog(log crdt.LogID) []Item { return s.logs[log] }

// salted is a set under the key of one session: the hash of each item, and
// what they add up to, so that the fingerprint of any range is a subtraction.
type salted struct {
	*Set
	key  sipKey
	hash []uint64
	sum  []uint64 // sum[i] = hash[0] + … + hash[i-1], modulo 2^64
}

func salt(s *Set, key sipKey) *salted {
	v := &salted{Set: s, key: key, hash: make([]uint64, len(s.items)), sum: make([]uint64, len(s.items)+1)}
	for i, it := range s.items {
		v.hash[i] = key.item(it)
		v.sum[i+1] = v.sum[i] + v.hash[i]
	}
	return v
}

// item hashes an item by its ID, which the rest of it follows from.
func (k sipKey) item(it Item) uint64 { return k.sum(it.ID[:]) }

// summary is how many items a range has and what their hashes add up to.
type summary struct{ Count, Sum uint64 }

func (v *salted) summary(i, j int) summary {
	return summary{uint64(j - i), v.sum[j] - v.sum[i]}
}

// summarise is salt(s, key).summary of everything, without the arrays.
func (s *Set) summarise(key sipKey) summary {
	u := summary{Count: uint64(len(s.items))}
	for _, it := range s.items {
		u.Sum += key.item(it)
	}
	return u
}

// The keys of a session: each hello is summarised under its sender's nonce,
// everything after it under both nonces.
func helloKey(nonce Nonce) sipKey { return deriveKey("navette/1/sync/hello", nonce[:]) }
func sessionKey(initiator, responder Nonce) sipKey {
	return deriveKey("navette/1/sync/ranges", initiator[:], responder[:])
}

func deriveKey(label string, parts ...[]byte) sipKey {
	b := append([]byte(label), 0)
	for _, p := range parts {
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return newSipKey([16]byte(sum[:16]))
}

// A bound lies between items: those below it have a lesser order, or the same
// and a name that sorts before the prefix.
type bound struct {
	order  uint64
	prefix string
}

// The widest range.
var lowest = bound{}

func (b bound) compare(c bound) int {
	return cmp.Or(cmp.Compare(b.order, c.order), cmp.Compare(b.prefix, c.prefix))
}

// above tells whether the item is at or above the bound.
func (b bound) above(it Item) bool {
	if it.Order != b.order {
		return it.Order > b.order
	}
	n := it.name()
	return string(n[:]) >= b.prefix
}

// between is the shortest bound with a below it and b above it, for a < b.
func between(a, b Item) bound {
	if a.Order != b.Order {
		return bound{order: b.Order}
	}
	x, y := a.name(), b.name()
	n := 0
	for x[n] == y[n] {
		n++
	}
	return bound{b.Order, string(y[:n+1])}
}

// find returns the first index in [i,j) whose item is at or above b.
func (s *Set) find(i, j int, b bound) int {
	n, _ := slices.BinarySearchFunc(s.items[i:j], b, func(it Item, b bound) int {
		if b.above(it) {
			return 1
		}
		return -1
	})
	return i + n
}
