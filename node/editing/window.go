package editing

import (
	"unicode/utf16"

	"navette/crdt/text"
	"navette/node"
)

// A Window is a client's side of a page: what it shows, what it sends, and how
// it takes what it is told. It is the model for clients in other languages, and
// safe for one goroutine at a time. The zero Window has no text yet.
type Window struct {
	Client  string
	Version node.TextVersion // of what the node told last
	People  []Person

	told  []uint16      // the text as the node told it
	sent  []text.Splice // sent, and not told of as a step
	typed []text.Splice // typed since
	seq   uint64
}

// Shows returns what the person sees.
func (w *Window) Shows() string { return string(utf16.Decode(w.shows())) }

func (w *Window) shows() []uint16 { return patch(patch(w.told, w.sent), w.typed) }

// Len is how long that is, in UTF-16.
func (w *Window) Len() int { return len(w.shows()) }

// Unsaved tells whether something of it isn't durable.
func (w *Window) Unsaved() bool { return len(w.sent)+len(w.typed) > 0 }

// Typed takes what the person typed in what the window shows.
func (w *Window) Typed(s Splice) {
	w.typed = text.Join(append(w.typed, text.Splice{Pos: s.Pos, Del: s.Del, Ins: s.Ins}))
}

// Send returns what is to be sent; not ok if nothing is, or if something is on
// the way. Whoever sends it does so until it is answered.
func (w *Window) Send() (out Typing, ok bool) {
	if len(w.sent) > 0 || len(w.typed) == 0 {
		return out, false
	}
	w.seq++
	w.sent, w.typed = node.Part(w.typed, text.UTF16)
	out = Typing{Client: w.Client, Seq: w.seq, Version: w.Version}
	for _, s := range w.sent {
		out.Splices = append(out.Splices, Splice{s.Pos, s.Del, s.Ins})
	}
	return out, true
}

// Begin takes a text event. What the text hasn't got is typed anew into it.
func (w *Window) Begin(t Text) {
	if len(w.sent) > 0 && t.Seq >= w.seq {
		w.told, w.sent = patch(w.told, w.sent), nil
	}
	before, shown := string(utf16.Decode(w.told)), w.Shows()
	var mine []text.Splice
	if w.Version != "" && shown != t.Text {
		theirs, err := text.Recode(before, text.Diff(before, t.Text), text.Points, text.UTF16)
		own, err2 := text.Recode(before, text.Diff(before, shown), text.Points, text.UTF16)
		if err == nil && err2 == nil {
			// Texts that differ have splices that fit both: there is no error.
			_, mine, _ = text.Transform(theirs, own, text.UTF16)
		}
	}
	w.told, w.Version, w.seq = utf16.Encode([]rune(t.Text)), t.Version, max(w.seq, t.Seq)
	w.sent, w.typed = nil, mine
}

// Step takes a step event. An error is splices that don't fit: begin anew.
func (w *Window) Step(s Step) error {
	var theirs []text.Splice
	for _, x := range s.Splices {
		theirs = append(theirs, text.Splice{Pos: x.Pos, Del: x.Del, Ins: x.Ins})
	}
	w.told, w.Version = patch(w.told, theirs), s.Version
	for i := range w.People {
		w.People[i].From, w.People[i].To = moved(w.People[i].From, theirs), moved(w.People[i].To, theirs)
	}
	if s.Client == w.Client && s.Seq == w.seq {
		w.sent = nil
		return nil
	}
	var err error
	// Of insertions at one place, the node's come first.
	if theirs, w.sent, err = text.Transform(theirs, w.sent, text.UTF16); err != nil {
		return err
	}
	_, w.typed, err = text.Transform(theirs, w.typed, text.UTF16)
	return err
}

func patch(s []uint16, splices []text.Splice) []uint16 {
	for _, x := range splices {
		if x.Pos < 0 || x.Del < 0 || x.Pos+x.Del > len(s) {
			continue
		}
		out := append(s[:x.Pos:x.Pos], utf16.Encode([]rune(x.Ins))...)
		s = append(out, s[x.Pos+x.Del:]...)
	}
	return s
}

// moved returns where a cursor is after splices.
func moved(pos int, splices []text.Splice) int {
	for _, s := range splices {
		if pos >= s.Pos+s.Del && pos > s.Pos {
			pos += text.UTF16.Of(s.Ins) - s.Del
		} else if pos > s.Pos {
			pos = s.Pos
		}
	}
	return pos
}
