package text

import (
	"bytes"
	"cmp"
	"slices"
)

// idChunk is how many ids of changes share an allocation: a text of many
// changes grows without moving them.
const idChunk = 1024

// names holds what names are made of, numbered in order of arrival, and finds
// events by their names.
type names struct {
	ids    [][][32]byte // of changes, idChunk each
	logs   []log
	logOf  map[[16]byte]uint32
	byName map[Name]int32 // of the events before the one numbered listed
	listed int32
}

type log struct {
	id  [16]byte
	top int32 // its last event in the canonical order
}

func (s *names) changes() int {
	if k := len(s.ids); k > 0 {
		return (k-1)*idChunk + len(s.ids[k-1])
	}
	return 0
}

func (s *names) addChange(id *[32]byte) {
	k := len(s.ids)
	if k == 0 || len(s.ids[k-1]) == idChunk {
		size := idChunk
		if k == 0 {
			size = 0 // most texts are small
		}
		s.ids = append(s.ids, make([][32]byte, 0, size))
		k++
	}
	s.ids[k-1] = append(s.ids[k-1], *id)
}

func (s *names) change(i uint32) *[32]byte { return &s.ids[i/idChunk][i%idChunk] }

// named returns the numbers of a name's log and change; these may be new.
func (h *history) named(n *Name, lamport uint64) (log, change uint32) {
	last := uint32(h.changes() - 1)
	if h.n > 0 {
		r, k := h.at(h.n - 1)
		log = r.log
		if h.logs[log].id == n.Log {
			if r.lamportOf(k) != lamport || *h.change(last) != n.Change {
				h.addChange(&n.Change)
				last++
			}
			return log, last
		}
	}
	h.addChange(&n.Change)
	return h.addLog(n.Log), last + 1
}

// addLog returns the number of a log, which may be new.
func (s *names) addLog(id [16]byte) uint32 {
	i, known := s.logOf[id]
	if !known {
		i = uint32(len(s.logs))
		if s.logOf == nil {
			s.logOf = map[[16]byte]uint32{}
		}
		s.logs, s.logOf[id] = append(s.logs, log{id, -1}), i
	}
	return i
}

func (r *run) lamportOf(k int) uint64 {
	if r.chained {
		return r.lamport + uint64(k)
	}
	return r.lamport
}

func (r *run) indexOf(k int) uint32 {
	if r.chained {
		return r.index
	}
	return r.index + uint32(k)
}

// changeOf returns the number of an event's change.
func (r *run) changeOf(k int) uint32 {
	if r.chained {
		return r.id + uint32(k)
	}
	return r.id
}

func (h *history) name(e int32) Name {
	r, k := h.at(e)
	return Name{Log: h.logs[r.log].id, Change: *h.change(r.changeOf(k)), Index: r.indexOf(k)}
}

func (h *history) lamport(e int32) uint64 {
	r, k := h.at(e)
	return r.lamportOf(k)
}

func (h *history) namesOf(es []int32) []Name {
	ns := make([]Name, len(es))
	for i, e := range es {
		ns[i] = h.name(e)
	}
	slices.SortFunc(ns, Name.Compare)
	return ns
}

// recent is how many events find looks at before it makes a map: parents are
// usually among the latest.
const recent = 64

// find returns the event of a name.
func (h *history) find(n *Name) (int32, bool) {
	end := h.n
	for i := len(h.runs) - 1; i >= 0 && end > h.n-recent; i-- {
		r := &h.runs[i]
		if h.logs[r.log].id == n.Log {
			for k := int(end - 1 - r.first); k >= max(0, int(h.n-recent-r.first)); k-- {
				if r.indexOf(k) == n.Index && *h.change(r.changeOf(k)) == n.Change {
					return r.first + int32(k), true
				}
			}
		}
		end = r.first
	}
	if h.byName == nil {
		h.byName = make(map[Name]int32, h.n)
	}
	for ; h.listed < h.n; h.listed++ {
		h.byName[h.name(h.listed)] = h.listed
	}
	e, ok := h.byName[*n]
	return e, ok
}

// compare compares the place of an event in the canonical order, (lamport,
// change, log, index), with one that may not be here.
func (h *history) compare(e int32, lamport uint64, n *Name) int {
	r, k := h.at(e)
	if l := r.lamportOf(k); l != lamport {
		return cmp.Compare(l, lamport)
	}
	return cmp.Or(bytes.Compare(h.change(r.changeOf(k))[:], n.Change[:]),
		bytes.Compare(h.logs[r.log].id[:], n.Log[:]), cmp.Compare(r.indexOf(k), n.Index))
}

// before tells whether a stands before b in the canonical order.
func (h *history) before(a, b int32) bool {
	if x, y := h.lamport(a), h.lamport(b); x != y {
		return x < y
	}
	n := h.name(b)
	return h.compare(a, h.lamport(b), &n) < 0
}
