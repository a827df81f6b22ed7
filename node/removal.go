package node

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/gate"
	"navette/storage"
)

// A RemoveOptions says how a person is removed. The zero value expels: what the
// person has written stands as far as this node holds it, and what comes from
// them later doesn't count.
type RemoveOptions struct {
	// Keep is for one who leaves in peace: all they wrote counts, also what
	// hasn't come here yet.
	Keep bool
	// Demote takes stewardship only. All that the person writes goes on
	// counting, so long as another grant lets them write.
	Demote bool
	// Annul are changes of membership, made by somebody junior, that are undone
	// with it, at most 128.
	Annul []crdt.ChangeID
	// Root is a root's key, to remove somebody senior with. Nil: the person of
	// this node removes.
	Root ed25519.PrivateKey
}

// Remove removes a person and returns the change that does so, once it is
// durable. The error is ErrNotAllowed, if this node's person is no steward, or
// is who is to be removed; whether the removal counts against somebody senior,
// membership.State says.
func (c *Commons) Remove(ctx context.Context, person oplog.Key, o RemoveOptions) (crdt.ChangeID, error) {
	op := &oplog.Remove{Target: person, Keep: o.Keep, Annul: oplog.SortLinks(slices.Clone(o.Annul))}
	if o.Demote {
		op.Scope = oplog.ScopeSteward
	}
	a := authority{root: o.Root}
	if !o.Keep && !o.Demote {
		var err error
		if op.Cut, op.Parts, err = c.cut(ctx, a, func(w oplog.Writer) bool { return w.Person == person }); err != nil {
			return crdt.ChangeID{}, fmt.Errorf("remove a person: %w", err)
		}
	}
	id, err := c.sign(ctx, a, op)
	if err != nil {
		return id, fmt.Errorf("remove a person: %w", err)
	}
	return id, nil
}

// Annul undoes changes of membership, made by somebody junior, and nothing
// else: at most 128 of them. Of one's own removal, or of a senior's, it makes
// nothing: there Grant undoes what it did, with VoidTipsOf to adopt. The error is ErrNotAllowed for whoever isn't a
// steward.
func (c *Commons) Annul(ctx context.Context, changes ...crdt.ChangeID) (crdt.ChangeID, error) {
	// A removal carries it; nobody has the zero key.
	id, err := c.sign(ctx, authority{}, &oplog.Remove{Keep: true, Annul: oplog.SortLinks(slices.Clone(changes))})
	if err != nil {
		return id, fmt.Errorf("annul: %w", err)
	}
	return id, nil
}

// RevokeDevice ends what a device may do for a person: what it has written for
// them stands as far as this node holds it, and what comes from it later
// doesn't count. Of the node's own person, it is revoked under each of their
// grants, since a revocation reaches no further than its own. It returns the
// changes that do so. The error is ErrNotAllowed for whoever is neither a
// steward nor that person.
func (c *Commons) RevokeDevice(ctx context.Context, device, person oplog.Key) (done []crdt.ChangeID, err error) {
	under := []authority{{}}
	if person == c.Person() {
		c.withMembers(func(s *membership.State) {
			if grants := s.LiveGrants(person); len(grants) > 0 {
				under = under[:0]
				for _, g := range grants {
					under = append(under, authority{grant: g})
				}
			}
		})
	}
	for _, a := range under {
		op := &oplog.RevokeDevice{Device: device, Person: person}
		writer := oplog.Writer{Device: device, Person: person}
		op.Cut, op.Parts, err = c.cut(ctx, a, func(w oplog.Writer) bool { return w == writer })
		var id crdt.ChangeID
		if err == nil {
			id, err = c.sign(ctx, a, op)
		}
		if err != nil {
			return done, fmt.Errorf("revoke a device: %w", err)
		}
		done = append(done, id)
	}
	return done, nil
}

// Grant gives a person a role. What adopt names, and all that it goes on from
// in its logs, counts from now on although a removal that this node knows of
// has it beyond its cut; tips of logs are what to name. succeeds is the person
// whose place this one takes, nil if nobody's. The error is ErrNotAllowed for
// whoever isn't a steward.
func (c *Commons) Grant(ctx context.Context, person oplog.Key, role oplog.Role, succeeds *oplog.Key, adopt ...crdt.ChangeID) (grants []crdt.ChangeID, err error) {
	adopt = oplog.SortLinks(slices.Clone(adopt))
	for first := true; first || len(adopt) > 0; first = false {
		n := min(len(adopt), oplog.MaxAdopt)
		id, err := c.sign(ctx, authority{}, &oplog.Grant{Target: person, Role: role, Succeeds: succeeds, Adopt: adopt[:n]})
		if err != nil {
			return grants, fmt.Errorf("grant a role: %w", err)
		}
		grants, adopt = append(grants, id), adopt[n:]
	}
	return grants, nil
}

// Adopt makes changes count that a removal, or the lack of a grant that
// counts, keeps from it, and with each all that it goes on from in its logs;
// one that is named itself counts although it was reverted. Their writers get
// no role by it. The error is ErrNotAllowed for whoever isn't a steward.
func (c *Commons) Adopt(ctx context.Context, changes ...crdt.ChangeID) error {
	if len(changes) == 0 {
		return nil
	}
	// Grants carry adoptions; to its signer this one gives less than it has.
	if _, err := c.Grant(ctx, c.Person(), oplog.RoleReader, nil, changes...); err != nil {
		return fmt.Errorf("adopt: %w", err)
	}
	return nil
}

