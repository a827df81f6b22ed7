package oplog

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/cbor"
)

var updateMembership = flag.Bool("update-membership", false, "rewrite testdata/membership.json")

// key and link are recognisable in a hex dump.
func testKey(n byte) (k Key)            { return Key(bytes.Repeat([]byte{n}, len(k))) }
func testLink(n int) (id crdt.ChangeID) { id[0], id[1] = byte(n>>8), byte(n); return id }

func testLinks(n int) (ids []crdt.ChangeID) {
	for i := range n {
		ids = append(ids, testLink(i+1))
	}
	return ids
}

// A membershipCase is a change that decodes, or is just beyond what does.
type membershipCase struct {
	name string
	op   MemberOp
	edit func(*MembershipChange)
	good bool
}

func membershipCases() []membershipCase {
	join := &JoinProof{Invite: testLink(1), Device: testKey(2), Host: testKey(3), Nonce: [32]byte{4}, Proof: Signature{5}}
	target, heir := testKey(0xaa), testKey(0xbb)
	wide := func(n int) func(*MembershipChange) {
		return func(m *MembershipChange) { m.Parents = testLinks(n) }
	}
	wall := func(seconds uint64, q crdt.Quality) func(*MembershipChange) {
		return func(m *MembershipChange) { m.Wall = crdt.Wall{Seconds: seconds, Quality: q} }
	}
	sized := func(n int) MemberOp { // an unknown op that makes the block n bytes long
		const rest = 166
		return &UnknownOp{Num: 99, Raw: cbor.AppendBytes(opHead(nil, 99, 1), make([]byte, n-rest))}
	}
	deep := func(n int) MemberOp { // n arrays in the op's own, which stands in the change's
		raw := opHead(nil, 99, 1)
		for range n {
			raw = cbor.AppendArray(raw, 1)
		}
		return &UnknownOp{Num: 99, Raw: cbor.AppendUint(raw, 0)}
	}
	swapped := testLinks(2)
	slices.Reverse(swapped)
	twice := append(testLinks(1), testLinks(1)...)
	return []membershipCase{
		{"leave", &Leave{}, nil, true},
		{"leave that cites nothing", &Leave{}, func(m *MembershipChange) { m.Auth = crdt.ChangeID{} }, true},
		{"leave at the latest second by the best clock", &Leave{}, wall(MaxSeconds, crdt.QualityNTP), true},
		{"leave after the latest second", &Leave{}, wall(MaxSeconds+1, 0), false},
		{"leave by a clock of quality 4", &Leave{}, wall(0, 4), false},
		{"without parents", &Leave{}, wide(0), false},
		{"16 parents", &Leave{}, wide(16), true},
		{"17 parents", &Leave{}, wide(17), false},
		{"parents that aren't sorted", &Leave{}, func(m *MembershipChange) { m.Parents = swapped }, false},
		{"a parent twice", &Leave{}, func(m *MembershipChange) { m.Parents = twice }, false},
		{"grant reader", &Grant{Target: target, Role: RoleReader}, nil, true},
		{"grant steward", &Grant{Target: target, Role: RoleSteward}, nil, true},
		{"grant nothing", &Grant{Target: target, Role: RoleNone}, nil, false},
		{"grant root", &Grant{Target: target, Role: RoleRoot}, nil, false},
		{"grant by an invitation", &Grant{Target: target, Role: RoleMember, Join: join}, nil, true},
		{"grant to a successor", &Grant{Target: target, Role: RoleMember, Succeeds: &heir}, nil, true},
		{"grant to one's own successor", &Grant{Target: target, Role: RoleMember, Succeeds: &target}, nil, false},
		{"adopt 64", &Grant{Target: target, Role: RoleMember, Adopt: testLinks(64)}, nil, true},
		{"adopt 65", &Grant{Target: target, Role: RoleMember, Adopt: testLinks(65)}, nil, false},
		{"adopt unsorted", &Grant{Target: target, Role: RoleMember, Adopt: swapped}, nil, false},
		{"remove", &Remove{Target: target}, nil, true},
		{"remove as steward", &Remove{Target: target, Scope: ScopeSteward}, nil, true},
		{"remove of scope 2", &Remove{Target: target, Scope: 2}, nil, false},
		{"remove that keeps", &Remove{Target: target, Keep: true, Annul: testLinks(1)}, nil, true},
		{"remove that keeps and cuts", &Remove{Target: target, Keep: true, Cut: testLinks(1)}, nil, false},
		{"remove that keeps and cuts in parts", &Remove{Target: target, Keep: true, Parts: testLinks(1)}, nil, false},
		{"cut of 64, 16 parts, annul 128, 16 parents", &Remove{Target: target, Cut: testLinks(64), Parts: testLinks(16), Annul: testLinks(128)}, wide(16), true},
		{"cut of 65", &Remove{Target: target, Cut: testLinks(65)}, nil, false},
		{"cut twice", &Remove{Target: target, Cut: twice}, nil, false},
		{"17 parts", &Remove{Target: target, Parts: testLinks(17)}, nil, false},
		{"annul 129", &Remove{Target: target, Annul: testLinks(129)}, nil, false},
		{"annul unsorted", &Remove{Target: target, Annul: swapped}, nil, false},
		{"invite a reader for ever", &Invite{Public: target, Role: RoleReader}, nil, true},
		{"invite a member, 65535 uses, until the latest second, note of 256 bytes",
			&Invite{ID: [16]byte{1}, Public: target, Role: RoleMember, Uses: 65535, Until: MaxSeconds, Note: strings.Repeat("é", 128)}, nil, true},
		{"invite nobody", &Invite{Public: target, Role: RoleNone}, nil, false},
		{"invite a doorkeeper", &Invite{Public: target, Role: RoleDoorkeeper}, nil, false},
		{"invite 65536", &Invite{Public: target, Role: RoleMember, Uses: 65536}, nil, false},
		{"invite beyond the latest second", &Invite{Public: target, Role: RoleMember, Until: MaxSeconds + 1}, nil, false},
		{"note of 257 bytes", &Invite{Public: target, Role: RoleMember, Note: strings.Repeat("x", 257)}, nil, false},
		{"note that isn't UTF-8", &Invite{Public: target, Role: RoleMember, Note: "\xff"}, nil, false},
		{"revokeInvite", &RevokeInvite{Invite: testLink(1)}, nil, true},
		{"certify", &Certify{Device: target, Person: heir}, nil, true},
		{"certify hosted", &Certify{Device: target, Person: heir, Hosted: true}, nil, true},
		{"certify a key for itself", &Certify{Device: target, Person: target}, nil, false},
		{"revokeDevice, cut of 64, 16 parts", &RevokeDevice{Device: target, Person: heir, Cut: testLinks(64), Parts: testLinks(16)}, nil, true},
		{"revokeDevice, cut of 65", &RevokeDevice{Device: target, Person: heir, Cut: testLinks(65)}, nil, false},
		{"revokeDevice, 17 parts", &RevokeDevice{Device: target, Person: heir, Parts: testLinks(17)}, nil, false},
		{"revokeDevice of the person's own key", &RevokeDevice{Device: target, Person: target}, nil, false},
		{"revert 1", &Revert{Changes: testLinks(1)}, nil, true},
		{"revert 256", &Revert{Changes: testLinks(256)}, nil, true},
		{"revert nothing", &Revert{}, nil, false},
		{"revert 257", &Revert{Changes: testLinks(257)}, nil, false},
		{"cutPart of 1", &CutPart{Cut: testLinks(1)}, nil, true},
		{"cutPart of 64", &CutPart{Cut: testLinks(64)}, nil, true},
		{"cutPart of nothing", &CutPart{}, nil, false},
		{"cutPart of 65", &CutPart{Cut: testLinks(65)}, nil, false},
		{"unknown code", &UnknownOp{Num: 10, Raw: []byte{0x81, 10}}, nil, true},
		{"code 0", &UnknownOp{Num: 0, Raw: []byte{0x82, 0, 0xf6}}, nil, true},
		{"unknown code as great as can be", &UnknownOp{Num: 1<<64 - 1, Raw: opHead(nil, 1<<64-1, 0)}, nil, true},
		{"unknown op, 8 arrays deep in all", deep(6), nil, true},
		{"unknown op, 9 arrays deep in all", deep(7), nil, false},
		{"unknown op with a float", &UnknownOp{Num: 99, Raw: append(opHead(nil, 99, 1), 0xf9, 0, 0)}, nil, false},
		{"unknown op with a map", &UnknownOp{Num: 99, Raw: append(opHead(nil, 99, 1), 0xa0)}, nil, false},
		{"op without a code", &UnknownOp{Num: 99, Raw: []byte{0x80}}, nil, false},
		{"op whose code is a text", &UnknownOp{Num: 99, Raw: []byte{0x81, 0x61, 'x'}}, nil, false},
		{"op that isn't an array", &UnknownOp{Num: 99, Raw: []byte{0x07}}, nil, false},
		{"code in two bytes", &UnknownOp{Num: 3, Raw: []byte{0x81, 0x18, 3}}, nil, false},
		{"leave with a field", &UnknownOp{Num: 3, Raw: []byte{0x82, 3, 0xf6}}, nil, false},
		{"certify with a field too few", &UnknownOp{Num: 6, Raw: cbor.AppendBytes(opHead(nil, 6, 1), target[:])}, nil, false},
		{"block of 16384 bytes", sized(MaxMembership), nil, true},
		{"block of 16385 bytes", sized(MaxMembership + 1), nil, false},
	}
}

