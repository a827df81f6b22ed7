package membership_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// A world is a commons in the making, whose keys and changes have names. A
// person is a word ("A"), its devices are numbered ("A/1"); "R" is the root.
type world struct {
	tb      testing.TB
	genesis *oplog.CommonsGenesis
	block   []byte
	state   *membership.State
	changes []change // in the order they were made
	ids     map[string]crdt.ChangeID

	// Of the data: what was made, in order, and how to go on from it.
	data    []datum
	links   map[string]oplog.Link
	signers map[crdt.LogID]string
}

// A change is a step of a scenario.
type change struct {
	label string
	block []byte
	sig   oplog.Signature
	admit bool
}

const root = "R"

func newWorld(tb testing.TB, roots ...string) *world {
	g := &oplog.CommonsGenesis{Name: "Fabrique", Secret: sha256.Sum256([]byte("K"))}
	for _, r := range append(roots, root) {
		g.Roots = append(g.Roots, pub(r))
	}
	slices.SortFunc(g.Roots, func(a, b oplog.Key) int { return slices.Compare(a[:], b[:]) })
	block, err := g.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	if g, err = oplog.DecodeCommonsGenesis(block); err != nil {
		tb.Fatal(err)
	}
	return &world{
		tb: tb, genesis: g, block: block, state: membership.New(g),
		ids: map[string]crdt.ChangeID{"genesis": crdt.ChangeID(g.ID)},
	}
}

// priv is the key of a name, the same in every run.
func priv(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("key of " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func pub(name string) oplog.Key { return oplog.PublicKey(priv(name)) }

func (w *world) id(label string) crdt.ChangeID {
	w.tb.Helper()
	id, ok := w.ids[label]
	if !ok {
		w.tb.Fatalf("no change is called %q", label)
	}
	return id
}

func (w *world) idsOf(labels ...string) []crdt.ChangeID {
	w.tb.Helper()
	var ids []crdt.ChangeID
	for _, l := range labels {
		ids = append(ids, w.id(l))
	}
	return oplog.SortLinks(ids)
}

// make seals a change without adding it. auth "" cites nothing.
func (w *world) make(signer, auth string, after []string, op oplog.MemberOp) (*oplog.MembershipChange, change) {
	w.tb.Helper()
	m := &oplog.MembershipChange{Commons: w.genesis.ID, Parents: w.idsOf(after...), Op: op}
	if auth != "" {
		m.Auth = w.id(auth)
	}
	block, sig, err := m.Seal(priv(signer))
	if err != nil {
		w.tb.Fatalf("sealing: %v", err)
	}
	return m, change{block: block, sig: sig, admit: true}
}

// do makes a change and adds it, which must succeed. after names its parents,
// separated by spaces; "" is all heads.
func (w *world) do(label, signer, auth, after string, op oplog.MemberOp) {
	w.tb.Helper()
	m, c := w.make(signer, auth, w.parents(after), op)
	if _, err := w.state.Admit(c.block, c.sig); err != nil {
		w.tb.Fatalf("%s: %v", label, err)
	}
	if err := w.state.Add(m); err != nil {
		w.tb.Fatalf("%s: %v", label, err)
	}
	c.label = label
	w.changes = append(w.changes, c)
	w.ids[label] = m.ID
}

// refuse makes a change that must be inadmissible.
func (w *world) refuse(label, signer, auth, after string, op oplog.MemberOp) {
	w.tb.Helper()
	_, c := w.make(signer, auth, w.parents(after), op)
	if _, err := w.state.Admit(c.block, c.sig); err == nil {
		w.tb.Fatalf("%s: admitted", label)
	}
	c.label, c.admit = label, false
	w.changes = append(w.changes, c)
}

func (w *world) parents(after string) []string {
	if after != "" {
		return strings.Fields(after)
	}
	var labels []string
	for _, h := range w.state.Heads() {
		for l, id := range w.ids {
			if id == h {
				labels = append(labels, l)
			}
		}
	}
	return labels
}

// certify makes a person's certificates of devices "P/1", …, called "cP/1".
func (w *world) certify(devices ...string) {
	w.tb.Helper()
	for _, d := range devices {
		person, _, _ := strings.Cut(d, "/")
		w.do("c"+d, person, "", "genesis", &oplog.Certify{Device: pub(d), Person: pub(person)})
	}
}

// base: root R appoints A, then B; B appoints C; A admits member M. The grants
// are "gA", and so on; every person has one device.
func base(tb testing.TB, more ...string) *world {
	w := newWorld(tb)
	w.certify("A/1", "B/1", "C/1", "M/1", "N/1", "P/1", "T/1", "Z/1")
	w.certify(more...)
	w.do("gA", root, "genesis", "", grant("A", oplog.RoleSteward))
	w.do("gB", root, "genesis", "", grant("B", oplog.RoleSteward))
	w.do("gC", "B/1", "gB", "", grant("C", oplog.RoleSteward))
	w.do("gM", "A/1", "gA", "", grant("M", oplog.RoleMember))
	return w
}

func grant(person string, role oplog.Role) *oplog.Grant {
	return &oplog.Grant{Target: pub(person), Role: role}
}

func remove(person string) *oplog.Remove { return &oplog.Remove{Target: pub(person)} }

func retire(person string) *oplog.Remove { return &oplog.Remove{Target: pub(person), Keep: true} }

func demote(person string) *oplog.Remove {
	return &oplog.Remove{Target: pub(person), Scope: oplog.ScopeSteward}
}

func (w *world) removeAnnulling(person string, labels ...string) *oplog.Remove {
	return &oplog.Remove{Target: pub(person), Annul: w.idsOf(labels...)}
}

func revoke(device string) *oplog.RevokeDevice {
	person, _, _ := strings.Cut(device, "/")
	return &oplog.RevokeDevice{Device: pub(device), Person: pub(person)}
}

// invite is an invitation whose key is that of its name.
func invite(name string) *oplog.Invite {
	in := &oplog.Invite{Public: pub(name), Role: oplog.RoleMember}
	copy(in.ID[:], name)
	return in
}

// join is what a doorkeeper's device grants to a person that holds an
// invitation.
func (w *world) join(host, person, inv string) *oplog.Grant {
	j := &oplog.JoinProof{Invite: w.id(inv), Device: pub(person + "/1"), Host: pub(host), Nonce: [32]byte{7}}
	j.Sign(priv(inv), w.genesis.ID, invite(inv).ID, pub(person))
	return &oplog.Grant{Target: pub(person), Role: oplog.RoleMember, Join: j}
}
