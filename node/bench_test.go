package node_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/storage/badgerdb"
	"navette/transport"
	"navette/transport/memnet"
)

// A runner is a node that runs on a real disk.
type runner struct {
	*node.Node
	dir   string
	meter *meter
}

// A meter is a network that counts the bytes of the frames sent, by protocol.
type meter struct {
	transport.Network
	mu   sync.Mutex
	sent map[string]int
}

func (m *meter) Dial(ctx context.Context, p transport.Peer, addrs []string, protocol string) (transport.Conn, error) {
	c, err := m.Network.Dial(ctx, p, addrs, protocol)
	if err != nil {
		return nil, err
	}
	return &metered{c, m}, nil
}

func (m *meter) Accept(ctx context.Context) (transport.Conn, error) {
	c, err := m.Network.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return &metered{c, m}, nil
}

// take returns what was sent over a protocol since it was last asked.
func (m *meter) take(protocol string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.sent[protocol]
	m.sent[protocol] = 0
	return n
}

type metered struct {
	transport.Conn
	m *meter
}

func (c *metered) Send(ctx context.Context, frame []byte) error {
	c.m.mu.Lock()
	c.m.sent[c.Protocol()] += len(frame)
	c.m.mu.Unlock()
	return c.Conn.Send(ctx, frame)
}

func runNode(b *testing.B, air *memnet.Net) *runner {
	b.Helper()
	dir := b.TempDir()
	kv, _, err := badgerdb.Open(filepath.Join(dir, "db"), badgerdb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	n, err := node.Open(node.Options{Dir: dir, Store: kv})
	if err != nil {
		b.Fatal(err)
	}
	network, near := air.Join(n.Self(), node.Protocols...)
	m := &meter{Network: network, sent: make(map[string]int)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, node.Links{Network: m, Discovery: near}) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if err := kv.Close(); err != nil {
			b.Error(err)
		}
	})
	return &runner{n, dir, m}
}

func (r *runner) found(b *testing.B) *node.Commons {
	b.Helper()
	c, err := r.Found(b.Context(), "Communs", "A", "Ana", false)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (r *runner) join(b *testing.B, from *node.Commons) *node.Commons {
	b.Helper()
	link, _, err := from.Invite(b.Context(), oplog.RoleMember, 1, time.Time{}, "")
	if err != nil {
		b.Fatal(err)
	}
	j, err := r.Join(b.Context(), link, "B", "Benoît")
	if err != nil {
		b.Fatal(err)
	}
	return j.Commons
}

// toolOf is the intent to make a tool with some text in it, or to change it.
func toolOf(c *node.Commons, i, version int) func() ([][]crdt.Edit, error) {
	id := commons.DerivedID("tool", fmt.Sprint(i))
	return func() ([][]crdt.Edit, error) {
		d, err := c.Doc(id)
		if err == nil {
			return commons.Set(d, []commons.Assign{{Field: "notes", Text: fmt.Sprint("version ", version)}}, c.Env())
		}
		return commons.Add(id, "tool", []commons.Assign{
			{Field: "name", Text: fmt.Sprint("Perceuse à colonne ", i)}, {Field: "tag", Text: fmt.Sprint("T-", i)},
			{Field: "category", Text: "bois"}, {Field: "location", Text: "Atelier principal"},
			{Field: "description", Text: fmt.Sprint("à utiliser avec des lunettes de protection, merci de nettoyer le plan de travail après usage ", i*i)},
			{Field: "custom", Key: "quantity", Text: fmt.Sprint(i % 25)}, {Field: "custom", Key: "owner", Text: "Amina"},
		}, c.Env())
	}
}

// stock makes n tools.
func stock(b testing.TB, c *node.Commons, n int) {
	b.Helper()
	for i := 0; i < n; i += 200 {
		var intents []func() ([][]crdt.Edit, error)
		for j := i; j < min(i+200, n); j++ {
			intents = append(intents, toolOf(c, j, 0))
		}
		errs, err := c.WriteAll(b.Context(), intents)
		for _, e := range append(errs, err) {
			if e != nil {
				b.Fatal(e)
			}
		}
	}
}

// fsync is how long the disk takes to make a file durable that got 1 kB longer.
func fsync(b *testing.B, dir string) time.Duration {
	b.Helper()
	const n = 200
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1<<10)
	begin := time.Now()
	for range n {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin) / n
}

