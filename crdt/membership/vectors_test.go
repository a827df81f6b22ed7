package membership_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

var update = flag.Bool("update", false, "rewrite testdata from the scenarios")

// A vector is a scenario as another implementation can run it. Hex throughout.
type vector struct {
	Name    string            `json:"name"`
	About   string            `json:"about"`
	Genesis string            `json:"genesis"` // block
	Persons map[string]string `json:"persons"` // keys by name
	Changes []vectorChange    `json:"changes"` // ancestors first
	Members map[string]string `json:"members"` // roles by person
	Void    []string          `json:"void"`    // labels of admitted changes that don't count
	Dead    []string          `json:"dead"`    // devices that are certified and not live
	Devices map[string]string `json:"devices"` // keys by name, of all that are certified
}

type vectorChange struct {
	Label string `json:"label"`
	Block string `json:"block"`
	Sig   string `json:"sig"`
	Admit bool   `json:"admit"`
}

func allScenarios() map[string][]scenario {
	return map[string][]scenario{"removals": removals, "devices": devices, "doors": doors}
}

func (s *scenario) vector(tb testing.TB) vector {
	w := s.build(tb)
	v := vector{
		Name: s.name, About: s.about, Genesis: hex.EncodeToString(w.block),
		Persons: map[string]string{}, Devices: map[string]string{},
		Members: map[string]string{}, Void: strings.Fields(s.void), Dead: []string{},
	}
	if v.Void == nil {
		v.Void = []string{}
	}
	for _, c := range w.changes {
		v.Changes = append(v.Changes, vectorChange{c.label, hex.EncodeToString(c.block), c.sig.String(), c.admit})
	}
	for _, m := range strings.Fields(s.members) {
		person, role, _ := strings.Cut(m, ":")
		v.Members[person] = role
		v.Persons[person] = pub(person).String()
	}
	for label := range w.ids {
		if device, ok := strings.CutPrefix(label, "c"); ok && strings.Contains(device, "/") {
			v.Devices[device] = pub(device).String()
		}
	}
	if strings.Contains(s.dead, "D/9") {
		v.Devices["D/9"] = pub("D/9").String()
	}
	// A device is dead by what the scenario says, or because its person is no member.
	for device := range v.Devices {
		person, _, _ := strings.Cut(device, "/")
		if _, in := v.Members[person]; !in || slices.Contains(strings.Fields(s.dead), device) {
			v.Dead = append(v.Dead, device)
		}
	}
	slices.Sort(v.Dead)
	return v
}

// TestVectors runs the files in testdata, each under 30 orders of arrival.
func TestVectors(t *testing.T) {
	for file, scenarios := range allScenarios() {
		path := filepath.Join("testdata", file+".json")
		if *update {
			var vectors []vector
			for i := range scenarios {
				vectors = append(vectors, scenarios[i].vector(t))
			}
			b, err := json.MarshalIndent(vectors, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var vectors []vector
		if err := json.Unmarshal(b, &vectors); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if len(vectors) != len(scenarios) {
			t.Errorf("%s has %d vectors, of %d scenarios: run with -update", path, len(vectors), len(scenarios))
		}
		for _, v := range vectors {
			t.Run(v.Name, v.run)
		}
	}
}

// TestScenariosAreTheVectors: what the scenarios say is what the files say.
func TestScenariosAreTheVectors(t *testing.T) {
	for file, scenarios := range allScenarios() {
		var vectors []vector
		b, err := os.ReadFile(filepath.Join("testdata", file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &vectors); err != nil {
			t.Fatal(err)
		}
		for i := range scenarios {
			want, _ := json.Marshal(scenarios[i].vector(t))
			got, _ := json.Marshal(vectors[i])
			if !bytes.Equal(got, want) {
				t.Errorf("%s: the file differs from the scenario; if the format has changed, run with -update and read the diff", scenarios[i].name)
			}
		}
	}
}

func (v *vector) run(t *testing.T) {
	genesis, err := oplog.DecodeCommonsGenesis(unhex(t, v.Genesis))
	if err != nil {
		t.Fatal(err)
	}
	s := membership.New(genesis)
	var admitted []*oplog.MembershipChange
	labels := map[crdt.ChangeID]string{}
	for _, c := range v.Changes {
		var sig oplog.Signature
		copy(sig[:], unhex(t, c.Sig))
		m, err := s.Admit(unhex(t, c.Block), sig)
		if (err == nil) != c.Admit {
			t.Errorf("%s: %s: Admit: %v, want admitted %v", v.Name, c.Label, err, c.Admit)
		}
		if err != nil {
			continue
		}
		if err := s.Add(m); err != nil {
			t.Fatalf("%s: %s: %v", v.Name, c.Label, err)
		}
		admitted = append(admitted, m)
		labels[m.ID] = c.Label
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for order := range 30 {
		s := membership.New(genesis)
		for _, m := range shuffled(rng, genesis, admitted) {
			if err := s.Add(m); err != nil {
				t.Fatalf("%s: order %d: %s: %v", v.Name, order, labels[m.ID], err)
			}
		}
		v.check(t, s, labels)
		if t.Failed() {
			t.Fatalf("%s (%s): in order %d", v.Name, v.About, order)
		}
	}
}

func (v *vector) check(t *testing.T, s *membership.State, labels map[crdt.ChangeID]string) {
	void := []string{}
	for id, label := range labels {
		if !s.Counts(id) {
			void = append(void, label)
		}
	}
	slices.Sort(void)
	want := slices.Sorted(slices.Values(v.Void))
	if !slices.Equal(void, want) {
		t.Errorf("%s: void: %q, want %q", v.Name, void, want)
	}
	got, members := map[string]string{}, map[string]string{}
	for _, m := range s.Members() {
		got[m.Person.String()] = m.Role.String()
	}
	for name, role := range v.Members {
		members[v.Persons[name]] = role
	}
	if fmt.Sprint(got) != fmt.Sprint(members) {
		t.Errorf("%s: members: %v, want %v (%v)", v.Name, got, v.Members, v.Persons)
	}
	for name, key := range v.Devices {
		var device oplog.Key
		copy(device[:], unhex(t, key))
		if _, live := s.DeviceLive(device); live == slices.Contains(v.Dead, name) {
			t.Errorf("%s: device %s live: %v, want %v", v.Name, name, live, !live)
		}
	}
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// shuffled returns the changes in a random order, ancestors first.
func shuffled(rng *rand.Rand, g *oplog.CommonsGenesis, changes []*oplog.MembershipChange) []*oplog.MembershipChange {
	rest := slices.Clone(changes)
	rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	in := map[crdt.ChangeID]bool{crdt.ChangeID(g.ID): true}
	var order []*oplog.MembershipChange
	for len(rest) > 0 {
		before := len(rest)
		rest = slices.DeleteFunc(rest, func(m *oplog.MembershipChange) bool {
			if len(order) > 0 && rng.IntN(3) == 0 || slices.ContainsFunc(m.Parents, func(p crdt.ChangeID) bool { return !in[p] }) {
				return false
			}
			in[m.ID] = true
			order = append(order, m)
			return true
		})
		if len(order) == 0 && len(rest) == before {
			break
		}
	}
	return order
}
