package oplog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"navette/crdt"
	"navette/crdt/cbor"
)

// follow returns n changes after prev, small and in a person's rhythm.
func follow(tb testing.TB, prev Link, n int, edit func(i int, c *Change)) (blocks [][]byte) {
	for i := range n {
		c := &Change{Log: prev.Log, Seq: prev.Seq + 1, Prev: prev.ID, Lamport: prev.Lamport + 1,
			Wall: crdt.Wall{Seconds: 1_760_000_000 + 7*uint64(i), Quality: crdt.QualityPeers}}
		c.Ops = []crdt.Op{{Code: 4, Target: crdt.Target{ID: crdt.ID(fill32(0x1d))},
			Body: enc(array{i % 5, fmt.Sprint("valeur ", i), array{array{1, 0}}})}}
		if edit != nil {
			edit(i, c)
		}
		b, err := c.Encode()
		if err != nil {
			tb.Fatal(err)
		}
		blocks = append(blocks, b)
		prev = Link{ID: Sum(b), Log: c.Log, Seq: c.Seq, Lamport: c.Lamport}
	}
	return blocks
}

// beginning returns a log's genesis and n changes after it.
func beginning(tb testing.TB, n int, edit func(i int, c *Change)) [][]byte {
	b, err := aLog().Encode()
	if err != nil {
		tb.Fatal(err)
	}
	prev := Link{ID: Sum(b), Log: logOf(b)}
	return append([][]byte{b}, follow(tb, prev, n, edit)...)
}

