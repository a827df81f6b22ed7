package oplog

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"navette/crdt"
)

// The vectors in testdata are made by the tables of make_test.go and run from
// the files alone, as another implementation would. After a change of format:
//
//	go test ./crdt/oplog -run TestVectorsAreCurrent -update
//
// and read the difference.
var update = flag.Bool("update", false, "write the vectors in testdata anew")

// hexBytes is a byte string, in hexadecimal in JSON.
type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// A blockVector is a valid block and what it says. One of the last three is
// there.
type blockVector struct {
	Name      string           `json:"name"`
	Block     hexBytes         `json:"block"`
	CID       string           `json:"cid"`
	Signature *signatureVector `json:"signature,omitempty"`
	Commons   *commonsVector   `json:"commonsGenesis,omitempty"`
	Log       *logVector       `json:"logGenesis,omitempty"`
	Change    *changeVector    `json:"change,omitempty"`
}

type commonsVector struct {
	Roots  []hexBytes `json:"roots"`
	Name   string     `json:"name"`
	Salt   hexBytes   `json:"salt"`
	Secret hexBytes   `json:"secret"`
}

type logVector struct {
	Log      hexBytes   `json:"log"`
	Commons  hexBytes   `json:"commons"`
	Device   hexBytes   `json:"device"`
	Person   hexBytes   `json:"person"`
	Cert     hexBytes   `json:"cert"`
	Grant    hexBytes   `json:"grant"`
	Nonce    hexBytes   `json:"nonce"`
	Birth    uint32     `json:"birth"`
	PrevLogs []hexBytes `json:"prevLogs"`
}

type changeVector struct {
	Log      hexBytes   `json:"log"`
	Seq      uint64     `json:"seq"`
	Prev     hexBytes   `json:"prev"`
	Deps     []hexBytes `json:"deps"`
	Lamport  uint64     `json:"lamport"`
	OnBehalf hexBytes   `json:"onBehalf"`
	Seconds  uint64     `json:"seconds"`
	Quality  uint8      `json:"quality"`
	Ops      []opVector `json:"ops"`
}

// An opVector has an ID, or names an op: of Change, or of the change itself.
type opVector struct {
	Code   uint64   `json:"code"`
	ID     hexBytes `json:"id,omitempty"`
	Change hexBytes `json:"change,omitempty"`
	Index  *uint32  `json:"index,omitempty"`
	Offset *uint64  `json:"offset,omitempty"`
	Body   hexBytes `json:"body"`
}

// A signatureVector is a signature over the sha2-256 of a block; Message is
// what is signed.
type signatureVector struct {
	Kind    SigKind  `json:"kind"`
	Seed    hexBytes `json:"seed,omitempty"` // of the private key, RFC 8032
	Key     hexBytes `json:"key"`
	Commons hexBytes `json:"commons"`
	Message hexBytes `json:"message"`
	Sig     hexBytes `json:"sig"`
}

// An invalidVector is a block or an encoded run that is to be refused.
type invalidVector struct {
	Name  string   `json:"name"`
	Why   string   `json:"why"`
	Bytes hexBytes `json:"bytes"`
}

// A verifyVector is a signature and whether it is good.
type verifyVector struct {
	Name  string   `json:"name"`
	Block hexBytes `json:"block"`
	Good  bool     `json:"good"`
	signatureVector
}

// A linkVector is a block checked against the links that it names.
type linkVector struct {
	Name  string   `json:"name"`
	Block hexBytes `json:"block"`
	// Links are a change's prev and deps, or a genesis' prevLogs, in its order.
	Links   []linkFields `json:"links"`
	Commons hexBytes     `json:"commons,omitempty"`
	// Certificates and Grants are what is stored of membership.
	Certificates []memberFields `json:"certificates,omitempty"`
	Grants       []memberFields `json:"grants,omitempty"`
	Want         string         `json:"want"`              // valid, invalid, or unknown
	Lamport      uint64         `json:"lamport,omitempty"` // of a valid genesis
}

type linkFields struct {
	ID      hexBytes `json:"id"`
	Log     hexBytes `json:"log"`
	Seq     uint64   `json:"seq"`
	Lamport uint64   `json:"lamport"`
	Device  hexBytes `json:"device,omitempty"`
	Person  hexBytes `json:"person,omitempty"`
}

