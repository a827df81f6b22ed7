//go:build netns

package main_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"navette/node/gate"
)

// same-fingerprint PLACE PLACE... within SECONDS
func sameFingerprint(l *lab, _ *testscript.TestScript, args []string) error {
	n := len(args) - 2
	if n < 2 || args[n] != "within" {
		return errUsage
	}
	began := time.Now()
	compare := func() error {
		var lines []string
		prints := map[string]bool{}
		for _, name := range args[:n] {
			p, err := l.place(name)
			if err != nil {
				return final{err}
			}
			if err := l.run(p, p.home, "", "navette", "fingerprint", "--json"); err != nil {
				return fmt.Errorf("%s: %w: %s", name, err, l.last.stderr)
			}
			var got struct{ Full string }
			if err := json.Unmarshal([]byte(l.last.stdout), &got); err != nil || got.Full == "" {
				return fmt.Errorf("%s: no fingerprint in %q (%v)", name, l.last.stdout, err)
			}
			prints[got.Full] = true
			lines = append(lines, fmt.Sprintf("%s %s", got.Full, name))
		}
		l.last = output{stdout: strings.Join(lines, "\n") + "\n"}
		if len(prints) > 1 {
			return fmt.Errorf("fingerprints differ:\n%s", l.last.stdout)
		}
		return nil
	}
	seconds, err := strconv.ParseFloat(args[n+1], 64)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds*float64(time.Second)))
	defer cancel()
	if err := poll(ctx, compare); err != nil {
		return fmt.Errorf("not within %s s: %w", args[n+1], err)
	}
	l.last.stdout += fmt.Sprintf("after %.1f s\n", time.Since(began).Seconds())
	return nil
}

// ---- pulled plugs -----------------------------------------------------------

// kill9 PLACE [LOW HIGH [COMMAND...]]
func kill9(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) != 1 && len(args) < 3 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	if len(args) == 1 {
		return l.stop(p, syscall.SIGKILL)
	}
	low, high, err := span(args[1:3])
	if err != nil {
		return err
	}
	return l.killWhile(p, low, high, func(ctx context.Context, _ <-chan struct{}) {
		if len(args) > 3 {
			l.runIn(ctx, p, ts.MkAbs("."), "", args[3:]...)
		}
	})
}

// write-until-killed PLACE LOW HIGH
func writeUntilKilled(l *lab, _ *testscript.TestScript, args []string) error {
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
	before := len(l.acked)
	err = l.killWhile(p, low, high, func(ctx context.Context, killed <-chan struct{}) {
		for l.write(ctx, p) == nil {
			select {
			case <-killed:
				return
			default:
			}
		}
	})
	l.last = output{stdout: fmt.Sprintf("%d writes were acknowledged before the end\n", len(l.acked)-before)}
	return err
}

// write adds a tool and remembers that it was acknowledged. Several places may
// do so at once.
func (l *lab) write(ctx context.Context, p *place) error {
	name := fmt.Sprintf("name=%s-%d", p.name, serial.Add(1))
	cmd := l.command(ctx, p, p.home, "navette", "add", "tool", name, "--json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	said, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("adding a tool at %s: %w: %s", p.name, err, &stderr)
	}
	var made struct{ ID string }
	if err := json.Unmarshal(said, &made); err != nil || made.ID == "" {
		return fmt.Errorf("adding a tool at %s: it said %q (%v)", p.name, said, err)
	}
	l.mu.Lock()
	l.acked = append(l.acked, made.ID)
	l.mu.Unlock()
	return nil
}

// acknowledged PLACE...: none of the writes acknowledged to write, flap and
// write-until-killed is missing there.
func acknowledged(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	if len(l.acked) == 0 {
		return errors.New("no write was ever acknowledged: this shows nothing")
	}
	for _, name := range args {
		p, err := l.place(name)
		if err != nil {
			return err
		}
		if err := l.run(p, p.home, "", "navette", "list", "tools", "--json"); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, l.last.stderr)
		}
		for _, id := range l.acked {
			if !strings.Contains(l.last.stdout, `"`+id+`"`) {
				return fmt.Errorf("%s was acknowledged and is lost at %s", id, name)
			}
		}
	}
	l.last = output{stdout: fmt.Sprintf("%d writes\n", len(l.acked))}
	return nil
}

func span(args []string) (low, high time.Duration, err error) {
	if low, err = time.ParseDuration(args[0]); err != nil {
		return 0, 0, err
	}
	if high, err = time.ParseDuration(args[1]); err != nil {
		return 0, 0, err
	}
	if low > high || high > commandLimit/2 {
		return 0, 0, fmt.Errorf("%v to %v isn't a span of less than %v", low, high, commandLimit/2)
	}
	return low, high, nil
}

// ---- strangers --------------------------------------------------------------

// forge NAME LINK seed|host|end: sets a variable to an invitation that isn't
// what it says
func forge(_ *lab, ts *testscript.TestScript, args []string) error {
	if len(args) != 3 {
		return errUsage
	}
	v, err := gate.ParseInvitation(args[1])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	link := ""
	switch args[2] {
	case "seed":
		v.Seed[0]++
		link = v.String()
	case "host":
		for i := range v.Doors {
			v.Doors[i].Peer[0]++
		}
		link = v.String()
	case "end":
		link = args[1][:len(args[1])-8]
	default:
		return errUsage
	}
	ts.Setenv(args[0], link)
	return nil
}

// capture PLACE FILE
func capture(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	return l.capture(p, ts.MkAbs(args[1]))
}

// grep-capture FILE TEXT|hex:DIGITS: ends the capture if it still runs
func grepCapture(l *lab, ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	file := ts.MkAbs(args[0])
	for _, p := range l.places {
		if p.taps[file] != nil {
			if err := p.endCapture(file); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
		}
	}
	pattern := []byte(args[1])
	if digits, ok := strings.CutPrefix(args[1], "hex:"); ok {
		var err error
		if pattern, err = hex.DecodeString(digits); err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
	}
	seen, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	const header = 24 // of the file, before the first packet
	if len(seen) <= header {
		return fmt.Errorf("%w: %s has no packet: it shows nothing", errUsage, args[0])
	}
	if !bytes.Contains(seen, pattern) {
		return fmt.Errorf("%s has %d bytes and %q isn't among them", args[0], len(seen), args[1])
	}
	return nil
}
