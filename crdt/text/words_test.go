package text

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func apply(s string, splices []Splice) string {
	r := []rune(s)
	for _, x := range splices {
		r = slices.Concat(r[:x.Pos:x.Pos], []rune(x.Ins), r[x.Pos+x.Del:])
	}
	return string(r)
}

func TestDiffWordsGivesTheNewText(t *testing.T) {
	alphabet := rapid.StringOf(rapid.SampledFrom([]rune("ab é1.\n,🧵")))
	rapid.Check(t, func(t *rapid.T) {
		old, new := alphabet.Draw(t, "old"), alphabet.Draw(t, "new")
		if got := apply(old, DiffWords(old, new)); got != new {
			t.Fatalf("%q by %v is %q, want %q", old, DiffWords(old, new), got, new)
		}
	})
}

func TestDiffWords(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           []Splice
	}{
		{"a word for a word", "range samedi soir", "range mardi soir", []Splice{{Pos: 6, Del: 6, Ins: "mardi"}}},
		{"two words are one", "On range le samedi.", "On range chaque mardi.", []Splice{{Pos: 9, Del: 9, Ins: "chaque mardi"}}},
		{"letters added", "une perceus", "une perceuse", []Splice{{Pos: 11, Ins: "e"}}},
		{"letters taken", "des outils", "des outil", []Splice{{Pos: 9, Del: 1}}},
		{"a word put in", "la scie", "la vieille scie", []Splice{{Pos: 3, Ins: "vieille "}}},
		{"two lines are two", "a b\nc d", "x b\ny d", []Splice{{Pos: 0, Del: 1, Ins: "x"}, {Pos: 4, Del: 1, Ins: "y"}}},
		{"nothing", "même", "même", nil},
	}
	for _, tt := range tests {
		if got := DiffWords(tt.old, tt.new); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