type memberFields struct {
	ID     hexBytes `json:"id"`
	Device hexBytes `json:"device,omitempty"`
	Person hexBytes `json:"person"`
}

// A runVector is a run and its encoding.
type runVector struct {
	Name       string     `json:"name"`
	Blocks     []hexBytes `json:"blocks"`
	GenesisSig hexBytes   `json:"genesisSig,omitempty"`
	Sig        hexBytes   `json:"sig,omitempty"`
	Run        hexBytes   `json:"run"`
}

type fingerprintVector struct {
	Name    string     `json:"name"`
	Commons hexBytes   `json:"commons"`
	Tips    []hexBytes `json:"tips"`
	Heads   []hexBytes `json:"heads"`
	Hex     string     `json:"hex"`
	Words   string     `json:"words"`
}

func readVectors[T any](t *testing.T, file string) (vectors []T) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&vectors); err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
	if len(vectors) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return vectors
}

// decodeBlock decodes a block of data with the decoder of its kind.
func decodeBlock(block []byte) (any, error) {
	kind, err := Parse(block)
	if err != nil {
		return nil, err
	}
	switch kind {
	case KindLog:
		return DecodeLogGenesis(block)
	case KindChange:
		return DecodeChange(block)
	case KindCommons:
		return DecodeCommonsGenesis(block)
	}
	return nil, errors.New("not a block of data")
}

func TestVectorBlocks(t *testing.T) {
	for _, v := range readVectors[blockVector](t, "blocks.json") {
		t.Run(v.Name, func(t *testing.T) {
			got, err := decodeBlock(v.Block)
			if err != nil {
				t.Fatalf("decoding: %v", err)
			}
			var again []byte
			switch got := got.(type) {
			case *CommonsGenesis:
				sameJSON(t, commonsFields(got), v.Commons)
				again, err = got.Encode()
			case *LogGenesis:
				sameJSON(t, logFields(got), v.Log)
				again, err = got.Encode()
			case *Change:
				sameJSON(t, changeFields(got), v.Change)
				again, err = got.Encode()
			}
			if err != nil || !bytes.Equal(again, v.Block) {
				t.Errorf("encoded again: %.80x, %v; want %.80x", again, err, []byte(v.Block))
			}
			id := Sum(v.Block)
			if got := CID(id).String(); got != v.CID {
				t.Errorf("CID = %s, want %s", got, v.CID)
			}
			if back, err := ParseCID(v.CID); err != nil || back != id {
				t.Errorf("ParseCID(%s) = %v, %v; want %v", v.CID, back, err, id)
			}
			if s := v.Signature; s != nil && !verify(s, v.Block) {
				t.Errorf("Verify = false")
			}
		})
	}
}

func verify(s *signatureVector, block []byte) bool {
	return Verify(Key(s.Key), s.Kind, CommonsID(s.Commons), block, Signature(s.Sig))
}

func sameJSON(t *testing.T, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g, w) {
		t.Errorf("decoded %.2000s\nwant    %.2000s", g, w)
	}
}

func TestVectorInvalidBlocks(t *testing.T) {
	for _, v := range readVectors[invalidVector](t, "invalid-blocks.json") {
		if got, err := decodeBlock(v.Bytes); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: decoded as %+v, %v; want ErrInvalid, for %s", v.Name, got, err, v.Why)
		}
	}
}

func TestVectorSignatures(t *testing.T) {
	for _, v := range readVectors[verifyVector](t, "signatures.json") {
		s := v.signatureVector
		if got := verify(&s, v.Block); got != v.Good {
			t.Errorf("%s: Verify = %v, want %v", v.Name, got, v.Good)
		}
		one := Signed{Key(s.Key), s.Kind, CommonsID(s.Commons), v.Block, Signature(s.Sig)}
		if got := VerifyBatch([]Signed{one, one}); got != v.Good {
			t.Errorf("%s: VerifyBatch = %v, want %v", v.Name, got, v.Good)
		}
		if want := signed(s.Kind, CommonsID(s.Commons), Sum(v.Block)); !bytes.Equal(want, s.Message) {
			t.Errorf("%s: the message is %x, want %x", v.Name, []byte(s.Message), want)
		}
	}
}

// stored is the membership that a vector gives.
type stored struct{ v linkVector }

