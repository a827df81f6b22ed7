package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"navette/node/api"
)

// A side is a contender: the harness' little API in front of a daemon.
type side struct {
	*daemon
	mu     sync.Mutex // guards invite
	invite string     // that of the last /info
}

// request is what the harness sends, of whatever is asked.
type request struct {
	File   string      `json:"file"`
	N      int         `json:"n"`
	Items  [][2]string `json:"items"` // id, rev
	Invite string      `json:"invite"`
}

// contender serves the harness on a unix socket until it is told to stop.
func contender(ctx context.Context, args []string) (err error) {
	f := flag.NewFlagSet("contender", flag.ContinueOnError)
	program, dir, sock := f.String("navette", "navette", "the daemon's program"), f.String("dir", "", "its folder"), f.String("sock", "", "where to listen")
	place := f.String("place", "A", "the place's name")
	if err := f.Parse(args); err != nil {
		return err
	}
	d, err := startDaemon(ctx, *program, *dir, *place)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	s := &side{daemon: d}
	mux := http.NewServeMux()
	for path, h := range map[string]func(*http.Request, request) (any, error){
		"/count": s.count, "/load": s.load, "/edit": s.edit, "/get": s.show, "/matches": s.matches,
		"/wait": s.wait, "/info": s.info, "/connect": s.connect, "/disconnect": nothing, "/state": s.state,
	} {
		mux.HandleFunc(path, answer(h))
	}
	l, err := net.Listen("unix", *sock)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	go func() {
		select {
		case <-ctx.Done():
		case err := <-d.done:
			fmt.Fprintln(os.Stderr, "bench: the daemon ended:", err)
			d.done <- err
		}
		server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answer(h func(*http.Request, request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in request
		var out any
		err := json.NewDecoder(r.Body).Decode(&in)
		if err == nil || r.ContentLength == 0 {
			out, err = h(r, in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(out) // the harness went away
	}
}

func nothing(*http.Request, request) (any, error) { return struct{}{}, nil }

// count is how many records there are.
func (s *side) count(r *http.Request, _ request) (any, error) {
	c, err := s.here(r.Context())
	return map[string]int{"count": c.Resources["tool"]}, err
}

// load imports records.
func (s *side) load(r *http.Request, in request) (any, error) {
	csv, err := asCSV(in.File, in.N)
	if err != nil {
		return nil, err
	}
	var last api.ImportLine
	req := api.ImportRequest{Files: []api.File{{Name: "records.csv", Data: csv}}}
	err = s.Stream(r.Context(), http.MethodPost, "/v1/import", nil, req, func(line json.RawMessage) error {
		return json.Unmarshal(line, &last)
	})
	if err == nil && (last.Result == nil || last.Result.New != in.N) {
		err = fmt.Errorf("imported %+v; want %d new", last.Result, in.N)
	}
	return struct{}{}, err
}

// edit changes two fields of each record, one record after the other.
func (s *side) edit(r *http.Request, in request) (any, error) {
	var begin time.Time
	for _, it := range in.Items {
		record, err := s.get(r.Context(), it[0])
		if err != nil {
			return nil, err
		}
		quantity, err := strconv.Atoi(value(record, "custom.quantity"))
		if err != nil {
			return nil, fmt.Errorf("record %s: quantity: %w", it[0], err)
		}
		if begin.IsZero() || len(in.Items) == 1 {
			begin = time.Now()
		}
		if err := s.set(r.Context(), it[0], "custom.rev="+it[1], fmt.Sprint("custom.quantity=", quantity+1)); err != nil {
			return nil, err
		}
	}
	return map[string]int64{"t0": begin.UnixNano(), "t1": time.Now().UnixNano()}, nil
}

func (s *side) show(r *http.Request, _ request) (any, error) {
	return s.get(r.Context(), r.FormValue("id"))
}

// matches is how many of the records have the given rev.
func (s *side) matches(r *http.Request, in request) (any, error) {
	n := 0
	for _, it := range in.Items {
		record, err := s.get(r.Context(), it[0])
		if err != nil {
			return nil, err
		}
		if value(record, "custom.rev") == it[1] {
			n++
		}
	}
	return map[string]int{"n": n}, nil
}

// wait answers once a record has the given rev, and says when that was seen.
func (s *side) wait(r *http.Request, _ request) (any, error) {
	seconds, _ := strconv.Atoi(r.FormValue("timeout"))
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(seconds)*time.Second)
	defer cancel()
	err := poll(ctx, 300*time.Microsecond, func() (bool, error) {
		record, err := s.get(ctx, r.FormValue("id"))
		return err == nil && value(record, "custom.rev") == r.FormValue("rev"), err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return map[string]int64{"t": 0}, nil
	}
	return map[string]int64{"t": time.Now().UnixNano()}, err
}

// info names the daemon's process, and invites whoever asks.
func (s *side) info(r *http.Request, _ request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.invite == "" && r.FormValue("quiet") == "" {
		var in api.Invitation
		err := s.Send(r.Context(), http.MethodPost, "/v1/invitations", api.Invitation{Role: "member", Uses: 1}, &in)
		if err != nil {
			return nil, err
		}
		s.invite = in.Link
	}
	return map[string]any{"invite": s.invite, "pid": s.cmd.Process.Pid}, nil
}

// connect joins the other's commons, the first time. Later the daemons find
// each other by themselves.
func (s *side) connect(r *http.Request, in request) (any, error) {
	if c, err := s.here(r.Context()); err != nil || c.Members > 1 {
		return struct{}{}, err
	}
	return struct{}{}, s.Send(r.Context(), http.MethodPost, "/v1/join", api.Joining{Invitation: in.Invite}, nil)
}

// state is how the exchange stands.
func (s *side) state(r *http.Request, _ request) (any, error) {
	c, err := s.here(r.Context())
	return map[string]any{"peers": c.Exchange.Peers, "state": c.Exchange.State, "fingerprint": c.Fingerprint}, err
}
