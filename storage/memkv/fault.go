package memkv

import (
	"bytes"
	"errors"
	"slices"
)

// ErrInjected is a ready-made failure for rules.
var ErrInjected = errors.New("memkv: injected failure")

var errEmptyKey = errors.New("memkv: empty key")

// Fail asks rule before each operation; what it returns is what the operation
// returns. A nil rule ends that. Counting starts anew.
func (db *DB) Fail(rule func(Op) error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.rule, db.counts = rule, [Synced + 1]int{}
}

// fail asks the rule about op.
func (db *DB) fail(op Op) error {
	db.mu.RLock()
	rule := db.rule
	db.mu.RUnlock()
	if rule == nil {
		return nil
	}
	db.mu.Lock()
	op.N = db.counts[op.Kind]
	db.counts[op.Kind]++
	db.mu.Unlock()
	return rule(op)
}

// SetFree says how many bytes are free on the disk. At first there is room.
func (db *DB) SetFree(bytes int64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.free = bytes
}

// Updates returns how many updates were committed since New, Clone or
// CutPower.
func (db *DB) Updates() int {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.updates
}

// CutPower takes back the last n updates, as a disk does that said "written"
// too early, and leaves the store as a fresh start finds it: open, unbroken,
// without a rule. It goes back no further than Options.History updates and
// returns how many it took back. Transactions that run meanwhile must have
// ended.
func (db *DB) CutPower(n int) int {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.mu.Lock()
	defer db.mu.Unlock()
	n = min(n, len(db.past))
	if n > 0 {
		s := db.past[len(db.past)-n]
		db.root, db.size = s.root, s.size
		db.past = slices.Delete(db.past, len(db.past)-n, len(db.past))
	}
	db.rule, db.counts, db.broken, db.closed, db.updates = nil, [Synced + 1]int{}, false, false, 0
	return n
}

// Clone returns an independent copy of the store as it is, open and unbroken,
// without the rule of Fail and without a past.
func (db *DB) Clone() *DB {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return &DB{o: db.o, root: db.root, size: db.size, free: db.free}
}

// Flip inverts one bit of the value of the first key that begins with prefix
// and has a value, and tells whether there was one. Bits count from the
// lowest of the first byte, negative ones from the end, modulo the length.
func (db *DB) Flip(prefix []byte, bit int) bool {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.mu.Lock()
	defer db.mu.Unlock()
	var at *node
	db.root.scan(prefix, func(n *node) bool {
		if bytes.HasPrefix(n.key, prefix) && len(n.value) > 0 {
			at = n
		}
		return at == nil && bytes.HasPrefix(n.key, prefix)
	})
	if at == nil {
		return false
	}
	value := bytes.Clone(at.value)
	n := 8 * len(value)
	bit = (bit%n + n) % n
	value[bit/8] ^= 1 << (bit % 8)
	db.root = db.root.set(at.key, value, at.priority)
	return true
}

// Keys returns the keys that begin with prefix, in order.
func (db *DB) Keys(prefix []byte) [][]byte {
	db.mu.RLock()
	root := db.root
	db.mu.RUnlock()
	var keys [][]byte
	root.scan(prefix, func(n *node) bool {
		if !bytes.HasPrefix(n.key, prefix) {
			return false
		}
		keys = append(keys, n.key)
		return true
	})
	return keys
}
