//go:build netns

package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A command of the scripts. What it returns decides whether the script goes
// on; what it leaves in lab.last is for stdout and stderr.
// testdata/README.md is the manual.
type command func(l *lab, ts *testscript.TestScript, args []string) error

var commands map[string]command

func init() { // not in the declaration: some commands run others
	commands = map[string]command{
		"acknowledged":       acknowledged,
		"at":                 at,
		"capture":            capture,
		"clock":              clock,
		"damage":             damage,
		"detach":             detach,
		"disk":               disk,
		"eventually":         eventually,
		"exit-code":          exitCode,
		"flap":               flap,
		"flood":              flood,
		"forge":              forge,
		"freeze":             freeze,
		"grep-capture":       grepCapture,
		"kill-start":         killStart,
		"kill9":              kill9,
		"lan":                addLAN,
		"leave":              leave,
		"leave-while":        leaveWhile,
		"let":                let,
		"measure":            measure,
		"idle":               idle,
		"memory":             memory,
		"place":              addPlaces,
		"plug":               plug,
		"repeat":             repeat,
		"rows":               rows,
		"same-fingerprint":   sameFingerprint,
		"says-if-different":  saysIfDifferent,
		"shows":              shows,
		"start":              start,
		"halt":               halt,
		"thaw":               thaw,
		"together":           together,
		"unplug":             unplug,
		"write":              write,
		"write-until-killed": writeUntilKilled,
	}
}

var errUsage = errors.New("see testdata/README.md for how commands are used")

// scriptCommands makes testscript's commands out of ours.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){}
	for name, c := range commands {
		all[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			l := ts.Value(labKey{}).(*lab)
			l.getenv = ts.Getenv
			l.last = output{}
			err := c(l, ts, args)
			l.said = l.last.stdout
			fmt.Fprint(ts.Stdout(), l.last.stdout)
			fmt.Fprint(ts.Stderr(), l.last.stderr)
			switch {
			case errors.Is(err, errUsage):
				ts.Fatalf("%s: %v", name, err)
			case err != nil && !neg:
				ts.Fatalf("%v", err)
			case err == nil && neg:
				ts.Fatalf("%s: succeeded, and shouldn't have", name)
			}
		}
	}
	return all
}

type labKey struct{} // the lab's place among a script's values

// do runs one of our commands within another; "!" in front wants it to fail.
func do(l *lab, ts *testscript.TestScript, words []string) error {
	neg := len(words) > 0 && words[0] == "!"
	if neg {
		words = words[1:]
	}
	if len(words) == 0 {
		return errUsage
	}
	c := commands[words[0]]
	if c == nil {
		return fmt.Errorf("%w: no command %q", errUsage, words[0])
	}
	err := c(l, ts, words[1:])
	l.said = l.last.stdout
	if neg && !errors.Is(err, errUsage) {
		if err == nil {
			return fmt.Errorf("%s: succeeded, and shouldn't have", strings.Join(words, " "))
		}
		return nil
	}
	return err
}

// ---- links and places -------------------------------------------------------

func addLAN(l *lab, _ *testscript.TestScript, args []string) error {
	switch {
	case len(args) == 1:
		return l.addLAN(args[0], true)
	case len(args) == 2 && args[1] == "no-multicast":
		return l.addLAN(args[0], false)
	}
	return errUsage
}

func addPlaces(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	for _, name := range args {
		if err := l.addPlace(name); err != nil {
			return err
		}
		ts.Setenv(name+"_NS", l.places[name].ns)
	}
	return nil
}

func plug(l *lab, ts *testscript.TestScript, args []string) error {
	ipv6Only := len(args) == 3 && args[2] == "ipv6-only"
	if len(args) != 2 && !ipv6Only {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	if err := l.plug(p, args[1], !ipv6Only); err != nil {
		return err
	}
	if !ipv6Only {
		ts.Setenv(p.name+"_IP", l.address(p, l.lans[args[1]]))
	}
	return nil
}

func unplug(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	return l.unplug(p, strings.Join(args[1:], ""))
}

// detach PLACE LAN
func detach(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	return l.detach(p, args[1])
}

// ---- daemons ----------------------------------------------------------------

func start(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	return l.start(p, args[1:]...)
}

func halt(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	for _, name := range args {
		p, err := l.place(name)
		if err != nil {
			return err
		}
		if err := l.stop(p, syscall.SIGTERM); err != nil {
			return err
		}
	}
	return nil
}

// ---- commands in places -----------------------------------------------------

// at PLACE [<FILE] COMMAND...
func at(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	args = args[1:]
	stdin := ""
	if file, ok := strings.CutPrefix(args[0], "<"); ok {
		stdin, args = ts.ReadFile(file), args[1:]
	}
	if len(args) == 0 {
		return errUsage
	}
	return l.run(p, ts.MkAbs("."), stdin, args...)
}

// shows PLACE TEXT COMMAND...
func shows(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) < 3 {
		return errUsage
	}
	if err := at(l, ts, append([]string{args[0]}, args[2:]...)); err != nil {
		return err
	}
	if !strings.Contains(l.last.stdout, args[1]) {
		return fmt.Errorf("%s at %s doesn't show %q but:\n%s", strings.Join(args[2:], " "), args[0], args[1], l.last.stdout)
	}
	return nil
}

// let NAME PATH: sets a variable to a part of the JSON that the last of our
// commands said
func let(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	l.last.stdout = l.said
	var v any
	if err := json.Unmarshal([]byte(l.said), &v); err != nil {
		return fmt.Errorf("%w: %w in %q", errUsage, err, l.said)
	}
	for step := range strings.SplitSeq(args[1], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				return fmt.Errorf("%w: there is no %s in %s", errUsage, args[1], l.said)
			}
			v = x[i]
		default:
			return fmt.Errorf("%w: there is no %s in %s", errUsage, args[1], l.said)
		}
	}
	if v == nil {
		return fmt.Errorf("%w: there is no %s in %s", errUsage, args[1], l.said)
	}
	ts.Setenv(args[0], fmt.Sprint(v))
	return nil
}

// exit-code N COMMAND..., where COMMAND is one of ours
func exitCode(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	err = do(l, ts, args[1:])
	got := 0
	if exit := new(exitError); errors.As(err, &exit) {
		got = exit.code
	} else if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s: exit code %d; want %d", strings.Join(args[1:], " "), got, want)
	}
	return nil
}

// eventually SECONDS COMMAND..., where COMMAND is one of ours
func eventually(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	seconds, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds*float64(time.Second)))
	defer cancel()
	err = poll(ctx, func() error {
		err := do(l, ts, args[1:])
		if errors.Is(err, errUsage) {
			return final{err}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("not within %s s: %w", args[0], err)
	}
	return nil
}

// repeat N FILE: the commands of the file, one a line, as they stand.
func repeat(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 {
		return errUsage
	}
	for round := range n {
		for line := range strings.Lines(ts.ReadFile(args[1])) {
			words := strings.Fields(os.Expand(line, ts.Getenv))
			if len(words) == 0 || strings.HasPrefix(words[0], "#") {
				continue
			}
			if err := do(l, ts, words); err != nil {
				return fmt.Errorf("round %d of %d: %s: %w\n%s", round+1, n, strings.Join(words, " "), err, l.last.stderr)
			}
		}
	}
	return nil
}
