package gate

import (
	"crypto/sha256"
	"fmt"

	"navette/crdt/cbor"
	"navette/crdt/oplog"
)

// The frames of /navette/join/1: arrays of canonical CBOR that begin with one
// of these.
const (
	frameHello     = 1 // joiner: [1, nonce:32]
	frameChallenge = 2 // host: [2, nonce:32]
	frameRequest   = 3 // joiner: [3, commons:32, invitation:16, certificate, signature:64, proof:64]
	frameWelcome   = 4 // host: [4, genesis, K:32, number of changes]
	frameChanges   = 5 // host: [5, [[block, signature:64], …]], as often as it takes
	frameRefusal   = 6 // host: [6, reason]
)

// Bounds of what a joiner takes in.
const (
	maxFrame   = 256 << 10
	maxChanges = 1 << 17  // of a commons' membership
	maxWelcome = 64 << 20 // bytes of them
)

// A Refusal is why a host doesn't let a joiner in. It is an error.
type Refusal uint8

// The reasons. Without a valid proof a joiner gets none but the first two, and
// without knowing an invitation's ID only the first.
const (
	RefusedUnknown   Refusal = 1 // no such commons or invitation here
	RefusedProof     Refusal = 2 // the proof doesn't hold
	RefusedRevoked   Refusal = 3 // the invitation was revoked, or its inviter may invite no more
	RefusedUsedUp    Refusal = 4
	RefusedExpired   Refusal = 5 // by the host's clock
	RefusedNotHere   Refusal = 6 // this node is neither steward nor doorkeeper
	RefusedBusy      Refusal = 7 // try again later
	RefusedRemoved   Refusal = 8 // the person, after the invitation was made, or the device
	RefusedMalformed Refusal = 9 // the request, or the certificate in it
)

var refusals = [...]string{
	RefusedUnknown:   "unknown invitation",
	RefusedProof:     "wrong proof",
	RefusedRevoked:   "invitation revoked",
	RefusedUsedUp:    "invitation used up",
	RefusedExpired:   "invitation expired",
	RefusedNotHere:   "this node admits nobody",
	RefusedBusy:      "busy",
	RefusedRemoved:   "removed since the invitation",
	RefusedMalformed: "malformed request",
}

// Error implements error.
func (r Refusal) Error() string {
	if int(r) < len(refusals) && refusals[r] != "" {
		return "gate: refused: " + refusals[r]
	}
	return fmt.Sprintf("gate: refused: reason %d", uint8(r))
}

// Frame is the frame that says so: for a host that doesn't even begin.
func (r Refusal) Frame() []byte {
	return cbor.AppendUint(frameHead(frameRefusal, 1), uint64(r))
}

func frameHead(kind uint64, fields int) []byte {
	return cbor.AppendUint(cbor.AppendArray(nil, 1+fields), kind)
}

// joinNonce is what the proof binds: both sides' nonces, so that neither
// chooses it alone.
func joinNonce(joiner, host [32]byte) [32]byte {
	return sha256.Sum256(append(joiner[:], host[:]...))
}

// readNonce reads [kind, nonce].
func readNonce(frame []byte, kind uint64) (nonce [32]byte, err error) {
	r := cbor.NewReader(frame)
	r.Tuple(2)
	if k := r.Uint(); k != kind {
		r.Fail(fmt.Errorf("frame of kind %d", k))
	}
	r.Fixed(nonce[:])
	if err := r.End(); err != nil {
		return nonce, fmt.Errorf("%w: where a nonce is due: %w", ErrProtocol, err)
	}
	return nonce, nil
}

// A request is the joiner's second frame.
type request struct {
	commons    oplog.CommonsID
	invitation [16]byte
	cert       []byte // block of the first certificate
	sig        oplog.Signature
	proof      oplog.Signature
}

func (q *request) frame() []byte {
	b := frameHead(frameRequest, 5)
	b = cbor.AppendBytes(b, q.commons[:])
	b = cbor.AppendBytes(b, q.invitation[:])
	b = cbor.AppendBytes(b, q.cert)
	b = cbor.AppendBytes(b, q.sig[:])
	return cbor.AppendBytes(b, q.proof[:])
}

func readRequest(frame []byte) (*request, error) {
	q := &request{}
	r := cbor.NewReader(frame)
	r.Tuple(6)
	if k := r.Uint(); k != frameRequest {
		r.Fail(fmt.Errorf("frame of kind %d", k))
	}
	r.Fixed(q.commons[:])
	r.Fixed(q.invitation[:])
	q.cert = r.Bytes()
	r.Fixed(q.sig[:])
	r.Fixed(q.proof[:])
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: where a request is due: %w", ErrProtocol, err)
	}
	return q, nil
}
