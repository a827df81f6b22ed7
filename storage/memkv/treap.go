package memkv

import "bytes"

// A node of a persistent treap: no node changes once it is made, so that a
// root is a snapshot. Priorities are hashes of the keys: the shape depends on
// nothing but the keys, whatever the order of writes.
type node struct {
	key, value  []byte
	priority    uint64
	left, right *node
}

// hash is FNV-1a with a final mix, since keys that differ in their last byte
// only are the rule here.
func hash(key []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range key {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func (n *node) get(key []byte) *node {
	for n != nil {
		switch c := bytes.Compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n
		}
	}
	return nil
}

// set returns the treap with key set to value.
func (n *node) set(key, value []byte, priority uint64) *node {
	if n == nil {
		return &node{key: key, value: value, priority: priority}
	}
	m := *n
	switch c := bytes.Compare(key, n.key); {
	case c < 0:
		l := n.left.set(key, value, priority)
		m.left = l
		if l.priority > m.priority { // l is new: rotate right
			r := *l
			m.left, r.right = l.right, &m
			return &r
		}
	case c > 0:
		r := n.right.set(key, value, priority)
		m.right = r
		if r.priority > m.priority {
			l := *r
			m.right, l.left = r.left, &m
			return &l
		}
	default:
		m.value = value
	}
	return &m
}

// delete returns the treap without key.
func (n *node) delete(key []byte) *node {
	if n == nil {
		return nil
	}
	m := *n
	switch c := bytes.Compare(key, n.key); {
	case c < 0:
		m.left = n.left.delete(key)
	case c > 0:
		m.right = n.right.delete(key)
	default:
		return merge(n.left, n.right)
	}
	return &m
}

// merge joins two treaps, all keys of l being less than those of r.
func merge(l, r *node) *node {
	switch {
	case l == nil:
		return r
	case r == nil:
		return l
	case l.priority > r.priority:
		m := *l
		m.right = merge(l.right, r)
		return &m
	}
	m := *r
	m.left = merge(l, r.left)
	return &m
}

// scan calls fn with the keys from from on, in order, while it returns true.
func (n *node) scan(from []byte, fn func(*node) bool) bool {
	if n == nil {
		return true
	}
	if bytes.Compare(n.key, from) < 0 {
		return n.right.scan(from, fn)
	}
	return n.left.scan(from, fn) && fn(n) && n.right.scan(from, fn)
}
