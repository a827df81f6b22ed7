package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// setUp makes two places with a cable between them.
func setUp() error {
	for _, line := range []string{
		"netns add A", "netns add B", "link add cable netns A type veth peer name cable netns B",
		"-n A link set lo up", "-n B link set lo up",
		"-n A addr add 10.77.0.1/24 dev cable", "-n B addr add 10.77.0.2/24 dev cable",
		"-n A link set cable up", "-n B link set cable up",
	} {
		if err := ip(line); err != nil {
			return err
		}
	}
	return nil
}

// link plugs the cable in, or pulls it.
func link(up bool) error {
	if up {
		return ip("-n A link set cable up")
	}
	return ip("-n A link set cable down")
}

func ip(line string) error {
	out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", line, err, bytes.TrimSpace(out))
	}
	return nil
}

// counted is how many bytes went over the cable so far, both ways, with all
// headers from Ethernet's on; 0 if that can't be read.
func counted() int {
	out, err := exec.Command("ip", "-n", "A", "-s", "-j", "link", "show", "cable").Output()
	var links []struct {
		Stats64 struct{ Tx, Rx struct{ Bytes int } }
	}
	if err != nil || json.Unmarshal(out, &links) != nil || len(links) != 1 {
		return 0
	}
	return links[0].Stats64.Tx.Bytes + links[0].Stats64.Rx.Bytes
}

// A peer is a contender in the namespace of its name.
type peer struct {
	name, program, dir, sock string
	cmd                      *exec.Cmd // nil: not started
	pid                      int       // the daemon's
	http                     http.Client
}

func newPeer(program, dir, name string) *peer {
	p := &peer{name: name, program: program, dir: filepath.Join(dir, name), sock: filepath.Join(dir, name+".sock")}
	p.http.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", p.sock)
	}}
	return p
}

func (p *peer) start(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Remove(p.sock); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	log, err := os.OpenFile(p.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command("ip", "netns", "exec", p.name, self, "contender", "-navette", p.program, "-dir", p.dir, "-sock", p.sock, "-place", p.name)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return poll(ctx, 20*time.Millisecond, func() (bool, error) {
		var info struct{ PID int }
		err := p.call(ctx, "/info?quiet=1", request{}, &info)
		p.pid = info.PID
		return err == nil, nil
	})
}

func (p *peer) stop() error {
	if p.cmd == nil {
		return nil
	}
	cmd := p.cmd
	p.cmd = nil
	return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
}

// call asks the contender.
func (p *peer) call(ctx context.Context, path string, in request, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://bench"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := p.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, bytes.TrimSpace(b))
	}
	if err == nil && out != nil {
		err = json.Unmarshal(b, out)
	}
	return err
}

// cpu is the processor time that the daemon took, in seconds.
func (p *peer) cpu() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if err != nil || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return float64(user+system) / 100 // USER_HZ
}

// peak is the most memory that the daemon has had, in MB.
func (p *peer) peak() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	_, after, found := strings.Cut(string(b), "VmHWM:")
	if err != nil || !found {
		return 0
	}
	kb, _ := strconv.Atoi(strings.Fields(after)[0])
	return float64(kb) / 1024
}

// disk is how many bytes its files have, and how many they take.
func (p *peer) disk() (size [2]int64) {
	_ = filepath.WalkDir(p.dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is deleting files
		}
		if info, err := e.Info(); err == nil {
			size[0] += info.Size()
			size[1] += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return nil
	})
	return size
}
