package node_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node"
	"navette/transport"
)

// A forgery is what an enemy pretends to have stored: a reconcile.Source that
// tells of tips and has, or withholds, what leads to them.
type forgery struct {
	e    *enemy
	tips []reconcile.Item
	runs map[crdt.ChangeID][]*oplog.Run // by tip; none: withheld
}

// have adds a tip and what leads to it.
func (f *forgery) have(runs ...*oplog.Run) {
	it := tip(runs[len(runs)-1], 0)
	if f.runs == nil {
		f.runs = map[crdt.ChangeID][]*oplog.Run{}
	}
	f.tips, f.runs[it.ID] = append(f.tips, it), runs
}

func (f *forgery) Members() *reconcile.Set {
	var items []reconcile.Item
	for id := range f.e.blocks {
		height, _ := f.e.state.Height(id)
		items = append(items, reconcile.Item{Order: height, ID: id})
	}
	return reconcile.NewSet(items)
}

func (f *forgery) Tips() *reconcile.Set {
	return reconcile.NewSet(append([]reconcile.Item(nil), f.tips...))
}

func (f *forgery) Member(id crdt.ChangeID) ([]byte, oplog.Signature, bool) {
	m, ok := f.e.blocks[id]
	return m.Block, m.Sig, ok
}

// Link knows the tips only: nobody asks for more.
func (f *forgery) Link(id crdt.ChangeID) (oplog.Link, bool) {
	runs := f.runs[id]
	if len(runs) == 0 {
		return oplog.Link{}, false
	}
	changes := runs[len(runs)-1].Changes
	return changes[len(changes)-1].Link(), true
}

func (f *forgery) PrevLogs(crdt.ChangeID) []oplog.Link   { return nil }
func (f *forgery) Saw(later, earlier crdt.ChangeID) bool { return later == earlier }
func (f *forgery) Back(id crdt.ChangeID) []crdt.ChangeID { return []crdt.ChangeID{id} }
func (f *forgery) Open(tip crdt.ChangeID, _ []crdt.ChangeID) (reconcile.Branch, error) {
	return &forgedBranch{f.runs[tip]}, nil
}

func (f *forgery) Peek(tip crdt.ChangeID, _ []crdt.ChangeID) (oplog.Link, bool) {
	runs := f.runs[tip]
	if len(runs) == 0 {
		return oplog.Link{}, false
	}
	return first(runs[0]), true
}

func first(r *oplog.Run) oplog.Link {
	if r.Genesis != nil {
		return oplog.Link{ID: r.Genesis.ID, Log: r.Genesis.Log()}
	}
	return r.Changes[0].Link()
}

type forgedBranch struct{ left []*oplog.Run }

func (b *forgedBranch) Next() (*oplog.Run, error) {
	if len(b.left) == 0 {
		return nil, nil
	}
	r := b.left[0]
	b.left = b.left[1:]
	return r, nil
}

func (b *forgedBranch) Peek() (oplog.Link, bool, error) {
	if len(b.left) == 0 {
		return oplog.Link{}, false, nil
	}
	return first(b.left[0]), true, nil
}

// log begins a log of the enemy's.
func (e *enemy) log(n uint64) *oplog.Run {
	g := &oplog.LogGenesis{Commons: e.home.ID, Device: oplog.PublicKey(e.device), Person: e.person, Cert: e.cert, Grant: e.grant}
	binary.BigEndian.PutUint64(g.Nonce[:], n)
	block, err := g.Encode()
	if err != nil {
		e.t.Error(err)
		return nil
	}
	r, err := oplog.NewRun([][]byte{block}, oplog.Sign(e.device, oplog.SigLog, e.home.ID, block), oplog.Signature{})
	if err != nil {
		e.t.Error(err)
	}
	return r
}

// change follows prev in its log, and names deps.
func (e *enemy) change(prev oplog.Link, n int, lamport uint64, deps ...crdt.ChangeID) *oplog.Run {
	c := &oplog.Change{
		Log: prev.Log, Seq: prev.Seq + 1, Prev: prev.ID, Deps: oplog.SortLinks(deps), Lamport: lamport,
		Ops: []crdt.Op{{Code: 3, Target: crdt.Target{ID: crdt.ID{9, byte(n), byte(n >> 8), byte(n >> 16)}}, Body: cbor.AppendUint(nil, uint64(n))}},
	}
	block, err := c.Encode()
	if err != nil {
		e.t.Error(err)
		return nil
	}
	r, err := oplog.NewRun([][]byte{block}, oplog.Signature{}, oplog.Sign(e.device, oplog.SigChange, e.home.ID, block))
	if err != nil {
		e.t.Error(err)
	}
	return r
}

