package storage

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
)

// oneValue is a Reader that has the same value under every key.
type oneValue []byte

func (v oneValue) Get([]byte) ([]byte, error) { return bytes.Clone(v), nil }

func (v oneValue) Scan(prefix, _ []byte, fn func(key, value []byte) error) error {
	return fn(prefix, v)
}

// FuzzValues reads arbitrary bytes as every value that is stored: what can be
// read is written back the same, the rest is ErrCorrupt, and nothing panics.
func FuzzValues(f *testing.F) {
	segment := &segment{log: crdt.LogID{1}, birth: 7}
	f.Add(appendNodes(nil, []node{
		{starts: segment},
		{place: oplog.Place{Pos: 1}, own: []oplog.Place{{}}},
		{place: oplog.Place{Pos: 2}, own: []oplog.Place{{Pos: 1}}},
		{place: oplog.Place{Chain: 1}, own: []oplog.Place{{Pos: 1}}, deps: []oplog.Place{{Pos: 2}}, starts: segment},
	}))
	e := end{pos: 3, id: crdt.ChangeID{9}, lamport: 300, size: 70, sig: new(oplog.Signature)}
	f.Add(e.encode())
	f.Add((&cursor{from: 1, to: 500, last: &crdt.ID{1}}).encode())
	f.Add(root{1, 2, foldFormat}.encode())
	h := head{next: 2, segments: []docSegment{{number: 1, length: 9000}}}
	f.Add(h.encode(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var nodes []node
		err := readNodes(b, func(n *node) error {
			nodes = append(nodes, *n)
			return nil
		})
		check(t, "nodes", b, err, nil)
		if err == nil {
			var again []node
			err := readNodes(appendNodes(nil, nodes), func(n *node) error {
				again = append(again, *n)
				return nil
			})
			if err != nil || !reflect.DeepEqual(nodes, again) {
				t.Errorf("nodes %x: %+v became %+v, %v", b, nodes, again, err)
			}
		}
		e, err := decodeEnd(b)
		check(t, "an end", b, err, func() error { _, err := decodeEnd(e.encode()); return err })
		c, err := readCursor(oneValue(b), 0)
		check(t, "a cursor", b, err, func() error { _, err := readCursor(oneValue(c.encode()), 0); return err })
		r, err := readRoot(oneValue(b))
		check(t, "a root", b, err, func() error { _, err := readRoot(oneValue(r.encode())); return err })
		_, _, err = readDoc(oneValue(b), 0, crdt.ID{})
		check(t, "a document", b, err, nil)
		_, err = readCount(oneValue(b), 0, "kind")
		check(t, "a count", b, err, nil)
		_, err = readEpochs(oneValue(b))
		check(t, "an epoch", b, err, nil)
		check(t, "membership", b, scanMembers(oneValue(b), func(uint32, MemberEntry) error { return nil }), nil)
	})
}

func check(t *testing.T, what string, b []byte, err error, again func() error) {
	t.Helper()
	if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) {
		t.Errorf("%s %x: %v; want ErrCorrupt", what, b, err)
	}
	if err == nil && again != nil {
		if err := again(); err != nil {
			t.Errorf("%s %x written back: %v", what, b, err)
		}
	}
}

// Documents are cut where their content says so: an edit moves few cuts.
func TestCut(t *testing.T) {
	var doc []byte
	for i := range uint32(60_000) {
		doc = fmt.Appendf(doc, "%x ", i*2654435761)
	}
	cuts := func(b []byte) map[[16]byte]bool {
		sums := map[[16]byte]bool{}
		for len(b) > 0 {
			n := cut(b)
			if n > maxSegment || n < minSegment && n < len(b) {
				t.Fatalf("a segment of %d bytes of %d", n, len(b))
			}
			sums[segmentSum(b[:n])] = true
			b = b[n:]
		}
		return sums
	}
	before := cuts(doc)
	if n := len(doc) / len(before); n < 16<<10 || n > 32<<10 {
		t.Errorf("%d segments of %d bytes on average", len(before), n)
	}
	for _, at := range []int{0, len(doc) / 2, len(doc)} {
		edited := append(append(bytes.Clone(doc[:at]), "inserted"...), doc[at:]...)
		fresh := 0
		for sum := range cuts(edited) {
			if !before[sum] {
				fresh++
			}
		}
		if fresh == 0 || fresh > 4 {
			t.Errorf("an insertion at %d makes %d new segments of %d", at, fresh, len(before))
		}
	}
}
