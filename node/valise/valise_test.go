package valise

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/ipfs/go-cid"
	car "github.com/ipld/go-car/v2"
	"github.com/ipld/go-ipld-prime/codec/dagcbor"
	cidlink "github.com/ipld/go-ipld-prime/linking/cid"
	"github.com/ipld/go-ipld-prime/node/basicnode"
	"github.com/ipld/go-ipld-prime/traversal"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
)

var update = flag.Bool("update", false, "write the vectors anew")

// sample is a small valise: a commons with its founder, a log of two changes,
// of which the first is an anchor by its size, and an attachment.
type sample struct {
	key      Key
	manifest *Manifest
	device   ed25519.PrivateKey
	members  []storage.MemberEntry
	runs     []*oplog.Run
	pieces   []Piece
}

func newSample(t testing.TB) *sample {
	t.Helper()
	seed := func(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }
	s := &sample{device: seed(3)}
	s.key.Secret = sha256.Sum256([]byte("K"))
	genesis := &oplog.CommonsGenesis{Roots: []oplog.Key{oplog.PublicKey(seed(1))}, Name: "Communs", Secret: sha256.Sum256(s.key.Secret[:])}
	block := must(genesis.Encode())(t)
	s.key.Commons = oplog.CommonsID(oplog.Sum(block))
	s.members = []storage.MemberEntry{{ID: oplog.Sum(block), Block: block}}
	person := oplog.PublicKey(seed(2))
	grant := &oplog.MembershipChange{
		Commons: s.key.Commons, Parents: []crdt.ChangeID{oplog.Sum(block)}, Auth: oplog.Sum(block), Signer: oplog.PublicKey(seed(1)),
		Op: &oplog.Grant{Target: person, Role: oplog.RoleSteward},
	}
	block = must(grant.Encode())(t)
	s.members = append(s.members, storage.MemberEntry{ID: oplog.Sum(block), Block: block, Sig: oplog.Sign(seed(1), oplog.SigMembership, s.key.Commons, block)})
	log := &oplog.LogGenesis{Commons: s.key.Commons, Device: oplog.PublicKey(s.device), Person: person, Cert: oplog.Sum(block), Grant: oplog.Sum(block), Birth: 1}
	first := must(log.Encode())(t)
	log = must(oplog.DecodeLogGenesis(first))(t)
	prev := log.ID
	blocks := [][]byte{first}
	for i := range uint64(2) {
		c := &oplog.Change{Log: log.Log(), Seq: i + 1, Prev: prev, Lamport: i + 1, Ops: []crdt.Op{{Code: 1, Target: crdt.Target{ID: crdt.ID{byte(i)}}, Body: []byte{0x80}}}}
		b := must(c.Encode())(t)
		prev = oplog.Sum(b)
		blocks = append(blocks, b)
	}
	sign := func(kind oplog.SigKind, b []byte) oplog.Signature {
		return oplog.Sign(s.device, kind, s.key.Commons, b)
	}
	s.runs = []*oplog.Run{must(oplog.NewRun(blocks, sign(oplog.SigLog, first), sign(oplog.SigChange, blocks[2])))(t)}
	leaf := []byte("a photo")
	sum := sha256.Sum256(leaf)
	s.pieces = []Piece{{CID(append([]byte(prefixRaw), sum[:]...)), leaf}}
	s.manifest = &Manifest{
		Commons: s.key.Commons, Device: oplog.PublicKey(s.device), Made: time.Unix(1_790_000_000, 0), Program: "0.1.0",
		Frontier: []crdt.ChangeID{prev}, Base: []crdt.ChangeID{oplog.Sum(first)}, Attachments: []CID{s.pieces[0].CID},
		Counts: Counts{2, 3, 1, 1000}, Things: []Things{{"page", 1}, {"tool", 2}},
	}
	return s
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

type closer struct{ io.Writer }

// Close implements io.Closer.
func (closer) Close() error { return nil }

func (s *sample) sign(block []byte) oplog.Signature {
	return oplog.Sign(s.device, oplog.SigValise, s.key.Commons, block)
}

func (s *sample) fill(t testing.TB, w *Writer, err error) {
	t.Helper()
	for _, e := range s.members {
		if err == nil {
			err = w.Member(e)
		}
	}
	for _, r := range s.runs {
		if err == nil {
			err = w.Run(r)
		}
	}
	for _, p := range s.pieces {
		if err == nil {
			err = w.Piece(p)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatalf("write a valise: %v", err)
	}
}

// car is the valise before it is encrypted.
func (s *sample) car(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := newWriter(closer{&b}, s.manifest, s.sign)
	s.fill(t, w, err)
	return b.Bytes()
}

func (s *sample) file(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, s.key, s.manifest, s.sign)
	s.fill(t, w, err)
	return b.Bytes()
}

// all reads a valise to its end.
func all(in *Reader, err error) (m *Manifest, parts Part, pieces []Piece, _ error) {
	if err != nil {
		return nil, parts, nil, err
	}
	for {
		p, err := in.Next()
		if errors.Is(err, io.EOF) {
			return in.Manifest, parts, pieces, nil
		}
		if err != nil {
			return in.Manifest, parts, pieces, err
		}
		parts.Members, parts.Runs = append(parts.Members, p.Members...), append(parts.Runs, p.Runs...)
		if p.Piece != nil {
			pieces = append(pieces, *p.Piece)
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	s := newSample(t)
	m, parts, pieces, err := all(NewReader(bytes.NewReader(s.file(t)), Key{}, s.key))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := asJSON(t, m), asJSON(t, s.manifest); got != want {
		t.Errorf("the manifest is %s; want %s", got, want)
	}
	if len(parts.Members) != 1 || parts.Members[0].Sig != s.members[1].Sig {
		t.Errorf("membership is %v; want the grant", parts.Members)
	}
	if len(parts.Runs) != 1 || parts.Runs[0].ID() != s.runs[0].ID() || parts.Runs[0].Sig != s.runs[0].Sig {
		t.Errorf("runs are %v; want the log", parts.Runs)
	}
	if len(pieces) != 1 || !bytes.Equal(pieces[0].Data, s.pieces[0].Data) {
		t.Errorf("pieces are %v; want the photo", pieces)
	}
}

func asJSON(t testing.TB, v any) string { return string(must(json.Marshal(v))(t)) }

func TestWhatIsRefused(t *testing.T) {
	s := newSample(t)
	file := s.file(t)
	newer, other, forged, long := newSample(t), newSample(t), newSample(t), newSample(t)
	big := bytes.Repeat([]byte("big"), 100_000)
	sum := sha256.Sum256(big)
	long.pieces = append(long.pieces, Piece{CID(append([]byte(prefixRaw), sum[:]...)), big})
	other.manifest.Commons[0]++
	forged.manifest.Device[0]++
	for _, c := range []struct {
		name string
		file []byte
		keys []Key
		want error
	}{
		{"nothing", nil, []Key{s.key}, ErrNotValise},
		{"a text", []byte("Bonjour"), []Key{s.key}, ErrNotValise},
		{"no key", file, nil, ErrForeign},
		{"another key", file, []Key{{Commons: s.key.Commons}}, ErrForeign},
		{"the header cut off", file[:40], []Key{s.key}, ErrIncomplete},
		{"a byte short", file[:len(file)-1], []Key{s.key}, ErrIncomplete},
		{"a bit near its end", flip(file, len(file)/2), []Key{s.key}, ErrIncomplete},
		{"a bit long before its end", flip(long.file(t), 70_000), []Key{s.key}, ErrDamaged},
		{"another commons inside", other.file(t), []Key{s.key}, ErrDamaged},
		{"another's name on it", forged.file(t), []Key{s.key}, ErrDamaged},
		{"a later version", newer.later(t), []Key{s.key}, ErrNewer},
	} {
		if _, _, _, err := all(NewReader(bytes.NewReader(c.file), c.keys...)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", c.name, err, c.want)
		}
	}
}

// later is the valise as a later version would write it.
func (s *sample) later(t testing.TB) []byte {
	t.Helper()
	block, _, err := s.manifest.encode()
	if err != nil {
		t.Fatal(err)
	}
	block[2]++ // after array(11) and 16
	return s.encrypted(t, func(c *carWriter) error {
		if err := c.header(oplog.Sum(block)); err != nil {
			return err
		}
		return c.block(cborCID(oplog.Sum(block)), block)
	})
}

// encrypted is an age file with what write writes.
func (s *sample) encrypted(t testing.TB, write func(*carWriter) error) []byte {
	t.Helper()
	var b bytes.Buffer
	crypt := must(age.Encrypt(&b, must(s.key.identity())(t).Recipient()))(t)
	if err := errors.Join(write(&carWriter{crypt}), crypt.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// An independent reader of CAR files finds every block under the root's CID,
// and one of DAG-CBOR can walk from the manifest to the first change.
func TestAnyIPLDToolReadsIt(t *testing.T) {
	s := newSample(t)
	in, err := car.NewBlockReader(bytes.NewReader(s.car(t)))
	if err != nil {
		t.Fatalf("go-car: %v", err)
	}
	blocks := map[cid.Cid][]byte{}
	for {
		b, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("go-car: %v", err)
		}
		blocks[b.Cid()] = b.RawData()
	}
	if in.Version != 1 || len(in.Roots) != 1 {
		t.Fatalf("version %d, %d roots; want version 1, one root", in.Version, len(in.Roots))
	}
	reached := map[cid.Cid]bool{}
	var walk func(c cid.Cid)
	walk = func(c cid.Cid) {
		data, here := blocks[c]
		if !here || reached[c] {
			return
		}
		reached[c] = true
		nb := basicnode.Prototype.Any.NewBuilder()
		if err := dagcbor.Decode(nb, bytes.NewReader(data)); err != nil {
			t.Fatalf("block %v: %v", c, err)
		}
		links, err := traversal.SelectLinks(nb.Build())
		if err != nil {
			t.Fatalf("block %v: %v", c, err)
		}
		for _, l := range links {
			walk(l.(cidlink.Link).Cid)
		}
	}
	walk(in.Roots[0])
	for _, b := range slices.Concat(s.runs[0].Blocks, [][]byte{s.members[0].Block, s.members[1].Block}) {
		if !reached[oplog.CID(oplog.Sum(b))] {
			t.Errorf("block %v isn't reached from the root", oplog.CID(oplog.Sum(b)))
		}
	}
}

// vector is what another implementation can check itself against. In hexadecimal.
type vector struct {
	Name     string `json:"name"`
	Commons  string `json:"commons"`
	Secret   string `json:"secret"`   // K
	Device   string `json:"device"`   // the seed of its key
	Identity string `json:"identity"` // as age writes it
	File     string `json:"file"`     // what it is called in a folder
	CAR      string `json:"car"`      // what is encrypted
	Age      string `json:"age"`      // one encryption of it
}

func TestVectorsAreCurrent(t *testing.T) {
	const path = "testdata/valise.json"
	s := newSample(t)
	want := vector{
		Name: "a commons, a log and a photo", Commons: hex.EncodeToString(s.key.Commons[:]), Secret: hex.EncodeToString(s.key.Secret[:]),
		Device: hex.EncodeToString(s.device.Seed()), Identity: must(s.key.Identity())(t), File: s.key.Name(oplog.PublicKey(s.device)),
		CAR: hex.EncodeToString(s.car(t)),
	}
	var got vector
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &got)
	}
	if *update {
		want.Age = hex.EncodeToString(s.file(t))
		err = os.WriteFile(path, append(must(json.MarshalIndent(want, "", "  "))(t), '\n'), 0o644)
		got = want
	}
	if err != nil {
		t.Fatal(err)
	}
	want.Age = got.Age // it is another each time
	if got != want {
		t.Errorf("%s is\n%+v; want\n%+v", path, got, want)
	}
	m, _, _, err := all(NewReader(bytes.NewReader(must(hex.DecodeString(got.Age))(t)), s.key))
	if err != nil || m.Device != oplog.PublicKey(s.device) {
		t.Errorf("the encrypted vector reads as %v, %v", m, err)
	}
}

func FuzzReader(f *testing.F) {
	s := newSample(f)
	whole := s.car(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(carHead))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, parts, _, err := all(newReader(bytes.NewReader(b), []Key{s.key}))
		if err == nil && m.Commons != s.key.Commons {
			t.Errorf("read a valise of commons %v", m.Commons)
		}
		for _, r := range parts.Runs {
			if again, err := oplog.NewRun(r.Blocks, r.GenesisSig, r.Sig); err != nil || again.ID() != r.ID() {
				t.Errorf("gave out a run that is none: %v", err)
			}
		}
	})
}
