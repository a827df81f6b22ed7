// Package webtest looks at pages as people do: in a real browser, Debian's
// Chromium, of any size, in any language, in the dark, without JavaScript, with
// the keyboard alone; and asks axe-core whether everybody can use them.
//
//	b := webtest.Start(t)
//	p := b.Page(t, webtest.View{Width: 360, Height: 740, Language: "fr"})
//	p.Open(url)
//	p.Follow(func() { p.Click("form button") })
//	p.Shot("home.png")
//	for _, v := range p.Axe() { t.Error(v) }
//
// It speaks the Chrome DevTools Protocol over a pipe
// (https://chromedevtools.github.io/devtools-protocol/): the few commands that
// these tests need, since a library for all of them is larger than all else
// here. The browser resolves no name, so that a page that asks for another
// machine gets nothing, and what it asked for is remembered. Whatever fails
// fails the test.
//
// axe-core (axe/, MPL-2.0) is the npm package axe-core 4.14.1 as it stands.
package webtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// patience is how long the browser may take for anything.
const patience = 30 * time.Second

// A Browser is a running Chromium.
type Browser struct {
	out io.WriteCloser

	mu       sync.Mutex // guards what follows
	last     int
	waiting  map[int]chan<- reply
	sessions map[string]*Page
	gone     bool
}

type message struct {
	ID        int             `json:"id,omitempty"`
	Session   string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Complaint *complaint      `json:"error,omitempty"`
}

type complaint struct {
	Message string `json:"message"`
}

type reply struct {
	result json.RawMessage
	err    error
}

// Start starts Chromium. It ends with the test.
func Start(t *testing.T) *Browser {
	t.Helper()
	profile := t.TempDir()
	cmd := exec.Command("chromium",
		"--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+profile, "--no-first-run", "--disable-extensions", "--disable-sync", "--disable-background-networking",
		"--disable-component-update", "--disable-default-apps", "--disable-dev-shm-usage", "--metrics-recording-only", "--force-color-profile=srgb",
		"--font-render-hinting=none", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+profile)
	commands, toBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromBrowser, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{commands, answers}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting chromium (make install-deps installs it): %v", err)
	}
	commands.Close()
	answers.Close()
	b := &Browser{out: toBrowser, waiting: map[int]chan<- reply{}, sessions: map[string]*Page{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b.read(fromBrowser)
	}()
	t.Cleanup(func() {
		_, _ = b.call("", "Browser.close", nil) // it may be gone already
		toBrowser.Close()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = cmd.Wait() // how it ends says nothing about the pages
		}()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		<-read
		fromBrowser.Close()
	})
	return b
}

// read hands out what the browser says, until it ends.
func (b *Browser) read(in io.Reader) {
	r := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := r.ReadBytes(0)
		if err != nil {
			break
		}
		var m message
		if json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &m) != nil {
			continue
		}
		b.mu.Lock()
		ch, page := b.waiting[m.ID], b.sessions[m.Session]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		switch {
		case m.ID != 0 && ch != nil && m.Complaint != nil:
			ch <- reply{err: fmt.Errorf("chromium: %s", m.Complaint.Message)}
		case m.ID != 0 && ch != nil:
			ch <- reply{result: m.Result}
		case m.Method != "" && page != nil:
			page.happened(m.Method, m.Params)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	for _, ch := range b.waiting {
		ch <- reply{err: io.ErrUnexpectedEOF}
	}
}

// call sends a command and waits for what it returns.
func (b *Browser) call(session, method string, params any) (json.RawMessage, error) {
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	if params == nil {
		raw = nil
	}
	ch := make(chan reply, 1)
	b.mu.Lock()
	if b.gone {
		b.mu.Unlock()
		return nil, io.ErrClosedPipe
	}
	b.last++
	id := b.last
	b.waiting[id] = ch
	line, err := json.Marshal(message{ID: id, Session: session, Method: method, Params: raw})
	if err == nil {
		_, err = b.out.Write(append(line, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case r := <-ch:
		if r.err != nil {
			return nil, fmt.Errorf("%s: %w", method, r.err)
		}
		return r.result, nil
	case <-time.After(patience):
		return nil, fmt.Errorf("%s: no answer in %v", method, patience)
	}
}

// shots is where screenshots are kept: .web in the repository's root, which git
// ignores; they are for people to look at.
func shots() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".web"), nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", os.ErrNotExist
		}
		dir = up
	}
}
