package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"navette/node/api"
)

// A rates is how many durable writes a second there are.
type rates struct {
	Peer    string  `json:"peer"`
	Disk    float64 `json:"disk"`    // appending 1 kB to a file, with fsync
	One     float64 `json:"one"`     // one writer, through the API
	Sixteen float64 `json:"sixteen"` // 16 writers, through the API
}

// writes measures durable writes through the API, one at a time and from 16
// writers, beside what the disk does by itself.
func writes(ctx context.Context, args []string) (err error) {
	f := flag.NewFlagSet("writes", flag.ContinueOnError)
	program, dir := f.String("navette", "navette", "the daemon's program"), f.String("dir", "", "its folder")
	n, out := f.Int("n", 2000, "how many"), f.String("o", "writes.json", "where to write the result")
	if err := f.Parse(args); err != nil {
		return err
	}
	d, err := startDaemon(ctx, *program, *dir, "W")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	ids := make([]string, 16)
	for i := range ids {
		var x api.Resource
		in := api.Assignments{Kind: "tool", Fields: []string{fmt.Sprint("name=Perceuse ", i)}}
		if err := d.Send(ctx, http.MethodPost, "/v1/resources", in, &x); err != nil {
			return err
		}
		ids[i] = x.ID
	}
	write := func(i, k int) error {
		in := api.Assignments{Fields: []string{fmt.Sprint("notes=", i, ".", k)}}
		return d.Send(ctx, http.MethodPatch, "/v1/resources/"+ids[i], in, nil)
	}
	r := rates{Peer: "navette-writes"}
	// The disk before and after, for it isn't alone.
	before, err := disk(*dir, *n/4)
	if err != nil {
		return err
	}
	if r.One, err = rate(*n, 1, write); err != nil {
		return err
	}
	if r.Sixteen, err = rate(8**n, 16, write); err != nil {
		return err
	}
	after, err := disk(*dir, *n/4)
	if err != nil {
		return err
	}
	r.Disk = (before + after) / 2
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", b)
	return os.WriteFile(*out, b, 0o666)
}

// rate is how many times a second write succeeds, n times by several writers.
func rate(n, writers int, write func(i, k int) error) (float64, error) {
	var wait sync.WaitGroup
	errs := make([]error, writers)
	begin := time.Now()
	for i := range writers {
		wait.Go(func() {
			for k := 0; k < n/writers && errs[i] == nil; k++ {
				errs[i] = write(i, k)
			}
		})
	}
	wait.Wait()
	return float64(n/writers*writers) / time.Since(begin).Seconds(), errors.Join(errs...)
}

// disk is how often a second the disk makes a file durable that got 1 kB longer.
func disk(dir string, n int) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "disk"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, 1<<10)
	return rate(n, 1, func(int, int) error {
		if _, err := f.Write(block); err != nil {
			return err
		}
		return f.Sync()
	})
}
