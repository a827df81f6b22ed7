package reconcile_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
)

var commons = oplog.CommonsID(sha256.Sum256([]byte("a commons")))

// A store is a Source in a map: what a node holds, without a node.
type store struct {
	links   map[crdt.ChangeID]link
	members map[crdt.ChangeID]reconcile.Item
	blocks  map[crdt.ChangeID]reconcile.Member
}

type link struct {
	oplog.Link
	block []byte
	prev  crdt.ChangeID
	deps  []crdt.ChangeID
	birth uint64
	sig   *oplog.Signature
}

func newStore() *store {
	return &store{
		links:   map[crdt.ChangeID]link{},
		members: map[crdt.ChangeID]reconcile.Item{},
		blocks:  map[crdt.ChangeID]reconcile.Member{},
	}
}

func (s *store) Members() *reconcile.Set {
	var items []reconcile.Item
	for _, it := range s.members {
		items = append(items, it)
	}
	return reconcile.NewSet(items)
}

func (s *store) Tips() *reconcile.Set {
	var items []reconcile.Item
	for id, l := range s.links {
		if !s.continued(id) {
			items = append(items, reconcile.Item{Order: l.birth, Log: l.Log, ID: id, Seq: l.Seq})
		}
	}
	return reconcile.NewSet(items)
}

func (s *store) continued(id crdt.ChangeID) bool {
	for _, l := range s.links {
		if l.prev == id {
			return true
		}
	}
	return false
}

func (s *store) Member(id crdt.ChangeID) ([]byte, oplog.Signature, bool) {
	m, ok := s.blocks[id]
	return m.Block, m.Sig, ok
}

func (s *store) Link(id crdt.ChangeID) (oplog.Link, bool) {
	l, ok := s.links[id]
	return l.Link, ok
}

func (s *store) PrevLogs(crdt.ChangeID) []oplog.Link { return nil }

func (s *store) Saw(later, earlier crdt.ChangeID) bool {
	seen := map[crdt.ChangeID]bool{}
	for left := []crdt.ChangeID{later}; len(left) > 0; {
		id := left[len(left)-1]
		left = left[:len(left)-1]
		l, ok := s.links[id]
		if !ok || seen[id] || l.Lamport < s.links[earlier].Lamport {
			continue
		}
		if id == earlier {
			return true
		}
		seen[id] = true
		left = append(append(left, l.prev), l.deps...)
	}
	return false
}

func (s *store) Back(id crdt.ChangeID) (ids []crdt.ChangeID) {
	path := s.path(id)
	for i, step := len(path)-1, 1; i > 0; i, step = i-step, step*2 {
		ids = append(ids, path[i])
	}
	return append(ids, path[0])
}

// path returns the links from the genesis to id.
func (s *store) path(id crdt.ChangeID) (path []crdt.ChangeID) {
	for ; id != (crdt.ChangeID{}); id = s.links[id].prev {
		path = append(path, id)
	}
	slices.Reverse(path)
	return path
}

func (s *store) beyond(tip crdt.ChangeID, have []crdt.ChangeID) []crdt.ChangeID {
	path := s.path(tip)
	for _, h := range have {
		for _, id := range s.path(h) {
			path = slices.DeleteFunc(path, func(p crdt.ChangeID) bool { return p == id })
		}
	}
	return path
}

func (s *store) Peek(tip crdt.ChangeID, have []crdt.ChangeID) (oplog.Link, bool) {
	path := s.beyond(tip, have)
	if len(path) == 0 {
		return oplog.Link{}, false
	}
	return s.links[path[0]].Link, true
}

func (s *store) Open(tip crdt.ChangeID, have []crdt.ChangeID) (reconcile.Branch, error) {
	return &branch{s, s.beyond(tip, have)}, nil
}

type branch struct {
	s    *store
	left []crdt.ChangeID
}

func (b *branch) Peek() (oplog.Link, bool, error) {
	if len(b.left) == 0 {
		return oplog.Link{}, false, nil
	}
	return b.s.links[b.left[0]].Link, true, nil
}

func (b *branch) Next() (*oplog.Run, error) {
	var blocks [][]byte
	var first, last oplog.Signature
	for i, id := range b.left {
		l := b.s.links[id]
		if i > 0 && len(l.deps) > 0 {
			break // the link before is signed: what a change depends on begins a run
		}
		blocks = append(blocks, l.block)
		if i == 0 && l.Seq == 0 {
			first = *l.sig
		} else if l.sig != nil {
			last = *l.sig
			break
		}
	}
	b.left = b.left[len(blocks):]
	if len(blocks) == 0 {
		return nil, nil
	}
	return oplog.NewRun(blocks, first, last)
}

