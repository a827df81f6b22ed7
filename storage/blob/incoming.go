package blob

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Incoming is a file on its way here. Several goroutines may put leaves.
type Incoming struct {
	s    *Store
	path string
	tree *Tree

	mu    sync.Mutex // guards what follows
	here  []bool
	left  int
	data  *os.File
	haves *os.File
}

func (s *Store) incomingPath(c CID) string { return filepath.Join(s.dir, "incoming", c.String()) }

// Receive begins to receive a file, or goes on where it was left, of which the
// nodes are known: none, root and size for a file of one leaf. The error is
// ErrInvalid for other nodes than the file's, Room's, or the disk's.
func (s *Store) Receive(t *Tree) (*Incoming, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in := s.incoming[t.Root]; in != nil {
		return in, nil
	}
	if err := s.room(t.Size, false); err != nil {
		return nil, err
	}
	in := &Incoming{s: s, path: s.incomingPath(t.Root), tree: t, here: make([]bool, len(t.Leaves)), left: len(t.Leaves)}
	if err := in.open(); err != nil {
		return nil, fmt.Errorf("receive file %v: %w", t.Root, err)
	}
	s.incoming[t.Root] = in
	return in, nil
}

func (in *Incoming) open() error {
	if err := os.MkdirAll(in.path, 0o700); err != nil {
		return err
	}
	if err := writeNodes(filepath.Join(in.path, "nodes"), in.tree.Nodes); err != nil {
		return err
	}
	var err error
	if in.data, err = os.OpenFile(filepath.Join(in.path, "data"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	path := filepath.Join(in.path, "have")
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for ; len(b) >= 4; b = b[4:] {
		if i := binary.BigEndian.Uint32(b); int64(i) < int64(len(in.here)) && !in.here[i] {
			in.here[i] = true
			in.left--
		}
	}
	if in.haves, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return err
	}
	if in.left == 0 {
		return in.settle()
	}
	return nil
}

func (in *Incoming) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.data.Close()
	in.haves.Close()
}

func (in *Incoming) has(i int) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.here[i]
}

// Count returns how many leaves are here, and how many there are.
func (in *Incoming) Count() (here, all int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.here) - in.left, len(in.here)
}

// Lacks returns the numbers of the leaves that aren't here.
func (in *Incoming) Lacks() (list []int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, here := range in.here {
		if !here {
			list = append(list, i)
		}
	}
	return list
}

// Put stores a leaf; it is durable when Put returns. With the last one the file
// is here. The error is ErrInvalid for other bytes than the leaf's, Room's, or
// the disk's.
func (in *Incoming) Put(i int, leaf []byte) error {
	if i < 0 || i >= len(in.tree.Leaves) || LeafCID(leaf) != in.tree.Leaves[i] {
		return fmt.Errorf("%w: leaf %d of %v", ErrInvalid, i, in.tree.Root)
	}
	if err := in.s.room(int64(len(leaf)), false); err != nil {
		return err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.here[i] {
		return nil
	}
	_, err := in.data.WriteAt(leaf, int64(i)*LeafSize)
	if err == nil {
		err = in.data.Sync()
	}
	if err == nil {
		_, err = in.haves.Write(binary.BigEndian.AppendUint32(nil, uint32(i)))
	}
	if err != nil {
		return fmt.Errorf("store leaf %d of %v: %w", i, in.tree.Root, err)
	}
	in.here[i] = true
	if in.left--; in.left > 0 {
		return nil
	}
	return in.settle()
}

// settle puts the file in its place. The caller holds mu, or is alone.
func (in *Incoming) settle() error {
	if err := in.s.settle(in.tree, in.data); err != nil {
		return err
	}
	in.data.Close()
	in.haves.Close()
	return os.RemoveAll(in.path)
}

// Done tells whether the file is here.
func (in *Incoming) Done() bool {
	here, all := in.Count()
	return here == all
}

// Forget lets go of a file that has come, or that nobody fetches any more; what
// came of it stays.
func (s *Store) Forget(in *Incoming) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.incoming[in.tree.Root] == in {
		delete(s.incoming, in.tree.Root)
		if !in.Done() {
			in.close()
		}
	}
}

// Progress returns how many leaves of a file that is on its way have come, and
// how many it has; zeros for any other.
func (s *Store) Progress(c CID) (come, all int) {
	s.mu.Lock()
	in := s.incoming[c]
	s.mu.Unlock()
	if in == nil {
		return 0, 0
	}
	return in.Count()
}
