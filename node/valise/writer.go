package valise

import (
	"crypto/sha256"
	"fmt"
	"io"

	"filippo.io/age"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
	"navette/storage"
)

// A Writer writes a valise. Only one goroutine may use it.
type Writer struct {
	car    carWriter
	crypt  io.WriteCloser
	seals  []seal
	blocks int // since the last Seals
	bytes  int
}

// A seal is a signature over a block that stands before it.
type seal struct {
	id  crdt.ChangeID
	sig oplog.Signature
}

// NewWriter begins a valise with its manifest, which sign signs for the
// manifest's device. What follows must be what the manifest says: first the
// membership, then the runs, then attachments.
func NewWriter(w io.Writer, key Key, m *Manifest, sign func(block []byte) oplog.Signature) (*Writer, error) {
	id, err := key.identity()
	if err != nil {
		return nil, err
	}
	crypt, err := age.Encrypt(w, id.Recipient())
	if err != nil {
		return nil, fmt.Errorf("valise: writing: %w", err)
	}
	return newWriter(crypt, m, sign)
}

// newWriter begins what is encrypted.
func newWriter(crypt io.WriteCloser, m *Manifest, sign func(block []byte) oplog.Signature) (*Writer, error) {
	block, lists, err := m.encode()
	if err != nil {
		return nil, err
	}
	out := &Writer{car: carWriter{crypt}, crypt: crypt}
	if err := out.car.header(oplog.Sum(block)); err != nil {
		return nil, fmt.Errorf("valise: writing: %w", err)
	}
	sig := sign(block)
	err = out.add(block, &sig)
	if err == nil {
		err = out.seal()
	}
	for _, list := range lists {
		if err == nil {
			err = out.add(list, nil)
			out.blocks, out.bytes = 0, 0
		}
	}
	return out, err
}

// Member writes a block of the membership: the commons' genesis, whose
// signature isn't looked at, or a change.
func (w *Writer) Member(e storage.MemberEntry) error {
	if kind, err := oplog.Parse(e.Block); err == nil && kind == oplog.KindCommons {
		return w.add(e.Block, nil)
	}
	return w.add(e.Block, &e.Sig)
}

// Run writes a run.
func (w *Writer) Run(r *oplog.Run) error {
	last := len(r.Blocks) - 1
	for i, block := range r.Blocks {
		var sig *oplog.Signature
		switch {
		case i == 0 && r.Genesis != nil:
			sig = &r.GenesisSig
		case i == last:
			sig = &r.Sig
		}
		if err := w.add(block, sig); err != nil {
			return err
		}
	}
	// The next run fits in what a reader holds.
	if w.blocks+oplog.AnchorEvery+1 >= maxSegment/4 || w.bytes+oplog.MaxRun >= segmentBytes/2 {
		return w.seal()
	}
	return nil
}

// Piece writes a block of an attachment.
func (w *Writer) Piece(p Piece) error {
	if err := w.seal(); err != nil {
		return err
	}
	return w.block(p.CID, p.Data)
}

// Close ends the valise; without it, it reads as incomplete. It doesn't close
// what is written to.
func (w *Writer) Close() error {
	if err := w.seal(); err != nil {
		return err
	}
	if err := w.crypt.Close(); err != nil {
		return fmt.Errorf("valise: writing: %w", err)
	}
	return nil
}

func (w *Writer) add(block []byte, sig *oplog.Signature) error {
	id := oplog.Sum(block)
	if sig != nil {
		w.seals = append(w.seals, seal{id, *sig})
	}
	w.blocks++
	w.bytes += len(block)
	if err := w.block(cborCID(id), block); err != nil {
		return err
	}
	if sig != nil && (w.blocks >= maxSegment/2 || w.bytes >= segmentBytes/2) {
		return w.seal()
	}
	return nil
}

// seal writes the signatures that have gathered.
func (w *Writer) seal() error {
	if len(w.seals) == 0 {
		return nil
	}
	b := cbor.AppendUint(cbor.AppendArray(nil, 2), kindSeals)
	b = cbor.AppendArray(b, len(w.seals))
	for _, s := range w.seals {
		b = cbor.AppendBytes(cbor.AppendLink(cbor.AppendArray(b, 2), s.id), s.sig[:])
	}
	w.seals, w.blocks, w.bytes = nil, 0, 0
	return w.block(cborCID(sha256.Sum256(b)), b)
}

func (w *Writer) block(c CID, data []byte) error {
	if err := w.car.block(c, data); err != nil {
		return fmt.Errorf("valise: writing: %w", err)
	}
	return nil
}
