package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/text"
	"navette/node/replica"
	"navette/storage"
	"navette/storage/memkv"
)

// meet makes a connection.
func (f *fleet) meet() {
	a, b := pick(f, f.nodes), pick(f, f.nodes)
	f.connect(a, b)
}

// part cuts one connection, or all of one node.
func (f *fleet) part() {
	if len(f.conns) > 0 {
		pick(f, f.conns).cut()
	}
}

// disk fills or empties a disk, or makes it fail.
func (f *fleet) disk() {
	n := pick(f, f.nodes)
	switch f.rand.IntN(4) {
	case 0:
		free := pick(f, []int64{20 << 20, 32 << 20, 100 << 20, 1 << 40})
		f.note("%v has %d MiB left", n, free>>20)
		n.kv.SetFree(free)
	case 1:
		f.note("the disk of %v fails to write once", n)
		n.kv.Fail(func(op memkv.Op) error {
			if op.Kind == memkv.Commit && op.N == 0 {
				return memkv.ErrInjected
			}
			return nil
		})
	case 2:
		f.note("the disk of %v breaks after a write", n)
		n.kv.Fail(func(op memkv.Op) error {
			if op.Kind == memkv.Synced {
				return memkv.ErrInjected
			}
			return nil
		})
	default:
		n.kv.SetFree(1 << 40)
		n.kv.Fail(nil)
		if n.broken {
			n.crash(0)
		}
	}
}

// clone copies the machine of a node, randomness and all, while it starts: both
// copies go on as one device, in one log.
func (f *fleet) clone() {
	n := pick(f, f.honest())
	if len(f.nodes) > 5 {
		return
	}
	n.crash(0)
	if f.failed != nil {
		return
	}
	copied := *n
	twin := &copied
	twin.twin = len(f.nodes)
	f.note("%v is copied: %v", n, twin)
	twin.kv, twin.dump = n.kv.Clone(), nil
	twin.nonces = rand.NewPCG(0, 0)
	twin.start()
	state, err := n.nonces.MarshalBinary()
	if err == nil {
		err = twin.nonces.UnmarshalBinary(state) // the next log that either begins is the same
	}
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	f.nodes = append(f.nodes, twin)
	for _, n := range []*node{n, twin} {
		n.edit()
		for range f.rand.IntN(3) {
			n.commit(false)
			n.edit()
		}
	}
}

// restore takes a copy of a database, or puts one back.
func (f *fleet) restore() {
	n := pick(f, f.nodes)
	if n.dump == nil {
		n.dump = n.kv.Clone()
		return
	}
	f.note("%v is restored from an older copy", n)
	n.kv, n.dump = n.dump, nil
	n.crash(0)
	if f.failed != nil {
		return
	}
	for id, at := range f.durable {
		if at == n {
			if ok, err := n.log.Has(id); err == nil && !ok {
				delete(f.durable, id)
			}
		}
	}
}

// burst writes much at once.
func (f *fleet) burst() {
	a := pick(f, f.nodes)
	for range 5 + f.rand.IntN(30) {
		a.edit()
		if f.chance(3) {
			a.commit(false)
		}
	}
}

// edit proposes a change to one or two resources, as a person would who looks
// at what the node shows.
func (n *node) edit() {
	f := n.f
	id, other := pick(f, f.docs), pick(f, f.docs)
	seed := f.rand.Uint64()
	wall := crdt.Wall{Seconds: 2_000_000_000 + uint64((n.skew + f.now).Seconds()), Quality: crdt.QualityUnknown}
	wall.Seconds = min(wall.Seconds, 1<<39)
	n.rep.Propose(replica.Proposal{
		Person: oplog.PublicKey(n.person), Wall: wall,
		Edit: func() ([]crdt.Edit, error) {
			r := rand.New(rand.NewPCG(seed, 1))
			edits, err := n.edits(r, id)
			if err == nil && other != id && r.IntN(4) == 0 {
				var more []crdt.Edit
				more, err = n.edits(r, other)
				edits = append(edits, more...)
			}
			return edits, err
		},
	})
}

// Fields of the resources, one of each type.
const (
	fieldRegister = 1
	fieldSet      = 2
	fieldCounter  = 3
	fieldList     = 4
	fieldText     = 5
)

func (n *node) edits(r *rand.Rand, id crdt.ID) ([]crdt.Edit, error) {
	doc, err := n.log.Doc(id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if err != nil || doc.Kind() == "" {
		return []crdt.Edit{
			{Code: crdt.Create, Resource: id, Value: crdt.Text("thing")},
			{Code: crdt.Set, Resource: id, Field: fieldRegister, Value: crdt.Int(int64(r.Uint32()))},
		}, nil
	}
	switch r.IntN(7) {
	case 0:
		var over []crdt.Dot
		for _, e := range doc.Register(fieldRegister) {
			over = append(over, e.Dot)
		}
		return []crdt.Edit{{Code: crdt.Set, Resource: id, Field: fieldRegister, Value: crdt.Int(int64(r.Uint32())), Over: over}}, nil
	case 1:
		v := crdt.Int(int64(r.IntN(8)))
		if dots := doc.SetDots(fieldSet, v); len(dots) > 0 {
			return []crdt.Edit{{Code: crdt.Discard, Resource: id, Field: fieldSet, Over: dots}}, nil
		}
		return []crdt.Edit{{Code: crdt.Add, Resource: id, Field: fieldSet, Value: v}}, nil
	case 2:
		return []crdt.Edit{{Code: crdt.Increment, Resource: id, Field: fieldCounter, N: int64(r.IntN(9) - 4)}}, nil
	case 3:
		parent, right := doc.Gap(fieldList, r.IntN(len(doc.List(fieldList))+1))
		return []crdt.Edit{{Code: crdt.Insert, Resource: id, Field: fieldList, Parent: parent, Right: right, Value: crdt.Int(int64(r.IntN(99)))}}, nil
	case 4:
		if r.IntN(4) == 0 {
			return []crdt.Edit{{Code: crdt.Remove, Resource: id}}, nil
		}
		return []crdt.Edit{{Code: crdt.Restore, Resource: id}}, nil
	default:
		length := 0
		if t := doc.Text(fieldText); t != nil {
			length = t.Len()
		}
		s := text.Splice{Pos: r.IntN(length + 1), Ins: fmt.Sprint(r.IntN(1000), " ")}
		s.Del = r.IntN(min(length-s.Pos, 5) + 1)
		return []crdt.Edit{{Code: crdt.Splice, Resource: id, Field: fieldText, Splices: []text.Splice{s}}}, nil
	}
}
