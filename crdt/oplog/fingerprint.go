package oplog

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"navette/crdt"
)

// A Fingerprint sums up all that a commons holds here, attachments apart: two
// nodes that show the same hold the same.
type Fingerprint [32]byte

//go:embed words.txt
var wordList string

// words are the 2 048 words that fingerprints are read out in, the same in all
// languages. Frozen: its sha2-256 is in FORMAT.md.
var words = strings.Fields(wordList)

// FingerprintOf returns the fingerprint of a commons from the open tips of the
// exchanged set and the heads of the membership DAG, both in any order. It is
// sha2-256("navette/1/fingerprint" ‖ 0x00 ‖ commons ‖ number of tips, 8 bytes,
// big-endian ‖ sorted tips ‖ sorted heads).
func FingerprintOf(commons CommonsID, tips, heads []crdt.ChangeID) (f Fingerprint) {
	b := append([]byte("navette/1/fingerprint\x00"), commons[:]...)
	tips = SortLinks(slices.Clone(tips))
	b = binary.BigEndian.AppendUint64(b, uint64(len(tips)))
	for _, id := range tips {
		b = append(b, id[:]...)
	}
	for _, id := range SortLinks(slices.Clone(heads)) {
		b = append(b, id[:]...)
	}
	return sha256.Sum256(b)
}

// String is what people compare: the first 33 bits as three words, the next 16
// as four hexadecimal digits.
func (f Fingerprint) String() string {
	n := binary.BigEndian.Uint64(f[:])
	return fmt.Sprintf("%s %s %s %04x", words[n>>53], words[n>>42&2047], words[n>>31&2047], n>>15&0xffff)
}

// Hex is what machines compare: all 256 bits.
func (f Fingerprint) Hex() string { return hex.EncodeToString(f[:]) }
