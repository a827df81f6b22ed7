package text

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of the splices of one op.
const (
	MaxSplices = 4096      // splices
	MaxInsert  = 8 << 10   // bytes inserted by all of them
	MaxPos     = 1<<31 - 1 // a position, and a number of deleted code points
)

// Column sets: the first byte of an op. Sets with marks get further numbers.
const (
	setRaw  = 1
	setDeep = 2
)

// CheckSplices tells whether one op can hold s: at least one splice, within
// the bounds, UTF-8, none that does nothing, all Deep or none.
func CheckSplices(s []Splice) error {
	if err := checkForm(s); err != nil {
		return err
	}
	size := 0
	for _, x := range s {
		size += len(x.Ins)
	}
	if size > MaxInsert {
		return fmt.Errorf("%w: inserts %d bytes", ErrForm, size)
	}
	return nil
}

// AppendSplices appends the form that splices have in an op. Use CheckSplices
// first: what it refuses has no form that ReadSplices accepts.
func AppendSplices(b []byte, s []Splice) []byte {
	set := byte(setRaw)
	if len(s) > 0 && s[0].Deep {
		set = setDeep
	}
	b = binary.AppendUvarint(append(b, set), uint64(len(s)))
	c := column{b: b}
	at := 0
	for _, x := range s {
		c.add(x.Pos - at)
		at = x.Pos + utf8.RuneCountInString(x.Ins)
	}
	c = column{b: c.flush()}
	for _, x := range s {
		c.add(x.Del)
	}
	c = column{b: c.flush()}
	for _, x := range s {
		c.add(utf8.RuneCountInString(x.Ins))
	}
	b = c.flush()
	for _, x := range s {
		b = append(b, x.Ins...)
	}
	return b
}

// ReadSplices reads what AppendSplices appended, all of b. It accepts nothing
// else, and returns ErrForm.
func ReadSplices(b []byte) ([]Splice, error) {
	in := source{b: b}
	set := in.uvarint(setDeep)
	n := in.uvarint(MaxSplices)
	if in.bad || set < setRaw || n < 1 {
		return nil, fmt.Errorf("%w: header", ErrForm)
	}
	s := make([]Splice, n)
	read := func(into func(i, v int)) {
		c := intake{source: in}
		for i := range s {
			into(i, c.next())
		}
		in.b = c.rest()
		in.bad = c.bad
	}
	var few [4]int
	count := append(few[:0], make([]int, n)...)
	read(func(i, v int) { s[i].Pos = v })
	read(func(i, v int) { s[i].Del = v })
	read(func(i, v int) { count[i] = v })
	if in.bad {
		return nil, fmt.Errorf("%w: columns", ErrForm)
	}
	text, at := string(in.b), 0
	for i := range s {
		if count[i] < 0 || count[i] > MaxInsert {
			return nil, fmt.Errorf("%w: splice %d inserts %d", ErrForm, i, count[i])
		}
		k := stringOffset(text, count[i])
		s[i].Pos += at
		s[i].Ins, text = text[:k], text[k:]
		s[i].Deep = set == setDeep
		at = s[i].Pos + count[i]
		if utf8.RuneCountInString(s[i].Ins) != count[i] {
			return nil, fmt.Errorf("%w: too little text", ErrForm)
		}
	}
	if text != "" {
		return nil, fmt.Errorf("%w: %d bytes too many", ErrForm, len(text))
	}
	return s, CheckSplices(s)
}

func stringOffset(s string, n int) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

// Join returns splices with the same effect, with what was typed or deleted in
// one go in one splice: what to gather keystrokes with. The result shares no
// memory with s.
func Join(s []Splice) []Splice {
	var out []Splice
	var typed strings.Builder // of the last of out
	for _, x := range s {
		if k := len(out); k > 0 {
			p := &out[k-1]
			n := utf8.RuneCountInString(p.Ins)
			switch {
			case x.Deep != p.Deep:
			case x.Del == 0 && x.Pos == p.Pos+n:
				typed.WriteString(x.Ins)
				p.Ins = typed.String()
				continue
			case x.Ins == "" && p.Ins == "" && (!x.Deep && x.Pos == p.Pos || x.Deep && x.Pos == p.Pos+p.Del): // delete key
				p.Del += x.Del
				continue
			case x.Ins == "" && p.Ins == "" && x.Pos+x.Del == p.Pos: // backspace
				p.Pos, p.Del = x.Pos, p.Del+x.Del
				continue
			}
		}
		out = append(out, x)
		typed.Reset()
		typed.WriteString(x.Ins)
	}
	return out
}
