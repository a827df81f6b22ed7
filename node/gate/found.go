package gate

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// An Entry is a change of membership as it is stored and sent.
type Entry struct {
	ID    crdt.ChangeID
	Block []byte
	Sig   oplog.Signature
}

// Founding is what a commons begins with. All keys and secrets are new and
// random; nobody but the caller knows them yet.
type Founding struct {
	Name   string
	Root   ed25519.PrivateKey // to be sealed until the kit is printed
	Person ed25519.PrivateKey // the first steward
	Device oplog.Key          // this node's
	Secret [32]byte           // K
	Salt   [16]byte
	Wall   crdt.Wall
}

// Founded is a commons with one steward and one device.
type Founded struct {
	Commons Commons
	Genesis []byte
	Entries []Entry // to be stored, in this order
	State   *membership.State
	Cert    crdt.ChangeID // of the device
	Grant   crdt.ChangeID // to the steward
}

// Found begins a commons. The error is oplog.ErrInvalid, for a name that is
// too long.
func Found(f Founding) (*Founded, error) {
	genesis := &oplog.CommonsGenesis{
		Roots:  []oplog.Key{oplog.PublicKey(f.Root)},
		Name:   f.Name,
		Salt:   f.Salt,
		Secret: sha256.Sum256(f.Secret[:]),
	}
	block, err := genesis.Encode()
	if err != nil {
		return nil, fmt.Errorf("gate: founding: %w", err)
	}
	genesis.ID = oplog.CommonsID(oplog.Sum(block))
	d := &Founded{
		Commons: Commons{ID: genesis.ID, Secret: f.Secret},
		Genesis: block,
		State:   membership.New(genesis),
	}
	cert, err := Certify(d.State, f.Person, f.Device, false, f.Wall)
	if err != nil {
		return nil, fmt.Errorf("gate: founding: %w", err)
	}
	if err := d.take(cert); err != nil {
		return nil, err
	}
	root := Author{State: d.State, Key: f.Root, Wall: f.Wall}
	grant, err := root.Sign(&oplog.Grant{Target: oplog.PublicKey(f.Person), Role: oplog.RoleSteward})
	if err != nil {
		return nil, fmt.Errorf("gate: founding: %w", err)
	}
	if err := d.take(grant); err != nil {
		return nil, err
	}
	d.Cert, d.Grant = cert.ID, grant.ID
	return d, nil
}

func (d *Founded) take(e Entry) error {
	m, err := d.State.Admit(e.Block, e.Sig)
	if err == nil {
		err = d.State.Add(m)
	}
	if err != nil {
		return fmt.Errorf("gate: founding: %w", err)
	}
	d.Entries = append(d.Entries, e)
	return nil
}
