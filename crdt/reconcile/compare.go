package reconcile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"navette/crdt/cbor"
)

// How ranges are cut (Meyer, "Range-Based Set Reconciliation", 2023).
const (
	branching = 16 // parts that a range is split into
	leafSize  = 16 // items of a range that is listed instead of split

	maxDiffer    = 1024     // items told in one answer; a range with more is split
	maxQuestions = 1 << 16  // asked and not answered, in either direction
	maxDepth     = 64       // ranges in ranges: rounds of one comparison
	fullFrame    = 48 << 10 // bytes after which a frame takes no further answer
	maxAnswers   = 1024     // answers in one frame
)

// ErrProtocol is a frame that a correct peer wouldn't send.
var ErrProtocol = errors.New("reconcile: the peer breaks the protocol")

// A span is a range of keys, and where it lies in one's own set.
type span struct {
	lo    bound
	hi    *bound // nil: no upper bound
	i, j  int    // items[i:j] are in it
	depth int
}

// What a question is: a range's summary, the list of what one has in a range,
// or a list of hashes whose items one wants to be told.
type asking uint8

const (
	askSummary asking = iota
	askLeaf
	askTell
)

type question struct {
	asking asking
	span   span
}

// An answer that is due: null, a response to the summary of a range, what
// differs in a range, or the items of a question askTell.
type answer struct {
	kind   answerKind
	span   span   // respond, differ
	tell   []int  // differ, tell: items of one's own set
	lacked []byte // differ: hashes of the peer's items that one's own set lacks
	asks   bool   // differ: the lacked hashes are to be told
}

type answerKind uint8

const (
	answerEqual answerKind = iota
	answerRespond
	answerDiffer
	answerTell
)

// A comparison finds the difference between two sets, one on each side, both
// frozen while it lasts. Each side asks questions about ranges; the other
// answers each of them in the order they were asked, and an answer may ask
// further questions. The sets are compared once nothing is asked nor due.
type comparison struct {
	mine  *salted
	asked []question
	due   []answer

	// What came to light, taken and cleared by the session.
	theirs []Item // of the peer's set and not of mine
	told   []int  // of mine, which the peer has been told
	untold []int  // of those, what turned out to be of the peer's set too
}

// settled tells whether both sides have all answers.
func (c *comparison) settled() bool { return len(c.asked) == 0 && len(c.due) == 0 }

func (c *comparison) everything() span { return span{lo: lowest, j: c.mine.Len()} }

// ask notes that the summary of everything was asked.
func (c *comparison) ask() {
	c.asked = append(c.asked, question{askSummary, c.everything()})
}

// reply notes that the peer asked the summary of everything; differs tells
// whether it isn't mine.
func (c *comparison) reply(differs bool) {
	if differs {
		c.due = append(c.due, answer{kind: answerRespond, span: c.everything()})
	} else {
		c.due = append(c.due, answer{})
	}
}

// next appends the answers that are due to a frame's items, as many as fit,
// and returns their number. told is the number of items told in them.
func (c *comparison) next() (items [][]byte) {
	size, n := 0, 0
	for ; n < len(c.due) && n < maxAnswers && size < fullFrame; n++ {
		b := c.write(c.due[n])
		items = append(items, b)
		size += len(b)
	}
	c.due = append(c.due[:0:0], c.due[n:]...)
	return items
}

func (c *comparison) write(a answer) []byte {
	switch a.kind {
	case answerRespond:
		if n := a.span.j - a.span.i; n > leafSize {
			return c.split(a.span)
		}
		return c.leaf(a.span)
	case answerDiffer:
		b := cbor.AppendArray(nil, 2)
		b = appendItems(b, c.mine.Set, a.tell)
		c.told = append(c.told, a.tell...)
		if a.asks && len(a.lacked) > 0 {
			c.asked = append(c.asked, question{askTell, a.span})
		}
		return cbor.AppendBytes(b, a.lacked)
	case answerTell:
		c.told = append(c.told, a.tell...)
		return appendItems(nil, c.mine.Set, a.tell)
	}
	return cbor.AppendNull(nil)
}

