//go:build netns

package main_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The commands of testdata/faults: what may happen to a machine.

// figure keeps a figure that a script measured: they are printed together when
// it ends.
func (l *lab) figure(format string, args ...any) {
	l.figures = append(l.figures, fmt.Sprintf(format, args...))
	l.last = output{stdout: l.figures[len(l.figures)-1] + "\n"}
}

// measure TEXT COMMAND…: what one of our commands says last is a figure
func measure(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	if err := do(l, ts, args[1:]); err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(l.last.stdout), "\n")
	l.figure("%s: %s", args[0], lines[len(lines)-1])
	return nil
}

// ---- disks ------------------------------------------------------------------

// disk PLACE MIB: its data folder is on a disk of its own
func disk(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	dir := filepath.Join(p.home, "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=700,size="+args[1]+"m"); err != nil {
		return os.NewSyscallError("mount a disk", err)
	}
	l.disks = append(l.disks, dir)
	return nil
}

// leave PLACE MIB: something else fills its disk until only that much is left,
// or makes room until it is. 0 is nothing, not a byte.
func leave(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	mib, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	dir := filepath.Join(p.home, "data")
	filler := filepath.Join(dir, "holiday-films")
	if err := os.Remove(filler); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	size := int64(0)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = poll(ctx, func() error { // what was removed isn't always free at once
		var s syscall.Statfs_t
		if err := syscall.Statfs(dir, &s); err != nil {
			return os.NewSyscallError("statfs", err)
		}
		if size = int64(s.Bavail)*s.Bsize - mib<<20; size <= 0 {
			return fmt.Errorf("%s has only %d MiB free", p.name, int64(s.Bavail)*s.Bsize>>20)
		}
		return nil
	})
	if err != nil {
		return err
	}
	f, err := os.Create(filler)
	if err != nil {
		return err
	}
	defer f.Close()
	err = syscall.Fallocate(int(f.Fd()), 0, 0, size)
	if errors.Is(err, syscall.ENOSPC) { // the daemon wrote meanwhile
		return leave(l, nil, args)
	}
	return os.NewSyscallError("fallocate", err)
}

// leave-while PLACE MIB LOW HIGH CMD…: the same at a random moment while CMD
// runs there; how CMD ends doesn't count, but that it does
func leaveWhile(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) < 5 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	low, high, err := span(args[2:4])
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- l.run(p, ts.MkAbs("."), "", args[4:]...) }()
	<-time.After(low + rand.N(high-low+1))
	err = leave(l, ts, args[:2])
	ended := <-done
	if exit := new(exitError); errors.As(ended, &exit) {
		ended = nil
	}
	return errors.Join(err, ended)
}

// files are the sorts of files that the store consists of.
var files = map[string]string{
	"log":      "*.mem",
	"table":    "*.sst",
	"vlog":     "*.vlog",
	"manifest": "MANIFEST",
	"registry": "KEYREGISTRY",
	"discard":  "DISCARD",
}

