package storage_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
	"navette/storage/memkv"
)

var commons = oplog.CommonsID{1, 2, 3}

// A writer makes valid entries: one device of one person.
type writer struct {
	priv  ed25519.PrivateKey
	log   crdt.LogID
	tip   oplog.Link
	birth uint32

	commons     oplog.CommonsID
	person      oplog.Key
	cert, grant crdt.ChangeID
}

// newWriter is a writer of a commons whose membership isn't stored.
func newWriter(n byte) *writer {
	priv := ed25519.NewKeyFromSeed(append(make([]byte, 31), n))
	return &writer{
		priv: priv, birth: 1000 + uint32(n), commons: commons, person: oplog.PublicKey(priv),
		cert: crdt.ChangeID{8}, grant: crdt.ChangeID{9},
	}
}

func (w *writer) sign(kind oplog.SigKind, block []byte) *oplog.Signature {
	s := oplog.Sign(w.priv, kind, w.commons, block)
	return &s
}

// begin begins a log, which goes on from prevs.
func (w *writer) begin(t testing.TB, prevs ...oplog.Link) storage.Entry {
	t.Helper()
	g := oplog.LogGenesis{
		Commons: w.commons, Device: oplog.PublicKey(w.priv), Person: w.person, Cert: w.cert, Grant: w.grant, Birth: w.birth,
	}
	var lamport uint64
	for _, p := range prevs {
		g.PrevLogs = append(g.PrevLogs, p.ID)
		lamport = max(lamport, p.Lamport+1)
	}
	g.PrevLogs = oplog.SortLinks(g.PrevLogs)
	binary.BigEndian.PutUint64(g.Nonce[:], lamport+1)
	block, err := g.Encode()
	if err != nil {
		t.Fatalf("encoding a genesis: %v", err)
	}
	id := oplog.Sum(block)
	copy(w.log[:], id[:])
	w.tip = oplog.Link{ID: id, Log: w.log, Lamport: lamport}
	return storage.Entry{ID: id, Block: block, Sig: w.sign(oplog.SigLog, block)}
}

// change makes the next change, having seen heads.
func (w *writer) change(t testing.TB, heads []oplog.Link, edits ...crdt.Edit) storage.Entry {
	t.Helper()
	c := oplog.Change{Log: w.log, Seq: w.tip.Seq + 1, Prev: w.tip.ID, Lamport: w.tip.Lamport + 1}
	for _, h := range heads {
		if h.ID != w.tip.ID {
			c.Deps = append(c.Deps, h.ID)
			c.Lamport = max(c.Lamport, h.Lamport+1)
		}
	}
	c.Deps = oplog.SortLinks(c.Deps)
	ops, err := crdt.EncodeOps(edits, c.Refs())
	if err != nil {
		t.Fatalf("encoding ops: %v", err)
	}
	c.Ops = ops
	block, err := c.Encode()
	if err != nil {
		t.Fatalf("encoding a change: %v", err)
	}
	w.tip = oplog.Link{ID: oplog.Sum(block), Log: w.log, Seq: c.Seq, Lamport: c.Lamport}
	return storage.Entry{ID: w.tip.ID, Block: block, Sig: w.sign(oplog.SigChange, block)}
}

func resource(n int) (id crdt.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(n)*0x9e3779b97f4a7c15)
	return id
}

func create(id crdt.ID, kind string) crdt.Edit {
	return crdt.Edit{Code: crdt.Create, Resource: id, Value: crdt.Text(kind)}
}

func set(id crdt.ID, field uint64, text string, over ...crdt.Dot) crdt.Edit {
	return crdt.Edit{Code: crdt.Set, Resource: id, Field: field, Value: crdt.Text(text), Over: over}
}

func open(t testing.TB, kv storage.KV) (*storage.Log, *storage.Report) {
	t.Helper()
	l, report, err := storage.Open(kv, storage.Options{Commons: commons, Rand: rand.NewChaCha8([32]byte{})})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return l, report
}

func commit(t testing.TB, l *storage.Log, entries ...storage.Entry) storage.Committed {
	t.Helper()
	done, err := l.Commit(storage.Batch{Class: storage.Own, Data: entries})
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	return done
}

// history makes n random entries by several writers: see historyOf.
func history(t testing.TB, rng *rand.Rand, writers, n int) []storage.Entry {
	ws := make([]*writer, writers)
	for i := range ws {
		ws[i] = newWriter(byte(i + 1))
	}
	return historyOf(t, rng, ws, n)
}

