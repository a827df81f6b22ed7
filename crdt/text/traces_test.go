package text

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A session is a recorded editing session, or a generated one, as events in a
// topological order.
type session struct {
	events []testEvent
	want   string
	// goOn makes what one author does on top of their own last event part of the
	// same change. last is that event.
	goOn bool
	last map[[16]byte]int
}

type testEvent struct {
	name    Name
	lamport uint64
	parents []int
	splices []Splice
	void    bool
}

type patch struct {
	pos, del int
	ins      string
}

func (p *patch) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&p.pos, &p.del, &p.ins})
}

// testName names the seq-th event of an author: seq stands in the change so
// that Name.Compare orders by author, then seq.
func testName(author string, seq int) (n Name) {
	copy(n.Log[:], author)
	binary.BigEndian.PutUint64(n.Change[:], uint64(seq))
	return n
}

func (s *session) add(author string, seq int, parents []int, ps []patch) {
	e := testEvent{name: testName(author, seq), parents: parents}
	for _, p := range parents {
		e.lamport = max(e.lamport, s.events[p].lamport+1)
	}
	s.rename(&e)
	for _, p := range ps {
		if p.del > 0 || p.ins != "" {
			e.splices = append(e.splices, Splice{Pos: p.pos, Del: p.del, Ins: p.ins})
		}
	}
	s.events = append(s.events, e)
}

