package text

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"slices"
)

// A full block is kept packed: its columns and its text deflated, the text with
// what the blocks before inserted as the dictionary. Names, mostly hashes, stay
// as they are.

// windowMax is how far back deflate looks.
const windowMax = 32 << 10

// tailOf returns the end of a text that deflate can use, as one that may grow.
func tailOf(b []byte) []byte {
	if len(b) > windowMax {
		return slices.Clone(b[len(b)-windowMax:])
	}
	return b
}

// columnsOf finds the columns of a block that isn't packed.
func columnsOf(block []byte) (cols [colMax]intake, ok bool) {
	in := source{b: block}
	for i := range cols {
		cols[i].b = in.take(in.uvarint(uint64(len(in.b))))
	}
	return cols, !in.bad && len(in.b) == 0
}

// pack packs the full blocks that aren't yet.
func (f *file) pack() {
	k := len(f.blocks)
	for k > 0 && !f.blocks[k-1].packed {
		k--
	}
	if k == len(f.blocks) {
		return
	}
	if !f.known {
		var z unpacker
		for i := range k {
			_, _ = z.openWithText(&f.blocks[i]) // reading the history will say if it is wrong
		}
		f.window, f.known = z.window, true
	}
	for ; k < len(f.blocks) && f.blocks[k].full; k++ {
		x := &f.blocks[k]
		cols, _ := columnsOf(x.b)
		x.b, x.packed = packed(&cols, f.window), true
		f.window = tailOf(append(f.window, cols[colText].b...))
	}
}

// packed returns the packed form of a block.
func packed(cols *[colMax]intake, window []byte) []byte {
	var plain []byte
	for i := range colNames {
		plain = binary.AppendUvarint(plain, uint64(len(cols[i].b)))
		plain = append(plain, cols[i].b...)
	}
	b := binary.AppendUvarint(nil, uint64(len(plain)))
	for _, part := range [][]byte{deflated(plain, nil), cols[colNames].b} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	b = binary.AppendUvarint(b, uint64(len(cols[colText].b)))
	return append(b, deflated(cols[colText].b, window)...)
}

func deflated(b, window []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriterDict(&out, flate.BestCompression, window) // fails for an impossible level only
	_, _ = w.Write(b)                                                // as does a Buffer never
	_ = w.Close()
	return out.Bytes()
}

// An unpacker reads blocks one after the other.
type unpacker struct {
	in     io.ReadCloser
	plain  []byte
	packed []byte // the text of the block that was opened last
	window []byte // the text of the blocks before
}

// inflate fills b from what is packed, all of it.
func (z *unpacker) inflate(b, packed, window []byte) bool {
	r := bytes.NewReader(packed)
	if z.in == nil {
		z.in = flate.NewReaderDict(r, window)
	} else if z.in.(flate.Resetter).Reset(r, window) != nil {
		return false
	}
	if _, err := io.ReadFull(z.in, b); err != nil {
		return false
	}
	var more [1]byte
	n, err := z.in.Read(more[:])
	return n == 0 && err == io.EOF && r.Len() == 0
}

// open finds the columns of a block; what it returns is right until the next one
// is opened. Of the text of a packed block it only tells the size.
func (z *unpacker) open(x *block) (cols [colMax]intake, text int, ok bool) {
	z.packed = nil
	if !x.packed {
		cols, ok = columnsOf(x.b)
		return cols, len(cols[colText].b), ok
	}
	in := source{b: x.b}
	const most = 1032 // times what it is packed to, at best
	size := in.uvarint(most * uint64(len(x.b)))
	packed := in.take(in.uvarint(uint64(len(in.b))))
	cols[colNames].b = in.take(in.uvarint(uint64(len(in.b))))
	text = in.uvarint(most * uint64(len(x.b)))
	z.plain = append(z.plain[:0], make([]byte, size)...)
	if in.bad || !z.inflate(z.plain, packed, nil) {
		return cols, 0, false
	}
	z.packed = in.b
	in = source{b: z.plain}
	for i := range colNames {
		cols[i].b = in.take(in.uvarint(uint64(len(in.b))))
	}
	return cols, text, !in.bad && len(in.b) == 0
}

// openWithText is open of the block behind the one that was opened last, with
// its text.
func (z *unpacker) openWithText(x *block) (cols [colMax]intake, ok bool) {
	cols, text, ok := z.open(x)
	if !ok || !x.packed {
		return cols, ok
	}
	all := append(z.window, make([]byte, text)...)
	if !z.inflate(all[len(z.window):], z.packed, z.window) {
		return cols, false
	}
	cols[colText].b = all[len(z.window):]
	z.window = tailOf(all)
	return cols, true
}
