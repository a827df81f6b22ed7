package cbor

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/ipld/go-ipld-prime/codec/dagcbor"
	"github.com/ipld/go-ipld-prime/node/basicnode"
	"pgregory.net/rapid"
)

// link is a link to the block whose digest is 32 times c.
func link(c string) string { return "d82a582500" + "01711220" + strings.Repeat(c, 32) }

// TestAccepted holds what the Reader accepts against RFC 8949 appendix A and
// the DAG-CBOR spec, by hand.
func TestAccepted(t *testing.T) {
	for _, tc := range []struct {
		name, hex string
		kind      Kind
	}{
		{"0", "00", KindUint},
		{"23", "17", KindUint},
		{"24", "1818", KindUint},
		{"255", "18ff", KindUint},
		{"256", "190100", KindUint},
		{"65535", "19ffff", KindUint},
		{"65536", "1a00010000", KindUint},
		{"2^32-1", "1affffffff", KindUint},
		{"2^32", "1b0000000100000000", KindUint},
		{"2^64-1", "1bffffffffffffffff", KindUint},
		{"-1", "20", KindNegative},
		{"-24", "37", KindNegative},
		{"-25", "3818", KindNegative},
		{"-2^63", "3b7fffffffffffffff", KindNegative},
		{"no bytes", "40", KindBytes},
		{"bytes", "43010203", KindBytes},
		{"no text", "60", KindText},
		{"text", "63c3a961", KindText},
		{"four-byte rune", "64f09f9882", KindText},
		{"no items", "80", KindArray},
		{"items", "8301820203820405", KindArray},
		{"link", link("ab"), KindLink},
		{"false", "f4", KindBool},
		{"true", "f5", KindBool},
		{"null", "f6", KindNull},
		{"depth 8", strings.Repeat("81", 8) + "00", KindArray},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := unhex(t, tc.hex)
			if k := NewReader(b).Kind(); k != tc.kind {
				t.Errorf("Kind() = %d, want %d", k, tc.kind)
			}
			if err := Valid(b); err != nil {
				t.Errorf("Valid(%s) = %v, want nil", tc.hex, err)
			}
			oracle(t, b)
			if err := Valid(append(b, 0)); !errors.Is(err, ErrTrailing) {
				t.Errorf("Valid(%s00) = %v, want ErrTrailing", tc.hex, err)
			}
			for n := range len(b) {
				if err := Valid(b[:n]); !errors.Is(err, ErrTruncated) {
					t.Errorf("Valid(%x) = %v, want ErrTruncated", b[:n], err)
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, tc := range []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", ErrTruncated},
		{"0 in two bytes", "1800", ErrNotCanonical},
		{"23 in two bytes", "1817", ErrNotCanonical},
		{"255 in three bytes", "1900ff", ErrNotCanonical},
		{"65535 in five bytes", "1a0000ffff", ErrNotCanonical},
		{"2^32-1 in nine bytes", "1b00000000ffffffff", ErrNotCanonical},
		{"-1 in two bytes", "3800", ErrNotCanonical},
		{"long length of bytes", "580100", ErrNotCanonical},
		{"long length of text", "780161", ErrNotCanonical},
		{"long length of array", "980100", ErrNotCanonical},
		{"long tag", "d9002a582500017112" + "20" + strings.Repeat("ab", 32), ErrNotCanonical},
		{"below -2^63", "3b8000000000000000", ErrBound},
		{"reserved length", "1c", ErrForbidden},
		{"indefinite bytes", "5f4100ff", ErrForbidden},
		{"indefinite text", "7f6161ff", ErrForbidden},
		{"indefinite array", "9f00ff", ErrForbidden},
		{"map", "a0", ErrForbidden},
		{"map with a text key", "a1616100", ErrForbidden},
		{"undefined", "f7", ErrForbidden},
		{"simple value", "f820", ErrForbidden},
		{"half float", "f90000", ErrForbidden},
		{"float", "fa00000000", ErrForbidden},
		{"double", "fb0000000000000000", ErrForbidden},
		{"NaN", "f97e00", ErrForbidden},
		{"break", "ff", ErrForbidden},
		{"text with half a rune", "61c3", ErrForbidden},
		{"text with a surrogate", "63eda080", ErrForbidden},
		{"other tag", "c11a00000000", ErrForbidden},
		{"link without multibase byte", "d82a5824" + "01711220" + strings.Repeat("ab", 32), ErrForbidden},
		{"link to raw", "d82a582500" + "01551220" + strings.Repeat("ab", 32), ErrForbidden},
		{"link with identity hash", "d82a582500" + "01710020" + strings.Repeat("ab", 32), ErrForbidden},
		{"link of version 0", "d82a5823" + "001220" + strings.Repeat("ab", 32), ErrForbidden},
		{"link to text", "d82a6100", ErrType},
		{"depth 9", strings.Repeat("81", 9) + "00", ErrBound},
		{"4097 items", "991001" + strings.Repeat("00", 4097), ErrBound},
		{"length bomb of an array", "9bffffffffffffffff", ErrBound},
		{"length bomb of bytes", "5bffffffffffffffff00", ErrTruncated},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := Valid(unhex(t, tc.hex)); !errors.Is(err, tc.want) {
				t.Errorf("Valid(%.40s) = %v, want %v", tc.hex, err, tc.want)
			}
		})
	}
	if err := Valid(unhex(t, "991000"+strings.Repeat("00", 4096))); err != nil {
		t.Errorf("Valid(4096 items) = %v, want nil", err)
	}
}

