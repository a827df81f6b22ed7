package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"navette/storage"
)

// errorTrailer is where an answer that is a file says, in JSON, what went
// wrong in the middle of it.
const errorTrailer = "Navette-Error"

// slowest is how long a client may take to read on: as long as a backup is
// being written, the store keeps rows that were replaced meanwhile.
const slowest = time.Minute

func (s *Server) backup(w http.ResponseWriter, r *http.Request) (any, error) {
	w.Header().Set("Content-Type", "application/octet-stream")
	return nil, s.pour(w, r, s.node.Backup)
}

// pour sends what write writes, as it comes. If that fails before anything was
// sent the error is returned, otherwise the trailer says it.
func (s *Server) pour(w http.ResponseWriter, r *http.Request, write func(context.Context, io.Writer) error) error {
	w.Header().Set("Trailer", errorTrailer)
	out := &patient{gone: r.Context().Err, w: w, c: http.NewResponseController(w)}
	defer out.until(time.Time{})
	// A write that waits for the client doesn't hold up the node's end.
	stop := context.AfterFunc(r.Context(), func() { out.until(time.Unix(1, 0)) })
	defer stop()
	err := write(r.Context(), out)
	if errors.Is(err, storage.ErrCorrupt) {
		err = &Error{Code: CodeDamaged, Detail: err.Error()}
	}
	if err == nil || out.begun {
		if err != nil {
			w.Header().Set(errorTrailer, asJSON(err))
		}
		return nil
	}
	w.Header().Del("Trailer")
	return err
}

// asJSON is what writeError would send.
func asJSON(err error) string {
	var e *Error
	if !errors.As(refusal(err), &e) {
		e = &Error{Code: CodeInternal, Detail: err.Error()}
	}
	b, err := json.Marshal(errorBody{e})
	if err != nil {
		return "{}"
	}
	return string(b)
}

// patient is a response that waits for its client, but not for ever.
type patient struct {
	gone  func() error // why the client isn't there any more
	w     io.Writer
	c     *http.ResponseController
	begun bool
}

// until says how long a write may take.
func (p *patient) until(t time.Time) {
	_ = p.c.SetWriteDeadline(t) // what knows no deadlines isn't a connection
}

// Write implements io.Writer.
func (p *patient) Write(b []byte) (int, error) {
	p.begun = true
	p.until(time.Now().Add(slowest))
	if err := p.gone(); err != nil {
		return 0, err
	}
	return p.w.Write(b)
}

func (s *Server) backedUp(_ http.ResponseWriter, r *http.Request) (any, error) {
	in, err := read[Backup](r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.node.Backed(in.Made)
}

// Backup returns a backup of the node, as it comes. What goes wrong in the
// middle is the error of its reader. The caller closes it.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	resp, err := c.do(ctx, http.MethodGet, "/v1/backup", nil, nil)
	if err != nil {
		return nil, err
	}
	return &pouredBody{resp}, nil
}

// pouredBody is a file that ends with what the trailer says.
type pouredBody struct{ resp *http.Response }

// Read implements io.Reader.
func (b *pouredBody) Read(p []byte) (int, error) {
	n, err := b.resp.Body.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	text := b.resp.Trailer.Get(errorTrailer)
	if text == "" {
		return n, err
	}
	var failed errorBody
	if err := json.Unmarshal([]byte(text), &failed); err != nil || failed.Error == nil {
		return n, fmt.Errorf("the node ended the file: %.200s", text)
	}
	return n, failed.Error
}

// Close implements io.Closer.
func (b *pouredBody) Close() error { return b.resp.Body.Close() }
