package oplog

import (
	"bytes"
	"slices"
	"testing"

	"navette/crdt"
)

func makeSignatures(t *testing.T) (vs []verifyVector) {
	block, err := aChange().Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := *makeSignature(SigChange, block)
	add := func(name string, ok bool, block []byte, s signatureVector) {
		// Only a signature that is good in the ordinary way has a seed.
		if name != "good" {
			s.Seed = nil
		}
		s.Message = signed(s.Kind, CommonsID(s.Commons), Sum(block))
		vs = append(vs, verifyVector{Name: name, Block: block, Good: ok, signatureVector: s})
	}
	add("good", true, block, good)
	changed := slices.Clone(block)
	changed[len(changed)-1] ^= 1
	add("over another block", false, changed, good)
	s := good
	s.Kind = SigLog
	add("of another kind", false, block, s)
	s = good
	s.Commons = fill32(0xc0)
	add("for another commons", false, block, s)
	s = good
	s.Key = person[:]
	add("by another key", false, block, s)
	s = good
	s.Sig = slices.Clone(good.Sig)
	s.Sig[0] ^= 1
	add("with a bit flipped", false, block, s)

	// S + L is another scalar for the same point: refused, so that nobody can
	// make a second signature out of a first.
	s = good
	s.Sig = slices.Clone(good.Sig)
	order, carry := []byte("\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10"), 0
	for i, c := range order {
		carry += int(s.Sig[32+i]) + int(c)
		s.Sig[32+i] = byte(carry)
		carry >>= 8
	}
	add("with S + L for S", false, block, s)

	// Where verifiers differ (https://zips.z.cash/zip-0215): points of small
	// order, and encodings of points that aren't canonical, are accepted.
	identity := append([]byte{1}, make([]byte, 31)...)
	noncanonical := append([]byte{0xee}, bytes.Repeat([]byte{0xff}, 31)...)
	noncanonical[31] = 0x7f
	for _, tc := range []struct {
		name string
		a, r []byte
	}{
		{"by the identity, R the identity", identity, identity},
		{"by the identity, R not canonical", identity, noncanonical},
		{"by a key not canonical, R the identity", noncanonical, identity},
		{"by a key of order 2, R not canonical", append([]byte{0xec}, noncanonical[1:]...), noncanonical},
	} {
		s := good
		s.Key, s.Sig = tc.a, append(slices.Clone(tc.r), make([]byte, 32)...)
		add("ZIP-215: "+tc.name, true, block, s)
	}
	s = good
	s.Key = append([]byte{2}, make([]byte, 31)...)
	add("by a key that is no point", false, block, s)
	return vs
}

