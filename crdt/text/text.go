// Package text is a sequence CRDT for pages that many people edit, also for
// weeks apart: an event-graph walker (Gentle and Kleppmann, "Collaborative Text
// Editing with Eg-walker: Better, Faster, Smaller", EuroSys 2025) that orders
// concurrent insertions as FugueMax does (Weidner and Kleppmann, "The Art of
// the Fugue: Minimizing Interleaving in Collaborative Text Editing", 2023).
//
// An event is what one op did to one text: splices whose positions count the
// Unicode code points of the text as its writer saw it, together with the
// events the writer had seen. [Text.Apply] takes events in causal order,
// concurrent ones in any order, and every replica ends with the same text and,
// by [Text.Encode], the same bytes. While nobody writes concurrently an event
// is spliced straight into the string and appended to the file, and that is all
// there is: opening a page and typing in it reads no history. The first event
// that hasn't seen all others, or a question about the past, reads it; concurrent
// events build a temporary CRDT over those since the last version that everybody
// had seen, once their text is asked for, and keep it for as long as concurrency
// lasts.
//
// # Raw and shown
//
// Who is expelled takes their events along: these become void. Positions never
// depend on such verdicts. They count the raw text of a version, in which every
// insertion and every deletion among its ancestors took place, void or not.
// What is shown is decided afterwards: a character shows iff its insertion
// isn't void and no deletion of it that isn't void exists. So a void deletion
// brings back characters that the raw text lacks; [Text.ToRaw] turns splices of
// the shown text into ones for an event, which are then Deep where they have to
// name such characters.
//
// # Editing from afar
//
// Who shows a text elsewhere, as a browser does, needs no history. It keeps the
// version ([Text.Heads]) that its text is of. [Text.Since] gives the splices
// that bring it up to date, [Text.Rebase] makes of splices of an old text ones of
// the present text, and says what is left to be told to their writer; a client
// with further splices on their way uses [Transform]. Positions count code
// points in all of these; [Text.Convert] and [Recode] turn them into UTF-16 and
// bytes, for those whose strings count otherwise.
//
// # What it is not
//
// The package neither knows who may write nor keeps time. It has no marks
// (bold, links: pages are Markdown), though FORMAT.md leaves room for them. It
// does no I/O and starts no goroutines; a Text is for one goroutine at a time.
package text

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Why an event is refused. All but the last three depend on the event and its
// ancestors alone, so that every replica skips the same events.
var (
	// ErrRange is a splice that doesn't fit the version it was made against.
	ErrRange = errors.New("text: splice out of range")
	// ErrForm is a list of splices that no op can hold: see CheckSplices.
	ErrForm = errors.New("text: malformed splices")
	// ErrOrder is an event whose place (lamport, change, index) isn't after its
	// parents'.
	ErrOrder = errors.New("text: event before its parents")
	// ErrUnknown is a name that no event of this text has.
	ErrUnknown = errors.New("text: no such event")
	// ErrFull is a history beyond the 4 GiB that this implementation holds.
	ErrFull = errors.New("text: more than 4 GiB of history")
	// ErrCorrupt is an encoded text that this package didn't write.
	ErrCorrupt = errors.New("text: corrupt encoding")
)

// A Name names an event: the log it was written in, the change, and the index
// of the op in the change.
type Name struct {
	Log    [16]byte
	Change [32]byte
	Index  uint32
}

// Compare orders names by log, change and index. It is the order of siblings
// that nothing else tells apart, and so part of the format.
func (n Name) Compare(m Name) int {
	if c := bytes.Compare(n.Log[:], m.Log[:]); c != 0 {
		return c
	}
	if c := bytes.Compare(n.Change[:], m.Change[:]); c != 0 {
		return c
	}
	return cmp.Compare(n.Index, m.Index)
}

// A Splice deletes Del code points from position Pos on and then inserts Ins
// there. The splices of one event apply in sequence: each counts the text that
// the ones before it left.
//
// Pos and Del count the raw text. If Deep is set they count every character
// ever inserted instead, deleted ones too (and deleting one again is allowed):
// the one way to name what only a void deletion deleted. All splices of an
// event are Deep or none is.
type Splice struct {
	Pos, Del int
	Ins      string
	Deep     bool
}

