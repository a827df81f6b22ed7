package node_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/text"
	"navette/node"
)

// window is an editor as a browser has it: no CRDT, a text in UTF-16, and what
// wasn't acknowledged yet.
type window struct {
	c      *node.Commons
	id     crdt.ID
	client string
	editor *node.Editor

	mu      sync.Mutex // guards what follows
	at      node.TextVersion
	text    []uint16 // as the node has it
	sent    []text.Splice
	pending []text.Splice // typed, and not sent
	seq     uint64
	people  []node.Presence
	began   int // texts begun from
}

func openWindow(t *testing.T, c *node.Commons, id crdt.ID, client, name string) *window {
	t.Helper()
	w := &window{c: c, id: id, client: client}
	var err error
	if w.editor, err = c.OpenPage(id, client, name, ""); err != nil {
		t.Fatal(err)
	}
	return w
}

func patch(s []uint16, splices []text.Splice) []uint16 {
	for _, x := range splices {
		s = slices.Concat(s[:x.Pos], utf16.Encode([]rune(x.Ins)), s[x.Pos+x.Del:])
	}
	return s
}

// follow takes what the node tells until ctx ends.
func (w *window) follow(ctx context.Context) error {
	for {
		e, err := w.editor.Next(ctx)
		if err != nil {
			return err
		}
		w.mu.Lock()
		err = w.take(e)
		w.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func (w *window) take(e node.Edited) error {
	if e.Text != nil {
		w.began++
		w.text, w.at = utf16.Encode([]rune(*e.Text)), e.At
		w.sent, w.pending = nil, nil
	}
	for _, s := range e.Steps {
		w.text, w.at = patch(w.text, s.Splices), s.At
		for i := range w.people {
			for _, x := range s.Splices {
				if p := &w.people[i]; x.Pos < p.From {
					p.From, p.To = p.From+text.UTF16.Of(x.Ins)-x.Del, p.To+text.UTF16.Of(x.Ins)-x.Del
				}
			}
		}
		if s.Client == w.client && s.Seq == w.seq {
			w.sent = nil
			continue
		}
		var theirs []text.Splice
		var err error
		if theirs, w.sent, err = text.Transform(s.Splices, w.sent, text.UTF16); err != nil {
			return err
		}
		if _, w.pending, err = text.Transform(theirs, w.pending, text.UTF16); err != nil {
			return err
		}
	}
	if e.People != nil {
		w.people = e.People
	}
	return nil
}

// shows returns what the person sees.
func (w *window) shows() []uint16 { return patch(patch(w.text, w.sent), w.pending) }

func (w *window) says() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(utf16.Decode(w.shows()))
}

// typed does to the window what a person at the keyboard does.
func (w *window) typed(s text.Splice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = append(w.pending, s)
}

// send sends what was typed, if nothing is on the way, and waits for the answer.
func (w *window) send(ctx context.Context) error {
	w.mu.Lock()
	if len(w.sent) > 0 || len(w.pending) == 0 {
		w.mu.Unlock()
		return nil
	}
	w.seq++
	w.sent, w.pending = text.Join(w.pending), nil
	if len(w.sent) == 0 { // typed, and taken back
		w.mu.Unlock()
		return nil
	}
	in := node.Typing{Client: w.client, Seq: w.seq, Base: w.at, Splices: w.sent}
	w.mu.Unlock()
	_, err := w.c.EditPage(ctx, node.Author{Person: w.c.Person()}, w.id, in)
	return err
}

func TestEditorsAtTwoPlacesEndEqual(t *testing.T) {
	for seed := range uint64(6) {
		inVillage(t, func(v *village) {
			rng := rand.New(rand.NewPCG(seed, 0))
			a, b := v.open("La Fabrique"), v.open("La Plume")
			c := a.found("Boulonnais")
			b.join(c)
			id := a.page("Charte", "# Charte 🧰\n\nOn range.\n")
			v.within(time.Minute, a, b)
			ctx, stop := context.WithCancel(v.Context())
			var windows []*window
			var group sync.WaitGroup
			for i, p := range []*place{a, a, b, b} {
				w := openWindow(v.T, p.current(), id, fmt.Sprintf("w%d", i), fmt.Sprintf("Ana %d", i))
				windows = append(windows, w)
				group.Go(func() {
					if err := w.follow(ctx); !errors.Is(err, context.Canceled) {
						v.Errorf("window %d: %v", i, err)
					}
				})
			}
			synctest.Wait()
			for _, w := range windows {
				seed := rng.Uint64()
				group.Go(func() {
					rng := rand.New(rand.NewPCG(seed, 1))
					for range 40 {
						<-time.After(time.Duration(rng.IntN(120)) * time.Millisecond)
						w.mu.Lock()
						n := len(w.shows())
						s := text.Splice{Pos: rng.IntN(n + 1)}
						shown := w.shows()
						for s.Pos < n && shown[s.Pos] >= 0xdc00 && shown[s.Pos] < 0xe000 {
							s.Pos++
						}
						if rng.IntN(4) == 0 && s.Pos < n && shown[s.Pos] < 0xd800 {
							s.Del = 1
						} else {
							s.Ins = []string{"a", "é", "🙂", "bon", "\n"}[rng.IntN(5)]
						}
						w.pending = append(w.pending, s)
						w.mu.Unlock()
						if rng.IntN(2) == 0 {
							if err := w.send(ctx); err != nil {
								v.Errorf("%s: %v", w.client, err)
							}
						}
						if rng.IntN(8) == 0 {
							w.mu.Lock()
							at := w.at
							w.mu.Unlock()
							w.c.PointAt(id, w.client, at, s.Pos, s.Pos+1)
						}
					}
					for range 10 {
						if err := w.send(ctx); err != nil {
							v.Errorf("%s: %v", w.client, err)
						}
						<-time.After(200 * time.Millisecond)
					}
				})
			}
			<-time.After(20 * time.Second)
			v.within(time.Minute, a, b)
			<-time.After(time.Second)
			synctest.Wait()
			want := a.body(id)
			if got := b.body(id); got != want {
				v.Errorf("seed %d: La Plume has %q; La Fabrique %q", seed, got, want)
			}
			for i, w := range windows {
				if got := w.says(); got != want {
					v.Errorf("seed %d: window %d shows %q; want %q", seed, i, got, want)
				}
				w.mu.Lock()
				if w.began != 1 || len(w.people) != 3 {
					v.Errorf("seed %d: window %d began from %d texts, beside %d people; want 1 and 3", seed, i, w.began, len(w.people))
				}
				w.mu.Unlock()
			}
			if strings.Count(want, "bon") < 5 {
				v.Errorf("seed %d: little was typed: %q", seed, want)
			}
			stop()
			for _, w := range windows {
				w.editor.Close()
			}
			group.Wait()
		})
	}
}

func splice(pos, del int, ins string) []text.Splice {
	return []text.Splice{{Pos: pos, Del: del, Ins: ins}}
}

func TestEditPage(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		c := a.found("Boulonnais")
		id := a.page("Charte", "un deux\n")
		self := node.Author{Person: c.Person()}
		w := openWindow(v.T, c, id, "w", "Ana")
		e, err := w.editor.Next(v.Context())
		if err != nil || e.Text == nil || *e.Text != "un deux\n" || len(e.People) != 0 {
			v.Fatalf("the first thing told is %+v, %v; want the text", e, err)
		}
		first := e.At
		edit := func(seq uint64, base node.TextVersion, s []text.Splice) node.TextVersion {
			v.Helper()
			at, err := c.EditPage(v.Context(), self, id, node.Typing{Client: "w", Seq: seq, Base: base, Splices: s})
			if err != nil {
				v.Fatalf("edit %d: %v", seq, err)
			}
			return at
		}
		says := func(want string) {
			v.Helper()
			if got := a.body(id); got != want {
				v.Errorf("the page says %q; want %q", got, want)
			}
		}
		second := edit(1, first, splice(2, 0, " 🙂"))
		says("un 🙂 deux\n")
		if at := edit(1, first, splice(2, 0, " 🙂")); at != second {
			v.Errorf("sent again it is answered %q; want %q", at, second)
		}
		if at := edit(1, second, splice(5, 0, " moved meanwhile")); at != second {
			v.Errorf("sent again from elsewhere it is answered %q; want %q", at, second)
		}
		says("un 🙂 deux\n")
		edit(2, first, splice(3, 4, "trois"))
		says("un 🙂 trois\n")
		edit(3, second, splice(0, 2, ""))
		edit(4, second, splice(0, 2, "")) // what is gone is gone once
		says(" 🙂 trois\n")

		for name, x := range map[string]struct {
			seq  uint64
			base node.TextVersion
			s    []text.Splice
			want error
		}{
			"half an emoji":        {9, second, splice(4, 0, "x"), node.ErrSplices},
			"behind the end":       {9, first, splice(90, 0, "x"), node.ErrSplices},
			"before the beginning": {9, first, splice(-1, 0, "x"), node.ErrSplices},
			"too long":             {9, first, splice(0, 0, strings.Repeat("x", node.MaxTyped+1)), node.ErrSplices},
			"a number used before": {3, second, splice(0, 0, "x"), node.ErrVersionGone},
			"no version":           {9, "v", splice(0, 0, "x"), node.ErrVersionGone},
			"another's version":    {9, node.TextVersion("v" + strings.Repeat("A", 70)), splice(0, 0, "x"), node.ErrVersionGone},
		} {
			if _, err := c.EditPage(v.Context(), self, id, node.Typing{Client: "w", Seq: x.seq, Base: x.base, Splices: x.s}); !errors.Is(err, x.want) {
				v.Errorf("%s: %v; want %v", name, err, x.want)
			}
		}
		says(" 🙂 trois\n")
		w.editor.Close()

		// A version is known after a restart, too.
		a.halt()
		a.start()
		c = a.current()
		edit(1, second, splice(2, 3, "|"))
		says("| trois\n")
		again, err := c.OpenPage(id, "w", "Ana", second)
		if err != nil {
			v.Fatal(err)
		}
		defer again.Close()
		if e, err = again.Next(v.Context()); err != nil || e.Text == nil {
			v.Errorf("after a restart %+v is told, %v; want the text", e, err)
		}
		now := e.At
		w2, err := c.OpenPage(id, "w2", "Ana", now)
		if err != nil {
			v.Fatal(err)
		}
		defer w2.Close()
		if e, err = w2.Next(v.Context()); err != nil || e.Text != nil || len(e.People) != 1 {
			v.Errorf("who has the version is told %+v, %v; want who is there", e, err)
		}
		if _, err := c.Write(v.Context(), func() ([][]crdt.Edit, error) {
			d, err := c.Doc(id)
			if err != nil {
				return nil, err
			}
			return commons.Remove(d)
		}); err != nil {
			v.Fatal(err)
		}
		if _, err := c.EditPage(v.Context(), self, id, node.Typing{Client: "w", Seq: 2, Base: now, Splices: splice(0, 0, "x")}); !errors.Is(err, commons.ErrRemoved) {
			v.Errorf("an edit of a removed page: %v; want %v", err, commons.ErrRemoved)
		}
	})
}

