package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// How many insertions and deletions are looked for before Diff settles for
// less than the minimum: of code points, and of lines.
const (
	maxRuneEdits = 1000
	maxLineEdits = 2000
)

// Diff returns splices that turn old into new, both UTF-8: the least number of
// inserted and deleted code points where that is at most a thousand. Where it
// is more, whole lines are compared first, and then what is within those that
// differ. The result is empty if the texts are equal. It takes the editing of
// a file in an editor for what was changed; where several answers are as
// short, which one comes is not part of the promise.
func Diff(old, new string) []Splice {
	a, b := []rune(old), []rune(new)
	hunks, ok := myers(a, b, maxRuneEdits)
	if !ok {
		hunks = diffLines(a, b)
	}
	var out []Splice
	for _, h := range hunks {
		// What is left of a hunk is new already, so positions are those in b.
		out = append(out, Splice{Pos: h.b, Del: h.aEnd - h.a, Ins: string(b[h.b:h.bEnd])})
	}
	return out
}

// A hunk says that a[a:aEnd] became b[b:bEnd].
type hunk struct{ a, aEnd, b, bEnd int }

// diffLines compares lines, and then the code points of those that differ.
func diffLines(a, b []rune) []hunk {
	number := map[string]int{}
	la, atA := lines(a, number)
	lb, atB := lines(b, number)
	coarse, ok := myers(la, lb, maxLineEdits)
	if !ok {
		return []hunk{whole(a, b)}
	}
	var out []hunk
	for _, h := range coarse {
		x, y := a[atA[h.a]:atA[h.aEnd]], b[atB[h.b]:atB[h.bEnd]]
		fine, ok := myers(x, y, maxRuneEdits)
		if !ok {
			fine = []hunk{whole(x, y)}
		}
		for _, f := range fine {
			out = append(out, hunk{f.a + atA[h.a], f.aEnd + atA[h.a], f.b + atB[h.b], f.bEnd + atB[h.b]})
		}
	}
	return out
}

// lines numbers the lines of a, equal ones alike, and says where each begins
// and the last ends.
func lines(a []rune, number map[string]int) (ids, at []int) {
	at = []int{0}
	for rest := string(a); rest != ""; {
		k := strings.IndexByte(rest, '\n') + 1
		if k == 0 {
			k = len(rest)
		}
		id, ok := number[rest[:k]]
		if !ok {
			id = len(number)
			number[rest[:k]] = id
		}
		ids = append(ids, id)
		at = append(at, at[len(at)-1]+utf8.RuneCountInString(rest[:k]))
		rest = rest[k:]
	}
	return ids, at
}

// whole is the hunk between the common beginning and the common end.
func whole[T comparable](a, b []T) hunk {
	i, j := ends(a, b)
	return hunk{i, len(a) - j, i, len(b) - j}
}

func ends[T comparable](a, b []T) (begin, end int) {
	n := min(len(a), len(b))
	for begin < n && a[begin] == b[begin] {
		begin++
	}
	for end < n-begin && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	return begin, end
}

// myers finds the shortest edit script (Myers, "An O(ND) Difference Algorithm
// and Its Variations", 1986), or reports that it has more than limit edits.
func myers[T comparable](a, b []T, limit int) (hunks []hunk, ok bool) {
	begin, end := ends(a, b)
	a, b = a[begin:len(a)-end], b[begin:len(b)-end]
	if len(a) == 0 && len(b) == 0 {
		return nil, true
	}
	if len(a) == 0 || len(b) == 0 {
		return []hunk{{begin, begin + len(a), begin, begin + len(b)}}, true
	}
	// reach[d][d+k] is how far in a one gets on diagonal k with d edits.
	var reach [][]int32
	for d := 0; d <= limit; d++ {
		row := make([]int32, 2*d+1)
		reach = append(reach, row)
		for k := -d; k <= d; k += 2 {
			x := 0
			if d > 0 {
				x = from(reach[d-1], d-1, k)
			}
			for x < len(a) && x-k < len(b) && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			row[d+k] = int32(x)
			if x >= len(a) && x-k >= len(b) {
				return retrace(reach, k, begin), true
			}
		}
	}
	return nil, false
}

// from returns where one more edit leads on diagonal k: to the right from
// k-1, which deletes, or down from k+1, which inserts.
func from(row []int32, d, k int) int {
	right, down := -1, -1
	if k-1 >= -d {
		right = int(row[d+k-1]) + 1
	}
	if k+1 <= d {
		down = int(row[d+k+1])
	}
	return max(right, down)
}

// retrace turns the way that ended on diagonal k into hunks.
func retrace(reach [][]int32, k, begin int) (hunks []hunk) {
	for d := len(reach) - 1; d > 0; d-- {
		row := reach[d-1]
		x := from(row, d-1, k)
		h := hunk{x, x, x - k, x - k} // where the edit led to
		if k+1 <= d-1 && int(row[d-1+k+1]) == x {
			h.b--
			k++
		} else {
			h.a--
			k--
		}
		if n := len(hunks); n > 0 && h.aEnd == hunks[n-1].a && h.bEnd == hunks[n-1].b {
			hunks[n-1].a, hunks[n-1].b = h.a, h.b
		} else {
			hunks = append(hunks, h)
		}
	}
	for i := range hunks {
		h := &hunks[i]
		h.a, h.aEnd, h.b, h.bEnd = h.a+begin, h.aEnd+begin, h.b+begin, h.bEnd+begin
	}
	slices.Reverse(hunks)
	return hunks
}