// rename makes an event, which comes next, part of its author's last change if
// it goes on with that.
func (s *session) rename(e *testEvent) {
	if last, ok := s.last[e.name.Log]; s.goOn && ok && slices.Equal(e.parents, []int{last}) {
		e.name, e.lamport = s.events[last].name, s.events[last].lamport
		e.name.Index++
	}
	if s.last == nil {
		s.last = map[[16]byte]int{}
	}
	s.last[e.name.Log] = len(s.events)
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// readTrace reads the format of josephg/editing-traces: a transaction is an
// event. Sequential sessions have neither parents nor agents, and those that
// are one transaction become an event a patch.
func readTrace(t testing.TB, path string) *session {
	var f struct {
		Kind       string
		EndContent string
		Txns       []struct {
			Parents []int
			Agent   int
			Patches []patch
		}
	}
	readJSON(t, path, &f)
	s := &session{want: f.EndContent, goOn: true}
	if f.Kind == "concurrent" && len(f.Txns) == 1 {
		for i, p := range f.Txns[0].Patches {
			s.add("a", i, after(i), []patch{p})
		}
		return s
	}
	for i, x := range f.Txns {
		if f.Kind != "concurrent" {
			x.Parents = after(i)
		}
		s.add(string(binary.BigEndian.AppendUint16(nil, uint16(x.Agent))), i, x.Parents, x.Patches)
	}
	return s
}

func after(i int) []int {
	if i == 0 {
		return nil
	}
	return []int{i - 1}
}

// readConformance reads diamond-types' random histories. Their parents name
// keystrokes; every transaction ends where a parent may point.
func readConformance(t testing.TB, path string) (all []*session) {
	var f []struct {
		EndContent string
		Txns       []struct {
			Span     [2]int
			Parents  []int
			Agent    string
			SeqStart int
			Ops      []patch
		}
	}
	readJSON(t, path, &f)
	for _, h := range f {
		s := &session{want: h.EndContent}
		at := map[int]int{} // keystroke to event
		for i, x := range h.Txns {
			var parents []int
			for _, p := range x.Parents {
				e, ok := at[p]
				if !ok {
					t.Fatalf("parent %d isn't the last keystroke of a transaction", p)
				}
				parents = append(parents, e)
			}
			s.add(x.Agent, x.SeqStart, parents, x.Ops)
			at[x.Span[1]-1] = i
		}
		all = append(all, s)
	}
	return all
}

// apply adds the events to a text in the order given, or in their own.
func (s *session) apply(t testing.TB, x *Text, order []int) {
	t.Helper()
	for i := range s.events {
		if order != nil {
			i = order[i]
		}
		e := &s.events[i]
		if err := x.ApplyParents(e.name, e.lamport, s.namesOf(e.parents), e.splices, e.void); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
}

func (s *session) namesOf(es []int) []Name {
	ns := make([]Name, len(es))
	for i, e := range es {
		ns[i] = s.events[e].name
	}
	return ns
}

// sessions returns the recorded sessions that are at hand: those in testdata,
// and all of $NAVETTE_TRACES.
func sessions(t testing.TB) map[string]*session {
	paths := []string{"testdata/friendsforever.json.gz", "testdata/sveltecomponent.json.gz"}
	if dir := os.Getenv("NAVETTE_TRACES"); dir != "" {
		for _, sub := range []string{"seq", "conc"} {
			more, err := filepath.Glob(filepath.Join(dir, sub, "*.json.gz"))
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, more...)
		}
	}
	all := map[string]*session{}
	for _, p := range paths {
		if name := filepath.Base(p); all[name] == nil {
			all[name] = readTrace(t, p)
		}
	}
	return all
}

func TestRecordedSessionsEndInTheirText(t *testing.T) {
	for name, s := range sessions(t) {
		t.Run(name, func(t *testing.T) {
			x := New(nil)
			s.apply(t, x, nil)
			if got := x.String(); got != s.want {
				t.Errorf("text of %d bytes differs from the recorded one of %d bytes", len(got), len(s.want))
			}
			b := x.Encode()
			t.Logf("%d events, %d bytes encoded", len(s.events), len(b))
			y, err := Decode(b, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := y.String(); got != s.want {
				t.Errorf("text differs after Decode")
			}
			z, err := Replay(b, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := z.String(); got != s.want || !bytes.Equal(z.Encode(), b) {
				t.Errorf("replaying the history gives another text, or other bytes")
			}
		})
	}
}

// causal returns an order of the events that respects causality: of those that
// may come next, the one that pick says.
func (s *session) causal(pick func(ready int) int) (order []int) {
	waits, children := make([]int, len(s.events)), make([][]int, len(s.events))
	var ready []int
	for i, e := range s.events {
		for _, p := range e.parents {
			children[p] = append(children[p], i)
		}
		if waits[i] = len(e.parents); waits[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		k := pick(len(ready))
		e := ready[k]
		ready = slices.Delete(ready, k, k+1)
		order = append(order, e)
		for _, c := range children[e] {
			if waits[c]--; waits[c] == 0 {
				ready = append(ready, c)
			}
		}
	}
	return order
}

// In whatever order changes come, and however many at once: the text may be asked
// for, stored and read again at any time between them.
func TestEveryOrderOfASessionGivesTheSameBytes(t *testing.T) {
	for name, s := range sessions(t) {
		t.Run(name, func(t *testing.T) {
			want := New(nil)
			s.apply(t, want, nil)
			rnd := rand.New(rand.NewPCG(9, 9))
			ways := []func(int) int{
				func(n int) int { return n - 1 }, // branch by branch
				func(int) int { return 0 },       // in turns
				rnd.IntN,
			}
			for range min(cases(t, 1), 30) - 1 {
				ways = append(ways, rnd.IntN)
			}
			for i, pick := range ways {
				x, batch := New(nil), 0
				for _, k := range s.causal(pick) {
					if batch--; batch < 0 {
						batch = rnd.IntN(len(s.events) / 5)
						switch rnd.IntN(3) {
						case 0:
							_ = x.Len()
						case 1:
							x.Encode()
						default:
							y, err := Decode(x.Encode(), nil)
							if err != nil {
								t.Fatal(err)
							}
							x = y
						}
					}
					e := &s.events[k]
					if err := x.ApplyParents(e.name, e.lamport, s.namesOf(e.parents), e.splices, false); err != nil {
						t.Fatalf("order %d, event %d: %v", i, k, err)
					}
				}
				if !bytes.Equal(x.Encode(), want.Encode()) {
					t.Errorf("order %d gives other bytes", i)
				}
			}
		})
	}
}

// What is packed stays the same bytes. If this fails after another release of Go
// came in, its deflate changed: raise fileVersion.
func TestPackingIsStable(t *testing.T) {
	s := readTrace(t, "testdata/sveltecomponent.json.gz")
	x := New(nil)
	s.apply(t, x, nil)
	if got, want := crc32.Checksum(x.Encode(), castagnoli), uint32(0xb8ec48ad); got != want {
		t.Errorf("got a file with checksum %#x, want %#x", got, want)
	}
}

// byAuthor is the order of the published histories: authors as strings, then
// their own numbers.
func byAuthor(a, b Name) int {
	return cmp.Or(cmp.Compare(string(a.Log[:]), string(b.Log[:])), a.Compare(b))
}

// The published histories follow Fugue's order. FugueMax's, which is ours,
// differs where right siblings have different right origins: then the oracle
// says what is right.
func TestConformance(t *testing.T) {
	path := "testdata/conformance-100.json.gz"
	if dir := os.Getenv("NAVETTE_TRACES"); dir != "" {
		path = filepath.Join(dir, "conformance/dt-conformance-1000.json.gz")
	}
	all := readConformance(t, path)
	differ := 0
	for i, s := range all {
		fugue, max := New(byAuthor), New(byAuthor)
		fugue.fugue = true
		s.apply(t, fugue, nil)
		s.apply(t, max, nil)
		if got := fugue.String(); got != s.want {
			t.Errorf("history %d in Fugue's order: got %q, want the recorded %q", i, got, s.want)
		}
		naiveFugue, naiveMax := newOracle(false, byAuthor), newOracle(true, byAuthor)
		for _, e := range s.events {
			naiveFugue.apply(e.name, e.parents, e.splices, false)
			naiveMax.apply(e.name, e.parents, e.splices, false)
		}
		if got := naiveFugue.raw(); got != s.want {
			t.Errorf("history %d by the oracle: got %q, want the recorded %q", i, got, s.want)
		}
		if got, want := max.String(), naiveMax.raw(); got != want {
			t.Errorf("history %d in FugueMax's order: got %q, want the oracle's %q", i, got, want)
		}
		if max.String() != s.want {
			differ++
		}
	}
	t.Logf("%d histories; FugueMax's order gives another text than Fugue's in %d", len(all), differ)
}
