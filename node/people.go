package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/transport"
)

// ErrNobody is the name of nobody, or of no device, of the commons.
var ErrNobody = errors.New("node: nobody of that name here")

// A Person is somebody of the commons.
type Person struct {
	Key  oplog.Key
	Name string // "" if they have none
	Role oplog.Role
	// Since and By are when, as the granter's clock had it, and by whom the
	// role was given; Since is zero if that clock couldn't be right. By is a
	// root's key if it was the recovery kit, as for the founder.
	Since    time.Time
	By       oplog.Key
	Root     bool       // By is a root
	Rank     int        // of a steward: 1 is the most senior; 0 of all others
	Succeeds *oplog.Key // whose place they took; nil if nobody's
	Devices  []Device
	Self     bool // it is the person of this node
}

// Met is when this node last exchanged with a device of the person: now if it
// does, zero if it never did or the clock couldn't be right then.
func (p *Person) Met() (met time.Time) {
	for _, d := range p.Devices {
		if d.Met.After(met) {
			met = d.Met
		}
	}
	return met
}

// A Device is what a person of the commons works with.
type Device struct {
	Key    oplog.Key
	Place  string // what it is called; "" if it has no name
	Person oplog.Key
	Hosted bool // it keeps the person's key, and others' perhaps
	Self   bool // it is this node
	Here   bool // there is an exchange with it now
	Met    time.Time
}

// People returns the people of the commons: stewards by seniority, then the
// others by role and name.
func (c *Commons) People() []Person {
	var all []Person
	var order []crdt.ChangeID
	c.withMembers(func(s *membership.State) {
		members := s.Members()
		slices.SortFunc(members, func(a, b membership.Member) int {
			switch {
			case a.Role != b.Role:
				return int(b.Role) - int(a.Role)
			case s.Senior(a.Grant, b.Grant):
				return -1
			}
			return 1
		})
		for i, m := range members {
			p := Person{Key: m.Person, Role: m.Role, Self: m.Person == c.Person()}
			grant := s.Get(m.Grant)
			p.Since = wallTime(grant.Wall)
			p.By = s.ActedBy(m.Grant)
			p.Root = s.Role(p.By) == oplog.RoleRoot
			p.Succeeds = grant.Op.(*oplog.Grant).Succeeds
			if m.Role == oplog.RoleSteward {
				p.Rank = i + 1
			}
			for _, d := range s.Devices(m.Person) {
				p.Devices = append(p.Devices, Device{Key: d.Key, Person: d.Person, Hosted: d.Hosted, Self: d.Key == c.n.self})
			}
			all, order = append(all, p), append(order, m.Grant)
		}
	})
	for i := range all {
		p := &all[i]
		p.Name = c.PersonName(p.Key)
		for k := range p.Devices {
			d := &p.Devices[k]
			d.Place = c.PlaceName(d.Key)
			d.Met, d.Here = c.meetings.with(transport.Peer(d.Key)), c.n.exchanges(transport.Peer(d.Key), c)
			if d.Here {
				d.Met = time.Now()
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Person) int {
		if a.Role != b.Role || a.Role == oplog.RoleSteward {
			return int(b.Role) - int(a.Role)
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return all
}

// wallTime is what a writer's clock said, zero if it couldn't know.
func wallTime(w crdt.Wall) time.Time {
	if w.Quality == crdt.QualityUnknown {
		return time.Time{}
	}
	return time.Unix(int64(w.Seconds), 0)
}

// FindPerson returns who is meant by a name, a key, or the beginning of one of
// at least four digits. The errors are ErrNobody and AmbiguousError.
func (c *Commons) FindPerson(text string) (*Person, error) {
	all := c.People()
	return one(text, all, func(p *Person) []string { return []string{p.Name, p.Key.String()} })
}

// FindDevice returns the device that is meant by the name of its place, its
// peer id or its key, or the beginning of one. The errors are those of
// FindPerson.
func (c *Commons) FindDevice(text string) (*Device, error) {
	var all []Device
	for _, p := range c.People() {
		all = append(all, p.Devices...)
	}
	return one(text, all, func(d *Device) []string {
		return []string{d.Place, transport.Peer(d.Key).String(), d.Key.String()}
	})
}

// one finds what answers to text: the first of names in full, any other from
// its beginning.
func one[T any](text string, all []T, names func(*T) []string) (*T, error) {
	var found []*T
	for i := range all {
		n := names(&all[i])
		begins := func(id string) bool {
			return len(text) >= 4 && strings.HasPrefix(strings.ToLower(id), strings.ToLower(text))
		}
		if n[0] != "" && strings.EqualFold(n[0], text) || slices.ContainsFunc(n[1:], begins) {
			found = append(found, &all[i])
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%w: %q", ErrNobody, text)
	case 1:
		return found[0], nil
	}
	return nil, &AmbiguousError{text, len(found)}
}

// An Invitation is one that was made and stands.
type Invitation struct {
	membership.Invitation
	Name  string    // of the inviter
	Made  time.Time // by the inviter's clock; zero if that isn't known
	Until time.Time // zero: no end
}

// ID is how people name it.
func (i *Invitation) ID() string { return fmt.Sprintf("%x", i.Invite.ID) }

// Open tells whether somebody could still come in by it, as far as this node
// knows.
func (i *Invitation) Open(now time.Time) bool {
	full := i.Invite.Uses > 0 && uint64(i.Used) >= i.Invite.Uses
	late := !i.Until.IsZero() && now.After(i.Until)
	return i.Valid && !full && !late
}

// Invitations returns all invitations that were made, the latest last.
func (c *Commons) Invitations() (all []Invitation) {
	c.withMembers(func(s *membership.State) {
		for _, in := range s.Invitations() {
			i := Invitation{Invitation: in, Made: wallTime(s.Get(in.ID).Wall)}
			if in.Invite.Until > 0 {
				i.Until = time.Unix(int64(in.Invite.Until), 0)
			}
			all = append(all, i)
		}
	})
	for i := range all {
		all[i].Name = c.PersonName(all[i].By)
	}
	return all
}

// FindInvitation returns the invitation of an id, of the beginning of one, or
// of a note. The errors are those of FindPerson.
func (c *Commons) FindInvitation(text string) (*Invitation, error) {
	return one(text, c.Invitations(), func(i *Invitation) []string { return []string{i.Invite.Note, i.ID()} })
}
