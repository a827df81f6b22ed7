package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// width is how many children a node has at most.
const width = 1024

// LeafCID names a leaf.
func LeafCID(data []byte) CID { return name(prefixRaw, data) }

func nodeCID(block []byte) CID { return name(prefixPB, block) }

func name(prefix string, block []byte) (c CID) {
	copy(c[:], prefix)
	sum := sha256.Sum256(block)
	copy(c[4:], sum[:])
	return c
}

// A Tree is the shape of a file: its leaves in order, and the nodes over them.
type Tree struct {
	Root   CID
	Size   int64
	Leaves []CID
	Nodes  [][]byte // root first, level by level; none if there is one leaf
}

// child is what a node says of what is under it.
type child struct {
	id          CID
	size, total uint64
}

// NewTree returns the shape of a file of that size, whose leaves they are.
func NewTree(leaves []CID, size int64) *Tree {
	t := &Tree{Size: size, Leaves: leaves}
	level := make([]child, len(leaves))
	for i, id := range leaves {
		n := uint64(t.leafSize(i))
		level[i] = child{id, n, n}
	}
	for len(level) > 1 {
		var above []child
		var nodes [][]byte
		for len(level) > 0 {
			group := level[:min(width, len(level))]
			level = level[len(group):]
			block := encodeNode(group)
			nodes = append(nodes, block)
			c := child{id: nodeCID(block), total: uint64(len(block))}
			for _, g := range group {
				c.size += g.size
				c.total += g.total
			}
			above = append(above, c)
		}
		t.Nodes = append(nodes, t.Nodes...)
		level = above
	}
	t.Root = level[0].id
	return t
}

// NodeCID names one of Nodes.
func (t *Tree) NodeCID(i int) CID { return nodeCID(t.Nodes[i]) }

// leafSize is the size of a leaf.
func (t *Tree) leafSize(i int) int { return int(min(LeafSize, t.Size-int64(i)*LeafSize)) }

func encodeNode(children []child) (b []byte) {
	sizes := []byte{0x08, 0x02} // a file
	var size uint64
	for _, c := range children {
		size += c.size
	}
	sizes = binary.AppendUvarint(append(sizes, 0x18), size)
	for _, c := range children {
		link := append([]byte{0x0a, byte(len(c.id))}, c.id[:]...)
		link = append(link, 0x12, 0, 0x18) // without a name
		link = binary.AppendUvarint(link, c.total)
		b = binary.AppendUvarint(append(b, 0x12), uint64(len(link)))
		b = append(b, link...)
		sizes = binary.AppendUvarint(append(sizes, 0x20), c.size)
	}
	b = binary.AppendUvarint(append(b, 0x0a), uint64(len(sizes)))
	return append(b, sizes...)
}

// decodeNode returns the CIDs of a node's children, and its size. It accepts
// more than encodeNode makes: whoever uses it encodes anew and compares.
func decodeNode(b []byte) (children []CID, size uint64, err error) {
	bad := fmt.Errorf("%w: a node that can't be read", ErrInvalid)
	for len(b) > 0 {
		tag := b[0]
		n, k := binary.Uvarint(b[1:])
		if k <= 0 || n > uint64(len(b)-1-k) {
			return nil, 0, bad
		}
		body := b[1+k : 1+k+int(n)]
		b = b[1+k+int(n):]
		switch {
		case tag == 0x12 && len(body) > 2+len(CID{}) && body[0] == 0x0a && body[1] == byte(len(CID{})) && len(children) < width:
			children = append(children, CID(body[2:2+len(CID{})]))
		case tag == 0x0a && bytes.HasPrefix(body, []byte{0x08, 0x02, 0x18}):
			if size, k = binary.Uvarint(body[3:]); k <= 0 {
				return nil, 0, bad
			}
		default:
			return nil, 0, bad
		}
	}
	return children, size, nil
}

// Children returns the CIDs under a node, which may be anybody's bytes. The
// error is ErrInvalid.
func Children(node []byte) ([]CID, error) {
	children, _, err := decodeNode(node)
	return children, err
}

// ReadTree makes the shape of a file of its nodes, root first, and refuses any
// that isn't the one that FORMAT.md gives to the file's content: ErrInvalid.
func ReadTree(root CID, nodes [][]byte) (*Tree, error) {
	if root.Whole() {
		return nil, fmt.Errorf("%w: %v has no nodes", ErrInvalid, root)
	}
	level := []CID{root}
	size, first := uint64(0), true
	for len(level) > 0 && !level[0].Whole() {
		var below []CID
		for _, id := range level {
			if len(nodes) == 0 || nodeCID(nodes[0]) != id {
				return nil, fmt.Errorf("%w: node %v isn't there", ErrInvalid, id)
			}
			children, n, err := decodeNode(nodes[0])
			if err != nil {
				return nil, err
			}
			if first {
				size, first = n, false
			}
			nodes = nodes[1:]
			below = append(below, children...)
		}
		level = below
	}
	if size > MaxSize || len(level) < 2 || uint64(len(level)-1) != (size-1)/LeafSize || len(nodes) > 0 {
		return nil, fmt.Errorf("%w: %d leaves for %d bytes", ErrInvalid, len(level), size)
	}
	t := NewTree(level, int64(size))
	if t.Root != root {
		return nil, fmt.Errorf("%w: %v is cut in another way", ErrInvalid, root)
	}
	return t, nil
}
