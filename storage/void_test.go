package storage_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
	"navette/storage/memkv"
)

// dataVector is one of crdt/membership/testdata/data.json.
type dataVector struct {
	Name, About, Genesis string
	Changes, Links       []struct{ Label, Block, Sig string }
	Void, Surplus        []string
	Shown                string
}

func dataVectors(t testing.TB) (all []dataVector) {
	t.Helper()
	b, err := os.ReadFile("../crdt/membership/testdata/data.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &all); err != nil || len(all) == 0 {
		t.Fatalf("%d vectors: %v", len(all), err)
	}
	return all
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// arrivals are what is to be stored, membership and data apart.
type arrivals struct {
	commons oplog.CommonsID
	members []storage.MemberEntry
	data    []storage.Entry
	labels  map[crdt.ChangeID]string
}

func (v *dataVector) arrivals(t testing.TB) *arrivals {
	genesis := unhex(t, v.Genesis)
	a := &arrivals{commons: oplog.CommonsID(oplog.Sum(genesis)), labels: map[crdt.ChangeID]string{}}
	a.members = append(a.members, storage.MemberEntry{ID: oplog.Sum(genesis), Block: genesis})
	for _, c := range v.Changes {
		e := storage.MemberEntry{Block: unhex(t, c.Block), Sig: oplog.Signature(unhex(t, c.Sig))}
		e.ID = oplog.Sum(e.Block)
		a.members = append(a.members, e)
	}
	for _, l := range v.Links {
		e := storage.Entry{Block: unhex(t, l.Block), Sig: new(oplog.Signature)}
		copy(e.Sig[:], unhex(t, l.Sig))
		e.ID = oplog.Sum(e.Block)
		a.data, a.labels[e.ID] = append(a.data, e), l.Label
	}
	return a
}

// A bumpy store commits what comes in any causal order, membership and data in
// between each other, and goes on over failures and restarts.
type bumpy struct {
	testing.TB
	rng *rand.Rand
	a   *arrivals
	kv  storage.KV
	l   *storage.Log
	got storage.Batch // all that was committed
}

func (b *bumpy) open() {
	b.Helper()
	var err error
	b.l, _, err = storage.Open(b.kv, storage.Options{Commons: b.a.commons, CleanStop: true, Rand: b.rng2()})
	if err != nil {
		b.Fatalf("Open: %v", err)
	}
}

func (b *bumpy) rng2() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{}) }

// commit commits some of the next things, perhaps at the second attempt, and
// perhaps the disk forgets.
func (b *bumpy) commit(batch storage.Batch) {
	b.Helper()
	if kv, ok := b.kv.(*memkv.DB); ok && b.rng.IntN(4) == 0 {
		kind, at := memkv.Commit, b.rng.IntN(4)
		if b.rng.IntN(3) == 0 {
			kind, at = memkv.Get, b.rng.IntN(40)
		}
		kv.Fail(func(op memkv.Op) error {
			if op.Kind == kind && op.N >= at {
				return memkv.ErrInjected
			}
			return nil
		})
		_, err := b.l.Commit(batch) // it is committed again, whatever comes of it
		for more := err == nil; more && err == nil; {
			more, err = b.l.Settle()
		}
		kv.Fail(nil)
		if b.rng.IntN(2) == 0 {
			b.open()
		}
	}
	if _, err := b.l.Commit(batch); err != nil {
		b.Fatalf("Commit: %v", err)
	}
	b.got.Members, b.got.Data = append(b.got.Members, batch.Members...), append(b.got.Data, batch.Data...)
	switch kv, ok := b.kv.(*memkv.DB); {
	case ok && b.rng.IntN(12) == 0: // the last updates are lost, and sent again
		kv.CutPower(1 + b.rng.IntN(4))
		b.open()
		if _, err := b.l.Commit(b.got); err != nil {
			b.Fatalf("Commit after a power cut: %v", err)
		}
	case b.rng.IntN(8) == 0:
		b.open()
	}
	if b.rng.IntN(3) == 0 {
		if _, err := b.l.Settle(); err != nil {
			b.Fatal(err)
		}
	}
}

func (b *bumpy) run() {
	b.Helper()
	b.kv = memkv.New(memkv.Options{History: 8})
	b.open()
	data := causal(b, b.rng, b.a.data)
	members := causalMembers(b, b.rng, b.a.members)
	for len(data)+len(members) > 0 {
		batch := storage.Batch{Class: storage.Membership}
		if n := b.rng.IntN(3); n > 0 && len(members) > 0 {
			n = min(n, len(members))
			batch.Members, members = members[:n], members[n:]
		}
		if n := b.rng.IntN(5); n > 0 && len(data) > 0 {
			n = min(n, len(data))
			batch.Data, data = data[:n], data[n:]
		}
		b.commit(batch)
	}
	b.settle()
}

