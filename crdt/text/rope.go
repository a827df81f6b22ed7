package text

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// chunkMax is the size at which a chunk of a rope is divided, in bytes.
const chunkMax = 2048

// A chunk is a part of a rope, UTF-8.
type chunk struct {
	b []byte
	n int // code points
}

// offset returns where the i-th code point begins.
func (c *chunk) offset(i int) int {
	if len(c.b) == c.n {
		return i
	}
	return runeOffset(c.b, i)
}

// A rope is a string of which any part can be replaced cheaply: chunks of
// bounded size, found from where the last splice was, as writers seldom jump.
type rope struct {
	chunks []chunk
	n      int // code points
	at     int // a chunk
	before int // code points before it
}

func newRope(s string) rope {
	if s == "" {
		return rope{}
	}
	r := rope{chunks: []chunk{{b: []byte(s)}}, n: utf8.RuneCountInString(s)}
	r.divide(0)
	return r
}

func (r *rope) len() int { return r.n }

// size returns the length in bytes.
func (r *rope) size() (n int) {
	for i := range r.chunks {
		n += len(r.chunks[i].b)
	}
	return n
}

func (r *rope) String() string {
	var b strings.Builder
	b.Grow(r.size())
	for i := range r.chunks {
		b.Write(r.chunks[i].b)
	}
	return b.String()
}

// appendTo appends its length in bytes, and these.
func (r *rope) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(r.size()))
	for i := range r.chunks {
		b = append(b, r.chunks[i].b...)
	}
	return b
}

// seek makes the chunk that holds position pos the one at r.at, or, at the end
// of a chunk, that one.
func (r *rope) seek(pos int) {
	for pos < r.before || r.at >= len(r.chunks) {
		r.at--
		r.before -= r.chunks[r.at].n
	}
	for pos > r.before+r.chunks[r.at].n {
		r.before += r.chunks[r.at].n
		r.at++
	}
}

// splice deletes del code points from pos on and inserts ins there. What is
// beyond the end, as only a forged file can say, is cut off.
func (r *rope) splice(pos, del int, ins string) {
	pos = min(pos, r.n)
	del = min(del, r.n-pos)
	if len(r.chunks) == 0 {
		r.chunks = []chunk{{}}
	}
	r.seek(pos)
	r.n -= del
	for del > 0 {
		for r.before+r.chunks[r.at].n == pos {
			r.before += r.chunks[r.at].n
			r.at++
		}
		c := &r.chunks[r.at]
		from := pos - r.before
		k := min(del, c.n-from)
		i, j := c.offset(from), c.offset(from+k)
		c.b = append(c.b[:i], c.b[j:]...)
		c.n -= k
		del -= k
		if c.n == 0 && len(r.chunks) > 1 {
			r.chunks = slices.Delete(r.chunks, r.at, r.at+1)
			if r.at == len(r.chunks) {
				r.at--
				r.before -= r.chunks[r.at].n
			}
		}
	}
	if ins == "" {
		return
	}
	c := &r.chunks[r.at]
	i := c.offset(pos - r.before)
	k := utf8.RuneCountInString(ins)
	r.n += k
	c.n += k
	end := len(c.b)
	c.b = append(c.b, ins...)
	if i < end { // move the tail behind what was just appended
		copy(c.b[i+len(ins):], c.b[i:end])
		copy(c.b[i:], ins)
	}
	if len(c.b) > chunkMax {
		r.divide(r.at)
	}
}

// divide cuts a chunk into pieces of half the maximum.
func (r *rope) divide(i int) {
	rest := r.chunks[i].b
	var parts []chunk
	for len(rest) > 0 {
		k := min(chunkMax/2, len(rest))
		for k < len(rest) && !utf8.RuneStart(rest[k]) {
			k--
		}
		b := make([]byte, k, chunkMax+64)
		copy(b, rest)
		parts = append(parts, chunk{b, utf8.RuneCount(b)})
		rest = rest[k:]
	}
	r.chunks = slices.Replace(r.chunks, i, i+1, parts...)
}
