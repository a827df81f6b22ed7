package node

import (
	"context"
	"fmt"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// staleMeeting is how old the last exchange with somebody may be before
// expelling them is worth a warning: what they did since in good faith counts
// for nobody afterwards.
const staleMeeting = 3 * 24 * time.Hour

// Parting says how somebody goes. The zero value is for one who simply left:
// what they wrote stays, wherever it is.
type Parting struct {
	Expel       bool // what they do from now on, and what isn't here yet, counts nowhere
	Annul       bool // undo what they did to the membership; with Expel only
	Invitations bool // revoke their open invitations
}

// Parted is what became of it, or would.
type Parted struct {
	Annulled, Stands int          // acts that are undone, and those that aren't and could be
	Invitations      []Invitation // theirs that were open
	Stale            bool         // the last exchange with them is long ago
}

// Part lets a person of the commons go; with dryRun it only says what would
// happen. The errors are ErrNotAllowed, ErrSenior, ErrSelf and those of
// storing.
func (c *Commons) Part(ctx context.Context, p *Person, how Parting, dryRun bool) (*Parted, error) {
	if p.Self {
		return nil, ErrSelf
	}
	root, err := c.entitled(p.Key)
	if err != nil {
		return nil, err
	}
	out := &Parted{Stale: len(p.Devices) > 0 && time.Since(p.Met()) > staleMeeting}
	acts := c.annullable(p.Key)
	if out.Stands = len(acts); how.Expel && how.Annul {
		out.Annulled, out.Stands = len(acts), 0
	}
	now := time.Now()
	for _, i := range c.Invitations() {
		if i.By == p.Key && i.Open(now) {
			out.Invitations = append(out.Invitations, i)
		}
	}
	if dryRun {
		return out, nil
	}
	o := RemoveOptions{Keep: !how.Expel, Root: root}
	if out.Annulled > 0 {
		o.Annul = acts[:min(len(acts), oplog.MaxAnnul)]
		acts = acts[len(o.Annul):]
	}
	if _, err := c.Remove(ctx, p.Key, o); err != nil {
		return nil, err
	}
	for out.Annulled > 0 && len(acts) > 0 {
		part := acts[:min(len(acts), oplog.MaxAnnul)]
		if _, err := c.Remove(ctx, p.Key, RemoveOptions{Keep: true, Annul: part, Root: root}); err != nil {
			return nil, fmt.Errorf("undo what they did: %w", err)
		}
		acts = acts[len(part):]
	}
	if how.Invitations {
		for k := range out.Invitations {
			i := &out.Invitations[k]
			if err := c.Uninvite(ctx, i.Invitation.ID); err != nil {
				return nil, fmt.Errorf("withdraw their invitations: %w", err)
			}
			i.Revoked = true
		}
	}
	return out, nil
}

// annullable returns what a person did that whoever signs here may undo: all
// that counts, since whoever may remove them is senior to all of it.
func (c *Commons) annullable(person oplog.Key) (acts []crdt.ChangeID) {
	c.withMembers(func(s *membership.State) {
		for _, m := range s.ActsOf(person) {
			acts = append(acts, m.ID)
		}
	})
	return acts
}

// Revoke ends what a device may do for its person. The errors are
// ErrNotAllowed, ErrSenior for one of somebody senior, ErrOldDevice for one of
// this node's own person that it is no older than, and those of storing.
func (c *Commons) Revoke(ctx context.Context, d *Device) error {
	if d.Self {
		return ErrSelf
	}
	var err error
	c.withMembers(func(s *membership.State) {
		mine, ok := s.DeviceOf(c.n.self, c.Person())
		theirs, _, any := s.GrantOf(d.Person)
		switch {
		case !ok || d.Person != c.Person() && mine.Role < oplog.RoleSteward:
			err = ErrNotAllowed
		case d.Person != c.Person() && any && !s.Senior(mine.Grant, theirs):
			err = ErrSenior
		case d.Person == c.Person() && older(s, d.Key, c.n.self, d.Person):
			err = ErrOldDevice
		}
	})
	if err != nil {
		return err
	}
	_, err = c.RevokeDevice(ctx, d.Key, d.Person)
	return err
}

// older tells whether of two devices of a person the first prevails.
func older(s *membership.State, device, than, person oplog.Key) bool {
	signing := func(k oplog.Key) (by oplog.Signing) {
		d, _ := s.DeviceOf(k, person)
		height, _ := s.Height(d.Cert)
		return oplog.Signing{Cert: d.Cert, Height: height, Hosted: d.Hosted}
	}
	return signing(device).Compare(signing(than)) < 0
}
