package membership_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/text"
)

// A datum is a link of a log, with its signature.
type datum struct {
	label string
	block []byte
	sig   oplog.Signature
}

// begin begins the log of a device ("M/1") for its person under a grant; it
// goes on from prevs. cert is the label of another certificate than that
// person's own of the device; "" is that.
func (w *world) begin(label, device, grant, cert string, prevs ...string) {
	w.tb.Helper()
	if cert == "" {
		cert = "c" + device
	}
	certified, err := w.state.Certified(w.id(cert))
	if err != nil {
		w.tb.Fatal(err)
	}
	g := oplog.LogGenesis{
		Commons: w.genesis.ID, Device: certified.Device, Person: certified.Person,
		Cert: w.id(cert), Grant: w.id(grant), PrevLogs: w.idsOf(prevs...),
	}
	binary.BigEndian.PutUint64(g.Nonce[:], uint64(len(w.data)))
	block, err := g.Encode()
	if err != nil {
		w.tb.Fatal(err)
	}
	l := oplog.Link{ID: oplog.Sum(block)}
	copy(l.Log[:], l.ID[:])
	for _, p := range prevs {
		l.Lamport = max(l.Lamport, w.links[p].Lamport+1)
	}
	w.link(label, l, datum{label, block, oplog.Sign(priv(device), oplog.SigLog, w.genesis.ID, block)})
	w.signers[l.Log] = device
}

// write makes a change that goes on from prev and has seen the changes in seen,
// separated by spaces.
func (w *world) write(label, prev, seen string, edits ...crdt.Edit) {
	w.tb.Helper()
	p := w.links[prev]
	c := oplog.Change{Log: p.Log, Seq: p.Seq + 1, Prev: p.ID, Deps: w.idsOf(strings.Fields(seen)...), Lamport: p.Lamport + 1}
	for _, s := range strings.Fields(seen) {
		c.Lamport = max(c.Lamport, w.links[s].Lamport+1)
	}
	c.Wall = crdt.Wall{Seconds: c.Lamport, Quality: crdt.QualityPeers}
	ops, err := crdt.EncodeOps(edits, c.Refs())
	if err != nil {
		w.tb.Fatal(err)
	}
	c.Ops = ops
	block, err := c.Encode()
	if err != nil {
		w.tb.Fatal(err)
	}
	l := oplog.Link{ID: oplog.Sum(block), Log: c.Log, Seq: c.Seq, Lamport: c.Lamport}
	w.link(label, l, datum{label, block, oplog.Sign(priv(w.signers[c.Log]), oplog.SigChange, w.genesis.ID, block)})
}

func (w *world) link(label string, l oplog.Link, d datum) {
	if w.links == nil {
		w.links, w.signers = map[string]oplog.Link{}, map[crdt.LogID]string{}
	}
	w.links[label], w.ids[label] = l, l.ID
	w.data = append(w.data, d)
}

// The one resource that all scenarios are about, a register and a text of it.
var thing = crdt.ID{1}

const nameField, bodyField = 1, 2

func make0() crdt.Edit {
	return crdt.Edit{Code: crdt.Create, Resource: thing, Value: crdt.Text("tool")}
}

// name sets the name, over what the changes that op index 0 or 1 of set before.
func (w *world) name(value string, over ...crdt.Dot) crdt.Edit {
	return crdt.Edit{Code: crdt.Set, Resource: thing, Field: nameField, Value: crdt.Text(value), Over: over}
}

func (w *world) dot(label string, index uint32) crdt.Dot {
	return crdt.Dot{Change: w.id(label), Index: index}
}

func typed(pos, del int, ins string) crdt.Edit {
	return crdt.Edit{Code: crdt.Splice, Resource: thing, Field: bodyField, Splices: []text.Splice{{Pos: pos, Del: del, Ins: ins}}}
}

// A store is data as one replica holds it: the graph, and what stands where.
type store struct {
	graph  *oplog.Graph
	places map[crdt.ChangeID]oplog.Place
	logs   map[crdt.LogID]*oplog.LogGenesis
	at     []link // in the order of arrival
}

