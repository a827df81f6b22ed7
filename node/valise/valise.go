// Package valise is the file that an exchange travels in when it travels by
// hand: what leads from what the other place has to what this one has, in the
// order of an exchange, for the members of the commons only.
//
// A [Writer] writes one, block by block; a [Reader] opens one with the secrets
// of the commons that are known and gives out what is whole: membership, runs
// with their signatures, blocks of attachments. VALISE.md has every byte.
//
// It promises that nobody else reads it, that a file which was cut off or
// changed is noticed, and that what is given out is as it was written. Who
// wrote it, and whether it counts, is for whoever stores it to judge, as with
// what a peer sends. It knows no stores and no places; node decides what is
// packed and what becomes of it.
package valise

import (
	"errors"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/storage"
)

// Why a file isn't read, or not to its end.
var (
	// ErrNotValise is a file of another sort.
	ErrNotValise = errors.New("valise: not a valise")
	// ErrForeign is one that none of the secrets opens.
	ErrForeign = errors.New("valise: of a commons that isn't known here")
	// ErrNewer is one in a format of a later version.
	ErrNewer = errors.New("valise: written by a later version")
	// ErrIncomplete is one that ends early, or in which something changed so
	// near its end that it looks so; what was read before is good.
	ErrIncomplete = errors.New("valise: incomplete")
	// ErrDamaged is one in which something isn't what was written; what was
	// read before is good.
	ErrDamaged = errors.New("valise: damaged")
)

// Version is the version of the format.
const Version = 1

// The kinds of block that only a valise has.
const (
	kindManifest = 16
	kindSeals    = 17
	kindList     = 18
)

// Bounds of what a reader takes.
const (
	maxBlock     = 1 << 20        // a dag-cbor block
	maxPiece     = 1<<20 + 64<<10 // a block of an attachment
	maxSegment   = 1024           // blocks between two Seals
	segmentBytes = 2 << 20
	maxList      = 4096 // links of a List
	maxLists     = 256  // Lists of a field
)

// A CID is the binary form of a CIDv1 with a sha2-256: version, codec, hash,
// its length, digest.
type CID [36]byte

// A Key opens the valises of a commons.
type Key struct {
	Commons oplog.CommonsID
	Secret  [32]byte // K
}

// A Manifest says what is in a valise.
type Manifest struct {
	Commons     oplog.CommonsID
	Device      oplog.Key // who packed
	Made        time.Time // to the second; the zero time if the clock couldn't be right
	Program     string
	Frontier    []crdt.ChangeID // what the packer had
	Base        []crdt.ChangeID // what the receiver is thought to have
	Attachments []CID           // files that the packer holds whole
	Counts      Counts
	Things      []Things // what the runs are about, by kind
}

// Counts are how much is in a valise.
type Counts struct {
	Members, Changes, Files int
	Bytes                   int64 // of all blocks
}

// Things are how many resources of a kind.
type Things struct {
	Kind  string
	Count int
}

// A Part is what a Reader gives out: some changes of membership, parents first,
// or some runs, or a block of an attachment.
type Part struct {
	Members []storage.MemberEntry
	Runs    []*oplog.Run
	Piece   *Piece
}

// A Piece is a block of an attachment, which has the digest of its CID.
type Piece struct {
	CID  CID
	Data []byte
}