func (b *bumpy) settle() {
	b.Helper()
	for more := true; more; {
		var err error
		if more, err = b.l.Settle(); err != nil {
			b.Fatal(err)
		}
	}
	if n := b.l.AwaitingCount(); n > 0 {
		b.Fatalf("settled, %d resources await", n)
	}
}

// state is all that the log shows.
func (b *bumpy) state() string {
	s := state(b, b.l)
	if doc, err := b.l.Doc(crdt.ID{1}); err == nil { // the vectors' resource
		s += fmt.Sprintf("%x\n", doc.Encode())
	}
	return s
}

// same checks that the log is what folding everything anew, and a copy of it,
// are; and returns its state.
func (b *bumpy) same() string {
	b.Helper()
	healthy(b, b.l)
	items, err := b.l.Since(0, -1)
	if err != nil || uint64(len(items)) != b.l.Pos() || b.l.Len() != uint64(len(b.a.data)) {
		b.Fatalf("%d items of %d positions, %d entries of %d: %v", len(items), b.l.Pos(), b.l.Len(), len(b.a.data), err)
	}
	got := b.state()
	if err := b.l.Rebuild(); err != nil {
		b.Fatal(err)
	}
	if again := b.state(); again != got {
		b.Fatalf("rebuilt:\n%s\nwas\n%s", again, got)
	}
	b.open()
	if again := b.state(); again != got {
		b.Fatalf("opened again:\n%s\nwas\n%s", again, got)
	}
	if n := b.l.AwaitingCount(); n > 0 {
		b.Fatalf("opened again, %d resources await", n)
	}
	return got
}

// causalMembers returns membership in another causal order, the genesis first.
func causalMembers(t testing.TB, rng *rand.Rand, members []storage.MemberEntry) []storage.MemberEntry {
	t.Helper()
	waiting, out := slices.Clone(members[1:]), members[:1:1]
	have := map[crdt.ChangeID]bool{members[0].ID: true}
	rng.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	for len(waiting) > 0 {
		waiting = slices.DeleteFunc(waiting, func(e storage.MemberEntry) bool {
			m, err := oplog.DecodeMembershipChange(e.Block)
			if err != nil {
				t.Fatal(err)
			}
			if rng.IntN(3) == 0 || slices.ContainsFunc(m.Parents, func(p crdt.ChangeID) bool { return !have[p] }) {
				return false
			}
			have[e.ID] = true
			out = append(out, e)
			return true
		})
	}
	return out
}

// TestDataVectors runs the vectors of crdt/membership through the store, each in
// several orders of arrival, with failures and restarts in between.
func TestDataVectors(t *testing.T) {
	for _, v := range dataVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			a := v.arrivals(t)
			orders, want := 8, ""
			if len(a.data) > 100 {
				orders = 1
			}
			for order := range orders {
				b := &bumpy{TB: t, rng: rand.New(rand.NewPCG(uint64(order), 9)), a: a}
				b.run()
				void, surplus := []string{}, []string{}
				for id, label := range a.labels {
					if is, err := b.l.Void(id); err != nil {
						t.Fatal(err)
					} else if is {
						void = append(void, label)
					}
					if is, err := b.l.Exchanges(id); err != nil {
						t.Fatal(err)
					} else if !is {
						surplus = append(surplus, label)
					}
				}
				slices.Sort(void)
				slices.Sort(surplus)
				if !slices.Equal(void, v.Void) || !slices.Equal(surplus, v.Surplus) {
					t.Fatalf("order %d: void %q, surplus %q; want %q, %q", order, void, surplus, v.Void, v.Surplus)
				}
				if got := shown(t, b.l); got != v.Shown {
					t.Fatalf("order %d: shown %s, want %s", order, got, v.Shown)
				}
				got := b.same()
				if want == "" {
					want = got
				}
				if got != want {
					t.Fatalf("order %d:\n%s\nwant\n%s", order, got, want)
				}
			}
		})
	}
}

// shown says of the vectors' resource what they do.
func shown(t testing.TB, l *storage.Log) string {
	t.Helper()
	d, err := l.Doc(crdt.ID{1})
	if err != nil {
		d = crdt.NewDoc(crdt.ID{1})
	}
	var names []string
	for _, e := range d.Register(1) {
		v, _ := e.Value.Text()
		names = append(names, v)
	}
	body := ""
	if text := d.Text(2); text != nil {
		body = text.String()
	}
	return fmt.Sprintf("%s %q %q", d.Kind(), names, body)
}

// A court is a commons with a root, a steward and three members who write.
type court struct {
	testing.TB
	rng     *rand.Rand
	a       *arrivals
	root    ed25519.PrivateKey
	steward ed25519.PrivateKey // a device
	grant   crdt.ChangeID      // the steward's
	writers []*writer
	removed []crdt.ChangeID
	made    uint64
}

