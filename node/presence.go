package node

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
	"navette/crdt/text"
)

// How presence is told to other nodes: again so often, and forgotten of those
// from whom nothing was heard for so long.
const (
	presenceEvery = 10 * time.Second
	presenceLasts = 25 * time.Second
)

// Bounds of presence: of the people kept of a page, and of texts in it.
const (
	maxPresent = 64
	maxClient  = 32 // bytes
	maxName    = 64 // characters
	contextLen = 24 // characters before the cursor
)

// A Presence is somebody who has a page open: where their cursor is, and what
// they have selected, in UTF-16 of the text as it stands.
type Presence struct {
	Client   string
	Name     string
	Place    string // "" if at this node
	From, To int
}

// present is what is known of a Presence.
type present struct {
	name, place string
	from, to    int
	heard       time.Time
	here        bool // at this node
}

// join adds an editor of this node. The caller holds mu.
func (l *live) join(client, name string) {
	if p := l.people[client]; p != nil && p.here {
		p.name = name
	} else {
		l.people[client] = &present{name: name, here: true}
		l.gathered()
	}
	l.announce(client)
}

// gathered tells all that somebody has come or gone. The caller holds mu.
func (l *live) gathered() {
	close(l.crowd)
	l.crowd = make(chan struct{})
	l.meet()
}

// meet has all editors told who is there. The caller holds mu.
func (l *live) meet() {
	for e := range l.editors {
		e.met = true
	}
	l.tell()
}

// leave takes an editor of this node away. The caller holds mu.
func (l *live) leave(client string) {
	delete(l.people, client)
	l.gathered()
	l.c.besides.tell(encodeLeaving(l.id, client))
}

// others returns who else has the page open, by name. The caller holds mu.
func (l *live) others(client string) []Presence {
	out := []Presence{}
	for c, p := range l.people {
		if c != client && (p.here || time.Since(p.heard) < presenceLasts) {
			out = append(out, Presence{Client: c, Name: p.name, Place: p.place, From: p.from, To: p.to})
		}
	}
	slices.SortFunc(out, func(a, b Presence) int { return strings.Compare(a.Name+"\x00"+a.Client, b.Name+"\x00"+b.Client) })
	return out
}

// beat tells other nodes again that an editor is there, and editors who isn't
// any more.
func (l *live) beat(client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, p := range l.people {
		if !p.here && time.Since(p.heard) >= presenceLasts {
			delete(l.people, c)
			l.meet()
		}
	}
	l.announce(client)
}

// PointAt says where the cursor of an editor is: in the text of the version
// base, in UTF-16. It is told to whoever else has the page open, here and at the
// nodes in reach, and kept nowhere. An editor that isn't open points at nothing.
func (c *Commons) PointAt(id crdt.ID, client string, base TextVersion, from, to int) {
	c.live.mu.Lock()
	l := c.live.open[id]
	c.live.mu.Unlock()
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.people[client]
	next, anew := l.after(base)
	if p == nil || !p.here || anew {
		return
	}
	for _, s := range l.steps[next-l.first:] {
		from, to = moved(from, s.Splices), moved(to, s.Splices)
	}
	end := text.UTF16.Of(l.text)
	p.from, p.to = max(0, min(from, end)), max(0, min(to, end))
	l.meet()
	l.announce(client)
}

// announce tells other nodes of an editor here. The caller holds mu.
func (l *live) announce(client string) {
	p := l.people[client]
	if p == nil || !p.here {
		return
	}
	at, ok := text.UTF16.Offset(l.text, p.from)
	if !ok {
		at = 0
	}
	before := l.text[:at]
	n := utf8.RuneCountInString(before)
	l.c.besides.tell(encodePresence(presenceFrame{
		page: l.id, client: client, name: p.name, from: n,
		span: utf8.RuneCountInString(between(l.text, p.from, p.to)), context: lastRunes(before, contextLen),
	}))
}

// between returns the text between two positions in UTF-16.
func between(s string, from, to int) string {
	a, ok := text.UTF16.Offset(s, min(from, to))
	b, ok2 := text.UTF16.Offset(s, max(from, to))
	if !ok || !ok2 {
		return ""
	}
	return s[a:b]
}

func lastRunes(s string, n int) string {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return s[at:]
}

