package node_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node"
	"navette/node/gate"
	"navette/storage"
	"navette/storage/memkv"
	"navette/transport"
	"navette/transport/p2p"
)

// A siege is a real node on real libp2p, a friend it exchanges with, and an
// enemy that holds a member's keys and speaks the protocols itself.
type siege struct {
	t              *testing.T
	victim, friend *station
	home           *node.Commons
	enemy          *enemy
	written        int
}

// station is a node with its network, on loopback.
type station struct {
	*node.Node
	net  *p2p.Network
	dir  string
	kv   *memkv.DB
	halt func()
}

func (s *station) addr() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(s.net.Port())))
}

func newStation(t *testing.T, doors ...node.Door) *station {
	t.Helper()
	s := &station{dir: t.TempDir(), kv: memkv.New(memkv.Options{})}
	var err error
	if s.Node, err = node.Open(node.Options{Dir: s.dir, Store: s.kv, Doors: doors}); err != nil {
		t.Fatal(err)
	}
	if s.net, err = p2p.Listen(p2p.Options{Key: s.Key(), Protocols: node.Protocols, Known: s.Known}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, node.Links{Network: s.net}) }()
	s.halt = func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("a node ended: %v", err)
		}
		s.halt = func() {}
	}
	t.Cleanup(func() { s.halt() })
	return s
}

