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
	"navette/storage/memkv"
)

// Options of a run; the zero value is good.
type Options struct {
	// Steps of the first act. Default: 60 to 200, by the seed.
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
	PeerChanges: 96, PeerBytes: 256 << 10, Bytes: 512 << 10,
	Lacks: 12, Credit: 4 << 10, Unsent: 8 << 10,
	CommitChanges: 40, CommitBytes: 32 << 10,
}

// A fleet is all nodes, all links, and what is known of the truth.
type fleet struct {
	seed    uint64
	o       Options
	rand    *rand.Rand
	now     time.Duration
	genesis *oplog.CommonsGenesis
	block   []byte               // of the genesis
	enrol   [][]reconcile.Member // by person: certificate and grant
	nodes   []*node
	conns   []*conn
	healed  bool
	docs    []crdt.ID
	// durable is what somebody was told is saved, and where.
	durable map[crdt.ChangeID]*node
	// forged is what no honest node may ever store.
	forged map[crdt.ChangeID]bool
	steps  []string
	failed *Failure
	moves  int // steps of the last act
}

func (f *fleet) key(what string, n int) ed25519.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), uint64(n)^f.seed<<8))
	return ed25519.NewKeyFromSeed(seed[:])
}

// Run runs one seed. It returns nil if everything held.
func Run(seed uint64, o Options) *Failure {
	f := &fleet{
		seed: seed, o: o, rand: rand.New(rand.NewPCG(seed, 0x6e61_7665_7474_6500)),
		durable: map[crdt.ChangeID]*node{}, forged: map[crdt.ChangeID]bool{},
	}
	f.begin()
	steps := o.Steps
	if steps == 0 {
		steps = 60 + f.rand.IntN(140)
	}
	for i := 0; i < steps && f.failed == nil; i++ {
		f.step()
	}
	if f.failed == nil {
		f.heal()
	}
	if f.failed == nil {
		f.settle()
	}
	if f.failed == nil {
		f.check()
	}
	if f.failed == nil && o.Trace {
		return &Failure{Seed: seed, What: "nothing failed", Steps: f.steps}
	}
	return f.failed
}

func (f *fleet) note(format string, args ...any) {
	if len(f.steps) == keptSteps {
		f.steps = f.steps[1:]
	}
	f.steps = append(f.steps, fmt.Sprintf("%6.1fs ", f.now.Seconds())+fmt.Sprintf(format, args...))
}

func (f *fleet) fail(format string, args ...any) {
	if f.failed == nil {
		f.failed = &Failure{Seed: f.seed, What: fmt.Sprintf(format, args...), Steps: f.steps}
	}
}

// chance is true once in n times.
func (f *fleet) chance(n int) bool { return f.rand.IntN(n) == 0 }

// pick returns one of a list, which mustn't be empty.
func pick[T any](f *fleet, list []T) T { return list[f.rand.IntN(len(list))] }

// begin founds a commons and its nodes: two to five honest ones, and perhaps
// one that isn't.
func (f *fleet) begin() {
	root := f.key("root", 0)
	f.genesis = &oplog.CommonsGenesis{Roots: []oplog.Key{oplog.PublicKey(root)}, Name: "sim"}
	block, err := f.genesis.Encode()
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	f.block, f.genesis.ID = block, oplog.CommonsID(oplog.Sum(block))
	honest := 2 + f.rand.IntN(4)
	manners := make([]manner, honest)
	if f.chance(3) {
		manners = append(manners, pick(f, []manner{forging, withholding, chattering, corrupting}))
	}
	state := membership.New(f.genesis)
	for i := range manners {
		person := f.key("person", i)
		device := f.key("device", i)
		f.enrol = append(f.enrol, f.admit(state, root, person, oplog.PublicKey(device)))
	}
	for i, m := range manners {
		n := &node{f: f, id: i, manner: m, person: f.key("person", i), device: f.key("device", i), kv: memkv.New(memkv.Options{})}
		n.skew = time.Duration(f.rand.IntN(80)-40) * 365 * 24 * time.Hour
		n.nonces = rand.NewPCG(f.seed, uint64(i))
		n.start()
		// Everybody knows themselves, and some know more.
		for j, members := range f.enrol {
			if j == i || f.chance(2) {
				n.rep.ProposeMembers(members...)
			}
		}
		for n.commit(true) {
			continue
		}
		f.nodes = append(f.nodes, n)
	}
	for range 3 + f.rand.IntN(5) {
		var id crdt.ID
		binary.BigEndian.PutUint64(id[:], f.rand.Uint64())
		f.docs = append(f.docs, id)
	}
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
		_, err = state.Admit(block, sig)
	}
	if err == nil {
		err = state.Add(m)
	}
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	return reconcile.Member{Block: block, Sig: sig}
}