// historyOf makes n random entries by writers who see each other's now and then,
// begin new logs and, rarely, fork; in causal order.
func historyOf(t testing.TB, rng *rand.Rand, ws []*writer, n int) []storage.Entry {
	t.Helper()
	type head struct{ links []oplog.Link }
	var entries []storage.Entry
	writers := len(ws)
	seen := make([]head, writers)
	made := map[crdt.ID][]crdt.Dot{}
	add := func(i int, e storage.Entry) {
		entries = append(entries, e)
		seen[i].links = []oplog.Link{ws[i].tip}
	}
	for i := range ws {
		add(i, ws[i].begin(t))
	}
	for len(entries) < n {
		i := rng.IntN(writers)
		w := ws[i]
		switch roll := rng.IntN(20); {
		case roll == 0 && w.tip.Seq > 0:
			add(i, w.begin(t, w.tip))
			continue
		case roll == 1 && w.tip.Seq > 1:
			fork := *w // a clone of the device writes on from the same tip
			id := resource(rng.IntN(12))
			entries = append(entries, fork.change(t, nil, set(id, 7, fmt.Sprint("clone ", len(entries)))))
		}
		var heads []oplog.Link
		if other := rng.IntN(writers); other != i && rng.IntN(2) == 0 {
			heads = seen[other].links
		}
		id := resource(rng.IntN(12))
		var edits []crdt.Edit
		switch rng.IntN(6) {
		case 0:
			edits = append(edits, create(id, []string{"tool", "event", "page"}[rng.IntN(3)]))
		case 1:
			edits = append(edits, crdt.Edit{Code: crdt.Remove, Resource: id})
		case 2:
			edits = append(edits, crdt.Edit{Code: crdt.Increment, Resource: id, Field: 5, N: int64(rng.IntN(9)) - 4})
		}
		edits = append(edits, set(id, uint64(rng.IntN(3)), fmt.Sprint("value ", len(entries)), made[id]...))
		e := w.change(t, heads, edits...)
		made[id] = []crdt.Dot{{Change: e.ID, Index: uint32(len(edits) - 1)}}
		add(i, e)
	}
	return entries
}

// causal returns the entries in another order that respects causality.
func causal(t testing.TB, rng *rand.Rand, entries []storage.Entry) []storage.Entry {
	t.Helper()
	waiting := slices.Clone(entries)
	rng.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	have := map[crdt.ChangeID]bool{}
	var out []storage.Entry
	for len(waiting) > 0 {
		before := len(waiting)
		waiting = slices.DeleteFunc(waiting, func(e storage.Entry) bool {
			for _, p := range parents(t, e.Block) {
				if !have[p] {
					return false
				}
			}
			have[e.ID] = true
			out = append(out, e)
			return true
		})
		if len(waiting) == before {
			t.Fatal("entries whose parents are missing")
		}
	}
	return out
}

func parents(t testing.TB, block []byte) []crdt.ChangeID {
	t.Helper()
	if g, err := oplog.DecodeLogGenesis(block); err == nil {
		return g.PrevLogs
	}
	c, err := oplog.DecodeChange(block)
	if err != nil {
		t.Fatalf("decoding a change: %v", err)
	}
	return append([]crdt.ChangeID{c.Prev}, c.Deps...)
}

// state is all that a log shows of what it holds, as one comparable text; what
// depends on the order of arrival is left out.
func state(t testing.TB, l *storage.Log) string {
	t.Helper()
	s := "fingerprint " + l.Fingerprint().Hex() + "\n" + fmt.Sprintln("heads", l.Heads())
	kinds, err := l.Kinds()
	if err != nil {
		t.Fatalf("Kinds: %v", err)
	}
	s += fmt.Sprintln("kinds", kinds)
	for _, k := range kinds {
		err := l.Resources(k.Kind, crdt.ID{}, func(id crdt.ID, deleted bool) error {
			s += fmt.Sprintln(k.Kind, id, deleted)
			return nil
		})
		if err != nil {
			t.Fatalf("Resources: %v", err)
		}
	}
	for i := range 12 {
		doc, err := l.Doc(resource(i))
		if err == nil {
			s += fmt.Sprintf("%v %x\n", resource(i), doc.Encode())
		}
	}
	return s
}

func healthy(t testing.TB, l *storage.Log) {
	t.Helper()
	report, err := l.Check(t.Context(), true, nil)
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	for _, p := range report.Problems {
		t.Errorf("Check: entry %v, resource %v: %v", p.Entry, p.Resource, p.Err)
	}
}

func memory() *memkv.DB { return memkv.New(memkv.Options{}) }
