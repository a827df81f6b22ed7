package membership

import (
	"bytes"
	"cmp"
	"math"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A rank is a place in the chain of grants: depth and path of RULES.md, the
// path as a list from its last entry up. It never changes.
type rank struct {
	up     *rank
	depth  uint64 // belowStewards for all others
	length int    // of the path
	height uint64 // of the grant
	id     crdt.ChangeID
}

const belowStewards = math.MaxUint64

func (r *rank) below(n *node, role oplog.Role) *rank {
	depth := uint64(belowStewards)
	if role >= oplog.RoleSteward && r.depth != belowStewards {
		depth = r.depth + 1
	}
	return &rank{up: r, depth: depth, length: r.length + 1, height: n.Height, id: n.id}
}

// senior tells whether a comes before b: by depth, then by path, where a
// prefix comes before what it begins.
func senior(a, b *rank) bool {
	if a.depth != b.depth {
		return a.depth < b.depth
	}
	x, y := a, b
	for x.length > y.length {
		x = x.up
	}
	for y.length > x.length {
		y = y.up
	}
	// The difference nearest the genesis decides.
	order := cmp.Compare(a.length, b.length)
	for x != y {
		if c := cmp.Or(cmp.Compare(x.height, y.height), bytes.Compare(x.id[:], y.id[:])); c != 0 {
			order = c
		}
		x, y = x.up, y.up
	}
	return order < 0
}

// level returns the rank of what n relies on.
func (n *node) level() *rank { return n.auth.rank }
