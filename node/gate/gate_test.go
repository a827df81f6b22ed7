package gate

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
)

// seeded is the key of a name, the same in every run.
func seeded(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("key of " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func pub(name string) oplog.Key { return oplog.PublicKey(seeded(name)) }

func secret(name string) [32]byte { return sha256.Sum256([]byte("secret " + name)) }

var noon = crdt.Wall{Seconds: 1_750_000_000, Quality: crdt.QualityNTP}

// A place is a commons on a node, with what its node stores.
type place struct {
	tb testing.TB
	*Founded
	key    ed25519.PrivateKey // the node's device
	stored []Entry
}

// found begins a commons with steward A on device A/1.
func found(tb testing.TB, name string) *place {
	tb.Helper()
	f, err := Found(Founding{
		Name: name, Root: seeded("R"), Person: seeded("A"), Device: pub("A/1"), Secret: secret(name), Wall: noon,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &place{tb: tb, Founded: f, key: seeded("A/1"), stored: f.Entries}
}

func (p *place) store(e Entry) Entry {
	p.tb.Helper()
	m, err := p.State.Admit(e.Block, e.Sig)
	if err == nil {
		err = p.State.Add(m)
	}
	if err != nil {
		p.tb.Fatalf("storing: %v", err)
	}
	p.stored = append(p.stored, e)
	return e
}

// sign makes a change by a device and stores it.
func (p *place) sign(device string, op oplog.MemberOp) Entry {
	p.tb.Helper()
	e, err := Author{State: p.State, Key: seeded(device), Wall: noon}.Sign(op)
	if err != nil {
		p.tb.Fatalf("signing: %v", err)
	}
	return p.store(e)
}

// enrol certifies PERSON/1 and grants a role.
func (p *place) enrol(person string, role oplog.Role) {
	p.tb.Helper()
	cert, err := Certify(p.State, seeded(person), pub(person+"/1"), false, noon)
	if err != nil {
		p.tb.Fatal(err)
	}
	p.store(cert)
	p.sign("A/1", &oplog.Grant{Target: pub(person), Role: role})
}

func (p *place) house() *House {
	return &House{Commons: p.Commons, Genesis: p.Genesis, State: p.State, Stored: func() ([]Entry, error) { return p.stored, nil }}
}

func (p *place) invitation(seed Seed) Invitation {
	return Invitation{Commons: p.Commons.ID, Seed: seed, Doors: []Door{{Peer: oplog.PublicKey(p.key), Addrs: []string{"192.168.1.20:4242"}}}}
}