// A Text is one text with its history. Use New or Decode; it is not safe for
// concurrent use.
type Text struct {
	order func(a, b Name) int
	// fugue is set by tests alone: the published histories they replay follow
	// Fugue's order, which differs from FugueMax's in one of a thousand.
	fugue bool
	raw   rope
	// The last events, this many, aren't in raw yet; oldest is the first of their
	// parents.
	behind, oldest int32
	// A text at first has its history in its file alone: unread. tail is where
	// the file goes on then, once that is known.
	unread bool
	tail   *writer
	history
	walk *walker // nil, or the tracker kept while there is concurrency
	view *view   // nil, or what is shown, while some event is void
	file file    // the encoded form as far as it is known
}

// New returns an empty text. order is the order of siblings that nothing else
// tells apart, and must be total over the names of one text; nil means
// Name.Compare, which is what Navette's format says.
func New(order func(a, b Name) int) *Text {
	if order == nil {
		order = Name.Compare
	}
	return &Text{order: order, history: newHistory(), unread: true}
}

// Apply adds an event. lamport is that of its change; saw reports whether the
// change had seen an event of this text that was applied before, and isn't
// asked about events of the change itself, of which the lower indices count as
// seen. All events that the change had seen must have been applied. A void
// event takes part in everything, but isn't shown.
//
// An event that returns an error isn't there: later ones are placed as if it
// had never been. Applying an event twice does nothing.
func (t *Text) Apply(n Name, lamport uint64, saw func(Name) bool, s []Splice, void bool) error {
	if t.unread {
		if done, err := t.follow(&n, lamport, saw, s, void); done {
			return err
		}
	}
	if err := t.load(); err != nil {
		return err
	}
	if t.has(&n, lamport) {
		return nil
	}
	return t.add(&n, lamport, t.seenBy(n, saw), s, void)
}

// ApplyParents is Apply for one who knows the event's parents: the events that
// it had seen and that no other event it had seen had seen.
func (t *Text) ApplyParents(n Name, lamport uint64, parents []Name, s []Splice, void bool) error {
	if t.unread && t.endsIn(parents) {
		if done, err := t.follow(&n, lamport, func(Name) bool { return true }, s, void); done {
			return err
		}
	}
	if err := t.load(); err != nil {
		return err
	}
	if t.has(&n, lamport) {
		return nil
	}
	ps := make([]int32, len(parents))
	for i := range parents {
		e, ok := t.find(&parents[i])
		if !ok {
			return fmt.Errorf("%w: parent %d", ErrUnknown, i)
		}
		ps[i] = e
	}
	return t.add(&n, lamport, t.maximal(ps), s, void)
}

// add records the event and splices it into the text.
func (t *Text) add(n *Name, lamport uint64, parents []int32, s []Splice, void bool) error {
	if err := checkForm(s); err != nil {
		return err
	}
	for _, p := range parents {
		if t.compare(p, lamport, n) >= 0 {
			return ErrOrder
		}
	}
	t.file.whole = nil
	size := len(t.text)
	for i := range s {
		size += len(s[i].Ins)
	}
	if size > math.MaxUint32 {
		return ErrFull
	}
	deep := s[0].Deep
	switch {
	case !deep && slices.Equal(parents, t.heads):
		t.merge()
		if err := checkRange(s, t.raw.len()); err != nil {
			return err
		}
		first := t.write(s)
		for i := range s {
			t.splice(&s[i], void)
		}
		t.record(n, lamport, parents, first, t.raw.len(), false, void)
		t.cool()
	case !deep && len(parents) < 2:
		return t.branch(n, lamport, parents, s, void)
	default:
		w := t.tracker(parents, deep)
		w.moveTo(parents)
		if err := checkRange(s, w.tree.total(measureOf(deep))); err != nil {
			return err
		}
		e := t.record(n, lamport, parents, t.write(s), 0, deep, void)
		w.next(e, &t.raw)
		if r, k := t.at(e); k == 0 {
			r.len = int32(w.tree.total(inCurrent))
		}
		t.view = nil
	}
	return nil
}

