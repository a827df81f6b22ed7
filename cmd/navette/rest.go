package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"
)

// restAfter is how long nothing may have happened before memory is given back.
const restAfter = 30 * time.Second

// rest gives back to the system what work has left of free memory, once it is
// over: the runtime keeps it for longer than a board of 512 MB can spare. It
// returns when ctx ends.
func rest(ctx context.Context) {
	tick := time.NewTicker(restAfter)
	defer tick.Stop()
	var m runtime.MemStats
	var seen, given uint32 // collections, at the last look and when memory was given back
	for {
		runtime.ReadMemStats(&m)
		if m.NumGC == seen && m.NumGC != given {
			debug.FreeOSMemory()
			runtime.ReadMemStats(&m)
			given = m.NumGC
		}
		seen = m.NumGC
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
