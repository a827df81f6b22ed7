package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// alone runs the harness' workload on Navette where the harness isn't: cold
// join, nothing to do, 1 % edited on both sides, live edits. It has to run in
// a network namespace of its own, as root there.
func alone(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("alone", flag.ContinueOnError)
	program, dir := f.String("navette", "navette", "the daemon's program"), f.String("dir", "", "the working folder")
	n, out := f.Int("n", 10000, "how many records"), f.String("o", "navette.json", "where to write the result")
	if err := f.Parse(args); err != nil {
		return err
	}
	w := &workload{n: *n, file: filepath.Join(*dir, "records.jsonl"), result: result{Peer: "navette", N: *n}}
	file, err := os.Create(w.file)
	if err != nil {
		return err
	}
	if w.ids, err = writeRecords(file, *n); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := setUp(); err != nil {
		return err
	}
	w.a, w.b = newPeer(*program, *dir, "A"), newPeer(*program, *dir, "B")
	defer func() {
		for _, p := range []*peer{w.a, w.b} {
			if err := p.stop(); err != nil {
				fmt.Fprintln(os.Stderr, "bench: stopping", p.name, err)
			}
		}
	}()
	for _, phase := range []struct {
		name string
		run  func(context.Context) error
	}{{"load", w.load}, {"join", w.join}, {"equal", w.equal}, {"diverge", w.diverge}, {"live", w.live}} {
		if err := phase.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", phase.name, err)
		}
		fmt.Fprintln(os.Stderr, "done:", phase.name)
	}
	b, err := json.MarshalIndent(w.result, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(*out, b, 0o666)
}

// A workload under way.
type workload struct {
	n      int
	file   string
	ids    []string
	a, b   *peer
	result result
}

// load imports all records on one side, and starts it again.
func (w *workload) load(ctx context.Context) error {
	if err := errors.Join(link(false), w.a.start(ctx)); err != nil {
		return err
	}
	begin := time.Now()
	if err := w.a.call(ctx, "/load", request{File: w.file, N: w.n}, nil); err != nil {
		return err
	}
	s := time.Since(begin).Seconds()
	w.result.Write = writing{S: s, Rate: float64(w.n) / s, RSS: w.a.peak()}
	return w.a.stop()
}

// join has the other side join, from nothing.
func (w *workload) join(ctx context.Context) error {
	if err := errors.Join(w.a.start(ctx), w.b.start(ctx), link(true)); err != nil {
		return err
	}
	pause(ctx, 1500*time.Millisecond)
	cpu, bytes, begin := [2]float64{w.a.cpu(), w.b.cpu()}, counted(), time.Now()
	var info request
	if err := w.a.call(ctx, "/info", request{}, &info); err != nil {
		return err
	}
	if err := w.b.call(ctx, "/connect", info, nil); err != nil {
		return err
	}
	err := poll(ctx, 20*time.Millisecond, func() (bool, error) {
		var c struct{ Count int }
		err := w.b.call(ctx, "/count", request{}, &c)
		return c.Count >= w.n, err
	})
	s := time.Since(begin).Seconds()
	w.result.Cold = exchange{
		OK: err == nil, S: s, Bytes: traffic{counted() - bytes},
		CPU: map[string]float64{"A": w.a.cpu() - cpu[0], "B": w.b.cpu() - cpu[1]},
		RSS: map[string]float64{"A": w.a.peak(), "B": w.b.peak()},
	}
	pause(ctx, 5*time.Second)
	w.result.Cold.Settled = traffic{counted() - bytes}
	w.result.Disk = map[string]any{"A": w.a.disk(), "B": w.b.disk()}
	return err
}

// reconnect takes the link away and gives it back after edit, and says how long
// the two took to find each other.
func (w *workload) reconnect(ctx context.Context, edit func() error) error {
	if err := link(false); err != nil {
		return err
	}
	pause(ctx, 2*time.Second)
	if err := errors.Join(edit(), link(true)); err != nil {
		return err
	}
	begin := time.Now()
	err := poll(ctx, 10*time.Millisecond, func() (bool, error) {
		var s struct{ Peers int }
		err := w.b.call(ctx, "/state", request{}, &s)
		return s.Peers > 0, err
	})
	w.result.Reconnects.Connected = append(w.result.Reconnects.Connected, time.Since(begin).Seconds())
	return err
}

// equal lets two equal sides meet again.
func (w *workload) equal(ctx context.Context) error {
	bytes := counted()
	err := w.reconnect(ctx, func() error { bytes = counted(); return nil })
	pause(ctx, 15*time.Second)
	w.result.Equal.Bytes = traffic{counted() - bytes}
	return err
}

// diverge lets the two meet after each has changed 1 % of what the other has not.
func (w *workload) diverge(ctx context.Context) error {
	k := max(1, w.n/100)
	order := rand.New(rand.NewPCG(7, 7)).Perm(w.n)
	items := func(side int, rev string) (list [][2]string) {
		for _, i := range order[side*k : side*k+k] {
			list = append(list, [2]string{w.ids[i], rev})
		}
		return list
	}
	ofA, ofB := items(0, "A1"), items(1, "B1")
	bytes, begin := 0, time.Now()
	err := w.reconnect(ctx, func() error {
		err := errors.Join(w.a.call(ctx, "/edit", request{Items: ofA}, nil), w.b.call(ctx, "/edit", request{Items: ofB}, nil))
		bytes, begin = counted(), time.Now()
		return err
	})
	if err != nil {
		return err
	}
	err = poll(ctx, 10*time.Millisecond, func() (bool, error) {
		var a, b struct{ N int }
		err := errors.Join(w.b.call(ctx, "/matches", request{Items: ofA}, &a), w.a.call(ctx, "/matches", request{Items: ofB}, &b))
		return a.N+b.N == 2*k, err
	})
	w.result.Diverge = exchange{OK: err == nil, S: time.Since(begin).Seconds(), Bytes: traffic{counted() - bytes}}
	pause(ctx, 3*time.Second)
	w.result.Diverge.Settled = traffic{counted() - bytes}
	return err
}

// live changes one record after the other and sees each arrive.
func (w *workload) live(ctx context.Context) error {
	const edits = 200
	var took []float64
	bytes := counted()
	for i := range edits {
		id, rev := w.ids[(i*37)%w.n], fmt.Sprint("L", i)
		var seen struct{ T int64 }
		var sent struct{ T0, T1 int64 }
		var wait sync.WaitGroup
		var waited error
		wait.Go(func() { waited = w.b.call(ctx, "/wait?timeout=30&id="+id+"&rev="+rev, request{}, &seen) })
		pause(ctx, 10*time.Millisecond)
		err := w.a.call(ctx, "/edit", request{Items: [][2]string{{id, rev}}}, &sent)
		wait.Wait()
		if err := errors.Join(err, waited); err != nil {
			return err
		}
		took = append(took, float64(seen.T-sent.T0)/1e6)
		pause(ctx, 20*time.Millisecond)
	}
	slices.Sort(took)
	w.result.Live = live{N: edits, P50: took[edits/2], P99: took[edits*99/100], Bytes: (counted() - bytes) / edits}
	return nil
}

// pause lets time pass in which the daemons do what they do.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
