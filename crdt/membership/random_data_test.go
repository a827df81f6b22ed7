package membership_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// dataOp draws an op that names data.
func (g *graph) dataOp() oplog.MemberOp {
	other := pick(g.rng, g.names)
	switch g.rng.IntN(6) {
	case 0, 1:
		return &oplog.Grant{Target: key(other), Role: pick(g.rng, []oplog.Role{reader, member, steward}), Adopt: g.some(g.data, 3)}
	case 2, 3:
		return &oplog.Remove{Target: key(other), Cut: g.some(g.data, 4)}
	case 4:
		return &oplog.RevokeDevice{Device: key(pick(g.rng, []string{other + "/1", other + "/2", "H/1"})), Person: key(other), Cut: g.some(g.data, 4)}
	}
	return &oplog.Revert{Changes: oplog.SortLinks(append(g.some(g.data, 3), pick(g.rng, g.data)))}
}

// write adds about n links of logs under the grants that there are, and returns
// their blocks in causal order. They stand in a store, too.
func (g *graph) write(tb testing.TB, s *store, n int) (blocks [][]byte) {
	links := map[crdt.ChangeID]oplog.Link{}
	writers := map[crdt.LogID]oplog.Writer{}
	ends := map[oplog.Writer][]crdt.ChangeID{}
	for range n {
		var own, deps []oplog.Link
		for range g.rng.IntN(3) {
			if len(g.data) > 0 {
				deps = append(deps, links[pick(g.rng, g.data)])
			}
		}
		l, block := oplog.Link{}, []byte(nil)
		if cert, grant, w, ok := g.writer(); ok && (len(g.data) == 0 || g.rng.IntN(3) == 0) {
			gen := oplog.LogGenesis{Commons: g.genesis.ID, Device: w.Device, Person: w.Person, Cert: cert, Grant: grant, PrevLogs: g.some(ends[w], 2)}
			binary.BigEndian.PutUint64(gen.Nonce[:], uint64(len(g.data)))
			block, _ = gen.Encode()
			l.ID = oplog.Sum(block)
			copy(l.Log[:], l.ID[:])
			writers[l.Log] = w
		} else if len(g.data) > 0 {
			prev := links[g.data[len(g.data)-1-g.rng.IntN(min(6, len(g.data)))]]
			own = append(own, prev)
			c := oplog.Change{Log: prev.Log, Seq: prev.Seq + 1, Prev: prev.ID}
			for _, d := range deps {
				if d.ID != prev.ID {
					c.Deps = append(c.Deps, d.ID)
				}
			}
			c.Deps = oplog.SortLinks(c.Deps)
			c.Lamport = oplog.NextLamport(append(deps, own...)...)
			c.Wall.Seconds = uint64(len(g.data)) // so that no two are the same
			block, _ = c.Encode()
			l = oplog.Link{ID: oplog.Sum(block), Log: c.Log, Seq: c.Seq, Lamport: c.Lamport}
		}
		if block == nil {
			continue
		}
		if !s.add(tb, block) {
			tb.Fatal("a link whose parents aren't there")
		}
		links[l.ID] = l
		w := writers[l.Log]
		ends[w] = append(ends[w], l.ID)
		g.data, blocks = append(g.data, l.ID), append(blocks, block)
	}
	return blocks
}

// writer draws a certificate and a grant of one person.
func (g *graph) writer() (cert, grant crdt.ChangeID, w oplog.Writer, ok bool) {
	grant = pick(g.rng, g.auths)
	to, err := g.state.Granted(grant)
	if err != nil {
		return cert, grant, w, false
	}
	for _, m := range g.changes {
		if c, is := m.Op.(*oplog.Certify); is && c.Person == to && (!ok || g.rng.IntN(2) == 0) {
			cert, w, ok = m.ID, oplog.Writer{Device: c.Device, Person: c.Person}, true
		}
	}
	return cert, grant, w, ok
}

// void is RULES.md, "Data", word for word.
func (n *naive) void(s *store, x link) bool {
	g := s.logs[x.log]
	cert := n.all[g.Cert].Op.(*oplog.Certify)
	var reverts, adopters, enders []*oplog.MembershipChange
	for _, m := range n.all {
		if !n.counts(m.ID) {
			continue
		}
		switch op := m.Op.(type) {
		case *oplog.Revert:
			reverts = append(reverts, m)
		case *oplog.Grant:
			adopters = append(adopters, m)
		case *oplog.Remove:
			if op.Target == g.Person && !op.Keep && op.Scope == oplog.ScopeWhole && n.ends(m, g.Grant) {
				enders = append(enders, m)
			}
		case *oplog.RevokeDevice:
			of := naiveKey{hosted: cert.Hosted, height: n.height[g.Cert], id: g.Cert}
			by, device := n.key(m)
			lesser := m.Auth == g.Grant && (!device || by.less(of))
			if op.Device == g.Device && op.Person == g.Person && (n.senior(m.Auth, g.Grant) || lesser) {
				enders = append(enders, m)
			}
		}
	}
	adopted := func(seen *oplog.MembershipChange) bool {
		return slices.ContainsFunc(adopters, func(a *oplog.MembershipChange) bool {
			return (seen == nil || n.anc(seen.ID, a.ID)) && s.inside(x.id, a.Op.(*oplog.Grant).Adopt)
		})
	}
	for _, r := range reverts {
		if slices.Contains(r.Op.(*oplog.Revert).Changes, x.id) && !slices.ContainsFunc(adopters, func(a *oplog.MembershipChange) bool {
			return n.anc(r.ID, a.ID) && slices.Contains(a.Op.(*oplog.Grant).Adopt, x.id)
		}) {
			return true
		}
	}
	if (n.grant(g.Grant).Role < oplog.RoleMember || !n.counts(g.Grant)) && !adopted(nil) {
		return true
	}
	return slices.ContainsFunc(enders, func(r *oplog.MembershipChange) bool {
		var cut []crdt.ChangeID
		switch op := r.Op.(type) {
		case *oplog.Remove:
			cut = op.Cut
		case *oplog.RevokeDevice:
			cut = op.Cut
		}
		return !s.inside(x.id, cut) && !adopted(r)
	})
}

