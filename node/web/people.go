package web

import (
	"context"

	"navette/crdt/oplog"
	"navette/node"
)

// letIn makes somebody who asked a member, and writes down their name.
func (s *Server) letIn(ctx context.Context, c *node.Commons, person oplog.Key) error {
	a := s.book.of(person)
	if a == nil || a.Asked == nil {
		return &problem{status: 404, key: "problem.nothing"}
	}
	if _, err := c.Grant(ctx, person, oplog.RoleMember, nil); err != nil {
		return err
	}
	if err := c.CallPerson(ctx, person, a.Name); err != nil {
		return err
	}
	return s.book.change(person, func(a *account) { a.Asked = nil })
}
