package membership

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A State is the membership DAG as one replica holds it. It isn't safe for
// concurrent use, not even by readers: what they ask is worked out on demand.
type State struct {
	genesis *oplog.CommonsGenesis
	nodes   []*node // in order of arrival; the genesis first
	byID    map[crdt.ChangeID]*node
	heads   map[*node]bool

	grants      map[oplog.Key][]*node     // by target
	removals    map[oplog.Key][]*node     // removes by target, leaves by person
	certs       map[oplog.Writer][]*node  // certifies
	revocations map[oplog.Writer][]*node  // revokeDevices
	persons     map[oplog.Key][]oplog.Key // of a device: who has certified it
	invites     []*node
	byInvite    map[crdt.ChangeID][]*node // grants by the invitation they name
	uninvites   map[crdt.ChangeID][]*node // revokeInvites by invitation
	annuls      map[crdt.ChangeID][]*node // removes by what they annul
	adopters    []*node                   // grants that adopt something
	reverts     []*node
	named       map[crdt.ChangeID]bool // changes of data that one of these names

	// verdicts[n] is counts() of nodes[n], as far as it has been asked for
	// since the last Add.
	verdicts []verdict
	// cyclic is set if the recursion of counts() ran into itself, which the
	// rule excludes. Tests look.
	cyclic bool
}

// A node is a stored change. The genesis has no change.
type node struct {
	*oplog.MembershipChange
	oplog.Authority
	id   crdt.ChangeID
	n    int // its number in the order of arrival
	past past
	auth *node // nil where none is cited
	rank *rank // of the genesis and grants
}

// New returns the membership of a commons that nobody has been granted
// anything in. g must have its ID.
func New(g *oplog.CommonsGenesis) *State {
	s := &State{
		genesis:     g,
		byID:        map[crdt.ChangeID]*node{},
		heads:       map[*node]bool{},
		grants:      map[oplog.Key][]*node{},
		removals:    map[oplog.Key][]*node{},
		certs:       map[oplog.Writer][]*node{},
		revocations: map[oplog.Writer][]*node{},
		persons:     map[oplog.Key][]oplog.Key{},
		byInvite:    map[crdt.ChangeID][]*node{},
		uninvites:   map[crdt.ChangeID][]*node{},
		annuls:      map[crdt.ChangeID][]*node{},
		named:       map[crdt.ChangeID]bool{},
	}
	s.insert(&node{id: crdt.ChangeID(g.ID), rank: &rank{}})
	return s
}

// Admit decodes a block and decides whether it may be stored: it may if the
// error is nil. It isn't added. The errors are oplog.Admit's.
func (s *State) Admit(block []byte, sig oplog.Signature) (*oplog.MembershipChange, error) {
	m, err := oplog.DecodeMembershipChange(block)
	if err != nil {
		return nil, err
	}
	if s.Has(m.ID) {
		return m, nil
	}
	if _, err := oplog.Admit(s, m, block, sig); err != nil {
		return nil, err
	}
	return m, nil
}

// Add takes in a change that has been admitted: here, or before it was stored.
// One that is in already changes nothing. All but its signatures is looked at
// again; with one of the errors of oplog.AdmitVerified it isn't added.
func (s *State) Add(m *oplog.MembershipChange) error {
	if s.Has(m.ID) {
		return nil
	}
	a, err := oplog.AdmitVerified(s, m)
	if err != nil {
		return fmt.Errorf("membership: adding: %w", err)
	}
	s.insert(&node{MembershipChange: m, Authority: a, id: m.ID})
	return nil
}

func (s *State) insert(n *node) {
	n.n = len(s.nodes)
	s.nodes = append(s.nodes, n)
	s.byID[n.id] = n
	s.heads[n] = true
	if n.MembershipChange != nil {
		s.connect(n)
		s.index(n)
	}
	// Whatever was decided may be otherwise now.
	s.verdicts = slices.Grow(s.verdicts[:0], len(s.nodes))[:len(s.nodes)]
	clear(s.verdicts)
}

