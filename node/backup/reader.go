package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"navette/crdt/cbor"
	"navette/crdt/oplog"
	"navette/storage"
)

// A Reader reads a backup. Only one goroutine may use it.
type Reader struct {
	Header Header

	r   *bufio.Reader
	sum hash.Hash
	// at is the commons that is being read, members and entries what is still
	// to come of it.
	at      int
	members int
	entries uint64
}

// Verify reads a backup to its end and returns its header. progress, if not
// nil, is called with how many records are read and to be read. The errors are
// ErrNotBackup, ErrNewer, ErrDamaged, and r's.
func Verify(r io.Reader, progress func(done, total int)) (*Header, error) {
	in, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	for done, total := 1, in.Header.Records(); ; done++ {
		_, err := in.Next()
		if errors.Is(err, io.EOF) {
			return &in.Header, nil
		}
		if err != nil {
			return nil, err
		}
		if progress != nil {
			progress(done, total)
		}
	}
}

// NewReader reads the header of a backup. The errors are Verify's.
func NewReader(r io.Reader) (*Reader, error) {
	in := &Reader{r: bufio.NewReaderSize(r, 64<<10), sum: sha256.New(), at: -1}
	line, err := in.r.Peek(len(magic))
	if string(line) != magic {
		if err == nil || errors.Is(err, io.EOF) {
			err = ErrNotBackup
		}
		return nil, err
	}
	first, err := in.r.ReadSlice('\n')
	if err != nil {
		return nil, damage(err)
	}
	in.sum.Write(first)
	v, err := strconv.ParseUint(strings.TrimSuffix(string(first[len(magic):]), "\n"), 10, 32)
	if err != nil || v == 0 {
		return nil, fmt.Errorf("%w: version %q", ErrDamaged, first[len(magic):])
	}
	if v > version {
		return nil, fmt.Errorf("%w: format %d", ErrNewer, v)
	}
	kind, c, err := in.record()
	if err == nil && kind != kindHeader {
		err = unexpected(kind)
	}
	if err == nil {
		err = in.header(c)
	}
	if err == nil {
		in.nextCommons()
	}
	return in, err
}

func (in *Reader) header(c *cbor.Reader) error {
	if made := c.Uint(); made > 0 {
		in.Header.Made = time.Unix(int64(made), 0).UTC()
	}
	in.Header.Program = c.Text()
	var records uint64
	for n := c.Array(); n > 0 && c.Err() == nil; n-- {
		var x Commons
		c.Tuple(4)
		c.Fixed(x.ID[:])
		x.Current = c.Bool()
		members := c.Uint()
		x.Members, x.Entries = int(members), c.Uint()
		// A commons has a genesis, and nobody has so much.
		const most = 1 << 40
		if records += members + x.Entries; members == 0 || members > most || x.Entries > most || records > most {
			c.Fail(fmt.Errorf("%d members, %d entries", members, x.Entries))
		}
		in.Header.Commons = append(in.Header.Commons, x)
	}
	return end(c)
}

// Commons is the number of the commons that the next record is of.
func (in *Reader) Commons() int { return in.at }

func (in *Reader) nextCommons() {
	if in.at++; in.at < len(in.Header.Commons) {
		c := in.Header.Commons[in.at]
		in.members, in.entries = c.Members, c.Entries
	}
}

// Next returns the next record. The error is io.EOF after the last one, if all
// of the file is as it was written; otherwise ErrDamaged, or the reader's.
func (in *Reader) Next() (Record, error) {
	if in.at == len(in.Header.Commons) {
		return Record{}, in.trailer()
	}
	kind, c, err := in.record()
	if err != nil {
		return Record{}, err
	}
	switch {
	case kind == kindMember && in.members > 0:
		in.members--
		e := storage.MemberEntry{Block: clone(c.Bytes())}
		c.Fixed(e.Sig[:])
		e.ID = oplog.Sum(e.Block)
		return Record{Member: &e}, end(c)
	case kind == kindEntry && in.members == 0 && in.entries > 0:
		in.entries--
		e := storage.Entry{Block: clone(c.Bytes())}
		if !c.Null() {
			e.Sig = new(oplog.Signature)
			c.Fixed(e.Sig[:])
		}
		e.ID = oplog.Sum(e.Block)
		return Record{Entry: &e}, end(c)
	case kind == kindEnd && in.members == 0 && in.entries == 0:
		in.nextCommons()
		f := new(oplog.Fingerprint)
		c.Fixed(f[:])
		return Record{End: f}, end(c)
	}
	return Record{}, unexpected(kind)
}

// trailer reads the trailer. The error is io.EOF if all is well.
func (in *Reader) trailer() error {
	want := in.sum.Sum(nil)
	kind, c, err := in.record()
	if err != nil {
		return err
	}
	if kind != kindTrailer {
		return unexpected(kind)
	}
	var got [sha256.Size]byte
	c.Fixed(got[:])
	if err := end(c); err != nil {
		return err
	}
	if string(got[:]) != string(want) {
		return fmt.Errorf("%w: sha2-256 %x, %x is due", ErrDamaged, want, got)
	}
	if _, err := in.r.ReadByte(); err == nil {
		return fmt.Errorf("%w: bytes after the end", ErrDamaged)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return io.EOF
}

// record reads a record and its kind.
func (in *Reader) record() (kind uint64, c *cbor.Reader, err error) {
	var size [4]byte
	if _, err := io.ReadFull(in.r, size[:]); err != nil {
		return 0, nil, damage(err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxRecord {
		return 0, nil, fmt.Errorf("%w: a record of %d bytes", ErrDamaged, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(in.r, b); err != nil {
		return 0, nil, damage(err)
	}
	in.sum.Write(size[:])
	in.sum.Write(b)
	c = cbor.NewReader(b)
	items := c.Array()
	kind = c.Uint()
	if kind >= uint64(len(itemsOf)) || items != itemsOf[kind] {
		c.Fail(fmt.Errorf("a record of kind %d with %d items", kind, items))
	}
	if err := c.Err(); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return kind, c, nil
}

// end returns what is wrong with a record that was read to its end.
func end(c *cbor.Reader) error {
	if err := c.End(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

func unexpected(kind uint64) error {
	return fmt.Errorf("%w: a record of kind %d where another is due", ErrDamaged, kind)
}

// damage makes the end of the file within a record what it is.
func damage(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, bufio.ErrBufferFull) {
		return fmt.Errorf("%w: it ends early", ErrDamaged)
	}
	return fmt.Errorf("backup: reading: %w", err)
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }
