package replica_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/node/replica"
	"navette/storage"
	"navette/storage/memkv"
)

func key(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32)) }

// A commons with persons who have a device each.
type commons struct {
	t       testing.TB
	genesis *oplog.CommonsGenesis
	block   []byte
	state   *membership.State
	members []reconcile.Member
}

func found(t testing.TB, persons int) *commons {
	t.Helper()
	c := &commons{t: t, genesis: &oplog.CommonsGenesis{Roots: []oplog.Key{oplog.PublicKey(key(100))}, Name: "test"}}
	block, err := c.genesis.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c.block, c.genesis.ID = block, oplog.CommonsID(oplog.Sum(block))
	c.state = membership.New(c.genesis)
	for i := range persons {
		who := oplog.PublicKey(key(byte(50 + i)))
		c.seal(key(byte(50+i)), crdt.ChangeID{}, &oplog.Certify{Device: oplog.PublicKey(key(byte(i))), Person: who})
		c.grant(who)
	}
	return c
}

func (c *commons) grant(who oplog.Key) {
	c.seal(key(100), crdt.ChangeID(c.genesis.ID), &oplog.Grant{Target: who, Role: oplog.RoleMember})
}

func (c *commons) seal(by ed25519.PrivateKey, auth crdt.ChangeID, op oplog.MemberOp) reconcile.Member {
	c.t.Helper()
	m := &oplog.MembershipChange{Commons: c.genesis.ID, Parents: c.state.Next(), Auth: auth, Op: op}
	block, sig, err := m.Seal(by)
	if err == nil {
		_, err = c.state.Admit(block, sig)
	}
	if err == nil {
		err = c.state.Add(m)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.members = append(c.members, reconcile.Member{Block: block, Sig: sig})
	return c.members[len(c.members)-1]
}

// A node drives a replica and keeps what it says.
type node struct {
	t    testing.TB
	id   byte
	kv   *memkv.DB
	log  *storage.Log
	rep  *replica.Replica
	done map[replica.Ticket]*replica.Done
	sent []*replica.Send
	over []*replica.Close
	now  time.Duration
}

func (c *commons) node(id byte) *node {
	c.t.Helper()
	n := &node{t: c.t, id: id, kv: memkv.New(memkv.Options{})}
	c.start(n)
	n.rep.ProposeMembers(c.members...)
	n.commit()
	return n
}

// start begins a process on the node's disk.
func (c *commons) start(n *node) {
	log, _, err := storage.Open(n.kv, storage.Options{Commons: c.genesis.ID})
	if err != nil {
		c.t.Fatal(err)
	}
	n.log, n.done = log, map[replica.Ticket]*replica.Done{}
	if has, _ := log.HasMember(crdt.ChangeID(c.genesis.ID)); !has {
		first := storage.MemberEntry{ID: crdt.ChangeID(c.genesis.ID), Block: c.block}
		if _, err := log.Commit(storage.Batch{Class: storage.Membership, Members: []storage.MemberEntry{first}}); err != nil {
			c.t.Fatal(err)
		}
	}
	nonce := uint64(n.id)<<32 + uint64(log.Pos())
	n.rep, err = replica.New(replica.Options{
		Genesis: c.genesis, Log: log, Device: oplog.PublicKey(key(n.id)),
		Sign: func(kind oplog.SigKind, block []byte) oplog.Signature {
			return oplog.Sign(key(n.id), kind, c.genesis.ID, block)
		},
		Nonce: func() (b [8]byte) {
			nonce++
			binary.BigEndian.PutUint64(b[:], nonce)
			return b
		},
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (n *node) do(effects []replica.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case *replica.Send:
			n.sent = append(n.sent, e)
		case *replica.Close:
			n.over = append(n.over, e)
		case *replica.Verify:
			e.Work.Run()
			n.do(n.rep.Verified(n.now, e.Work))
		case *replica.Done:
			n.done[e.Ticket] = e
		}
	}
}

// commit makes all commits there are, and returns how many.
func (n *node) commit() (commits int) {
	for {
		c, effects := n.rep.Next(n.now)
		n.do(effects)
		if c == nil {
			return commits
		}
		commits++
		_, err := n.log.Commit(c.Batches...)
		n.do(n.rep.Committed(n.now, c, err))
	}
}

func (n *node) edit(edits ...crdt.Edit) replica.Ticket {
	return n.rep.Propose(replica.Proposal{
		Person: oplog.PublicKey(key(50 + n.id)), Wall: crdt.Wall{Seconds: 6000}, Edit: replica.Edits(edits...),
	})
}

// saved commits, and returns the change that a ticket became.
func (n *node) saved(t replica.Ticket) *oplog.Change {
	n.t.Helper()
	n.commit()
	d := n.done[t]
	if d == nil || d.Err != nil {
		n.t.Fatalf("proposal %d: %+v, want it saved", t, d)
	}
	block, err := n.log.Block(d.ID)
	if err != nil {
		n.t.Fatal(err)
	}
	c, err := oplog.DecodeChange(block)
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

// A pair is two nodes that are connected.
type pair struct {
	nodes    [2]*node
	sessions [2]replica.SessionID
	bytes    int
	frames   int
}

func connect(a, b *node) *pair {
	p := &pair{nodes: [2]*node{a, b}}
	for i, n := range p.nodes {
		id, effects := n.rep.Connect(n.now, oplog.PublicKey(key(p.nodes[1-i].id)), i == 0)
		p.sessions[i] = id
		n.do(effects)
	}
	return p
}

// run carries frames and commits until nothing happens.
func (p *pair) run() {
	for busy := true; busy; {
		busy = false
		for i, n := range p.nodes {
			other := p.nodes[1-i]
			for len(n.sent) > 0 {
				s := n.sent[0]
				n.sent = n.sent[1:]
				if s.Session != p.sessions[i] {
					continue
				}
				busy = true
				p.bytes += len(s.Frame)
				p.frames++
				n.do(n.rep.Sent(n.now, s.Session, len(s.Frame)))
				other.do(other.rep.Receive(other.now, p.sessions[1-i], s.Frame))
			}
			busy = n.commit() > 0 || busy
		}
	}
}

func (p *pair) part() {
	for i, n := range p.nodes {
		n.do(n.rep.Disconnected(n.now, p.sessions[i]))
	}
}

func (p *pair) upToDate(t *testing.T) {
	t.Helper()
	for _, n := range p.nodes {
		for _, s := range n.rep.Sessions() {
			if s.State != replica.UpToDate {
				t.Errorf("node %d: %+v, want it up to date", n.id, s)
			}
		}
	}
	if a, b := p.nodes[0].log.Fingerprint(), p.nodes[1].log.Fingerprint(); a != b {
		t.Errorf("fingerprints %v and %v differ", a, b)
	}
}

func thing(n byte) crdt.ID { return crdt.ID{1, n} }

func create(n byte) crdt.Edit {
	return crdt.Edit{Code: crdt.Create, Resource: thing(n), Value: crdt.Text("thing")}
}

func add(n byte, v int64) crdt.Edit {
	return crdt.Edit{Code: crdt.Increment, Resource: thing(n), Field: 1, N: v}
}

func wantErr(t *testing.T, n *node, ticket replica.Ticket, want error) {
	t.Helper()
	n.commit()
	if d := n.done[ticket]; d == nil || !errors.Is(d.Err, want) {
		t.Errorf("proposal: %+v, want %v", d, want)
	}
}