// split answers with the summaries of parts, and asks about each.
func (c *comparison) split(s span) []byte {
	n, parts := s.j-s.i, branching
	var b []byte
	last := s.lo
	for k := range parts {
		part := span{lo: last, hi: s.hi, i: s.i + k*n/parts, j: s.i + (k+1)*n/parts, depth: s.depth + 1}
		if k < parts-1 {
			cut := between(c.mine.items[part.j-1], c.mine.items[part.j])
			part.hi = &cut
			b = cbor.AppendUint(b, cut.order-last.order)
			b = cbor.AppendBytes(b, []byte(cut.prefix))
			last = cut
		}
		sum := c.mine.summary(part.i, part.j)
		b = cbor.AppendUint(b, sum.Count)
		b = cbor.AppendUint(b, sum.Sum)
		c.asked = append(c.asked, question{askSummary, part})
	}
	return append(cbor.AppendArray(nil, 4*parts-2), b...)
}

// leaf answers with all that is in the range and asks what the peer has: with
// the items themselves where they are the whole set, else with their hashes.
func (c *comparison) leaf(s span) []byte {
	c.asked = append(c.asked, question{askLeaf, s})
	if s.whole() {
		c.told = append(c.told, s.indices()...)
		return appendItems(cbor.AppendArray(nil, 1), c.mine.Set, s.indices())
	}
	hashes := make([]byte, 0, 8*leafSize)
	for _, h := range c.mine.hash[s.i:s.j] {
		hashes = binary.BigEndian.AppendUint64(hashes, h)
	}
	return cbor.AppendBytes(nil, hashes)
}

// whole tells whether a leaf of the range lists items, not hashes.
func (s span) whole() bool { return s.depth == 0 && s.i < s.j }

func (s span) indices() []int {
	all := make([]int, 0, s.j-s.i)
	for i := s.i; i < s.j; i++ {
		all = append(all, i)
	}
	return all
}

// receive reads one answer of the peer, to the question asked first.
func (c *comparison) receive(r *cbor.Reader) error {
	if len(c.asked) == 0 {
		return fmt.Errorf("%w: an answer to no question", ErrProtocol)
	}
	q := c.asked[0]
	c.asked = c.asked[1:]
	if err := c.read(q, r); err != nil {
		return err
	}
	if len(c.asked)+len(c.due) > maxQuestions {
		return fmt.Errorf("%w: %d questions", ErrProtocol, len(c.asked)+len(c.due))
	}
	return nil
}

func (c *comparison) read(q question, r *cbor.Reader) error {
	raw := cbor.NewReader(r.Raw())
	if err := r.Err(); err != nil {
		return fmt.Errorf("%w: answer: %w", ErrProtocol, err)
	}
	if q.asking == askLeaf && q.span.whole() {
		c.untold = append(c.untold, q.span.indices()...)
	}
	var err error
	switch kind := raw.Kind(); {
	case q.asking == askTell:
		err = c.readTold(q.span, raw)
	case kind == cbor.KindNull:
		return nil
	case kind == cbor.KindBytes && q.asking == askSummary:
		err = c.readLeaf(q.span, raw)
	case kind == cbor.KindArray:
		err = c.readArray(q, raw)
	default:
		err = fmt.Errorf("%w: an answer of another kind than was asked", ErrProtocol)
	}
	if err == nil && raw.Err() != nil {
		err = fmt.Errorf("%w: answer: %w", ErrProtocol, raw.Err())
	}
	return err
}

// readArray tells the three answers that are arrays apart: a split begins with
// an integer, a leaf of items has one item, a difference two.
func (c *comparison) readArray(q question, r *cbor.Reader) error {
	n := r.Array()
	switch {
	case r.Kind() == cbor.KindUint:
		return c.readSplit(q.span, r, n)
	case n == 1 && q.asking == askSummary:
		return c.readItemLeaf(q.span, r)
	case n == 2 && q.asking == askLeaf:
		return c.readDiffer(q.span, r)
	}
	return fmt.Errorf("%w: an answer of %d items", ErrProtocol, n)
}