// branch records an event beside others without splicing it into the text: when
// that is asked for, all of a branch is walked in one go.
func (t *Text) branch(n *Name, lamport uint64, parents []int32, s []Splice, void bool) error {
	oldest, size := least(parents), 0
	if oldest >= 0 {
		size = t.lenAt(oldest)
	}
	if err := checkRange(s, size); err != nil {
		return err
	}
	first := t.write(s)
	size += t.elems - int(t.ops[first].elem)
	for i := range s {
		size -= s[i].Del
	}
	t.record(n, lamport, parents, first, size, false, void)
	if t.behind == 0 || oldest < t.oldest {
		t.oldest = oldest
	}
	t.behind++
	t.view = nil
	return nil
}

// splice follows a splice of an event that has seen all others.
func (t *Text) splice(x *Splice, void bool) {
	t.raw.splice(x.Pos, x.Del, x.Ins)
	if t.view != nil {
		t.view.splice(x, void)
	}
}

// write appends the ops of the next event and returns the number of the first.
func (t *Text) write(s []Splice) int {
	first := len(t.ops)
	for i := range s {
		t.addOp(s[i].Pos, s[i].Del, utf8.RuneCountInString(s[i].Ins))
		t.text = append(room(t.text, len(s[i].Ins)), s[i].Ins...)
	}
	return first
}

// checkForm refuses what Apply can't work with, whoever made it.
func checkForm(s []Splice) error {
	if len(s) == 0 || len(s) > MaxSplices {
		return fmt.Errorf("%w: %d of them", ErrForm, len(s))
	}
	for i := range s {
		x := &s[i]
		switch {
		case x.Pos < 0 || x.Del < 0 || x.Pos > MaxPos || x.Del > MaxPos:
			return fmt.Errorf("%w: splice %d is at %d, deletes %d", ErrForm, i, x.Pos, x.Del)
		case x.Del == 0 && x.Ins == "":
			return fmt.Errorf("%w: splice %d does nothing", ErrForm, i)
		case x.Deep != s[0].Deep:
			return fmt.Errorf("%w: deep and raw splices in one op", ErrForm)
		case !utf8.ValidString(x.Ins):
			return fmt.Errorf("%w: splice %d isn't UTF-8", ErrForm, i)
		}
	}
	return nil
}

// checkRange follows the splices through a text of n code points.
func checkRange(s []Splice, n int) error {
	for i := range s {
		x := &s[i]
		if x.Pos > n || x.Del > n-x.Pos {
			return fmt.Errorf("%w: splice %d of [%d, %d) in %d", ErrRange, i, x.Pos, x.Pos+x.Del, n)
		}
		if !x.Deep {
			n -= x.Del
		}
		n += utf8.RuneCountInString(x.Ins)
	}
	return nil
}

// String returns the text that is shown.
func (t *Text) String() string {
	if v := t.shown(); v != nil {
		return v.text(shownOnly)
	}
	return t.raw.String()
}

// Len returns the length of the shown text in code points.
func (t *Text) Len() int {
	if v := t.shown(); v != nil {
		return v.len(shownOnly)
	}
	return t.raw.len()
}

// Raw returns the text that the positions of the next event count.
func (t *Text) Raw() string {
	t.merge()
	return t.raw.String()
}

// Heads returns the version of the text: the events that no other event has
// seen, sorted.
func (t *Text) Heads() []Name {
	if t.unread {
		if w := t.end(); w != nil && w.events > 0 {
			return []Name{w.name}
		}
	}
	if t.load() != nil {
		return nil
	}
	return t.namesOf(t.heads)
}

// SetVoid sets whether an event is void. An event that isn't there gives
// ErrUnknown.
func (t *Text) SetVoid(n Name, void bool) error {
	if err := t.load(); err != nil {
		return err
	}
	e, ok := t.find(&n)
	if !ok {
		return ErrUnknown
	}
	if t.isVoid(e) != void {
		t.setVoid(e, void)
		t.tidy()
		t.file.spoil(int(t.rankOf(e)))
		t.view = nil
	}
	return nil
}
