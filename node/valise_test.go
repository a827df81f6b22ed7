package node_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"navette/node"
	"navette/node/valise"
	"navette/transport"
)

// pack is a valise for a place, "" for everybody.
func (p *place) pack(to string) []byte {
	p.v.Helper()
	var heard *node.Heard
	var err error
	c := p.current()
	if to != "" {
		heard, err = c.Heard(to)
	}
	var packing *node.Packing
	if err == nil {
		packing, err = c.Pack(p.v.Context(), heard)
	}
	var b bytes.Buffer
	if err == nil {
		err = packing.Write(p.v.Context(), &b)
	}
	if err != nil {
		p.v.Fatalf("%s: pack: %v", p.name, err)
	}
	return b.Bytes()
}

func (p *place) unpack(file []byte) *node.Unpacked {
	p.v.Helper()
	u, err := p.Unpack(p.v.Context(), bytes.NewReader(file), nil)
	if err != nil {
		p.v.Fatalf("%s: unpack: %v", p.name, err)
	}
	return u
}

// apart is two places that met when one joined, and never again.
func (v *village) apart() (a, b *place) {
	a, b = v.open("La Fabrique"), v.open("La Plume")
	home := a.found("Communs du Boulonnais")
	b.join(home)
	v.within(5*time.Second, a, b)
	v.air.Partition([]transport.Peer{a.Self()}, []transport.Peer{b.Self()})
	return a, b
}

// One stick carries both ways: what A packs, B unpacks, and packs for A what A
// hasn't.
func TestValiseBothWaysInOneTrip(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.apart()
		for i := range 150 {
			a.add(fmt.Sprintf("Scie %d", i))
		}
		press := b.add("Presse")
		u := b.unpack(a.pack(""))
		if !u.Complete || len(u.Things) != 1 || u.Things[0] != (valise.Things{Kind: "tool", Count: 150}) {
			t.Errorf("unpacked at B: %+v; want all of it, and 150 tools", u)
		}
		back := b.pack("La Fabrique")
		if full := b.pack(""); len(back) > len(full)/5 {
			t.Errorf("the valise back has %d bytes, one with everything %d; want what A lacks only", len(back), len(full))
		}
		if u := a.unpack(back); !u.Complete || u.Total != 1 {
			t.Errorf("unpacked at A: %+v; want one tool", u)
		}
		if got, want := a.current().Fingerprint(), b.current().Fingerprint(); got != want {
			t.Errorf("after the trip A has %v, B %v", got, want)
		}
		// The second trip carries what is new.
		a.set(press, "condition", "broken")
		next := a.pack("La Plume")
		if u := b.unpack(next); !u.Complete || u.Total != 1 || len(next) > 8<<10 {
			t.Errorf("the second trip carried %d bytes, %+v; want one tool", len(next), u)
		}
		if got, want := b.current().Fingerprint(), a.current().Fingerprint(); got != want {
			t.Errorf("after the second trip B has %v, A %v", got, want)
		}
		if u := a.unpack(next); !u.Own {
			t.Errorf("A unpacked its own valise: %+v", u)
		}
	})
}

// Attachments come last, and only those that the other hasn't.
func TestValiseWithFiles(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.apart()
		laser := a.add("Laser")
		big, small := a.attach(laser, "manuel.pdf", randomBytes(1, 3<<20+5)), a.attach(laser, "notice.txt", []byte("Bonjour"))
		file := a.pack("")
		u, err := b.Unpack(v.Context(), bytes.NewReader(file[:len(file)-1<<20]), nil)
		if err != nil || u.Complete || len(u.Things) != 1 {
			t.Errorf("cut off in the files: %+v, %v; want the text, incomplete", u, err)
		}
		if u := b.unpack(file); !u.Complete || u.Files == 0 {
			t.Errorf("unpacked: %+v; want files", u)
		}
		if !bytes.Equal(b.file(big.CID), randomBytes(1, 3<<20+5)) || string(b.file(small.CID)) != "Bonjour" {
			t.Error("what came isn't what was attached")
		}
		a.unpack(b.pack("La Fabrique"))
		if again := a.pack("La Plume"); len(again) > 64<<10 {
			t.Errorf("the next valise has %d bytes; want none of the files", len(again))
		}
	})
}