func tip(r *oplog.Run, birth uint64) reconcile.Item {
	last := first(r)
	if n := len(r.Changes); n > 0 {
		last = r.Changes[n-1].Link()
	}
	return reconcile.Item{Order: birth, Log: last.Log, ID: last.ID, Seq: last.Seq}
}

// pretend runs a session over conn from what is forged, and says how it went.
func (e *enemy) pretend(ctx context.Context, f *forgery) string {
	conn, err := e.open(ctx)
	if err != nil {
		return fmt.Sprint("not let in: ", err)
	}
	defer conn.Close()
	s := reconcile.New(reconcile.Options{Commons: e.home.ID, Initiator: true, Nonce: reconcile.Nonce{7}, Source: f})
	frames := 0
	for {
		for b := s.Next(); b != nil; b = s.Next() {
			frames++
			if err := conn.Send(ctx, b); err != nil {
				return fmt.Sprintf("%d frames, then: %v", frames, err)
			}
		}
		got, err := conn.Receive(ctx)
		if ctx.Err() != nil {
			return fmt.Sprintf("%d frames until the end", frames)
		}
		if err != nil {
			return fmt.Sprintf("%d frames, then: %v", frames, err)
		}
		events, err := s.Receive(got)
		if err != nil {
			return fmt.Sprintf("%d frames, then: %v", frames, err)
		}
		for _, ev := range events {
			switch ev := ev.(type) {
			case *reconcile.Runs:
				s.Release(ev.Bytes)
			case *reconcile.Members:
				s.Release(ev.Bytes)
			}
		}
	}
}

// memoryOf an attack: what a peer's waiting changes may take. What is valid is
// stored, and the store of these tests is in memory.
const (
	memoryOf      = 16 << 20
	memoryOfFlood = 48 << 20
)

