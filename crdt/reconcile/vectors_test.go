package reconcile_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the vectors anew")

// A vector is one frame of a session between two stores.
type vector struct {
	From  string `json:"from"` // dialler, or listener
	Frame string `json:"frame"`
}

type said struct {
	from  int
	frame []byte
}

// transcript is what two nodes say which both have what the other hasn't: a
// membership change each, a log each, a log that went on here and one there,
// and one that forked; and one tells the other something beside.
func transcript(t testing.TB) (all []said) {
	a, b := newStore(), newStore()
	both, _ := newWriter(t, a, 1, 29_000_000)
	both.write(t, a, 2)
	for id, l := range a.links {
		b.links[id] = l
	}
	fork := *both
	both.write(t, a, 1)
	fork.write(t, b, 2)
	mine, _ := newWriter(t, a, 2, 29_000_001)
	mine.write(t, a, 3)
	theirs, _ := newWriter(t, b, 3, 29_000_002)
	theirs.write(t, b, 1)
	for i := range 20 { // more than a leaf
		w, r := newWriter(t, a, byte(10+i), uint32(29_000_100+i))
		if _, _, err := b.add(r); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			w.write(t, a, 1)
		}
	}
	a.member(1, 1)
	b.member(1, 2)
	x, y := begin(a, b)
	x.Tell([]byte("\x83\x00P0123456789abcdef\x62w1")) // somebody left a page
	for sides, quiet := [2]*side{x, y}, 0; quiet < 2; {
		for i, s := range sides {
			quiet++
			for f := s.Next(); f != nil; f = s.Next() {
				quiet = 0
				all = append(all, said{i, f})
				if err := sides[1-i].deliver(t, f); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	same(t, x, y)
	return all
}

// TestVectors holds the frames to testdata/frames.json; -update writes it.
func TestVectors(t *testing.T) {
	const file = "testdata/frames.json"
	var now []vector
	for _, s := range transcript(t) {
		now = append(now, vector{[2]string{"dialler", "listener"}[s.from], hex.EncodeToString(s.frame)})
	}
	got, err := json.MarshalIndent(now, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("frames differ from %s: a change of the protocol goes with PROTOCOL.md and -update", file)
	}
}
