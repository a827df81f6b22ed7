package text

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// gathered turns a sequential session into one whose keystrokes are gathered
// as an editor does: Join over so many of them, in changes of a log.
func gathered(s *session, keystrokes int) *session {
	g := &session{want: s.want}
	for chunk := range slices.Chunk(s.events, keystrokes) {
		var all []Splice
		for _, e := range chunk {
			all = append(all, e.splices...)
		}
		i := len(g.events)
		g.events = append(g.events, testEvent{name: testName("a", i), lamport: uint64(i), parents: after(i), splices: Join(all)})
	}
	return g
}

func sequential(name string) bool {
	return slices.Contains([]string{"automerge-paper.json.gz", "rustcode.json.gz", "sveltecomponent.json.gz", "S3-egwalker.json.gz"}, name)
}

func eachSession(b *testing.B, f func(b *testing.B, name string, s *session)) {
	for name, s := range sessions(b) {
		b.Run(name, func(b *testing.B) { f(b, name, s) })
	}
}

// BenchmarkLocal types a session, one event a keystroke, as its author does.
func BenchmarkLocal(b *testing.B) {
	for name, s := range sessions(b) {
		if sequential(name) {
			b.Run(name, func(b *testing.B) { benchmarkLocal(b, s) })
		}
	}
}

func benchmarkLocal(b *testing.B, s *session) {
	b.ReportAllocs()
	for b.Loop() {
		x := New(nil)
		for i := range s.events {
			e := &s.events[i]
			if err := x.Apply(e.name, e.lamport, func(Name) bool { return true }, e.splices, false); err != nil {
				b.Fatal(err)
			}
		}
		if x.String() != s.want {
			b.Fatal("wrong text")
		}
	}
	perEvent(b, s)
}

func perEvent(b *testing.B, s *session) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(s.events)), "ns/event")
}

// BenchmarkMerge reads a session's ops and applies them to an empty text, one
// by one, as a replica does that gets them all.
func BenchmarkMerge(b *testing.B) {
	eachSession(b, func(b *testing.B, name string, s *session) {
		var ops [][]byte
		for _, e := range s.events {
			ops = append(ops, AppendSplices(nil, e.splices))
		}
		b.ReportAllocs()
		for b.Loop() {
			x := New(nil)
			for i, op := range ops {
				splices, err := ReadSplices(op)
				if err != nil && len(op) < MaxInsert {
					b.Fatal(err)
				} else if err != nil {
					splices = s.events[i].splices // what recorded sessions paste may be too big for an op
				}
				e := &s.events[i]
				if err := x.ApplyParents(e.name, e.lamport, s.namesOf(e.parents), splices, false); err != nil {
					b.Fatal(err)
				}
			}
			if x.String() != s.want {
				b.Fatal("wrong text")
			}
		}
		perEvent(b, s)
	})
}

// BenchmarkBranches merges three long branches that come one after the other, or
// event by event in turns.
func BenchmarkBranches(b *testing.B) {
	const branches, length = 3, 3000
	for _, turns := range []bool{false, true} {
		rnd := rand.New(rand.NewPCG(3, 3))
		var s session
		s.add("base", 0, nil, []patch{{0, 0, strings.Repeat("lorem ipsum ", 500)}})
		var tips, pos [branches]int
		for i := range branches * length {
			k := i / length
			if turns {
				k = i % branches
			}
			if rnd.IntN(30) == 0 {
				pos[k] = rnd.IntN(5000)
			}
			s.add(string(rune('a'+k)), i, []int{tips[k]}, []patch{{pos[k], 0, "x"}})
			tips[k] = len(s.events) - 1
			pos[k]++
		}
		b.Run(map[bool]string{false: "one by one", true: "in turns"}[turns], func(b *testing.B) {
			for b.Loop() {
				x := New(nil)
				s.apply(b, x, nil)
				if x.Len() != 6000+branches*length {
					b.Fatal(x.Len())
				}
			}
			perEvent(b, &s)
		})
	}
}

// BenchmarkReplay reads a whole history at rest and walks it without taking
// the string's way: what the first blame or verdict costs.
func BenchmarkReplay(b *testing.B) {
	eachSession(b, func(b *testing.B, name string, s *session) {
		x := New(nil)
		s.apply(b, x, nil)
		file := x.Encode()
		b.ReportAllocs()
		for b.Loop() {
			y, err := Decode(file, nil)
			if err != nil {
				b.Fatal(err)
			}
			if err := y.load(); err != nil {
				b.Fatal(err)
			}
			y.whole()
		}
		perEvent(b, s)
	})
}