// A presenceFrame is what nodes tell each other of an editor: PROTOCOL.md of
// crdt/reconcile, "beside". Positions count code points of the sender's text,
// which may be another than the receiver's: what stands before the cursor tells
// where it is.
type presenceFrame struct {
	page         crdt.ID
	client, name string
	from, span   int
	context      string
	leaving      bool
}

func encodePresence(p presenceFrame) []byte {
	b := cbor.AppendArray(nil, 7)
	b = cbor.AppendUint(b, 1)
	b = cbor.AppendBytes(b, p.page[:])
	b = cbor.AppendText(b, p.client)
	b = cbor.AppendText(b, p.name)
	b = cbor.AppendUint(b, uint64(p.from))
	b = cbor.AppendUint(b, uint64(p.span))
	return cbor.AppendText(b, p.context)
}

func encodeLeaving(page crdt.ID, client string) []byte {
	b := cbor.AppendArray(nil, 3)
	b = cbor.AppendUint(b, 0)
	b = cbor.AppendBytes(b, page[:])
	return cbor.AppendText(b, client)
}

// decodePresence reads what a node told; not ok if it isn't that.
func decodePresence(b []byte) (p presenceFrame, ok bool) {
	r := cbor.NewReader(b)
	n := r.Array()
	typ := r.Uint()
	r.Fixed(p.page[:])
	p.client = r.Text()
	if p.leaving = typ == 0; p.leaving {
		return p, r.End() == nil && n == 3 && len(p.client) <= maxClient
	}
	p.name = r.Text()
	from, span := r.Uint(), r.Uint()
	p.context = r.Text()
	if r.End() != nil || n != 7 || typ != 1 || from > text.MaxPos || span > text.MaxPos {
		return p, false
	}
	p.from, p.span = int(from), int(span)
	return p, p.client != "" && len(p.client) <= maxClient && utf8.RuneCountInString(p.name) <= maxName && utf8.RuneCountInString(p.context) <= contextLen
}

// heard takes what a peer says of an editor at its place. It only matters while
// somebody has the page open here.
func (c *Commons) heard(peer oplog.Key, data []byte) {
	f, ok := decodePresence(data)
	if !ok {
		return
	}
	c.live.mu.Lock()
	l := c.live.open[f.page]
	c.live.mu.Unlock()
	if l == nil {
		return
	}
	place := c.PlaceName(peer)
	// A client's name is its own node's: nobody speaks for another's.
	client := peer.String()[:8] + "." + f.client
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.people[client]
	if f.leaving {
		if p != nil {
			delete(l.people, client)
			l.gathered()
		}
		return
	}
	if p == nil {
		if len(l.people) >= maxPresent {
			return
		}
		p = &present{}
		l.people[client] = p
		defer l.gathered()
		// Whoever comes is told who is here.
		for c, q := range l.people {
			if q.here {
				l.announce(c)
			}
		}
	} else {
		defer l.meet()
	}
	p.name, p.place, p.heard = legible(f.name), place, time.Now()
	p.from, p.to = locate(l.text, f)
}

// legible leaves out of a name what isn't seen and may turn what is around: a
// name is text of its own.
func legible(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.C, r) {
			return -1
		}
		return r
	}, name)
}

// locate finds where a cursor is in a text that may differ from the sender's:
// behind what stands before it there, at the place nearest to its own.
func locate(s string, f presenceFrame) (from, to int) {
	at, ok := text.Points.Offset(s, f.from)
	if !ok {
		at = len(s)
	}
	if f.context != "" && !strings.HasSuffix(s[:at], f.context) {
		best := -1
		for i := 0; i <= len(s); {
			k := strings.Index(s[i:], f.context)
			if k < 0 {
				break
			}
			end := i + k + len(f.context)
			if best < 0 || abs(end-at) < abs(best-at) {
				best = end
			}
			_, size := utf8.DecodeRuneInString(s[i+k:])
			i += k + size
		}
		if best >= 0 {
			at = best
		}
	}
	end, ok := text.Points.Offset(s[at:], f.span)
	if !ok {
		end = len(s) - at
	}
	from = text.UTF16.Of(s[:at])
	return from, from + text.UTF16.Of(s[at:at+end])
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