// Alone, a second of typing is a change; while somebody is there, a moment is.
func TestTypingIsGathered(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		c := a.found("Boulonnais")
		id := a.page("Charte", "")
		typeFor := func(w *window, d time.Duration) (changes int) {
			v.Helper()
			before, err := c.History(id)
			if err != nil && !errors.Is(err, node.ErrNotFound) {
				v.Fatal(err)
			}
			ctx, stop := context.WithCancel(v.Context())
			var group sync.WaitGroup
			group.Go(func() { _ = w.follow(ctx) }) // it ends with ctx
			synctest.Wait()
			for end := time.Now().Add(d); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
				w.typed(text.Splice{Ins: "x"})
				group.Go(func() {
					if err := w.send(v.Context()); err != nil {
						v.Errorf("send: %v", err)
					}
				})
			}
			<-time.After(5 * time.Second)
			stop()
			group.Wait()
			after, err := c.History(id)
			if err != nil {
				v.Fatal(err)
			}
			return len(after) - len(before)
		}
		w := openWindow(v.T, c, id, "w", "Ana")
		defer w.editor.Close()
		if n := typeFor(w, 10*time.Second); n < 9 || n > 12 {
			v.Errorf("ten seconds of typing alone are %d changes; want about ten", n)
		}
		other := openWindow(v.T, c, id, "other", "Bob")
		defer other.editor.Close()
		if n := typeFor(w, 2*time.Second); n < 18 || n > 30 {
			v.Errorf("two seconds of typing beside somebody are %d changes; want about twenty-five", n)
		}
	})
}