// BenchmarkLoad reads a text at rest, typed in gathers of ten keystrokes.
func BenchmarkLoad(b *testing.B) {
	eachSession(b, func(b *testing.B, name string, s *session) {
		if sequential(name) {
			s = gathered(s, 10)
		}
		x := New(nil)
		s.apply(b, x, nil)
		file := x.Encode()
		b.ReportAllocs()
		for b.Loop() {
			y, err := Decode(file, nil)
			if err != nil {
				b.Fatal(err)
			}
			if len(y.String()) != len(s.want) {
				b.Fatal("wrong text")
			}
		}
	})
}

// BenchmarkKeystroke opens a text at rest, takes a keystroke and encodes it
// again, keeping it in memory or not.
func BenchmarkKeystroke(b *testing.B) {
	eachSession(b, func(b *testing.B, name string, s *session) {
		if sequential(name) {
			s = gathered(s, 10)
		}
		x := New(nil)
		s.apply(b, x, nil)
		file := x.Encode()
		var buf []byte
		press := func(y *Text, i int) {
			var n Name
			binary.BigEndian.PutUint64(n.Change[:], uint64(i))
			if err := y.Apply(n, 1<<40+uint64(i), func(Name) bool { return true }, []Splice{{Pos: y.Len() / 2, Ins: "x"}}, false); err != nil {
				b.Fatal(err)
			}
			buf = y.AppendEncode(buf[:0])
		}
		b.Run("opened", func(b *testing.B) {
			for b.Loop() {
				y, err := Decode(file, nil)
				if err != nil {
					b.Fatal(err)
				}
				press(y, 0)
			}
		})
		b.Run("kept", func(b *testing.B) {
			y, err := Decode(file, nil)
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				press(y, i)
			}
		})
	})
}

// BenchmarkBigPage opens a page of half a million characters with 300 000
// keystrokes of history, types in it and encodes it after each keystroke.
func BenchmarkBigPage(b *testing.B) {
	const keystrokes = 300_000
	rnd := rand.New(rand.NewPCG(1, 2))
	seen := func(Name) bool { return true }
	x := New(nil)
	for i := range keystrokes / 10 {
		s := []Splice{{Pos: rnd.IntN(x.Len() + 1), Ins: "clavier"}, {Pos: rnd.IntN(x.Len() + 1), Ins: "été"}}
		if x.Len() < 250_000 {
			s = []Splice{{Ins: strings.Repeat("un café, ", 500)}}
		}
		if err := x.Apply(testName("a", i), uint64(i), seen, s, false); err != nil {
			b.Fatal(err)
		}
	}
	file := x.Encode()
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			y, err := Decode(file, nil)
			if err != nil || y.Len() < 500_000 {
				b.Fatal(y.Len(), err)
			}
		}
	})
	press := func(y *Text, i int, buf []byte) []byte {
		n := testName("a", keystrokes+i)
		if err := y.Apply(n, keystrokes+uint64(i), seen, []Splice{{Pos: y.Len()/2 + i%1000, Ins: "x"}}, false); err != nil {
			b.Fatal(err)
		}
		return y.AppendEncode(buf[:0])
	}
	b.Run("first", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			b.StopTimer()
			y, err := Decode(file, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			buf = press(y, 0, buf)
		}
	})
	b.Run("keystroke", func(b *testing.B) {
		y, err := Decode(file, nil)
		if err != nil {
			b.Fatal(err)
		}
		var (
			buf   []byte
			times []time.Duration
		)
		for i := 0; b.Loop(); i++ {
			start := time.Now()
			buf = press(y, i, buf)
			times = append(times, time.Since(start))
		}
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
	})
}

// BenchmarkSize reports what a keystroke takes at rest and in an op.
func BenchmarkSize(b *testing.B) {
	eachSession(b, func(b *testing.B, name string, s *session) {
		keystrokes, ops, message := len(s.events), 0, 0
		for _, e := range s.events {
			message += len(AppendSplices(nil, e.splices))
		}
		if sequential(name) {
			s = gathered(s, 10)
		}
		for _, e := range s.events {
			ops += len(AppendSplices(nil, e.splices))
		}
		for b.Loop() {
			x := New(nil)
			s.apply(b, x, nil)
			file := x.Encode()
			if err := x.load(); err != nil {
				b.Fatal(err)
			}
			names := 32 * x.changes()
			b.ReportMetric(float64(len(file)-names-len(x.Raw()))/float64(keystrokes), "B/keystroke")
			b.ReportMetric(float64(len(file)), "B")
			b.ReportMetric(float64(names), "B-names")
			b.ReportMetric(float64(ops)/float64(keystrokes), "op-B/keystroke")
			b.ReportMetric(float64(message)/float64(keystrokes), "single-op-B")
		}
	})
}
