package text

import "fmt"

// Replay is Decode of one who doesn't trust the text that stands beside its
// history: it reads the history and makes the text from it. It returns
// ErrCorrupt if that is another one.
func Replay(b []byte, order func(a, b Name) int) (*Text, error) {
	t, err := Decode(b, order)
	if err != nil {
		return nil, err
	}
	if err := t.load(); err != nil {
		return nil, err
	}
	beside := t.raw
	t.replay()
	if t.raw.String() != beside.String() {
		return nil, fmt.Errorf("%w: replaying gives another text", ErrCorrupt)
	}
	return t, nil
}

// replay makes the raw text from the history. Where everybody had seen
// everything, events are spliced into it as they are, run by run; a tracker is
// needed in between.
func (t *Text) replay() {
	t.raw, t.behind, t.walk, t.view = rope{}, 0, nil, nil
	if t.lastDeep >= 0 {
		t.behind, t.oldest = t.n, -1
		t.merge()
		return
	}
	all := string(t.text)
	w := newWalker(t, -1)
	for i, s := range t.crit {
		if i > 0 {
			w.begin(t.crit[i-1].last)
			w.catchUp(s.first+1, &t.raw)
		}
		t.follows(s.first+1, s.last, all)
	}
	if last := t.crit[len(t.crit)-1].last; last < t.n-1 {
		w.begin(last)
		w.catchUp(t.n, &t.raw)
		t.walk = w
	}
}

// follows splices the events from first to last, each of which had seen all those
// before it, into the raw text; all is the history's text.
func (t *Text) follows(first, last int32, all string) {
	if first > last {
		return
	}
	for i := t.runOf(first); first <= last; i++ {
		end := min(last+1, t.runs[i].first+int32(t.size(i)))
		t.followsRun(i, first, end, all)
		first = end
	}
}

// followsRun is follows of events of one run, up to but without end.
func (t *Text) followsRun(i int, first, end int32, all string) {
	r := &t.runs[i]
	n, k := int(end-first), int(first-r.first)
	o := &t.ops[r.op]
	ins, size := t.inserted(int(r.op))
	events := t.size(i)
	if events > 1 {
		ins, size = ins/events, size/events
	}
	pos, del, move := int(o.pos)+k*int(r.move), int(o.del), int(r.move)
	at := int(o.text) + k*size
	switch typed := all[at : at+n*size]; {
	case n == 1 && int(r.op)+1 == t.opsEnd(i):
		t.raw.splice(pos, del, typed)
	case del == 0 && move == ins:
		t.raw.splice(pos, 0, typed)
	case ins == 0 && move == 0 && events > 1: // the delete key
		t.raw.splice(pos, n*del, "")
	case ins == 0 && move == -del: // backspace
		t.raw.splice(pos+(n-1)*move, n*del, "")
	default:
		for e := first; e < end; e++ {
			for x := range t.steps(e) {
				t.raw.splice(x.pos, x.del, string(x.text))
			}
		}
	}
}
