package oplog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/cbor"
)

// Bits of the first byte of a run and of a change in it (FORMAT.md, "Runs").
const (
	runBegins = 1 << 0

	runSamePerson  = 1 << 0 // onBehalf as in the change before
	runOtherPerson = 1 << 1 // onBehalf follows
	runLamport     = 1 << 2 // lamport isn't 1 + that of the change before
	runSeconds     = 1 << 3 // the wall's seconds differ from the change before
	runQuality     = 4      // the wall's quality, two bits from here
	runDeps        = 1 << 6 // deps follow
	runReserved    = 1 << 7
)

// before is what the fields of a change in a run are relative to.
type before struct {
	lamport  uint64
	seconds  uint64
	onBehalf *Key
}

// AppendRun appends the wire form of a run: log, seq and prev once, and of each
// change what differs from the one before, its deps and its ops. Two bytes or
// three a change are usual beside these. The error is ErrInvalid, for a run
// whose lamports don't climb, which no peer would accept.
func AppendRun(b []byte, r *Run) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.Genesis != nil {
		b = append(b, runBegins)
		b = binary.AppendUvarint(b, uint64(len(r.Blocks[0])))
		b = append(b, r.Blocks[0]...)
		b = append(b, r.GenesisSig[:]...)
	} else {
		prev := r.Prev()
		b = append(b, 0)
		b = append(b, prev.Log[:]...)
		b = binary.AppendUvarint(b, prev.Seq+1)
		b = append(b, prev.ID[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Changes)))
	var last before
	for _, c := range r.Changes {
		if c.Lamport <= last.lamport {
			return nil, fmt.Errorf("%w: run with lamport %d after %d", ErrInvalid, c.Lamport, last.lamport)
		}
		b = c.appendInRun(b, last)
		last = before{c.Lamport, c.Wall.Seconds, c.OnBehalf}
	}
	if len(r.Changes) > 0 {
		b = append(b, r.Sig[:]...)
	}
	return b, nil
}

func (c *Change) appendInRun(b []byte, last before) []byte {
	flags := byte(c.Wall.Quality) << runQuality
	switch {
	case c.OnBehalf == nil:
	case last.onBehalf != nil && *last.onBehalf == *c.OnBehalf:
		flags |= runSamePerson
	default:
		flags |= runOtherPerson
	}
	if c.Lamport != last.lamport+1 {
		flags |= runLamport
	}
	if c.Wall.Seconds != last.seconds {
		flags |= runSeconds
	}
	if len(c.Deps) > 0 {
		flags |= runDeps
	}
	b = append(b, flags)
	if flags&runOtherPerson != 0 {
		b = append(b, c.OnBehalf[:]...)
	}
	if flags&runLamport != 0 {
		b = binary.AppendUvarint(b, c.Lamport-last.lamport)
	}
	if flags&runSeconds != 0 {
		b = binary.AppendVarint(b, int64(c.Wall.Seconds-last.seconds))
	}
	if flags&runDeps != 0 {
		b = binary.AppendUvarint(b, uint64(len(c.Deps)))
		for _, d := range c.Deps {
			b = append(b, d[:]...)
		}
	}
	return c.appendOps(b)
}

// ReadRun reads a run that takes up all of b, and gives back its exact blocks.
// The error is ErrInvalid; signatures aren't verified, see VerifyRun.
func ReadRun(b []byte) (*Run, error) {
	if len(b) > MaxRun {
		return nil, fmt.Errorf("%w: a run of %d bytes", ErrInvalid, len(b))
	}
	in := &runReader{rest: b}
	r, err := in.run()
	if err != nil {
		return nil, fmt.Errorf("reading a run: %w", err)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	// One run, one encoding: this also rules out long varints and needless bits.
	again, err := AppendRun(make([]byte, 0, len(b)), r)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: a run that isn't in its one encoding", ErrInvalid)
	}
	return r, nil
}

var errRunShort = errors.New("ends in the middle of a run")

// A runReader takes a run off the front of a byte slice; its first error
// sticks.
type runReader struct {
	rest []byte
	err  error
}

