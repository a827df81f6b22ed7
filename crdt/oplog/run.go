package oplog

import (
	"fmt"

	"navette/crdt"
)

// Anchors are signed always, and their signatures are never dropped, so that
// no more than AnchorEvery changes, all but the last of AnchorSize bytes at
// most, ever have to be taken on trust until the next signature.
const (
	AnchorEvery = 64
	AnchorSize  = 4 << 10
)

// MaxRun is the greatest size of an encoded run in bytes. No valid run reaches
// it.
const MaxRun = 320 << 10

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
	// Blocks are the encoded links in order, Genesis' first if there is one.
	Blocks [][]byte
}

// NewRun returns the run of some stored blocks: consecutive links of one log,
// sig over the last. genesisSig counts if the first one is a genesis; if that
// is all there is, sig doesn't count. The error is ErrInvalid.
func NewRun(blocks [][]byte, genesisSig, sig Signature) (*Run, error) {
	r := &Run{Blocks: blocks}
	for i, block := range blocks {
		kind, err := Parse(block)
		if err != nil {
			return nil, fmt.Errorf("link %d of a run: %w", i, err)
		}
		if i == 0 && kind == KindLog {
			if r.Genesis, err = DecodeLogGenesis(block); err != nil {
				return nil, fmt.Errorf("genesis of a run: %w", err)
			}
			r.GenesisSig = genesisSig
			continue
		}
		c, err := DecodeChange(block)
		if err != nil {
			return nil, fmt.Errorf("link %d of a run: %w", i, err)
		}
		r.Changes = append(r.Changes, c)
		r.Sig = sig
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return r, nil
}

// check returns nil if the run's links follow each other and no change but the
// last is an anchor.
func (r *Run) check() error {
	n := len(r.Changes)
	if n > AnchorEvery || n == 0 && r.Genesis == nil {
		return fmt.Errorf("%w: run of %d changes", ErrInvalid, n)
	}
	if len(r.Blocks) != n && r.Genesis == nil || len(r.Blocks) != n+1 && r.Genesis != nil {
		return fmt.Errorf("%w: run of %d changes and %d blocks", ErrInvalid, n, len(r.Blocks))
	}
	blocks := r.Blocks[len(r.Blocks)-n:]
	prev := r.Prev()
	if r.Genesis != nil {
		prev = Link{ID: r.Genesis.ID, Log: r.Genesis.Log()}
	}
	for i, c := range r.Changes {
		if c.Prev != prev.ID || c.Log != prev.Log || c.Seq != prev.Seq+1 {
			return fmt.Errorf("%w: run whose change %d doesn't follow the one before", ErrInvalid, i)
		}
		if i < n-1 && IsAnchor(c.Seq, len(blocks[i])) {
			return fmt.Errorf("%w: run that goes on after the anchor %d", ErrInvalid, c.Seq)
		}
		prev = c.Link()
	}
	return nil
}

// Prev returns the link that the run goes on from: only its ID, Log and Seq.
// It is the zero Link if the run begins its log.
func (r *Run) Prev() Link {
	if r.Genesis != nil || len(r.Changes) == 0 {
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

// Signed returns what has to be verified for the run to be device's: the
// genesis, if there, and the last change.
func (r *Run) Signed(device Key, commons CommonsID) (s []Signed) {
	if r.Genesis != nil {
		s = append(s, Signed{device, SigLog, commons, r.Blocks[0], r.GenesisSig})
	}
	if len(r.Changes) > 0 {
		s = append(s, Signed{device, SigChange, commons, r.Blocks[len(r.Blocks)-1], r.Sig})
	}
	return s
}

// VerifyRun checks that a run, as ReadRun or NewRun gave it, goes on from prev,
// a stored link of a log that device writes in commons, and that its signatures
// are good. A run that begins its log must be of that device and commons; prev
// isn't looked at then. The error is ErrInvalid. Deps, prevLogs and lamports
// are left to CheckChange and CheckGenesis.
func VerifyRun(device Key, commons CommonsID, r *Run, prev Link) error {
	if g := r.Genesis; g != nil {
		if g.Device != device || g.Commons != commons {
			return fmt.Errorf("%w: run that begins a log of another device or commons", ErrInvalid)
		}
	} else if first := r.Prev(); first.ID != prev.ID || first.Log != prev.Log || first.Seq != prev.Seq {
		return fmt.Errorf("%w: run from %d of log %v that doesn't go on from %v", ErrInvalid, first.Seq+1, first.Log, prev.ID)
	}
	if !VerifyBatch(r.Signed(device, commons)) {
		return fmt.Errorf("%w: run that ends in %v: its signature is wrong", ErrInvalid, r.ID())
	}
	return nil
}
