//go:build netns

package main_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"navette/node/api"
)

// flood ENEMY VICTIM FRIEND N: N hostile connections to one place, while
// another exchanges with it
func flood(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 4 {
		return errUsage
	}
	var places [3]*place
	for i := range places {
		var err error
		if places[i], err = l.place(args[i]); err != nil {
			return err
		}
	}
	enemy, victim, friend := places[0], places[1], places[2]
	if victim.daemon == nil || friend.daemon == nil {
		return errors.New("a daemon doesn't run")
	}
	there := api.NewClient(filepath.Join(victim.home, "data", api.SocketName), "")
	defer there.Close()
	here := api.NewClient(filepath.Join(friend.home, "data", api.SocketName), "")
	defer here.Close()
	var s api.Status
	if err := there.Get(context.Background(), "/v1/status", nil, &s); err != nil {
		return err
	}
	addr := s.Listen[slices.IndexFunc(s.Listen, func(a string) bool { return !strings.HasPrefix(a, "[") })]

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	calm, err := l.latency(ctx, here, there, 51)
	if err != nil {
		return err
	}
	before, err := victim.resident()
	if err != nil {
		return err
	}
	worked, began := victim.worked(), time.Now()
	// The enemy would have a machine of its own: here it gets what is left.
	cmd := l.command(ctx, enemy, l.work, "nice", "-n", "19", l.bin.enemy, s.Peer, addr, args[3])
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var took []time.Duration
	peak := before
	for over := false; !over || len(took) < 51; {
		more, err := l.latency(ctx, here, there, 3)
		if err != nil {
			return fmt.Errorf("under the flood: %w", err)
		}
		took = append(took, more...)
		now, err := victim.resident()
		if err != nil {
			return err
		}
		peak = max(peak, now)
		select {
		case err := <-ended:
			if over = true; err != nil {
				return fmt.Errorf("the enemy: %w: %s", err, said.String())
			}
		default:
		}
	}
	worked = victim.worked() - worked
	lasted := time.Since(began)
	slices.Sort(calm)
	slices.Sort(took)
	ms := func(d []time.Duration) float64 { return float64(d[len(d)/2].Microseconds()) / 1000 }
	l.figure("%s hostile dials (%s): a member's change arrives in %.1f ms, %.1f ms without (%.1f times); %+d MiB of memory; %.1f s of processor time in %.1f s",
		args[3], strings.TrimSpace(said.String()), ms(took), ms(calm), ms(took)/ms(calm), (peak-before)>>10, worked.Seconds(), lasted.Seconds())
	if grown := (peak - before) >> 10; grown > 64 && os.Getenv("NAVETTE_RACE") != "1" {
		return fmt.Errorf("%s took %d MiB more under the flood, want at most 64", victim.name, grown)
	}
	return nil
}

// latency has a change made here n times, and says how long it was until it was
// there.
func (l *lab) latency(ctx context.Context, here, there *api.Client, n int) (took []time.Duration, err error) {
	for range n {
		began := time.Now()
		name := fmt.Sprintf("name=essai-%d", serial.Add(1))
		var made api.Resource
		if err := here.Send(ctx, http.MethodPost, "/v1/resources", api.Assignments{Kind: "tool", Fields: []string{name}}, &made); err != nil {
			return nil, err
		}
		for {
			err := there.Get(ctx, "/v1/resources/"+made.ID, nil, nil)
			if err == nil {
				break
			}
			var refused *api.Error
			if !errors.As(err, &refused) || time.Since(began) > patience {
				return nil, fmt.Errorf("a change hasn't arrived after %v: %w", time.Since(began), err)
			}
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// resident is how much memory the daemon has now, in KiB.
func (p *place) resident() (kib int, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.daemon.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib, nil
		}
	}
	return 0, errors.New("no VmRSS")
}

// worked is how much processor time the daemon has used.
func (p *place) worked() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.daemon.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks, more int64
	fmt.Sscan(fields[11]+" "+fields[12], &ticks, &more) // in user mode, in the kernel
	return time.Duration(ticks+more) * 10 * time.Millisecond
}
