package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"

	"navette/node"
	"navette/node/valise"
)

// valiseHeader is where GET /v1/valise says, in JSON, what is in it.
const valiseHeader = "Navette-Valise"

const valiseType = "application/age"

func (s *Server) pack(w http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	var to *node.Heard
	if place := r.URL.Query().Get("for"); place != "" {
		if to, err = c.Heard(place); errors.Is(err, node.ErrNoPlace) {
			err = refuse(CodeNoPlace, place, joined(c.Places()))
		}
		if err != nil {
			return nil, err
		}
	}
	p, err := c.Pack(r.Context(), to)
	if err != nil {
		return nil, err
	}
	m := p.Manifest
	head, err := json.Marshal(Valise{Name: p.Name, Things: things(m.Things), Changes: m.Counts.Changes, Files: m.Counts.Files, Bytes: m.Counts.Bytes})
	if err != nil {
		return nil, err
	}
	w.Header().Set("Content-Type", valiseType)
	w.Header().Set(valiseHeader, string(head))
	return nil, s.pour(w, r, p.Write)
}

func things(list []valise.Things) map[string]int {
	out := map[string]int{}
	for _, t := range list {
		out[t.Kind] += t.Count
	}
	return out
}

func (s *Server) unpack(w http.ResponseWriter, r *http.Request) (any, error) {
	// The answer begins while the valise still comes. What isn't read before it
	// ends is, after it: a client that knows how it ends sends no more.
	if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
		return nil, fmt.Errorf("answer while reading: %w", err)
	}
	defer func() { _, _ = io.Copy(io.Discard, r.Body) }()
	out := newLines(w)
	var last UnpackLine
	var err error
	if r.URL.Query().Get("look") != "" {
		err = s.node.Look(r.Body)
	} else {
		var u *node.Unpacked
		u, err = s.node.Unpack(r.Context(), r.Body, func(done, total int) {
			_ = out.send(UnpackLine{Progress: &Progress{done, total}}) // the client went away: its file ends, and that is told
		})
		if err == nil {
			last.Result = unpackedOf(u)
		}
	}
	if err != nil {
		out.fail(err)
		return nil, nil
	}
	_ = out.send(last) // the client went away: there is nobody to tell
	return nil, nil
}

func unpackedOf(u *node.Unpacked) *Unpacked {
	f := u.Commons.Fingerprint()
	out := &Unpacked{
		Commons: u.Commons.Name(), From: u.Commons.PlaceName(u.From), Device: u.From.String(), Own: u.Own, Complete: u.Complete,
		Things: things(u.Things), Total: u.Total, Changes: u.Changes, Files: u.Files, Unusable: u.Unusable,
		Fingerprint: f.String(), Full: f.Hex(),
	}
	if !u.Made.IsZero() {
		made := u.Made.UTC()
		out.Made = &made
	}
	switch {
	case u.Complete:
	case u.Elsewhere:
		out.Why = "elsewhere"
	case u.Cut != nil:
		out.Why = "cut"
	default:
		out.Why = "partly"
	}
	return out
}

// Pack returns a valise for a place, "" for everybody, as it comes, and what is
// in it. What goes wrong in the middle is the error of its reader. The caller
// closes it.
func (c *Client) Pack(ctx context.Context, place string) (v Valise, body io.ReadCloser, err error) {
	query := url.Values{}
	if place != "" {
		query.Set("for", place)
	}
	resp, err := c.do(ctx, http.MethodGet, "/v1/valise", query, nil)
	if err != nil {
		return v, nil, err
	}
	if err := json.Unmarshal([]byte(resp.Header.Get(valiseHeader)), &v); err != nil {
		return v, nil, errors.Join(fmt.Errorf("read what is in the valise: %w", err), resp.Body.Close())
	}
	return v, &pouredBody{resp}, nil
}

// Unpack hands a valise to the node, and each line of its answer to each.
func (c *Client) Unpack(ctx context.Context, file io.Reader, each func(UnpackLine) error) error {
	return c.hand(ctx, nil, file, each)
}

// Look hands a valise to the node for it to remember what its packer has.
func (c *Client) Look(ctx context.Context, file io.Reader) error {
	return c.hand(ctx, url.Values{"look": {"1"}}, file, func(UnpackLine) error { return nil })
}

func (c *Client) hand(ctx context.Context, query url.Values, file io.Reader, each func(UnpackLine) error) error {
	body := &handed{file: file}
	resp, err := c.send(ctx, http.MethodPost, "/v1/valise", query, body, "Content-Type", valiseType)
	if err != nil {
		return body.or(err)
	}
	defer body.done.Store(true)
	err = eachLine(resp, func(line json.RawMessage) error {
		var l UnpackLine
		if err := json.Unmarshal(line, &l); err != nil {
			return fmt.Errorf("read the node's answer: %w", err)
		}
		body.done.Store(l.Progress == nil)
		return each(l)
	})
	return body.or(err)
}

// handed is a file that ends when the node knows enough of it.
type handed struct {
	file io.Reader
	done atomic.Bool
	err  atomic.Pointer[error] // of the file
}

// Read implements io.Reader.
func (h *handed) Read(b []byte) (int, error) {
	if h.done.Load() {
		return 0, io.EOF
	}
	n, err := h.file.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		h.err.Store(&err)
	}
	return n, err
}

// or is what went wrong with the file, or else err.
func (h *handed) or(err error) error {
	if file := h.err.Load(); err != nil && file != nil {
		return *file
	}
	return err
}
