package text

import (
	"fmt"
	"slices"
)

// An edit is a splice that counts the text before all of a list. Lists of them
// are ascending, and what two of them change doesn't touch.
type edit struct {
	pos, del int
	ins      string
}

// edits turns splices, each of which counts what those before it left, into
// edits. u is what they count.
func edits(s []Splice, u Unit) ([]edit, error) {
	var (
		out   []edit
		grown int // how much longer all of out makes the text
	)
	growth := func(e *edit) int { return u.Of(e.ins) - e.del }
	for n, x := range s {
		if x.Pos < 0 || x.Del < 0 || x.Pos > MaxPos || x.Del > MaxPos || x.Deep {
			return nil, fmt.Errorf("%w: splice %d is at %d, deletes %d", ErrForm, n, x.Pos, x.Del)
		}
		// The edits from i to k touch what the splice replaces; shift is the
		// growth of those before k, or then before i.
		k, shift, end := len(out), grown, x.Pos+x.Del
		for k > 0 && out[k-1].pos+shift-growth(&out[k-1]) > end {
			k--
			shift -= growth(&out[k])
		}
		to := end - shift
		i, suffix := k, ""
		for i > 0 && out[i-1].pos+out[i-1].del+shift >= x.Pos {
			i--
			shift -= growth(&out[i])
		}
		from, prefix := x.Pos-shift, ""
		if i < k {
			first, last := &out[i], &out[k-1]
			if at := x.Pos - shift - first.pos; at >= 0 {
				cut, ok := u.Offset(first.ins, at)
				if !ok {
					return nil, fmt.Errorf("%w: splice %d begins within a code point", ErrRange, n)
				}
				from, prefix = first.pos, first.ins[:cut]
			}
			if back := last.pos + last.del - to; back > 0 {
				at := u.Of(last.ins) - back
				cut, ok := u.Offset(last.ins, at)
				if !ok {
					return nil, fmt.Errorf("%w: splice %d ends within a code point", ErrRange, n)
				}
				to, suffix = last.pos+last.del, last.ins[cut:]
			}
		}
		e := edit{from, to - from, prefix + x.Ins + suffix}
		for j := i; j < k; j++ {
			grown -= growth(&out[j])
		}
		grown += growth(&e)
		if e.del == 0 && e.ins == "" {
			out = slices.Delete(out, i, k)
		} else {
			out = slices.Replace(out, i, k, e)
		}
	}
	return out, nil
}

// splices turns edits into splices from left to right.
func splices(list []edit, u Unit) []Splice {
	var out []Splice
	shift := 0
	for _, e := range list {
		out = append(out, Splice{Pos: e.pos + shift, Del: e.del, Ins: e.ins})
		shift += u.Of(e.ins) - e.del
	}
	return out
}

// Transform takes splices that two people made of one text, each without the
// other's, and returns what brings them together: a after b, and b after a, so
// that a and then the second result give the same text as b and then the first.
// What both delete goes once, what one inserts where the other deletes stays,
// and of insertions at one place a's come first. u is what all positions count.
//
// It is for those who hold a text without its history, as a browser does; two
// such results needn't agree with what merging the same events gives. Splices
// with impossible numbers give ErrForm, those that cut through a code point of
// an insertion ErrRange.
func Transform(a, b []Splice, u Unit) (afterB, afterA []Splice, err error) {
	ea, err := edits(a, u)
	if err != nil {
		return nil, nil, err
	}
	eb, err := edits(b, u)
	if err != nil {
		return nil, nil, err
	}
	afterB, afterA = transform(ea, eb, u)
	return afterB, afterA, nil
}

func transform(a, b []edit, u Unit) (afterB, afterA []Splice) {
	pos, at := 0, 0 // in the text before and after both
	// put makes a change the last splice's if that ends here.
	put := func(list []Splice, del int, ins string) []Splice {
		if k := len(list) - 1; k >= 0 && list[k].Pos+u.Of(list[k].Ins) == at {
			list[k].Del, list[k].Ins = list[k].Del+del, list[k].Ins+ins
			return list
		}
		return append(list, Splice{Pos: at, Del: del, Ins: ins})
	}
	var delA, delB int // up to where each deletes
	for len(a) > 0 || len(b) > 0 || delA > pos || delB > pos {
		if len(a) > 0 && a[0].pos == pos {
			if a[0].ins != "" {
				afterB = put(afterB, 0, a[0].ins)
				at += u.Of(a[0].ins)
			}
			delA, a = pos+a[0].del, a[1:]
		}
		if len(b) > 0 && b[0].pos == pos {
			if b[0].ins != "" {
				afterA = put(afterA, 0, b[0].ins)
				at += u.Of(b[0].ins)
			}
			delB, b = pos+b[0].del, b[1:]
		}
		next := 2*MaxPos + 1
		if len(a) > 0 {
			next = min(next, a[0].pos)
		}
		if len(b) > 0 {
			next = min(next, b[0].pos)
		}
		if delA > pos {
			next = min(next, delA)
		}
		if delB > pos {
			next = min(next, delB)
		}
		switch n := next - pos; {
		case delA > pos && delB > pos:
		case delA > pos:
			afterB = put(afterB, n, "")
		case delB > pos:
			afterA = put(afterA, n, "")
		default:
			at += n
		}
		pos = next
	}
	return afterB, afterA
}

// Recode turns splices of a text that count one unit into splices with the same
// effect that count another, from left to right. A position that isn't in the
// text, or within a code point, gives ErrRange.
func Recode(text string, s []Splice, from, to Unit) ([]Splice, error) {
	list, err := edits(s, from)
	if err != nil {
		return nil, err
	}
	at, was, is := 0, 0, 0 // one place in bytes and in both units
	move := func(pos int) error {
		k, ok := from.Offset(text[at:], pos-was)
		if !ok {
			return fmt.Errorf("%w: position %d", ErrRange, pos)
		}
		is += to.Of(text[at : at+k])
		at, was = at+k, pos
		return nil
	}
	for i := range list {
		e := &list[i]
		end := e.pos + e.del
		if err := move(e.pos); err != nil {
			return nil, err
		}
		e.pos = is
		if err := move(end); err != nil {
			return nil, err
		}
		e.del = is - e.pos
	}
	return splices(list, to), nil
}
