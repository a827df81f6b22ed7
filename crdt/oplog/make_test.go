package oplog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
)

// TestVectorsAreCurrent holds that the files in testdata are what the tables
// here say; with -update it makes them so.
func TestVectorsAreCurrent(t *testing.T) {
	for file, vectors := range map[string]any{
		"blocks.json":         makeBlocks(t),
		"invalid-blocks.json": makeInvalidBlocks(t),
		"signatures.json":     makeSignatures(t),
		"links.json":          makeLinks(t),
		"runs.json":           makeRuns(t),
		"invalid-runs.json":   makeInvalidRuns(t),
		"fingerprints.json":   makeFingerprints(),
	} {
		want, err := json.MarshalIndent(vectors, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s isn't what the tables make: see -update", path)
		}
	}
}

// The cast: a commons, a device and a person, with names that are easy to see
// in hexadecimal.
var (
	rootKey   = ed25519.NewKeyFromSeed(fill32(0xa0))
	deviceKey = ed25519.NewKeyFromSeed(fill32(0xa1))
	person    = PublicKey(ed25519.NewKeyFromSeed(fill32(0xa2)))
	other     = PublicKey(ed25519.NewKeyFromSeed(fill32(0xa3)))
	device    = PublicKey(deviceKey)
	cert      = crdt.ChangeID(fill32(0xce))
	grant     = crdt.ChangeID(fill32(0x6a))
)

func fill32(c byte) []byte { return bytes.Repeat([]byte{c}, 32) }

// names returns n sorted names.
func names(n int) (ids []crdt.ChangeID) {
	for i := range n {
		id := crdt.ChangeID(fill32(0xd0))
		binary.BigEndian.PutUint16(id[30:], uint16(i))
		ids = append(ids, id)
	}
	return ids
}

func aCommons() *CommonsGenesis {
	return &CommonsGenesis{
		Roots: []Key{PublicKey(rootKey)}, Name: "Atelier partagé",
		Salt: [16]byte(fill32(0x5a)), Secret: [32]byte(fill32(0x5e)),
	}
}

func aLog() *LogGenesis {
	block, _ := aCommons().Encode()
	return &LogGenesis{
		Commons: CommonsID(Sum(block)), Device: device, Person: person, Cert: cert, Grant: grant,
		Nonce: [8]byte(fill32(0x01)), Birth: 29_000_000,
	}
}

// aChange is an ordinary first change: five fields of a new resource.
func aChange() *Change {
	block, _ := aLog().Encode()
	c := &Change{Log: logOf(block), Seq: 1, Prev: Sum(block), Lamport: 1,
		Wall: crdt.Wall{Seconds: 1_760_000_000, Quality: crdt.QualityPeers}}
	id := crdt.ID(fill32(0x1d))
	c.Ops = append(c.Ops, crdt.Op{Code: 1, Target: crdt.Target{ID: id}, Body: enc(array{"tool"})})
	for i, value := range []string{"Perceuse à colonne", "Atelier bois", "neuf", "Bosch", "emprunt sur place"} {
		c.Ops = append(c.Ops, crdt.Op{Code: 4, Target: self(0), Body: enc(array{i + 1, value, array{}})})
	}
	return c
}

// logOf returns the name of the log that a genesis begins.
func logOf(genesis []byte) crdt.LogID { return (&LogGenesis{ID: Sum(genesis)}).Log() }

func self(index uint32) crdt.Target { return crdt.Target{Ref: &crdt.Dot{Index: index}} }

// with returns a change after f.
func with(f func(*Change)) *Change {
	c := aChange()
	f(c)
	return c
}

func noOps(f func(*Change)) *Change {
	return with(func(c *Change) { c.Ops = nil; f(c) })
}

// sized returns a change whose block is n bytes, of one op.
func sized(tb testing.TB, seq uint64, n int) *Change {
	c := noOps(func(c *Change) {
		c.Seq, c.Lamport = seq, seq
		c.Ops = []crdt.Op{{Code: 4, Target: crdt.Target{ID: crdt.ID(fill32(0x1d))}, Body: make([]byte, n-150)}}
	})
	for range 4 {
		b, err := c.Encode()
		if err != nil {
			tb.Fatal(err)
		}
		if len(b) == n {
			return c
		}
		c.Ops[0].Body = make([]byte, len(c.Ops[0].Body)+n-len(b))
	}
	tb.Fatalf("no change of %d bytes", n)
	return nil
}

