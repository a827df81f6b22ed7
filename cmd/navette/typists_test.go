//go:build netns

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"navette/node/api"
	"navette/node/editing"
)

// A typist is somebody at a place who has a page open, through the daemon's
// socket: a file, which the tests reach from outside of the place's network.
type typist struct {
	http *http.Client
	path string // of the page's live editing

	mu     sync.Mutex // guards what follows
	window editing.Window
	seen   map[string]time.Time // when which word first came into the window
	heard  chan struct{}
}

func newTypist(p *place, page, client string) *typist {
	socket := filepath.Join(p.home, "data", api.SocketName)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return &typist{
		http: &http.Client{Transport: &http.Transport{DialContext: dial}}, path: "http://navette/v1/resources/" + page + "/live",
		window: editing.Window{Client: client}, seen: map[string]time.Time{}, heard: make(chan struct{}, 1),
	}
}

// listen takes what the node tells until ctx ends.
func (y *typist) listen(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, y.path+"?client="+y.window.Client, nil)
	if err != nil {
		return err
	}
	resp, err := y.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b, err := io.ReadAll(resp.Body)
		return errors.Join(fmt.Errorf("%s: %s", resp.Status, b), err)
	}
	lines := bufio.NewReader(resp.Body)
	for kind := ""; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		if k, ok := strings.CutPrefix(line, "event: "); ok {
			kind = strings.TrimSpace(k)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			if err := y.take(kind, []byte(data)); err != nil {
				return fmt.Errorf("a %s of %.200q: %w", kind, data, err)
			}
		}
	}
}

func (y *typist) take(kind string, data []byte) (err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch kind {
	case "text":
		var t editing.Text
		if err = json.Unmarshal(data, &t); err == nil {
			y.window.Begin(t)
		}
	case "step":
		var s editing.Step
		if err = json.Unmarshal(data, &s); err == nil {
			err = y.window.Step(s)
		}
		for _, x := range s.Splices {
			for word := range strings.FieldsSeq(x.Ins) {
				if _, ok := y.seen[word]; !ok {
					y.seen[word] = time.Now()
				}
			}
		}
	case "people":
		err = json.Unmarshal(data, &y.window.People)
	}
	select {
	case y.heard <- struct{}{}:
	default:
	}
	return err
}

// is waits until the window is as is wanted.
func (y *typist) is(ctx context.Context, ok func(*editing.Window) bool) error {
	for {
		y.mu.Lock()
		done := ok(&y.window)
		y.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-y.heard:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send sends what was typed, until nothing is left.
func (y *typist) send(ctx context.Context) error {
	for {
		y.mu.Lock()
		in, ok := y.window.Send()
		left := y.window.Unsaved()
		y.mu.Unlock()
		if !left {
			return nil
		}
		if !ok { // something is on the way
			select {
			case <-y.heard:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		body, err := json.Marshal(in)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, y.path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		resp, err := y.http.Do(req)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			return errors.Join(fmt.Errorf("%s: %s", resp.Status, answer), err)
		}
	}
}

// types types words until n are typed, one every pause or so, here and there in
// the page, and takes some letters out. It returns when which word was typed.
func (y *typist) types(ctx context.Context, n int, pause time.Duration, seed uint64) (map[string]time.Time, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	typed := map[string]time.Time{}
	sent := make(chan error, 1)
	more := make(chan struct{}, 1)
	go func() {
		for range more {
			if err := y.send(ctx); err != nil {
				sent <- err
				return
			}
		}
		sent <- y.send(ctx)
	}()
	for i := range n {
		word := fmt.Sprintf("%s%d", y.window.Client, i)
		y.mu.Lock()
		shown := y.window.Shows()
		at := rng.IntN(strings.Count(shown, "\n") + 1)
		pos := 0 // at the beginning of a line: a word stays whole
		for ; at > 0; at-- {
			pos += strings.IndexByte(shown[pos:], '\n') + 1
		}
		// What is shown is ASCII: bytes are units of UTF-16.
		y.window.Typed(editing.Splice{Pos: pos, Ins: word + " " + []string{"", "\n"}[rng.IntN(2)]})
		typed[word] = time.Now()
		y.mu.Unlock()
		select {
		case more <- struct{}{}:
		default:
		}
		select {
		case <-time.After(pause/2 + time.Duration(rng.Int64N(int64(pause)))):
		case <-ctx.Done():
			return typed, ctx.Err()
		}
	}
	close(more)
	return typed, <-sent
}

// together PAGE WORDS PAUSE PLACE…: somebody at each place types so many words
// into a page, with that pause between them; all windows end with the same text.
// How long it took a word into the others' windows is a figure.
func together(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) < 5 {
		return errUsage
	}
	n, err := strconv.Atoi(args[1])
	pause, err2 := time.ParseDuration(args[2])
	if err != nil || err2 != nil {
		return errUsage
	}
	ctx, stop := context.WithTimeout(context.Background(), commandLimit)
	defer stop()
	var all []*typist
	listening, hang := context.WithCancel(ctx)
	var lines sync.WaitGroup
	defer lines.Wait()
	defer hang()
	ended := make(chan error, len(args))
	for _, name := range args[3:] {
		p := l.places[name]
		if p == nil {
			return fmt.Errorf("there is no place %s", name)
		}
		y := newTypist(p, args[0], fmt.Sprintf("w%dx", serial.Add(1)))
		all = append(all, y)
		lines.Go(func() {
			if err := y.listen(listening); listening.Err() == nil {
				ended <- fmt.Errorf("the line to %s: %w", name, err)
				stop()
			}
		})
	}
	failed := func(err error) error {
		select {
		case first := <-ended:
			return first
		default:
			return err
		}
	}
	for _, y := range all {
		if err := y.is(ctx, func(w *editing.Window) bool { return w.Version != "" && len(w.People) == len(all)-1 }); err != nil {
			return failed(fmt.Errorf("waiting until all see each other: %w", err))
		}
	}
	typed := make([]map[string]time.Time, len(all))
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, y := range all {
		group.Go(func() { typed[i], errs[i] = y.types(ctx, n, pause, uint64(i)) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return failed(err)
	}
	words := n * len(all)
	whole := func(w *editing.Window) bool { return len(strings.Fields(w.Shows())) >= words && !w.Unsaved() }
	for _, y := range all {
		if err := y.is(ctx, whole); err != nil {
			return failed(fmt.Errorf("waiting for all words: %w", err))
		}
	}
	want := all[0].window.Shows()
	for _, y := range all {
		if err := y.is(ctx, func(w *editing.Window) bool { return w.Shows() == want }); err != nil {
			return fmt.Errorf("%s shows %q; %s %q", y.window.Client, y.window.Shows(), all[0].window.Client, want)
		}
	}
	var took []time.Duration
	for i := range all {
		for word, at := range typed[i] {
			if !strings.Contains(want, word+" ") {
				return fmt.Errorf("%q is lost", word)
			}
			for j, other := range all {
				if i == j {
					continue
				}
				seen, ok := other.seen[word]
				if !ok {
					return fmt.Errorf("%q came to %s in pieces", word, other.window.Client)
				}
				took = append(took, seen.Sub(at))
			}
		}
	}
	slices.Sort(took)
	l.figure("%d words typed at %d places at once, from the key to the others' windows: p50 %v, p99 %v, at most %v",
		words, len(all), took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
	return nil
}
