package valise

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
	"navette/storage"
)

// A Reader reads a valise, holding no more of it than lies between two Seals.
// Only one goroutine may use it.
type Reader struct {
	Manifest *Manifest // as its device signed it

	car    carReader
	blocks [][]byte // not sealed yet
	bytes  int
}

// NewReader opens a valise with the first key that does and reads its
// manifest. The errors are ErrNotValise, ErrForeign, ErrNewer, ErrIncomplete,
// ErrDamaged, or r's.
func NewReader(r io.Reader, keys ...Key) (*Reader, error) {
	src := &source{r: r}
	begin := bufio.NewReader(src)
	if b, _ := begin.Peek(len(intro)); src.err == nil && (len(b) == 0 || !strings.HasPrefix(intro, string(b))) {
		return nil, ErrNotValise
	}
	if len(keys) == 0 {
		return nil, ErrForeign
	}
	var ids []age.Identity
	for _, k := range keys {
		id, err := k.identity()
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	plain, err := age.Decrypt(begin, ids...)
	var none *age.NoIdentityMatchError
	switch {
	case src.err != nil:
		return nil, fmt.Errorf("valise: reading: %w", src.err)
	case errors.As(err, &none):
		return nil, ErrForeign
	case err != nil && src.ended:
		return nil, fmt.Errorf("%w: %w", ErrIncomplete, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNotValise, err)
	}
	return newReader(&opened{plain, src}, keys)
}

// newReader begins to read what was decrypted.
func newReader(plain io.Reader, keys []Key) (*Reader, error) {
	in := &Reader{car: carReader{bufio.NewReaderSize(plain, 64<<10)}}
	return in, in.begin(keys)
}

// intro begins every age file.
const intro = "age-encryption.org/v1\n"

// source remembers what became of reading a file, which age tells in its own
// words.
type source struct {
	r     io.Reader
	err   error // other than io.EOF
	ended bool
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		s.ended = true
	case err != nil:
		s.err = err
	}
	return n, err
}

// opened is what is decrypted: age's errors become the package's.
type opened struct {
	plain io.Reader
	src   *source
}

// Read implements io.Reader.
func (o *opened) Read(p []byte) (int, error) {
	n, err := o.plain.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case o.src.err != nil:
		return n, fmt.Errorf("valise: reading: %w", o.src.err)
	case errors.Is(err, io.ErrUnexpectedEOF), o.src.ended:
		return n, fmt.Errorf("%w: it ends early", ErrIncomplete)
	}
	return n, fmt.Errorf("%w: %w", ErrDamaged, err)
}

// begin reads the manifest, its seal and its lists.
func (in *Reader) begin(keys []Key) error {
	root, err := in.car.header()
	if err != nil {
		return err
	}
	block, err := in.due(root)
	if err != nil {
		return err
	}
	m, names, err := decodeManifest(block)
	if err != nil {
		return err
	}
	known := false
	for _, k := range keys {
		known = known || k.Commons == m.Commons
	}
	if !known {
		return fmt.Errorf("%w: of another commons than it is encrypted for", ErrDamaged)
	}
	_, seals, err := in.car.block()
	if err != nil {
		return cut(err)
	}
	signed, err := decodeSeals(seals)
	if err != nil {
		return err
	}
	if sig, ok := signed[root]; !ok || !oplog.Verify(m.Device, oplog.SigValise, m.Commons, block, sig) {
		return fmt.Errorf("%w: the manifest's signature", ErrDamaged)
	}
	for i, items := range []func(r *cbor.Reader){
		func(r *cbor.Reader) { m.Frontier = append(m.Frontier, r.Link()) },
		func(r *cbor.Reader) { m.Base = append(m.Base, r.Link()) },
		func(r *cbor.Reader) {
			var c CID
			r.Fixed(c[:])
			m.Attachments = append(m.Attachments, c)
		},
	} {
		for _, name := range names[i] {
			list, err := in.due(name)
			if err == nil {
				err = decodeList(list, items)
			}
			if err != nil {
				return err
			}
		}
	}
	in.Manifest = m
	return nil
}

// due reads the block that has to come next.
func (in *Reader) due(id crdt.ChangeID) ([]byte, error) {
	c, data, err := in.car.block()
	if err != nil {
		return nil, cut(err)
	}
	if c != cborCID(id) {
		return nil, fmt.Errorf("%w: another block than is due", ErrDamaged)
	}
	return data, nil
}