func (c *membershipCase) change() *MembershipChange {
	m := &MembershipChange{
		Commons: CommonsID{0xcc}, Parents: testLinks(1), Auth: testLink(1), Signer: testKey(0xdd),
		Wall: crdt.Wall{Seconds: 1_700_000_000, Quality: crdt.QualityPeers}, Op: c.op,
	}
	if c.edit != nil {
		c.edit(m)
	}
	return m
}

// block encodes the case without looking at bounds.
func (c *membershipCase) block() []byte { return c.change().append(nil) }

type membershipVectors struct {
	Good []membershipVector `json:"good"`
	Bad  []membershipVector `json:"bad"`
}

type membershipVector struct {
	Name  string `json:"name"`
	Block string `json:"block"`
	ID    string `json:"id,omitempty"`
}

// TestMembershipVectors: what testdata/membership.json says decodes does, and
// encodes to the same bytes; what it says doesn't, doesn't.
func TestMembershipVectors(t *testing.T) {
	const path = "testdata/membership.json"
	var want membershipVectors
	for _, c := range membershipCases() {
		v := membershipVector{Name: c.name, Block: hex.EncodeToString(c.block())}
		if c.good {
			v.ID = Sum(c.block()).String()
			want.Good = append(want.Good, v)
		} else {
			want.Bad = append(want.Bad, v)
		}
	}
	if *updateMembership {
		b, err := json.MarshalIndent(want, "", " ")
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
	var got membershipVectors
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the file differs from the cases; if the format has changed, run with -update-membership and read the diff")
	}
	for _, v := range got.Good {
		block, err := hex.DecodeString(v.Block)
		if err != nil {
			t.Fatal(err)
		}
		m, err := DecodeMembershipChange(block)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if m.ID.String() != v.ID {
			t.Errorf("%s: id %v, want %s", v.Name, m.ID, v.ID)
		}
		if again, err := m.Encode(); err != nil || !bytes.Equal(again, block) {
			t.Errorf("%s: encodes to %x, %v; want %s", v.Name, again, err, v.Block)
		}
		if kind, err := Parse(block); err != nil || kind != KindMembership {
			t.Errorf("%s: Parse = %v, %v", v.Name, kind, err)
		}
	}
	for _, v := range got.Bad {
		block, err := hex.DecodeString(v.Block)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeMembershipChange(block); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", v.Name, err)
		}
	}
}

