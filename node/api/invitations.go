package api

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"navette/crdt/oplog"
	"navette/node"
	"navette/node/gate"
)

// roles are the roles that an invitation can give.
var roles = map[string]oplog.Role{"reader": oplog.RoleReader, "member": oplog.RoleMember}

func (s *Server) invite(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	in, err := read[Invitation](r)
	if err != nil {
		return nil, err
	}
	role, ok := roles[in.Role]
	if !ok {
		return nil, refuse(CodeNoRole, in.Role)
	}
	var until time.Time
	if in.Until != "" {
		if until, err = time.Parse(time.RFC3339, in.Until); err != nil {
			return nil, refuse(CodeBadRequest, err.Error())
		}
	}
	link, id, err := c.Invite(r.Context(), role, uint64(max(0, in.Uses)), until, in.Note)
	if err != nil {
		return nil, err
	}
	in.ID, in.Link, in.Reachable = hex.EncodeToString(id[:]), link, len(s.node.Addrs()) > 0
	return in, nil
}

func (s *Server) kit(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	if !c.HasKit() {
		return nil, refuse(CodeNotAllowed, "kit")
	}
	words, err := c.Kit()
	return Kit{Commons: c.ID().String(), Name: c.Name(), Words: words}, err
}

func (s *Server) forgetKit(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, c.ForgetKit()
}

func (s *Server) restoreKit(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	in, err := read[Kit](r)
	if err != nil {
		return nil, err
	}
	err = c.RestoreKit(strings.Join(in.Words, " "))
	switch {
	case errors.Is(err, node.ErrNobody):
		err = refuse(CodeBadKit, "other")
	case errors.Is(err, gate.ErrKit):
		err = refuse(CodeBadKit, "mistyped", err.Error())
	}
	return Kit{Commons: c.ID().String(), Name: c.Name()}, err
}

func invitation(i *node.Invitation) Invitation {
	v := Invitation{
		ID: i.ID(), Role: i.Invite.Role.String(), Uses: int(i.Invite.Uses), Note: i.Invite.Note,
		By: i.Name, Made: moment(i.Made), Used: i.Used,
	}
	now := time.Now()
	if !i.Until.IsZero() {
		v.Until = i.Until.UTC().Format(time.RFC3339)
	}
	switch {
	case i.Revoked:
		v.State = "revoked"
	case !i.Valid:
		v.State = "void"
	case i.Open(now):
		v.State = "open"
	case i.Invite.Uses > 0 && uint64(i.Used) >= i.Invite.Uses:
		v.State = "used"
	default:
		v.State = "expired"
	}
	return v
}

func (s *Server) invitations(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	out := []Invitation{}
	for _, i := range c.Invitations() {
		out = append(out, invitation(&i))
	}
	return out, nil
}

func (s *Server) uninvite(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	text := r.PathValue("id")
	i, err := c.FindInvitation(text)
	if errors.Is(err, node.ErrNobody) {
		err = refuse(CodeNoInvitation, text)
	}
	if err != nil {
		return nil, err
	}
	if !i.Revoked {
		if err := c.Uninvite(r.Context(), i.Invitation.ID); err != nil {
			return nil, err
		}
		i.Revoked = true
	}
	return invitation(i), nil
}
