package gate

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"navette/crdt/membership"
	"navette/crdt/oplog"
)

func commonsOf(names ...string) []Commons {
	var all []Commons
	for _, n := range names {
		all = append(all, Commons{ID: sha256.Sum256([]byte("id " + n)), Secret: secret(n)})
	}
	return all
}

func sideOf(self, peer string, names ...string) AdmissionOptions {
	return AdmissionOptions{
		Self: pub(self), Peer: pub(peer), Commons: commonsOf(names...),
		Nonce:    sha256.Sum256([]byte("nonce of " + self)),
		Seed:     sha256.Sum256([]byte("seed of " + self)),
		Standing: func(oplog.CommonsID) membership.Standing { return membership.Live },
	}
}

// meet runs an admission and returns all frames, in order.
func meet(t *testing.T, a, b AdmissionOptions) (dialler, answerer *Admission, frames [][]byte) {
	t.Helper()
	dialler, first := Dial(a)
	answerer = Answer(b)
	to, from := answerer, dialler
	for f := first; f != nil; to, from = from, to {
		frames = append(frames, f)
		reply, err := to.Receive(f)
		if err != nil {
			t.Fatalf("frame %d: %v", len(frames), err)
		}
		f = reply
	}
	if !dialler.Done() || !answerer.Done() {
		t.Fatal("not done")
	}
	return dialler, answerer, frames
}

func ids(matches []Match) (all []oplog.CommonsID) {
	for _, m := range matches {
		all = append(all, m.Commons)
	}
	return all
}

func TestAdmissionMatches(t *testing.T) {
	many := func(n int) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprint("m", i))
		}
		return names
	}
	for _, c := range []struct {
		name       string
		a, b, want []string
		class      int
	}{
		{"one in common", []string{"x", "y"}, []string{"y", "z"}, []string{"y"}, 16},
		{"all", []string{"x", "y"}, []string{"x", "y"}, []string{"x", "y"}, 16},
		{"none", []string{"x"}, []string{"y"}, nil, 16},
		{"a stranger dials", nil, []string{"x", "y"}, nil, 16},
		{"a stranger answers", []string{"x", "y"}, nil, nil, 16},
		{"16 fill a class", many(16), []string{"m15"}, []string{"m15"}, 16},
		{"17 take the next", many(17), []string{"m16"}, []string{"m16"}, 32},
		{"the answerer has more", []string{"m40"}, many(60), []string{"m40"}, 16},
		{"as many as there can be", many(1024), many(1024), many(1024), 1024},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b, frames := meet(t, sideOf("A/1", "B/1", c.a...), sideOf("B/1", "A/1", c.b...))
			var want []oplog.CommonsID
			for _, w := range commonsOf(c.want...) {
				want = append(want, w.ID)
			}
			if got := ids(a.Matches()); !slices.Equal(got, want) {
				t.Errorf("the dialler matches %v, want %v", got, want)
			}
			if got := ids(b.Matches()); !slices.Equal(got, want) {
				t.Errorf("the answerer matches %v, want %v", got, want)
			}
			size := 0
			for _, f := range frames {
				size += len(f)
			}
			if want := 64 + 2*16*c.class; len(frames) != 4 || size != want {
				t.Errorf("%d frames, %d bytes; want 4, %d", len(frames), size, want)
			}
			if c.class == 16 && size > 700 {
				t.Errorf("%d bytes, beyond the budget of 700", size)
			}
		})
	}
}

func TestAdmissionStandings(t *testing.T) {
	a, b := sideOf("A/1", "B/1", "x", "y"), sideOf("B/1", "A/1", "x", "y")
	removed := commonsOf("y")[0].ID
	a.Standing = func(id oplog.CommonsID) membership.Standing {
		if id == removed {
			return membership.Removed
		}
		return membership.Live
	}
	b.Standing = func(oplog.CommonsID) membership.Standing { return membership.Unknown }
	dialler, answerer, _ := meet(t, a, b)
	want := []Match{{commonsOf("x")[0].ID, membership.Live}, {removed, membership.Removed}}
	if got := dialler.Matches(); !slices.Equal(got, want) {
		t.Errorf("the dialler: %v, want %v", got, want)
	}
	for _, m := range answerer.Matches() {
		if m.Standing != membership.Unknown {
			t.Errorf("the answerer: %v, want unknown by its own membership", m)
		}
	}
}

