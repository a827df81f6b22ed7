package membership_test

import (
	"testing"

	"navette/crdt/oplog"
)

const baseIs = "A:steward B:steward C:steward M:member"

// device certifies another device of a person, later than the first.
func (w *world) device(device string) {
	person := device[:1]
	w.do("c"+device, person, "", "", &oplog.Certify{Device: pub(device), Person: pub(person)})
}

// door is the base with a doorkeeper D, the board of the place, and an
// invitation "i" by A and one "j" by B.
func door(tb testing.TB) *world {
	w := base(tb, "D/1")
	w.do("gD", "A/1", "gA", "", grant("D", doorkeeper))
	w.do("i", "A/1", "gA", "", invite("i"))
	w.do("j", "B/1", "gB", "", invite("j"))
	return w
}

const doorIs = "A:steward B:steward C:steward D:doorkeeper M:member"

var devices = []scenario{
	{name: "W01", about: "two devices of M revoke each other: the older certificate wins", members: baseIs, void: "v1", dead: "M/2",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.device("M/2")
			w.do("v2", "M/1", "gM", "cM/2", revoke("M/2"))
			w.do("v1", "M/2", "gM", "cM/2", revoke("M/1"))
			return w
		}},
	{name: "W02", about: "B's stolen B/1 is revoked by the person key; it removes, grants, retaliates on old parents", members: baseIs, void: "rM gZ v2", dead: "B/1",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.device("B/2")
			w.do("v1", "B", "gB", "", revoke("B/1"))
			w.do("rM", "B/1", "gB", "cB/2", remove("M"))
			w.do("gZ", "B/1", "gB", "cB/2", grant("Z", steward))
			w.do("v2", "B/1", "gB", "cB/2", revoke("B/2"))
			w.refuse("after it", "B/1", "gB", "", grant("Z", steward))
			return w
		}},
	{name: "W03", about: "the same by an older device; what the thief does later counts no more than what it back-dates", members: baseIs, void: "rM gZ v1 gY", dead: "B/2",
		build: func(tb testing.TB) *world {
			w := base(tb, "Y/1")
			w.device("B/2")
			w.do("v2", "B/1", "gB", "", revoke("B/2"))
			w.do("rM", "B/2", "gB", "cB/2", remove("M"))
			w.do("gZ", "B/2", "gB", "cB/2", grant("Z", steward))
			w.do("v1", "B/2", "gB", "cB/2", revoke("B/1"))
			w.do("gY", "B/2", "gB", "", grant("Y", steward))
			return w
		}},
	{name: "W04", about: "a thief with B's person key after root removed B", members: "A:steward C:steward M:member", void: "gZ v1 rM", dead: "B/1 B/9",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("rB", root, "genesis", "", remove("B"))
			w.do("cB/9", "B", "", "gM", &oplog.Certify{Device: pub("B/9"), Person: pub("B")})
			w.do("gZ", "B/9", "gB", "cB/9", grant("Z", steward))
			w.do("rM", "B/9", "gB", "cB/9", remove("M"))
			w.do("v1", "B", "gB", "cB/9", revoke("B/1"))
			return w
		}},
	{name: "W05", about: "a steward's revocation reaches its own level and below: A's of B's device does, C's doesn't", members: baseIs, void: "gZ", dead: "B/2",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.device("B/2")
			w.do("v1", "C/1", "gC", "", revoke("B/1"))
			w.do("v2", root, "genesis", "cB/2", revoke("B/2"))
			w.do("gZ", "B/2", "gB", "cB/2", grant("Z", member))
			return w
		}},
	{name: "W06", about: "a stolen board signs leave and revokeDevice for a hosted steward, and for a hosted member", members: "A:steward B:steward C:steward", dead: "M/1",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("host B", "B", "", "", &oplog.Certify{Device: pub("D/9"), Person: pub("B"), Hosted: true})
			w.do("host M", "M", "", "", &oplog.Certify{Device: pub("D/9"), Person: pub("M"), Hosted: true})
			w.refuse("B leaves", "D/9", "gB", "", &oplog.Leave{})
			w.refuse("B's device", "D/9", "gB", "", revoke("B/1"))
			w.refuse("grant", "D/9", "gB", "", grant("Z", member))
			w.do("lM", "D/9", "gM", "", &oplog.Leave{})
			return w
		}},
	{name: "W07", about: "a hosted device and M's own revoke each other: the own one wins, though it is newer", members: baseIs, void: "v1", dead: "D/9",
		build: func(tb testing.TB) *world {
			w := newWorldWithHosted(tb)
			w.do("v9", "M/1", "gM", "cM/1", &oplog.RevokeDevice{Device: pub("D/9"), Person: pub("M")})
			w.do("v1", "D/9", "gM", "cM/1", revoke("M/1"))
			return w
		}},
	{name: "W08", about: "what lies inside a revocation's cut stands, though its signer hadn't seen it", members: baseIs + " Z:member", void: "gN", dead: "B/2",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.device("B/2")
			w.do("gZ", "B/2", "gB", "cB/2", grant("Z", member))
			w.do("gN", "B/2", "gB", "gZ", grant("N", member))
			v := revoke("B/2")
			v.Cut = w.idsOf("gZ")
			w.do("v2", "B/1", "gB", "cB/2", v)
			return w
		}},
	{name: "W09", about: "the same cut in a part that comes first", members: baseIs + " Z:member", void: "gN", dead: "B/2",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.device("B/2")
			w.do("gZ", "B/2", "gB", "cB/2", grant("Z", member))
			w.do("gN", "B/2", "gB", "gZ", grant("N", member))
			w.do("part", "B/1", "gB", "cB/2", &oplog.CutPart{Cut: w.idsOf("gZ")})
			w.do("A's", "A/1", "gA", "cB/2", &oplog.CutPart{Cut: w.idsOf("gN")})
			v := revoke("B/2")
			v.Parts = w.idsOf("A's")
			w.refuse("somebody else's part", "B/1", "gB", "part A's", v)
			v.Parts = w.idsOf("part")
			w.refuse("a part that isn't an ancestor", "B/1", "gB", "cB/2", v)
			w.do("v2", "B/1", "gB", "part", v)
			return w
		}},
	{name: "W10", about: "(7) B leaves and then revokes a stolen device, which has granted concurrently", members: "A:steward C:steward M:member", void: "gZ", dead: "B/1 B/2",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.device("B/2")
			w.do("lB", "B/1", "gB", "", &oplog.Leave{})
			w.do("v2", "B/1", "gB", "", revoke("B/2"))
			w.do("gZ", "B/2", "gB", "cB/2", grant("Z", member))
			return w
		}},
	{name: "W11", about: "B leaves; what B's device does afterwards doesn't count, what it did concurrently does", members: "A:steward C:steward M:member Z:member", void: "gN", dead: "B/1",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("lB", "B/1", "gB", "gM", &oplog.Leave{})
			w.do("gZ", "B/1", "gB", "gM", grant("Z", member))
			w.do("gN", "B/1", "gB", "", grant("N", member))
			return w
		}},
	{name: "W12", about: "(8) a demoted steward with a doorkeeper's grant", members: "A:steward B:member C:steward M:member",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("gBd", "A/1", "gA", "", grant("B", doorkeeper))
			w.do("dB", "A/1", "gA", "", demote("B"))
			w.do("gBm", "A/1", "gA", "", grant("B", member))
			return w
		}},
	{name: "W13", about: "a demotion leaves a member's grant", members: "A:steward B:member C:steward M:member",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("gBm", "A/1", "gA", "gM", grant("B", member))
			w.do("dB", "A/1", "gA", "gM", demote("B"))
			return w
		}},
	{name: "W14", about: "M leaves and is granted again: a leave ends one grant", members: baseIs,
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("lM", "M/1", "gM", "gM", &oplog.Leave{})
			w.do("gM2", "A/1", "gA", "gM", grant("M", member))
			return w
		}},
	{name: "W15", about: "a revocation by a thief that is annulled", members: baseIs, void: "v1",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("v1", "B/1", "gB", "", revoke("M/1"))
			w.do("rN", "A/1", "gA", "", w.removeAnnulling("N", "v1"))
			return w
		}},
	{name: "W16", about: "an op of an unknown code is stored and doesn't count", members: baseIs, void: "new free",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.do("new", "M/1", "gM", "", &oplog.UnknownOp{Num: 40, Raw: []byte{0x82, 0x18, 40, 0x01}})
			w.do("free", "Z", "", "", &oplog.UnknownOp{Num: 41, Raw: []byte{0x81, 0x18, 41}})
			w.refuse("stranger's", "Z/1", "gM", "", &oplog.UnknownOp{Num: 40, Raw: []byte{0x81, 0x18, 40}})
			return w
		}},
	{name: "W17", about: "a second root removes a steward of the first; roots can't be removed", members: "B:steward C:steward M:member",
		build: func(tb testing.TB) *world {
			w := newWorld(tb, "S")
			w.certify("A/1", "B/1", "C/1", "M/1")
			w.do("gA", root, "genesis", "", grant("A", steward))
			w.do("gB", root, "genesis", "", grant("B", steward))
			w.do("gC", "B/1", "gB", "", grant("C", steward))
			w.do("gM", "A/1", "gA", "", grant("M", member))
			w.do("rA", "S", "genesis", "", remove("A"))
			w.refuse("remove a root", root, "genesis", "", remove("S"))
			w.refuse("grant to a root", root, "genesis", "", grant("S", member))
			w.refuse("a root leaves", root, "genesis", "", &oplog.Leave{})
			w.refuse("oneself", "B/1", "gB", "", remove("B"))
			return w
		}},
	{name: "W18", about: "a person key signs certificates, revocations and cuts, nothing else", members: baseIs, dead: "A/1",
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.refuse("grant", "A", "gA", "", grant("Z", member))
			w.refuse("leave", "M", "gM", "", &oplog.Leave{})
			w.refuse("certificate for another", "A", "", "", &oplog.Certify{Device: pub("M/2"), Person: pub("M")})
			w.refuse("certificate by a device", "A/1", "gA", "", &oplog.Certify{Device: pub("A/2"), Person: pub("A")})
			w.do("part", "A", "gA", "", &oplog.CutPart{Cut: w.idsOf("gM")})
			v := revoke("A/1")
			v.Parts = w.idsOf("part")
			w.do("v", "A", "gA", "", v)
			return w
		}},
	{name: "W19", about: "a device that its person hasn't certified, or has only elsewhere", members: baseIs,
		build: func(tb testing.TB) *world {
			w := base(tb)
			w.refuse("another's", "M/1", "gA", "", grant("Z", member))
			w.refuse("none's", "X/1", "gA", "", grant("Z", member))
			w.do("cA/2", "A", "", "gM", &oplog.Certify{Device: pub("A/2"), Person: pub("A")})
			w.refuse("certificate not among the ancestors", "A/2", "gA", "gM", grant("Z", member))
			return w
		}},
}