// Next returns the next part, or io.EOF after the last. The errors are
// ErrIncomplete, ErrDamaged, or the file's.
func (in *Reader) Next() (Part, error) {
	for {
		c, data, err := in.car.block()
		if errors.Is(err, io.EOF) && len(in.blocks) > 0 {
			return Part{}, fmt.Errorf("%w: %d blocks at its end have no signature", ErrDamaged, len(in.blocks))
		}
		if err != nil {
			return Part{}, err
		}
		if c.codec() != prefixCBOR {
			if len(in.blocks) > 0 {
				return Part{}, fmt.Errorf("%w: an attachment before a signature is there", ErrDamaged)
			}
			return Part{Piece: &Piece{c, data}}, nil
		}
		r := cbor.NewReader(data)
		r.Array()
		if r.Uint() == kindSeals && r.Err() == nil {
			return in.part(data)
		}
		in.blocks = append(in.blocks, data)
		if in.bytes += len(data); len(in.blocks) > maxSegment || in.bytes > segmentBytes {
			return Part{}, fmt.Errorf("%w: no signature for too long", ErrDamaged)
		}
	}
}

// decodeSeals reads signatures, by what they are over.
func decodeSeals(block []byte) (map[crdt.ChangeID]oplog.Signature, error) {
	seals := map[crdt.ChangeID]oplog.Signature{}
	r := cbor.NewReader(block)
	r.Tuple(2)
	if kind := r.Uint(); kind != kindSeals {
		r.Fail(fmt.Errorf("a block of kind %d where seals are due", kind))
	}
	for range r.Array() {
		var sig oplog.Signature
		r.Tuple(2)
		id := r.Link()
		if r.Fixed(sig[:]); r.Err() != nil {
			break
		}
		seals[id] = sig
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: seals: %w", ErrDamaged, err)
	}
	return seals, nil
}

// part makes changes of membership and runs of the blocks that are sealed now.
func (in *Reader) part(block []byte) (p Part, err error) {
	seals, err := decodeSeals(block)
	if err != nil {
		return p, err
	}
	blocks := in.blocks
	in.blocks, in.bytes = nil, 0
	var run collector
	for _, b := range blocks {
		id := oplog.Sum(b)
		sig, sealed := seals[id]
		kind, err := oplog.Parse(b)
		if err == nil {
			switch kind {
			case oplog.KindCommons:
				if id != crdt.ChangeID(in.Manifest.Commons) {
					err = errors.New("another commons' genesis")
				}
			case oplog.KindMembership:
				if !sealed {
					err = fmt.Errorf("change of membership %v has no signature", id)
				}
				p.Members = append(p.Members, storage.MemberEntry{ID: id, Block: b, Sig: sig})
			default:
				err = run.add(kind, b, sig, sealed)
			}
		}
		if err != nil {
			return Part{}, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	if err := run.end(); err != nil {
		return Part{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	p.Runs = run.runs
	return p, nil
}

// A collector puts blocks together to runs.
type collector struct {
	runs    []*oplog.Run
	blocks  [][]byte
	last    crdt.ChangeID // of blocks
	genesis oplog.Signature
}

func (c *collector) add(kind oplog.Kind, block []byte, sig oplog.Signature, sealed bool) error {
	if kind == oplog.KindLog {
		if err := c.end(); err != nil {
			return err
		}
		if !sealed {
			return errors.New("a log's genesis has no signature")
		}
		c.blocks, c.last, c.genesis = [][]byte{block}, oplog.Sum(block), sig
		return nil
	}
	change, err := oplog.DecodeChange(block)
	if err != nil {
		return err
	}
	if len(c.blocks) > 0 && change.Prev != c.last {
		if err := c.end(); err != nil {
			return err
		}
	}
	c.blocks, c.last = append(c.blocks, block), change.ID
	if sealed {
		return c.close(sig)
	}
	return nil
}

// end ends a run that is a genesis alone; any other has its signature by now.
func (c *collector) end() error {
	if len(c.blocks) == 0 {
		return nil
	}
	return c.close(oplog.Signature{})
}

func (c *collector) close(sig oplog.Signature) error {
	run, err := oplog.NewRun(c.blocks, c.genesis, sig)
	c.blocks = nil
	if err == nil && len(run.Changes) > 0 && sig == (oplog.Signature{}) {
		err = fmt.Errorf("run that ends in %v has no signature", run.ID())
	}
	if err != nil {
		return err
	}
	c.runs = append(c.runs, run)
	return nil
}
