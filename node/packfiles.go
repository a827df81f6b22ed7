package node

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"navette/node/valise"
	"navette/storage/blob"
)

// files returns the attachments and previews that resources of the commons
// name, each once, in no order that means anything.
func (s *shelf) files(c *Commons) (out []blob.CID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[blob.CID]bool{}
	x := s.commons[c.id]
	if x == nil {
		return nil
	}
	for _, by := range x.resources {
		for _, a := range by.Files {
			for _, text := range []string{a.CID, a.Preview} {
				if id, err := blob.Parse(text); err == nil && !seen[id] {
					seen[id] = true
					out = append(out, id)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b blob.CID) int { return slices.Compare(a[:], b[:]) })
	return out
}

// choose chooses the files of a valise: those that are here, and that the
// receiver isn't known to have.
func (p *Packing) choose(ctx context.Context, to *Heard) error {
	if err := p.c.shelve(ctx); err != nil {
		return err
	}
	m := p.Manifest
	for _, id := range p.c.n.shelf.files(p.c) {
		size, err := p.c.n.blobs.Size(id)
		if errors.Is(err, blob.ErrAbsent) {
			continue
		}
		if err != nil {
			return err
		}
		m.Attachments = append(m.Attachments, valise.CID(id))
		if to == nil || !slices.Contains(to.attachments, valise.CID(id)) {
			p.files = append(p.files, id)
			m.Counts.Files++
			m.Counts.Bytes += size
		}
	}
	return nil
}

// writeFiles writes the files of the valise. One that was released meanwhile, or
// is damaged, is left out.
func (p *Packing) writeFiles(ctx context.Context, out *valise.Writer) error {
	for _, id := range p.files {
		t, err := p.c.n.blobs.Tree(id)
		if err != nil {
			continue
		}
		for i, node := range t.Nodes {
			if err := out.Piece(valise.Piece{CID: valise.CID(t.NodeCID(i)), Data: node}); err != nil {
				return err
			}
		}
		for i := range t.Leaves {
			leaf, err := p.c.n.blobs.Leaf(t, i)
			if errors.Is(err, blob.ErrAbsent) || errors.Is(err, blob.ErrDamaged) {
				break // the receiver keeps the leaves before it
			}
			if err == nil {
				err = cmp.Or(ctx.Err(), out.Piece(valise.Piece{CID: valise.CID(t.Leaves[i]), Data: leaf}))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// unpackingFiles is the files of a valise being unpacked.
type unpackingFiles struct {
	named map[blob.CID]bool // nil: not looked yet
	root  blob.CID
	nodes [][]byte // of root, until they are all there
	tree  *blob.Tree
	next  int // leaf
	in    *blob.Incoming
}

// piece stores a block of an attachment.
func (u *unpacking) piece(ctx context.Context, p *valise.Piece) error {
	f, n := &u.files, u.c.n
	if f.named == nil { // all that names them has come
		if err := u.c.shelve(ctx); err != nil {
			return err
		}
		f.named = map[blob.CID]bool{}
		for _, id := range n.shelf.files(u.c) {
			f.named[id] = true
		}
	}
	id := blob.CID(p.CID)
	switch {
	case !id.Whole():
		if f.nodes == nil || f.tree != nil {
			*f = unpackingFiles{named: f.named, root: id}
		}
		f.nodes = append(f.nodes, p.Data)
		if tree, err := blob.ReadTree(f.root, f.nodes); err == nil {
			f.tree, f.next = tree, 0
			return u.receive(tree)
		}
		return nil
	case f.tree == nil || f.next == len(f.tree.Leaves):
		*f = unpackingFiles{named: f.named, tree: blob.NewTree([]blob.CID{id}, int64(len(p.Data)))}
		if err := u.receive(f.tree); err != nil {
			return err
		}
	}
	for f.next < len(f.tree.Leaves)-1 && f.tree.Leaves[f.next] != id {
		f.next++ // the packer left some out
	}
	f.next++
	if f.in == nil {
		return nil
	}
	err := f.in.Put(f.next-1, p.Data)
	if errors.Is(err, blob.ErrInvalid) {
		u.out.Unusable++
		return nil
	}
	if err == nil && f.in.Done() {
		u.out.Files++
		n.blobs.Forget(f.in)
		err = n.shelf.come(f.tree.Root)
	}
	return err
}

// receive begins to receive a file, if a resource names it and it isn't here.
func (u *unpacking) receive(t *blob.Tree) (err error) {
	f, n := &u.files, u.c.n
	if !f.named[t.Root] || n.blobs.Has(t.Root) || n.shelf.isReleased(t.Root) {
		return nil
	}
	f.in, err = n.blobs.Receive(t)
	return err
}