// TestReader holds that a Reader's first error sticks and that reading another
// kind than comes next is an error, not a guess.
func TestReader(t *testing.T) {
	reads := map[Kind]func(*Reader){
		KindUint:  func(r *Reader) { r.Uint() },
		KindBytes: func(r *Reader) { r.Bytes() },
		KindText:  func(r *Reader) { r.Text() },
		KindArray: func(r *Reader) { r.Array() },
		KindLink:  func(r *Reader) { r.Link() },
		KindBool:  func(r *Reader) { r.Bool() },
	}
	values := map[Kind]string{
		KindUint: "01", KindNegative: "20", KindBytes: "4101", KindText: "6161",
		KindArray: "80", KindLink: link("01"), KindBool: "f5", KindNull: "f6",
	}
	for kind, read := range reads {
		for next, value := range values {
			r := NewReader(unhex(t, value))
			read(r)
			if ok := r.End() == nil; ok != (kind == next) {
				t.Errorf("reading kind %d where %d comes: error %v", kind, next, r.Err())
			}
		}
	}

	r := NewReader(unhex(t, "01f60161"))
	if r.Null() {
		t.Error("Null() = true before an integer")
	}
	if got := r.Uint(); got != 1 {
		t.Errorf("Uint() = %d, want 1", got)
	}
	if !r.Null() {
		t.Error("Null() = false before null")
	}
	r.Tuple(2)
	first := r.Err()
	if !errors.Is(first, ErrType) {
		t.Errorf("Tuple(2) before an integer: %v, want ErrType", first)
	}
	if got := r.Uint(); got != 0 || r.Err() != first || r.End() != first || r.Kind() != KindNone {
		t.Errorf("after an error: Uint() = %d, Err() = %v, want 0 and %v", got, r.Err(), first)
	}

	var four [4]byte
	r = NewReader(unhex(t, "43010203"))
	if r.Fixed(four[:]); !errors.Is(r.Err(), ErrType) {
		t.Errorf("Fixed(4 bytes) of 3: %v, want ErrType", r.Err())
	}
	r = NewReader(unhex(t, "8201824102"+"f4"+"20"))
	r.Array()
	r.Uint()
	if raw := r.Raw(); hex.EncodeToString(raw) != "824102f4" {
		t.Errorf("Raw() = %x, want 824102f4", raw)
	}
	if got := r.Int(); got != -1 || r.End() != nil {
		t.Errorf("Int() = %d, %v, want -1", got, r.End())
	}
	for _, huge := range []string{"1b8000000000000000", "3b8000000000000000"} {
		r = NewReader(unhex(t, huge))
		if r.Int(); !errors.Is(r.Err(), ErrBound) {
			t.Errorf("Int() of %s: %v, want ErrBound", huge, r.Err())
		}
	}
}

// TestAppend holds that what is appended is what is read.
func TestAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.Uint64().Draw(t, "u")
		i := rapid.Int64().Draw(t, "i")
		s := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		text := rapid.String().Draw(t, "text")
		var digest [32]byte
		copy(digest[:], s)
		yes := rapid.Bool().Draw(t, "bool")

		b := AppendArray(nil, 7)
		b = AppendUint(b, u)
		b = AppendInt(b, i)
		b = AppendBytes(b, s)
		b = AppendText(b, text)
		b = AppendLink(b, digest)
		b = AppendBool(b, yes)
		b = AppendNull(b)
		oracle(t, b)

		r := NewReader(b)
		r.Tuple(7)
		if got := r.Uint(); got != u {
			t.Fatalf("Uint() = %d, want %d", got, u)
		}
		if got := r.Int(); got != i {
			t.Fatalf("Int() = %d, want %d", got, i)
		}
		if got := r.Bytes(); !bytes.Equal(got, s) {
			t.Fatalf("Bytes() = %x, want %x", got, s)
		}
		if got := r.Text(); got != text {
			t.Fatalf("Text() = %q, want %q", got, text)
		}
		if got := r.Link(); got != digest {
			t.Fatalf("Link() = %x, want %x", got, digest)
		}
		if got := r.Bool(); got != yes {
			t.Fatalf("Bool() = %v, want %v", got, yes)
		}
		if !r.Null() || r.End() != nil {
			t.Fatalf("Null(), End(): %v", r.End())
		}
	})
	if got := AppendInt(nil, math.MinInt64); hex.EncodeToString(got) != "3b7fffffffffffffff" {
		t.Errorf("AppendInt(-2^63) = %x", got)
	}
}

// FuzzValid holds that every input we accept is one that go-ipld-prime's
// dag-cbor accepts too and gives back byte for byte. (The reverse doesn't
// hold, and isn't meant to: it accepts more than one encoding of a value.)
func FuzzValid(f *testing.F) {
	for _, s := range []string{
		"00", "1bffffffffffffffff", "3b7fffffffffffffff", "43010203", "63c3a961",
		"8301820203820405", link("ab"), "f4", "f6", strings.Repeat("81", 9) + "00",
		"1817", "9f00ff", "a0", "f97e00", "d82a582500" + "01550020", "5bffffffffffffffff00",
	} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if Valid(b) == nil {
			oracle(t, b)
		}
	})
}

// oracle fails if go-ipld-prime refuses b or encodes it differently.
func oracle(t interface{ Fatalf(string, ...any) }, b []byte) {
	nb := basicnode.Prototype.Any.NewBuilder()
	if err := dagcbor.Decode(nb, bytes.NewReader(b)); err != nil {
		t.Fatalf("we accept %x, the oracle doesn't: %v", b, err)
	}
	var out bytes.Buffer
	if err := dagcbor.Encode(nb.Build(), &out); err != nil {
		t.Fatalf("the oracle doesn't encode %x: %v", b, err)
	}
	if !bytes.Equal(out.Bytes(), b) {
		t.Fatalf("the oracle encodes %x as %x", b, out.Bytes())
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
