package text

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// edited applies splices to a string, the plain way.
func edited(s string, splices []Splice) string {
	r := []rune(s)
	for _, x := range splices {
		r = append(r[:x.Pos:x.Pos], append([]rune(x.Ins), r[x.Pos+x.Del:]...)...)
	}
	return string(r)
}

func cost(s []Splice) (n int) {
	for _, x := range s {
		n += x.Del + utf8.RuneCountInString(x.Ins)
	}
	return n
}

// leastEdits is the textbook table.
func leastEdits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0]++
		for j := range b {
			up := row[j+1]
			if row[j+1] = min(row[j], up) + 1; a[i] == b[j] {
				row[j+1] = diagonal
			}
			diagonal = up
		}
	}
	return row[len(b)]
}

func TestDiffIsMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abé\n😀")), 0, 30, -1)
		old, new := text.Draw(t, "old"), text.Draw(t, "new")
		d := Diff(old, new)
		if got := edited(old, d); got != new {
			t.Fatalf("Diff(%q, %q) = %v leads to %q", old, new, d, got)
		}
		if got, want := cost(d), leastEdits([]rune(old), []rune(new)); got != want {
			t.Fatalf("Diff(%q, %q) = %v costs %d, want %d", old, new, d, got, want)
		}
	})
}

func TestDiffOfBigTexts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var lines []string
	for range 8000 {
		lines = append(lines, strings.Repeat(string(rune('a'+rnd.IntN(26))), 20+rnd.IntN(60)))
	}
	old := strings.Join(lines, "\n")
	for i := 0; i < len(lines); i += 20 {
		lines[i] = "another " + lines[i][4:]
	}
	cases := map[string]struct {
		new  string
		most int
	}{
		"a word":      {strings.Replace(old, "aaaa", "four a's", 1), 12},
		"many lines":  {strings.Join(lines, "\n"), 400 * 12},
		"all of it":   {strings.Repeat("é", 100_000), len(old) + 100_000},
		"emptied":     {"", len(old)},
		"nothing":     {old, 0},
		"moved apart": {old[len(old)/2:] + old[:len(old)/2], 2 * len(old)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := Diff(old, c.new)
			if edited(old, d) != c.new {
				t.Error("Diff leads to another text")
			}
			if got := cost(d); got > c.most {
				t.Errorf("Diff costs %d, want at most %d", got, c.most)
			}
		})
	}
}
