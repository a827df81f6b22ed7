//go:build netns

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A daemon is `navette up` in a place.
type daemon struct {
	cmd   *exec.Cmd
	log   string        // the file that has what it said, of all its starts
	ended chan struct{} // closed when it has been waited for
}

// launch starts the daemon of a place.
func (l *lab) launch(p *place, args ...string) error {
	if p.daemon != nil {
		return fmt.Errorf("the daemon of %s runs already", p.name)
	}
	d := &daemon{log: filepath.Join(l.work, p.name+".log"), ended: make(chan struct{})}
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = l.command(context.Background(), p, p.home, append([]string{"navette", "up"}, args...)...)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if p.clock != nil {
		err = startWrong(d.cmd, *p.clock)
	} else {
		err = d.cmd.Start()
	}
	if err != nil {
		return err
	}
	go func() {
		d.cmd.Wait() // its result is in ProcessState
		close(d.ended)
	}()
	p.daemon = d
	return nil
}

// start starts the daemon of a place and returns when it answers.
func (l *lab) start(p *place, args ...string) error {
	if err := l.launch(p, args...); err != nil {
		return err
	}
	d := p.daemon
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := poll(ctx, func() error {
		select {
		case <-d.ended:
			p.daemon = nil
			return final{fmt.Errorf("navette up at %s ended at once: %s; it said:\n%s", p.name, d.cmd.ProcessState, d.tail())}
		default:
		}
		if err := p.answers(); err != nil {
			return err
		}
		return l.runIn(ctx, p, p.home, "", "navette", "status")
	})
	if err != nil && p.daemon != nil {
		return fmt.Errorf("navette up at %s doesn't answer: %w; it said:\n%s", p.name, err, d.tail())
	}
	return err
}

// answers returns nil if a daemon listens on a socket in the place's data
// folder. Until one does, no command of the program may be asked: it would
// open the folder itself.
func (p *place) answers() error {
	entries, err := os.ReadDir(filepath.Join(p.home, "data"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type() == os.ModeSocket {
			conn, err := net.Dial("unix", filepath.Join(p.home, "data", e.Name()))
			if err != nil {
				return err
			}
			return conn.Close()
		}
	}
	return errors.New("there is no socket in its data folder")
}

// stop ends the daemon: asked politely it must end in good order.
func (l *lab) stop(p *place, sig syscall.Signal) error {
	d := p.daemon
	if d == nil {
		return fmt.Errorf("no daemon runs at %s", p.name)
	}
	p.daemon = nil
	err := d.cmd.Process.Signal(sig)
	if err == nil {
		err = d.cmd.Process.Signal(syscall.SIGCONT) // it may be frozen
	}
	if err != nil {
		return fmt.Errorf("the daemon of %s: %w: %s; it said:\n%s", p.name, err, d.cmd.ProcessState, d.tail())
	}
	select {
	case <-d.ended:
	case <-time.After(patience):
		d.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines tell why
		<-d.ended
		return fmt.Errorf("the daemon of %s doesn't end; it said:\n%s", p.name, d.tail())
	}
	if sig != syscall.SIGKILL && d.cmd.ProcessState.ExitCode() != 0 {
		return fmt.Errorf("the daemon of %s ended with %s; it said:\n%s", p.name, d.cmd.ProcessState, d.tail())
	}
	return d.sound()
}

// sound looks for what a daemon must never say, whatever its exit code.
func (d *daemon) sound() error {
	said, err := os.ReadFile(d.log)
	if err != nil {
		return err
	}
	for _, bad := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: "} {
		if bytes.Contains(said, []byte(bad)) {
			return fmt.Errorf("%s has %q:\n%s", d.log, bad, said)
		}
	}
	return nil
}

func (d *daemon) tail() string {
	said, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	const most = 8 << 10
	if len(said) > most {
		said = said[len(said)-most:]
	}
	return string(said)
}

// killWhile kills the daemon of a place at a random moment of a span, while
// work goes on, and returns when both have ended. Work is told of the kill by
// the channel; what becomes of it doesn't count.
func (l *lab) killWhile(p *place, low, high time.Duration, work func(context.Context, <-chan struct{})) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	killed, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		work(ctx, killed)
	}()
	<-time.After(low + rand.N(high-low+1))
	err := l.stop(p, syscall.SIGKILL)
	close(killed)
	select {
	case <-done:
	case <-ctx.Done():
		<-done
		return errors.Join(err, fmt.Errorf("the daemon of %s was killed, and its client still waits after %v", p.name, commandLimit))
	}
	return err
}

// A final error isn't worth another try.
type final struct{ error }

// poll tries until there is no error, the error is final, or ctx ends; then it
// returns the last one.
func poll(ctx context.Context, try func() error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if f := (final{}); err == nil || errors.As(err, &f) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// A tap is a capture that runs.
type tap struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has been waited for
}

// capture records all that the place's interfaces carry, until endCapture.
func (l *lab) capture(p *place, file string) error {
	if p.taps[file] != nil {
		return fmt.Errorf("%s is being written already", file)
	}
	cmd := l.command(context.Background(), p, l.work, "tcpdump", "-Z", "root", "-i", "any", "--immediate-mode", "-U", "-w", file)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	// It says that it listens once it does; what was sent before isn't seen.
	listening := make(chan struct{})
	tp := &tap{cmd, make(chan struct{})}
	said := &strings.Builder{}
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			said.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "listening on") {
				close(listening)
				break
			}
		}
		io.Copy(io.Discard, stderr)
		cmd.Wait()
		close(tp.ended)
	}()
	select {
	case <-listening:
		p.taps[file] = tp
		return nil
	case <-time.After(patience):
		cmd.Process.Kill()
		<-tp.ended
	case <-tp.ended:
	}
	return fmt.Errorf("tcpdump at %s: %s; it said: %s", p.name, cmd.ProcessState, said)
}

// endCapture returns when all that was captured is in the file.
func (p *place) endCapture(file string) error {
	tp := p.taps[file]
	delete(p.taps, file)
	if err := tp.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	<-tp.ended
	return nil
}