// BenchmarkWrite makes durable changes, from one writer after the other and
// from 16 at once, and reports how many of the disk's own fsyncs one costs.
func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			r := runNode(b, memnet.New(memnet.Options{}))
			c := r.found(b)
			stock(b, c, writers)
			before := fsync(b, r.dir)
			b.ResetTimer()
			var wait sync.WaitGroup
			for w := range writers {
				wait.Go(func() {
					for i := w; i < b.N; i += writers {
						if _, err := c.Write(context.Background(), toolOf(c, w, i+1)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			b.StopTimer()
			rate := float64(b.N) / b.Elapsed().Seconds()
			disk := 1 / ((before + fsync(b, r.dir)) / 2).Seconds()
			b.ReportMetric(rate, "writes/s")
			b.ReportMetric(rate/disk, "×disk")
		})
	}
}

// BenchmarkJoin has a node join a commons of 10 000 tools, from nothing: what
// comes is verified, folded and durable.
func BenchmarkJoin(b *testing.B) {
	const tools = 10_000
	for b.Loop() {
		b.StopTimer()
		air := memnet.New(memnet.Options{})
		c := runNode(b, air).found(b)
		stock(b, c, tools)
		joiner := runNode(b, air)
		b.StartTimer()
		begin := time.Now()
		here := joiner.join(b, c)
		for {
			changed := here.Changed()
			counts, err := here.Counts()
			if err != nil {
				b.Fatal(err)
			}
			if counts["tool"] == tools {
				break
			}
			<-changed
		}
		b.ReportMetric(tools/time.Since(begin).Seconds(), "changes/s")
	}
}

// BenchmarkMeet has two nodes that hold the same meet again, and reports the
// bytes of all frames, both ways: of the admission, and of the exchange that
// finds out that there is nothing to do.
func BenchmarkMeet(b *testing.B) {
	air := memnet.New(memnet.Options{})
	x := runNode(b, air)
	here := x.found(b)
	stock(b, here, 1000)
	y := runNode(b, air)
	there := y.join(b, here)
	settled := func(peers int) {
		for begin := time.Now(); ; <-time.After(time.Millisecond) {
			p, q := here.Exchange(), there.Exchange()
			if p.Peers == peers && q.Peers == peers && (peers == 0 || p.State == node.UpToDate && q.State == node.UpToDate) {
				return
			}
			if time.Since(begin) > time.Minute {
				b.Fatalf("exchanges %+v and %+v, want %d peers", p, q, peers)
			}
		}
	}
	sent := func(protocol string) int { return x.meter.take(protocol) + y.meter.take(protocol) }
	settled(1)
	var admit, exchange int
	for b.Loop() {
		air.Cut(x.Self(), y.Self())
		settled(0)
		sent(node.ProtocolAdmit)
		sent(node.ProtocolSync)
		air.Mend(x.Self(), y.Self())
		settled(1)
		admit += sent(node.ProtocolAdmit)
		exchange += sent(node.ProtocolSync)
	}
	b.ReportMetric(float64(admit)/float64(b.N), "admission-bytes")
	b.ReportMetric(float64(exchange)/float64(b.N), "exchange-bytes")
}

// BenchmarkLive changes one tool after the other and waits until the other
// node has each, stored at both.
func BenchmarkLive(b *testing.B) {
	air := memnet.New(memnet.Options{})
	a := runNode(b, air)
	here := a.found(b)
	stock(b, here, 100)
	y := runNode(b, air)
	there := y.join(b, here)
	var took []time.Duration
	a.meter.take(node.ProtocolSync)
	y.meter.take(node.ProtocolSync)
	for i := 1; b.Loop(); i++ {
		begin := time.Now()
		if _, err := here.Write(b.Context(), toolOf(here, i%100, i)); err != nil {
			b.Fatal(err)
		}
		for {
			changed := there.Changed()
			if there.Fingerprint() == here.Fingerprint() {
				break
			}
			<-changed
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(a.meter.take(node.ProtocolSync))/float64(b.N), "bytes-there")
	b.ReportMetric(float64(y.meter.take(node.ProtocolSync))/float64(b.N), "bytes-back")
}
