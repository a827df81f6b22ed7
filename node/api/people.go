package api

import (
	"errors"
	"net/http"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/transport"
)

// peopleRoutes are those about who belongs, and with what.
func (s *Server) peopleRoutes() map[string]handler {
	return map[string]handler{
		"GET /v1/members":                 s.members,
		"PATCH /v1/members/{id}":          s.setRole,
		"DELETE /v1/members/{id}":         s.removeMember,
		"POST /v1/members/{id}/successor": s.succeed,
		"POST /v1/leave":                  s.leave,
		"GET /v1/devices":                 s.devices,
		"PATCH /v1/devices/{id}":          s.renameDevice,
		"DELETE /v1/devices/{id}":         s.revokeDevice,
		"POST /v1/devices/{id}/undo":      s.undoDevice,
		"GET /v1/invitations":             s.invitations,
		"POST /v1/invitations":            s.invite,
		"DELETE /v1/invitations/{id}":     s.uninvite,
		"GET /v1/undone":                  s.undone,
		"POST /v1/undone":                 s.seeUndone,
		"GET /v1/kit":                     s.kit,
		"PUT /v1/kit":                     s.restoreKit,
		"DELETE /v1/kit":                  s.forgetKit,
	}
}

// givenRoles are the roles that a member can be given.
var givenRoles = map[string]oplog.Role{
	"reader": oplog.RoleReader, "member": oplog.RoleMember, "doorkeeper": oplog.RoleDoorkeeper, "steward": oplog.RoleSteward,
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func device(d node.Device) Device {
	return Device{
		Device: transport.Peer(d.Key).String(), Place: d.Place, Hosted: d.Hosted, Self: d.Self, Here: d.Here, Met: moment(d.Met),
	}
}

func member(c *node.Commons, p *node.Person) Member {
	m := Member{
		Person: p.Key.String(), Name: p.Name, Role: p.Role.String(), Self: p.Self, Rank: p.Rank,
		Since: moment(p.Since), By: c.PersonName(p.By), ByKit: p.Root, Met: moment(p.Met()), Devices: []Device{},
	}
	if p.Succeeds != nil {
		m.Succeeds = c.PersonName(*p.Succeeds)
		if m.Succeeds == "" {
			m.Succeeds = p.Succeeds.String()
		}
	}
	for _, d := range p.Devices {
		m.Devices = append(m.Devices, device(d))
	}
	return m
}

func (s *Server) members(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	out := []Member{}
	for _, p := range c.People() {
		out = append(out, member(c, &p))
	}
	return out, nil
}

// person finds the commons and the person that a request is about.
func (s *Server) person(r *http.Request, text string) (*node.Commons, *node.Person, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, nil, err
	}
	p, err := c.FindPerson(text)
	if errors.Is(err, node.ErrNobody) {
		err = refuse(CodeNobody, text)
	}
	return c, p, err
}