func (c *comparison) readSplit(s span, r *cbor.Reader, n int) error {
	parts := (n + 2) / 4
	if n%4 != 2 || parts < 2 || parts > branching || s.depth >= maxDepth {
		return fmt.Errorf("%w: a range split in %d", ErrProtocol, parts)
	}
	last := s.lo
	for k := range parts {
		part := span{lo: last, hi: s.hi, i: s.i, j: s.j, depth: s.depth + 1}
		if k < parts-1 {
			step, prefix := r.Uint(), r.Bytes()
			cut := bound{last.order + step, string(prefix)}
			if r.Err() != nil || step > math.MaxUint64-last.order || len(prefix) > 48 || cut.compare(last) <= 0 ||
				s.hi != nil && cut.compare(*s.hi) >= 0 {
				return fmt.Errorf("%w: bounds that don't ascend", ErrProtocol)
			}
			part.hi, last = &cut, cut
			part.j = c.mine.find(s.i, s.j, cut)
		}
		s.i = part.j
		sum := summary{Count: r.Uint(), Sum: r.Uint()}
		if sum == c.mine.summary(part.i, part.j) {
			c.due = append(c.due, answer{})
		} else {
			c.due = append(c.due, answer{kind: answerRespond, span: part})
		}
	}
	return nil
}

// readLeaf reads the hashes of what the peer has in the range.
func (c *comparison) readLeaf(s span, r *cbor.Reader) error {
	hashes, err := readHashes(r)
	if err != nil {
		return err
	}
	has := make(map[uint64]bool, len(hashes))
	for _, h := range hashes {
		has[h] = true
	}
	a := answer{kind: answerDiffer, span: s, asks: true}
	for i := s.i; i < s.j; i++ {
		if h := c.mine.hash[i]; has[h] {
			delete(has, h)
		} else {
			a.tell = append(a.tell, i)
		}
	}
	for _, h := range hashes { // in their order, which a map hasn't
		if has[h] {
			a.lacked = binary.BigEndian.AppendUint64(a.lacked, h)
		}
	}
	return c.differ(a)
}

// readItemLeaf reads the items that the peer has in the range.
func (c *comparison) readItemLeaf(s span, r *cbor.Reader) error {
	items, err := c.readItems(s, r)
	if err != nil {
		return err
	}
	has := make(map[Item]bool, len(items))
	a := answer{kind: answerDiffer, span: s}
	for _, it := range items {
		it.Seq = 0
		has[it] = true
		if !c.mine.Has(it) {
			a.lacked = binary.BigEndian.AppendUint64(a.lacked, c.mine.key.item(it))
		}
	}
	for i := s.i; i < s.j; i++ {
		it := c.mine.items[i]
		it.Seq = 0
		if !has[it] {
			a.tell = append(a.tell, i)
		}
	}
	return c.differ(a)
}

// differ makes a due, or, where it has too much to tell, a split of its range.
func (c *comparison) differ(a answer) error {
	switch {
	case len(a.lacked) > 8*maxDiffer:
		return fmt.Errorf("%w: a leaf of more than %d items", ErrProtocol, maxDiffer)
	case len(a.tell) > maxDiffer:
		a = answer{kind: answerRespond, span: a.span}
	case len(a.tell)+len(a.lacked) == 0:
		a = answer{}
	}
	c.due = append(c.due, a)
	return nil
}

// readDiffer reads what the peer has more, and which of mine it lacks. Of a
// leaf of items it knows those already; of hashes it wants to be told.
func (c *comparison) readDiffer(s span, r *cbor.Reader) error {
	if _, err := c.readItems(s, r); err != nil {
		return err
	}
	hashes, err := readHashes(r)
	if err != nil || len(hashes) == 0 {
		return err
	}
	at := make(map[uint64]int, s.j-s.i)
	for i := s.i; i < s.j; i++ {
		at[c.mine.hash[i]] = i
	}
	a := answer{kind: answerTell}
	for _, h := range hashes {
		i, ok := at[h]
		if !ok {
			return fmt.Errorf("%w: asks for an item that wasn't listed", ErrProtocol)
		}
		delete(at, h)
		a.tell = append(a.tell, i)
	}
	if s.whole() {
		c.untold = slices.DeleteFunc(c.untold, func(i int) bool { return slices.Contains(a.tell, i) })
		return nil
	}
	c.due = append(c.due, a)
	return nil
}

func (c *comparison) readTold(s span, r *cbor.Reader) error {
	_, err := c.readItems(s, r)
	return err
}

// readItems reads items of the range and notes those that aren't mine.
func (c *comparison) readItems(s span, r *cbor.Reader) ([]Item, error) {
	items, err := readItems(r)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		if !s.lo.above(it) || s.hi != nil && s.hi.above(it) {
			return nil, fmt.Errorf("%w: an item out of its range", ErrProtocol)
		}
		if !c.mine.Has(it) {
			c.theirs = append(c.theirs, it)
		}
	}
	return items, nil
}