// Wherever a file ends, what came whole is kept, and what is told is that it
// isn't all.
func TestValiseCutOffAnywhere(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.apart()
		for i := range 40 {
			a.add(fmt.Sprintf("Scie %d", i))
		}
		file := a.pack("")
		random := rand.New(rand.NewPCG(7, 7))
		ends := []int{0, 1, 100, len(file) - 1}
		for range 20 {
			ends = append(ends, random.IntN(len(file)))
		}
		for _, end := range ends {
			u, err := b.Unpack(v.Context(), bytes.NewReader(file[:end]), nil)
			switch {
			case err != nil && !errors.Is(err, valise.ErrIncomplete) && !errors.Is(err, valise.ErrNotValise):
				t.Errorf("cut at %d of %d: %v", end, len(file), err)
			case err == nil && (u.Complete || !errors.Is(u.Cut, valise.ErrIncomplete)):
				t.Errorf("cut at %d of %d: %+v; want incomplete", end, len(file), u)
			}
			if report, err := b.current().Check(v.Context(), true, nil); err != nil || len(report.Problems) > 0 {
				t.Fatalf("cut at %d of %d: the store is %+v, %v", end, len(file), report, err)
			}
		}
		for range 20 {
			spoilt := bytes.Clone(file)
			spoilt[random.IntN(len(file))] ^= 1 << random.IntN(8)
			if u, err := b.Unpack(v.Context(), bytes.NewReader(spoilt), nil); err == nil && u.Complete && u.Changes > 0 {
				t.Errorf("a valise in which a bit changed: %+v; want damaged", u)
			}
		}
		if u := b.unpack(file); !u.Complete {
			t.Errorf("the whole valise at last: %+v; want complete", u)
		}
		if got, want := b.current().Fingerprint(), a.current().Fingerprint(); got != want {
			t.Errorf("B has %v, A %v", got, want)
		}
	})
}

// A valise for a place that has less than was thought says so.
func TestValiseForAnotherPlace(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.apart()
		c := v.open("L'Étape")
		c.join(a.current())
		v.within(5*time.Second, a, c)
		v.air.Partition([]transport.Peer{a.Self()}, []transport.Peer{b.Self()}, []transport.Peer{c.Self()})
		a.add("Scie")
		b.unpack(a.pack(""))
		a.unpack(b.pack("La Fabrique"))
		a.add("Perceuse")
		u := c.unpack(a.pack("La Plume"))
		if u.Complete || !u.Elsewhere {
			t.Errorf("unpacked at L'Étape: %+v; want that it was packed for another", u)
		}
		if _, err := a.current().Heard("Nulle part"); !errors.Is(err, node.ErrNoPlace) {
			t.Errorf("a place that isn't known: %v; want %v", err, node.ErrNoPlace)
		}
		if u := c.unpack(a.pack("")); !u.Complete {
			t.Errorf("unpacked what is for everybody: %+v; want complete", u)
		}
	})
}

// A lost stick tells nothing; another commons' doesn't open.
func TestValiseTellsStrangersNothing(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("La Fabrique"), v.open("La Plume")
		a.found("Communs du Boulonnais")
		b.found("Une autre maison")
		a.add("canary-7f3a")
		file := a.pack("")
		for _, plain := range []string{"canary-7f3a", "Fabrique", "Boulonnais", a.current().Device().String(), oplogID(a)} {
			if bytes.Contains(file, []byte(plain)) {
				t.Errorf("the file shows %q", plain)
			}
		}
		if _, err := b.Unpack(v.Context(), bytes.NewReader(file), nil); !errors.Is(err, valise.ErrForeign) {
			t.Errorf("unpacked at a stranger's: %v; want %v", err, valise.ErrForeign)
		}
		for name, junk := range map[string]string{"nothing": "", "a text": "Bonjour", "age's first line": "age-encryption.org/v1\n"} {
			if _, err := a.Unpack(v.Context(), strings.NewReader(junk), nil); !errors.Is(err, valise.ErrNotValise) && !errors.Is(err, valise.ErrIncomplete) {
				t.Errorf("%s: %v; want %v", name, err, valise.ErrNotValise)
			}
		}
	})
}

func oplogID(p *place) string { id := p.current().ID(); return string(id[:]) }
