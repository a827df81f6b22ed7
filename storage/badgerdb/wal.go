package badgerdb

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
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
// up to there and says nothing, will leave out what was stored after it.
func cutLogs(path string) (bool, error) {
	for _, name := range list(path, "*.mem") {
		b, err := os.ReadFile(name)
		if err != nil {
			return false, err
		}
		if cutLog(b) {
			return true, nil
		}
	}
	return false, nil
}

// cutLog tells damage from what a crash leaves. That is the beginning of one
// transaction, without the end of its last entry, or after a power cut without
// some sectors; the file is longer, with zeros. Updates run one at a time: if
// two ends of transactions follow, or an entry is there from its first to its
// last byte and wrong, or goes on after the end of the file, it was something
// else. What can't be told apart is damage that looks as if the last
// transaction had never been written.
func cutLog(b []byte) bool {
	used := len(bytes.TrimRight(b, "\x00"))
	at := logHead
	for at < used {
		n, good := readEntry(b[at:])
		if !good {
			return bytes.Count(b[at:used], finishedKey) > 1 || at+n > len(b) ||
				at+n <= used && used-at >= entryHead && !missing(b, at, at+n)
		}
		at += n
	}
	return false
}

// readEntry returns the length of the entry that b begins with, as its head
// says, and whether it is what was written.
func readEntry(b []byte) (length int, good bool) {
	if len(b) < 2 {
		return entryHead, false
	}
	n := 2
	var lengths [3]uint64
	for i := range lengths {
		v, k := binary.Uvarint(b[n:])
		if k <= 0 || v >= 1<<32 && i < 2 {
			return entryHead, false
		}
		lengths[i], n = v, n+k
	}
	end := n + int(lengths[0]+lengths[1])
	if end+crc32.Size > len(b) || lengths[0] == 0 {
		return end + crc32.Size, false
	}
	return end + crc32.Size, crc32.Checksum(b[:end], castagnoli) == binary.BigEndian.Uint32(b[end:])
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