// signRun returns the run of blocks, signed.
func signRun(tb testing.TB, blocks [][]byte) *Run {
	commons := aLog().Commons
	r, err := NewRun(blocks, Sign(deviceKey, SigLog, commons, blocks[0]), Sign(deviceKey, SigChange, commons, blocks[len(blocks)-1]))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// mixed edits changes until every bit of a run's encoding is used.
func mixed(i int, c *Change) {
	switch i % 6 {
	case 1:
		c.Deps, c.Lamport = names(2), c.Lamport+5
	case 2:
		c.OnBehalf = &other
	case 3:
		c.OnBehalf, c.Wall.Seconds = &other, 12
	case 4:
		c.OnBehalf, c.Wall = &person, crdt.Wall{}
	case 5:
		c.Ops = nil
	}
}

func makeRuns(t *testing.T) (vs []runVector) {
	stored := Link{ID: crdt.ChangeID(fill32(0xbe)), Log: crdt.LogID(fill32(0x10)), Seq: 128, Lamport: 100_000}
	large := follow(t, stored, 3, nil)[:2]
	prev, err := DecodeChange(large[1])
	if err != nil {
		t.Fatal(err)
	}
	last := sized(t, prev.Seq+1, MaxBlock)
	last.Log, last.Prev, last.Lamport = prev.Log, prev.ID, prev.Lamport+1
	for {
		b, err := last.Encode()
		if err == nil {
			large = append(large, b)
			break
		}
		last.Ops[0].Body = last.Ops[0].Body[1:] // its lamport takes more bytes
	}
	for _, tc := range []struct {
		name   string
		blocks [][]byte
	}{
		{"a genesis alone", beginning(t, 0, nil)},
		{"a log's beginning", beginning(t, 3, nil)},
		{"one change, sent live", follow(t, stored, 1, nil)},
		{"from anchor to anchor", follow(t, stored, 64, nil)},
		{"every bit of the encoding", follow(t, stored, 12, mixed)},
		{"up to a large change", large},
	} {
		r := signRun(t, tc.blocks)
		b, err := AppendRun(nil, r)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		v := runVector{Name: tc.name, Run: b}
		for _, block := range tc.blocks {
			v.Blocks = append(v.Blocks, block)
		}
		if r.Genesis != nil {
			v.GenesisSig = r.GenesisSig[:]
		}
		if len(r.Changes) > 0 {
			v.Sig = r.Sig[:]
		}
		vs = append(vs, v)
	}
	return vs
}

func makeInvalidRuns(t *testing.T) (vs []invalidVector) {
	add := func(name, why string, run ...[]byte) {
		vs = append(vs, invalidVector{Name: name, Why: why, Bytes: bytes.Join(run, nil)})
	}
	head := slices.Concat([]byte{0}, fill32(0x10)[:16], []byte{5}, fill32(0xbe)) // goes on at seq 5
	sig := make([]byte, 64)
	ops := []byte{0x80}
	// A change at lamport 1, at second 0: flags and ops.
	plain := slices.Concat([]byte{0}, ops)
	genesis := beginning(t, 0, nil)[0]
	begins := slices.Concat([]byte{1}, binary.AppendUvarint(nil, uint64(len(genesis))), genesis, sig)
	if _, err := ReadRun(slices.Concat(head, []byte{1}, plain, sig)); err != nil {
		t.Fatalf("the run that the others are made from: %v", err)
	}

	add("nothing", "no run is empty")
	add("a head alone", "no change", head, []byte{0})
	add("bits of the head that aren't known", "the first byte is 0 or 1", []byte{2}, head[1:], []byte{1}, plain, sig)
	add("65 changes", "64 at most", head, []byte{65}, bytes.Repeat(plain, 65), sig)
	add("more changes than there are", "it ends in the middle", head, []byte{2}, plain, sig)
	add("no signature", "it ends in the middle", head, []byte{1}, plain)
	add("a byte after the signature", "bytes after the run", head, []byte{1}, plain, sig, []byte{0})
	add("a signature after a genesis alone", "bytes after the run", begins, []byte{0}, sig)
	add("a genesis that isn't one", "the block is a change", []byte{1, 1}, []byte{0x80}, sig, []byte{0})
	add("seq 0", "seq begins at 1", head[:17], []byte{0}, head[18:], []byte{1}, plain, sig)
	add("an unsigned anchor", "a run ends at seq 64", head[:17], []byte{63}, head[18:], []byte{3}, plain, plain, plain, sig)
	big := cbor.AppendBytes(nil, make([]byte, AnchorSize))
	bigOp := slices.Concat([]byte{0, 0x81, 0x83, 4, 0x50}, fill32(1)[:16], big)
	add("an unsigned large change", "a run ends at a block over 4 KiB", head, []byte{2}, bigOp, plain, sig)
	add("a seq in two bytes", "varints are shortest", head[:17], []byte{0x85, 0}, head[18:], []byte{1}, plain, sig)
	add("a count in two bytes", "varints are shortest", head, []byte{0x81, 0}, plain, sig)
	add("a needless lamport", "the bit is set where it isn't the next", head, []byte{1, runLamport, 1}, ops, sig)
	add("a lamport that doesn't climb", "lamports climb", head, []byte{2}, plain, []byte{runLamport, 0}, ops, sig)
	add("a lamport that overflows", "lamports end at 2^48", head, []byte{2}, plain, []byte{runLamport}, binary.AppendUvarint(nil, 1<<64-1), ops, sig)
	add("a needless second", "the bit is set where they differ", head, []byte{1, runSeconds, 0}, ops, sig)
	add("a second before 0", "seconds begin at 0", head, []byte{1, runSeconds, 1}, ops, sig)
	add("no deps, said at length", "the bit is set where there are some", head, []byte{1, runDeps, 0}, ops, sig)
	add("17 deps", "16 at most", head, []byte{1, runDeps, 17}, bytes.Repeat(fill32(1), 17), ops, sig)
	add("the same person, given again", "1 says the same", head, []byte{2, runOtherPerson}, person[:], ops, []byte{runOtherPerson}, person[:], ops, sig)
	add("the same person as nobody", "2 says somebody", head, []byte{1, runSamePerson}, ops, sig)
	add("the same person and another", "one of the bits", head, []byte{1, runSamePerson | runOtherPerson}, person[:], ops, sig)
	add("the highest bit", "it is 0", head, []byte{1, runReserved}, ops, sig)
	add("ops that aren't an array", "an array is due", head, []byte{1, 0, 0x40}, sig)
	return vs
}
