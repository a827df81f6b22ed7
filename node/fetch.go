package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/files"
	"navette/node/replica"
	"navette/storage"
	"navette/storage/blob"
	"navette/transport"
)

// ProtocolFiles is what attachments travel by: node/files/PROTOCOL.md.
const ProtocolFiles = "/navette/files/1"

// Waits of the fetching.
const (
	fetchLook = 2 * time.Second // how often it is looked who could give what
	fetchRest = time.Minute     // how long a peer isn't asked for what it hasn't, and nobody while the disk is full
	fetchWait = time.Minute     // for an answer
)

// fetching is what is under way.
type fetching struct {
	mu      sync.Mutex // guards what follows
	peers   map[transport.Peer]bool
	claims  map[claim]bool                            // asked of somebody
	refused map[transport.Peer]map[blob.CID]time.Time // what a peer hadn't, and when
	full    time.Time                                 // when there was no room for what came
}

// claim is a leaf of a file, or files.Nodes.
type claim struct {
	file blob.CID
	leaf int
}

// fetch asks peers for the files that are wanted, until ctx ends: each peer by
// a goroutine of its own, as long as it has something.
func (n *Node) fetch(ctx context.Context) error {
	tick := time.NewTicker(fetchLook)
	defer tick.Stop()
	for {
		for _, c := range n.All() {
			if err := c.shelve(ctx); err != nil && ctx.Err() == nil {
				n.o.Log.Warn("looking for files to fetch", "commons", c.name, "err", err)
			}
			n.fetchFrom(c)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-n.shelf.news:
		case <-tick.C:
		}
	}
}

// fetchFrom sees to it that each peer that could give something is asked.
func (n *Node) fetchFrom(c *Commons) {
	if len(n.shelf.wants(c.id, n.o.Files, n.blobs.Has)) == 0 {
		return
	}
	f := &n.fetching
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.full) < fetchRest {
		return
	}
	for _, id := range c.quiet() {
		if f.peers[id] || !n.wantsFrom(c, id) {
			continue
		}
		f.peers[id] = true
		n.begin(func(ctx context.Context) {
			err := n.fetchPeer(ctx, c, id)
			f.mu.Lock()
			delete(f.peers, id)
			if errors.Is(err, storage.ErrFull) {
				f.full = time.Now()
			}
			f.mu.Unlock()
			if err != nil && ctx.Err() == nil {
				n.o.Log.Debug("fetching files", "peer", id, "err", err)
			}
		})
	}
}

// quiet are the peers with whom nothing of the commons is left to exchange.
func (c *Commons) quiet() (ids []transport.Peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.replica.Sessions() {
		if s.State == replica.UpToDate {
			ids = append(ids, transport.Peer(s.Peer))
		}
	}
	return ids
}

// wantsFrom tells whether a peer hasn't refused all that is wanted. The caller
// holds fetching.mu.
func (n *Node) wantsFrom(c *Commons, id transport.Peer) bool {
	return slices.ContainsFunc(n.shelf.wants(c.id, n.o.Files, n.blobs.Has), func(w wanted) bool { return !n.fetching.hasRefused(id, w.id) })
}

func (f *fetching) hasRefused(id transport.Peer, file blob.CID) bool {
	at, ok := f.refused[id][file]
	return ok && time.Since(at) < fetchRest
}

func (f *fetching) refuse(id transport.Peer, file blob.CID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refused[id] == nil {
		f.refused[id] = map[blob.CID]time.Time{}
	}
	f.refused[id][file] = time.Now()
}

// take claims the next leaf of a file, of those that are lacking.
func (f *fetching) take(file blob.CID, lacks []int) (claim, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range lacks {
		if c := (claim{file, i}); !f.claims[c] {
			f.claims[c] = true
			return c, true
		}
	}
	return claim{}, false
}

func (f *fetching) release(c claim) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.claims, c)
}

