package gate

import (
	"crypto/ed25519"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// A House is a commons as a host has it.
type House struct {
	Commons
	Genesis []byte // its block
	State   *membership.State
	// Stored returns all stored changes of membership, ancestors first.
	Stored func() ([]Entry, error)
}

// HostOptions is what a Host needs to know.
type HostOptions struct {
	Key    ed25519.PrivateKey // this node's device
	Person oplog.Key          // for whom it admits; zero as in Author
	Peer   oplog.Key          // the joiner's peer id, which is its device's key
	Nonce  [32]byte           // random, never used twice
	Wall   crdt.Wall          // an unknown clock refuses nobody as too late
	// House returns a commons of this node, nil if it isn't one.
	House func(oplog.CommonsID) *House
}

// A Host is the side of /navette/join/1 that lets in. It reads the State of
// the commons that is asked for, within Receive only, and alters nothing.
type Host struct {
	o      HostOptions
	joiner [32]byte // its nonce
	step   int      // frames received
}

// A HostStep is what follows from a frame.
type HostStep struct {
	// Commons is whose membership changes. Store is what has to be stored
	// there, durably and in this order, before anything is sent. If storing
	// fails, send RefusedBusy's frame instead.
	Commons oplog.CommonsID
	Store   []Entry
	Send    [][]byte
	Done    bool
	// Refused is why the joiner isn't let in; zero if it is, or not yet.
	Refused Refusal
	// Person is who has been let in.
	Person oplog.Key
}

// NewHost waits for a joiner's first frame.
func NewHost(o HostOptions) *Host { return &Host{o: o} }

// Receive takes the next frame from the joiner. The error is ErrProtocol, or
// what House.Stored gave: close the connection.
func (h *Host) Receive(frame []byte) (HostStep, error) {
	h.step++
	switch h.step {
	case 1:
		nonce, err := readNonce(frame, frameHello)
		if err != nil {
			return HostStep{}, err
		}
		h.joiner = nonce
		return HostStep{Send: [][]byte{cbor.AppendBytes(frameHead(frameChallenge, 1), h.o.Nonce[:])}}, nil
	case 2:
		q, err := readRequest(frame)
		if err != nil {
			return HostStep{}, err
		}
		return h.decide(q)
	}
	return HostStep{}, fmt.Errorf("%w: a frame after the last", ErrProtocol)
}

func refuse(r Refusal) (HostStep, error) {
	return HostStep{Send: [][]byte{r.Frame()}, Done: true, Refused: r}, nil
}

func (h *Host) decide(q *request) (HostStep, error) {
	house := h.o.House(q.commons)
	if house == nil {
		return refuse(RefusedUnknown)
	}
	in, ok := house.State.Invitation(q.invitation)
	if !ok {
		return refuse(RefusedUnknown)
	}
	cert, err := oplog.DecodeMembershipChange(q.cert)
	if err != nil {
		return refuse(RefusedProof)
	}
	join := &oplog.JoinProof{
		Invite: in.ID,
		Device: h.o.Peer,
		Host:   oplog.PublicKey(h.o.Key),
		Nonce:  joinNonce(h.joiner, h.o.Nonce),
		Proof:  q.proof,
	}
	if !join.Verify(house.ID, in.Invite, cert.Signer) {
		return refuse(RefusedProof)
	}
	// From here on the joiner is known to hold the invitation.
	op, ok := cert.Op.(*oplog.Certify)
	if !ok || op.Device != h.o.Peer {
		return refuse(RefusedMalformed)
	}
	if _, err := house.State.Admit(q.cert, q.sig); err != nil {
		return refuse(RefusedMalformed)
	}
	if house.State.Revoked(op.Device, op.Person) {
		return refuse(RefusedRemoved)
	}
	step := HostStep{Commons: house.ID, Done: true, Person: op.Person}
	if !certified(house.State, op) {
		step.Store = append(step.Store, Entry{ID: cert.ID, Block: slices.Clone(q.cert), Sig: q.sig})
	}
	// One who is in already has lost the welcome, or brings another device.
	if house.State.Role(op.Person) < in.Invite.Role {
		if r := h.objection(house, in, op.Person); r != 0 {
			return refuse(r)
		}
		author := Author{State: house.State, Key: h.o.Key, Person: h.o.Person, Wall: h.o.Wall}
		grant, err := author.Sign(&oplog.Grant{Target: op.Person, Role: in.Invite.Role, Join: join})
		if err != nil {
			return refuse(RefusedNotHere)
		}
		step.Store = append(step.Store, grant)
	}
	stored, err := house.Stored()
	if err != nil {
		return HostStep{}, fmt.Errorf("gate: welcoming: %w", err)
	}
	step.Send = welcome(house, append(stored[:len(stored):len(stored)], step.Store...))
	return step, nil
}

// certified tells whether a certificate as good as this one is stored: a joiner
// that tries again makes another.
func certified(s *membership.State, c *oplog.Certify) bool {
	id, ok := s.CertOf(c.Device, c.Person)
	if !ok {
		return false
	}
	old, ok := s.Get(id).Op.(*oplog.Certify)
	return ok && (!old.Hosted || c.Hosted)
}

// objection returns why an invitation that was proved doesn't let a person in
// here, 0 if it does.
func (h *Host) objection(house *House, in membership.Invitation, person oplog.Key) Refusal {
	d, ok := acting(house.State, oplog.PublicKey(h.o.Key), h.o.Person)
	switch {
	case !ok || d.Role < oplog.RoleDoorkeeper:
		return RefusedNotHere
	case !in.Valid:
		return RefusedRevoked
	case in.Invite.Uses > 0 && uint64(in.Used) >= in.Invite.Uses:
		return RefusedUsedUp
	case in.Invite.Until > 0 && h.o.Wall.Quality > crdt.QualityRestored && h.o.Wall.Seconds > in.Invite.Until:
		return RefusedExpired
	case house.State.Bars(person, in.ID):
		return RefusedRemoved
	}
	return 0
}

// welcome returns the frames that let in, with all changes of membership.
func welcome(house *House, entries []Entry) [][]byte {
	b := frameHead(frameWelcome, 3)
	b = cbor.AppendBytes(b, house.Genesis)
	b = cbor.AppendBytes(b, house.Secret[:])
	frames := [][]byte{cbor.AppendUint(b, uint64(len(entries)))}
	for len(entries) > 0 {
		n, size := 0, 0
		for n < len(entries) && n < cbor.MaxArray {
			// A block and its signature with their heads, the frame's left over.
			if size += len(entries[n].Block) + len(entries[n].Sig) + 8; size > maxFrame-16 {
				break
			}
			n++
		}
		b := cbor.AppendArray(frameHead(frameChanges, 1), n)
		for _, e := range entries[:n] {
			b = cbor.AppendArray(b, 2)
			b = cbor.AppendBytes(b, e.Block)
			b = cbor.AppendBytes(b, e.Sig[:])
		}
		frames, entries = append(frames, b), entries[n:]
	}
	return frames
}
