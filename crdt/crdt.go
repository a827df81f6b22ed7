// Package crdt folds operations into documents that agree, whatever order they
// arrive in: registers, maps, sets, counters, lists with move and texts.
//
// An [Edit] is what somebody wants of one field of one resource. Its encoded
// form, an [Op], travels inside a change and is named by a [Dot]: the change's
// hash and the op's index in it. [Doc.Apply] folds the ops of a change into
// the resource's [Doc]; changes come in causal order (a change after all its
// ancestors), concurrent ones in any order, and every replica ends with the
// same bytes.
//
// The package is pure: no I/O, clock, randomness or goroutines. It knows
// neither kinds of resource nor their fields' names (see crdt/commons), nor
// who signed what (see crdt/oplog).
package crdt

import (
	"bytes"
	"cmp"
	"encoding/hex"
)

// A ChangeID names a change: the sha2-256 of its block.
type ChangeID [32]byte

// A LogID names a log: the first 16 bytes of its genesis' hash.
type LogID [16]byte

// An ID names a resource.
type ID [16]byte

// A Dot names an op: the change that carries it and its index there. In an
// Edit that isn't encoded yet, the zero Change is the change being made.
type Dot struct {
	Change ChangeID
	Index  uint32
}

// Quality says how far the clock behind a Wall was to be trusted.
type Quality uint8

// The qualities of a clock, worst first.
const (
	QualityUnknown  Quality = 0
	QualityRestored Quality = 1 // taken up where the last run left off
	QualityPeers    Quality = 2
	QualityNTP      Quality = 3
)

// A Wall is what the writer's clock said: seconds since 1970. It is shown, and
// orders what is concurrent for display; it never decides what survives.
type Wall struct {
	Seconds uint64
	Quality Quality
}

// String is the hexadecimal form.
func (c ChangeID) String() string { return hex.EncodeToString(c[:]) }

// String is the hexadecimal form.
func (l LogID) String() string { return hex.EncodeToString(l[:]) }

// String is the hexadecimal form.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero tells whether the dot names nothing.
func (d Dot) IsZero() bool { return d == Dot{} }

// Compare orders dots by change, then index.
func (d Dot) Compare(e Dot) int {
	if c := bytes.Compare(d.Change[:], e.Change[:]); c != 0 {
		return c
	}
	return cmp.Compare(d.Index, e.Index)
}

// A Change is what folding needs to know of a change: its name, where it
// stands, and its ops. Prev of the first change of a log is the log's genesis,
// which carries no op.
type Change struct {
	ID      ChangeID
	Log     LogID
	Lamport uint64
	Wall    Wall
	Prev    ChangeID
	Deps    []ChangeID
	Ops     []Op
	// Void changes are folded without visible effect: their names stay
	// reserved, texts keep their characters and lists their items, as already
	// deleted, and whoever replaced one of their values replaced what that one
	// had replaced.
	Void bool
}

// Refs returns what op references in the change are relative to.
func (c *Change) Refs() Refs { return Refs{Prev: c.Prev, Deps: c.Deps} }

// A History answers what a change had seen.
type History interface {
	// Saw reports whether earlier is later itself or one of its ancestors.
	// Changes that aren't stored have been seen by none.
	Saw(later, earlier ChangeID) bool
}
