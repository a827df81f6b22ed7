package oplog

import (
	"bytes"
	"encoding/json"
	"os"
	"runtime"
	"testing"
)

// seed adds the vectors of a file, valid or not, to a fuzz target's corpus.
func seed[T any](f *testing.F, file string, of func(T) []byte) {
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		f.Fatal(err)
	}
	var vectors []T
	if err := json.Unmarshal(b, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		f.Add(of(v))
	}
}

// FuzzDecodeChange holds that a block that decodes is the one encoding of what
// it decodes to, and canonical to go-ipld-prime.
func FuzzDecodeChange(f *testing.F) {
	seed(f, "blocks.json", func(v blockVector) []byte { return v.Block })
	seed(f, "invalid-blocks.json", func(v invalidVector) []byte { return v.Bytes })
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeChange(b)
		if err != nil {
			return
		}
		if again, err := c.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x decodes as %+v, which encodes as %x, %v", b, c, again, err)
		}
		canonical(t, b)
	})
}

// FuzzDecodeGenesis is FuzzDecodeChange for both sorts of genesis.
func FuzzDecodeGenesis(f *testing.F) {
	seed(f, "blocks.json", func(v blockVector) []byte { return v.Block })
	seed(f, "invalid-blocks.json", func(v invalidVector) []byte { return v.Bytes })
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := DecodeLogGenesis(b); err == nil {
			if again, err := g.Encode(); err != nil || !bytes.Equal(again, b) {
				t.Fatalf("%x decodes as %+v, which encodes as %x, %v", b, g, again, err)
			}
			canonical(t, b)
		}
		if g, err := DecodeCommonsGenesis(b); err == nil {
			if again, err := g.Encode(); err != nil || !bytes.Equal(again, b) {
				t.Fatalf("%x decodes as %+v, which encodes as %x, %v", b, g, again, err)
			}
			canonical(t, b)
		}
	})
}

// FuzzReadRun holds that a run that reads is the one encoding of its blocks,
// and that each of these decodes to what the run says.
func FuzzReadRun(f *testing.F) {
	seed(f, "runs.json", func(v runVector) []byte { return v.Run })
	seed(f, "invalid-runs.json", func(v invalidVector) []byte { return v.Bytes })
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ReadRun(b)
		if err != nil {
			return
		}
		made, err := NewRun(r.Blocks, r.GenesisSig, r.Sig)
		if err != nil {
			t.Fatalf("the blocks of %x make no run: %v", b, err)
		}
		if again, err := AppendRun(nil, made); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x reads as %+v, which encodes as %x, %v", b, r, again, err)
		}
		for i, c := range r.Changes {
			if c.ID != made.Changes[i].ID {
				t.Fatalf("change %d is %v, its block %v", i, c.ID, made.Changes[i].ID)
			}
		}
		if r.ID() != Sum(r.Blocks[len(r.Blocks)-1]) {
			t.Fatalf("the run ends in %v, its blocks in %v", r.ID(), Sum(r.Blocks[len(r.Blocks)-1]))
		}
	})
}

// TestDecodingIsBounded holds that what a decoder allocates is within a factor
// of what it was given, whatever that claims of itself.
func TestDecodingIsBounded(t *testing.T) {
	tiny := array{0, array{0, 0}, []byte{}} // six bytes, and the most for each
	ops := array{array{0, fill32(1)[:16], []byte{}}}
	for range MaxOps - 1 {
		ops = append(ops, tiny)
	}
	head := append([]byte{0}, append(fill32(0x10)[:16], append([]byte{1}, append(fill32(0xbe), 63)...)...)...)
	opsOnly := enc(ops[:AnchorSize/8])
	run := head
	for range 63 {
		run = append(append(run, 0), opsOnly...)
	}
	run = append(run, make([]byte, 64)...)
	claims := func(item int, b ...byte) []byte {
		block := enc(changeWith(item, raw(b)))
		return block
	}
	read := func(b []byte) error { _, err := ReadRun(b); return err }
	decode := func(b []byte) error { _, err := DecodeChange(b); return err }
	for _, tc := range []struct {
		name   string
		bytes  []byte
		decode func([]byte) error
		good   bool
	}{
		{"a change of tiny ops", enc(changeWith(8, ops)), decode, true},
		{"a change that claims 1024 ops", claims(8, 0x99, 0x04, 0x00), decode, false},
		{"a change that claims 2^63 ops", claims(8, 0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0), decode, false},
		{"a change that claims 2^63 deps", claims(4, 0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0), decode, false},
		{"a run of tiny ops", run, read, true},
		{"a run that claims a large genesis", append([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f}, head...), read, false},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := tc.decode(tc.bytes)
		runtime.ReadMemStats(&after)
		if (err == nil) != tc.good {
			t.Errorf("%s: %v", tc.name, err)
		}
		got, most := after.TotalAlloc-before.TotalAlloc, uint64(64*len(tc.bytes)+16<<10)
		if got > most {
			t.Errorf("%s: %d bytes allocated for %d, want at most %d", tc.name, got, len(tc.bytes), most)
		}
	}
}