// inside tells whether x is one of the entries, or reached from one by prev and
// prevLogs.
func (s *store) inside(x crdt.ChangeID, entries []crdt.ChangeID) bool {
	own := map[crdt.ChangeID][]crdt.ChangeID{}
	for _, l := range s.at {
		if own[l.id] = []crdt.ChangeID{}; l.change != nil {
			own[l.id] = append(own[l.id], l.change.Prev)
		} else {
			own[l.id] = append(own[l.id], s.logs[l.log].PrevLogs...)
		}
	}
	for todo := slices.Clone(entries); len(todo) > 0; todo = todo[1:] {
		if _, stored := own[todo[0]]; stored && todo[0] == x {
			return true
		}
		todo = append(todo, own[todo[0]]...)
	}
	return false
}

// TestVisible: what is void depends on the sets of changes, not on the order in
// which they came, and agrees with the rule read word for word.
func TestVisible(t *testing.T) {
	void, all := 0, 0
	for seed := range uint64(runs(t, 400)) {
		v, a := visible(t, seed, 30)
		void, all = void+v, all+a
	}
	if void < all/20 || void > all-all/20 {
		t.Errorf("%d of %d are void: too few of one sort", void, all)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add(uint64(1), uint8(10))
	f.Add(uint64(2), uint8(90))
	f.Fuzz(func(t *testing.T, seed uint64, n uint8) { visible(t, seed, int(n%100)) })
}

func visible(t *testing.T, seed uint64, n int) (void, all int) {
	g, s := newGraph(seed), newStore()
	g.grow(n/2, g.all)
	blocks := g.write(t, s, n)
	g.grow(n/2, g.all)
	want := s.void(g.state)
	rule := newNaive(g.genesis, g.changes)
	for _, l := range s.at {
		if got, want := want.Has(l.place), rule.void(s, l); got != want {
			t.Fatalf("seed %d: link %v is void: %v, the rule says %v", seed, l.id, got, want)
		}
		if want.Has(l.place) {
			void++
		}
	}
	for range 2 {
		m, other := membership.New(g.genesis), newStore()
		for _, c := range shuffled(g.rng, g.genesis, g.changes) {
			if err := m.Add(c); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		other.arrive(t, g.rng, blocks)
		got := other.void(m)
		for _, l := range s.at {
			if got.Has(other.places[l.id]) != want.Has(l.place) {
				t.Fatalf("seed %d: in another order, link %v is void: %v", seed, l.id, got.Has(other.places[l.id]))
			}
		}
	}
	return void, len(s.at)
}

func TestVoidDiffer(t *testing.T) {
	draw := func(t *rapid.T, name string) (v membership.Void, in [20]bool) {
		v = membership.Void{}
		for from := 0; from < 18; {
			from = min(19, from+rapid.IntRange(0, 4).Draw(t, name))
			to := min(20, from+rapid.IntRange(1, 4).Draw(t, name))
			v[7] = append(v[7], membership.Interval{From: uint32(from), To: uint32(to)})
			for i := from; i < to; i++ {
				in[i] = true
			}
			from = to + 1
		}
		return v, in
	}
	rapid.Check(t, func(t *rapid.T) {
		v, inV := draw(t, "v")
		w, inW := draw(t, "w")
		differ := membership.Void{7: v.Differ(w, 7)}
		for pos := range uint32(20) {
			p := oplog.Place{Chain: 7, Pos: pos}
			if v.Has(p) != inV[pos] {
				t.Fatalf("%v.Has(%d) = %v", v, pos, v.Has(p))
			}
			if got, want := differ.Has(p), inV[pos] != inW[pos]; got != want {
				t.Fatalf("%v and %v differ at %d: %v, want %v", v, w, pos, got, want)
			}
		}
		if got, want := v.Equal(w), inV == inW; got != want {
			t.Fatalf("%v equals %v: %v, want %v", v, w, got, want)
		}
	})
}