type link struct {
	id     crdt.ChangeID
	place  oplog.Place
	log    crdt.LogID
	change *oplog.Change // nil: a genesis
}

func newStore() *store {
	return &store{graph: &oplog.Graph{}, places: map[crdt.ChangeID]oplog.Place{}, logs: map[crdt.LogID]*oplog.LogGenesis{}}
}

// add stores a block; ok is false if one that it names isn't there yet.
func (s *store) add(tb testing.TB, block []byte) bool {
	tb.Helper()
	l := link{id: oplog.Sum(block)}
	var own, deps []crdt.ChangeID
	if g, err := oplog.DecodeLogGenesis(block); err == nil {
		own, l.log = g.PrevLogs, g.Log()
		s.logs[l.log] = g
	} else if l.change, err = oplog.DecodeChange(block); err == nil {
		own, deps, l.log = []crdt.ChangeID{l.change.Prev}, l.change.Deps, l.change.Log
	} else {
		tb.Fatal(err)
	}
	var places [2][]oplog.Place
	for i, ids := range [][]crdt.ChangeID{own, deps} {
		for _, id := range ids {
			p, ok := s.places[id]
			if !ok {
				return false
			}
			places[i] = append(places[i], p)
		}
	}
	var err error
	if l.place, err = s.graph.Add(places[0], places[1]); err != nil {
		tb.Fatal(err)
	}
	s.places[l.id] = l.place
	s.at = append(s.at, l)
	return true
}

// arrive stores blocks in a random order that respects causality.
func (s *store) arrive(tb testing.TB, rng *rand.Rand, blocks [][]byte) {
	tb.Helper()
	rest := slices.Clone(blocks)
	rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	for idle := 0; len(rest) > 0; idle++ {
		before := len(rest)
		rest = slices.DeleteFunc(rest, func(b []byte) bool { return rng.IntN(3) > 0 && s.add(tb, b) })
		if len(rest) < before {
			idle = 0
		} else if idle > 100 {
			tb.Fatalf("%d blocks whose parents never come", len(rest))
		}
	}
}

// stretches returns where the logs stand, the last on each chain open.
func (s *store) stretches() (all []membership.Stretch) {
	byChain := map[uint32][]link{}
	for _, l := range s.at {
		byChain[l.place.Chain] = append(byChain[l.place.Chain], l)
	}
	for chain := range uint32(s.graph.Chains()) {
		list := byChain[chain]
		for i := 0; i < len(list); {
			n := i
			for n < len(list) && list[n].log == list[i].log {
				n++
			}
			g := s.logs[list[i].log]
			st := membership.Stretch{Chain: chain, From: uint32(i), To: uint32(n), Cert: g.Cert, Grant: g.Grant}
			if n == len(list) {
				st.To = membership.Open
			}
			all = append(all, st)
			i = n
		}
	}
	return all
}

func (s *store) void(m *membership.State) membership.Void {
	return m.Void(s.graph, s.stretches(), func(id crdt.ChangeID) (oplog.Place, bool) {
		p, ok := s.places[id]
		return p, ok
	})
}

// Saw makes it a crdt.History.
func (s *store) Saw(later, earlier crdt.ChangeID) bool {
	a, ok := s.places[later]
	b, known := s.places[earlier]
	return ok && known && s.graph.Saw(a, b)
}

// shown folds the thing and says what is shown of it.
func (s *store) shown(void membership.Void) string {
	d := crdt.NewDoc(thing)
	for _, l := range s.at {
		if l.change != nil {
			c := l.change.Data()
			c.Void = void.Has(l.place)
			d.Apply(s, c)
		}
	}
	var names []string
	for _, e := range d.Register(nameField) {
		v, _ := e.Value.Text()
		names = append(names, v)
	}
	body := ""
	if t := d.Text(bodyField); t != nil {
		body = t.String()
	}
	return fmt.Sprintf("%s %q %q", d.Kind(), names, body)
}
