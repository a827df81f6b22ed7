package oplog

import (
	"encoding/binary"
	"fmt"
	"math"
)

// AppendNode appends the row that stands for one Graph.Add: what a node keeps
// beside its blocks so that the graph can be loaded without reading them. Rows
// may be strung together; a row takes 2 bytes and some 3 for every parent.
func AppendNode(b []byte, own, deps []Place) []byte {
	for _, parents := range [2][]Place{own, deps} {
		b = binary.AppendUvarint(b, uint64(len(parents)))
		for _, p := range parents {
			b = binary.AppendUvarint(b, uint64(p.Chain))
			b = binary.AppendUvarint(b, uint64(p.Pos))
		}
	}
	return b
}

// Load adds the blocks that rows stand for, in order. They get the places that
// they had. On an error, ErrPlace, those before the row that is wrong are in.
func (g *Graph) Load(rows []byte) error {
	var parents [2][]Place
	for len(rows) > 0 {
		for i := range parents {
			parents[i] = parents[i][:0]
			n, err := takeUint32(&rows)
			if err != nil {
				return err
			}
			if n > MaxLinks {
				return fmt.Errorf("%w: row %d with %d parents", ErrPlace, g.count, n)
			}
			for range n {
				chain, err := takeUint32(&rows)
				if err != nil {
					return err
				}
				pos, err := takeUint32(&rows)
				if err != nil {
					return err
				}
				parents[i] = append(parents[i], Place{chain, pos})
			}
		}
		if _, err := g.Add(parents[0], parents[1]); err != nil {
			return fmt.Errorf("row %d: %w", g.count, err)
		}
	}
	return nil
}

func takeUint32(b *[]byte) (uint32, error) {
	n, size := binary.Uvarint(*b)
	if size <= 0 || n > math.MaxUint32 {
		return 0, fmt.Errorf("%w: a row that isn't one", ErrPlace)
	}
	*b = (*b)[size:]
	return uint32(n), nil
}
