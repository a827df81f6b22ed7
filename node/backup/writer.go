package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"navette/crdt/cbor"
	"navette/crdt/oplog"
	"navette/storage"
)

// A Writer writes a backup. Only one goroutine may use it.
type Writer struct {
	w   *bufio.Writer
	sum hash.Hash
	b   []byte // of one record
}

// NewWriter begins a backup. What follows must be what the header says: the
// members, the entries and the end of each commons.
func NewWriter(w io.Writer, h *Header) (*Writer, error) {
	out := &Writer{w: bufio.NewWriterSize(w, 64<<10), sum: sha256.New()}
	if err := out.raw(fmt.Appendf(nil, "%s%d\n", magic, version)); err != nil {
		return nil, err
	}
	var made uint64
	if !h.Made.IsZero() {
		made = uint64(h.Made.Unix())
	}
	b := out.begin(kindHeader)
	b = cbor.AppendUint(b, made)
	b = cbor.AppendText(b, h.Program)
	b = cbor.AppendArray(b, len(h.Commons))
	for _, c := range h.Commons {
		b = cbor.AppendArray(b, 4)
		b = cbor.AppendBytes(b, c.ID[:])
		b = cbor.AppendBool(b, c.Current)
		b = cbor.AppendUint(b, uint64(c.Members))
		b = cbor.AppendUint(b, c.Entries)
	}
	return out, out.record(b)
}

// Member writes a block of the membership.
func (w *Writer) Member(e storage.MemberEntry) error {
	b := cbor.AppendBytes(w.begin(kindMember), e.Block)
	return w.record(cbor.AppendBytes(b, e.Sig[:]))
}

// Entry writes an entry of the feed.
func (w *Writer) Entry(e storage.Entry) error {
	b := cbor.AppendBytes(w.begin(kindEntry), e.Block)
	if e.Sig == nil {
		return w.record(cbor.AppendNull(b))
	}
	return w.record(cbor.AppendBytes(b, e.Sig[:]))
}

// End ends a commons.
func (w *Writer) End(f oplog.Fingerprint) error {
	return w.record(cbor.AppendBytes(w.begin(kindEnd), f[:]))
}

// Close writes the trailer. Without it, the backup reads as damaged. It doesn't
// close what is written to.
func (w *Writer) Close() error {
	sum := w.sum.Sum(nil)
	if err := w.record(cbor.AppendBytes(w.begin(kindTrailer), sum)); err != nil {
		return err
	}
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("backup: writing: %w", err)
	}
	return nil
}

func (w *Writer) begin(kind uint64) []byte {
	return cbor.AppendUint(cbor.AppendArray(w.b[:0], itemsOf[kind]), kind)
}

func (w *Writer) record(b []byte) error {
	w.b = b
	if len(b) > maxRecord {
		return fmt.Errorf("backup: a record of %d bytes", len(b))
	}
	if err := w.raw(binary.BigEndian.AppendUint32(nil, uint32(len(b)))); err != nil {
		return err
	}
	return w.raw(b)
}

func (w *Writer) raw(b []byte) error {
	w.sum.Write(b)
	if _, err := w.w.Write(b); err != nil {
		return fmt.Errorf("backup: writing: %w", err)
	}
	return nil
}
