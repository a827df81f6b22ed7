package membership_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// A dataVector is a dataScenario as another implementation can run it: store
// the changes of membership and the links in any causal orders.
type dataVector struct {
	Name    string         `json:"name"`
	About   string         `json:"about"`
	Genesis string         `json:"genesis"`
	Changes []vectorChange `json:"changes"` // of membership, all admissible
	Links   []vectorLink   `json:"links"`   // geneses of logs, and changes
	Void    []string       `json:"void"`    // labels of links that are void
	Surplus []string       `json:"surplus"` // of those that aren't exchanged either
	Shown   string         `json:"shown"`   // of resource 01000…: kind, register 1, text 2
}

type vectorLink struct {
	Label string `json:"label"`
	Block string `json:"block"`
	Sig   string `json:"sig"`
}

const dataFile = "testdata/data.json"

func (s *dataScenario) vector(tb testing.TB) dataVector {
	w := s.world(tb)
	sorted := func(labels string) []string {
		list := append([]string{}, strings.Fields(labels)...)
		slices.Sort(list)
		return list
	}
	v := dataVector{
		Name: s.name, About: s.about, Genesis: hex.EncodeToString(w.block),
		Void: sorted(s.void), Surplus: sorted(s.surplus), Shown: s.shown,
	}
	for _, c := range w.changes {
		v.Changes = append(v.Changes, vectorChange{c.label, hex.EncodeToString(c.block), c.sig.String(), c.admit})
	}
	for _, d := range w.data {
		v.Links = append(v.Links, vectorLink{d.label, hex.EncodeToString(d.block), d.sig.String()})
	}
	return v
}

// TestDataVectors runs testdata/data.json, each under 30 orders of arrival.
func TestDataVectors(t *testing.T) {
	var want []dataVector
	for i := range dataScenarios {
		want = append(want, dataScenarios[i].vector(t))
	}
	made, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *update {
		if err := os.WriteFile(dataFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(dataFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, made) {
		t.Errorf("%s differs from the scenarios; if the format has changed, run with -update and read the diff", dataFile)
	}
	var vectors []dataVector
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, v.run)
	}
}

func (v *dataVector) run(t *testing.T) {
	genesis, err := oplog.DecodeCommonsGenesis(unhex(t, v.Genesis))
	if err != nil {
		t.Fatal(err)
	}
	var changes []*oplog.MembershipChange
	for _, c := range v.Changes {
		m, err := oplog.DecodeMembershipChange(unhex(t, c.Block))
		if err != nil {
			t.Fatalf("%s: %v", c.Label, err)
		}
		changes = append(changes, m)
	}
	var blocks [][]byte
	labels := map[crdt.ChangeID]string{}
	for _, l := range v.Links {
		block := unhex(t, l.Block)
		blocks, labels[oplog.Sum(block)] = append(blocks, block), l.Label
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for order := range 30 {
		m, s := membership.New(genesis), newStore()
		for _, c := range shuffled(rng, genesis, changes) {
			if err := m.Add(c); err != nil {
				t.Fatal(err)
			}
		}
		s.arrive(t, rng, blocks)
		void := s.void(m)
		exchanged := s.graph.Exchanged(void.Has)
		gone, surplus := []string{}, []string{}
		for id, p := range s.places {
			if void.Has(p) {
				gone = append(gone, labels[id])
			}
			if !exchanged.Has(p) {
				surplus = append(surplus, labels[id])
			}
		}
		slices.Sort(gone)
		slices.Sort(surplus)
		if !slices.Equal(gone, v.Void) || !slices.Equal(surplus, v.Surplus) {
			t.Errorf("void %q, surplus %q; want %q, %q", gone, surplus, v.Void, v.Surplus)
		}
		if shown := s.shown(void); shown != v.Shown {
			t.Errorf("shown: %s, want %s", shown, v.Shown)
		}
		if t.Failed() {
			t.Fatalf("%s (%s): in order %d", v.Name, v.About, order)
		}
	}
}