func (s *station) join(t *testing.T, home *node.Commons, host *station, who string) {
	t.Helper()
	link, _, err := home.Invite(t.Context(), oplog.RoleMember, 1, time.Time{}, "")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := gate.ParseInvitation(link)
	if err != nil {
		t.Fatal(err)
	}
	inv.Doors = []gate.Door{{Peer: oplog.Key(host.Self()), Addrs: []string{host.addr()}}}
	_, err = s.Join(t.Context(), inv.String(), who, who)
	for errors.Is(err, node.ErrOffline) { // Run has yet to begin
		<-time.After(10 * time.Millisecond)
		_, err = s.Join(t.Context(), inv.String(), who, who)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func besiege(t *testing.T, doors ...node.Door) *siege {
	t.Helper()
	s := &siege{t: t, victim: newStation(t, doors...), friend: newStation(t)}
	var err error
	if s.home, err = s.victim.Found(t.Context(), "Communs", "La Fabrique", "Ana", false); err != nil {
		t.Fatal(err)
	}
	s.friend.join(t, s.home, s.victim, "La Plume")
	mole := newStation(t)
	mole.join(t, s.home, s.victim, "Le Traître")
	mole.halt()
	s.enemy = newEnemy(t, mole, s.victim)
	s.exchange(1)
	return s
}

// exchange has the friend write n times, waits for each to come to the victim,
// and returns how long that took each time, sorted.
func (s *siege) exchange(n int) (took []time.Duration) {
	s.t.Helper()
	c, err := s.friend.Commons("")
	if err != nil {
		s.t.Fatal(err)
	}
	for range n {
		s.written++
		name := fmt.Sprintf("outil %d", s.written)
		id := commons.DerivedID("tool", name)
		began := time.Now()
		_, err := c.Write(s.t.Context(), func() ([][]crdt.Edit, error) {
			return commons.Add(id, "tool", []commons.Assign{{Field: "name", Text: name}}, c.Env())
		})
		if err != nil {
			s.t.Fatal(err)
		}
		s.await("what the friend wrote", func() bool { _, err := s.home.Doc(id); return err == nil })
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took
}

// await waits until something is so.
func (s *siege) await(what string, is func() bool) {
	s.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		changed := s.home.Changed()
		if is() {
			return
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		case <-deadline:
			s.t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// paced is exchange with a pause before each, as when people write.
func (s *siege) paced(n int) (took []time.Duration) {
	s.t.Helper()
	for range n {
		<-time.After(50 * time.Millisecond)
		took = append(took, s.exchange(1)...)
	}
	slices.Sort(took)
	return took
}

// median of what exchange returned.
func median(d []time.Duration) time.Duration { return d[len(d)/2] }

// under runs an attack for a while, and has the friend exchange meanwhile and
// afterwards. The figures are printed; what must hold is that all the friend
// writes comes, and that the attack holds no more than so much memory.
func (s *siege) under(name string, limit int64, attack func(context.Context) string) (waited int) {
	s.t.Helper()
	calm := median(s.paced(21))
	before, stored := heap(), s.home.Changes()
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan string, 1)
	go func() { done <- attack(ctx) }()
	var took []time.Duration
	for range 21 {
		took = append(took, s.paced(1)...)
		waited = max(waited, s.home.Exchange().Waiting)
	}
	slices.Sort(took)
	cancel()
	said := <-done
	stored = s.home.Changes() - stored - uint64(len(took))
	s.exchange(1)
	grown := heap() - before
	s.t.Logf("figure: %s: a friend's change arrives in %.1f ms, calm %.1f ms; %+.1f MiB; %d stored, at most %d waited; %s", name,
		float64(median(took).Microseconds())/1000, float64(calm.Microseconds())/1000, float64(grown)/(1<<20), stored, waited, said)
	if grown > limit {
		s.t.Errorf("%s holds %d bytes more, want at most %d", name, grown, limit)
	}
	return waited
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// An enemy has a member's device, its secret K, and what its logs have to name.
type enemy struct {
	t      *testing.T
	device ed25519.PrivateKey
	person oplog.Key
	home   gate.Commons
	cert   crdt.ChangeID
	grant  crdt.ChangeID
	state  *membership.State
	blocks map[crdt.ChangeID]reconcile.Member
	net    *p2p.Network
	victim *station
}

func newEnemy(t *testing.T, mole, victim *station) *enemy {
	t.Helper()
	c, err := mole.Commons("")
	if err != nil {
		t.Fatal(err)
	}
	e := &enemy{t: t, device: mole.Key(), person: c.Person(), home: gate.Commons{ID: c.ID()}, victim: victim, blocks: map[crdt.ChangeID]reconcile.Member{}}
	text, err := os.ReadFile(filepath.Join(mole.dir, "keys", "secret-"+c.ID().String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hex.Decode(e.home.Secret[:], []byte(strings.TrimSpace(string(text)))); err != nil {
		t.Fatal(err)
	}
	log, _, err := storage.Open(storage.Prefix(mole.kv, []byte{'c', 0, 0}), storage.Options{Commons: c.ID()})
	if err != nil {
		t.Fatal(err)
	}
	err = log.Members(func(_ uint32, m storage.MemberEntry) error {
		e.blocks[m.ID] = reconcile.Member{Block: m.Block, Sig: m.Sig}
		if e.state == nil {
			g, err := oplog.DecodeCommonsGenesis(m.Block)
			e.state = membership.New(g)
			return err
		}
		change, err := oplog.DecodeMembershipChange(m.Block)
		if err != nil {
			return err
		}
		return e.state.Add(change)
	})
	if err != nil {
		t.Fatal(err)
	}
	d, ok := e.state.DeviceLive(oplog.PublicKey(e.device))
	if !ok {
		t.Fatal("the enemy's device isn't live")
	}
	e.cert, e.grant = d.Cert, d.Grant
	e.net = listen(t, e.device)
	return e
}

// listen opens a network for a key, until the test ends.
func listen(t *testing.T, key ed25519.PrivateKey) *p2p.Network {
	t.Helper()
	n, err := p2p.Listen(p2p.Options{Key: key, Protocols: node.Protocols})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return n
}

func (e *enemy) dial(ctx context.Context, protocol string) (transport.Conn, error) {
	return e.net.Dial(ctx, e.victim.Self(), []string{e.victim.addr()}, protocol)
}

// enter is admitted, as the member that the enemy is. frames are what it sent.
func (e *enemy) enter(ctx context.Context) (frames [][]byte, err error) {
	conn, err := e.dial(ctx, node.ProtocolAdmit)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	o := gate.AdmissionOptions{
		Self: oplog.PublicKey(e.device), Peer: oplog.Key(e.victim.Self()), Commons: []gate.Commons{e.home},
		Standing: func(oplog.CommonsID) membership.Standing { return membership.Live },
	}
	rand.Read(o.Nonce[:])
	rand.Read(o.Seed[:])
	a, frame := gate.Dial(o)
	for frame != nil {
		frames = append(frames, frame)
		if err := conn.Send(ctx, frame); err != nil {
			return nil, err
		}
		got, err := conn.Receive(ctx)
		if err != nil {
			return nil, err
		}
		if frame, err = a.Receive(got); err != nil {
			return nil, err
		}
	}
	if len(a.Matches()) != 1 {
		return frames, fmt.Errorf("matched %d commons, want 1", len(a.Matches()))
	}
	return frames, nil
}

// open enters and opens a session.
func (e *enemy) open(ctx context.Context) (transport.Conn, error) {
	if _, err := e.enter(ctx); err != nil {
		return nil, err
	}
	return e.dial(ctx, node.ProtocolSync)
}
