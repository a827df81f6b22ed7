package editing_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
	"navette/node/editing"
	"navette/storage/memkv"
)

// desk is a node with a page, and the server of it.
type desk struct {
	c    *node.Commons
	page crdt.ID
	http *httptest.Server
}

func newDesk(t *testing.T, body string) *desk {
	t.Helper()
	n, err := node.Open(node.Options{Dir: t.TempDir(), Store: memkv.New(memkv.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, node.Links{}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	d := &desk{page: crdt.ID{1}}
	if d.c, err = n.Found(t.Context(), "Boulonnais", "La Fabrique", "Ana", false); err != nil {
		t.Fatal(err)
	}
	_, err = d.c.Write(t.Context(), func() ([][]crdt.Edit, error) {
		return commons.Add(d.page, "page", []commons.Assign{{Field: "title", Text: "Charte"}, {Field: "body", Text: body}}, d.c.Env())
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	refused := func(w http.ResponseWriter, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, r *http.Request) {
		refused(w, editing.Stream(w, r, d.c, d.page, r.URL.Query().Get("name")))
	})
	mux.HandleFunc("POST /live", func(w http.ResponseWriter, r *http.Request) {
		saved, err := editing.Type(r, d.c, d.page, node.Author{Person: d.c.Person()})
		if err == nil {
			err = json.NewEncoder(w).Encode(saved)
		}
		refused(w, err)
	})
	mux.HandleFunc("POST /live/cursor", func(w http.ResponseWriter, r *http.Request) {
		refused(w, editing.Point(r, d.c, d.page))
	})
	d.http = httptest.NewServer(mux)
	t.Cleanup(d.http.Close)
	return d
}

// browser is a window with its line to the node.
type browser struct {
	*testing.T
	d *desk

	mu     sync.Mutex // guards window
	window editing.Window
	heard  chan struct{} // something was told
	kinds  []string
}

func (d *desk) open(t *testing.T, client string) *browser {
	return &browser{T: t, d: d, window: editing.Window{Client: client}, heard: make(chan struct{}, 1)}
}

// listen follows the stream until it ends or ctx does.
func (b *browser) listen(ctx context.Context) {
	b.mu.Lock()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.d.http.URL+"/live?name="+b.window.Client+"&client="+b.window.Client, nil)
	if err != nil {
		b.Error(err)
	}
	if b.window.Version != "" {
		req.Header.Set("Last-Event-ID", string(b.window.Version))
	}
	b.mu.Unlock()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if ctx.Err() == nil {
			b.Error(err)
		}
		return
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	kind := ""
	for lines.Scan() {
		if k, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			kind = k
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		b.mu.Lock()
		err := b.take(kind, []byte(data))
		b.mu.Unlock()
		if err != nil {
			b.Errorf("%s: a %s of %q: %v", b.window.Client, kind, data, err)
		}
		select {
		case b.heard <- struct{}{}:
		default:
		}
	}
}

func (b *browser) take(kind string, data []byte) error {
	b.kinds = append(b.kinds, kind)
	switch kind {
	case "text":
		var t editing.Text
		if err := json.Unmarshal(data, &t); err != nil {
			return err
		}
		b.window.Begin(t)
	case "step":
		var s editing.Step
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		return b.window.Step(s)
	case "people":
		return json.Unmarshal(data, &b.window.People)
	}
	return nil
}

// until waits until the window is as is wanted.
func (b *browser) until(what string, ok func(w *editing.Window) bool) {
	b.Helper()
	limit := time.After(20 * time.Second)
	for {
		b.mu.Lock()
		done := ok(&b.window)
		b.mu.Unlock()
		if done {
			return
		}
		select {
		case <-b.heard:
		case <-limit:
			b.Fatalf("%s still shows %q, beside %v; want %s", b.window.Client, b.window.Shows(), b.window.People, what)
		}
	}
}

func (b *browser) post(path string, in any) (int, string) {
	b.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.Post(b.d.http.URL+path, "application/json", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil {
		b.Fatal(err)
	}
	return resp.StatusCode, answer.String()
}

// send sends what was typed.
func (b *browser) send() {
	b.mu.Lock()
	in, ok := b.window.Send()
	b.mu.Unlock()
	if !ok {
		return
	}
	if status, answer := b.post("/live", in); status != http.StatusOK {
		b.Errorf("%s: %d: %s", b.window.Client, status, answer)
	}
}

func TestBrowsersEndEqual(t *testing.T) {
	d := newDesk(t, "Bonjour 🙂.\n")
	ctx, stop := context.WithCancel(t.Context())
	var lines, typists sync.WaitGroup
	var all []*browser
	for i := range 3 {
		b := d.open(t, fmt.Sprintf("w%d", i))
		all = append(all, b)
		lines.Go(func() { b.listen(ctx) })
		b.until("the text", func(w *editing.Window) bool { return w.Version != "" })
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		typists.Go(func() {
			for range 30 {
				b.mu.Lock()
				b.window.Typed(editing.Splice{Pos: rng.IntN(2), Ins: []string{"é", "x", "oui "}[rng.IntN(3)]})
				b.window.Typed(editing.Splice{Pos: b.window.Len() - 1, Ins: "."})
				b.mu.Unlock()
				b.send()
			}
		})
	}
	typists.Wait()
	for _, b := range all {
		b.until("all saved", func(w *editing.Window) bool {
			if out, ok := w.Send(); ok {
				lines.Go(func() {
					if status, answer := b.post("/live", out); status != http.StatusOK {
						t.Errorf("%s: %d: %s", out.Client, status, answer)
					}
				})
			}
			return !w.Unsaved()
		})
	}
	doc, err := d.c.Doc(d.page)
	if err != nil {
		t.Fatal(err)
	}
	want := commons.Body(doc)
	for _, b := range all {
		b.until(fmt.Sprintf("%q", want), func(w *editing.Window) bool { return w.Shows() == want })
		if len(b.window.People) != 2 {
			t.Errorf("%s sees %v; want two people", b.window.Client, b.window.People)
		}
	}
	if n := strings.Count(want, "."); n != 91 {
		t.Errorf("%d full stops; want all 90 that were typed, and the first", n)
	}
	stop()
	lines.Wait()
}

// Whoever loses the line goes on from where they were, with all that was typed.
func TestALostLine(t *testing.T) {
	d := newDesk(t, "un\n")
	b, other := d.open(t, "w"), d.open(t, "other")
	ctx, cut := context.WithCancel(t.Context())
	var lines sync.WaitGroup
	lines.Go(func() { b.listen(ctx) })
	lines.Go(func() { other.listen(t.Context()) })
	for _, x := range []*browser{b, other} {
		x.until("the text", func(w *editing.Window) bool { return w.Shows() == "un\n" && len(w.People) == 1 })
	}
	cut()
	other.until("nobody", func(w *editing.Window) bool { return len(w.People) == 0 })
	b.window.Typed(editing.Splice{Pos: 0, Ins: "«"})
	in, _ := b.window.Send()
	for range 2 { // the first answer got lost
		if status, answer := b.post("/live", in); status != http.StatusOK {
			t.Fatalf("%d: %s", status, answer)
		}
	}
	b.window.Typed(editing.Splice{Pos: 3, Ins: "»"})
	other.until("the first letter", func(w *editing.Window) bool { return w.Shows() == "«un\n" })
	other.window.Typed(editing.Splice{Pos: 1, Ins: "Et "})
	other.send()
	lines.Go(func() { b.listen(t.Context()) })
	b.until("what the other typed", func(w *editing.Window) bool { return w.Shows() == "«Et un»\n" && w.Unsaved() })
	b.send()
	other.until("what was typed without a line", func(w *editing.Window) bool { return w.Shows() == "«Et un»\n" })
	b.mu.Lock()
	if n := strings.Count(strings.Join(b.kinds, " "), "text"); n != 1 {
		t.Errorf("it began from %d texts; want one", n)
	}
	at := b.window.Version
	b.mu.Unlock()
	if status, answer := b.post("/live/cursor", editing.Cursor{Client: "w", Version: at, From: 1, To: 3}); status != http.StatusOK {
		t.Errorf("cursor: %d: %s", status, answer)
	}
	other.until("the cursor", func(w *editing.Window) bool {
		return len(w.People) == 1 && w.People[0].From == 1 && w.People[0].To == 3
	})
	for name, in := range map[string]editing.Typing{
		"no client":  {Seq: 1, Version: at},
		"no number":  {Client: "w", Version: at},
		"no version": {Client: "w", Seq: 99, Version: "x", Splices: []editing.Splice{{Ins: "x"}}},
		"no place":   {Client: "w", Seq: 99, Version: at, Splices: []editing.Splice{{Pos: 99, Ins: "x"}}},
	} {
		if status, answer := b.post("/live", in); status != http.StatusBadRequest {
			t.Errorf("%s: %d: %s", name, status, answer)
		}
	}
	d.http.CloseClientConnections()
	lines.Wait()
}

func TestWindow(t *testing.T) {
	// A long text goes out in parts, which are one text in the end.
	long := strings.Repeat("é🙂x", 10_000)
	w, at := editing.Window{Client: "w"}, 0
	w.Begin(editing.Text{Version: "0", Text: "[]"})
	w.Typed(editing.Splice{Pos: 1, Ins: long})
	w.Typed(editing.Splice{Pos: 0, Ins: "!"})
	var there editing.Window
	there.Begin(editing.Text{Version: "0", Text: "[]"})
	for parts := 1; ; parts++ {
		out, ok := w.Send()
		if !ok {
			if parts < 3 {
				t.Errorf("%d bytes went out in %d parts", len(long), parts)
			}
			break
		}
		n := 0
		for _, s := range out.Splices {
			n += len(s.Ins)
		}
		if n > node.MaxTyped {
			t.Fatalf("a part of %d bytes", n)
		}
		at++
		step := editing.Step{Version: node.TextVersion(fmt.Sprint(at)), Splices: out.Splices, Client: out.Client, Seq: out.Seq}
		for _, x := range []*editing.Window{&w, &there} {
			if err := x.Step(step); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := "![" + long + "]"; w.Shows() != want || there.Shows() != want {
		t.Errorf("the parts don't make up the text")
	}

	// Begun anew, what wasn't saved stays; what was saved isn't there twice.
	for _, c := range []struct {
		name, anew string
		seq        uint64
		want       string
	}{
		{"not saved", "zéro un\n", 0, "zéro un deux trois\n"},
		{"saved, and the answer lost", "un deux, etc.\n", 1, "un deux, etc. trois\n"},
		{"saved before the node was started anew", "un deux trois\n", 0, "un deux trois\n"},
	} {
		var w editing.Window
		w.Begin(editing.Text{Version: "1", Text: "un\n"})
		w.Typed(editing.Splice{Pos: 2, Ins: " deux"})
		w.Send()
		w.Typed(editing.Splice{Pos: 7, Ins: " trois"})
		w.Begin(editing.Text{Version: "2", Text: c.anew, Seq: c.seq})
		if got := w.Shows(); got != c.want {
			t.Errorf("%s: it shows %q; want %q", c.name, got, c.want)
		}
	}
}
