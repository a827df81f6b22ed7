package oplog

import "strings"

// Word returns the i-th of the 2 048 words that keys and fingerprints are
// written in, counted from 0.
func Word(i int) string { return words[i] }

// WordIndex returns which word w is, whatever its case and with or without its
// accents.
func WordIndex(w string) (i int, ok bool) {
	w = plain(w)
	for i, v := range words {
		if plain(v) == w {
			return i, true
		}
	}
	return 0, false
}

// accents takes them off, composed or not, as they occur in French.
var accents = strings.NewReplacer(
	"à", "a", "â", "a", "ä", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"î", "i", "ï", "i", "ô", "o", "ö", "o", "ù", "u", "û", "u", "ü", "u", "œ", "oe",
	"\u0300", "", "\u0301", "", "\u0302", "", "\u0308", "", "\u0327", "",
)

func plain(w string) string { return accents.Replace(strings.ToLower(w)) }
