package sim

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/crdt/reconcile/mutant"
	"navette/node/replica"
	"navette/storage"
	"navette/storage/memkv"
)

// Options of a run; the zero value is good.
type Options struct {
	// Steps of the first act. Default: 40 to 160, by the seed.
	Steps int
	// Mutant is how the honest nodes are broken.
	Mutant mutant.Set
	// Trace makes a run that succeeds give its steps as well.
	Trace bool
}

// A Failure is a run in which something didn't hold.
type Failure struct {
	Seed  uint64
	What  string
	Steps []string // what happened before, the last steps of it
}

// Error says what didn't hold, in which run.
func (f *Failure) Error() string { return fmt.Sprintf("sim: seed %d: %s", f.Seed, f.What) }

// keptSteps is how many steps a trace keeps.
const keptSteps = 400

// bounds are small, so that they are reached.
var bounds = replica.Bounds{
	PeerChanges: 65, PeerBytes: 256 << 10, Bytes: 512 << 10,
	Lacks: 12, Credit: 4 << 10, Unsent: 8 << 10,
	CommitChanges: 40, CommitBytes: 32 << 10,
}

// A fleet is all nodes, all links, and what is known of the truth.
type fleet struct {
	seed     uint64
	o        Options
	rand     *rand.Rand
	now      time.Duration
	genesis  *oplog.CommonsGenesis
	block    []byte               // of the genesis
	enrol    [][]reconcile.Member // by person: certificate and grant
	nodes    []*node
	conns    []*conn
	healed   bool
	full     bool // disks are still full after that
	heedless bool // frames are given to those who are full
	docs     []crdt.ID
	leaving  map[int]bool // honest persons that have been removed somewhere
	// durable is what somebody was told is saved, and where.
	durable map[crdt.ChangeID]*node
	// forged is what no honest node may ever store.
	forged map[crdt.ChangeID]bool
	good   map[crdt.ChangeID]oplog.Signature // signatures that authorised has verified
	steps  []step
	failed *Failure
	moves  int // steps of the last act
}

// A step is said only if somebody wants to hear it.
type step struct {
	at     time.Duration
	format string
	args   []any
}

func (f *fleet) key(what string, n int) ed25519.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), uint64(n)^f.seed<<8))
	return ed25519.NewKeyFromSeed(seed[:])
}

// Run runs one seed. It returns nil if everything held.
func Run(seed uint64, o Options) *Failure {
	f := &fleet{
		seed: seed, o: o, rand: rand.New(rand.NewPCG(seed, 0x6e61_7665_7474_6500)),
		durable: map[crdt.ChangeID]*node{}, forged: map[crdt.ChangeID]bool{}, leaving: map[int]bool{},
		good: map[crdt.ChangeID]oplog.Signature{},
	}
	f.begin()
	steps := o.Steps
	if steps == 0 {
		steps = 40 + f.rand.IntN(120)
	}
	for i := 0; i < steps && f.failed == nil; i++ {
		f.step()
	}
	for _, act := range []func(){f.heal, f.settle, f.check} {
		if f.failed == nil {
			act()
		}
	}
	if f.failed == nil && o.Trace {
		return &Failure{Seed: seed, What: "nothing failed", Steps: f.said()}
	}
	return f.failed
}

func (f *fleet) note(format string, args ...any) {
	for i, a := range args {
		if n, ok := a.(*node); ok {
			args[i] = n.String() // as it is now
		}
	}
	if len(f.steps) == 2*keptSteps {
		f.steps = append(f.steps[:0], f.steps[keptSteps:]...)
	}
	f.steps = append(f.steps, step{f.now, format, args})
}

// said returns the last steps in words.
func (f *fleet) said() (steps []string) {
	for _, s := range f.steps[max(0, len(f.steps)-keptSteps):] {
		steps = append(steps, fmt.Sprintf("%6.1fs ", s.at.Seconds())+fmt.Sprintf(s.format, s.args...))
	}
	return steps
}

func (f *fleet) fail(format string, args ...any) {
	if f.failed == nil {
		f.failed = &Failure{Seed: f.seed, What: fmt.Sprintf(format, args...), Steps: f.said()}
	}
}

// chance is true once in n times.
func (f *fleet) chance(n int) bool { return f.rand.IntN(n) == 0 }

// pick returns one of a list, which mustn't be empty.
func pick[T any](f *fleet, list []T) T { return list[f.rand.IntN(len(list))] }

