package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/text"
)

// Why an edit of a page that is open isn't taken. The editor begins anew from
// what Next says, with what it hasn't got acknowledged moved there.
var (
	// ErrVersionGone is an edit of a version that this node doesn't have: it was
	// made at another, or the store has come back older than it was.
	ErrVersionGone = errors.New("node: no such version of the page here")
	// ErrSplices are edits that don't fit the version they are said to be of.
	ErrSplices = errors.New("node: edits that don't fit the text")
)

// How long what an editor types is gathered into a change: as long as they are
// alone, and while others have the page open.
const (
	gatherAlone    = time.Second
	gatherTogether = 80 * time.Millisecond
)

// maxSteps is how many steps are kept for editors that are behind; one that is
// further behind begins anew.
const maxSteps = 512

// A page that nobody has open any more is kept for a while: whoever lost the
// line comes back to it, and asks what became of their last edit.
const (
	lingers = 2 * time.Minute
	maxIdle = 16
)

// lives are the pages that people have open, or had a moment ago.
type lives struct {
	mu   sync.Mutex // guards what follows
	open map[crdt.ID]*live
}

// tidy forgets pages that nobody has had open for long. The caller holds mu.
func (all *lives) tidy() {
	idle := 0
	for id, l := range all.open {
		l.mu.Lock()
		if len(l.editors) == 0 {
			idle++
			if time.Since(l.left) > lingers || idle > maxIdle {
				delete(all.open, id)
			}
		}
		l.mu.Unlock()
	}
}

// live is a page that people have open: the one text that all editors at this
// node follow, step by step.
type live struct {
	c  *Commons
	id crdt.ID
	// writing is held from when an edit finds where the text stands until it is
	// durable and a step, and by whoever looks for steps of others.
	writing sync.Mutex

	mu      sync.Mutex // guards what follows; never held while waiting
	editors map[*Editor]bool
	text    string // what is shown
	at      TextVersion
	heads   []text.Name
	pos     uint64      // of the feed, that the text is as of at least
	first   int         // the number of steps[0]
	begun   TextVersion // before it
	steps   []TextStep  // those made since the page was opened
	done    map[string]ack
	people  map[string]*present
	crowd   chan struct{} // closed when somebody else opens the page
	left    time.Time     // when it was last closed or asked of
}

// ack is an editor's last edit, and what it was answered.
type ack struct {
	seq uint64
	at  TextVersion
	end time.Time
}

// A TextStep brings the text of a page from one version to the next. Positions
// count UTF-16, as browsers do; each splice counts what those before it left.
type TextStep struct {
	At      TextVersion // after it
	Splices []text.Splice
	// Client and Seq are of the editor's own edit that it is; "" if it is
	// another's. An edit may have become another than was sent, moved by those
	// before it.
	Client string
	Seq    uint64
}

// An Edited is what happens to an open page: a text to begin from, steps, or
// who else has it open.
type Edited struct {
	Text  *string     // begin anew from this
	At    TextVersion // of Text
	Seq   uint64      // the editor's last edit that Text has
	Steps []TextStep  // in order
	// People is who else has the page open; nil: those of before, moved by Steps.
	People []Presence
}

// An Editor is one window in which somebody has a page open. Its methods may be
// called from several goroutines.
type Editor struct {
	l      *live
	client string
	signal chan struct{}

	// Guarded by live.mu.
	next int  // the number of the next step to tell of
	anew bool // a text is to be told first
	met  bool // the people are to be told
}

// OpenPage opens a page for an editor. client names the window, for as long as
// it lives, also over several connections: random. name is what others see of
// whoever sits there. since is the version that the editor has, "" for none.
// Close must be called. The error is ErrNotFound, or commons.ErrRemoved.
func (c *Commons) OpenPage(id crdt.ID, client, name string, since TextVersion) (*Editor, error) {
	l, err := c.openLive(id)
	if err != nil {
		return nil, err
	}
	e := &Editor{l: l, client: client, signal: make(chan struct{}, 1), met: true}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.next, e.anew = l.after(since)
	l.editors[e] = true
	l.join(client, name)
	return e, nil
}

// openLive returns the live page of an id, which it makes if nobody has it open.
func (c *Commons) openLive(id crdt.ID) (*live, error) {
	c.live.mu.Lock()
	defer c.live.mu.Unlock()
	c.live.tidy()
	if l := c.live.open[id]; l != nil {
		return l, nil
	}
	l := &live{
		c: c, id: id, editors: make(map[*Editor]bool), done: make(map[string]ack),
		people: make(map[string]*present), crowd: make(chan struct{}), left: time.Now(),
	}
	l.pos = c.log.Pos()
	d, err := c.Doc(id)
	if err != nil {
		return nil, err
	}
	if d.Deleted() {
		return nil, commons.ErrRemoved
	}
	l.set(textOf(d))
	l.begun = l.at
	if c.live.open == nil {
		c.live.open = make(map[crdt.ID]*live)
	}
	c.live.open[id] = l
	return l, nil
}

