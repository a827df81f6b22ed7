package crdt

import "slices"

// A passed is a void op that would have replaced something, had it counted.
// Whoever then replaced its value, had seen that it stood in place of the
// others': they don't come back beside the newer one.
type passed struct {
	dot  Dot
	over []Dot
}

// leavesTrace tells whether a void op is to be folded all the same, for what
// others may hang on it, and remembers what it would have replaced. Everything
// else of a void change is skipped.
func (d *Doc) leavesTrace(dot Dot, e *Edit) bool {
	switch e.Code {
	case Set, Put, Move, Amend:
		if i, found := d.passedAt(dot); !found && len(e.Over) > 0 {
			d.passed = slices.Insert(d.passed, i, passed{dot, slices.Clone(e.Over)})
		}
	}
	switch e.Code {
	case Insert, Move, Splice:
		return true
	}
	return false
}

func (d *Doc) passedAt(dot Dot) (int, bool) {
	return slices.BinarySearchFunc(d.passed, dot, func(p passed, dot Dot) int { return p.dot.Compare(dot) })
}

// through returns what an op replaces: the dots that it names and, through
// those of void ops, what these would have replaced.
func (d *Doc) through(over []Dot) []Dot {
	if len(d.passed) == 0 {
		return over
	}
	all := slices.Clone(over)
	for i := 0; i < len(all); i++ {
		at, found := d.passedAt(all[i])
		if !found {
			continue
		}
		for _, o := range d.passed[at].over {
			if !slices.Contains(all, o) {
				all = append(all, o)
			}
		}
	}
	return all
}