func TestPresence(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("La Fabrique"), v.open("La Plume")
		c := a.found("Boulonnais")
		b.join(c)
		id := a.page("Charte", "# Charte 🙂\n\nOn range.\n")
		v.within(time.Minute, a, b)
		wa, wb := openWindow(v.T, c, id, "wa", "Ana"), openWindow(v.T, b.current(), id, "wb", "Bob")
		ctx, stop := context.WithCancel(v.Context())
		var group sync.WaitGroup
		for _, w := range []*window{wa, wb} {
			group.Go(func() { _ = w.follow(ctx) }) // it ends with ctx
		}
		sees := func(w *window, want string) {
			v.Helper()
			<-time.After(time.Second)
			synctest.Wait()
			w.mu.Lock()
			defer w.mu.Unlock()
			got := ""
			for _, p := range w.people {
				got += fmt.Sprintf("%s %s %d-%d;", p.Name, p.Place, p.From, p.To)
			}
			if got != want {
				v.Errorf("%s sees %q; want %q", w.client, got, want)
			}
		}
		sees(wa, "Bob La Plume 0-0;")
		sees(wb, "Ana La Fabrique 0-0;")
		wa.c.PointAt(id, "wa", wa.at, 17, 22) // “range”, behind an emoji
		sees(wb, "Ana La Fabrique 17-22;")
		// It moves with the text.
		if _, err := b.current().EditPage(ctx, node.Author{Person: b.current().Person()}, id, node.Typing{Client: "wb", Seq: 1, Base: wb.at, Splices: splice(0, 0, "!!")}); err != nil {
			v.Fatal(err)
		}
		sees(wb, "Ana La Fabrique 19-24;")
		wa.editor.Close()
		sees(wb, "")
		// Whoever falls silent is gone after a while.
		again := openWindow(v.T, c, id, "wa", "Ana")
		sees(wb, "Ana La Fabrique 0-0;")
		a.halt()
		<-time.After(time.Minute)
		sees(wb, "")
		stop()
		group.Wait()
		wb.editor.Close()
		again.editor.Close()
	})
}

