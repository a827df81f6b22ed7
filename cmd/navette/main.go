// Command navette is the one program: the node that keeps the commons of a
// place, and the client that people and scripts use it with.
//
// `navette up` runs the node. Every other command asks the node that runs on
// the same data folder, through the socket there; if none runs, it opens the
// folder by itself for as long as the command takes. All text for people is in
// words.go, in French and English.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	_ "time/tzdata" // a board may have no zone data of its own
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartly      = 3
	exitWaiting     = 4 // for another place
	exitTwoVersions = 5
	exitNoCommons   = 10
	exitRunning     = 11
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], &env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}))
}

// env is the world that a command runs in, and what the global flags say.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	say       phrases
	data      string // the data folder
	dataNamed bool   // on this command line
	commons   string // name or id; "" is the last used
	json      bool
}

// A command is one verb of the command line.
type command struct {
	name string
	args string // as the usage shows them
	run  func(context.Context, *env, []string) error
}

// commands, in the order of the help text.
func commands() []command {
	return []command{
		{"up", "[--data DIR] [--listen ADDR]… [--peer ID@HOST:PORT]… [--http ADDR|none] [--https ADDR|none] [--config FILE]", up},
		{"init", "--place NAME --name NAME", initCommons},
		{"join", "INVITATION", join},
		{"invite", "[--role reader|member] [--uses N] [--days N] [--note TEXT] [--qr] | list | revoke ID", invite},
		{"members", "| role PERSON ROLE | remove PERSON [--expel [--annul]] [--invitations] [--dry-run] | replace OLD NEW | leave [--force] | undone [--seen]", members},
		{"devices", "| rename DEVICE NAME | revoke DEVICE | undo DEVICE --since TIME [--dry-run]", devices},
		{"kit", "[--page FILE] [--delete] | restore", kit},
		{"status", "[--watch]", status},
		{"peers", "", peers},
		{"web", "", showWeb},
		{"list", "KIND [--where F=V]… [--search TEXT] [--removed]", list},
		{"show", "ID[@VERSION]", show},
		{"add", "KIND F=V…", add},
		{"set", "ID F=V…", set},
		{"remove", "ID…", remove},
		{"restore", "ID[@VERSION]", restore},
		{"edit", "PAGE", edit},
		{"log", "[ID] [-n N] [--changes]", showLog},
		{"diff", "ID [@A [@B]]", diff},
		{"blame", "PAGE", blame},
		{"links", "PAGE", links},
		{"translate", "PAGE [--to LANGUAGE [--title TITLE] | --done]", translate},
		{"versions", "[--resolve ID [--keep N|both]]", versions},
		{"import", "FILE [--as KIND] [--map F=COLUMN]… [--dry-run]", importFiles},
		{"export", "KIND [--format FORMAT] [-o FILE]", exportFiles},
		{"attach", "ID FILE…", attach},
		{"attachments", "[ID [--get NAME [-o FILE]] [--release NAME] [--remove NAME]]", attachments},
		{"pack", "FILE|FOLDER [--for PLACE]", pack},
		{"unpack", "FILE|FOLDER", unpack},
		{"backup", "create FILE | restore FILE", backUp},
		{"calendar", "[link [NAME] [--place PLACE] | password [NAME] | revoke ID]", calendar},
		{"fingerprint", "", fingerprint},
		{"check", "[--read-data]", check},
		{"doctor", "", doctor},
		{"completion", "bash|zsh|fish", completion},
		{"man", "", man},
		{"version", "", version},
		{"help", "[COMMAND]", help},
	}
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, args []string, e *env) int {
	e.say = phrasesFor(e.getenv)
	args, err := e.globals(args)
	if err == nil {
		err = dispatch(ctx, e, args)
	}
	var o outcome
	if ctx.Err() != nil && err != nil && !errors.As(err, &o) {
		return exitInterrupted
	}
	return e.report(err)
}

func dispatch(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return help(ctx, e, nil)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, e, args[1:])
		}
	}
	return usage("usage.command", args[0])
}

// globals takes the flags that every command knows out of args, wherever they
// stand before "--".
func (e *env) globals(args []string) (rest []string, err error) {
	e.data, e.commons = e.getenv("NAVETTE_DATA"), e.getenv("NAVETTE_COMMONS")
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		name, value, inline := strings.Cut(strings.TrimPrefix(args[i], "-"), "=")
		switch name {
		case "-json":
			e.json = true
			continue
		case "-data", "-commons", "-lang":
		default:
			rest = append(rest, args[i])
			continue
		}
		if !inline {
			if i++; i == len(args) {
				return nil, usage("usage.value", "-"+name)
			}
			value = args[i]
		}
		switch name {
		case "-data":
			e.data, e.dataNamed = value, true
		case "-commons":
			e.commons = value
		case "-lang":
			e.say = phrasesIn(value)
		}
	}
	if e.data == "" {
		e.data = defaultData(e.getenv)
	}
	e.data, err = filepath.Abs(e.data)
	return rest, err
}

// defaultData is the data folder where nobody names one.
func defaultData(getenv func(string) string) string {
	if dir := getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "navette")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "navette")
	}
	return "navette-data"
}

// flags returns a flag set that prints nothing by itself.
func flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return f
}

// parse parses flags that may stand before, among and after the other
// arguments, of which it wants at least least and at most most (-1: any).
func parse(f *flag.FlagSet, args []string, least, most int) ([]string, error) {
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, &failure{code: exitUsage, key: "usage.help", args: []any{f.Name()}}
			}
			return nil, usage("usage.flag", err.Error(), f.Name())
		}
		if f.NArg() == 0 {
			break
		}
		if len(args) > f.NArg() && args[len(args)-f.NArg()-1] == "--" {
			rest = append(rest, f.Args()...)
			break
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
	if len(rest) < least {
		return nil, usage("usage.few", f.Name())
	}
	if most >= 0 && len(rest) > most {
		return nil, usage("usage.many", rest[most], f.Name())
	}
	return rest, nil
}

// values collects a flag that may be given several times.
type values []string

// String implements flag.Value.
func (v *values) String() string { return strings.Join(*v, ", ") }

// Set implements flag.Value.
func (v *values) Set(s string) error { *v = append(*v, s); return nil }

func help(_ context.Context, e *env, args []string) error {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				e.printf("navette %s %s\n\n  %s\n", c.name, c.args, e.say.text("help."+c.name))
				return nil
			}
		}
		return usage("usage.command", args[0])
	}
	e.printf("%s\n\n", e.say.text("help.intro"))
	for _, c := range commands() {
		e.printf("  %-12s %s\n", c.name, e.say.text("help."+c.name))
	}
	e.printf("\n%s\n", e.say.text("help.globals"))
	return nil
}

func (e *env) printf(format string, args ...any) { fmt.Fprintf(e.stdout, format, args...) }