// newWorldWithHosted is the base, but M's hosted certificate is the older one.
func newWorldWithHosted(tb testing.TB) *world {
	w := newWorld(tb)
	w.certify("A/1", "B/1", "C/1", "N/1")
	w.do("host M", "M", "", "genesis", &oplog.Certify{Device: pub("D/9"), Person: pub("M"), Hosted: true})
	w.do("gA", root, "genesis", "", grant("A", steward))
	w.do("gB", root, "genesis", "", grant("B", steward))
	w.do("gC", "B/1", "gB", "", grant("C", steward))
	w.do("gM", "A/1", "gA", "", grant("M", member))
	w.do("cM/1", "M", "", "", &oplog.Certify{Device: pub("M/1"), Person: pub("M")})
	return w
}

var doors = []scenario{
	{name: "J01", about: "a doorkeeper admits with an invitation, after and concurrently to its revocation", members: doorIs + " Z:member", void: "gN",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("u", "B/1", "gB", "", &oplog.RevokeInvite{Invite: w.id("i")})
			w.do("gZ", "D/1", "gD", "j", w.join("D/1", "Z", "i"))
			w.do("gN", "D/1", "gD", "", w.join("D/1", "N", "i"))
			return w
		}},
	{name: "J02", about: "(5) a revocation by an expelled steward doesn't close the door", members: "A:steward C:steward D:doorkeeper M:member Z:member", void: "u",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("u", "B/1", "gB", "j", &oplog.RevokeInvite{Invite: w.id("i")})
			w.do("rB", "A/1", "gA", "j", remove("B"))
			w.do("gZ", "D/1", "gD", "", w.join("D/1", "Z", "i"))
			return w
		}},
	{name: "J03", about: "an expelled steward's back-dated invitation at a doorkeeper that hasn't heard", members: "A:steward C:steward D:doorkeeper M:member", void: "k gZ",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("rB", "A/1", "gA", "", remove("B"))
			w.do("k", "B/1", "gB", "j", invite("k"))
			w.do("gZ", "D/1", "gD", "k", w.join("D/1", "Z", "k"))
			return w
		}},
	{name: "J04", about: "the same at one that has", members: "A:steward C:steward D:doorkeeper M:member", void: "k gZ",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("rB", "A/1", "gA", "", remove("B"))
			w.do("k", "B/1", "gB", "j", invite("k"))
			w.do("gZ", "D/1", "gD", "", w.join("D/1", "Z", "k"))
			return w
		}},
	{name: "J05", about: "(4) an expelled steward's invitation that the remover had seen, used where nobody has heard", members: "A:steward C:steward D:doorkeeper M:member", void: "gZ",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("rB", "A/1", "gA", "", remove("B"))
			w.do("gZ", "D/1", "gD", "j", w.join("D/1", "Z", "j"))
			return w
		}},
	{name: "J06", about: "(4) the same where it has been heard; what the remover had seen stands", members: "A:steward C:steward D:doorkeeper M:member N:member", void: "gZ",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("gN", "D/1", "gD", "", w.join("D/1", "N", "j"))
			w.do("rB", "A/1", "gA", "", remove("B"))
			w.do("gZ", "D/1", "gD", "", w.join("D/1", "Z", "j"))
			return w
		}},
	{name: "J07", about: "(4) a retired steward's invitation: what is concurrent stands, later it ends", members: "A:steward C:steward D:doorkeeper M:member Z:member", void: "gN",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("rB", "A/1", "gA", "j", retire("B"))
			w.do("gZ", "D/1", "gD", "j", w.join("D/1", "Z", "j"))
			w.do("gN", "D/1", "gD", "", w.join("D/1", "N", "j"))
			return w
		}},
	{name: "J08", about: "(3) who was removed does not come back through an old poster", members: doorIs,
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("gZ", "D/1", "gD", "", w.join("D/1", "Z", "i"))
			w.do("rZ", "A/1", "gA", "", remove("Z"))
			w.do("gZ2", "D/1", "gD", "", w.join("D/1", "Z", "i"))
			return w
		}},
	{name: "J09", about: "through a new one, they do", members: doorIs + " Z:member",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("gZ", "D/1", "gD", "", w.join("D/1", "Z", "i"))
			w.do("rZ", "A/1", "gA", "", remove("Z"))
			w.do("k", "A/1", "gA", "", invite("k"))
			w.do("gZ2", "D/1", "gD", "", w.join("D/1", "Z", "k"))
			return w
		}},
	{name: "J10", about: "a stolen board is removed: what it admits afterwards is void", members: baseIs, void: "gZ", dead: "D/1",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("rD", "A/1", "gA", "", remove("D"))
			w.do("gZ", "D/1", "gD", "j", w.join("D/1", "Z", "i"))
			return w
		}},
	{name: "J11", about: "what a doorkeeper can't do", members: doorIs,
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.refuse("without invitation", "D/1", "gD", "", grant("Z", member))
			w.refuse("remove", "D/1", "gD", "", remove("M"))
			w.refuse("invite", "D/1", "gD", "", invite("k"))
			w.refuse("revoke an invitation", "D/1", "gD", "", &oplog.RevokeInvite{Invite: w.id("i")})
			w.refuse("revoke another's device", "D/1", "gD", "", revoke("M/1"))
			w.refuse("revert", "D/1", "gD", "", &oplog.Revert{Changes: w.idsOf("gM")})
			up := w.join("D/1", "Z", "i")
			up.Role = doorkeeper
			w.refuse("beyond member", "D/1", "gD", "", up)
			adopting := w.join("D/1", "Z", "i")
			adopting.Adopt = w.idsOf("gM")
			w.refuse("adopt", "D/1", "gD", "", adopting)
			heir, m := w.join("D/1", "Z", "i"), pub("M")
			heir.Succeeds = &m
			w.refuse("a successor", "D/1", "gD", "", heir)
			w.refuse("an invitation not among the ancestors", "D/1", "gD", "gD", w.join("D/1", "Z", "i"))
			other := w.join("D/1", "Z", "i")
			other.Target = pub("N")
			w.refuse("another's proof", "D/1", "gD", "", other)
			w.refuse("a proof given to another host", "D/1", "gD", "", w.join("A/1", "Z", "i"))
			stale := w.join("D/1", "Z", "i")
			stale.Join.Nonce[0]++
			w.refuse("a proof for another attempt", "D/1", "gD", "", stale)
			wrong := w.join("D/1", "Z", "i")
			wrong.Join.Invite = w.id("j")
			w.refuse("a proof of another invitation", "D/1", "gD", "", wrong)
			none := w.join("D/1", "Z", "i")
			none.Join.Invite = w.id("gM")
			w.refuse("what is no invitation", "D/1", "gD", "", none)
			return w
		}},
	{name: "J12", about: "an invitation to be a reader admits readers only, whoever signs", members: doorIs + " Z:reader",
		build: func(tb testing.TB) *world {
			w := door(tb)
			k := invite("k")
			k.Role = reader
			w.do("k", "A/1", "gA", "", k)
			w.refuse("member", "D/1", "gD", "", w.join("D/1", "Z", "k"))
			w.refuse("member by a steward", "A/1", "gA", "", w.join("A/1", "Z", "k"))
			low := w.join("D/1", "Z", "k")
			low.Role = reader
			w.do("gZ", "D/1", "gD", "", low)
			return w
		}},
	{name: "J13", about: "what readers and members can't do, and what they can", members: doorIs + " Z:reader",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("gZ", "A/1", "gA", "", grant("Z", reader))
			for _, who := range []string{"Z", "M"} {
				signer, auth := who+"/1", "g"+who
				w.refuse(signer+" grants", signer, auth, "", grant("N", reader))
				w.refuse(signer+" joins", signer, auth, "", w.join(signer, "N", "i"))
				w.refuse(signer+" removes", signer, auth, "", remove("N"))
				w.refuse(signer+" invites", signer, auth, "", invite("k"))
				w.refuse(signer+" uninvites", signer, auth, "", &oplog.RevokeInvite{Invite: w.id("i")})
				w.refuse(signer+" revokes another's", signer, auth, "", revoke("A/1"))
			}
			w.device("Z/2")
			w.do("v", "Z/1", "gZ", "", revoke("Z/2"))
			return w
		}, dead: "Z/2"},
	{name: "J14", about: "a steward admits with an invitation that is revoked: it needs none", members: doorIs + " Z:member",
		build: func(tb testing.TB) *world {
			w := door(tb)
			w.do("u", "A/1", "gA", "", &oplog.RevokeInvite{Invite: w.id("i")})
			w.do("gZ", "A/1", "gA", "", w.join("A/1", "Z", "i"))
			w.refuse("revoke what is no invitation", "A/1", "gA", "", &oplog.RevokeInvite{Invite: w.id("gM")})
			return w
		}},
}
