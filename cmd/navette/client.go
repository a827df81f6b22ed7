package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"navette/node"
	"navette/node/api"
)

// reach says what a command needs where no node runs.
type reach int

const (
	offline  reach = iota // a data folder that is there
	founding              // a data folder, which it makes
	online                // the network too
)

// with calls fn with a client of the node that runs on the data folder. If
// none runs, it opens the folder for as long as fn takes.
func (e *env) with(ctx context.Context, r reach, fn func(*api.Client) error) error {
	socket := filepath.Join(e.data, api.SocketName)
	err := e.ask(socket, fn)
	if !errors.Is(err, api.ErrNoNode) {
		return err
	}
	if r == offline {
		if _, err := os.Stat(e.data); errors.Is(err, os.ErrNotExist) {
			return &failure{code: exitNoCommons, key: "error.no_data", args: []any{e.data, e.self()}}
		}
	}
	d, err := openDaemon(e, settings{quiet: true, offline: r != online})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	select {
	case <-d.ready:
		err = e.ask(socket, fn)
		cancel()
		if failed := <-done; err == nil && failed != nil && !errors.Is(failed, context.Canceled) {
			err = failed
		}
	case err = <-done:
		cancel()
	}
	if errors.Is(err, node.ErrRunning) {
		return &failure{code: exitRunning, key: "error.running", args: []any{e.data}, cause: err}
	}
	return err
}

func (e *env) ask(socket string, fn func(*api.Client) error) error {
	c := api.NewClient(socket, e.commons)
	defer c.Close()
	return fn(c)
}

// show prints v as JSON if that was asked for, else calls words.
func (e *env) show(v any, words func()) error {
	if !e.json {
		words()
		return nil
	}
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// self is how the person started this program, for hints that can be typed as
// they stand.
func (e *env) self() string {
	exe := os.Args[0]
	if strings.Contains(exe, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/navette"
	}
	if filepath.Base(exe) == exe || exe == "" {
		return "navette"
	}
	return exe
}
