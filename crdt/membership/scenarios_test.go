package membership_test

import (
	"testing"

	"navette/crdt/oplog"
)

// A scenario ends with these members, and with these changes not counting;
// all others count. baseIs what the base ends with, where nothing happens.
type scenario struct {
	name    string
	about   string
	build   func(testing.TB) *world
	members string // "A:steward …"
	void    string // labels
	dead    string // certified devices that aren't live for their person
}

const (
	steward    = oplog.RoleSteward
	doorkeeper = oplog.RoleDoorkeeper
	member     = oplog.RoleMember
	reader     = oplog.RoleReader
)

var removals = []scenario{
	{name: "V01", about: "base", build: base0,
		members: "A:steward B:steward C:steward M:member"},
	{name: "V02", about: "A removes B; B, having seen it, admits Z", members: "A:steward C:steward M:member", void: "gZ",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rB", "A/1", "gA", "", remove("B"))
			w.do("gZ", "B/1", "gB", "", grant("Z", member))
			return w
		}},
	{name: "V03", about: "A removes B; B hangs 'appoint Z', Z 'appoint Y' under old history", members: "A:steward C:steward M:member", void: "gZ gY",
		build: func(tb testing.TB) *world {
			w := base(tb, "Y/1")
			w.do("rB", "A/1", "gA", "", remove("B"))
			w.do("gZ", "B/1", "gB", "gM", grant("Z", steward))
			w.do("gY", "Z/1", "gZ", "gZ", grant("Y", steward))
			return w
		}},
	{name: "V04", about: "B admits Z; A, having seen it, removes B", members: "A:steward C:steward M:member Z:member",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("gZ", "B/1", "gB", "", grant("Z", member))
			w.do("rB", "A/1", "gA", "", remove("B"))
			return w
		}},
	{name: "V05", about: "A and B remove each other concurrently", members: "A:steward C:steward M:member", void: "rA",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rB", "A/1", "gA", "gM", remove("B"))
			w.do("rA", "B/1", "gB", "gM", remove("A"))
			return w
		}},
	{name: "V06", about: "A removes B, B removes C, C removes A, all concurrent", members: "A:steward C:steward M:member", void: "rC",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rB", "A/1", "gA", "gM", remove("B"))
			w.do("rC", "B/1", "gB", "gM", remove("C"))
			w.do("rA", "C/1", "gC", "gM", remove("A"))
			return w
		}},
	{name: "V07", about: "A removes B, then admits 20; B back-dates removals of A, C and M",
		members: "A:steward C:steward M:member N0:member N1:member N2:member N3:member N4:member N5:member N6:member N7:member N8:member N9:member " +
			"O0:member O1:member O2:member O3:member O4:member O5:member O6:member O7:member O8:member O9:member",
		void: "rA rC rM", build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rB", "A/1", "gA", "", remove("B"))
			for _, row := range []string{"N", "O"} {
				for _, n := range "0123456789" {
					w.do("g"+row+string(n), "A/1", "gA", "", grant(row+string(n), member))
				}
			}
			w.do("rA", "B/1", "gB", "gM", remove("A"))
			w.do("rC", "B/1", "gB", "gM", remove("C"))
			w.do("rM", "B/1", "gB", "gM", remove("M"))
			return w
		}},
	{name: "V08", about: "B removes M; concurrently A removes and re-adds M", members: "A:steward B:steward C:steward",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rM1", "B/1", "gB", "gM", remove("M"))
			w.do("rM2", "A/1", "gA", "gM", remove("M"))
			w.do("gM2", "A/1", "gA", "rM2", grant("M", member))
			return w
		}},
	{name: "V09", about: "B removes M; A, having seen it, re-adds M", members: "A:steward B:steward C:steward M:member",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rM", "B/1", "gB", "", remove("M"))
			w.do("gM2", "A/1", "gA", "", grant("M", member))
			return w
		}},
	{name: "V10", about: "C (junior) removes A, unopposed", members: "A:steward B:steward C:steward M:member",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rA", "C/1", "gC", "", remove("A"))
			return w
		}},
	{name: "V11", about: "root removes A; A back-dates removals of B and C", members: "B:steward C:steward M:member", void: "rB rC",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rA", root, "genesis", "", remove("A"))
			w.do("rB", "A/1", "gA", "gM", remove("B"))
			w.do("rC", "A/1", "gA", "gM", remove("C"))
			return w
		}},
	{name: "V12", about: "C removes M and N, all see it; A removes C annulling both", members: "A:steward B:steward M:member N:member", void: "rM rN",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("gN", "A/1", "gA", "", grant("N", member))
			w.do("rM", "C/1", "gC", "", remove("M"))
			w.do("rN", "C/1", "gC", "", remove("N"))
			w.do("rC", "A/1", "gA", "", w.removeAnnulling("C", "rM", "rN"))
			return w
		}},
	{name: "V13", about: "C annuls A's removal of M", members: "A:steward B:steward C:steward",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rM", "A/1", "gA", "", remove("M"))
			w.do("rP", "C/1", "gC", "", w.removeAnnulling("P", "rM"))
			return w
		}},
	{name: "V14", about: "A demotes B to member; B concurrently admits Z", members: "A:steward B:member C:steward M:member", void: "gZ",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("dB", "A/1", "gA", "gM", demote("B"))
			w.do("gB2", "A/1", "gA", "dB", grant("B", member))
			w.do("gZ", "B/1", "gB", "gM", grant("Z", member))
			return w
		}},
	{name: "V15", about: "A retires B (keep); B concurrently admits Z", members: "A:steward C:steward M:member Z:member",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rB", "A/1", "gA", "gM", retire("B"))
			w.do("gZ", "B/1", "gB", "gM", grant("Z", member))
			return w
		}},
	{name: "V16", about: "A and B both admit Z concurrently; A removes B concurrently", members: "A:steward C:steward M:member Z:member", void: "gZ2",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("gZ1", "A/1", "gA", "gM", grant("Z", member))
			w.do("gZ2", "B/1", "gB", "gM", grant("Z", member))
			w.do("rB", "A/1", "gA", "gM", remove("B"))
			return w
		}},
	{name: "V17", about: "C appoints puppet P; P removes A and B", members: "A:steward B:steward C:steward M:member P:steward",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("gP", "C/1", "gC", "", grant("P", steward))
			w.do("rA", "P/1", "gP", "", remove("A"))
			w.do("rB", "P/1", "gP", "", remove("B"))
			return w
		}},
	{name: "V18", about: "root appoints T; C, not knowing, removes T", members: "A:steward B:steward C:steward M:member T:steward",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("gT", root, "genesis", "gM", grant("T", steward))
			w.do("rT", "C/1", "gC", "gM", remove("T"))
			return w
		}},
	{name: "V19", about: "M leaves", members: "A:steward B:steward C:steward",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("lM", "M/1", "gM", "", &oplog.Leave{})
			return w
		}},
	{name: "V20", about: "an op that cites another's grant, or a grant not among its ancestors", members: "A:steward B:steward C:steward M:member",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.refuse("another's", "M/1", "gA", "", grant("Z", member))
			w.refuse("no ancestor", "C/1", "gC", "gB", grant("Z", member))
			return w
		}},
	{name: "V21", about: "a stranger cites the genesis", members: "A:steward B:steward C:steward M:member",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.refuse("key", "Z", "genesis", "", grant("Z", steward))
			w.refuse("device", "Z/1", "genesis", "", grant("Z", steward))
			w.refuse("steward's device", "A/1", "genesis", "", grant("Z", steward))
			return w
		}},
}

func base0(tb testing.TB) *world { return base(tb) }