// damage PLACE FILES flip|zero|cut: a disk that lies, at a random place of a
// random file. A place without such a file is no error: it says so.
func damage(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 3 || files[args[1]] == "" {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	if p.daemon != nil {
		return fmt.Errorf("%w: the daemon of %s runs", errUsage, p.name)
	}
	if l.rng == nil {
		seed, err := strconv.ParseUint(cmp.Or(os.Getenv("NAVETTE_SEED"), strconv.Itoa(rand.IntN(1e6))), 10, 64)
		if err != nil {
			return fmt.Errorf("%w: NAVETTE_SEED: %w", errUsage, err)
		}
		l.rng = rand.New(rand.NewPCG(seed, seed))
		l.figure("NAVETTE_SEED=%d", seed)
	}
	// What a file is longer than what was written to it is holes.
	type candidate struct {
		path    string
		content []byte
	}
	var some []candidate
	names, err := filepath.Glob(filepath.Join(p.home, "data", "db", "badger", files[args[1]]))
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if used := bytes.TrimRight(content, "\x00"); len(used) > 0 {
			some = append(some, candidate{name, used})
		} else if len(content) > 0 {
			some = append(some, candidate{name, content[:min(len(content), pageSize)]})
		}
	}
	if len(some) == 0 {
		l.harm = "no " + args[1]
		l.last.stdout += l.harm + "\n"
		return nil
	}
	c := some[l.rng.IntN(len(some))]
	at := l.rng.IntN(len(c.content))
	f, err := os.OpenFile(c.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	switch args[2] {
	case "flip":
		_, err = f.WriteAt([]byte{c.content[at] ^ 1<<l.rng.IntN(8)}, int64(at))
	case "zero":
		// Zeros at the end of a log are a log that was never written to there.
		if args[1] == "log" {
			at = l.rng.IntN(max(1, len(c.content)-2*pageSize))
		}
		at &^= pageSize - 1
		_, err = f.WriteAt(make([]byte, min(pageSize, len(c.content)-at)), int64(at))
	case "cut":
		err = f.Truncate(int64(at))
	default:
		return errUsage
	}
	l.harm = fmt.Sprintf("%s of %s at %d of %d", args[2], filepath.Base(c.path), at, len(c.content))
	l.last.stdout += l.harm + "\n"
	return err
}

const pageSize = 4096

// says-if-different PLACE PEER: if they don't hold the same, the place must
// know that it has lost something.
func saysIfDifferent(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	differ := sameFingerprint(l, ts, append(args[:2:2], "within", "0"))
	if errors.Is(differ, errUsage) {
		return differ
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	if err := l.run(p, p.home, "", "navette", "doctor", "--json"); err != nil {
		return err
	}
	said := ""
	for _, code := range []string{"rolled_back", "quarantined"} {
		if strings.Contains(l.last.stdout, `"`+code+`"`) {
			said += " " + code
		}
	}
	switch {
	case differ == nil:
		l.figure("%s: nothing is lost; said:%s", l.harm, said)
	case said == "":
		return fmt.Errorf("%s: %s has lost something, and doesn't say so: %w", l.harm, p.name, differ)
	default:
		l.figure("%s: something is lost; said:%s", l.harm, said)
	}
	return nil
}

// ---- links and processes ----------------------------------------------------

// flap LAN SECONDS PLACE…: the first place's link comes and goes each second,
// while all of them write.
func flap(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) < 3 {
		return errUsage
	}
	seconds, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	var writers []*place
	for _, name := range args[2:] {
		p, err := l.place(name)
		if err != nil {
			return err
		}
		writers = append(writers, p)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var wait sync.WaitGroup
	before := len(l.acked)
	for _, p := range writers {
		wait.Go(func() {
			for l.write(ctx, p) == nil {
			}
		})
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i := range seconds {
		<-tick.C
		if i%2 == 0 {
			err = l.unplug(writers[0], args[0])
		} else {
			err = l.plug(writers[0], args[0], true)
		}
		if err != nil {
			break
		}
	}
	cancel()
	wait.Wait()
	l.figure("%d writes while the link changed %d times", len(l.acked)-before, seconds)
	return errors.Join(err, l.plug(writers[0], args[0], true))
}

// freeze PLACE: its daemon stops, in the middle of whatever it does
func freeze(l *lab, _ *testscript.TestScript, args []string) error {
	return l.signal(args, syscall.SIGSTOP)
}

// thaw PLACE: and goes on
func thaw(l *lab, _ *testscript.TestScript, args []string) error {
	return l.signal(args, syscall.SIGCONT)
}

func (l *lab) signal(args []string, sig syscall.Signal) error {
	if len(args) != 1 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	if p.daemon == nil {
		return fmt.Errorf("no daemon runs at %s", p.name)
	}
	return p.daemon.cmd.Process.Signal(sig)
}

// memory PLACE [MIB]: how much its daemon has had at most, which must not be
// more. The race detector's own doesn't count.
func memory(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	if p.daemon == nil {
		return fmt.Errorf("no daemon runs at %s", p.name)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.daemon.cmd.Process.Pid))
	if err != nil {
		return err
	}
	var peak, now int
	for line := range strings.Lines(string(status)) {
		fmt.Sscanf(line, "VmHWM: %d kB", &peak)
		fmt.Sscanf(line, "VmRSS: %d kB", &now)
	}
	l.figure("%s: %d MiB of memory at most, %d MiB now", p.name, peak>>10, now>>10)
	if len(args) == 1 || os.Getenv("NAVETTE_RACE") == "1" {
		return nil
	}
	most, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if peak>>10 > most {
		return fmt.Errorf("%s has had %d MiB of memory; want at most %d", p.name, peak>>10, most)
	}
	return nil
}

// kill-start PLACE LOW HIGH: starts its daemon and kills it at a random moment
// of the start
func killStart(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 3 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	low, high, err := span(args[1:])
	if err != nil {
		return err
	}
	if err := l.launch(p); err != nil {
		return err
	}
	return l.killWhile(p, low, high, func(context.Context, <-chan struct{}) {})
}

// ---- things to write --------------------------------------------------------

// write PLACE N: adds so many tools one by one and remembers those that were
// acknowledged
func write(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	for range n {
		if err := l.write(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// rows N FILE: writes a table of so many tools
func rows(_ *lab, ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	var b strings.Builder
	b.WriteString("name,notes\n")
	for i := range n {
		fmt.Fprintf(&b, "Tool %d,%x\n", i, rand.Uint64())
	}
	return os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600)
}
