package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"navette/crdt/text"
)

// A row is what the harness reads.
type row struct {
	Peer    string  `json:"peer"`
	Measure string  `json:"measure"`
	Trace   string  `json:"trace"`
	CPU     float64 `json:"cpuMedian"` // ms
	OK      bool    `json:"ok"`        // the text is the recorded one
	// Bytes is the size of the history, and for load with the text beside it. The
	// names of changes, 32 bytes each, are left out: others' are numbers.
	Bytes int     `json:"bytes"`
	RSS   float64 `json:"maxRssMB"` // of this process
}

// Samples are taken until there are enough or it took long enough, the first one
// not counted.
const (
	maxSamples = 60
	minSamples = 7
	patience   = 2 * time.Second
)

func measure(what, name string) (*row, error) {
	r := &row{Peer: "navette", Measure: what, Trace: name}
	var pass func() string
	var want string
	switch what {
	case "merge", "load": // in a process that never saw the trace
		file, end, names, err := atRest(name)
		if err != nil {
			return nil, err
		}
		want, r.Bytes = end, len(file)-names
		if what == "merge" {
			r.Bytes -= len(end)
			pass = func() string { return must(text.Replay(file, nil)).String() }
		} else {
			pass = func() string { return must(text.Decode(file, nil)).String() }
		}
	case "local", "dag", "stream", "encode", "write":
		t, err := readTrace(name)
		if err != nil {
			return nil, err
		}
		want = t.want
		switch what {
		case "local":
			pass = t.local()
		case "dag":
			pass = func() string { return t.dag().String() }
		case "stream":
			pass = t.stream()
		case "encode":
			pass = func() string {
				x := t.dag()
				_ = x.String()
				r.Bytes = len(x.Encode()) - len(x.Raw()) - t.names()
				return x.String()
			}
		case "write":
			_, err := os.Stdout.Write(t.dag().AppendEncode(binary.BigEndian.AppendUint32(nil, uint32(t.names()))))
			return nil, err
		}
	default:
		return nil, fmt.Errorf("unknown measure %q", what)
	}
	r.OK = true
	var times []time.Duration
	for start := time.Now(); len(times) <= maxSamples && (len(times) <= minSamples || time.Since(start) < patience); {
		runtime.GC()
		before := cpu()
		got := pass()
		times = append(times, cpu()-before)
		r.OK = r.OK && got == want
	}
	times = times[1:]
	slices.Sort(times)
	r.CPU = float64(times[len(times)/2].Microseconds()) / 1000
	r.RSS = peak()
	return r, nil
}

// atRest has another process write the trace's file, so that this one's memory
// is that of reading it. It also tells how much of it are names of changes.
func atRest(name string) (file []byte, end string, names int, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", 0, err
	}
	c := exec.Command(self, "write", name)
	c.Stderr = os.Stderr
	if file, err = c.Output(); err != nil {
		return nil, "", 0, fmt.Errorf("encode %s: %w", name, err)
	}
	names, file = int(binary.BigEndian.Uint32(file)), file[4:]
	t, err := text.Decode(file, nil)
	if err != nil {
		return nil, "", 0, err
	}
	return file, t.String(), names, nil
}

func must(t *text.Text, err error) *text.Text {
	if err != nil {
		panic("textbench: internal error: " + err.Error())
	}
	return t
}

// local returns a pass over the splices of one author, one event each.
func (t *trace) local() func() string {
	var typed []text.Splice
	for _, e := range t.events {
		typed = append(typed, e.splices...)
	}
	t.events = nil
	return func() string {
		x := text.New(nil)
		all := func(text.Name) bool { return true }
		for n, left := (text.Name{}), typed; len(left) > 0; n.Index++ {
			if err := x.Apply(n, 0, all, left[:1], false); err != nil {
				return err.Error()
			}
			left = left[1:]
		}
		return x.String()
	}
}

func (t *trace) dag() *text.Text {
	x := text.New(nil)
	for i := range t.events {
		e := &t.events[i]
		if err := x.ApplyParents(e.name, e.lamport, e.parents, e.splices, false); err != nil {
			panic(fmt.Sprintf("textbench: event %d doesn't fit: %v", i, err)) // the trace's own fault
		}
	}
	return x
}

// stream returns a pass over the events as messages: name, lamport, parents,
// splices.
func (t *trace) stream() func() string {
	messages := make([][]byte, len(t.events))
	for i, e := range t.events {
		b := appendName(nil, e.name)
		b = binary.AppendUvarint(b, e.lamport)
		b = binary.AppendUvarint(b, uint64(len(e.parents)))
		for _, p := range e.parents {
			b = appendName(b, p)
		}
		messages[i] = text.AppendSplices(b, e.splices)
	}
	return func() string {
		x := text.New(nil)
		for i, b := range messages {
			var name text.Name
			name, b = readName(b)
			lamport, k := binary.Uvarint(b)
			n, l := binary.Uvarint(b[k:])
			b = b[k+l:]
			parents := make([]text.Name, n)
			for j := range parents {
				parents[j], b = readName(b)
			}
			s, err := text.ReadSplices(b)
			if err != nil {
				s = t.events[i].splices // some recorded pastes are more than an op may hold
			}
			if err := x.ApplyParents(name, lamport, parents, s, false); err != nil {
				return err.Error()
			}
			x.Len() // up to date
		}
		return x.String()
	}
}

// What names have here: a number for the log, one for the change, the index.
func appendName(b []byte, n text.Name) []byte {
	return binary.BigEndian.AppendUint32(append(append(b, n.Log[:4]...), n.Change[:4]...), n.Index)
}

func readName(b []byte) (n text.Name, rest []byte) {
	copy(n.Log[:], b[:4])
	copy(n.Change[:], b[4:8])
	n.Index = binary.BigEndian.Uint32(b[8:])
	return n, b[12:]
}

// cpu returns the CPU time of all threads so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak returns the most memory this process had, in MB.
func peak() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.ParseFloat(kb, 64)
	return n / 1024
}
