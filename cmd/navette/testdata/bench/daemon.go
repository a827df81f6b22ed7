package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node/api"
)

// A daemon is `navette up` on a folder, and a client of it.
type daemon struct {
	*api.Client
	cmd  *exec.Cmd
	done chan error // what became of it
}

// startDaemon runs program until stop, and returns once it answers.
func startDaemon(ctx context.Context, program, dir, place string) (*daemon, error) {
	dir = filepath.Join(dir, "data")
	d := &daemon{
		Client: api.NewClient(filepath.Join(dir, api.SocketName), ""),
		cmd:    exec.Command(program, "up", "--data", dir, "--place", place, "--person", place),
		done:   make(chan error, 1),
	}
	d.cmd.Stdout, d.cmd.Stderr = os.Stderr, os.Stderr
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() { d.done <- d.cmd.Wait() }()
	err := poll(ctx, 20*time.Millisecond, func() (bool, error) {
		select {
		case err := <-d.done:
			return false, fmt.Errorf("%s ended: %w", program, err)
		default:
		}
		s, err := d.status(ctx)
		return err == nil && len(s.Commons) > 0, nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// stop ends the daemon as a service manager does, and waits for it.
func (d *daemon) stop() error {
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return <-d.done
}

func (d *daemon) status(ctx context.Context) (s api.Status, err error) {
	return s, d.Get(ctx, "/v1/status", nil, &s)
}

// here returns how the current commons stands.
func (d *daemon) here(ctx context.Context) (api.CommonsStatus, error) {
	s, err := d.status(ctx)
	if err != nil || len(s.Commons) == 0 {
		return api.CommonsStatus{}, err
	}
	return s.Commons[0], nil
}

// get returns the tool that has a tag.
func (d *daemon) get(ctx context.Context, tag string) (r commons.Resource, err error) {
	var x api.Resource
	err = d.Get(ctx, "/v1/resources/"+idOf(tag).String(), nil, &x)
	return x.Resource, err
}

// set sets fields, and returns once that is durable.
func (d *daemon) set(ctx context.Context, tag string, fields ...string) error {
	return d.Send(ctx, http.MethodPatch, "/v1/resources/"+idOf(tag).String(), api.Assignments{Fields: fields}, nil)
}

// idOf is the id that an import gives the tool of a tag.
func idOf(tag string) crdt.ID { return commons.DerivedID("tool", tag) }

// value is what a resource has in a field, as text.
func value(r commons.Resource, field string) string {
	f, _ := r.Get(field)
	return fmt.Sprint(f.Value)
}

// poll calls f every so often until it returns true or an error.
func poll(ctx context.Context, every time.Duration, f func() (bool, error)) error {
	for {
		if ok, err := f(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
	}
}