// Close takes the editor away.
func (e *Editor) Close() {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	delete(e.l.editors, e)
	e.l.left = time.Now()
	for other := range e.l.editors {
		if other.client == e.client {
			return // it has come back already, over another line
		}
	}
	e.l.leave(e.client)
}

func textOf(d *crdt.Doc) *text.Text {
	if t := commons.BodyText(d); t != nil {
		return t
	}
	return text.New(nil)
}

// set makes t what the page says. The caller holds mu, or nobody knows l yet.
func (l *live) set(t *text.Text) {
	l.text, l.heads = t.String(), t.Heads()
	l.at = versionOf(l.heads)
}

// after returns the number of the step that comes after a version; anew if that
// isn't known any more. The caller holds mu.
func (l *live) after(v TextVersion) (next int, anew bool) {
	end := l.first + len(l.steps)
	if v == l.at {
		return end, false
	}
	for i := len(l.steps) - 1; i > 0; i-- {
		if l.steps[i-1].At == v {
			return l.first + i, false
		}
	}
	return l.first, v != l.begun
}

// push adds a step, which leads to where the text stands. The caller holds mu
// and writing.
func (l *live) push(s TextStep) {
	l.steps = append(l.steps, s)
	if n := len(l.steps) - maxSteps; n > 0 {
		l.begun = l.steps[n-1].At
		l.steps, l.first = append([]TextStep(nil), l.steps[n:]...), l.first+n
	}
	for _, p := range l.people {
		p.from, p.to = moved(p.from, s.Splices), moved(p.to, s.Splices)
	}
	l.tell()
}

// tell wakes the editors. The caller holds mu.
func (l *live) tell() {
	for e := range l.editors {
		signal(e.signal)
	}
}

// refresh finds what others have written, and what counts no more. The caller
// doesn't hold writing.
func (l *live) refresh() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	pos := l.pos
	l.mu.Unlock()
	touched, end, err := l.c.Touched(pos)
	if err != nil {
		return err
	}
	var d *crdt.Doc
	if slices.Contains(touched, l.id) {
		if d, err = l.c.Doc(l.id); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pos = end
	if d == nil {
		return nil
	}
	return l.follow(textOf(d))
}

// follow makes a step to where t stands. The caller holds mu and writing.
func (l *live) follow(t *text.Text) error {
	if versionOf(t.Heads()) == l.at && t.String() == l.text {
		return nil
	}
	splices, err := t.Since(l.heads)
	if err == nil {
		splices, err = text.Recode(l.text, splices, text.Points, text.UTF16)
	}
	if err != nil || patched(l.text, splices, text.UTF16) != t.String() {
		// Verdicts have changed, or the store is older than it was.
		if splices, err = text.Recode(l.text, text.Diff(l.text, t.String()), text.Points, text.UTF16); err != nil {
			return fmt.Errorf("follow page %v: %w", l.id, err)
		}
	}
	l.set(t)
	l.push(TextStep{At: l.at, Splices: splices})
	return nil
}

// Next waits until something happened that the editor hasn't been told, and
// tells it. The error is ctx's.
func (e *Editor) Next(ctx context.Context) (Edited, error) {
	l := e.l
	beat := time.NewTimer(presenceEvery)
	defer beat.Stop()
	for {
		changed := l.c.Changed()
		if err := l.refresh(); err != nil {
			return Edited{}, err
		}
		l.mu.Lock()
		out, ok := e.untold()
		l.mu.Unlock()
		if ok {
			return out, nil
		}
		select {
		case <-ctx.Done():
			return Edited{}, ctx.Err()
		case <-changed:
		case <-e.signal:
		case <-beat.C:
			l.beat(e.client)
			beat.Reset(presenceEvery)
		}
	}
}

// untold returns what the editor hasn't been told. The caller holds mu.
func (e *Editor) untold() (out Edited, ok bool) {
	l := e.l
	if e.anew || e.next < l.first {
		s := l.text
		out.Text, out.At, out.Seq = &s, l.at, l.done[e.client].seq
		e.anew, e.next, ok = false, l.first+len(l.steps), true
	} else if n := e.next - l.first; n < len(l.steps) {
		out.Steps = append(out.Steps, l.steps[n:]...)
		e.next, ok = l.first+len(l.steps), true
	}
	if e.met {
		out.People, e.met, ok = l.others(e.client), false, true
	}
	return out, ok
}