// What a removed person wrote goes out of open pages, and comes back if it is
// taken in again; what others type meanwhile is where they typed it.
func TestVerdictsReachOpenPages(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.duo()
		c := a.current()
		id := a.page("Charte", "On range.\n")
		v.within(time.Minute, a, b)
		w := openWindow(v.T, c, id, "w", "Ana")
		ctx, stop := context.WithCancel(v.Context())
		var group sync.WaitGroup
		group.Go(func() { _ = w.follow(ctx) }) // it ends with ctx
		b.say(id, "On range", "On vend PILULES, on range")
		v.within(time.Minute, a, b)
		types := func(at, ins string) {
			v.Helper()
			w.typed(text.Splice{Pos: strings.Index(w.says(), at) + len(at), Ins: ins})
			if err := w.send(ctx); err != nil {
				v.Fatal(err)
			}
		}
		shows := func(want string) {
			v.Helper()
			v.eventually(want, func() bool { return w.says() == want && a.body(id) == want })
		}
		shows("On vend PILULES, on range.\n")
		types("range", " tout")
		if err := c.Revert(v.Context(), mustWritten(v, a, b)...); err != nil {
			v.Fatal(err)
		}
		shows("On range tout.\n")
		types("tout", ", vite")
		shows("On range tout, vite.\n")
		told := func() []node.Revision {
			list, err := c.Revisions(id)
			if err != nil {
				v.Fatal(err)
			}
			return list
		}
		if got := told(); len(got) != 1 {
			v.Errorf("%d revisions count: %+v; want Ana's", len(got), got)
		}
		steps, err := c.History(id)
		if err != nil {
			v.Fatal(err)
		}
		for _, s := range steps { // all can be looked at, what doesn't count too
			for _, version := range []string{s.Change.ID.String(), s.Change.ID.String() + "^"} {
				if _, err := c.ComparePage(id, "", version, 0); err != nil {
					v.Errorf("compare %s: %v", version, err)
				}
			}
		}
		if passages, _, err := c.Blame(id); err != nil || len(passages) == 0 {
			v.Errorf("blame: %v, %v", passages, err)
		}
		if err := c.Adopt(v.Context(), mustWritten(v, a, b)...); err != nil {
			v.Fatal(err)
		}
		shows("On vend PILULES, on range tout, vite.\n")
		if got := told(); len(got) < 2 {
			v.Errorf("taken in again, %d revisions count: %+v; want Benoît's too", len(got), got)
		}
		v.within(time.Minute, a, b)
		if got := b.body(id); got != a.body(id) {
			v.Errorf("La Plume has %q", got)
		}
		w.mu.Lock()
		if w.began != 1 {
			v.Errorf("the window began from %d texts", w.began)
		}
		w.mu.Unlock()
		stop()
		group.Wait()
		w.editor.Close()
	})
}

