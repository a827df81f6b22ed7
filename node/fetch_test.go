package node_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
	"navette/storage/blob"
	"navette/transport"
)

func (p *place) attach(id crdt.ID, name string, content []byte) commons.Attachment {
	p.v.Helper()
	c := p.current()
	a, err := c.Attach(p.v.Context(), node.Author{Person: c.Person()}, id, name, "", bytes.NewReader(content))
	if err != nil {
		p.v.Fatalf("%s: attach %s: %v", p.name, name, err)
	}
	return a
}

// file is the content of a file that has come, nil if it hasn't.
func (p *place) file(cid string) []byte {
	p.v.Helper()
	f, err := p.OpenFile(cid)
	if errors.Is(err, blob.ErrAbsent) {
		return nil
	}
	if err != nil {
		p.v.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		p.v.Fatal(err)
	}
	return b
}

func (p *place) fetched() int64 {
	p.v.Helper()
	h, err := p.FilesHere()
	if err != nil {
		p.v.Fatal(err)
	}
	return h.Fetched
}

// until waits, in the bubble's time.
func (v *village) until(limit time.Duration, what string, there func() bool) {
	v.Helper()
	for begin := time.Now(); !there(); {
		if time.Since(begin) > limit {
			v.Fatalf("after %v: %s", limit, what)
		}
		<-time.After(50 * time.Millisecond)
		synctest.Wait()
	}
}

func randomBytes(seed uint64, size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(seed)})
	r.Read(b)
	return b
}

// A file goes from A to C through B, which meets one at a time, with the link cut
// again and again. No leaf of it comes twice.
func TestFilesTravelThroughALaptop(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b, c := v.open("A"), v.open("B"), v.open("C")
		home := a.found("Communs")
		b.join(home)
		c.join(home)
		v.within(5*time.Second, a, b, c)
		v.air.Partition([]transport.Peer{a.Self(), b.Self()}, []transport.Peer{c.Self()})
		content := randomBytes(1, 5<<20+77)
		file := a.attach(a.add("Laser"), "manuel.pdf", content)
		small := a.attach(a.add("Scie"), "notice.txt", []byte("Bonjour"))
		for i := range 10 {
			v.until(time.Minute, "B has no more than before", func() bool { return b.fetched() > int64(i/2) || b.file(file.CID) != nil })
			v.air.Cut(a.Self(), b.Self())
			v.air.Mend(a.Self(), b.Self())
		}
		v.until(5*time.Minute, "B hasn't got the file", func() bool { return b.file(file.CID) != nil && b.file(small.CID) != nil })
		if got := b.fetched(); got != 7 {
			t.Errorf("B fetched %d leaves; want 6 of the one file and one of the other", got)
		}
		v.air.Partition([]transport.Peer{b.Self(), c.Self()}, []transport.Peer{a.Self()})
		v.until(5*time.Minute, "C hasn't got the file", func() bool { return bytes.Equal(c.file(file.CID), content) })
		if got := string(c.file(small.CID)); got != "Bonjour" {
			t.Errorf("C's small file is %q", got)
		}
	})
}

// Two peers that have a file are asked for different leaves of it.
func TestFilesComeOnceFromSeveralPeers(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("A"), v.open("B")
		home := a.found("Communs")
		b.join(home)
		v.within(5*time.Second, a, b)
		content := randomBytes(2, 8<<20)
		file := a.attach(a.add("Laser"), "film.mp4", content[:8<<20])
		v.until(time.Minute, "B hasn't got the file", func() bool { return b.file(file.CID) != nil })
		c := v.open("C")
		c.join(home)
		v.until(time.Minute, "C hasn't got the file", func() bool { return bytes.Equal(c.file(file.CID), content) })
		if got := c.fetched(); got != 8 {
			t.Errorf("C fetched %d leaves; want 8, each once", got)
		}
	})
}

// What the rule leaves out comes when somebody asks, and what was released
// doesn't come back by itself.
func TestFilesOnDemandAndReleased(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("A"), v.open("B")
		home := a.found("Communs")
		b.join(home)
		v.within(5*time.Second, a, b)
		laser := a.add("Laser")
		big := a.attach(laser, "film.mp4", randomBytes(3, 9<<20))
		small := a.attach(laser, "notice.txt", []byte("Bonjour"))
		v.until(time.Minute, "B hasn't got the small file", func() bool { return b.file(small.CID) != nil })
		<-time.After(time.Minute)
		if b.file(big.CID) != nil {
			t.Error("B has the big file, which nobody asked for")
		}
		if err := b.FetchFile(big.CID); err != nil {
			t.Fatal(err)
		}
		v.until(time.Minute, "B hasn't got what it asked for", func() bool { return b.file(big.CID) != nil })
		if err := b.ReleaseFile(small.CID); err != nil {
			t.Fatal(err)
		}
		b.halt()
		b.start()
		<-time.After(time.Minute)
		list, err := b.current().Attached(laser)
		if err != nil || len(list) != 2 || list[1].Here || list[1].Name != "notice.txt" {
			t.Errorf("after one was released: %+v, %v; want it named and not here", list, err)
		}
		if err := b.FetchFile(small.CID); err != nil {
			t.Fatal(err)
		}
		v.until(time.Minute, "B hasn't got it back", func() bool { return b.file(small.CID) != nil })
	})
}
