package text

import "encoding/binary"

// A column is integers in one form: each run of equal values is the uvarint
// 2·zigzag(value) for a single one, or 2·zigzag(value)+1 and the uvarint of its
// length less 2. Runs are as long as they can be, so there is one form only.
type column struct {
	b     []byte
	value int
	n     int // of the run that isn't written yet
}

func (c *column) add(v int) {
	if v != c.value || c.n == 0 {
		c.flush()
		c.value = v
	}
	c.n++
}

// repeat adds n equal values.
func (c *column) repeat(v, n int) {
	if n > 0 {
		c.add(v)
		c.n += n - 1
	}
}

func (c *column) flush() []byte {
	if c.n > 0 {
		z := uint64(c.value<<1) ^ uint64(c.value>>63)
		if c.n == 1 {
			c.b = binary.AppendUvarint(c.b, z<<1)
		} else {
			c.b = binary.AppendUvarint(c.b, z<<1|1)
			c.b = binary.AppendUvarint(c.b, uint64(c.n-2))
		}
		c.n = 0
	}
	return c.b
}

// valueMax bounds what a column holds, either way.
const valueMax = 1 << 50

// A source is bytes being read; once they turn out wrong it stays bad and
// gives zeros.
type source struct {
	b   []byte
	bad bool
}

func (s *source) fail() {
	s.b, s.bad = nil, true
}

// uvarint reads an integer in its shortest form, up to limit.
func (s *source) uvarint(limit uint64) int {
	v, k := binary.Uvarint(s.b)
	if k <= 0 || v > limit || k > 1 && s.b[k-1] == 0 {
		s.fail()
		return 0
	}
	s.b = s.b[k:]
	return int(v)
}

func (s *source) take(n int) []byte {
	if n > len(s.b) {
		s.fail()
		return nil
	}
	b := s.b[:n:n]
	s.b = s.b[n:]
	return b
}

// An intake is a column being read.
type intake struct {
	source
	value, n int
	last     bool // there was a run before, of value
}

func (c *intake) next() int {
	if c.n == 0 && !c.load() {
		return 0
	}
	c.n--
	return c.value
}

// load reads the next run.
func (c *intake) load() bool {
	z := c.uvarint(valueMax << 2)
	run := z & 1
	z >>= 1
	v := int(uint(z)>>1) ^ -(z & 1)
	if run == 1 {
		run = 1 + c.uvarint(1<<31)
	}
	if c.last && v == c.value {
		c.fail() // one run written as two
	}
	if c.bad {
		return false
	}
	c.value, c.n, c.last = v, 1+run, true
	return true
}

// ahead returns the value that comes next, and how often it comes in a row.
func (c *intake) ahead() (v, n int) {
	if c.n == 0 {
		c.load()
	}
	return c.value, c.n
}

// run reads as many equal values as there are, up to limit, which is at least 1.
func (c *intake) run(limit int) (v, n int) {
	v = c.next()
	n = min(limit, 1+c.n)
	c.n -= n - 1
	return v, n
}

// count reads a value that must be from 0 to limit.
func (c *intake) count(limit int) int {
	v := c.next()
	if v < 0 || v > limit {
		c.fail()
		c.n = 0
		return 0
	}
	return v
}

// rest returns what follows a column that must be complete.
func (c *intake) rest() []byte {
	if c.n != 0 {
		c.fail()
	}
	return c.b
}
