package oplog

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestWordsAreFrozen holds that the words are those that FORMAT.md names by
// their hash.
func TestWordsAreFrozen(t *testing.T) {
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(wordList))
	if !strings.Contains(string(format), hex.EncodeToString(sum[:])) {
		t.Errorf("words.txt has the sha2-256 %x, FORMAT.md another", sum)
	}
	if len(words) != 2048 {
		t.Errorf("%d words, want 2048", len(words))
	}
}

func TestFingerprintString(t *testing.T) {
	for _, tc := range []struct {
		name string
		f    Fingerprint
		want string
	}{
		{"all zeros", Fingerprint{}, words[0] + " " + words[0] + " " + words[0] + " 0000"},
		{"49 ones", Fingerprint{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80}, words[2047] + " " + words[2047] + " " + words[2047] + " ffff"},
		{"the 50th bit", Fingerprint{6: 0x40}, words[0] + " " + words[0] + " " + words[0] + " 0000"},
		{"1, 2, 3, 4", Fingerprint{0x00, 0x20, 0x08, 0x01, 0x80, 0x02, 0x00}, words[1] + " " + words[2] + " " + words[3] + " 0004"},
	} {
		if got := tc.f.String(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