// add stores a run whose parents are stored, and returns what is new.
func (s *store) add(r *oplog.Run) (ids []crdt.ChangeID, end reconcile.Item, err error) {
	i := 0
	if g := r.Genesis; g != nil {
		if _, ok := s.links[g.ID]; !ok {
			sig := r.GenesisSig
			s.links[g.ID] = link{
				Link: oplog.Link{ID: g.ID, Log: g.Log()}, block: r.Blocks[0],
				birth: uint64(g.Birth), sig: &sig,
			}
			ids = append(ids, g.ID)
		}
		i = 1
		end = reconcile.Item{Order: uint64(g.Birth), Log: g.Log(), ID: g.ID}
	}
	for k, c := range r.Changes {
		prev, ok := s.links[c.Prev]
		if !ok {
			return ids, end, fmt.Errorf("prev of change %d isn't stored", c.Seq)
		}
		for _, d := range c.Deps {
			if _, ok := s.links[d]; !ok {
				return ids, end, fmt.Errorf("a dep of change %d isn't stored", c.Seq)
			}
		}
		end = reconcile.Item{Order: prev.birth, Log: c.Log, ID: c.ID, Seq: c.Seq}
		if _, ok := s.links[c.ID]; ok {
			continue
		}
		l := link{Link: c.Link(), block: r.Blocks[i+k], prev: c.Prev, deps: c.Deps, birth: prev.birth}
		if k == len(r.Changes)-1 {
			sig := r.Sig
			l.sig = &sig
		}
		s.links[c.ID] = l
		ids = append(ids, c.ID)
	}
	return ids, end, nil
}

// A writer makes real links of one log.
type writer struct {
	priv ed25519.PrivateKey
	last oplog.Link
	id   crdt.LogID
}

