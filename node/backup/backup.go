// Package backup is the file that a backup is: all that a node has received of
// its commons, and no key.
//
// A [Writer] writes one record after the other; a [Reader] reads them back and,
// at the end, knows that not a bit is missing or another. BACKUP.md has every
// byte. Both hold one record at a time, whatever the size of the file.
//
// It promises that a file which was cut off or changed is noticed, not that
// nobody made it up: whoever restores one judges its entries as if a peer had
// sent them. It knows nothing of stores and of what a commons is; node decides
// what is put in and what becomes of it.
package backup

import (
	"errors"
	"time"

	"navette/crdt/oplog"
	"navette/storage"
)

// Why a file isn't read.
var (
	// ErrNotBackup is a file of another sort.
	ErrNotBackup = errors.New("backup: not a backup")
	// ErrNewer is a backup in a format of a later version.
	ErrNewer = errors.New("backup: written by a later version")
	// ErrDamaged is a backup that was cut off, or in which something changed.
	ErrDamaged = errors.New("backup: damaged or incomplete")
)

// magic begins every backup, whatever its version; the version follows, in
// digits, and a line feed.
const magic = "navette backup "

const version = 1

// The kinds of record.
const (
	kindHeader  = 1 // [1, made, program, [[commons:32, current, members, entries], …]]
	kindMember  = 2 // [2, block, signature:64]
	kindEntry   = 3 // [3, block, signature:64 or null]
	kindEnd     = 4 // [4, fingerprint:32]
	kindTrailer = 5 // [5, sha2-256 of all before:32]
)

// itemsOf is how many items a record of each kind is an array of.
var itemsOf = [...]int{kindHeader: 4, kindMember: 3, kindEntry: 3, kindEnd: 2, kindTrailer: 2}

// maxRecord bounds the bytes of a record: a block with its signature, or the
// header.
const maxRecord = 1 << 20

// A Header says what is in a backup.
type Header struct {
	Made    time.Time // to the second; the zero time if the clock couldn't be right
	Program string    // the version of Navette that made it
	Commons []Commons // in the order in which they follow
}

// Commons is one commons of a backup.
type Commons struct {
	ID      oplog.CommonsID
	Current bool   // what was meant where none was named
	Members int    // blocks of membership, the commons' genesis first
	Entries uint64 // entries of the feed
}

// Records is how many records the backup has between header and trailer: what
// progress is counted in.
func (h *Header) Records() (n int) {
	for _, c := range h.Commons {
		n += c.records()
	}
	return n
}

func (c *Commons) records() int { return c.Members + int(c.Entries) + 1 }

// A Record is one of three: a block of the membership, an entry of the feed, or
// the end of a commons with its fingerprint.
type Record struct {
	Member *storage.MemberEntry
	Entry  *storage.Entry
	End    *oplog.Fingerprint
}
