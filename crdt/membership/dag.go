package membership

import (
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

var (
	_ oplog.MemberDAG  = (*State)(nil)
	_ oplog.Membership = (*State)(nil)
	_ crdt.History     = (*State)(nil)
)

// Genesis implements oplog.MemberDAG.
func (s *State) Genesis() *oplog.CommonsGenesis { return s.genesis }

// Get implements oplog.MemberDAG: a change that has been added, nil if there
// is none. It must not be altered.
func (s *State) Get(id crdt.ChangeID) *oplog.MembershipChange {
	if n := s.byID[id]; n != nil {
		return n.MembershipChange
	}
	return nil
}

// Height implements oplog.MemberDAG.
func (s *State) Height(id crdt.ChangeID) (uint64, bool) {
	if n := s.byID[id]; n != nil {
		return n.Height, true
	}
	return 0, false
}

// Reaches implements oplog.MemberDAG.
func (s *State) Reaches(from []crdt.ChangeID, id crdt.ChangeID) bool {
	for _, f := range from {
		if s.Saw(f, id) {
			return true
		}
	}
	return false
}

// Certificates implements oplog.MemberDAG.
func (s *State) Certificates(device, person oplog.Key) []crdt.ChangeID {
	return ids(s.certs[oplog.Writer{Device: device, Person: person}])
}

// PersonRevocations implements oplog.MemberDAG.
func (s *State) PersonRevocations(device, person oplog.Key) []crdt.ChangeID {
	var own []crdt.ChangeID
	for _, v := range s.revocations[oplog.Writer{Device: device, Person: person}] {
		if v.Signer == person {
			own = append(own, v.id)
		}
	}
	return own
}

func ids(nodes []*node) []crdt.ChangeID {
	ids := make([]crdt.ChangeID, len(nodes))
	for i, n := range nodes {
		ids[i] = n.id
	}
	return ids
}

// Certified implements oplog.Membership.
func (s *State) Certified(cert crdt.ChangeID) (oplog.Writer, error) {
	n := s.byID[cert]
	if n == nil {
		return oplog.Writer{}, fmt.Errorf("%w: certificate %v", oplog.ErrUnknown, cert)
	}
	if n.MembershipChange != nil {
		if c, ok := n.Op.(*oplog.Certify); ok {
			return oplog.Writer{Device: c.Device, Person: c.Person}, nil
		}
	}
	return oplog.Writer{}, fmt.Errorf("%w: %v is no certificate", oplog.ErrInvalid, cert)
}

// Granted implements oplog.Membership.
func (s *State) Granted(grant crdt.ChangeID) (oplog.Key, error) {
	n := s.byID[grant]
	if n == nil {
		return oplog.Key{}, fmt.Errorf("%w: grant %v", oplog.ErrUnknown, grant)
	}
	if g := n.grant(); g != nil {
		return g.Target, nil
	}
	return oplog.Key{}, fmt.Errorf("%w: %v is no grant", oplog.ErrInvalid, grant)
}

// grant returns what n grants, nil if nothing.
func (n *node) grant() *oplog.Grant {
	if n == nil || n.MembershipChange == nil {
		return nil
	}
	g, _ := n.Op.(*oplog.Grant)
	return g
}
