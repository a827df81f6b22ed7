package oplog

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"navette/crdt"
)

// TestRunRoundTrip holds that a run gives back the exact blocks, whatever the
// changes in it.
func TestRunRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Uint64Range(1, 200).Draw(t, "first")
		prev := Link{ID: crdt.ChangeID(fill32(0xbe)), Log: crdt.LogID(fill32(0x10)), Seq: first - 1, Lamport: 1000}
		var blocks [][]byte
		if rapid.Bool().Draw(t, "begins") {
			g, err := aLog().Encode()
			if err != nil {
				t.Fatal(err)
			}
			blocks = append(blocks, g)
			prev = Link{ID: Sum(g), Log: logOf(g)}
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "changes") {
			c := drawChange(t)
			c.Log, c.Seq, c.Prev = prev.Log, prev.Seq+1, prev.ID
			c.Lamport = prev.Lamport + rapid.Uint64Range(1, 3).Draw(t, "step")
			if i == 0 && rapid.Bool().Draw(t, "any lamport") {
				c.Lamport = rapid.Uint64Range(1, MaxLamport-100).Draw(t, "lamport")
			}
			b, err := c.Encode()
			if err != nil {
				t.Fatalf("Encode: %v", err)
			}
			blocks = append(blocks, b)
			if prev = (Link{ID: Sum(b), Log: c.Log, Seq: c.Seq, Lamport: c.Lamport}); IsAnchor(c.Seq, len(b)) {
				break
			}
		}
		var sigs [2]Signature
		copy(sigs[0][:], rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "genesis' signature"))
		copy(sigs[1][:], rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "signature"))
		run, err := NewRun(blocks, sigs[0], sigs[1])
		if err != nil {
			t.Fatalf("NewRun: %v", err)
		}
		b, err := AppendRun(nil, run)
		if err != nil {
			t.Fatalf("AppendRun: %v", err)
		}
		got, err := ReadRun(b)
		if err != nil {
			t.Fatalf("ReadRun(%x) = %v", b, err)
		}
		if len(got.Blocks) != len(blocks) || got.Sig != run.Sig || got.GenesisSig != run.GenesisSig || got.ID() != prev.ID {
			t.Fatalf("read %+v, want %+v", got, run)
		}
		for i, want := range blocks {
			if !bytes.Equal(got.Blocks[i], want) {
				t.Fatalf("block %d is %x, want %x", i, got.Blocks[i], want)
			}
		}
	})
}

// TestRunSize holds the design's figure: what a change costs on the wire
// beside its ops.
func TestRunSize(t *testing.T) {
	stored := Link{ID: crdt.ChangeID(fill32(0xbe)), Log: crdt.LogID(fill32(0x10)), Seq: 1000 * AnchorEvery, Lamport: 1_000_000}
	for _, tc := range []struct {
		name    string
		changes int
		edit    func(int, *Change)
		each    float64 // bytes a change at most, beyond its ops, head and signature included
	}{
		{"a run of 64", 64, nil, 12},
		{"a run of 64 on behalf of one person", 64, func(_ int, c *Change) { c.OnBehalf = &other }, 12},
		{"one change, sent live", 1, nil, 140},
	} {
		r := signRun(t, follow(t, stored, tc.changes, tc.edit))
		b, err := AppendRun(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		beyond := len(b)
		for _, c := range r.Changes {
			beyond -= len(c.appendOps(nil))
		}
		each := float64(beyond) / float64(tc.changes)
		t.Logf("%s: %d bytes, %.1f a change beyond its ops", tc.name, len(b), each)
		if each > tc.each {
			t.Errorf("%s: %.1f bytes a change beyond its ops, want at most %g", tc.name, each, tc.each)
		}
	}
}

// TestRunWorst holds that the greatest run there can be is within MaxRun.
func TestRunWorst(t *testing.T) {
	prev := Link{ID: crdt.ChangeID(fill32(0xbe)), Log: crdt.LogID(fill32(0x10)), Lamport: MaxLamport - 1000}
	var blocks [][]byte
	for i := range AnchorEvery {
		size := AnchorSize
		if i == AnchorEvery-1 {
			size = MaxBlock
		}
		c := sized(t, prev.Seq+1, 1000)
		c.Log, c.Prev, c.Lamport = prev.Log, prev.ID, prev.Lamport+1
		c.Ops[0].Body = make([]byte, size-200)
		for b, err := c.Encode(); len(b) != size; b, err = c.Encode() {
			if err != nil {
				t.Fatal(err)
			}
			c.Ops[0].Body = make([]byte, len(c.Ops[0].Body)+size-len(b))
		}
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b)
		prev = Link{ID: Sum(b), Log: c.Log, Seq: c.Seq, Lamport: c.Lamport}
	}
	b, err := AppendRun(nil, signRun(t, blocks))
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > MaxRun {
		t.Errorf("a run of %d bytes, want at most %d", len(b), MaxRun)
	}
	if _, err := ReadRun(b); err != nil {
		t.Errorf("ReadRun of the greatest run: %v", err)
	}
	if _, err := ReadRun(make([]byte, MaxRun+1)); !errors.Is(err, ErrInvalid) {
		t.Errorf("ReadRun of %d bytes: %v, want ErrInvalid", MaxRun+1, err)
	}
}