// begin founds a commons and its nodes: two to five honest ones, of which one
// may run a later version, and perhaps one that isn't honest.
func (f *fleet) begin() {
	root := f.key("root", 0)
	f.genesis = &oplog.CommonsGenesis{Roots: []oplog.Key{oplog.PublicKey(root)}, Name: "sim"}
	block, err := f.genesis.Encode()
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	f.block, f.genesis.ID = block, oplog.CommonsID(oplog.Sum(block))
	for range 3 + f.rand.IntN(5) {
		var id crdt.ID
		binary.BigEndian.PutUint64(id[:], f.rand.Uint64())
		f.docs = append(f.docs, id)
	}
	f.heedless = f.chance(3)
	honest := 2 + f.rand.IntN(4)
	manners := make([]manner, honest)
	if f.chance(2) {
		manners = append(manners, pick(f, rude))
	}
	later := f.rand.IntN(3 * honest) // whose program is newer, if anybody's
	state := membership.New(f.genesis)
	for i := range manners {
		f.enrol = append(f.enrol, f.admit(state, root, f.key("person", i), oplog.PublicKey(f.key("device", i))))
	}
	for i, m := range manners {
		n := &node{f: f, id: i, manner: m, person: f.key("person", i), device: f.key("device", i), kv: memkv.New(memkv.Options{})}
		n.skew, n.later = years(f), i == later
		n.nonces = rand.NewPCG(f.seed, uint64(i))
		n.begin()
		if n.later || m == forking || m == withholding {
			n.forge()
		}
		f.nodes = append(f.nodes, n)
	}
}

// begin founds a node: it knows itself, and perhaps some of the others.
func (n *node) begin() {
	f := n.f
	first := storage.Batch{Class: storage.Membership, Members: []storage.MemberEntry{{ID: crdt.ChangeID(f.genesis.ID), Block: f.block}}}
	for j, members := range f.enrol {
		if j != n.id && !f.chance(2) {
			continue
		}
		for _, m := range members {
			first.Members = append(first.Members, storage.MemberEntry{ID: oplog.Sum(m.Block), Block: m.Block, Sig: m.Sig})
		}
	}
	log, _, err := storage.Open(n.kv, storage.Options{Commons: f.genesis.ID, Rand: zeroes{n.nonces}})
	if err == nil {
		_, err = log.Commit(first)
	}
	n.must(err)
	n.start()
}

// admit makes a person with a device a member.
func (f *fleet) admit(state *membership.State, root, person ed25519.PrivateKey, device oplog.Key) []reconcile.Member {
	who := oplog.PublicKey(person)
	cert := &oplog.MembershipChange{
		Commons: f.genesis.ID, Parents: []crdt.ChangeID{crdt.ChangeID(f.genesis.ID)},
		Op: &oplog.Certify{Device: device, Person: who},
	}
	first := f.seal(state, cert, person)
	grant := &oplog.MembershipChange{
		Commons: f.genesis.ID, Parents: []crdt.ChangeID{cert.ID}, Auth: crdt.ChangeID(f.genesis.ID),
		Op: &oplog.Grant{Target: who, Role: oplog.RoleMember},
	}
	return []reconcile.Member{first, f.seal(state, grant, root)}
}

func (f *fleet) seal(state *membership.State, m *oplog.MembershipChange, key ed25519.PrivateKey) reconcile.Member {
	block, sig, err := m.Seal(key)
	if err == nil {
		err = state.Add(m)
	}
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	return reconcile.Member{Block: block, Sig: sig}
}

// honest returns the nodes that have manners and belong.
func (f *fleet) honest() []*node {
	return slices.DeleteFunc(slices.Clone(f.nodes), func(n *node) bool { return n.manner != polite || n.gone })
}

// step does one thing of the first act.
func (f *fleet) step() {
	switch r := f.rand.IntN(100); {
	case r < 22:
		pick(f, f.nodes).edit()
	case r < 32:
		f.meet()
	case r < 72:
		for range 1 + f.rand.IntN(4) {
			f.move()
		}
	case r < 78:
		f.tick()
	case r < 82:
		f.part()
	case r < 86:
		pick(f, f.nodes).crash(f.rand.IntN(2) * f.rand.IntN(4))
	case r < 90:
		f.disk()
	case r < 92:
		f.clone()
	case r < 94:
		f.restore()
	case r < 95:
		f.flip()
	case r < 96:
		f.clock()
	case r < 97:
		f.govern()
	default:
		f.burst()
	}
}

// move lets one thing that is under way go on: a frame, a verification, or a
// commit.
func (f *fleet) move() bool {
	var able, slow []func()
	for _, c := range f.conns {
		for way := range 2 {
			if c.able(way) {
				able = append(able, func() { c.deliver(way) })
			}
		}
	}
	for _, n := range f.nodes {
		if len(n.works) > 0 {
			able = append(able, n.verify)
		}
		if !n.ready() {
			continue
		}
		commit := func() { n.commit(false) }
		if n.slow > 0 && !f.chance(1+n.slow) {
			slow = append(slow, commit)
		} else {
			able = append(able, commit)
		}
	}
	if len(able) == 0 {
		able = slow
	}
	if len(able) == 0 {
		for _, n := range f.nodes {
			n.expels()
		}
		return false
	}
	pick(f, able)()
	return true
}

func (f *fleet) tick() {
	f.now += time.Duration(200+f.rand.IntN(1800)) * time.Millisecond
	for _, n := range f.nodes {
		n.do(n.rep.Tick(f.now))
	}
}
