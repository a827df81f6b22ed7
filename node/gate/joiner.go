package gate

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// ErrWelcome is a welcome that isn't one: the commons isn't the invitation's,
// or its membership doesn't let the joiner in. The host is broken or lies.
var ErrWelcome = errors.New("gate: welcome that doesn't let in")

// JoinerOptions is what a Joiner needs to know.
type JoinerOptions struct {
	Invitation Invitation
	Host       oplog.Key          // the peer id, which is one of the invitation's doors
	Person     ed25519.PrivateKey // who joins
	Device     oplog.Key          // this node's
	Nonce      [32]byte           // random, never used twice
	Wall       crdt.Wall
}

// A Joiner is the side of /navette/join/1 that is let in.
type Joiner struct {
	o       JoinerOptions
	asked   bool
	cert    *oplog.MembershipChange
	genesis *oplog.CommonsGenesis // once welcomed
	due     int                   // changes still to come
	size    int                   // bytes of those that came
	joined  Joined
}

// Joined is a commons that has let this node in.
type Joined struct {
	Commons Commons
	Genesis []byte
	Entries []Entry // to be stored, in this order
	State   *membership.State
	Role    oplog.Role
	Cert    crdt.ChangeID
	Grant   crdt.ChangeID
}

// Join begins. first is the frame to send.
func Join(o JoinerOptions) (j *Joiner, first []byte) {
	return &Joiner{o: o}, cbor.AppendBytes(frameHead(frameHello, 1), o.Nonce[:])
}

// Done tells whether everything has come; Joined is what did.
func (j *Joiner) Done() bool { return j.joined.State != nil && j.due == 0 }

// Joined returns what there is to store, once Done.
func (j *Joiner) Joined() Joined { return j.joined }

// Receive takes the next frame from the host. reply, if there is one, is to be
// sent. The error is a Refusal, ErrProtocol or ErrWelcome.
func (j *Joiner) Receive(frame []byte) (reply []byte, err error) {
	if reason, ok := readRefusal(frame); ok {
		return nil, reason
	}
	switch {
	case !j.asked:
		return j.ask(frame)
	case j.genesis == nil:
		err = j.welcomed(frame)
	case j.due > 0:
		err = j.take(frame)
	default:
		return nil, fmt.Errorf("%w: a frame after the last", ErrProtocol)
	}
	if err == nil && j.due == 0 {
		err = j.check()
	}
	return nil, err
}

func readRefusal(frame []byte) (Refusal, bool) {
	r := cbor.NewReader(frame)
	r.Tuple(2)
	kind, reason := r.Uint(), r.Uint()
	if r.End() != nil || kind != frameRefusal || reason > 255 {
		return 0, false
	}
	return Refusal(reason), true
}

func (j *Joiner) ask(frame []byte) ([]byte, error) {
	nonce, err := readNonce(frame, frameChallenge)
	if err != nil {
		return nil, err
	}
	v := &j.o.Invitation
	person := oplog.PublicKey(j.o.Person)
	j.cert = &oplog.MembershipChange{
		Commons: v.Commons,
		Parents: []crdt.ChangeID{crdt.ChangeID(v.Commons)}, // all that is known of it yet
		Wall:    j.o.Wall,
		Op:      &oplog.Certify{Device: j.o.Device, Person: person},
	}
	block, sig, err := j.cert.Seal(j.o.Person)
	if err != nil {
		return nil, fmt.Errorf("gate: certifying: %w", err)
	}
	proof := oplog.JoinProof{Device: j.o.Device, Host: j.o.Host, Nonce: joinNonce(j.o.Nonce, nonce)}
	proof.Sign(v.Seed.Key(), v.Commons, v.Seed.ID(), person)
	j.asked = true
	q := request{commons: v.Commons, invitation: v.Seed.ID(), cert: block, sig: sig, proof: proof.Proof}
	return q.frame(), nil
}

func (j *Joiner) welcomed(frame []byte) error {
	r := cbor.NewReader(frame)
	r.Tuple(4)
	if k := r.Uint(); k != frameWelcome {
		r.Fail(fmt.Errorf("frame of kind %d", k))
	}
	block := r.Bytes()
	var secret [32]byte
	r.Fixed(secret[:])
	n := r.Uint()
	if err := r.End(); err != nil {
		return fmt.Errorf("%w: where a welcome is due: %w", ErrProtocol, err)
	}
	genesis, err := oplog.DecodeCommonsGenesis(block)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrWelcome, err)
	case genesis.ID != j.o.Invitation.Commons:
		return fmt.Errorf("%w: to commons %v", ErrWelcome, genesis.ID)
	case sha256.Sum256(secret[:]) != genesis.Secret:
		return fmt.Errorf("%w: the secret isn't the one that the genesis commits to", ErrWelcome)
	case n > maxChanges:
		return fmt.Errorf("%w: %d changes of membership", ErrWelcome, n)
	}
	j.genesis, j.due = genesis, int(n)
	j.joined = Joined{
		Commons: Commons{ID: genesis.ID, Secret: secret},
		Genesis: append([]byte(nil), block...),
		State:   membership.New(genesis),
	}
	return nil
}

func (j *Joiner) take(frame []byte) error {
	r := cbor.NewReader(frame)
	r.Tuple(2)
	if k := r.Uint(); k != frameChanges {
		r.Fail(fmt.Errorf("frame of kind %d", k))
	}
	n := r.Array()
	if r.Err() == nil && (n == 0 || n > j.due) {
		r.Fail(fmt.Errorf("%d changes where %d are due", n, j.due))
	}
	for ; n > 0 && r.Err() == nil; n-- {
		r.Tuple(2)
		e := Entry{Block: append([]byte(nil), r.Bytes()...)}
		r.Fixed(e.Sig[:])
		if r.Err() != nil {
			break
		}
		if j.size += len(e.Block); j.size > maxWelcome {
			return fmt.Errorf("%w: more than %d bytes of membership", ErrWelcome, maxWelcome)
		}
		m, err := j.joined.State.Admit(e.Block, e.Sig)
		if err == nil {
			err = j.joined.State.Add(m)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrWelcome, err)
		}
		e.ID = m.ID
		j.joined.Entries = append(j.joined.Entries, e)
		j.due--
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("%w: where changes are due: %w", ErrProtocol, err)
	}
	return nil
}

// check looks whether what came lets this node in.
func (j *Joiner) check() error {
	d, ok := j.joined.State.DeviceOf(j.o.Device, oplog.PublicKey(j.o.Person))
	if !ok {
		return fmt.Errorf("%w: no grant for this person, or no certificate for this device", ErrWelcome)
	}
	j.joined.Role, j.joined.Cert, j.joined.Grant = d.Role, d.Cert, d.Grant
	return nil
}