// What a member's device, turned enemy, can do in the exchange.
func TestHostileMember(t *testing.T) {
	const count = 2000
	random := func(n int) (id crdt.ChangeID) {
		binary.BigEndian.PutUint64(id[:], uint64(n+1)*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(id[24:], uint64(n))
		return id
	}
	for _, tt := range []struct {
		name  string
		limit int64
		forge func(*enemy) *forgery
	}{
		{"LyingTips", memoryOf, func(e *enemy) *forgery {
			f := &forgery{e: e}
			for i := range count {
				id := random(i)
				f.tips = append(f.tips, reconcile.Item{Order: uint64(i), Log: crdt.LogID(id[:16]), ID: id, Seq: 1 << 40})
			}
			return f
		}},
		{"WithheldDependencies", memoryOf, func(e *enemy) *forgery {
			f := &forgery{e: e}
			log := e.log(1)
			withheld := e.change(first(log), 0, 1)
			last := withheld.Changes[0].Link()
			var runs []*oplog.Run
			for i := range count {
				r := e.change(last, i, last.Lamport+1)
				last = r.Changes[0].Link()
				runs = append(runs, r)
			}
			f.have(append([]*oplog.Run{log}, runs...)...)
			return f
		}},
		{"OrphanFlood", memoryOfFlood, func(e *enemy) *forgery {
			f := &forgery{e: e}
			for i := range count {
				log := e.log(uint64(i))
				f.have(log, e.change(first(log), i, 2, random(i)))
			}
			return f
		}},
		{"ForkFlood", memoryOfFlood, func(e *enemy) *forgery {
			f := &forgery{e: e}
			log := e.log(1)
			for i := range count / 4 {
				f.have(log, e.change(first(log), i, 1))
			}
			return f
		}},
		{"LyingLamports", memoryOf, func(e *enemy) *forgery {
			f := &forgery{e: e}
			for i := range count {
				log := e.log(uint64(i))
				f.have(log, e.change(first(log), i, 1<<40))
			}
			return f
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := besiege(t)
			f := tt.forge(s.enemy)
			waited := s.under(tt.name, tt.limit, func(ctx context.Context) string { return s.enemy.pretend(ctx, f) })
			if waited > 1024 {
				t.Errorf("%d changes waited, want at most 1 024", waited)
			}
			if tt.name == "LyingLamports" { // eight of them ended the session; there is no other for now
				if _, err := s.enemy.enter(t.Context()); err != nil {
					t.Fatal(err)
				}
				refusedSession(t, t.Context(), s.enemy)
			}
			if got := s.home.RoleOf(s.enemy.person); got != oplog.RoleMember {
				t.Errorf("the enemy is %v; this shows nothing", got)
			}
		})
	}
}

// Frames that no honest node sends: each ends the session, and soon.
func TestHostileFrames(t *testing.T) {
	s := besiege(t)
	head := func(typ uint64, n int) []byte { return cbor.AppendUint(cbor.AppendArray(nil, 1+n), typ) }
	hello := func(e *enemy) []byte {
		return reconcile.New(reconcile.Options{Commons: e.home.ID, Nonce: reconcile.Nonce{7}, Source: &forgery{e: e}, Initiator: true}).Next()
	}
	for _, tt := range []struct {
		name  string
		frame func(i int) []byte
		most  int // frames that it may take
	}{
		{"EndlessRounds", func(i int) []byte {
			return cbor.AppendUint(cbor.AppendUint(cbor.AppendUint(head(2, 3), uint64(i%2)), uint64(i)), uint64(i)*7)
		}, 1 << 17},
		{"EndlessWants", func(i int) []byte {
			b := cbor.AppendUint(head(3, 513), 1)
			for k := range 512 {
				id := make([]byte, 32)
				binary.BigEndian.PutUint64(id, uint64(i*512+k))
				b = append(cbor.AppendArray(b, 1), cbor.AppendBytes(nil, id)...)
			}
			return b
		}, 1 << 14},
		{"ExpandingBatch", func(int) []byte {
			return cbor.AppendBytes(cbor.AppendUint(cbor.AppendUint(head(4, 3), 8<<20), 0), make([]byte, 1000))
		}, 4},
		{"NeverEndingBatch", func(int) []byte {
			return cbor.AppendBytes(cbor.AppendUint(cbor.AppendUint(head(4, 3), 0), 1<<20), []byte{1})
		}, 4},
		{"InvalidRuns", func(int) []byte {
			return cbor.AppendBytes(cbor.AppendUint(cbor.AppendUint(head(4, 3), 0), 0), []byte{0x81, 0x41, 9})
		}, 4},
		{"DeepNesting", func(int) []byte { return []byte(strings.Repeat("\x81", 1000) + "\x00") }, 4},
		{"NotAFrame", func(int) []byte { return []byte("GET / HTTP/1.1\r\n\r\n") }, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			before := heap()
			conn, err := s.enemy.open(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			over := make(chan error, 1)
			go func() { // takes what is said, and says nothing of it
				for {
					if _, err := conn.Receive(ctx); err != nil {
						over <- err
						return
					}
				}
			}()
			if err := conn.Send(ctx, hello(s.enemy)); err != nil {
				t.Fatal(err)
			}
			sent := 0
			for err == nil && sent < tt.most {
				err = conn.Send(ctx, tt.frame(sent))
				sent++
			}
			if err := <-over; ctx.Err() != nil {
				t.Errorf("after %d frames the session goes on (%v)", sent, err)
			}
			s.exchange(1)
			if grown := heap() - before; grown > memoryOf {
				t.Errorf("it holds %d bytes more, want at most %d", grown, memoryOf)
			}
			t.Logf("figure: %s: ended after %d frames", tt.name, sent)
		})
	}
}

// Admission that was recorded is of no use to anyone, nor is what is mirrored.
func TestHostileAdmission(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	mirror := listen(t, key)
	addr := (&station{net: mirror}).addr()
	// The victim dials the mirror, which was given to it by hand.
	s := besiege(t, node.Door{Peer: mirror.Self(), Addr: addr})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	t.Run("Mirrored", func(t *testing.T) {
		for range 2 { // each frame goes back as it came
			conn, err := mirror.Accept(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if conn.Protocol() != node.ProtocolAdmit {
				t.Fatalf("the victim opens %s to a mirror", conn.Protocol())
			}
			for {
				frame, err := conn.Receive(ctx)
				if err != nil {
					break
				}
				if err := conn.Send(ctx, frame); err != nil {
					break
				}
			}
			conn.Close()
			s.victim.NetworkChanged() // it tries again
		}
		for _, p := range s.victim.Peers() {
			if p.ID == mirror.Self() && len(p.Commons) > 0 {
				t.Errorf("the mirror was admitted: %+v", p)
			}
		}
	})

	t.Run("Replayed", func(t *testing.T) {
		recorded, err := s.enemy.enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, replayer := range []*enemy{
			{t: t, device: key, home: s.enemy.home, victim: s.victim, net: listen(t, key)},
			s.enemy, // whose own tags of another time are as useless
		} {
			conn, err := replayer.dial(ctx, node.ProtocolAdmit)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range recorded {
				if err := conn.Send(ctx, f); err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Receive(ctx); err != nil {
					t.Fatal(err)
				}
			}
			conn.Close()
			refusedSession(t, ctx, replayer)
		}
		if _, err := s.enemy.enter(ctx); err != nil {
			t.Errorf("the member itself, with fresh nonces: %v", err)
		}
	})
}

// refusedSession opens a session and gets not a word.
func refusedSession(t *testing.T, ctx context.Context, e *enemy) {
	t.Helper()
	conn, err := e.dial(ctx, node.ProtocolSync)
	if errors.Is(err, transport.ErrRefused) || errors.Is(err, transport.ErrUnreachable) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	hello := reconcile.Farewell(e.home.ID, reconcile.Nonce{1})[0]
	if err := conn.Send(ctx, hello); err != nil {
		return
	}
	if frame, err := conn.Receive(ctx); err == nil {
		t.Errorf("a session that wasn't admitted got %x", frame)
	} else if !errors.Is(err, io.EOF) && !errors.Is(err, transport.ErrClosed) {
		t.Errorf("a session that wasn't admitted: %v, want it closed", err)
	}
}

// A removal is carried out at once: the session of whoever is removed ends, and
// no other begins. NAVETTE_REVOCATIONS says how often it is measured.
func TestRevocationIsSoon(t *testing.T) {
	n := 20
	if more, err := strconv.Atoi(os.Getenv("NAVETTE_REVOCATIONS")); err == nil {
		n = more
	}
	s := besiege(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var took []time.Duration
	for range n {
		conn, err := s.enemy.open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		session := reconcile.New(reconcile.Options{Commons: s.enemy.home.ID, Initiator: true, Nonce: reconcile.Nonce{7}, Source: &forgery{e: s.enemy}})
		if err := conn.Send(ctx, session.Next()); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Receive(ctx); err != nil {
			t.Fatalf("a member's session: %v", err)
		}
		began := time.Now()
		if _, err := s.home.Remove(ctx, s.enemy.person, node.RemoveOptions{Keep: true}); err != nil {
			t.Fatal(err)
		}
		for err == nil { // what is said last, and the end
			_, err = conn.Receive(ctx)
		}
		conn.Close()
		if _, err := s.enemy.enter(ctx); err != nil {
			t.Fatal(err) // its secret is still the right one
		}
		conn, err = s.enemy.dial(ctx, node.ProtocolSync)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Send(ctx, reconcile.Farewell(s.enemy.home.ID, reconcile.Nonce{1})[0]); err != nil {
			t.Fatal(err)
		}
		hello, err := conn.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := reconcile.ReadHello(hello); err != nil || h.Members.Count != 0 {
			t.Fatalf("who was removed is greeted with %+v (%v)", h, err)
		}
		if bye, err := conn.Receive(ctx); err != nil || len(bye) > 4 {
			t.Fatalf("who was removed is told %x (%v)", bye, err)
		}
		took = append(took, time.Since(began))
		conn.Close()
		if _, err := s.home.Grant(ctx, s.enemy.person, oplog.RoleMember, nil); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("figure: %d revocations: refused within %.1f ms (median), %.1f ms (p99)", n,
		float64(median(took).Microseconds())/1000, float64(p99.Microseconds())/1000)
	if p99 > 3*time.Second {
		t.Errorf("p99 of a revocation: %v, want at most 3 s", p99)
	}
}
