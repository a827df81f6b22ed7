package valise

import (
	"fmt"
	"time"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
)

// encode returns the manifest's block and those of its lists.
func (m *Manifest) encode() (block []byte, lists [][]byte, err error) {
	var made uint64
	if !m.Made.IsZero() {
		made = uint64(m.Made.Unix())
	}
	b := cbor.AppendUint(cbor.AppendArray(nil, 11), kindManifest)
	b = cbor.AppendUint(b, Version)
	b = cbor.AppendBytes(b, m.Commons[:])
	b = cbor.AppendBytes(b, m.Device[:])
	b = cbor.AppendUint(b, made)
	b = cbor.AppendText(b, m.Program)
	link := func(ids []crdt.ChangeID) func([]byte, int) []byte {
		return func(b []byte, i int) []byte { return cbor.AppendLink(b, ids[i]) }
	}
	cids := func(b []byte, i int) []byte { return cbor.AppendBytes(b, m.Attachments[i][:]) }
	for _, f := range []struct {
		n    int
		item func([]byte, int) []byte
	}{{len(m.Frontier), link(m.Frontier)}, {len(m.Base), link(m.Base)}, {len(m.Attachments), cids}} {
		var names []crdt.ChangeID
		for i := 0; i < f.n; i += maxList {
			end := min(f.n, i+maxList)
			list := cbor.AppendArray(cbor.AppendUint(cbor.AppendArray(nil, 2), kindList), end-i)
			for j := i; j < end; j++ {
				list = f.item(list, j)
			}
			lists, names = append(lists, list), append(names, oplog.Sum(list))
		}
		if len(names) > maxLists {
			return nil, nil, fmt.Errorf("valise: %d links where there is room for %d", f.n, maxList*maxLists)
		}
		b = cbor.AppendArray(b, len(names))
		for _, id := range names {
			b = cbor.AppendLink(b, id)
		}
	}
	b = cbor.AppendArray(b, 4)
	for _, n := range []int64{int64(m.Counts.Members), int64(m.Counts.Changes), int64(m.Counts.Files), m.Counts.Bytes} {
		b = cbor.AppendUint(b, uint64(n))
	}
	b = cbor.AppendArray(b, len(m.Things))
	for _, t := range m.Things {
		b = cbor.AppendText(cbor.AppendArray(b, 2), t.Kind)
		b = cbor.AppendUint(b, uint64(t.Count))
	}
	return b, lists, nil
}

// The names of the lists of a manifest: frontier, base, attachments.
type listNames [3][]crdt.ChangeID

// decodeManifest reads a manifest without its lists.
func decodeManifest(block []byte) (m *Manifest, names listNames, err error) {
	m = &Manifest{}
	r := cbor.NewReader(block)
	items, kind, version := r.Array(), r.Uint(), r.Uint()
	if r.Err() == nil && kind == kindManifest && version > Version {
		return nil, names, ErrNewer
	}
	if kind != kindManifest || items != 11 || version != Version {
		r.Fail(fmt.Errorf("a block of kind %d where the manifest is due", kind))
	}
	r.Fixed(m.Commons[:])
	r.Fixed(m.Device[:])
	if made := r.Uint(); made > 0 && made < 1<<40 {
		m.Made = time.Unix(int64(made), 0)
	}
	m.Program = r.Text()
	for i := range names {
		n := r.Array()
		if n > maxLists {
			r.Fail(fmt.Errorf("%d lists", n))
		}
		for range n {
			if r.Err() != nil {
				break
			}
			names[i] = append(names[i], r.Link())
		}
	}
	r.Tuple(4)
	count := func() int64 {
		n := r.Uint()
		if n > 1<<48 {
			r.Fail(fmt.Errorf("a count of %d", n))
		}
		return int64(n)
	}
	m.Counts = Counts{int(count()), int(count()), int(count()), count()}
	for range r.Array() {
		r.Tuple(2)
		t := Things{r.Text(), int(count())}
		if r.Err() != nil {
			break
		}
		m.Things = append(m.Things, t)
	}
	if err := r.End(); err != nil {
		return nil, names, fmt.Errorf("%w: the manifest: %w", ErrDamaged, err)
	}
	return m, names, nil
}

// decodeList hands each item of a List to item.
func decodeList(block []byte, item func(r *cbor.Reader)) error {
	r := cbor.NewReader(block)
	r.Tuple(2)
	if kind := r.Uint(); kind != kindList {
		r.Fail(fmt.Errorf("a block of kind %d where a list is due", kind))
	}
	for range r.Array() {
		if item(r); r.Err() != nil {
			break
		}
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("%w: a list: %w", ErrDamaged, err)
	}
	return nil
}