func (s *State) connect(n *node) {
	var pasts []*past
	var numbers []int
	for _, id := range n.Parents {
		p := s.byID[id]
		pasts, numbers = append(pasts, &p.past), append(numbers, p.n)
		delete(s.heads, p)
	}
	n.past = union(pasts, numbers)
	n.auth = s.byID[n.Auth]
	if g, ok := n.Op.(*oplog.Grant); ok {
		n.rank = n.auth.rank.below(n, g.Role)
	}
}

func (s *State) index(n *node) {
	for _, id := range dataNamed(n.Op) {
		s.named[id] = true
	}
	switch op := n.Op.(type) {
	case *oplog.Grant:
		if len(op.Adopt) > 0 {
			s.adopters = append(s.adopters, n)
		}
		s.grants[op.Target] = append(s.grants[op.Target], n)
		if op.Join != nil {
			s.byInvite[op.Join.Invite] = append(s.byInvite[op.Join.Invite], n)
		}
	case *oplog.Remove:
		s.removals[op.Target] = append(s.removals[op.Target], n)
		for _, id := range op.Annul {
			s.annuls[id] = append(s.annuls[id], n)
		}
	case *oplog.Revert:
		s.reverts = append(s.reverts, n)
	case *oplog.Leave:
		s.removals[n.Person] = append(s.removals[n.Person], n)
	case *oplog.Invite:
		s.invites = append(s.invites, n)
	case *oplog.RevokeInvite:
		s.uninvites[op.Invite] = append(s.uninvites[op.Invite], n)
	case *oplog.Certify:
		w := oplog.Writer{Device: op.Device, Person: op.Person}
		if s.certs[w] == nil {
			s.persons[op.Device] = append(s.persons[op.Device], op.Person)
		}
		s.certs[w] = append(s.certs[w], n)
	case *oplog.RevokeDevice:
		w := oplog.Writer{Device: op.Device, Person: op.Person}
		s.revocations[w] = append(s.revocations[w], n)
	}
}

// saw tells whether earlier is an ancestor of n; n isn't one of itself.
func (n *node) saw(earlier *node) bool { return n.past.has(earlier.n) }

// Len returns the number of changes, the genesis not counted.
func (s *State) Len() int { return len(s.nodes) - 1 }

// Has tells whether a change, or the genesis, has been added.
func (s *State) Has(id crdt.ChangeID) bool { return s.byID[id] != nil }

// Saw tells whether earlier is later itself or an ancestor of it. Changes that
// haven't been added have been seen by none. It makes State a crdt.History of
// its DAG.
func (s *State) Saw(later, earlier crdt.ChangeID) bool {
	l, e := s.byID[later], s.byID[earlier]
	return l != nil && e != nil && (l == e || l.saw(e))
}

// Heads returns the changes that none other has as a parent, sorted; of a new
// commons, the genesis.
func (s *State) Heads() []crdt.ChangeID {
	ids := make([]crdt.ChangeID, 0, len(s.heads))
	for n := range s.heads {
		ids = append(ids, n.id)
	}
	return oplog.SortLinks(ids)
}

// Order returns all changes by (height, CID): ancestors come first.
func (s *State) Order() []crdt.ChangeID {
	nodes := slices.Clone(s.nodes[1:])
	slices.SortFunc(nodes, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.Height, b.Height), bytes.Compare(a.id[:], b.id[:]))
	})
	ids := make([]crdt.ChangeID, len(nodes))
	for i, n := range nodes {
		ids[i] = n.id
	}
	return ids
}

// Next returns the parents of the next change to be made here: the heads. If
// there are more than a change may have, it returns as many of them, from
// which each of need can be reached; the rest is left to the change after it.
func (s *State) Next(need ...crdt.ChangeID) []crdt.ChangeID {
	heads := s.Heads()
	if len(heads) <= oplog.MaxLinks {
		return heads
	}
	var parents []crdt.ChangeID
	for _, id := range need {
		if s.Reaches(parents, id) {
			continue
		}
		if i := slices.IndexFunc(heads, func(h crdt.ChangeID) bool { return s.Saw(h, id) }); i >= 0 {
			parents = append(parents, heads[i])
		}
	}
	for _, h := range heads {
		if len(parents) < oplog.MaxLinks && !slices.Contains(parents, h) {
			parents = append(parents, h)
		}
	}
	return oplog.SortLinks(parents)
}
