// Command bench measures Navette as people have it: real daemons, each in a
// network namespace of its own, driven through their real API.
//
//	bench contender …   a daemon behind the little HTTP API that the harness
//	                    beside this repository speaks with every program
//	bench alone …       the same workload without that harness
//	bench writes …      durable writes on one daemon, beside the disk's own rate
//	bench table DIR     the table of the results in DIR, with ratios
//
// bench.sh puts them together. Times are of one machine in one run: compare
// ratios, never figures of two runs. Nothing here is a test.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	commands := map[string]func(context.Context, []string) error{
		"contender": contender, "alone": alone, "writes": writes, "table": table,
	}
	run := func(context.Context, []string) error { return fmt.Errorf("bench contender | alone | writes | table") }
	if len(os.Args) > 1 && commands[os.Args[1]] != nil {
		run = commands[os.Args[1]]
	}
	if err := run(ctx, os.Args[min(2, len(os.Args)):]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