func makeLinks(t *testing.T) (vs []linkVector) {
	genesis := aChange().Log
	deps := names(2)
	mk := func(name, want string, c *Change, links ...linkFields) {
		b, err := c.Encode()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		vs = append(vs, linkVector{Name: name, Block: b, Links: links, Want: want})
	}
	prev := func(seq, lamport uint64) linkFields {
		p := aChange().Prev
		return linkFields{ID: p[:], Log: genesis[:], Seq: seq, Lamport: lamport}
	}
	dep := func(i int, lamport uint64) linkFields {
		return linkFields{ID: deps[i][:], Log: fill32(0xd1)[:16], Seq: 3, Lamport: lamport}
	}
	at := func(seq, lamport uint64, deps ...crdt.ChangeID) *Change {
		return noOps(func(c *Change) { c.Seq, c.Lamport, c.Deps = seq, lamport, deps })
	}
	elsewhere := prev(4, 7)
	elsewhere.Log = fill32(0xee)[:16]
	another := prev(4, 7)
	another.ID = fill32(0xee)
	mk("first of its log", "valid", at(1, 1), prev(0, 0))
	mk("first of a log that goes on from others", "valid", at(1, 10), prev(0, 9))
	mk("after a change", "valid", at(5, 8), prev(4, 7))
	mk("prev is newer than the deps", "valid", at(5, 8, deps...), prev(4, 7), dep(0, 2), dep(1, 7))
	mk("a dep is newer than prev", "valid", at(5, 21, deps...), prev(4, 7), dep(0, 20), dep(1, 3))
	mk("a dep is a genesis", "valid", at(5, 8, deps[0]), prev(4, 7), linkFields{ID: deps[0][:], Log: deps[0][:16], Seq: 0, Lamport: 0})
	mk("lamport one too low", "invalid", at(5, 20, deps...), prev(4, 7), dep(0, 20), dep(1, 3))
	mk("lamport one too high", "invalid", at(5, 9), prev(4, 7))
	mk("lamport 2^48", "valid", at(5, MaxLamport), prev(4, MaxLamport-1))
	mk("lamport 2^48 after 2^48", "invalid", at(5, MaxLamport), prev(4, MaxLamport))
	mk("seq one too low", "invalid", at(4, 8), prev(4, 7))
	mk("seq one too high", "invalid", at(6, 8), prev(4, 7))
	mk("prev in another log", "invalid", at(5, 8), elsewhere)
	mk("another prev", "invalid", at(5, 8), another)
	mk("the deps in another order", "invalid", at(5, 21, deps...), prev(4, 7), dep(1, 3), dep(0, 20))

	mg := func(name, want string, lamport uint64, edit func(*LogGenesis, *linkVector)) {
		g := aLog()
		v := linkVector{
			Name: name, Want: want, Lamport: lamport, Commons: slices.Clone(g.Commons[:]),
			Certificates: []memberFields{{ID: cert[:], Device: device[:], Person: person[:]}},
			Grants:       []memberFields{{ID: grant[:], Person: person[:]}},
		}
		edit(g, &v)
		b, err := g.Encode()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v.Block = b
		vs = append(vs, v)
	}
	tip := func(i int, lamport uint64) linkFields {
		l := dep(i, lamport)
		l.Device, l.Person = device[:], person[:]
		return l
	}
	mg("a first log", "valid", 0, func(*LogGenesis, *linkVector) {})
	mg("a log that goes on from two", "valid", 10, func(g *LogGenesis, v *linkVector) {
		g.PrevLogs, v.Links = deps, []linkFields{tip(0, 4), tip(1, 9)}
	})
	mg("a log that goes on from a genesis", "valid", 1, func(g *LogGenesis, v *linkVector) {
		l := tip(0, 0)
		l.Seq = 0
		g.PrevLogs, v.Links = deps[:1], []linkFields{l}
	})
	mg("a log after lamport 2^48", "invalid", 0, func(g *LogGenesis, v *linkVector) {
		g.PrevLogs, v.Links = deps[:1], []linkFields{tip(0, MaxLamport)}
	})
	mg("a log that goes on from one of another device", "invalid", 0, func(g *LogGenesis, v *linkVector) {
		l := tip(0, 4)
		l.Device = other[:]
		g.PrevLogs, v.Links = deps[:1], []linkFields{l}
	})
	mg("a log that goes on from one of another person", "invalid", 0, func(g *LogGenesis, v *linkVector) {
		l := tip(0, 4)
		l.Person = other[:]
		g.PrevLogs, v.Links = deps[:1], []linkFields{l}
	})
	mg("a log of another commons", "invalid", 0, func(_ *LogGenesis, v *linkVector) { v.Commons = fill32(0xee) })
	mg("its certificate isn't stored", "unknown", 0, func(_ *LogGenesis, v *linkVector) { v.Certificates = nil })
	mg("its certificate is about another device", "invalid", 0, func(_ *LogGenesis, v *linkVector) { v.Certificates[0].Device = other[:] })
	mg("its certificate is by another person", "invalid", 0, func(_ *LogGenesis, v *linkVector) { v.Certificates[0].Person = other[:] })
	mg("its grant isn't stored", "unknown", 0, func(_ *LogGenesis, v *linkVector) { v.Grants = nil })
	mg("its grant is to another person", "invalid", 0, func(_ *LogGenesis, v *linkVector) { v.Grants[0].Person = other[:] })
	return vs
}
