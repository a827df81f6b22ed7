package gate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"navette/crdt/oplog"
)

// ErrKit is text that isn't a recovery kit, or one with a mistake in it. The
// error that wraps it says where.
var ErrKit = errors.New("gate: not a recovery kit")

// KitWords is how many words a recovery kit has.
const KitWords = 24

// Kit writes a key's seed, 32 bytes, as 24 words: its bits, then the first 8
// of its sha2-256, 11 bits a word, as BIP-39 does with a list of its own.
// https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
func Kit(seed [32]byte) string {
	sum := sha256.Sum256(seed[:])
	b := append(seed[:], sum[0])
	words := make([]string, KitWords)
	for i := range words {
		n := 0
		for bit := i * 11; bit < (i+1)*11; bit++ {
			n = n<<1 | int(b[bit/8]>>(7-bit%8)&1)
		}
		words[i] = oplog.Word(n)
	}
	return strings.Join(words, " ")
}

// ParseKit reads what Kit wrote, whatever the case, the accents and the spaces
// between the words. The error is ErrKit.
func ParseKit(text string) (seed [32]byte, err error) {
	words := strings.Fields(text)
	if len(words) != KitWords {
		return seed, fmt.Errorf("%w: %d words where %d are due", ErrKit, len(words), KitWords)
	}
	var b [33]byte
	for i, w := range words {
		n, ok := oplog.WordIndex(w)
		if !ok {
			return seed, fmt.Errorf("%w: word %d, %q, isn't on the list", ErrKit, i+1, w)
		}
		for j := range 11 {
			bit := i*11 + j
			b[bit/8] |= byte(n>>(10-j)&1) << (7 - bit%8)
		}
	}
	copy(seed[:], b[:])
	if sum := sha256.Sum256(seed[:]); sum[0] != b[32] {
		return [32]byte{}, fmt.Errorf("%w: every word is on the list, but one is wrong, or in another place", ErrKit)
	}
	return seed, nil
}
