package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// counter is the content that the vectors are over.
type counter struct {
	n    uint64
	rest []byte
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, c.n))
		c.n, c.rest = c.n+1, sum[:]
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func content(size int) []byte {
	b := make([]byte, size)
	_, _ = io.ReadFull(&counter{}, b)
	return b
}

type vector struct {
	Size    int64  `json:"size"`
	Content string `json:"content"`
	CID     string `json:"cid"`
}

func vectors(t testing.TB) (list []vector) {
	t.Helper()
	b, err := os.ReadFile("testdata/files.json")
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The CIDs are those that another implementation of UnixFS gives.
func TestCIDsAreThoseOfUnixFS(t *testing.T) {
	s := open(t, Options{})
	zero := make([]byte, LeafSize)
	for _, v := range vectors(t) {
		if v.Content == "counter" {
			id, size, err := s.Put(bytes.NewReader(content(int(v.Size))))
			if err != nil || id.String() != v.CID || size != v.Size {
				t.Errorf("%d bytes: %v, %d, %v; want %s", v.Size, id, size, err, v.CID)
			}
			continue
		}
		leaves := make([]CID, (v.Size+LeafSize-1)/LeafSize)
		for i := range leaves {
			leaves[i] = LeafCID(zero[:min(LeafSize, v.Size-int64(i)*LeafSize)])
		}
		tree := NewTree(leaves, v.Size)
		if tree.Root.String() != v.CID {
			t.Errorf("%d zeros: %v; want %s", v.Size, tree.Root, v.CID)
		}
		again, err := ReadTree(tree.Root, tree.Nodes)
		if err != nil || !slices.Equal(again.Leaves, leaves) || again.Size != v.Size {
			t.Errorf("%d zeros: read again: %v", v.Size, err)
		}
		if c, err := Parse(v.CID); err != nil || c != tree.Root {
			t.Errorf("%s reads as %v, %v", v.CID, c, err)
		}
	}
}

func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A file comes leaf by leaf, in any order, with the process ending in between:
// no leaf has to come twice.
func TestAFileComesLeafByLeaf(t *testing.T) {
	from, dir := open(t, Options{}), t.TempDir()
	want := content(7<<20 + 12345)
	id, _, err := from.Put(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := from.Tree(id)
	if err != nil {
		t.Fatal(err)
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(len(tree.Leaves))
	var to *Store
	for n, i := range order {
		if to, err = Open(dir, Options{}); err != nil { // another process
			t.Fatal(err)
		}
		in, err := to.Receive(tree)
		if err != nil {
			t.Fatal(err)
		}
		if lacks := in.Lacks(); len(lacks) != len(order)-n || !slices.Contains(lacks, i) {
			t.Fatalf("after %d leaves it lacks %v", n, lacks)
		}
		leaf, err := from.Leaf(tree, i)
		if err == nil {
			err = in.Put(i, leaf)
		}
		if err != nil {
			t.Fatal(err)
		}
		if n < len(order)-1 {
			if got, err := to.Leaf(tree, i); err != nil || !bytes.Equal(got, leaf) {
				t.Errorf("leaf %d of a file on its way: %v", i, err)
			}
			if _, err := to.Leaf(tree, order[n+1]); !errors.Is(err, ErrAbsent) {
				t.Errorf("a leaf that hasn't come: %v; want %v", err, ErrAbsent)
			}
			if _, err := to.File(id); !errors.Is(err, ErrAbsent) {
				t.Errorf("a file on its way opens: %v", err)
			}
		}
	}
	f, err := to.File(id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, want) {
		t.Errorf("what came is %d bytes, %v; want the file", len(got), err)
	}
	if list, err := to.All(); err != nil || !slices.Equal(list, []CID{id}) {
		t.Errorf("files here: %v, %v; want %v", list, err, id)
	}
	if left, err := os.ReadDir(dir + "/incoming"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := to.Release(id); err != nil || to.Has(id) {
		t.Errorf("released: %v, still here %v", err, to.Has(id))
	}
}

func TestWhatIsRefused(t *testing.T) {
	full := errors.New("full")
	s := open(t, Options{Room: func(n int64, own bool) error {
		if n > 100 && own {
			return full
		}
		return nil
	}})
	if _, _, err := s.Put(bytes.NewReader(content(200))); !errors.Is(err, full) {
		t.Errorf("more than there is room for: %v; want %v", err, full)
	}
	id, _, err := s.Put(bytes.NewReader(content(50)))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := s.Tree(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path(id), make([]byte, 50), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Leaf(tree, 0); !errors.Is(err, ErrDamaged) {
		t.Errorf("other bytes on the disk: %v; want %v", err, ErrDamaged)
	}
	big := NewTree([]CID{LeafCID(make([]byte, LeafSize)), LeafCID([]byte{1})}, LeafSize+1)
	in, err := s.Receive(big)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Put(1, []byte{2}); !errors.Is(err, ErrInvalid) {
		t.Errorf("another leaf than asked for: %v; want %v", err, ErrInvalid)
	}
	half := NewTree([]CID{LeafCID(nil), LeafCID(nil), LeafCID(nil)}, LeafSize+1)
	if _, err := ReadTree(half.Root, half.Nodes); !errors.Is(err, ErrInvalid) {
		t.Errorf("a file cut in another way: %v; want %v", err, ErrInvalid)
	}
	for _, text := range []string{"", "bafy", "B" + id.String()[1:], id.String() + "a", "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"} {
		if _, err := Parse(text); !errors.Is(err, ErrInvalid) {
			t.Errorf("CID %q: %v; want %v", text, err, ErrInvalid)
		}
	}
}

func FuzzReadTree(f *testing.F) {
	tree := NewTree([]CID{LeafCID(make([]byte, LeafSize)), LeafCID([]byte{1})}, LeafSize+1)
	f.Add(tree.Nodes[0])
	f.Add([]byte{0x12, 0x00})
	f.Fuzz(func(t *testing.T, node []byte) {
		got, err := ReadTree(nodeCID(node), [][]byte{node})
		if err == nil && !bytes.Equal(got.Nodes[0], node) {
			t.Errorf("accepted a node that it wouldn't make: %x", node)
		}
		if _, err := Children(node); err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%v; want %v", err, ErrInvalid)
		}
	})
}
