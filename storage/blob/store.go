package blob

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Options of a Store.
type Options struct {
	// Room returns an error if so many bytes more aren't to be written: what Put
	// and Incoming.Put then return. Own is whether it is somebody here who adds
	// something. Nil: nobody looks.
	Room func(bytes int64, own bool) error
}

// Store is a folder of files.
type Store struct {
	dir string
	o   Options

	mu       sync.Mutex // guards incoming
	incoming map[CID]*Incoming
}

// Open opens the store in dir, which it makes, and removes what was being added
// when the last process ended.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, o: o, incoming: map[CID]*Incoming{}}
	for _, name := range []string{"files", "incoming"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return nil, fmt.Errorf("make a folder of files: %w", err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "incoming", "new-*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return s, err
}

func (s *Store) path(c CID) string {
	text := c.String()
	return filepath.Join(s.dir, "files", text[len(text)-2:], text)
}

func (s *Store) room(n int64, own bool) error {
	if s.o.Room == nil {
		return nil
	}
	return s.o.Room(n, own)
}

// Put adds what r gives, and returns its name and size. The error is ErrTooLarge,
// Room's, r's or the disk's; then nothing was added.
func (s *Store) Put(r io.Reader) (id CID, size int64, err error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, "incoming"), "new-*")
	if err != nil {
		return id, 0, fmt.Errorf("add a file: %w", err)
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	var leaves []CID
	leaf := make([]byte, LeafSize)
	for {
		n, err := io.ReadFull(r, leaf)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return id, 0, fmt.Errorf("add a file: reading it: %w", err)
		}
		if n > 0 || len(leaves) == 0 {
			if size += int64(n); size > MaxSize {
				return id, 0, ErrTooLarge
			}
			if err := s.room(int64(n), true); err != nil {
				return id, 0, err
			}
			leaves = append(leaves, LeafCID(leaf[:n]))
			if _, err := f.Write(leaf[:n]); err != nil {
				return id, 0, fmt.Errorf("add a file: %w", err)
			}
		}
		if last {
			break
		}
	}
	t := NewTree(leaves, size)
	if err := s.settle(t, f); err != nil {
		return id, 0, err
	}
	return t.Root, size, nil
}

// settle puts a file in its place, durably.
func (s *Store) settle(t *Tree, f *os.File) error {
	path := s.path(t.Root)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil && len(t.Nodes) > 0 {
		err = writeNodes(path+".nodes", t.Nodes)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("put file %v in place: %w", t.Root, err)
	}
	return nil
}

func writeNodes(path string, nodes [][]byte) error {
	var b []byte
	for _, n := range nodes {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(n))), n...)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func readNodes(path string) (nodes [][]byte, err error) {
	b, err := os.ReadFile(path)
	for len(b) >= 4 && err == nil {
		n := binary.BigEndian.Uint32(b)
		if int64(n) > int64(len(b)-4) {
			return nil, fmt.Errorf("%w: %s", ErrDamaged, path)
		}
		nodes = append(nodes, b[4:4+n])
		b = b[4+n:]
	}
	return nodes, err
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Size returns how long a file is that is here whole, or ErrAbsent.
func (s *Store) Size(c CID) (int64, error) {
	info, err := os.Stat(s.path(c))
	if err != nil {
		return 0, absent(c, err)
	}
	return info.Size(), nil
}

// Has tells whether a file is here whole.
func (s *Store) Has(c CID) bool {
	_, err := s.Size(c)
	return err == nil
}

// File opens a file that is here whole, or returns ErrAbsent. The caller closes
// it.
func (s *Store) File(c CID) (*os.File, error) {
	f, err := os.Open(s.path(c))
	if err != nil {
		return nil, absent(c, err)
	}
	return f, nil
}

func absent(c CID, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: file %v", ErrAbsent, c)
	}
	return fmt.Errorf("file %v: %w", c, err)
}

// Tree returns the shape of a file that is here whole, or on its way. The error
// is ErrAbsent or ErrDamaged.
func (s *Store) Tree(c CID) (*Tree, error) {
	if c.Whole() {
		size, err := s.Size(c)
		if err != nil {
			return nil, err
		}
		return NewTree([]CID{c}, size), nil
	}
	nodes, err := readNodes(s.path(c) + ".nodes")
	if errors.Is(err, fs.ErrNotExist) {
		nodes, err = readNodes(filepath.Join(s.incomingPath(c), "nodes"))
	}
	if err != nil {
		return nil, absent(c, err)
	}
	t, err := ReadTree(c, nodes)
	if err != nil {
		return nil, fmt.Errorf("%w: nodes of %v: %w", ErrDamaged, c, err)
	}
	return t, nil
}

// Leaf returns a leaf of a file that is here, or on its way, verified. The error
// is ErrAbsent or ErrDamaged.
func (s *Store) Leaf(t *Tree, i int) ([]byte, error) {
	if i < 0 || i >= len(t.Leaves) {
		return nil, fmt.Errorf("%w: leaf %d of %v", ErrAbsent, i, t.Root)
	}
	f, err := s.File(t.Root)
	if errors.Is(err, ErrAbsent) {
		s.mu.Lock()
		in := s.incoming[t.Root]
		s.mu.Unlock()
		if in == nil || !in.has(i) {
			return nil, err
		}
		f, err = os.Open(filepath.Join(in.path, "data"))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, t.leafSize(i))
	if _, err := f.ReadAt(b, int64(i)*LeafSize); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("leaf %d of %v: %w", i, t.Root, err)
	}
	if LeafCID(b) != t.Leaves[i] {
		return nil, fmt.Errorf("%w: leaf %d of %v", ErrDamaged, i, t.Root)
	}
	return b, nil
}

// Release removes a file, or what came of it. One that isn't here is no error.
func (s *Store) Release(c CID) error {
	s.mu.Lock()
	in := s.incoming[c]
	delete(s.incoming, c)
	s.mu.Unlock()
	if in != nil {
		in.close()
	}
	path := s.path(c)
	for _, p := range []string{path, path + ".nodes"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("release file %v: %w", c, err)
		}
	}
	if err := os.RemoveAll(s.incomingPath(c)); err != nil {
		return fmt.Errorf("release file %v: %w", c, err)
	}
	return nil
}

// All returns the files that are here whole.
func (s *Store) All() (list []CID, err error) {
	paths, err := filepath.Glob(filepath.Join(s.dir, "files", "*", "b*"))
	for _, p := range paths {
		if c, err := Parse(filepath.Base(p)); err == nil && !strings.HasSuffix(p, ".nodes") {
			list = append(list, c)
		}
	}
	return list, err
}
