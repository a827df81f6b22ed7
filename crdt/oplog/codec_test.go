package oplog

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"github.com/ipld/go-ipld-prime/codec/dagcbor"
	"github.com/ipld/go-ipld-prime/node/basicnode"
	"pgregory.net/rapid"

	"navette/crdt"
)

func drawID(name string) *rapid.Generator[crdt.ChangeID] {
	return rapid.Custom(func(t *rapid.T) (id crdt.ChangeID) {
		// Few different ones, so that prev, deps and targets meet.
		id[0] = rapid.ByteRange(1, 40).Draw(t, name)
		return id
	})
}

func drawChange(t *rapid.T) *Change {
	c := &Change{
		Seq:     rapid.Uint64Range(1, MaxSeq).Draw(t, "seq"),
		Prev:    drawID("prev").Draw(t, "prev"),
		Lamport: rapid.Uint64Range(1, MaxLamport).Draw(t, "lamport"),
		Wall: crdt.Wall{
			Seconds: rapid.Uint64Range(0, MaxSeconds).Draw(t, "seconds"),
			Quality: crdt.Quality(rapid.IntRange(0, 3).Draw(t, "quality")),
		},
	}
	copy(c.Log[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "log"))
	if rapid.Bool().Draw(t, "on behalf") {
		c.OnBehalf = &Key{rapid.Byte().Draw(t, "person")}
	}
	for _, d := range SortLinks(rapid.SliceOfN(drawID("dep"), 0, MaxLinks).Draw(t, "deps")) {
		if d != c.Prev {
			c.Deps = append(c.Deps, d)
		}
	}
	for i := range rapid.IntRange(0, 20).Draw(t, "ops") {
		op := crdt.Op{
			Code: rapid.Uint64Range(0, MaxCode).Draw(t, "code"),
			Body: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body"),
		}
		switch form := rapid.IntRange(0, 2).Draw(t, "form"); {
		case form == 0:
			op.Target.ID[0] = rapid.Byte().Draw(t, "resource")
		case form == 1 && i > 0:
			op.Target.Ref = &crdt.Dot{Index: uint32(rapid.IntRange(0, i-1).Draw(t, "index"))}
		default:
			op.Target.Ref = &crdt.Dot{Change: drawID("ref").Draw(t, "ref"), Index: rapid.Uint32().Draw(t, "index")}
		}
		if op.Target.Ref != nil && rapid.Bool().Draw(t, "with offset") {
			offset := uint64(rapid.Uint32().Draw(t, "offset"))
			op.Target.Offset = &offset
		}
		c.Ops = append(c.Ops, op)
	}
	return c
}

// TestChangeRoundTrip holds that what is encoded is what is decoded, and is
// DAG-CBOR in its canonical form to go-ipld-prime.
func TestChangeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawChange(t)
		block, err := c.Encode()
		if err != nil {
			t.Fatalf("Encode: %v", err)
		}
		got, err := DecodeChange(block)
		if err != nil {
			t.Fatalf("DecodeChange(%x) = %v", block, err)
		}
		c.ID = Sum(block)
		if !reflect.DeepEqual(got, c) {
			t.Fatalf("decoded %+v\nwant    %+v", got, c)
		}
		if k, err := Parse(block); k != KindChange || err != nil {
			t.Fatalf("Parse = %v, %v", k, err)
		}
		canonical(t, block)
		data := got.Data()
		if data.ID != c.ID || data.Prev != c.Prev || !reflect.DeepEqual(data.Ops, c.Ops) || data.Log != c.Log {
			t.Fatalf("Data() = %+v", data)
		}
	})
}

func TestGenesisRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &LogGenesis{
			Commons: CommonsID(drawID("commons").Draw(t, "commons")),
			Device:  Key(drawID("device").Draw(t, "device")),
			Person:  Key(drawID("person").Draw(t, "person")),
			Cert:    drawID("cert").Draw(t, "cert"),
			Grant:   drawID("grant").Draw(t, "grant"),
			Nonce:   [8]byte{rapid.Byte().Draw(t, "nonce")},
			Birth:   rapid.Uint32().Draw(t, "birth"),
		}
		if prevLogs := SortLinks(rapid.SliceOfN(drawID("prevLog"), 0, MaxLinks).Draw(t, "prevLogs")); len(prevLogs) > 0 {
			g.PrevLogs = prevLogs
		}
		block, err := g.Encode()
		if err != nil {
			t.Fatalf("Encode: %v", err)
		}
		g.ID = Sum(block)
		if got, err := DecodeLogGenesis(block); err != nil || !reflect.DeepEqual(got, g) {
			t.Fatalf("decoded %+v, %v\nwant    %+v", got, err, g)
		}
		if log := g.Log(); !bytes.Equal(log[:], g.ID[:16]) {
			t.Fatalf("Log() = %v of %v", log, g.ID)
		}
		canonical(t, block)
	})
}

// canonical fails if go-ipld-prime refuses a block or encodes it differently.
func canonical(t interface{ Fatalf(string, ...any) }, block []byte) {
	nb := basicnode.Prototype.Any.NewBuilder()
	if err := dagcbor.Decode(nb, bytes.NewReader(block)); err != nil {
		t.Fatalf("go-ipld-prime refuses %x: %v", block, err)
	}
	var out bytes.Buffer
	if err := dagcbor.Encode(nb.Build(), &out); err != nil || !bytes.Equal(out.Bytes(), block) {
		t.Fatalf("go-ipld-prime encodes %x as %x, %v", block, out.Bytes(), err)
	}
}

// TestEncodeRefuses holds that a writer can't make what a reader refuses.
func TestEncodeRefuses(t *testing.T) {
	tooLarge := sized(t, 1, MaxBlock)
	tooLarge.Ops[0].Body = append(tooLarge.Ops[0].Body, 0)
	two := names(2)
	for name, c := range map[string]*Change{
		"the zero change":      {},
		"61441 bytes":          tooLarge,
		"17 deps":              noOps(func(c *Change) { c.Deps = names(MaxLinks + 1) }),
		"deps out of order":    noOps(func(c *Change) { c.Deps = []crdt.ChangeID{two[1], two[0]} }),
		"prev among the deps":  noOps(func(c *Change) { c.Deps = []crdt.ChangeID{c.Prev} }),
		"seq 0":                noOps(func(c *Change) { c.Seq = 0 }),
		"lamport 2^48 + 1":     noOps(func(c *Change) { c.Lamport = MaxLamport + 1 }),
		"wall 2^40 + 1":        noOps(func(c *Change) { c.Wall.Seconds = MaxSeconds + 1 }),
		"quality 4":            noOps(func(c *Change) { c.Wall.Quality = 4 }),
		"1025 ops":             noOps(func(c *Change) { c.Ops = make([]crdt.Op, MaxOps+1) }),
		"code 65536":           noOps(func(c *Change) { c.Ops = []crdt.Op{{Code: MaxCode + 1}} }),
		"a target after it":    noOps(func(c *Change) { c.Ops = []crdt.Op{{Target: self(0)}} }),
		"an offset without op": noOps(func(c *Change) { c.Ops = []crdt.Op{{Target: crdt.Target{Offset: new(uint64)}}} }),
		"an offset of 2^32": noOps(func(c *Change) {
			offset := uint64(1 << 32)
			c.Ops = []crdt.Op{{}, {Target: crdt.Target{Ref: &crdt.Dot{}, Offset: &offset}}}
		}),
	} {
		if b, err := c.Encode(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Encode = %.40x, %v; want ErrInvalid", name, b, err)
		}
	}
	for name, g := range map[string]*CommonsGenesis{
		"no roots":         {},
		"4 roots":          {Roots: []Key{{1}, {2}, {3}, {4}}},
		"a root twice":     {Roots: []Key{{1}, {1}}},
		"a name of latin1": {Roots: []Key{{1}}, Name: "caf\xe9"},
	} {
		if b, err := g.Encode(); !errors.Is(err, ErrInvalid) {
			t.Errorf("commons with %s: Encode = %x, %v; want ErrInvalid", name, b, err)
		}
	}
	g := aLog()
	g.PrevLogs = []crdt.ChangeID{two[1], two[0]}
	if b, err := g.Encode(); !errors.Is(err, ErrInvalid) {
		t.Errorf("log with prevLogs out of order: Encode = %x, %v; want ErrInvalid", b, err)
	}
}

// TestStoredSize holds the design's figure: what the envelope of a change
// costs beside its ops, and what a dep costs.
func TestStoredSize(t *testing.T) {
	c := with(func(c *Change) { c.Seq, c.Lamport = 1000, 100_000 })
	bare := beyondOps(t, c)
	c.Deps = names(1)
	dep := beyondOps(t, c) - bare
	t.Logf("a change of five fields takes %d bytes beyond its ops, %d for each dep", bare, dep)
	if bare > 90 {
		t.Errorf("%d bytes beyond the ops, want at most 90", bare)
	}
	if dep != 41 {
		t.Errorf("%d bytes for a dep, want 41", dep)
	}
}

func beyondOps(t *testing.T, c *Change) int {
	t.Helper()
	block, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return len(block) - len(c.appendOps(nil))
}

func TestParseCIDRefuses(t *testing.T) {
	id := crdt.ChangeID(fill32(7))
	if s := CID(id).String(); s[:7] != "bafyrei" {
		t.Errorf("CID = %s, want bafyrei…", s)
	}
	for name, s := range map[string]string{
		"nothing":   "",
		"no CID":    "bafyrei",
		"raw":       "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
		"version 0": "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",
		"hex":       hex.EncodeToString(id[:]),
	} {
		if got, err := ParseCID(s); !errors.Is(err, ErrInvalid) {
			t.Errorf("ParseCID(%s) = %v, %v; want ErrInvalid", name, got, err)
		}
	}
}

// TestSignaturesAgree holds that verifying alone and together agree, whatever
// is wrong.
func TestSignaturesAgree(t *testing.T) {
	commons := aLog().Commons
	rapid.Check(t, func(t *rapid.T) {
		var batch []Signed
		all := true
		for i := range rapid.IntRange(0, 6).Draw(t, "signatures") {
			s := Signed{Key: device, Kind: SigChange, Commons: commons, Block: []byte{byte(i)}}
			s.Sig = Sign(deviceKey, s.Kind, commons, s.Block)
			if rapid.IntRange(0, 5).Draw(t, "wrong") == 0 {
				s.Sig[rapid.IntRange(0, 63).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			}
			batch = append(batch, s)
			all = all && Verify(s.Key, s.Kind, s.Commons, s.Block, s.Sig)
		}
		if got := VerifyBatch(batch); got != all {
			t.Fatalf("VerifyBatch = %v, one by one %v", got, all)
		}
	})
}

func BenchmarkEncodeChange(b *testing.B) {
	c := aChange()
	for b.Loop() {
		if _, err := c.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeChange(b *testing.B) {
	block, err := aChange().Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		if _, err := DecodeChange(block); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	block, err := aChange().Encode()
	if err != nil {
		b.Fatal(err)
	}
	s := Signed{Key: device, Kind: SigChange, Commons: aLog().Commons, Block: block}
	s.Sig = Sign(deviceKey, s.Kind, s.Commons, block)
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			if !Verify(s.Key, s.Kind, s.Commons, s.Block, s.Sig) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("among 64", func(b *testing.B) {
		batch := make([]Signed, 64)
		for i := range batch {
			batch[i] = s
		}
		for b.Loop() {
			if !VerifyBatch(batch) {
				b.Fatal("refused")
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/signature")
	})
}