func (in *runReader) fail(err error) {
	if in.err == nil {
		in.err = fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	in.rest = nil
}

func (in *runReader) take(n uint64) []byte {
	if n > uint64(len(in.rest)) {
		in.fail(errRunShort)
		return nil
	}
	s := in.rest[:n:n]
	in.rest = in.rest[n:]
	return s
}

func (in *runReader) byte() byte {
	if s := in.take(1); in.err == nil {
		return s[0]
	}
	return 0
}

func (in *runReader) uvarint() uint64 {
	n, size := binary.Uvarint(in.rest)
	if size <= 0 {
		in.fail(errRunShort)
		return 0
	}
	in.rest = in.rest[size:]
	return n
}

func (in *runReader) varint() int64 {
	n, size := binary.Varint(in.rest)
	if size <= 0 {
		in.fail(errRunShort)
		return 0
	}
	in.rest = in.rest[size:]
	return n
}

func (in *runReader) run() (*Run, error) {
	r := &Run{}
	var prev Link
	switch head := in.byte(); {
	case head == runBegins:
		block := in.take(in.uvarint())
		copy(r.GenesisSig[:], in.take(uint64(len(r.GenesisSig))))
		if in.err != nil {
			return nil, in.err
		}
		g, err := DecodeLogGenesis(block)
		if err != nil {
			return nil, err
		}
		r.Genesis, r.Blocks = g, append(r.Blocks, block)
		prev = Link{ID: g.ID, Log: g.Log()}
	case head == 0:
		copy(prev.Log[:], in.take(uint64(len(prev.Log))))
		prev.Seq = in.uvarint() - 1
		copy(prev.ID[:], in.take(uint64(len(prev.ID))))
	default:
		in.fail(fmt.Errorf("a run that begins with %#x", head))
	}
	n := in.uvarint()
	if n > AnchorEvery {
		in.fail(fmt.Errorf("a run of %d changes", n))
		n = 0
	}
	var last before
	for range n {
		c, err := in.change(prev, last)
		if err != nil {
			return nil, err
		}
		block, err := c.Encode()
		if err != nil {
			return nil, err
		}
		c.ID = Sum(block)
		r.Changes, r.Blocks = append(r.Changes, c), append(r.Blocks, block)
		prev, last = c.Link(), before{c.Lamport, c.Wall.Seconds, c.OnBehalf}
	}
	if n > 0 {
		copy(r.Sig[:], in.take(uint64(len(r.Sig))))
	}
	if len(in.rest) > 0 {
		in.fail(errors.New("bytes after a run"))
	}
	return r, in.err
}

// change reads a change that comes after prev. Bounds are left to Encode, and
// needless bits to ReadRun.
func (in *runReader) change(prev Link, last before) (*Change, error) {
	c := &Change{Log: prev.Log, Seq: prev.Seq + 1, Prev: prev.ID, Lamport: last.lamport + 1}
	flags := in.byte()
	if flags&runReserved != 0 {
		in.fail(fmt.Errorf("a change in a run that begins with %#x", flags))
	}
	c.Wall = crdt.Wall{Seconds: last.seconds, Quality: crdt.Quality(flags >> runQuality & 3)}
	switch {
	case flags&runOtherPerson != 0:
		c.OnBehalf = new(Key)
		copy(c.OnBehalf[:], in.take(uint64(len(c.OnBehalf))))
	case flags&runSamePerson != 0:
		c.OnBehalf = last.onBehalf
	}
	if flags&runLamport != 0 {
		c.Lamport = last.lamport + in.uvarint()
	}
	if flags&runSeconds != 0 {
		c.Wall.Seconds = last.seconds + uint64(in.varint())
	}
	if flags&runDeps != 0 {
		n := in.uvarint()
		if n > MaxLinks {
			in.fail(fmt.Errorf("a change in a run with %d deps", n))
			n = 0
		}
		for range n {
			var d crdt.ChangeID
			copy(d[:], in.take(uint64(len(d))))
			c.Deps = append(c.Deps, d)
		}
	}
	if in.err != nil {
		return nil, in.err
	}
	ops := cbor.NewReader(in.rest)
	c.readOps(ops)
	if err := ops.Err(); err != nil {
		return nil, fmt.Errorf("%w: ops of a change in a run: %w", ErrInvalid, err)
	}
	in.rest = in.rest[len(in.rest)-ops.Len():]
	return c, nil
}