// Revert makes changes void, one by one. The error is ErrNotAllowed for whoever
// isn't a steward; those that are done then stay so.
func (c *Commons) Revert(ctx context.Context, changes ...crdt.ChangeID) error {
	for part := range slices.Chunk(oplog.SortLinks(slices.Clone(changes)), oplog.MaxReverts) {
		if _, err := c.sign(ctx, authority{}, &oplog.Revert{Changes: part}); err != nil {
			return fmt.Errorf("revert: %w", err)
		}
	}
	return nil
}

// WrittenSince returns what a device has written since a moment, for any
// person, as Revert wants it: in each of its logs the first change whose clock
// says so, and all that comes after it there, whatever its clock says. A zero
// moment is the beginning.
func (c *Commons) WrittenSince(device oplog.Key, since time.Time) (changes []crdt.ChangeID, err error) {
	seen := make(map[crdt.ChangeID]bool)
	for _, log := range c.log.Logs() {
		if c.Writer(log).Device != device {
			continue
		}
		ends, err := c.log.Branches(log)
		if err != nil {
			return nil, err
		}
		for _, end := range ends {
			err := c.branch(end, func(change *oplog.Change, late bool) {
				if late && !seen[change.ID] {
					seen[change.ID] = true
					changes = append(changes, change.ID)
				}
			}, since)
			if err != nil {
				return nil, fmt.Errorf("read what a device wrote: %w", err)
			}
		}
	}
	return changes, nil
}

// TipsOf returns the open tips of a person's logs, sorted: all of theirs that
// counts, or that something which counts rests on.
func (c *Commons) TipsOf(person oplog.Key) []crdt.ChangeID {
	return c.written(c.log.Tips(), func(w oplog.Writer) bool { return w.Person == person })
}

// VoidTipsOf returns the ends of what a person wrote and doesn't count, sorted:
// what Adopt and Grant take to accept all of it.
func (c *Commons) VoidTipsOf(person oplog.Key) []crdt.ChangeID {
	return c.written(c.log.VoidTips(), func(w oplog.Writer) bool { return w.Person == person })
}

// written returns those of tips whose log is of one of some writers.
func (c *Commons) written(tips []storage.Tip, of func(oplog.Writer) bool) (ids []crdt.ChangeID) {
	for _, t := range tips {
		if of(c.Writer(t.Log)) {
			ids = append(ids, t.ID)
		}
	}
	return oplog.SortLinks(ids)
}

// branch calls fn with the changes of a log that lead to end, and whether they
// were written since a moment.
func (c *Commons) branch(end crdt.ChangeID, fn func(change *oplog.Change, late bool), since time.Time) error {
	links, err := c.log.After(nil, end)
	if err != nil {
		return err
	}
	for late := since.IsZero(); ; {
		e, ok, err := links.Next()
		if err != nil || !ok {
			return err
		}
		if kind, err := oplog.Parse(e.Block); err != nil || kind != oplog.KindChange {
			continue
		}
		change, err := oplog.DecodeChange(e.Block)
		if err != nil {
			return err
		}
		late = late || change.Wall.Seconds >= uint64(max(0, since.Unix()))
		fn(change, late)
	}
}

// An authority is under what a change of membership is signed here: a root's
// key, a grant, or neither, which is the person's best grant.
type authority struct {
	root  ed25519.PrivateKey
	grant crdt.ChangeID
}

// sign makes a change of membership and stores it.
func (c *Commons) sign(ctx context.Context, a authority, op oplog.MemberOp) (id crdt.ChangeID, err error) {
	var entry gate.Entry
	c.withMembers(func(s *membership.State) {
		author := gate.Author{State: s, Key: c.n.device, Person: c.Person(), Grant: a.grant, Wall: wall()}
		if a.root != nil {
			author = gate.Author{State: s, Key: a.root, Wall: wall()}
		}
		entry, err = author.Sign(op)
	})
	if err != nil {
		return id, fmt.Errorf("%w: %w", ErrNotAllowed, err)
	}
	return entry.ID, c.storeMembers(ctx, []gate.Entry{entry})
}

// cut returns what is here of the logs of some writers, as a removal says it:
// their tips. What the removal has no room for goes into parts, which are
// stored by now. Beyond the 1 088 tips that there is room for, none is named:
// only a device that forks on purpose has as many.
func (c *Commons) cut(ctx context.Context, a authority, of func(oplog.Writer) bool) (cut, parts []crdt.ChangeID, err error) {
	cut = c.written(c.log.Tips(), of)
	for len(cut) > oplog.MaxCut && len(parts) < oplog.MaxParts {
		part, err := c.sign(ctx, a, &oplog.CutPart{Cut: cut[:oplog.MaxCut]})
		if err != nil {
			return nil, nil, err
		}
		parts, cut = append(parts, part), cut[oplog.MaxCut:]
	}
	return cut[:min(len(cut), oplog.MaxCut)], oplog.SortLinks(parts), nil
}
