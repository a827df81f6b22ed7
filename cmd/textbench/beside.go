package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
)

// peers says which of a peer's files holds its full history.
var peers = []struct{ name, file string }{
	{"dt", "toBytes"}, {"yjs", "v2-nogc"}, {"ywasm", "v2-nogc"}, {"loro", "update"}, {"jsonjoy", "binary"},
}

// beside prints what the full history of traces takes at rest, and the most
// memory a process takes that merges it, ours by the peer's.
func beside(dir string, traces []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "trace\tbeside\thistory, bytes\tours\tratio\tpeak memory, MB\tours\tratio")
	for _, t := range traces {
		ours, err := rowOf(exec.Command(self, "merge", t))
		if err != nil {
			return err
		}
		for _, p := range peers {
			size, err := os.Stat(filepath.Join(dir, "encoded", t+"."+p.name+"."+p.file))
			if err != nil {
				continue // it can't encode this one
			}
			c := exec.Command("node", "--expose-gc", "bench.mjs", p.name, "merge", t, "--once")
			c.Dir = dir
			theirs, err := rowOf(c)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%.2f\t%.1f\t%.1f\t%.2f\n", t, p.name,
				size.Size(), ours.Bytes, float64(ours.Bytes)/float64(size.Size()), theirs.RSS, ours.RSS, ours.RSS/theirs.RSS)
		}
	}
	return w.Flush()
}

// rowOf runs a measure and reads its row, the last line.
func rowOf(c *exec.Cmd) (*row, error) {
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("run %v: %w", c.Args, err)
	}
	out = bytes.TrimSpace(out)
	r := new(row)
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], r); err != nil {
		return nil, fmt.Errorf("run %v: %w", c.Args, err)
	}
	return r, nil
}