func TestNewRunRefuses(t *testing.T) {
	stored := Link{ID: crdt.ChangeID(fill32(0xbe)), Log: crdt.LogID(fill32(0x10)), Seq: 10, Lamport: 20}
	good := follow(t, stored, 3, nil)
	begins := beginning(t, 2, nil)
	anchor := follow(t, Link{ID: stored.ID, Log: stored.Log, Seq: 62, Lamport: 80}, 3, nil)
	back := follow(t, stored, 2, func(i int, c *Change) { c.Lamport = 50 - uint64(i) })
	for name, blocks := range map[string][][]byte{
		"nothing":                   nil,
		"a gap":                     {good[0], good[2]},
		"another log in it":         {good[0], begins[1]},
		"a genesis in the middle":   {begins[0], begins[1], begins[0]},
		"a change before a genesis": {begins[1], begins[0]},
		"an anchor in the middle":   anchor,
		"65 changes":                follow(t, Link{ID: stored.ID, Log: stored.Log, Lamport: 1}, 65, nil),
		"a block of nothing":        {{}},
	} {
		if r, err := NewRun(blocks, Signature{}, Signature{}); !errors.Is(err, ErrInvalid) || r != nil {
			t.Errorf("%s: NewRun = %v, %v; want ErrInvalid", name, r, err)
		}
	}
	r, err := NewRun(back, Signature{}, Signature{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := AppendRun(nil, r); !errors.Is(err, ErrInvalid) {
		t.Errorf("AppendRun of a lamport that falls: %v, want ErrInvalid", err)
	}
}

func TestVerifyRun(t *testing.T) {
	commons := aLog().Commons
	stored := Link{ID: crdt.ChangeID(fill32(0xbe)), Log: crdt.LogID(fill32(0x10)), Seq: 10, Lamport: 20}
	goesOn := follow(t, stored, 3, nil)
	elsewhere, later, another := stored, stored, stored
	elsewhere.Log[0]++
	later.Seq++
	another.ID[0]++
	for _, tc := range []struct {
		name    string
		run     *Run
		device  Key
		commons CommonsID
		prev    Link
		edit    func(*Run)
		good    bool
	}{
		{"goes on", signRun(t, goesOn), device, commons, stored, nil, true},
		{"begins", signRun(t, beginning(t, 3, nil)), device, commons, Link{}, nil, true},
		{"a genesis alone", signRun(t, beginning(t, 0, nil)), device, commons, Link{}, nil, true},
		{"another device", signRun(t, goesOn), other, commons, stored, nil, false},
		{"another commons", signRun(t, goesOn), device, CommonsID{}, stored, nil, false},
		{"begins for another device", signRun(t, beginning(t, 3, nil)), other, commons, Link{}, nil, false},
		{"begins in another commons", signRun(t, beginning(t, 3, nil)), device, CommonsID{}, Link{}, nil, false},
		{"from another log", signRun(t, goesOn), device, commons, elsewhere, nil, false},
		{"from another seq", signRun(t, goesOn), device, commons, later, nil, false},
		{"from another link", signRun(t, goesOn), device, commons, another, nil, false},
		{"signature of another change", signRun(t, goesOn), device, commons, stored,
			func(r *Run) { r.Sig = Sign(deviceKey, SigChange, commons, goesOn[1]) }, false},
		{"no signature over the genesis", signRun(t, beginning(t, 3, nil)), device, commons, Link{},
			func(r *Run) { r.GenesisSig = Signature{} }, false},
		{"no signature over the last change", signRun(t, beginning(t, 3, nil)), device, commons, Link{},
			func(r *Run) { r.Sig = Signature{} }, false},
		{"the genesis' signature over the last change", signRun(t, beginning(t, 3, nil)), device, commons, Link{},
			func(r *Run) { r.Sig = Sign(deviceKey, SigLog, commons, r.Blocks[3]) }, false},
	} {
		if tc.edit != nil {
			tc.edit(tc.run)
		}
		err := VerifyRun(tc.device, tc.commons, tc.run, tc.prev)
		if tc.good && err != nil || !tc.good && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: VerifyRun = %v, want good %v", tc.name, err, tc.good)
		}
	}
}

func TestIsAnchor(t *testing.T) {
	for _, tc := range []struct {
		seq  uint64
		size int
		want bool
	}{
		{0, 300, true}, {1, 300, false}, {63, 300, false}, {64, 300, true}, {65, 300, false}, {128, 300, true},
		{1, AnchorSize, false}, {1, AnchorSize + 1, true},
	} {
		if got := IsAnchor(tc.seq, tc.size); got != tc.want {
			t.Errorf("IsAnchor(%d, %d) = %v, want %v", tc.seq, tc.size, got, tc.want)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	stored := Link{ID: crdt.ChangeID(fill32(0xbe)), Log: crdt.LogID(fill32(0x10)), Seq: 64, Lamport: 1_000_000}
	blocks := follow(b, stored, 64, nil)
	r := signRun(b, blocks)
	wire, err := AppendRun(nil, r)
	if err != nil {
		b.Fatal(err)
	}
	perChange := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/change")
	}
	b.Run("new and append", func(b *testing.B) {
		for b.Loop() {
			r, err := NewRun(blocks, r.GenesisSig, r.Sig)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := AppendRun(nil, r); err != nil {
				b.Fatal(err)
			}
		}
		perChange(b)
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := ReadRun(wire); err != nil {
				b.Fatal(err)
			}
		}
		perChange(b)
	})
	b.Run("read and verify", func(b *testing.B) {
		for b.Loop() {
			r, err := ReadRun(wire)
			if err != nil {
				b.Fatal(err)
			}
			if err := VerifyRun(device, aLog().Commons, r, stored); err != nil {
				b.Fatal(err)
			}
		}
		perChange(b)
	})
}
