// Command textbench measures crdt/text on recorded editing sessions, for `make
// bench-text` and the harness of other programs that it runs beside.
//
//	textbench MEASURE TRACE
//
// prints one row of JSON. The measures: local (one event a keystroke, as its
// author types), merge (a whole history at rest, replayed), load (a text at
// rest, to be read), encode, dag (the events with their parents, in order), and
// stream (the same as messages, one by one, the text being up to date after
// each). Traces are found in $TRACES, which has seq/ and conc/, or among those
// of the tests. Times are CPU time of all threads, so that collecting garbage
// counts.
//
//	textbench beside DIR TRACE…
//
// compares size and memory with the peers that a harness laid out in DIR.
//
//	textbench grow
//
// prints how time and memory grow with the page.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "textbench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == "grow" {
		return grow()
	}
	if len(args) < 2 {
		return fmt.Errorf("want a measure (local, merge, load, encode, dag, stream) and a trace")
	}
	if args[0] == "beside" {
		return beside(args[1], args[2:])
	}
	r, err := measure(args[0], args[1])
	if err != nil || r == nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
