package webtest

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A View is how somebody looks at a page.
type View struct {
	Width, Height int // in CSS pixels; zero is a desktop's 1280 × 800
	Dark          bool
	Language      string // of the browser, as "fr" or "en-GB"
	NoScript      bool   // JavaScript is off
}

// A Page is a tab of a profile of its own.
type Page struct {
	t       *testing.T
	b       *Browser
	session string
	view    View

	mu       sync.Mutex // guards what follows
	requests []Request
	said     []string
	loaded   chan struct{} // gets one at each load
}

// A Request is what a page has asked for.
type Request struct {
	URL    string
	Method string
	Status int // 0: no answer
	Bytes  int // on the wire
	id     string
}

// Page opens a tab with cookies of its own.
func (b *Browser) Page(t *testing.T, v View) *Page {
	t.Helper()
	p := &Page{t: t, b: b, loaded: make(chan struct{}, 100)}
	var context struct {
		ID string `json:"browserContextId"`
	}
	p.into(&context, "", "Target.createBrowserContext", map[string]any{"disposeOnDetach": true})
	var target struct {
		ID string `json:"targetId"`
	}
	p.into(&target, "", "Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": context.ID})
	var session struct {
		ID string `json:"sessionId"`
	}
	p.into(&session, "", "Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true})
	p.session = session.ID
	b.mu.Lock()
	b.sessions[p.session] = p
	b.mu.Unlock()
	t.Cleanup(func() {
		_, _ = b.call("", "Target.disposeBrowserContext", map[string]any{"browserContextId": context.ID}) // it may be gone already
	})
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		p.call(domain+".enable", nil)
	}
	p.call("Security.setIgnoreCertificateErrors", map[string]any{"ignore": true})
	p.Look(v)
	return p
}

// Look changes how the page is looked at. The language and JavaScript count
// from the next page on.
func (p *Page) Look(v View) {
	p.t.Helper()
	if v.Width == 0 {
		v.Width, v.Height = 1280, 800
	}
	p.view = v
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": v.Width, "height": v.Height, "deviceScaleFactor": 1, "mobile": v.Width < 600})
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	p.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{
		{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"},
	}})
	p.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": v.NoScript})
	if v.Language != "" {
		p.call("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Accept-Language": v.Language}})
	}
}

func (p *Page) call(method string, params any) json.RawMessage {
	p.t.Helper()
	raw, err := p.b.call(p.session, method, params)
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

func (p *Page) into(v any, session, method string, params any) {
	p.t.Helper()
	raw, err := p.b.call(session, method, params)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// happened takes in what the browser says of the page.
func (p *Page) happened(method string, params json.RawMessage) {
	var e struct {
		RequestID string `json:"requestId"`
		Request   struct {
			URL    string `json:"url"`
			Method string `json:"method"`
		} `json:"request"`
		Response struct {
			Status int `json:"status"`
		} `json:"response"`
		Length int `json:"encodedDataLength"`
		Entry  struct {
			Level, Text, URL string
		} `json:"entry"`
		Exception struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	if json.Unmarshal(params, &e) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	of := func() *Request {
		for i := len(p.requests) - 1; i >= 0; i-- {
			if p.requests[i].id == e.RequestID {
				return &p.requests[i]
			}
		}
		return &Request{}
	}
	switch method {
	case "Page.loadEventFired":
		select {
		case p.loaded <- struct{}{}:
		default:
		}
	case "Network.requestWillBeSent":
		p.requests = append(p.requests, Request{URL: e.Request.URL, Method: e.Request.Method, id: e.RequestID})
	case "Network.responseReceived":
		of().Status = e.Response.Status
	case "Network.loadingFinished":
		of().Bytes = e.Length
	case "Log.entryAdded":
		// That a page answered with an error is the test's affair.
		if e.Entry.Level == "error" && !strings.HasPrefix(e.Entry.Text, "Failed to load resource: the server responded") {
			p.said = append(p.said, e.Entry.Text+" "+e.Entry.URL)
		}
	case "Runtime.exceptionThrown":
		p.said = append(p.said, e.Exception.Text+" "+e.Exception.Exception.Description)
	}
}

// Requests returns what was asked for since the last call.
func (p *Page) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.requests
	p.requests = nil
	return all
}

// Complaints returns what the browser has complained of since the last call:
// errors of scripts, what a policy has blocked.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.said
	p.said = nil
	return all
}

// Open goes to an address and waits until all of the page is there.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.Follow(func() {
		var went struct {
			Failed string `json:"errorText"`
		}
		p.into(&went, p.session, "Page.navigate", map[string]any{"url": url})
		if went.Failed != "" {
			p.t.Fatalf("%s: %s", url, went.Failed)
		}
	})
}

// Follow does something that leads to another page, and waits for that.
func (p *Page) Follow(do func()) {
	p.t.Helper()
	for len(p.loaded) > 0 {
		<-p.loaded
	}
	do()
	select {
	case <-p.loaded:
	case <-p.t.Context().Done():
		p.t.Fatal("the page never came")
	case <-time.After(patience):
		p.t.Fatalf("the page didn't come in %v", patience)
	}
}