// A long text that comes while somebody else types stays in one piece each.
func TestALongTextMeetsTyping(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.duo()
		c := a.current()
		id := a.page("Charte", "[]\n()\n")
		v.within(time.Minute, a, b)
		d, err := c.Doc(id)
		if err != nil {
			v.Fatal(err)
		}
		long := strings.Repeat("« C'est long… 🙂 »\n", 8000)
		var group sync.WaitGroup
		group.Go(func() {
			for range 100 {
				b.say(id, ")", ".)")
			}
		})
		<-time.After(20 * time.Millisecond)
		if err := c.LeavePage(v.Context(), node.Author{Person: c.Person()}, id, node.VersionOf(d), "["+long+"]\n()\n"); err != nil {
			v.Fatal(err)
		}
		group.Wait()
		v.within(time.Minute, a, b)
		if got, want := a.body(id), "["+long+"]\n("+strings.Repeat(".", 100)+")\n"; got != want {
			v.Errorf("the page has %d bytes, beginning %.60q and ending %.130q; want %d", len(got), got, got[max(0, len(got)-130):], len(want))
		}
		steps, err := c.History(id)
		if err != nil || len(steps) < 100+len(long)/(32<<10) {
			v.Errorf("%d changes, %v; want those of both", len(steps), err)
		}
		if err := c.LeavePage(v.Context(), node.Author{Person: c.Person()}, id, "x", ""); !errors.Is(err, node.ErrVersionGone) {
			v.Errorf("from no version: %v; want %v", err, node.ErrVersionGone)
		}
	})
}