func newCourt(t testing.TB, rng *rand.Rand) *court {
	key := func(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(append(make([]byte, 31), n)) }
	c := &court{TB: t, rng: rng, root: key(0), steward: key(100)}
	genesis, id := founding(t)
	c.a = &arrivals{commons: id, members: []storage.MemberEntry{genesis}}
	person := key(101)
	c.sign(person, crdt.ChangeID{}, &oplog.Certify{Device: oplog.PublicKey(c.steward), Person: oplog.PublicKey(person)})
	c.grant = c.sign(c.root, genesis.ID, &oplog.Grant{Target: oplog.PublicKey(person), Role: oplog.RoleSteward})
	for i := range 3 {
		w, person := newWriter(byte(i+1)), key(byte(50+i))
		w.commons, w.person = id, oplog.PublicKey(person)
		w.cert = c.sign(person, crdt.ChangeID{}, &oplog.Certify{Device: oplog.PublicKey(w.priv), Person: w.person})
		w.grant = c.sign(c.root, genesis.ID, &oplog.Grant{Target: w.person, Role: oplog.RoleMember})
		c.writers = append(c.writers, w)
	}
	return c
}

// sign makes a change of membership on all before it, or on some.
func (c *court) sign(key ed25519.PrivateKey, auth crdt.ChangeID, op oplog.MemberOp) crdt.ChangeID {
	c.Helper()
	c.made++
	last := c.a.members[len(c.a.members)-1].ID
	m := &oplog.MembershipChange{Commons: c.a.commons, Parents: []crdt.ChangeID{last}, Auth: auth, Wall: crdt.Wall{Seconds: c.made}, Op: op}
	block, sig, err := m.Seal(key)
	if err != nil {
		c.Fatal(err)
	}
	c.a.members = append(c.a.members, storage.MemberEntry{ID: m.ID, Block: block, Sig: sig})
	return m.ID
}

// some draws up to n entries.
func (c *court) some(n int) (ids []crdt.ChangeID) {
	for range c.rng.IntN(n + 1) {
		ids = append(ids, c.a.data[c.rng.IntN(len(c.a.data))].ID)
	}
	return oplog.SortLinks(ids)
}

// rule draws a change of verdicts.
func (c *court) rule() {
	w := c.writers[c.rng.IntN(len(c.writers))]
	root, genesis := c.root, crdt.ChangeID(c.a.commons)
	switch c.rng.IntN(6) {
	case 0, 1:
		c.removed = append(c.removed, c.sign(c.steward, c.grant, &oplog.Remove{Target: w.person, Cut: c.some(3)}))
	case 2:
		if len(c.removed) > 0 {
			c.sign(root, genesis, &oplog.Remove{Keep: true, Annul: []crdt.ChangeID{c.removed[c.rng.IntN(len(c.removed))]}})
		}
	case 3:
		c.sign(root, genesis, &oplog.Grant{Target: w.person, Role: oplog.RoleReader, Adopt: c.some(3)})
	case 4:
		if ids := c.some(4); len(ids) > 0 {
			c.sign(c.steward, c.grant, &oplog.Revert{Changes: ids})
		}
	case 5:
		c.sign(c.steward, c.grant, &oplog.RevokeDevice{Device: oplog.PublicKey(w.priv), Person: w.person, Cut: c.some(3)})
	}
}

// TestVerdictsComeAndGo toggles what is void by random verdicts, which come
// before, amid and after the data: in every order, with failures and restarts,
// all ends up the same and as rebuilt from scratch.
func TestVerdictsComeAndGo(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 77))
		c := newCourt(t, rng)
		c.a.data = historyOf(t, rng, c.writers, 60)
		for range 10 {
			c.rule()
		}
		want, voids := "", 0
		for range 3 {
			b := &bumpy{TB: t, rng: rng, a: c.a}
			b.run()
			got := b.same()
			if want == "" {
				want = got
			}
			if got != want {
				t.Fatalf("seed %d:\n%s\nwant\n%s", seed, got, want)
			}
			for _, e := range c.a.data {
				if void, err := b.l.Void(e.ID); err == nil && void {
					voids++
				}
			}
			d, err := dump(b.kv, nil, c.a.commons, func() {}, func() {})
			if err != nil {
				t.Fatalf("seed %d: dump: %v", seed, err)
			}
			if d.fingerprint != b.l.Fingerprint() {
				t.Fatalf("seed %d: the dump's fingerprint is %v, the log's %v", seed, d.fingerprint, b.l.Fingerprint())
			}
			back := &bumpy{TB: t, rng: rng, a: c.a, kv: memory()}
			back.open()
			if err := back.l.Restore(storage.Batch{Class: storage.Own, Members: d.members}); err != nil {
				t.Fatal(err)
			}
			for part := range slices.Chunk(d.entries, 7) {
				if err := back.l.Restore(storage.Batch{Class: storage.Own, Data: part}); err != nil {
					t.Fatal(err)
				}
			}
			back.settle()
			if restored := back.same(); restored != want {
				t.Fatalf("seed %d: restored:\n%s\nwant\n%s", seed, restored, want)
			}
		}
		t.Logf("seed %d: %d of %d void", seed, voids/3, len(c.a.data))
	}
}
