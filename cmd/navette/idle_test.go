//go:build netns

package main_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// usage is what a process has used so far, and what it holds.
type usage struct {
	cpu     time.Duration
	wakes   int   // voluntary context switches of all threads
	written int64 // bytes that went to a disk, or will
	rss     int   // KiB
	private int   // KiB of these that are its own
}

func usageOf(pid int) (u usage, err error) {
	read := func(name string) string {
		b, e := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err == nil {
			err = e
		}
		return string(b)
	}
	stat := read("stat")
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) > 12 {
		for _, f := range fields[11:13] { // utime and stime, in hundredths
			n, e := strconv.Atoi(f)
			if e != nil {
				return u, e
			}
			u.cpu += time.Duration(n) * 10 * time.Millisecond
		}
	}
	for line := range strings.Lines(read("status")) {
		fmt.Sscanf(line, "VmRSS: %d kB", &u.rss)
		fmt.Sscanf(line, "RssAnon: %d kB", &u.private)
	}
	for line := range strings.Lines(read("io")) {
		fmt.Sscanf(line, "write_bytes: %d", &u.written)
	}
	tasks, e := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err == nil {
		err = e
	}
	for _, t := range tasks {
		for line := range strings.Lines(read("task/" + t.Name() + "/status")) {
			n := 0
			fmt.Sscanf(line, "voluntary_ctxt_switches: %d", &n)
			u.wakes += n
		}
	}
	return u, err
}

// idle PLACE SECONDS [KIB]: what its daemon uses while nobody asks anything of
// it. More bytes written than that is an error.
func idle(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) < 2 || len(args) > 3 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	if p.daemon == nil {
		return fmt.Errorf("no daemon runs at %s", p.name)
	}
	seconds, err := strconv.Atoi(args[1])
	if err != nil || seconds < 1 {
		return fmt.Errorf("%w: %s seconds", errUsage, args[1])
	}
	pid := p.daemon.cmd.Process.Pid
	before, err := usageOf(pid)
	if err != nil {
		return err
	}
	<-time.After(time.Duration(seconds) * time.Second)
	after, err := usageOf(pid)
	if err != nil {
		return err
	}
	l.figure("%s, idle for %d s: %d MB resident, %d MB of its own, %.2f %% of a processor, %.1f wakes a second, %d KiB written",
		p.name, seconds, after.rss*1024/1e6, after.private*1024/1e6, 100*(after.cpu-before.cpu).Seconds()/float64(seconds),
		float64(after.wakes-before.wakes)/float64(seconds), (after.written-before.written)>>10)
	if len(args) == 2 {
		return nil
	}
	most, err := strconv.Atoi(args[2])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if got := (after.written - before.written) >> 10; got > int64(most) {
		return fmt.Errorf("%s has written %d KiB while idle; want at most %d", p.name, got, most)
	}
	return nil
}
