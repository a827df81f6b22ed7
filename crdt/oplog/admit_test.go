package oplog_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// Who may sign what is in the scenarios of crdt/membership. Here is what else
// Admit decides: signatures, commons, parents.

func seeded(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("key of " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

type admitVectors struct {
	Genesis string        `json:"genesis"`
	Stored  []admitVector `json:"stored"`
	Cases   []admitVector `json:"cases"`
}

type admitVector struct {
	Name    string `json:"name"`
	Block   string `json:"block"`
	Sig     string `json:"sig"`
	Verdict string `json:"verdict"` // admitted, unknown, invalid or inadmissible
}

var verdicts = map[string]error{"admitted": nil, "unknown": oplog.ErrUnknown, "invalid": oplog.ErrInvalid, "inadmissible": oplog.ErrInadmissible}

// makeAdmitVectors builds a commons with a root R and a steward A.
func makeAdmitVectors(t *testing.T) admitVectors {
	genesis := func(salt byte) (*oplog.CommonsGenesis, []byte) {
		g := &oplog.CommonsGenesis{Roots: []oplog.Key{oplog.PublicKey(seeded("R"))}, Salt: [16]byte{salt}}
		block, err := g.Encode()
		if err != nil {
			t.Fatal(err)
		}
		g.ID = oplog.CommonsID(oplog.Sum(block))
		return g, block
	}
	g, block := genesis(1)
	other, _ := genesis(2)
	v := admitVectors{Genesis: hex.EncodeToString(block)}
	seal := func(signer string, m oplog.MembershipChange) (crdt.ChangeID, admitVector) {
		t.Helper()
		block, sig, err := m.Seal(seeded(signer))
		if err != nil {
			t.Fatal(err)
		}
		return m.ID, admitVector{Block: hex.EncodeToString(block), Sig: sig.String()}
	}
	top := crdt.ChangeID(g.ID)
	at := func(auth crdt.ChangeID, op oplog.MemberOp, parents ...crdt.ChangeID) oplog.MembershipChange {
		return oplog.MembershipChange{Commons: g.ID, Parents: oplog.SortLinks(parents), Auth: auth, Op: op}
	}
	stored := func(name, signer string, m oplog.MembershipChange) crdt.ChangeID {
		t.Helper()
		id, s := seal(signer, m)
		s.Name, s.Verdict = name, "admitted"
		v.Stored = append(v.Stored, s)
		return id
	}
	person := oplog.PublicKey(seeded("A"))
	cert := stored("A's certificate", "A", at(crdt.ChangeID{}, &oplog.Certify{Device: oplog.PublicKey(seeded("A/1")), Person: person}, top))
	grant := stored("A's grant", "R", at(top, &oplog.Grant{Target: person, Role: oplog.RoleSteward}, cert))
	invite := &oplog.Invite{Public: oplog.PublicKey(seeded("i")), Role: oplog.RoleMember}
	add := func(name, verdict, signer string, m oplog.MembershipChange, edit func(*admitVector)) {
		t.Helper()
		_, c := seal(signer, m)
		c.Name, c.Verdict = name, verdict
		if edit != nil {
			edit(&c)
		}
		v.Cases = append(v.Cases, c)
	}
	flip := func(c *admitVector) { // one bit of the signature
		sig, _ := hex.DecodeString(c.Sig)
		sig[3] ^= 1
		c.Sig = hex.EncodeToString(sig)
	}
	add("a steward's", "admitted", "A/1", at(grant, invite, grant), nil)
	add("a signature that is another's", "invalid", "A/1", at(grant, invite, grant), flip)
	add("a parent that isn't stored", "unknown", "A/1", at(grant, invite, grant, crdt.ChangeID{9}), nil)
	add("a grant that isn't stored", "inadmissible", "A/1", at(crdt.ChangeID{9}, invite, grant), nil)
	add("cites a certificate", "inadmissible", "A/1", at(cert, invite, grant), nil)
	add("cites nothing", "inadmissible", "A/1", at(crdt.ChangeID{}, invite, grant), nil)
	add("certificate that cites a grant", "inadmissible", "A", at(grant, &oplog.Certify{Device: oplog.Key{1}, Person: person}, grant), nil)
	foreign := at(grant, invite, grant)
	foreign.Commons = other.ID
	add("of another commons", "invalid", "A/1", foreign, nil)
	root := at(crdt.ChangeID(other.ID), invite, crdt.ChangeID(other.ID))
	add("a parent of another commons", "unknown", "R", root, nil)
	add("a member's op of another kind of signature", "invalid", "A/1", at(grant, invite, grant), func(c *admitVector) {
		block, _ := hex.DecodeString(c.Block)
		c.Sig = oplog.Sign(seeded("A/1"), oplog.SigChange, g.ID, block).String()
	})
	return v
}

func TestAdmitVectors(t *testing.T) {
	const path = "testdata/membership_admit.json"
	made, err := json.MarshalIndent(makeAdmitVectors(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if oplog.UpdateMembership() {
		if err := os.WriteFile(path, append(made, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(b), made) {
		t.Error("the file differs from the cases; if the format has changed, run with -update-membership and read the diff")
	}
	var v admitVectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	genesis, err := oplog.DecodeCommonsGenesis(unhex(t, v.Genesis))
	if err != nil {
		t.Fatal(err)
	}
	dag := membership.New(genesis)
	judge := func(c admitVector) (*oplog.MembershipChange, error) {
		block := unhex(t, c.Block)
		m, err := oplog.DecodeMembershipChange(block)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		var sig oplog.Signature
		copy(sig[:], unhex(t, c.Sig))
		_, err = oplog.Admit(dag, m, block, sig)
		return m, err
	}
	for _, c := range v.Stored {
		m, err := judge(c)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if err := dag.Add(m); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
	for _, c := range v.Cases {
		_, err := judge(c)
		if want := verdicts[c.Verdict]; !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v, want %s", c.Name, err, c.Verdict)
		}
	}
}

// TestAuthority: what Admit finds out about a change.
func TestAuthority(t *testing.T) {
	v := makeAdmitVectors(t)
	genesis, err := oplog.DecodeCommonsGenesis(unhex(t, v.Genesis))
	if err != nil {
		t.Fatal(err)
	}
	dag := membership.New(genesis)
	var got []oplog.Authority
	for _, c := range append(v.Stored, v.Cases[0]) {
		m, err := oplog.DecodeMembershipChange(unhex(t, c.Block))
		if err != nil {
			t.Fatal(err)
		}
		a, err := oplog.AdmitVerified(dag, m)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if err := dag.Add(m); err != nil {
			t.Fatal(err)
		}
		got = append(got, a)
	}
	A := oplog.PublicKey(seeded("A"))
	cert := oplog.Sum(unhex(t, v.Stored[0].Block))
	want := []oplog.Authority{
		{Height: 1, Person: A},
		{Height: 2, Person: oplog.PublicKey(seeded("R")), Have: oplog.RoleRoot},
		{Height: 3, Person: A, Have: oplog.RoleSteward, By: oplog.Signing{Cert: cert, Height: 1}},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("change %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestSigningOrder(t *testing.T) {
	sorted := []oplog.Signing{
		{}, // the person's own key
		{Cert: crdt.ChangeID{9}, Height: 1},
		{Cert: crdt.ChangeID{1}, Height: 2},
		{Cert: crdt.ChangeID{2}, Height: 2},
		{Cert: crdt.ChangeID{1}, Height: 1, Hosted: true},
		{Cert: crdt.ChangeID{1}, Height: 3, Hosted: true},
	}
	for i, a := range sorted {
		for j, b := range sorted {
			if got, want := sign(a.Compare(b)), sign(i-j); got != want {
				t.Errorf("%+v against %+v: %d, want %d", a, b, got, want)
			}
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
