package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/durable"
	"navette/node/gate"
	"navette/storage"
	"navette/storage/blob"
	"navette/transport"
)

// Errors of a node.
var (
	// ErrRunning: another process has the data folder open.
	ErrRunning = errors.New("node: the data folder is in use by another process")
	// ErrNoCommons: the node belongs to no commons, or to none of that name.
	ErrNoCommons = errors.New("node: no such commons here")
	// ErrOffline: what was asked for takes a network, and the node has none.
	ErrOffline = errors.New("node: it has no network")
	// ErrNotAllowed: the person of this node may not do that here.
	ErrNotAllowed = errors.New("node: not allowed")
	// ErrStopped: the node stops, or has stopped.
	ErrStopped = errors.New("node: stopped")
)

// Options of a node. Dir and Store must be given.
type Options struct {
	Dir   string // the data folder; the node keeps its keys in it
	Store storage.KV
	// Quarantined is where the caller put aside a store that didn't open; ""
	// is nowhere. Cut says that Store is known to have lost what was stored
	// last. Both are told to people.
	Quarantined string
	Cut         bool
	// Suspect says that Store may have lost rows without noticing: all of it is
	// looked through at open.
	Suspect bool
	// Free tells how many bytes are free on the disk that holds Store. Nil:
	// nobody looks.
	Free func() (int64, error)
	// Board looks for what ails the machine itself, for the doctor. Nil: nobody
	// looks.
	Board func() []Notice
	// Files says which attachments come by themselves.
	Files FileRule
	// Log is told what happens. Nil is quiet.
	Log *slog.Logger
	// Doors are peers whose addresses were given by hand: they are dialled
	// again and again, whatever the discovery finds.
	Doors []Door
}

// A Door is where a peer is said to be. A zero Peer is whoever answers there.
type Door struct {
	Peer transport.Peer
	Addr string // host:port
}

// Links are what connects a node to others. The zero Links are none.
type Links struct {
	Network   transport.Network
	Discovery transport.Discovery // nil: only Doors are dialled
}

// Node is a node of the mesh. Its methods may be called from several
// goroutines.
type Node struct {
	o       Options
	keys    *keyring
	device  ed25519.PrivateKey
	self    oplog.Key // the device's name
	person  ed25519.PrivateKey
	started time.Time // times given to replicas count from here

	mu       sync.Mutex // guards what follows
	registry registry
	commons  []*Commons
	notices  []Notice // what Open found
	links    Links
	peers    map[transport.Peer]*peer
	// addresses is what is stored of the peers' ones.
	addresses map[string][]string
	running   *crew // nil unless Run runs

	blobs    *blob.Store
	shelf    *shelf
	fetching fetching
	drawing  sync.Mutex   // held while a preview is made
	counted  atomic.Int64 // leaves fetched

	passes  *passes
	limiter gate.Limiter // guarded by mu
	poke    chan struct{}
}

// Open opens the node that lives in Options.Dir, and makes its keys if it has
// none. Nothing runs and nobody is reached until Run.
func Open(o Options) (*Node, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	keys, err := openKeyring(filepath.Join(o.Dir, "keys"))
	if err != nil {
		return nil, err
	}
	n := &Node{o: o, keys: keys, started: time.Now(), peers: make(map[transport.Peer]*peer), poke: make(chan struct{}, 1)}
	n.fetching = fetching{peers: map[transport.Peer]bool{}, claims: map[claim]bool{}, refused: map[transport.Peer]map[blob.CID]time.Time{}}
	folder := filepath.Join(o.Dir, "attachments")
	if n.blobs, err = blob.Open(folder, blob.Options{Room: n.roomFor}); err != nil {
		return nil, err
	}
	if n.shelf, err = openShelf(filepath.Join(folder, "shelf.json")); err != nil {
		return nil, err
	}
	if n.device, err = keys.private(keyDevice); err != nil {
		return nil, err
	}
	if n.person, err = keys.private(keyPerson); err != nil {
		return nil, err
	}
	n.self = oplog.PublicKey(n.device)
	if n.registry, err = readRegistry(o.Dir); err != nil {
		return nil, err
	}
	if n.passes, err = readPasses(o.Dir); err != nil {
		return nil, err
	}
	if o.Quarantined != "" {
		n.notices = append(n.notices, Notice{Code: NoticeQuarantined, Args: []string{o.Quarantined}})
	}
	clean := n.takeCleanStop()
	for _, e := range n.registry.Commons {
		c, err := n.open(e, clean)
		if err != nil {
			return nil, fmt.Errorf("open commons %.8s: %w", e.ID, err)
		}
		n.commons = append(n.commons, c)
	}
	return n, nil
}

