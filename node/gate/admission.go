package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"

	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// ErrProtocol is a frame that the other side should not have sent. The
// connection is of no more use.
var ErrProtocol = errors.New("gate: frame that breaks the protocol")

// Sizes of admission, in tags.
const (
	tagSize = 16
	minTags = 16
	maxTags = 1024
)

// MaxCommons is how many commons an Admission can speak of. More are left out.
const MaxCommons = maxTags

type tag [tagSize]byte

// direction is part of a tag, so that it can't be mirrored.
type direction byte

const (
	fromDialler  direction = 1
	fromAnswerer direction = 2
)

// Commons is a commons that this node belongs to: its id and the secret K that
// its members share.
type Commons struct {
	ID     oplog.CommonsID
	Secret [32]byte
}

// AdmissionOptions is what an Admission needs to know.
type AdmissionOptions struct {
	Self, Peer oplog.Key // the two peer ids, which are device keys
	Nonce      [32]byte  // random, never used twice
	Seed       [32]byte  // random, never used twice: for padding and order
	Commons    []Commons
	// Standing says what the peer's device is to a commons of ours.
	Standing func(oplog.CommonsID) membership.Standing
}

// A Match is a commons that both sides know the secret of.
type Match struct {
	Commons oplog.CommonsID
	// Standing is what the peer is to it, as far as this side knows. Live: it
	// is admitted, exchange both ways. Removed: it isn't; it may be told the
	// changes of membership that say so, and nothing else. Unknown: it may be
	// a newcomer that this side hasn't heard of; take changes of membership
	// from it and look again, give it nothing.
	Standing membership.Standing
}

// An Admission is one side of /navette/admit/1.
type Admission struct {
	o       AdmissionOptions
	dialled bool
	peer    [32]byte // the peer's nonce
	step    int      // frames received
	matches []Match
}

// Dial begins an admission. first is the frame to send.
func Dial(o AdmissionOptions) (a *Admission, first []byte) {
	return &Admission{o: o, dialled: true}, o.Nonce[:]
}

// Answer waits for the dialler's first frame.
func Answer(o AdmissionOptions) *Admission { return &Admission{o: o} }

// Receive takes the next frame from the peer. reply, if there is one, is to be
// sent. The error is ErrProtocol.
func (a *Admission) Receive(frame []byte) (reply []byte, err error) {
	a.step++
	switch {
	case a.step == 1:
		if len(frame) != len(a.peer) {
			return nil, fmt.Errorf("%w: a nonce of %d bytes", ErrProtocol, len(frame))
		}
		copy(a.peer[:], frame)
		if a.dialled {
			return a.offer(), nil
		}
		return a.o.Nonce[:], nil
	case a.step == 2:
		tags, err := readTags(frame)
		if err != nil {
			return nil, err
		}
		if a.dialled {
			a.match(tags, fromAnswerer)
			return nil, nil
		}
		return a.confirm(tags), nil
	}
	return nil, fmt.Errorf("%w: a frame after the last", ErrProtocol)
}

// Done tells whether there is nothing more to receive. What Receive returned
// is still to be sent.
func (a *Admission) Done() bool { return a.step >= 2 }

// Matches returns the commons that both sides know, in the order of
// AdmissionOptions.Commons, once Done.
func (a *Admission) Matches() []Match { return a.matches }

// offer makes the dialler's tags, of all its commons.
func (a *Admission) offer() []byte {
	commons := a.commons()
	n := minTags
	for n < len(commons) {
		n *= 2
	}
	tags := make([]tag, len(commons))
	for i, c := range commons {
		tags[i] = a.tag(c, fromDialler)
	}
	return a.pad(tags, n)
}

// confirm answers an offer: as many tags, real ones for what matches.
func (a *Admission) confirm(offered []tag) []byte {
	a.match(offered, fromDialler)
	var tags []tag
	for _, c := range a.commons() {
		for _, m := range a.matches {
			if m.Commons == c.ID {
				tags = append(tags, a.tag(c, fromAnswerer))
			}
		}
	}
	return a.pad(tags, len(offered))
}

func (a *Admission) match(tags []tag, dir direction) {
	got := make(map[tag]bool, len(tags))
	for _, t := range tags {
		got[t] = true
	}
	for _, c := range a.commons() {
		if got[a.tag(c, dir)] {
			a.matches = append(a.matches, Match{Commons: c.ID, Standing: a.o.Standing(c.ID)})
		}
	}
}

func (a *Admission) commons() []Commons {
	return a.o.Commons[:min(len(a.o.Commons), MaxCommons)]
}

// tag is HMAC-SHA256(K, "navette/1/admit" ‖ dir ‖ nA ‖ nB ‖ peer A ‖ peer B),
// cut to 16 bytes, where A has dialled.
func (a *Admission) tag(c Commons, dir direction) (t tag) {
	nA, nB, pA, pB := a.o.Nonce, a.peer, a.o.Self, a.o.Peer
	if !a.dialled {
		nA, nB, pA, pB = nB, nA, pB, pA
	}
	h := hmac.New(sha256.New, c.Secret[:])
	h.Write([]byte("navette/1/admit"))
	h.Write([]byte{byte(dir)})
	h.Write(nA[:])
	h.Write(nB[:])
	h.Write(pA[:])
	h.Write(pB[:])
	copy(t[:], h.Sum(nil))
	return t
}

// pad returns a frame of n tags: these and random ones, in random order. A
// ChaCha8 stream keyed by 256 random bits can't be told from tags.
func (a *Admission) pad(tags []tag, n int) []byte {
	stream := rand.NewChaCha8(a.o.Seed)
	all := make([]tag, n)
	copy(all, tags)
	for i := len(tags); i < n; i++ {
		stream.Read(all[i][:])
	}
	rand.New(stream).Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	frame := make([]byte, 0, n*tagSize)
	for _, t := range all {
		frame = append(frame, t[:]...)
	}
	return frame
}

func readTags(frame []byte) ([]tag, error) {
	n := len(frame) / tagSize
	if len(frame)%tagSize != 0 || n < minTags || n > maxTags || n&(n-1) != 0 {
		return nil, fmt.Errorf("%w: tags of %d bytes", ErrProtocol, len(frame))
	}
	tags := make([]tag, n)
	for i := range tags {
		copy(tags[i][:], frame[i*tagSize:])
	}
	return tags, nil
}
