package text

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"os"
	"slices"
	"testing"
)

// seeds adds one field of all vectors in a file.
func seeds(f *testing.F, path, field string) {
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	var vs []map[string]any
	if err := json.Unmarshal(b, &vs); err != nil {
		f.Fatal(err)
	}
	for _, v := range vs {
		b, err := hex.DecodeString(v[field].(string))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// What ReadSplices accepts, AppendSplices gives back.
func FuzzReadSplices(f *testing.F) {
	seeds(f, "testdata/ops.json", "hex")
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ReadSplices(b)
		if err != nil {
			return
		}
		if err := CheckSplices(s); err != nil {
			t.Fatalf("ReadSplices(%x) = %v: %v", b, s, err)
		}
		if again := AppendSplices(nil, s); !bytes.Equal(again, b) {
			t.Fatalf("%x was read as %v, which is %x", b, s, again)
		}
	})
}

// Whatever stands in a file whose checksum is right, nothing crashes; and one
// that Check accepts is Encode's.
func FuzzDecodeText(f *testing.F) {
	seeds(f, "testdata/histories.json", "file")
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 4 {
			return
		}
		b = binary.BigEndian.AppendUint32(slices.Clone(b[:len(b)-4]), crc32.Checksum(b[:len(b)-4], castagnoli))
		x, err := Decode(b, nil)
		if err != nil {
			return
		}
		_, _ = x.String(), x.Len()
		if !bytes.Equal(x.Encode(), b) {
			t.Fatal("Encode gives other bytes than were decoded")
		}
		intact := x.Check() == nil
		if z, err := Replay(b, nil); intact && (err != nil || z.String() != x.String()) {
			t.Fatalf("Replay: %v", err)
		}
		y, _ := Decode(b, nil)
		heads := y.Heads()
		for i, parents := range [][]Name{nil, heads, heads[:len(heads)/2]} {
			// Whether these fit depends on the file; nothing may crash.
			_ = y.ApplyParents(testName("fuzz", i), 1<<50, parents, []Splice{{Pos: i, Del: i, Ins: "x"}}, i == 1)
		}
		for _, n := range heads {
			if err := y.SetVoid(n, true); err != nil && y.load() == nil {
				t.Fatalf("SetVoid of a head: %v", err)
			}
		}
		if _, err := y.At(heads); err != nil && intact {
			t.Fatalf("At: %v", err)
		}
		for range y.Spans() {
		}
		if intact {
			if err := y.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzMerge reads bytes as a history of hostile writers and compares with the
// oracle, in the order given and in another.
func FuzzMerge(f *testing.F) {
	f.Add([]byte("\x00\x10\x00\x00abcd\x01\x01\x02\x02\x02\x02\x01\x03\x03\x12\x01\x00"))
	f.Add([]byte{0, 0, 0, 9, 1, 1, 1, 0, 5, 2, 1, 1, 3, 7, 1, 2, 2, 2, 2, 9, 9, 9, 4, 3, 1, 0, 255, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s session
		naive, x := newOracle(true, Name.Compare), New(nil)
		var refused []bool
		for len(b) >= 5 && len(s.events) < 40 {
			e := testEvent{name: testName(string(rune('a'+b[0]%4)), len(s.events)), void: b[0]&0xc0 == 0xc0}
			parents := map[int]bool{}
			for _, back := range b[1:3] {
				if p := len(s.events) - 1 - int(back%8); p >= 0 && !refused[p] {
					parents[p] = true
				}
			}
			for p := range parents {
				e.parents = append(e.parents, p)
				e.lamport = max(e.lamport, s.events[p].lamport+1)
			}
			slices.Sort(e.parents)
			e.splices = []Splice{{Pos: int(b[3] % 32), Del: int(b[4] % 8), Deep: b[0]&0x30 == 0x30, Ins: "éa"[:b[4]>>6&2]}}
			if b[4]&8 != 0 {
				e.splices = append(e.splices, Splice{Pos: int(b[4] >> 4), Ins: string(rune('a' + len(s.events)%26)), Deep: e.splices[0].Deep})
			}
			b = b[5:]
			if checkForm(e.splices) != nil {
				continue
			}
			fits := naive.apply(e.name, e.parents, e.splices, e.void)
			s.events, refused = append(s.events, e), append(refused, !fits)
			err := x.ApplyParents(e.name, e.lamport, s.namesOf(e.parents), e.splices, e.void)
			if (err == nil) != fits {
				t.Fatalf("event %d: got %v, the oracle says it fits: %v", len(s.events)-1, err, fits)
			}
		}
		if x.Raw() != naive.raw() || x.String() != naive.shown() {
			t.Fatalf("got %q and %q, want the oracle's %q and %q", x.Raw(), x.String(), naive.raw(), naive.shown())
		}
		if err := x.Check(); err != nil { // replays in the order of the file
			t.Fatal(err)
		}
	})
}

// FuzzTransform reads bytes as the splices of two browsers. Whatever they say,
// nothing crashes; and what fits a text brings both together.
func FuzzTransform(f *testing.F) {
	f.Add([]byte("\x03\x02\x11\x04\x00\x12"), []byte("\x02\x05\x01\x02\x00\x13"))
	f.Add([]byte("\x00\x00\x03\x01\x00\x01"), []byte("\x10\x00\x02"))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		const base = "0123456789abcdef"
		read := func(b []byte) (s []Splice, fits bool) {
			for ; len(b) >= 3 && len(s) < 20; b = b[3:] {
				s = append(s, Splice{Pos: int(int8(b[0])), Del: int(int8(b[1] % 160)), Ins: "é😀a"[:[]int{0, 2, 6, 7}[b[2]%4]]})
			}
			return s, !slices.ContainsFunc(s, func(x Splice) bool { return x.Pos < 0 || x.Del < 0 }) && checkRange(s, len(base)) == nil
		}
		a, fitsA := read(one)
		b, fitsB := read(other)
		for _, u := range []Unit{UTF16, Bytes} {
			_, _, _ = Transform(a, b, u)
			_, _ = Recode(base, a, u, Points)
		}
		afterB, afterA, err := Transform(a, b, Points)
		if !fitsA || !fitsB {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if x, y := edited(edited(base, a), afterA), edited(edited(base, b), afterB); x != y {
			t.Fatalf("%v and %v: got %q and %q", a, b, x, y)
		}
	})
}
