package oplog

import (
	"testing"
)

func TestWords(t *testing.T) {
	seen := map[string]bool{}
	for i := range 2048 {
		w := Word(i)
		for _, r := range plain(w) {
			if r < 'a' || r > 'z' {
				t.Errorf("word %d, %q, keeps %q when its accents are taken off", i, w, r)
			}
		}
		if seen[plain(w)] {
			t.Errorf("word %d, %q, is there twice", i, w)
		}
		seen[plain(w)] = true
		if got, ok := WordIndex(w); !ok || got != i {
			t.Errorf("WordIndex(%q) = %d, %v; want %d", w, got, ok, i)
		}
	}
	for _, w := range []string{"ADHESIF", "adhésif", "adhe\u0301sif", "Adhesif"} {
		if got, ok := WordIndex(w); !ok || Word(got) != "adhésif" && plain(Word(got)) != "adhesif" {
			t.Errorf("WordIndex(%q) = %d, %v", w, got, ok)
		}
	}
	if i, ok := WordIndex("navette2"); ok {
		t.Errorf("WordIndex of no word = %d, want none", i)
	}
}