func (s stored) Certified(cert crdt.ChangeID) (Writer, error) {
	for _, m := range s.v.Certificates {
		if bytes.Equal(m.ID, cert[:]) {
			return Writer{Key(m.Device), Key(m.Person)}, nil
		}
	}
	return Writer{}, ErrUnknown
}

func (s stored) Granted(grant crdt.ChangeID) (Key, error) {
	for _, m := range s.v.Grants {
		if bytes.Equal(m.ID, grant[:]) {
			return Key(m.Person), nil
		}
	}
	return Key{}, ErrUnknown
}

func TestVectorLinks(t *testing.T) {
	for _, v := range readVectors[linkVector](t, "links.json") {
		t.Run(v.Name, func(t *testing.T) {
			links := make([]PrevLog, len(v.Links))
			plain := make([]Link, len(v.Links))
			for i, l := range v.Links {
				plain[i] = Link{crdt.ChangeID(l.ID), crdt.LogID(l.Log), l.Seq, l.Lamport}
				links[i].Link = plain[i]
				if l.Device != nil {
					links[i].Writer = Writer{Key(l.Device), Key(l.Person)}
				}
			}
			block, err := decodeBlock(v.Block)
			if err != nil {
				t.Fatalf("decoding: %v", err)
			}
			switch b := block.(type) {
			case *Change:
				err = CheckChange(b, plain[0], plain[1:])
			case *LogGenesis:
				var link Link
				link, err = CheckGenesis(b, CommonsID(v.Commons), links, stored{v})
				if err == nil && (link != Link{ID: b.ID, Log: b.Log(), Lamport: v.Lamport}) {
					t.Errorf("as a link it is %+v, want lamport %d", link, v.Lamport)
				}
			}
			got := "valid"
			switch {
			case errors.Is(err, ErrInvalid):
				got = "invalid"
			case errors.Is(err, ErrUnknown):
				got = "unknown"
			case err != nil:
				t.Fatalf("an error of neither sort: %v", err)
			}
			if got != v.Want {
				t.Errorf("%s (%v), want %s", got, err, v.Want)
			}
		})
	}
}

func TestVectorRuns(t *testing.T) {
	for _, v := range readVectors[runVector](t, "runs.json") {
		t.Run(v.Name, func(t *testing.T) {
			r, err := ReadRun(v.Run)
			if err != nil {
				t.Fatalf("ReadRun: %v", err)
			}
			if len(r.Blocks) != len(v.Blocks) {
				t.Fatalf("%d blocks, want %d", len(r.Blocks), len(v.Blocks))
			}
			blocks := make([][]byte, len(v.Blocks))
			for i, want := range v.Blocks {
				blocks[i] = want
				if !bytes.Equal(r.Blocks[i], want) {
					t.Errorf("block %d is %x, want %x", i, r.Blocks[i], []byte(want))
				}
			}
			var genesisSig, sig Signature
			copy(genesisSig[:], v.GenesisSig)
			copy(sig[:], v.Sig)
			if r.GenesisSig != genesisSig || r.Sig != sig {
				t.Errorf("signatures %v, %v; want %v, %v", r.GenesisSig, r.Sig, genesisSig, sig)
			}
			made, err := NewRun(blocks, genesisSig, sig)
			if err != nil {
				t.Fatalf("NewRun: %v", err)
			}
			if b, err := AppendRun(nil, made); err != nil || !bytes.Equal(b, v.Run) {
				t.Errorf("AppendRun = %x, %v; want %x", b, err, []byte(v.Run))
			}
		})
	}
	for _, v := range readVectors[invalidVector](t, "invalid-runs.json") {
		if r, err := ReadRun(v.Bytes); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: ReadRun = %+v, %v; want ErrInvalid, for %s", v.Name, r, err, v.Why)
		}
	}
}

func TestVectorFingerprints(t *testing.T) {
	for _, v := range readVectors[fingerprintVector](t, "fingerprints.json") {
		f := FingerprintOf(CommonsID(v.Commons), ids(v.Tips), ids(v.Heads))
		if f.Hex() != v.Hex || f.String() != v.Words {
			t.Errorf("%s: %s, %s; want %s, %s", v.Name, f.Hex(), f, v.Hex, v.Words)
		}
	}
}

func ids(hs []hexBytes) (ids []crdt.ChangeID) {
	for _, h := range hs {
		ids = append(ids, crdt.ChangeID(h))
	}
	return ids
}
