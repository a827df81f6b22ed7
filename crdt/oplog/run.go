package oplog

import (
	"navette/crdt"
)

// Anchors are signed always, and their signatures are never dropped, so that
// no more than AnchorEvery changes, of at most AnchorSize bytes but the last,
// ever have to be taken on trust until the next signature.
const (
	AnchorEvery = 64
	AnchorSize  = 4 << 10
)

// IsAnchor tells whether a link has to carry its signature: a genesis (seq 0),
// every 64th change, and every block over 4 KiB.
func IsAnchor(seq uint64, size int) bool {
	return seq%AnchorEvery == 0 || size > AnchorSize
}

// A Run is consecutive links of one log, of which the last one is signed and
// no other change is an anchor: what is sent, verified and stored at once. One
// that begins its log starts with the signed genesis, and may end there.
type Run struct {
	Genesis    *LogGenesis // nil if the run goes on from a stored link
	GenesisSig Signature   // over Genesis
	Changes    []*Change   // at most AnchorEvery; at least one without Genesis
	Sig        Signature   // over the last of Changes
	// Blocks are the encoded links, Genesis' first if there is one.
	Blocks [][]byte
}

// First returns the link that the run goes on from: only its ID, Log and Seq.
// It is the zero Link if the run begins its log.
func (r *Run) First() Link {
	if r.Genesis != nil {
		return Link{}
	}
	c := r.Changes[0]
	return Link{ID: c.Prev, Log: c.Log, Seq: c.Seq - 1}
}

// ID returns the name of the run's last link.
func (r *Run) ID() crdt.ChangeID {
	if n := len(r.Changes); n > 0 {
		return r.Changes[n-1].ID
	}
	return r.Genesis.ID
}