// TestAdmissionReplay: tags recorded from one meeting match in no other, and
// not when sent back, nor through somebody in between.
func TestAdmissionReplay(t *testing.T) {
	a, b := sideOf("A/1", "B/1", "x"), sideOf("B/1", "A/1", "x")
	_, _, frames := meet(t, a, b)

	again := b
	again.Nonce[0] ^= 1
	late := Answer(again)
	for _, f := range [][]byte{frames[0], frames[2]} {
		if _, err := late.Receive(f); err != nil {
			t.Fatal(err)
		}
	}
	if got := late.Matches(); len(got) > 0 {
		t.Errorf("replayed tags match %v", got)
	}

	mirror, first := Dial(a)
	if _, err := mirror.Receive(frames[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := mirror.Receive(frames[2]); err != nil { // its own, sent back
		t.Fatal(err)
	}
	if got := mirror.Matches(); len(got) > 0 || !bytes.Equal(first, frames[0]) {
		t.Errorf("mirrored tags match %v", got)
	}

	// M stands between A and B, which each think that M is the other.
	relayed, _ := Dial(sideOf("A/1", "M/1", "x"))
	far := Answer(sideOf("B/1", "M/1", "x"))
	nB, err := far.Receive(frames[0])
	if err != nil {
		t.Fatal(err)
	}
	tags, err := relayed.Receive(nB)
	if err != nil {
		t.Fatal(err)
	}
	back, err := far.Receive(tags)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := relayed.Receive(back); err != nil {
		t.Fatal(err)
	}
	if len(far.Matches())+len(relayed.Matches()) > 0 {
		t.Error("relayed tags match")
	}
}

// TestAdmissionTellsNothing: to those who don't know the secrets, the tags of a
// node with 1 commons are those of one with 5: uniform bits, no repetition.
func TestAdmissionTellsNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, names := range [][]string{{"v"}, {"v", "w", "x", "y", "z"}} {
		const meetings = 400
		ones, first := 0, map[string]int{}
		for range meetings {
			o := sideOf("A/1", "B/1", names...)
			for i := range o.Nonce {
				o.Nonce[i], o.Seed[i] = byte(rng.Uint32()), byte(rng.Uint32())
			}
			a, _ := Dial(o)
			frame, err := a.Receive(make([]byte, 32))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(frame); i += tagSize {
				first[string(frame[i:i+tagSize])]++
			}
			for _, b := range frame {
				for ; b > 0; b &= b - 1 {
					ones++
				}
			}
		}
		bits := float64(meetings * minTags * tagSize * 8)
		if share := float64(ones) / bits; share < 0.497 || share > 0.503 {
			t.Errorf("%d commons: %.4f of the bits are ones", len(names), share)
		}
		if len(first) != meetings*minTags {
			t.Errorf("%d commons: %d different tags of %d", len(names), len(first), meetings*minTags)
		}
	}
}

// TestAdmissionOrder: where the real tag stands says nothing.
func TestAdmissionOrder(t *testing.T) {
	at := map[int]int{}
	for i := range 1600 {
		o := sideOf("A/1", "B/1", "x")
		o.Seed = sha256.Sum256([]byte(fmt.Sprint(i)))
		a, _ := Dial(o)
		frame, err := a.Receive(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		real := a.tag(o.Commons[0], fromDialler)
		at[bytes.Index(frame, real[:])/tagSize]++
	}
	for place := range minTags {
		if n := at[place]; n < 50 || n > 160 {
			t.Errorf("the real tag stands at place %d in %d of 1600", place, n)
		}
	}
}

func TestAdmissionRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		frames [][]byte // the last is refused
	}{
		{"a short nonce", [][]byte{make([]byte, 31)}},
		{"a long nonce", [][]byte{make([]byte, 33)}},
		{"nothing", [][]byte{nil}},
		{"no tags", [][]byte{make([]byte, 32), nil}},
		{"too few tags", [][]byte{make([]byte, 32), make([]byte, 8*16)}},
		{"a number of tags that is no class", [][]byte{make([]byte, 32), make([]byte, 17*16)}},
		{"part of a tag", [][]byte{make([]byte, 32), make([]byte, 16*16+1)}},
		{"too many tags", [][]byte{make([]byte, 32), make([]byte, 2048*16)}},
		{"a frame too many", [][]byte{make([]byte, 32), make([]byte, 16*16), make([]byte, 32)}},
	} {
		for _, dial := range []bool{true, false} {
			a := Answer(sideOf("A/1", "B/1", "x"))
			if dial {
				a, _ = Dial(sideOf("A/1", "B/1", "x"))
			}
			for i, f := range c.frames {
				reply, err := a.Receive(f)
				if last := i == len(c.frames)-1; last != errors.Is(err, ErrProtocol) || last && reply != nil {
					t.Errorf("%s, dialled %v: frame %d: reply of %d bytes, %v", c.name, dial, i+1, len(reply), err)
				}
			}
		}
	}
}

func FuzzAdmitHandshake(f *testing.F) {
	f.Add(true, make([]byte, 32), make([]byte, 256))
	f.Add(false, make([]byte, 32), make([]byte, 256))
	f.Add(false, make([]byte, 31), make([]byte, 17))
	f.Fuzz(func(t *testing.T, dial bool, first, second []byte) {
		a := Answer(sideOf("A/1", "B/1", "x", "y"))
		if dial {
			a, _ = Dial(sideOf("A/1", "B/1", "x", "y"))
		}
		for _, frame := range [][]byte{first, second} {
			reply, err := a.Receive(frame)
			if err != nil && !errors.Is(err, ErrProtocol) {
				t.Fatalf("%v isn't ErrProtocol", err)
			}
			if len(reply) > maxTags*tagSize {
				t.Fatalf("a reply of %d bytes", len(reply))
			}
		}
		if len(a.Matches()) > 0 {
			t.Fatal("bytes drawn at random match")
		}
	})
}