func (s *Server) setRole(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, p, err := s.person(r, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	in, err := read[RoleChange](r)
	if err != nil {
		return nil, err
	}
	role, ok := givenRoles[in.Role]
	if !ok {
		return nil, refuse(CodeNoRole, in.Role)
	}
	if err := c.SetRole(r.Context(), p.Key, role); err != nil {
		return nil, steering(err, p.Name)
	}
	p.Role = role
	return member(c, p), nil
}

func (s *Server) removeMember(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, p, err := s.person(r, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	in, err := read[Removal](r)
	if err != nil {
		return nil, err
	}
	if in.Annul && !in.Expel {
		return nil, refuse(CodeBadRequest, "annul takes expel")
	}
	parted, err := c.Part(r.Context(), p, node.Parting{Expel: in.Expel, Annul: in.Annul, Invitations: in.Invitations}, in.DryRun)
	if err != nil {
		return nil, steering(err, p.Name)
	}
	out := Removed{
		Member: member(c, p), Expelled: in.Expel, Annulled: parted.Annulled, Stands: parted.Stands,
		Invitations: []Invitation{}, Stale: parted.Stale,
	}
	for _, i := range parted.Invitations {
		out.Invitations = append(out.Invitations, invitation(&i))
	}
	return out, nil
}

// steering adds to what is refused whom it was about.
func steering(err error, name string) error {
	switch {
	case errors.Is(err, node.ErrSenior):
		return refuse(CodeSenior, name)
	case errors.Is(err, node.ErrLastSteward):
		return refuse(CodeLastSteward)
	case errors.Is(err, node.ErrOldDevice):
		return refuse(CodeOldDevice, name)
	case errors.Is(err, node.ErrSelf):
		return refuse(CodeSelf)
	case errors.Is(err, node.ErrNobody):
		return refuse(CodeNobody, name)
	}
	return err
}

func (s *Server) succeed(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, old, err := s.person(r, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	in, err := read[Succession](r)
	if err != nil {
		return nil, err
	}
	_, successor, err := s.person(r, in.Successor)
	if err != nil {
		return nil, err
	}
	if err := c.Succeed(r.Context(), old.Key, successor.Key); err != nil {
		return nil, steering(err, old.Name)
	}
	now, err := c.FindPerson(successor.Key.String())
	if err != nil {
		return nil, err
	}
	return member(c, now), nil
}

func (s *Server) leave(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	in, err := read[Leaving](r)
	if err != nil {
		return nil, err
	}
	if err := c.Leave(r.Context(), in.Force); err != nil {
		return nil, steering(err, c.PersonName(c.Person()))
	}
	return commonsStatus(c)
}

func (s *Server) devices(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	out := []Device{}
	for _, p := range c.People() {
		for _, d := range p.Devices {
			v := device(d)
			v.Person, v.Name = p.Key.String(), p.Name
			out = append(out, v)
		}
	}
	return out, nil
}

// device finds the commons and the device that a request is about.
func (s *Server) device(r *http.Request) (*node.Commons, *node.Device, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, nil, err
	}
	text := r.PathValue("id")
	d, err := c.FindDevice(text)
	if errors.Is(err, node.ErrNobody) {
		err = refuse(CodeNoDevice, text)
	}
	return c, d, err
}

func (s *Server) renameDevice(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, d, err := s.device(r)
	if err != nil {
		return nil, err
	}
	in, err := read[Renaming](r)
	if err != nil {
		return nil, err
	}
	if in.Name == "" {
		return nil, refuse(CodeMissing, "place", "name")
	}
	id, name := node.PlaceOf(d.Key), []commons.Assign{{Field: "name", Text: in.Name}}
	_, err = c.Write(r.Context(), func() ([][]crdt.Edit, error) {
		doc, err := c.Doc(id)
		if errors.Is(err, node.ErrNotFound) || err == nil && doc.Kind() == "" {
			return commons.Add(id, "place", name, c.Env())
		}
		if err != nil {
			return nil, err
		}
		return commons.Set(doc, name, c.Env())
	})
	d.Place = in.Name
	return device(*d), err
}

func (s *Server) revokeDevice(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, d, err := s.device(r)
	if err != nil {
		return nil, err
	}
	if err := c.Revoke(r.Context(), d); err != nil {
		return nil, steering(err, d.Place)
	}
	v := device(*d)
	v.Person, v.Name = d.Person.String(), c.PersonName(d.Person)
	return v, nil
}

func (s *Server) undoDevice(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, d, err := s.device(r)
	if err != nil {
		return nil, err
	}
	in, err := read[Undoing](r)
	if err != nil {
		return nil, err
	}
	changes, err := c.WrittenSince(d.Key, in.Since)
	if err != nil {
		return nil, err
	}
	if !in.DryRun && len(changes) > 0 {
		err = c.Revert(r.Context(), changes...)
	}
	return Undoing{Since: in.Since, DryRun: in.DryRun, Changes: len(changes)}, err
}

func (s *Server) undone(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	all, err := c.Undone()
	if err != nil {
		return nil, err
	}
	out := []Undone{}
	for _, u := range all {
		out = append(out, Undone{
			Change: u.Change.ID.String(), Did: did(u.Change.Op), Time: moment(u.At), Person: u.Of, About: u.Target,
			Because: did(u.Cause.Op), By: u.By, Seen: u.Seen,
		})
	}
	return out, nil
}

// did names what a change of membership does.
func did(op oplog.MemberOp) string {
	switch op := op.(type) {
	case *oplog.Grant:
		return "role_" + op.Role.String()
	case *oplog.Remove:
		if op.Scope == oplog.ScopeSteward {
			return "demoted"
		}
		return "removed"
	case *oplog.Leave:
		return "left"
	case *oplog.Invite:
		return "invited"
	case *oplog.RevokeInvite:
		return "uninvited"
	case *oplog.RevokeDevice:
		return "revoked"
	case *oplog.Revert:
		return "reverted"
	}
	return "other"
}

func (s *Server) seeUndone(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, c.SeeUndone()
}