func makeBlocks(t *testing.T) (vs []blockVector) {
	for _, tc := range []struct {
		name string
		g    *CommonsGenesis
	}{
		{"a commons", aCommons()},
		{"a commons with 3 roots, no name", &CommonsGenesis{Roots: []Key{{1}, {2}, {3}}}},
		{"a commons whose name has 256 bytes", &CommonsGenesis{Roots: []Key{{1}}, Name: strings.Repeat("é", 128)}},
	} {
		b, err := tc.g.Encode()
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		vs = append(vs, blockVector{Name: tc.name, Block: b, CID: CID(Sum(b)).String(), Commons: commonsFields(tc.g)})
	}
	later := aLog()
	later.PrevLogs, later.Nonce = names(1), [8]byte{2}
	full := aLog()
	full.PrevLogs, full.Birth = names(MaxLinks), 1<<32-1
	clockless := aLog()
	clockless.Birth = 0
	for _, tc := range []struct {
		name string
		g    *LogGenesis
	}{
		{"a first log", aLog()},
		{"a log after a restart", later},
		{"a log with 16 prevLogs, born in the last minute there is", full},
		{"a log of a device without a clock", clockless},
	} {
		b, err := tc.g.Encode()
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		tc.g.ID = Sum(b)
		vs = append(vs, blockVector{Name: tc.name, Block: b, CID: CID(Sum(b)).String(), Log: logFields(tc.g),
			Signature: makeSignature(SigLog, b)})
	}
	big := uint64(1<<32 - 1)
	for _, tc := range []struct {
		name string
		c    *Change
	}{
		{"a change", aChange()},
		{"a gathering change: 16 deps, no ops", noOps(func(c *Change) { c.Deps, c.Lamport = names(MaxLinks), 12 })},
		{"on behalf of somebody, without a clock", noOps(func(c *Change) { c.OnBehalf, c.Wall = &other, crdt.Wall{} })},
		{"the greatest seq and lamport", noOps(func(c *Change) { c.Seq, c.Lamport = MaxSeq, MaxLamport })},
		{"the latest wall", noOps(func(c *Change) { c.Wall = crdt.Wall{Seconds: MaxSeconds, Quality: crdt.QualityNTP} })},
		{"every form of target", noOps(func(c *Change) {
			c.Deps = names(2)
			dep, far := c.Deps[1], crdt.ChangeID(fill32(0xfa))
			zero := uint64(0)
			for _, target := range []crdt.Target{
				{ID: crdt.ID{}},
				self(0),
				{Ref: &crdt.Dot{Change: c.Prev, Index: 3}},
				{Ref: &crdt.Dot{Change: dep, Index: 1<<32 - 1}},
				{Ref: &crdt.Dot{Change: far}},
				{Ref: &crdt.Dot{Index: 4}, Offset: &zero},
				{Ref: &crdt.Dot{Change: far, Index: 7}, Offset: &big},
			} {
				c.Ops = append(c.Ops, crdt.Op{Code: 4, Target: target, Body: []byte{0x80}})
			}
		})},
		{"codes from 0 to 65535, bodies that aren't looked at", noOps(func(c *Change) {
			c.Ops = []crdt.Op{{Code: 0, Body: []byte{}}, {Code: MaxCode, Body: []byte{0xff}}}
		})},
		{"1024 ops", noOps(func(c *Change) {
			for range MaxOps {
				c.Ops = append(c.Ops, crdt.Op{Code: 2, Target: crdt.Target{ID: crdt.ID(fill32(0x1d))}, Body: []byte{0x80}})
			}
		})},
		{"a block of 61440 bytes", sized(t, 1, MaxBlock)},
	} {
		b, err := tc.c.Encode()
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		vs = append(vs, blockVector{Name: tc.name, Block: b, CID: CID(Sum(b)).String(), Change: changeFields(tc.c),
			Signature: makeSignature(SigChange, b)})
	}
	return vs
}

func makeSignature(kind SigKind, block []byte) *signatureVector {
	commons := aLog().Commons
	sig := Sign(deviceKey, kind, commons, block)
	return &signatureVector{
		Kind: kind, Seed: deviceKey.Seed(), Key: device[:], Commons: commons[:],
		Message: signed(kind, commons, Sum(block)), Sig: sig[:],
	}
}

// changeWith is the change of the vectors as an array, with one item replaced.
func changeWith(item int, v any) array {
	c := aChange()
	a := array{1, c.Log[:], 1, link(c.Prev), array{}, 1, nil, array{1_760_000_000, 2}, array{}}
	a[item] = v
	return a
}

func logWith(item int, v any) array {
	g := aLog()
	a := array{0, g.Commons[:], g.Device[:], g.Person[:], link(g.Cert), link(g.Grant), g.Nonce[:], 29_000_000, array{}}
	a[item] = v
	return a
}

