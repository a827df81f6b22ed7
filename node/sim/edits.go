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
)

// Fields of the resources, one of each type.
const (
	fieldRegister = iota + 1
	fieldMap
	fieldSet
	fieldCounter
	fieldList
	fieldText
)

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
	e := edit(r, doc)
	e.Resource = id
	return []crdt.Edit{e}, nil
}

// edit draws something that can be done to a document.
func edit(r *rand.Rand, doc *crdt.Doc) crdt.Edit {
	value := crdt.Int(int64(r.IntN(8)))
	switch r.IntN(9) {
	case 0:
		return crdt.Edit{Code: crdt.Set, Field: fieldRegister, Value: value, Over: crdt.Dots(doc.Register(fieldRegister))}
	case 1:
		key := crdt.Int(int64(r.IntN(4)))
		e := crdt.Edit{Code: crdt.Put, Field: fieldMap, Key: key, Value: value, Over: crdt.Dots(doc.MapEntry(fieldMap, key))}
		if len(e.Over) > 0 && r.IntN(3) == 0 {
			e.Code, e.Value = crdt.Drop, crdt.Value{}
		}
		return e
	case 2:
		if dots := doc.SetDots(fieldSet, value); len(dots) > 0 {
			return crdt.Edit{Code: crdt.Discard, Field: fieldSet, Over: dots}
		}
		return crdt.Edit{Code: crdt.Add, Field: fieldSet, Value: value}
	case 3:
		if r.IntN(4) == 0 {
			return crdt.Edit{Code: crdt.Count, Field: fieldCounter, N: int64(r.IntN(20))}
		}
		return crdt.Edit{Code: crdt.Increment, Field: fieldCounter, N: int64(r.IntN(9) - 4)}
	case 4, 5:
		return editList(r, doc, value)
	case 6:
		if r.IntN(4) == 0 {
			return crdt.Edit{Code: crdt.Remove}
		}
		return crdt.Edit{Code: crdt.Restore}
	default:
		length := 0
		if t := doc.Text(fieldText); t != nil {
			length = t.Len()
		}
		s := text.Splice{Pos: r.IntN(length + 1), Ins: fmt.Sprint(r.IntN(1000), " ")}
		s.Del = r.IntN(min(length-s.Pos, 5) + 1)
		return crdt.Edit{Code: crdt.Splice, Field: fieldText, Splices: []text.Splice{s}}
	}
}

func editList(r *rand.Rand, doc *crdt.Doc, value crdt.Value) crdt.Edit {
	items := doc.List(fieldList)
	e := crdt.Edit{Field: fieldList}
	e.Parent, e.Right = doc.Gap(fieldList, r.IntN(len(items)+1))
	if len(items) == 0 || r.IntN(3) == 0 {
		e.Code, e.Value = crdt.Insert, value
		return e
	}
	it := items[r.IntN(len(items))]
	e.Item = it.Dot
	switch r.IntN(4) {
	case 0:
		e.Code, e.Over = crdt.Take, crdt.Dots(it.Entries)
	case 1:
		e.Code, e.Value, e.Over = crdt.Amend, value, crdt.Dots(it.Entries)
	default:
		e.Code, e.Over = crdt.Move, it.Places
		return e
	}
	e.Parent, e.Right = nil, false
	return e
}
