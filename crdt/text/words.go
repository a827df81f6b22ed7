package text

import (
	"unicode"
	"unicode/utf8"
)

// maxWordEdits is how many words that came or went DiffWords looks for before
// it settles for what Diff finds.
const maxWordEdits = 1000

// glue is the longest stretch of what isn't a word, in code points, that
// doesn't keep two replaced words apart.
const glue = 3

// DiffWords returns splices that turn old into new, both UTF-8, in which words
// are replaced whole: two people who each put another word in one's place end
// up with both words, not with a mixture of their letters, as they would with
// the fewer letters that Diff replaces. Letters that are only added to a word,
// or only taken from it, are that and no more. Neighbouring words that were
// replaced are one splice.
func DiffWords(old, new string) []Splice {
	a, b := Words(old), Words(new)
	hunks, ok := myers(a, b, maxWordEdits)
	if !ok {
		return Diff(old, new)
	}
	hunks = glued(hunks, a)
	atA, atB := offsets(a), offsets(b)
	ra, rb := []rune(old), []rune(new)
	var out []Splice
	for _, h := range hunks {
		x, y := ra[atA[h.a]:atA[h.aEnd]], rb[atB[h.b]:atB[h.bEnd]]
		pos := atB[h.b]
		if begin, end := ends(x, y); begin+end == min(len(x), len(y)) {
			x, y, pos = x[begin:len(x)-end], y[begin:len(y)-end], pos+begin
		}
		out = append(out, Splice{Pos: pos, Del: len(x), Ins: string(y)})
	}
	return out
}

// Words cuts a text into words (letters, marks and digits) and single code
// points of anything else; joined, they are the text.
func Words(s string) (out []string) {
	start := -1
	for i, r := range s {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out = append(out, s[start:i])
			start = -1
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		out = append(out, s[i:i+size])
	}
	if start >= 0 {
		out = append(out, s[start:])
	}
	return out
}

// glued joins hunks that nothing but a space or a mark keeps apart, on one line.
func glued(hunks []hunk, a []string) (out []hunk) {
	for _, h := range hunks {
		if n := len(out); n > 0 && slight(a[out[n-1].aEnd:h.a]) {
			out[n-1].aEnd, out[n-1].bEnd = h.aEnd, h.bEnd
			continue
		}
		out = append(out, h)
	}
	return out
}

func slight(kept []string) bool {
	if len(kept) > glue {
		return false
	}
	for _, t := range kept {
		r, _ := utf8.DecodeRuneInString(t)
		if r == '\n' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// offsets are where tokens begin, in code points, and where the last one ends.
func offsets(list []string) []int {
	out := make([]int, 1, len(list)+1)
	for _, t := range list {
		out = append(out, out[len(out)-1]+utf8.RuneCountInString(t))
	}
	return out
}
