// Package editing is how a browser, or any program without a CRDT, edits a page
// that others have open: over HTTP, with a text, a version, and splices of what
// it sees. The people's sides ([navette/node/api] and the web) mount it; who may
// do so is theirs to know.
//
// # What goes over the line
//
// A client opens a stream of server-sent events (WHATWG HTML, 9.2):
//
//	GET …?client=CLIENT              CLIENT: 1 to 32 letters and digits, random, one for each window
//
//	event: text    {"version", "text", "seq"}                   begin anew from this; it has the client's edits up to seq
//	event: step    {"version", "splices", "client", "seq"}      what happened next
//	event: people  [{"client", "name", "place", "from", "to"}]  who else is there
//
// The first event is text, unless the client says which version it has (as
// Last-Event-ID, which browsers do by themselves when the line was lost, or
// ?version=) and the node can go on from it. A version is the id of text and
// step events, and isn't to be looked into. Splices are {"pos", "del", "ins"}:
// at pos, delete del, insert ins; positions count UTF-16 units, and each splice
// counts what those before it left. Cursors (from, to) are where they are in the
// text as it stands, and move with each step; "place" is left out for people at
// the node itself.
//
// It sends what was typed, one request at a time:
//
//	POST …  {"client", "seq", "version", "splices"}   seq: ascending, above that of the text event; version: that of the text it has
//	→       {"version"}                               it is durable
//
// and is told the same as a step, with its client and seq: perhaps moved, since
// what others did came first. The node gathers what is typed: an answer comes
// after up to a second, or 80 ms while somebody else is there, and meanwhile the
// client gathers what is typed next. A request that wasn't answered is sent
// again with its seq, and does nothing a second time. At most 16 KiB go
// into one. Refused are "version_gone" (ask for a text: open the stream without
// a version) and "splices" (they don't fit). Cursors:
//
//	POST …/cursor  {"client", "version", "from", "to"}
//
// # What a client does
//
// It keeps the text as the node has it, what it has sent and wasn't told of as a
// step, and what was typed since; it shows the three together. [Window] does
// that, and is the model for other languages. Whatever a client gets wrong in
// moving its own splices, once it is told of them it has the node's text.
package editing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/text"
	"navette/node"
)

// ErrRequest is a request that isn't as the package says.
var ErrRequest = errors.New("editing: not a request")

// quiet is how long nothing is sent before a line that says nothing, by which
// both sides notice that the other is gone.
const quiet = 15 * time.Second

// A Splice is one of an edit.
type Splice struct {
	Pos int    `json:"pos"`
	Del int    `json:"del"`
	Ins string `json:"ins"`
}

// A Text is what a client begins from.
type Text struct {
	Version node.TextVersion `json:"version"`
	Text    string           `json:"text"`
	Seq     uint64           `json:"seq"` // the client's last edit that it has
}

// A Step is what happened next.
type Step struct {
	Version node.TextVersion `json:"version"`
	Splices []Splice         `json:"splices"`
	Client  string           `json:"client,omitempty"`
	Seq     uint64           `json:"seq,omitempty"`
}

// A Person is somebody who has the page open.
type Person struct {
	Client string `json:"client"`
	Name   string `json:"name"`
	Place  string `json:"place,omitempty"`
	From   int    `json:"from"`
	To     int    `json:"to"`
}

// A Typing is what was typed.
type Typing struct {
	Client  string           `json:"client"`
	Seq     uint64           `json:"seq"`
	Version node.TextVersion `json:"version"`
	Splices []Splice         `json:"splices"`
}

// A Saved answers a Typing.
type Saved struct {
	Version node.TextVersion `json:"version"`
}

// A Cursor is where somebody is.
type Cursor struct {
	Client  string           `json:"client"`
	Version node.TextVersion `json:"version"`
	From    int              `json:"from"`
	To      int              `json:"to"`
}

// Stream answers the request for a page's events, until the client goes. name
// is what others see of whoever sits there. An error comes before anything was
// answered: ErrRequest, or what node.Commons.OpenPage returns.
func Stream(w http.ResponseWriter, r *http.Request, c *node.Commons, page crdt.ID, name string) error {
	client := r.URL.Query().Get("client")
	if !isClient(client) {
		return fmt.Errorf("%w: client %.40q", ErrRequest, client)
	}
	since := r.Header.Get("Last-Event-ID")
	if since == "" {
		since = r.URL.Query().Get("version")
	}
	e, err := c.OpenPage(page, client, name, node.TextVersion(since))
	if err != nil {
		return err
	}
	defer e.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := events{w}
	for {
		told, err := next(r.Context(), e)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil:
			err = out.line(": \n\n")
		case err == nil:
			err = out.tell(told)
		}
		if err != nil {
			return nil // the client went away, or the node stops
		}
	}
}

func isClient(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func next(ctx context.Context, e *node.Editor) (node.Edited, error) {
	ctx, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	return e.Next(ctx)
}

type events struct{ w http.ResponseWriter }

func (out events) line(s string) error {
	if _, err := io.WriteString(out.w, s); err != nil {
		return err
	}
	return http.NewResponseController(out.w).Flush()
}

func (out events) event(kind, id string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	return out.line(id + "event: " + kind + "\ndata: " + string(b) + "\n\n")
}

func (out events) tell(e node.Edited) error {
	if e.Text != nil {
		if err := out.event("text", string(e.At), Text{e.At, *e.Text, e.Seq}); err != nil {
			return err
		}
	}
	for _, s := range e.Steps {
		step := Step{Version: s.At, Splices: []Splice{}, Client: s.Client, Seq: s.Seq}
		for _, x := range s.Splices {
			step.Splices = append(step.Splices, Splice{x.Pos, x.Del, x.Ins})
		}
		if err := out.event("step", string(s.At), step); err != nil {
			return err
		}
	}
	if e.People == nil {
		return nil
	}
	people := []Person{}
	for _, p := range e.People {
		people = append(people, Person(p))
	}
	return out.event("people", "", people)
}

// Type carries out what a request says was typed. The error is ErrRequest, or
// what node.Commons.EditPage returns.
func Type(r *http.Request, c *node.Commons, page crdt.ID, by node.Author) (Saved, error) {
	in, err := read[Typing](r)
	if err != nil {
		return Saved{}, err
	}
	if !isClient(in.Client) || in.Seq == 0 {
		return Saved{}, fmt.Errorf("%w: client %.40q, edit %d", ErrRequest, in.Client, in.Seq)
	}
	typing := node.Typing{Client: in.Client, Seq: in.Seq, Base: in.Version}
	for _, s := range in.Splices {
		typing.Splices = append(typing.Splices, text.Splice{Pos: s.Pos, Del: s.Del, Ins: s.Ins})
	}
	at, err := c.EditPage(r.Context(), by, page, typing)
	return Saved{at}, err
}

// Point takes where a request says the cursor is. The error is ErrRequest.
func Point(r *http.Request, c *node.Commons, page crdt.ID) error {
	in, err := read[Cursor](r)
	if err == nil {
		c.PointAt(page, in.Client, in.Version, in.From, in.To)
	}
	return err
}

// maxRequest bounds what a request may bring.
const maxRequest = 128 << 10

func read[T any](r *http.Request) (in T, err error) {
	if err := json.NewDecoder(io.LimitReader(r.Body, maxRequest)).Decode(&in); err != nil {
		return in, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return in, nil
}