func newWriter(t testing.TB, s *store, seed byte, birth uint32) (*writer, *oplog.Run) {
	w := &writer{priv: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))}
	g := &oplog.LogGenesis{
		Commons: commons, Device: oplog.PublicKey(w.priv), Person: oplog.Key{1},
		Cert: crdt.ChangeID{1}, Grant: crdt.ChangeID{2}, Nonce: [8]byte{seed}, Birth: birth,
	}
	block, err := g.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r, err := oplog.NewRun([][]byte{block}, oplog.Sign(w.priv, oplog.SigLog, commons, block), oplog.Signature{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.add(r); err != nil {
		t.Fatal(err)
	}
	w.id = r.Genesis.Log()
	w.last = oplog.Link{ID: r.Genesis.ID, Log: w.id}
	return w, r
}

// write adds n changes that depend on deps, as one run each 64.
func (w *writer) write(t testing.TB, s *store, n int, deps ...oplog.Link) (ids []crdt.ChangeID, end reconcile.Item) {
	for n > 0 {
		var blocks [][]byte
		var sig oplog.Signature
		for n > 0 {
			c := &oplog.Change{
				Log: w.id, Seq: w.last.Seq + 1, Prev: w.last.ID,
				Lamport: oplog.NextLamport(append(deps, w.last)...),
				Ops:     []crdt.Op{{Code: 3, Target: crdt.Target{ID: crdt.ID{byte(n)}}, Body: cbor.AppendUint(nil, uint64(n))}},
			}
			for _, d := range deps {
				c.Deps = append(c.Deps, d.ID)
			}
			c.Deps, deps = oplog.SortLinks(c.Deps), nil
			block, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			c.ID = oplog.Sum(block)
			w.last = c.Link()
			blocks = append(blocks, block)
			sig = oplog.Sign(w.priv, oplog.SigChange, commons, block)
			if n--; oplog.IsAnchor(c.Seq, len(block)) {
				break
			}
		}
		r, err := oplog.NewRun(blocks, oplog.Signature{}, sig)
		if err != nil {
			t.Fatal(err)
		}
		more, last, err := s.add(r)
		if err != nil {
			t.Fatal(err)
		}
		ids, end = append(ids, more...), last
	}
	return ids, end
}

// member stores a block of membership; it needn't make sense.
func (s *store) member(height uint64, n uint64) reconcile.Item {
	block := cbor.AppendUint(nil, n)
	it := reconcile.Item{Order: height, ID: oplog.Sum(block)}
	s.members[it.ID] = it
	s.blocks[it.ID] = reconcile.Member{Block: block}
	return it
}

// A side is a store with a session, and a node's most simple manners: it wants
// all it lacks and stores all it gets.
type side struct {
	store *store
	*reconcile.Session
	control, data, frames int // bytes and frames sent
}

func (s *side) deliver(t testing.TB, frame []byte) error {
	t.Helper()
	events, err := s.Receive(frame)
	if err != nil {
		return err
	}
	for _, e := range events {
		switch e := e.(type) {
		case *reconcile.Lacking:
			for _, it := range e.Items {
				if e.Tips {
					s.WantTip(it.ID)
				} else {
					s.WantMember(it.ID)
				}
			}
		case *reconcile.Members:
			var items []reconcile.Item
			for _, m := range e.Members {
				id := oplog.Sum(m.Block)
				it := reconcile.Item{Order: binary.BigEndian.Uint64(append(make([]byte, 8), m.Block...)[len(m.Block):]), ID: id}
				s.store.members[id], s.store.blocks[id] = it, m
				items = append(items, it)
			}
			s.Release(e.Bytes)
			s.Committed(items, nil, nil)
		case *reconcile.Runs:
			for _, r := range e.Runs {
				if err := oplog.VerifyRun(deviceOf(s.store, r), commons, r, prevOf(s.store, r)); err != nil {
					t.Fatalf("a run that doesn't verify: %v", err)
				}
				ids, end, err := s.store.add(r)
				if err != nil {
					t.Fatalf("out of order: %v", err)
				}
				s.Committed(nil, ids, []reconcile.Item{end})
			}
			s.Release(e.Bytes)
		}
	}
	return nil
}

func deviceOf(s *store, r *oplog.Run) oplog.Key {
	if r.Genesis != nil {
		return r.Genesis.Device
	}
	g, _ := oplog.DecodeLogGenesis(s.links[s.path(r.Prev().ID)[0]].block)
	return g.Device
}

func prevOf(s *store, r *oplog.Run) oplog.Link { return s.links[r.Prev().ID].Link }

// exchange carries frames to and fro until neither side has any.
func exchange(t testing.TB, a, b *side) {
	t.Helper()
	for sides := [2]*side{a, b}; ; {
		quiet := true
		for i, s := range sides {
			var flight [][]byte
			for f := s.Next(); f != nil; f = s.Next() {
				if len(f) > reconcile.MaxFrame {
					t.Fatalf("a frame of %d bytes", len(f))
				}
				flight = append(flight, f)
				s.frames++
				if f[1] == 4 || f[1] == 5 {
					s.data += len(f)
				} else {
					s.control += len(f)
				}
			}
			for _, f := range flight {
				quiet = false
				if err := sides[1-i].deliver(t, f); err != nil {
					t.Fatalf("frame %x: %v", f[:min(len(f), 80)], err)
				}
			}
		}
		if quiet {
			return
		}
	}
}

func begin(a, b *store) (*side, *side) { return beginWith(a, b, reconcile.Options{}) }

func beginWith(a, b *store, o reconcile.Options) (*side, *side) {
	o.Commons = commons
	o.Nonce, o.Source, o.Initiator = reconcile.Nonce{1}, a, true
	s := &side{store: a, Session: reconcile.New(o)}
	o.Nonce, o.Source, o.Initiator = reconcile.Nonce{2}, b, false
	return s, &side{store: b, Session: reconcile.New(o)}
}

// same fails unless both hold the same and both sessions know it.
func same(t testing.TB, a, b *side) {
	t.Helper()
	if len(a.store.links) != len(b.store.links) || len(a.store.members) != len(b.store.members) {
		t.Fatalf("one holds %d links and %d members, the other %d and %d",
			len(a.store.links), len(a.store.members), len(b.store.links), len(b.store.members))
	}
	for id := range a.store.links {
		if _, ok := b.store.links[id]; !ok {
			t.Fatalf("%v is on one side only", id)
		}
	}
	for _, s := range []*side{a, b} {
		if p := s.Progress(); !p.UpToDate || p.Lacks+p.Owes > 0 || p.Receive.Done < p.Receive.Total {
			t.Errorf("progress is %+v, want up to date", p)
		}
	}
}