// honest returns the nodes that are up and have manners.
func (f *fleet) honest() []*node {
	return slices.DeleteFunc(slices.Clone(f.nodes), func(n *node) bool { return n.manner != polite })
}

// step does one thing of the first act.
func (f *fleet) step() {
	switch r := f.rand.IntN(100); {
	case r < 22:
		pick(f, f.nodes).edit()
	case r < 32:
		f.meet()
	case r < 74:
		for range 1 + f.rand.IntN(4) {
			f.move()
		}
	case r < 80:
		f.tick()
	case r < 84:
		f.part()
	case r < 88:
		pick(f, f.nodes).crash(f.rand.IntN(2) * f.rand.IntN(4))
	case r < 92:
		f.disk()
	case r < 95:
		f.clone()
	case r < 97:
		f.restore()
	default:
		f.burst()
	}
}

// move lets one thing that is under way go on: a frame, a verification, or a
// commit.
func (f *fleet) move() bool {
	var able []func()
	for _, c := range f.conns {
		for way := range 2 {
			if len(c.queue[way]) > 0 {
				able = append(able, func() { c.deliver(way) })
			}
		}
	}
	for _, n := range f.nodes {
		if len(n.works) > 0 {
			able = append(able, n.verify)
		}
		if n.ready() {
			able = append(able, func() { n.commit(false) })
		}
	}
	if len(able) == 0 {
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

// heal ends all misfortune, and makes every link once.
func (f *fleet) heal() {
	f.note("heal")
	f.healed = true
	for len(f.conns) > 0 {
		f.conns[0].cut()
	}
	for _, n := range f.nodes {
		n.kv.SetFree(1 << 40)
		n.kv.Fail(nil)
		if n.broken {
			n.crash(0)
		}
		n.rep.ProposeMembers(f.enrol[n.id]...) // in case its disk has lost who it is
	}
	// A tree, sometimes with more links than it needs; the impolite ones hang on.
	for i := 1; i < len(f.nodes); i++ {
		f.connect(f.nodes[i], f.nodes[f.rand.IntN(i)])
		if f.chance(3) {
			f.connect(f.nodes[i], f.nodes[f.rand.IntN(i)])
		}
	}
	honest := f.honest()
	for _, n := range honest { // the tree mustn't hang on an impolite one
		for _, o := range honest {
			if !f.reach(honest[0], n) {
				f.connect(o, n)
			}
		}
	}
}

// reach tells whether polite links lead from a to b.
func (f *fleet) reach(a, b *node) bool {
	seen := map[*node]bool{a: true}
	for left := []*node{a}; len(left) > 0; {
		n := left[0]
		left = left[1:]
		if n == b {
			return true
		}
		for _, c := range f.conns {
			for way := range 2 {
				if other := c.end[1-way].n; c.end[way].n == n && other.manner == polite && !seen[other] {
					seen[other] = true
					left = append(left, other)
				}
			}
		}
	}
	return false
}

// settle lets everything go on until nothing more happens, and time pass while
// not everybody is content.
func (f *fleet) settle() {
	for range 400 {
		for f.move() {
			if f.moves++; f.moves > 200_000 {
				f.fail("no end: %d steps since everything was healed", f.moves)
			}
			if f.failed != nil {
				return
			}
			if f.chance(400) && f.moves < 4000 {
				pick(f, f.nodes).edit()
			}
		}
		if f.content() {
			return
		}
		f.tick()
		if f.failed != nil {
			return
		}
	}
	f.discontent()
}