func commonsWith(item int, v any) array {
	g := aCommons()
	a := array{3, array{g.Roots[0][:]}, g.Name, g.Salt[:], g.Secret[:]}
	a[item] = v
	return a
}

func links(ids []crdt.ChangeID) (a array) {
	for _, id := range ids {
		a = append(a, link(id))
	}
	return a
}

// oneOp is a change of one op after another, with that target.
func oneOp(target any) array {
	id := fill32(0x1d)[:16]
	return changeWith(8, array{array{4, id, []byte{0x80}}, array{4, target, []byte{0x80}}})
}

func makeInvalidBlocks(t *testing.T) (vs []invalidVector) {
	c := aChange()
	valid, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(enc(changeWith(8, raw(c.appendOps(nil)))), valid) {
		t.Fatal("changeWith isn't the change")
	}
	add := func(name, why string, block []byte) {
		vs = append(vs, invalidVector{Name: name, Why: why, Bytes: block})
	}
	two := names(2)
	swapped := []crdt.ChangeID{two[1], two[0]}
	doubled := []crdt.ChangeID{two[0], two[0]}

	add("nothing", "no block is empty", nil)
	add("a change cut short", "it ends in the middle", valid[:len(valid)-1])
	add("a change and a byte", "bytes after the block", append(slices.Clone(valid), 0))
	add("a change with a tenth item", "9 items are due", enc(append(changeWith(0, 1), nil)))
	add("a change without ops", "9 items are due", enc(changeWith(0, 1)[:8]))
	add("kind 4", "kinds end at 3", enc(changeWith(0, 4)))
	add("a change that says it is a log", "the items of another kind", enc(changeWith(0, 0)))
	add("kind 1 in two bytes", "not the shortest form", append([]byte{0x89, 0x18, 0x01}, valid[2:]...))
	add("a map", "no maps", []byte{0xa1, 0x00, 0x01})
	add("an array of indefinite length", "no indefinite lengths", append(append([]byte{0x9f}, valid[1:]...), 0xff))
	add("a log name of 15 bytes", "16 are due", enc(changeWith(1, c.Log[:15])))
	add("a log name as text", "bytes are due", enc(changeWith(1, "abcdefghijklmnop")))
	add("seq 0", "seq begins at 1", enc(changeWith(2, 0)))
	add("seq 2^48 + 1", "seq ends at 2^48", enc(changeWith(2, MaxSeq+1)))
	add("a seq below zero", "no negative numbers", enc(changeWith(2, -1)))
	add("prev null", "a link is due", enc(changeWith(3, nil)))
	add("prev as bytes", "a link is due", enc(changeWith(3, c.Prev[:])))
	add("prev all zeros", "the zero digest names nothing", enc(changeWith(3, link{})))
	add("prev a raw CID", "only dag-cbor", enc(changeWith(3, raw(append([]byte{0xd8, 0x2a, 0x58, 0x25, 0, 1, 0x55, 0x12, 0x20}, c.Prev[:]...)))))
	add("prev by the identity hash", "only sha2-256", enc(changeWith(3, raw(append([]byte{0xd8, 0x2a, 0x58, 0x25, 0, 1, 0x71, 0x00, 0x20}, c.Prev[:]...)))))
	add("prev under tag 43", "only tag 42", enc(changeWith(3, raw(append([]byte{0xd8, 0x2b, 0x58, 0x25, 0, 1, 0x71, 0x12, 0x20}, c.Prev[:]...)))))
	add("17 deps", "16 at most", enc(changeWith(4, links(names(MaxLinks+1)))))
	add("deps out of order", "deps are sorted", enc(changeWith(4, links(swapped))))
	add("a dep twice", "deps are unique", enc(changeWith(4, links(doubled))))
	add("prev among the deps", "deps don't name prev", enc(changeWith(4, array{link(c.Prev)})))
	add("a dep of all zeros", "the zero digest names nothing", enc(changeWith(4, array{link{}})))
	add("lamport 0", "a change comes after something", enc(changeWith(5, 0)))
	add("lamport 2^48 + 1", "lamport ends at 2^48", enc(changeWith(5, MaxLamport+1)))
	add("lamport as a float", "no floats", enc(changeWith(5, raw{0xf9, 0x3c, 0x00})))
	add("onBehalf of 31 bytes", "32 or null are due", enc(changeWith(6, person[:31])))
	add("onBehalf undefined", "32 or null are due", enc(changeWith(6, raw{0xf7})))
	add("wall of one item", "two are due", enc(changeWith(7, array{1_760_000_000})))
	add("wall 2^40 + 1", "seconds end at 2^40", enc(changeWith(7, array{MaxSeconds + 1, 0})))
	add("a clock of quality 4", "qualities end at 3", enc(changeWith(7, array{0, 4})))
	add("code 65536", "codes end at 65535", enc(changeWith(8, array{array{MaxCode + 1, fill32(1)[:16], []byte{0x80}}})))
	add("an op of two items", "three are due", enc(changeWith(8, array{array{4, fill32(1)[:16]}})))
	add("an op's body as an array", "bytes are due", enc(changeWith(8, array{array{4, fill32(1)[:16], array{}}})))
	var many array
	for range MaxOps + 1 {
		many = append(many, array{2, fill32(0x1d)[:16], []byte{0x80}})
	}
	add("1025 ops", "1024 at most", enc(changeWith(8, many)))
	body := sized(t, 1, MaxBlock).Ops[0].Body
	add("a block of 61441 bytes", "61440 at most",
		enc(changeWith(8, array{array{4, fill32(0x1d)[:16], append(slices.Clone(body), 0)}})))
	add("a target of 15 bytes", "16 are due", enc(oneOp(fill32(1)[:15])))
	add("a target of 17 bytes", "16 are due", enc(oneOp(fill32(1)[:17])))
	add("a target of one item", "two or three are due", enc(oneOp(array{0})))
	add("a target of four items", "two or three are due", enc(oneOp(array{0, 0, 0, 0})))
	add("an op whose target is itself", "only ops before it", enc(oneOp(array{0, 1})))
	add("an op whose target comes after it", "only ops before it", enc(oneOp(array{0, 2})))
	add("k = 2 without deps", "no such dep", enc(oneOp(array{2, 0})))
	add("prev's digest as k", "1 is shorter", enc(oneOp(array{c.Prev[:], 0})))
	withDep := oneOp(array{two[0][:], 0})
	withDep[4] = links(two)
	add("a dep's digest as k", "2 is shorter", enc(withDep))
	add("zeros as k", "0 is shorter", enc(oneOp(array{make([]byte, 32), 0})))
	add("index 2^32", "indices end at 2^32 - 1", enc(oneOp(array{fill32(0xfa), 1 << 32})))
	add("offset 2^32", "offsets end at 2^32 - 1", enc(oneOp(array{fill32(0xfa), 0, 1 << 32})))

	add("a log with 17 prevLogs", "16 at most", enc(logWith(8, links(names(MaxLinks+1)))))
	add("prevLogs out of order", "prevLogs are sorted", enc(logWith(8, links(swapped))))
	add("a prevLog twice", "prevLogs are unique", enc(logWith(8, links(doubled))))
	add("a log with a nonce of 7 bytes", "8 are due", enc(logWith(6, make([]byte, 7))))
	add("a log born in minute 2^32", "minutes end at 2^32 - 1", enc(logWith(7, 1<<32)))
	add("a log of a device with 31 bytes", "32 are due", enc(logWith(2, device[:31])))
	add("a log without a certificate", "a link is due", enc(logWith(4, nil)))

	add("a commons without roots", "1 to 3 are due", enc(commonsWith(1, array{})))
	add("a commons with 4 roots", "1 to 3 are due", enc(commonsWith(1, array{fill32(1), fill32(2), fill32(3), fill32(4)})))
	add("roots out of order", "roots are sorted", enc(commonsWith(1, array{fill32(2), fill32(1)})))
	add("a root twice", "roots are unique", enc(commonsWith(1, array{fill32(1), fill32(1)})))
	add("a commons whose name has 257 bytes", "256 at most", enc(commonsWith(2, strings.Repeat("a", MaxName+1))))
	add("a commons whose name isn't UTF-8", "text is UTF-8", enc(commonsWith(2, raw{0x61, 0xc3})))
	add("a commons with a salt of 15 bytes", "16 are due", enc(commonsWith(3, make([]byte, 15))))
	return vs
}

func makeFingerprints() (vs []fingerprintVector) {
	commons := aLog().Commons
	for _, tc := range []struct {
		name        string
		tips, heads []crdt.ChangeID
	}{
		{"nothing but the commons", nil, nil},
		{"membership alone", nil, names(1)},
		{"one tip", names(1), nil},
		{"tips and heads", names(3), []crdt.ChangeID{cert, grant}},
		{"tips and heads in any order, with doubles", append([]crdt.ChangeID{names(3)[2]}, names(3)...), []crdt.ChangeID{grant, cert}},
	} {
		f := FingerprintOf(commons, tc.tips, tc.heads)
		vs = append(vs, fingerprintVector{
			Name: tc.name, Commons: commons[:], Tips: hexIDs(tc.tips), Heads: hexIDs(tc.heads),
			Hex: f.Hex(), Words: f.String(),
		})
	}
	return vs
}