// TestMembershipEncode: what doesn't decode doesn't encode either.
func TestMembershipEncode(t *testing.T) {
	for _, c := range membershipCases() {
		if block, err := c.change().Encode(); (err == nil) != c.good || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %d bytes, %v; want ok: %v", c.name, len(block), err, c.good)
		}
	}
	if _, err := (&MembershipChange{Parents: testLinks(1)}).Encode(); !errors.Is(err, ErrInvalid) {
		t.Errorf("without op: %v, want ErrInvalid", err)
	}
}

// TestMembershipTruncated: no part of a block is one.
func TestMembershipTruncated(t *testing.T) {
	for _, c := range membershipCases() {
		block := c.block()
		if !c.good || len(block) > 4096 {
			continue
		}
		for n := range block {
			if _, err := DecodeMembershipChange(block[:n]); !errors.Is(err, ErrInvalid) {
				t.Fatalf("%s: %d bytes of %d: %v, want ErrInvalid", c.name, n, len(block), err)
			}
		}
		if _, err := DecodeMembershipChange(append(block, 0)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: a byte too many: %v, want ErrInvalid", c.name, err)
		}
	}
}

func FuzzDecodeAuthOp(f *testing.F) {
	for _, c := range membershipCases() {
		if block := c.block(); len(block) < 2048 {
			f.Add(block)
		}
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		m, err := DecodeMembershipChange(block)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("%v isn't ErrInvalid", err)
			}
			return
		}
		again, err := m.Encode()
		if err != nil || !bytes.Equal(again, block) {
			t.Fatalf("decoded, and encodes to %x, %v; want %x", again, err, block)
		}
	})
}

// UpdateMembership tells the tests outside of the package what the flag says.
func UpdateMembership() bool { return *updateMembership }
