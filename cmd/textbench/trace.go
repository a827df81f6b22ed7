package main

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"navette/crdt/text"
)

// A trace is a recorded editing session.
type trace struct {
	events []event
	want   string // the text it ends with
}

// An event is one transaction of it.
type event struct {
	name    text.Name
	lamport uint64
	parents []text.Name
	splices []text.Splice
}

type patch struct {
	pos, del int
	ins      string
}

func (p *patch) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&p.pos, &p.del, &p.ins})
}

// files says where the harness' names lie in a folder of traces.
var files = map[string]string{"egwalker": "S3-egwalker", "node_nodecc": "A1-node_nodecc", "git-makefile": "A2-git-makefile_x2"}

// readTrace reads a trace of $TRACES, or one of those that the tests use.
func readTrace(name string) (*trace, error) {
	file := name
	if f, ok := files[name]; ok {
		file = f
	}
	var f *os.File
	err := errors.New("no such trace")
	for _, dir := range []string{os.Getenv("TRACES") + "/seq", os.Getenv("TRACES") + "/conc", "crdt/text/testdata"} {
		if f, err = os.Open(filepath.Join(dir, file+".json.gz")); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", name, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", name, err)
	}
	var t struct {
		Kind       string
		EndContent string
		Txns       []struct {
			Parents []int
			Agent   int
			Patches []patch
		}
	}
	if err := json.NewDecoder(z).Decode(&t); err != nil {
		return nil, fmt.Errorf("read trace %s: %w", name, err)
	}
	out := &trace{want: t.EndContent}
	switch {
	case t.Kind == "concurrent" && len(t.Txns) == 1: // a sequential one, all in one transaction
		for i, p := range t.Txns[0].Patches {
			out.add(0, after(i), []patch{p})
		}
	case t.Kind == "concurrent":
		for _, x := range t.Txns {
			out.add(x.Agent, x.Parents, x.Patches)
		}
	default:
		for i, x := range t.Txns {
			out.add(0, after(i), x.Patches)
		}
	}
	return out, nil
}

func after(i int) []int {
	if i == 0 {
		return nil
	}
	return []int{i - 1}
}

// add names the next event as the other programs do: by its author and a number.
// A change has what one author did without taking in what others did, and its
// name is a number too; in Navette it is a hash, 32 bytes more for each.
func (t *trace) add(agent int, parents []int, patches []patch) {
	i := len(t.events)
	e := event{}
	binary.BigEndian.PutUint32(e.name.Log[:], uint32(agent))
	if len(parents) == 1 && t.events[parents[0]].name.Log == e.name.Log && t.goesOn(parents[0]) {
		e.name, e.lamport = t.events[parents[0]].name, t.events[parents[0]].lamport
		e.name.Index++
	} else {
		binary.BigEndian.PutUint32(e.name.Change[:], uint32(i))
		for _, p := range parents {
			e.lamport = max(e.lamport, t.events[p].lamport+1)
		}
	}
	for _, p := range parents {
		e.parents = append(e.parents, t.events[p].name)
	}
	for _, p := range patches {
		if p.del > 0 || p.ins != "" {
			e.splices = append(e.splices, text.Splice{Pos: p.pos, Del: p.del, Ins: p.ins})
		}
	}
	t.events = append(t.events, e)
}

// goesOn tells whether an event is still the last one of its change.
func (t *trace) goesOn(p int) bool {
	n := t.events[p].name
	n.Index++
	return !slices.ContainsFunc(t.events[p+1:], func(e event) bool { return e.name == n })
}

// names returns what the names of the changes take.
func (t *trace) names() int {
	seen := map[text.Name]bool{}
	for _, e := range t.events {
		e.name.Index = 0
		seen[e.name] = true
	}
	return 32 * len(seen)
}
