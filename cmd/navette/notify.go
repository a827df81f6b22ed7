package main

import (
	"context"
	"net"
	"strconv"
	"time"
)

// notify tells the service manager how the daemon is, where one asked to be
// told (sd_notify(3)): that it is ready, that it stops, and, where the unit has
// a watchdog, every so often that it is alive. It returns when ctx ends; alive
// waits for what would be stuck if something were, so that then nothing is
// told any more, and the manager starts the daemon again.
func (e *env) notify(ctx context.Context, alive func()) {
	socket := e.getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	if socket[0] == '@' {
		socket = "\x00" + socket[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return // whoever started it will see that it isn't told
	}
	defer conn.Close()
	say := func(what string) { _, _ = conn.Write([]byte(what)) } // nobody listens any more: nobody is to be told
	say("READY=1")
	defer say("STOPPING=1")
	micros, err := strconv.ParseInt(e.getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || micros <= 0 {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(time.Duration(micros) * time.Microsecond / 3)
	defer tick.Stop()
	for {
		alive()
		say("WATCHDOG=1")
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