// fetchPeer asks a peer for one leaf after the other, until it has nothing more
// that is wanted, or there is text to exchange.
func (n *Node) fetchPeer(ctx context.Context, c *Commons, id transport.Peer) error {
	n.mu.Lock()
	addrs, network := slices.Clone(n.peer(id).addrs), n.links.Network
	n.mu.Unlock()
	dial, cancel := context.WithTimeout(ctx, dialTime)
	conn, err := network.Dial(dial, id, addrs, ProtocolFiles)
	cancel()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Send(ctx, files.Hello(c.id)); err != nil {
		return err
	}
	for slices.Contains(c.quiet(), id) {
		more, err := n.fetchNext(ctx, c, conn)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// fetchNext asks for the next leaf, or for the nodes of the next file.
func (n *Node) fetchNext(ctx context.Context, c *Commons, conn transport.Conn) (more bool, err error) {
	f := &n.fetching
	for _, w := range n.shelf.wants(c.id, n.o.Files, n.blobs.Has) {
		f.mu.Lock()
		refused := f.hasRefused(conn.Peer(), w.id)
		f.mu.Unlock()
		if refused {
			continue
		}
		tree, err := n.blobs.Tree(w.id)
		lacks := []int{files.Nodes}
		var in *blob.Incoming
		switch {
		case w.id.Whole():
			lacks = []int{0}
		case err == nil:
			if in, err = n.blobs.Receive(tree); err != nil {
				return false, err
			}
			lacks = in.Lacks()
		}
		next, ok := f.take(w.id, lacks)
		if !ok {
			continue // others are at it
		}
		err = n.fetchOne(ctx, conn, next, in)
		f.release(next)
		if errors.Is(err, blob.ErrInvalid) || errors.Is(err, blob.ErrAbsent) {
			f.refuse(conn.Peer(), w.id)
			err = nil
		}
		return true, err
	}
	return false, nil
}

// fetchOne asks for a leaf, or for the nodes of a file, and stores it. The error
// is blob.ErrAbsent if the peer hasn't got it, blob.ErrInvalid if what it sent is
// something else, storage.ErrFull, or the connection's.
func (n *Node) fetchOne(ctx context.Context, conn transport.Conn, next claim, in *blob.Incoming) error {
	ctx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	if err := conn.Send(ctx, files.Ask{File: next.file, Leaf: next.leaf}.Encode()); err != nil {
		return err
	}
	a := files.Answer{Most: files.MaxLeaf}
	if next.leaf == files.Nodes {
		a.Most = files.MaxNodes
	}
	for done := false; !done; {
		frame, err := conn.Receive(ctx)
		if err == nil {
			done, err = a.Add(frame)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case a.None:
		return blob.ErrAbsent
	case next.leaf == files.Nodes:
		tree, err := blob.ReadTree(next.file, splitNodes(a.Data))
		if err == nil {
			_, err = n.blobs.Receive(tree)
		}
		return err
	case in == nil:
		if blob.LeafCID(a.Data) != next.file {
			return blob.ErrInvalid
		}
		var err error
		if in, err = n.blobs.Receive(blob.NewTree([]blob.CID{next.file}, int64(len(a.Data)))); err != nil {
			return err
		}
	}
	if err := in.Put(next.leaf, a.Data); err != nil {
		return err
	}
	n.counted.Add(1)
	if !in.Done() {
		return nil
	}
	n.blobs.Forget(in)
	return n.shelf.come(next.file)
}

// splitNodes takes nodes apart that come each after its length.
func splitNodes(b []byte) (nodes [][]byte) {
	for len(b) >= 4 {
		size := binary.BigEndian.Uint32(b)
		if uint64(size) > uint64(len(b)-4) {
			return nil
		}
		nodes, b = append(nodes, b[4:4+size]), b[4+size:]
	}
	return nodes
}

// give answers a peer that asks for files of a commons.
func (n *Node) give(ctx context.Context, conn transport.Conn) error {
	first, err := func() ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return conn.Receive(ctx)
	}()
	if err != nil {
		return err
	}
	half, err := files.ReadHello(first)
	if err != nil {
		return err
	}
	all := n.All()
	i := slices.IndexFunc(all, func(c *Commons) bool { return [16]byte(c.id[:16]) == half && n.mayHave(conn.Peer(), c) })
	if i < 0 {
		return fmt.Errorf("%w: files for a peer that isn't admitted", transport.ErrRefused)
	}
	c := all[i]
	var tree *blob.Tree // of the file asked for last
	for {
		frame, err := conn.Receive(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		ask, err := files.ReadAsk(frame)
		if err != nil {
			return err
		}
		if !n.mayHave(conn.Peer(), c) {
			return fmt.Errorf("%w: files for a peer that was removed", transport.ErrRefused)
		}
		answer := [][]byte{files.None()}
		if b := n.piece(ask, &tree); b != nil {
			answer = files.Data(b)
		}
		for _, frame := range answer {
			if err := conn.Send(ctx, frame); err != nil {
				return err
			}
		}
	}
}

// mayHave tells whether a peer may have what the commons holds.
func (n *Node) mayHave(id transport.Peer, c *Commons) bool {
	standing, proved := n.admittedAs(id, c.id)
	return proved && standing != membership.Removed && c.standing(oplog.Key(id)) == membership.Live
}

// piece returns what was asked for; nil if it isn't here. A file that is damaged
// is let go of, so that it is fetched anew.
func (n *Node) piece(ask files.Ask, tree **blob.Tree) []byte {
	file := blob.CID(ask.File)
	if *tree == nil || (*tree).Root != file {
		t, err := n.blobs.Tree(file)
		if err != nil {
			return nil
		}
		*tree = t
	}
	if ask.Leaf == files.Nodes {
		b := []byte{}
		for _, node := range (*tree).Nodes {
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(node))), node...)
		}
		return b
	}
	b, err := n.blobs.Leaf(*tree, ask.Leaf)
	if errors.Is(err, blob.ErrDamaged) {
		n.o.Log.Warn("a file is damaged and will be fetched anew", "file", file, "err", err)
		if err := n.blobs.Release(file); err != nil {
			n.o.Log.Warn("letting go of a damaged file", "file", file, "err", err)
		}
	}
	if err != nil {
		return nil
	}
	return b
}