// cleanStop is the mark outside the store that the last process ended in good
// order: it makes the audit at open look at the newest links only.
func (n *Node) cleanStop() string { return filepath.Join(n.o.Dir, "clean-stop") }

func (n *Node) takeCleanStop() bool {
	err := os.Remove(n.cleanStop())
	if err == nil {
		err = durable.SyncFolder(n.o.Dir)
	}
	return err == nil
}

// Key is the device's private key, for the network to prove itself with.
func (n *Node) Key() ed25519.PrivateKey { return n.device }

// Self is the node's name on the network.
func (n *Node) Self() transport.Peer { return transport.Peer(n.self) }

// Dir is the data folder.
func (n *Node) Dir() string { return n.o.Dir }

// now is the time that replicas are given.
func (n *Node) now() time.Duration { return time.Since(n.started) }

// All returns the node's commons, the current one first.
func (n *Node) All() []*Commons {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []*Commons
	for _, c := range n.commons {
		if c.id.String() == n.registry.Current {
			out = append([]*Commons{c}, out...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// Commons returns the commons of a name, of an id or of the beginning of one;
// "" is the one used last. Naming one makes it that. The error is ErrNoCommons.
func (n *Node) Commons(name string) (*Commons, error) {
	all := n.All()
	if len(all) == 0 {
		return nil, ErrNoCommons
	}
	if name == "" {
		return all[0], nil
	}
	var found *Commons
	for _, c := range all {
		if strings.EqualFold(c.name, name) || len(name) >= 4 && strings.HasPrefix(c.id.String(), strings.ToLower(name)) {
			if found != nil {
				return nil, fmt.Errorf("%w: several begin with %q", ErrNoCommons, name)
			}
			found = c
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoCommons, name)
	}
	return found, n.use(found)
}

// use makes c what is meant where no commons is named.
func (n *Node) use(c *Commons) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.registry.Current == c.id.String() {
		return nil
	}
	n.registry.Current = c.id.String()
	return n.registry.write(n.o.Dir)
}

// commonsOf returns the commons of an id; nil if the node isn't of it.
func (n *Node) commonsOf(id oplog.CommonsID) *Commons {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.commons {
		if c.id == id {
			return c
		}
	}
	return nil
}

// Run runs the node until ctx ends, waits for all it started, and marks that it
// ended in good order. It may be called once.
func (n *Node) Run(ctx context.Context, l Links) error {
	ctx, cancel := context.WithCancelCause(ctx)
	crew := &crew{ctx: ctx, fail: cancel}
	n.mu.Lock()
	n.links, n.running = l, crew
	commons := n.commons
	n.mu.Unlock()
	for _, c := range commons {
		n.start(c)
	}
	if l.Network != nil {
		crew.run(func() error { return l.Network.Run(ctx) })
		crew.run(func() error { return n.accept(ctx) })
		crew.run(func() error { return n.seek(ctx) })
		crew.run(func() error { return n.fetch(ctx) })
	}
	if l.Discovery != nil {
		crew.run(func() error { return l.Discovery.Run(ctx) })
		crew.run(func() error { return n.follow(ctx) })
	}
	<-ctx.Done()
	n.mu.Lock()
	n.running = nil
	n.mu.Unlock()
	crew.wait.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	if err := durable.WriteFile(n.cleanStop(), nil); err != nil {
		return fmt.Errorf("mark that the node ended well: %w", err)
	}
	return nil
}

// start runs the writer of a commons, if the node runs. The caller doesn't hold
// mu.
func (n *Node) start(c *Commons) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running != nil {
		ctx := n.running.ctx
		n.running.run(func() error { return c.write(ctx) })
		n.running.run(func() error { return c.gossip(ctx) })
	}
}

// crew is the goroutines of a running node. The first that fails ends all.
type crew struct {
	ctx  context.Context
	fail context.CancelCauseFunc
	wait sync.WaitGroup
}

func (c *crew) run(f func() error) {
	c.wait.Add(1)
	go func() {
		defer c.wait.Done()
		if err := f(); err != nil && c.ctx.Err() == nil {
			c.fail(err)
		}
	}()
}

// begin runs f on a goroutine that Run waits for, if the node runs.
func (n *Node) begin(f func(context.Context)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r := n.running; r != nil {
		r.run(func() error { f(r.ctx); return nil })
	}
}

// StoreSize is how many bytes the store takes on the disk.
func (n *Node) StoreSize() (int64, error) { return n.o.Store.Size() }

// Known tells whether a peer is a device of one of the commons: a network
// keeps room for these when it has many guests.
func (n *Node) Known(p transport.Peer) bool {
	for _, c := range n.All() {
		if c.standing(oplog.Key(p)) == membership.Live {
			return true
		}
	}
	return false
}
