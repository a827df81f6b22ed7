package membership

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A Stretch is links of one log that stand on one chain of a graph, one after
// the other: from From on, to To, which isn't one of them.
type Stretch struct {
	Chain    uint32
	From, To uint32
	// Cert and Grant are those that the log's genesis names.
	Cert, Grant crdt.ChangeID
}

// Open is the To of a stretch or interval at the end of a chain: what comes
// there later is in it, too.
const Open = math.MaxUint32

// An Interval is places of a chain, from From on to To, which isn't in it.
type Interval struct{ From, To uint32 }

// A Void is a set of places in a graph: by chain, disjoint intervals in
// ascending order. None of them is empty, nor do two touch.
type Void map[uint32][]Interval

// Has tells whether a place is in v.
func (v Void) Has(p oplog.Place) bool {
	list := v[p.Chain]
	i, found := slices.BinarySearchFunc(list, p.Pos, func(i Interval, pos uint32) int { return cmp.Compare(i.From, pos) })
	return found || i > 0 && p.Pos < list[i-1].To
}

// Equal tells whether two sets are the same.
func (v Void) Equal(w Void) bool { return maps.EqualFunc(v, w, slices.Equal[[]Interval]) }

// Differ returns the places of a chain that are in one of v and w alone.
func (v Void) Differ(w Void, chain uint32) (differ []Interval) {
	var ends []uint32
	for _, i := range slices.Concat(v[chain], w[chain]) {
		ends = append(ends, i.From, i.To)
	}
	slices.Sort(ends)
	var left []uint32 // where two fall together, both change: nothing does
	for _, e := range ends {
		if n := len(left); n > 0 && left[n-1] == e {
			left = left[:n-1]
		} else {
			left = append(left, e)
		}
	}
	for i := 0; i < len(left); i += 2 {
		differ = append(differ, Interval{left[i], left[i+1]})
	}
	return differ
}

// Names tells whether a change of data is named by a cut, an adoption or a
// revert that is stored, whether it counts or not: once such a change is
// stored, others may be void, or not any more.
func (s *State) Names(id crdt.ChangeID) bool { return s.named[id] }

// Void returns the places of g that are void (RULES.md, "Data"). logs are all
// that stands in g, in any order; place says where a change is, if it is
// stored. It is a function of the changes of membership that were added and of
// the changes in g: which place they got makes no difference.
func (s *State) Void(g *oplog.Graph, logs []Stretch, place func(crdt.ChangeID) (oplog.Place, bool)) Void {
	j := judging{s: s, g: g, place: place, verdicts: map[[2]crdt.ChangeID]limits{}}
	for _, a := range s.adopters {
		if s.counts(a) {
			j.adopters = append(j.adopters, a)
		}
	}
	v := Void{}
	for _, l := range logs {
		from, ok := j.limit(l)
		if ok && from < l.To {
			v[l.Chain] = append(v[l.Chain], Interval{from, l.To})
		}
	}
	for _, r := range s.reverts {
		if s.counts(r) {
			j.revert(v, r)
		}
	}
	for chain, list := range v {
		v[chain] = merged(list)
	}
	return v
}

// A judging is one run of Void.
type judging struct {
	s        *State
	g        *oplog.Graph
	place    func(crdt.ChangeID) (oplog.Place, bool)
	adopters []*node // those that count
	// verdicts has, by certificate and grant, what bounds a log: all of these.
	verdicts map[[2]crdt.ChangeID]limits
}

// limits bound what of a log is visible to what is in each of them.
type limits []oplog.Version

// limit returns the first place of a stretch that is void; ok is false if none
// can be.
func (j *judging) limit(l Stretch) (from uint32, ok bool) {
	key := [2]crdt.ChangeID{l.Cert, l.Grant}
	all, known := j.verdicts[key]
	if !known {
		all = j.judge(j.s.Log(l.Cert, l.Grant))
		j.verdicts[key] = all
	}
	from = l.To
	for _, inside := range all {
		end := uint32(0)
		if int64(l.Chain) < int64(len(inside)) {
			end = inside[l.Chain]
		}
		from = min(from, max(end, l.From))
	}
	return from, len(all) > 0
}

func (j *judging) judge(v Verdict) (all limits) {
	if !v.Counts {
		all = append(all, j.behind(j.adopted(nil)))
	}
	for i, cut := range v.Cuts {
		r := j.s.byID[v.By[i]]
		all = append(all, j.behind(append(j.adopted(r), cut...)))
	}
	return all
}

// adopted returns what was adopted by those who had seen r; by all, without r.
func (j *judging) adopted(r *node) (ids []crdt.ChangeID) {
	for _, a := range j.adopters {
		if r == nil || a.saw(r) {
			ids = append(ids, a.grant().Adopt...)
		}
	}
	return ids
}

func (j *judging) behind(ids []crdt.ChangeID) oplog.Version {
	var places []oplog.Place
	for _, id := range ids {
		if p, ok := j.place(id); ok {
			places = append(places, p)
		}
	}
	return j.g.Behind(places...)
}

// revert adds what r reverts, unless somebody who had seen r adopted it.
func (j *judging) revert(v Void, r *node) {
	for _, id := range r.Op.(*oplog.Revert).Changes {
		p, ok := j.place(id)
		if !ok || slices.ContainsFunc(j.adopters, func(a *node) bool {
			return a.saw(r) && slices.Contains(a.grant().Adopt, id)
		}) {
			continue
		}
		v[p.Chain] = append(v[p.Chain], Interval{p.Pos, p.Pos + 1})
	}
}

// merged sorts intervals and joins those that overlap or touch.
func merged(list []Interval) []Interval {
	slices.SortFunc(list, func(a, b Interval) int { return cmp.Compare(a.From, b.From) })
	out := list[:0]
	for _, i := range list {
		if n := len(out); n > 0 && i.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, i.To)
		} else {
			out = append(out, i)
		}
	}
	return out
}

// dataNamed returns the changes of data that an op names.
func dataNamed(op oplog.MemberOp) []crdt.ChangeID {
	switch op := op.(type) {
	case *oplog.Grant:
		return op.Adopt
	case *oplog.Remove:
		return op.Cut
	case *oplog.RevokeDevice:
		return op.Cut
	case *oplog.CutPart:
		return op.Cut
	case *oplog.Revert:
		return op.Changes
	}
	return nil
}
