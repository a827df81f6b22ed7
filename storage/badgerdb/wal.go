package badgerdb

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
)

// What Badger's write-ahead logs (*.mem) consist of: a head of 20 bytes; then
// entries, each of two bytes of flags, the lengths of key and value and a time
// as varints, key, value and a CRC; then zeros. The last entry of a transaction
// has a key of its own.
const (
	logHead   = 20
	entryHead = 22 // at most
	sector    = 512
)

var (
	finishedKey = []byte("!badger!txn")
	castagnoli  = crc32.MakeTable(crc32.Castagnoli)
)

// cutLogs tells whether one of the logs is damaged, so that Badger, which reads
// up to there and says nothing, will leave out what was stored after it; or
// whether one is missing between the tables and the others, since transactions
// are numbered one after the other; or whether what a table held that isn't
// listed any more is nowhere else.
func cutLogs(path string, found inspection) (bool, error) {
	newest := found.newest
	for _, name := range list(path, "*.mem") { // in the order of their numbers
		b, err := os.ReadFile(name)
		if err != nil {
			return false, err
		}
		l := readLog(b)
		if l.cut || l.first > newest+1 {
			return true, nil
		}
		newest = max(newest, l.last)
	}
	return found.unlisted > newest, nil
}

// logSpan is what a log holds: whole transactions, by the numbers of the first
// and the last, zero if there are none; and whether it was cut off by damage.
type logSpan struct {
	first, last uint64
	cut         bool
}

// readLog tells damage from what a crash leaves. That is the beginning of one
// transaction, without the end of its last entry, or after a power cut without
// some sectors; the file is longer, with zeros. Updates run one at a time: if
// two ends of transactions follow, or an entry is there from its first to its
// last byte and wrong, or goes on after the end of the file, it was something
// else. What can't be told apart is damage that looks as if the last
// transactions had never been written.
func readLog(b []byte) (l logSpan) {
	used := len(bytes.TrimRight(b, "\x00"))
	at := logHead
	for at < used {
		e := readEntry(b[at:])
		if !e.good {
			l.cut = bytes.Count(b[at:used], finishedKey) > 1 || at+e.length > len(b) ||
				at+e.length <= used && used-at >= entryHead && !missing(b, at, at+e.length)
			return l
		}
		if e.number != 0 {
			if l.first == 0 {
				l.first = e.number
			}
			l.last = e.number
		}
		at += e.length
	}
	return l
}

// An entry as it is read.
type entry struct {
	length int    // as its head says
	good   bool   // it is what was written
	number uint64 // of the transaction that it ends; zero within one
}

// readEntry reads the entry that b begins with.
func readEntry(b []byte) entry {
	if len(b) < 2 {
		return entry{length: entryHead}
	}
	n := 2
	var lengths [3]uint64
	for i := range lengths {
		v, k := binary.Uvarint(b[n:])
		if k <= 0 || v >= 1<<32 && i < 2 {
			return entry{length: entryHead}
		}
		lengths[i], n = v, n+k
	}
	end := n + int(lengths[0]+lengths[1])
	e := entry{length: end + crc32.Size}
	if e.length > len(b) || lengths[0] == 0 {
		return e
	}
	e.good = crc32.Checksum(b[:end], castagnoli) == binary.BigEndian.Uint32(b[end:])
	key, counted := b[n:n+int(lengths[0])], len(finishedKey)
	if e.good && len(key) == counted+8 && bytes.HasPrefix(key, finishedKey) {
		e.number = math.MaxUint64 - binary.BigEndian.Uint64(key[counted:]) // newest first
	}
	return e
}

// missing tells whether a sector of b that the bytes from one offset to another
// touch is zeros.
func missing(b []byte, from, to int) bool {
	for s := from / sector * sector; s < to; s += sector {
		part := b[max(s, from):min(s+sector, len(b))]
		if len(bytes.Trim(part, "\x00")) == 0 {
			return true
		}
	}
	return false
}