// Eval evaluates an expression in the page, and waits if it is a promise.
func (p *Page) Eval(js string, v any) {
	p.t.Helper()
	var out struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	p.into(&out, p.session, "Runtime.evaluate", map[string]any{"expression": js, "returnByValue": true, "awaitPromise": true})
	if out.Exception != nil {
		p.t.Fatalf("%.80s: %s %s", js, out.Exception.Text, out.Exception.Exception.Description)
	}
	if v != nil {
		if err := json.Unmarshal(out.Result.Value, v); err != nil {
			p.t.Fatalf("%.80s: %v", js, err)
		}
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return string(b)
}

// Until waits until an expression is true in the page.
func (p *Page) Until(js string) {
	p.t.Helper()
	var ok bool
	p.Eval(fmt.Sprintf(`new Promise((done) => {
		const end = Date.now() + %d;
		const look = () => { if (%s) done(true); else if (Date.now() > end) done(false); else setTimeout(look, 30); };
		look();
	})`, (patience-patience/6).Milliseconds(), js), &ok)
	if !ok {
		p.t.Fatalf("it never became true that %s; the page says: %s", js, p.Text("body"))
	}
}

// Text is what an element says, as it is seen.
func (p *Page) Text(selector string) (text string) {
	p.t.Helper()
	p.Eval(`(document.querySelector(`+quote(selector)+`) || {innerText: ""}).innerText`, &text)
	return text
}

// Shows fails the test unless the page says all of it.
func (p *Page) Shows(want ...string) {
	p.t.Helper()
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	text := plain(p.Text("body"))
	for _, w := range want {
		if !strings.Contains(text, plain(w)) {
			p.t.Errorf("the page doesn't say %q: %s", w, text)
		}
	}
}

// Click clicks on the first element that a selector finds.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.Eval(`document.querySelector(`+quote(selector)+`).click()`, nil)
}

// Fill puts the cursor into a field, takes out what is there, and types.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.Eval(`(() => { const f = document.querySelector(`+quote(selector)+`); f.focus(); if (f.select) f.select(); })()`, nil)
	p.Type(text)
}

// Type types where the cursor is.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.call("Input.insertText", map[string]any{"text": text})
}

// keys are those that Press knows.
var keys = map[string]struct {
	code int
	text string
}{
	"Tab": {9, ""}, "Enter": {13, "\r"}, "Escape": {27, ""}, " ": {32, " "}, "ArrowDown": {40, ""}, "End": {35, ""}, "ArrowUp": {38, ""}, "ArrowLeft": {37, ""}, "ArrowRight": {39, ""},
}

// Press presses a key, as "Tab", "Enter" or "Shift+Tab".
func (p *Page) Press(key string) {
	p.t.Helper()
	shift := 0
	if rest, ok := strings.CutPrefix(key, "Shift+"); ok {
		key, shift = rest, 8
	}
	k := keys[key]
	e := map[string]any{"key": key, "code": key, "windowsVirtualKeyCode": k.code, "modifiers": shift}
	down := "rawKeyDown"
	if k.text != "" {
		down, e["text"] = "keyDown", k.text
	}
	e["type"] = down
	p.call("Input.dispatchKeyEvent", e)
	delete(e, "text")
	e["type"] = "keyUp"
	p.call("Input.dispatchKeyEvent", e)
}

// TabTo presses Tab until an element has the focus, as somebody without a
// mouse does.
func (p *Page) TabTo(selector string) {
	p.t.Helper()
	const most = 200
	for range most {
		p.Press("Tab")
		var there bool
		p.Eval(`document.activeElement.matches(`+quote(selector)+`)`, &there)
		if there {
			return
		}
	}
	p.t.Fatalf("Tab never comes to %s", selector)
}

// Shot keeps a picture of the whole page in .web, for people to look at.
func (p *Page) Shot(name string) {
	p.t.Helper()
	var out struct {
		Data string `json:"data"`
	}
	p.into(&out, p.session, "Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": p.view.Width >= 600})
	png, err := base64.StdEncoding.DecodeString(out.Data)
	dir, err2 := shots()
	if err == nil {
		err = err2
	}
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), png, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

//go:embed axe/axe.min.js
var axe string

// A Violation is a rule of axe-core that a page breaks.
type Violation struct {
	ID, Help string
	Nodes    []struct {
		HTML    string
		Summary string `json:"failureSummary"`
	}
}

// String says what is broken, and where.
func (v Violation) String() string {
	s := v.ID + ": " + v.Help
	for _, n := range v.Nodes {
		s += "\n  " + n.HTML + "\n    " + strings.ReplaceAll(n.Summary, "\n", "\n    ")
	}
	return s
}

// Axe returns the rules of WCAG 2.1 A and AA, and of good practice, that the
// page breaks as it is looked at; of those named, if any are.
func (p *Page) Axe(rules ...string) (found []Violation) {
	p.t.Helper()
	if p.view.NoScript { // the page is there by now, axe needs timers
		p.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": false})
		defer p.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	}
	// Not by eval, which the page's policy forbids.
	var there bool
	if p.Eval(`typeof axe !== "undefined"`, &there); !there {
		p.Eval(axe+";0", nil)
	}
	only := ""
	if len(rules) > 0 {
		only = `, runOnly: ["` + strings.Join(rules, `", "`) + `"]`
	}
	p.Eval(`axe.run(document, {resultTypes: ["violations"]`+only+`}).then((r) => r.violations)`, &found)
	return found
}

// Cookie gives the browser a cookie.
func (p *Page) Cookie(url, name, value string) {
	p.t.Helper()
	p.call("Network.setCookie", map[string]any{"url": url, "name": name, "value": value, "httpOnly": true})
}
