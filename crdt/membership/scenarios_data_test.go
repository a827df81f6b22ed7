package membership_test

import (
	"fmt"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A dataScenario ends with these links void; of them, these outside the
// exchanged set; and the thing shown so.
type dataScenario struct {
	name, about string
	build       func(*world)
	void        string // labels
	surplus     string // labels
	shown       string
}

// mine is M's log "m0" with changes m1 to m3: the thing is made, renamed, and
// its text begun.
func mine(w *world) {
	w.begin("m0", "M/1", "gM", "")
	w.write("m1", "m0", "", make0(), w.name("scie"))
	w.write("m2", "m1", "", w.name("scie sauteuse", w.dot("m1", 1)))
	w.write("m3", "m2", "", typed(0, 0, "Attention aux doigts"))
}

func (w *world) cutting(op oplog.MemberOp, labels ...string) oplog.MemberOp {
	switch op := op.(type) {
	case *oplog.Remove:
		op.Cut = w.idsOf(labels...)
	case *oplog.RevokeDevice:
		op.Cut = w.idsOf(labels...)
	}
	return op
}

func (w *world) adopting(person string, role oplog.Role, labels ...string) *oplog.Grant {
	g := grant(person, role)
	g.Adopt = w.idsOf(labels...)
	return g
}

func (w *world) reverting(labels ...string) *oplog.Revert {
	return &oplog.Revert{Changes: w.idsOf(labels...)}
}

const (
	all     = `tool ["scie sauteuse"] "Attention aux doigts"`
	atFirst = `tool ["scie"] ""`
	named   = `tool ["scie sauteuse"] ""`
	nothing = ` [] ""`
)

var dataScenarios = []dataScenario{
	{name: "D01", about: "a forked log (clone): all visible", shown: `tool ["scie sauteuse" "scie à ruban"] "Attention aux doigts"`,
		build: func(w *world) {
			mine(w)
			w.write("m2'", "m1", "", w.name("scie à ruban", w.dot("m1", 1)))
		}},
	{name: "D02", about: "expelled with a cut", void: "m3", surplus: "m3", shown: named,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m2"))
		}},
	{name: "D03", about: "re-admitted with adopt", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m1"))
			w.do("gM2", "A/1", "gA", "", w.adopting("M", member, "m3"))
		}},
	{name: "D04", about: "a removal annulled, with its cut", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("r", "C/1", "gC", "", w.cutting(remove("M"), "m1"))
			w.do("a", "A/1", "gA", "", w.removeAnnulling("C", "r"))
		}},
	{name: "D05", about: "retired: what they wrote stays", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", retire("M"))
		}},
	{name: "D06", about: "two cuts: both bind", void: "m2 m3", surplus: "m2 m3", shown: atFirst,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "gM", w.cutting(remove("M"), "m3"))
			w.do("s", "B/1", "gB", "gM", w.cutting(remove("M"), "m1"))
		}},
	{name: "D07", about: "a newcomer admitted by a concurrently expelled steward: void", void: "z0 z1", surplus: "z0 z1", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("gZ", "B/1", "gB", "gM", grant("Z", member))
			w.do("r", "A/1", "gA", "gM", remove("B"))
			w.begin("z0", "Z/1", "gZ", "")
			w.write("z1", "z0", "m3", w.name("ponceuse", w.dot("m2", 0)))
		}},
	{name: "D07 adopted", about: "the same, until adopted", shown: `tool ["ponceuse"] "Attention aux doigts"`,
		build: func(w *world) {
			mine(w)
			w.do("gZ", "B/1", "gB", "gM", grant("Z", member))
			w.do("r", "A/1", "gA", "gM", remove("B"))
			w.begin("z0", "Z/1", "gZ", "")
			w.write("z1", "z0", "m3", w.name("ponceuse", w.dot("m2", 0)))
			w.do("gZ2", "A/1", "gA", "", w.adopting("Z", member, "z1"))
		}},
	{name: "D08", about: "readers cannot write, nor whose grant doesn't count", void: "z0 z1 t0 t1", surplus: "z0 z1 t0 t1", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("gZ", "A/1", "gA", "", grant("Z", reader))
			w.do("r", "A/1", "gA", "", remove("B"))
			w.do("gT", "B/1", "gB", "gM", grant("T", steward))
			for _, p := range []string{"z", "t"} {
				w.begin(p+"0", strings.ToUpper(p)+"/1", "g"+strings.ToUpper(p), "")
				w.write(p+"1", p+"0", "m3", w.name("ponceuse", w.dot("m2", 0)))
			}
		}},
	{name: "D09", about: "a cut of 100 entries in two parts", void: labels("x", 100), surplus: labels("x", 100), shown: ` [] ""`,
		build: func(w *world) {
			for i := range 100 {
				w.begin(fmt.Sprint("l", i), "M/1", "gM", "")
				w.write(fmt.Sprint("k", i), fmt.Sprint("l", i), "")
				w.write(fmt.Sprint("x", i), fmt.Sprint("k", i), "")
			}
			kept := strings.Fields(labels("k", 100))
			w.do("p1", "A/1", "gA", "", &oplog.CutPart{Cut: w.idsOf(kept[:64]...)})
			w.do("p2", "A/1", "gA", "", &oplog.CutPart{Cut: w.idsOf(kept[64:]...)})
			r := remove("M")
			r.Parts = w.idsOf("p1", "p2")
			w.do("r", "A/1", "gA", "", r)
		}},
	{name: "D10", about: "a log begun after the cut", void: "n0 n1", surplus: "n0 n1", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m3"))
			w.begin("n0", "M/1", "gM", "", "m3")
			w.write("n1", "n0", "", w.name("poubelle", w.dot("m2", 0)))
		}},
	{name: "D11", about: "a branch forked below the cut", void: "m2'", surplus: "m2'", shown: all,
		build: func(w *world) {
			mine(w)
			w.write("m2'", "m1", "", w.name("poubelle", w.dot("m1", 1)))
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m3"))
		}},
	{name: "D12", about: "two persons on one board, one removed", void: "u0 u1", surplus: "u0 u1", shown: `tool ["de V"] ""`,
		build: func(w *world) {
			for _, p := range []string{"U", "V"} {
				w.do("c"+p, p, "", "genesis", &oplog.Certify{Device: pub("Pi/1"), Person: pub(p), Hosted: true})
				w.do("g"+p, "A/1", "gA", "", grant(p, member))
			}
			w.begin("v0", "Pi/1", "gV", "cV")
			w.write("v1", "v0", "", make0(), w.name("de V"))
			w.begin("u0", "Pi/1", "gU", "cU")
			w.write("u1", "u0", "v1", w.name("de U", w.dot("v1", 1)))
			w.do("r", "A/1", "gA", "", remove("U"))
		}},
	{name: "D13", about: "expelled and re-admitted: both logs", void: "m2 m3", surplus: "m2 m3", shown: `tool ["rabot"] ""`,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m1"))
			w.do("gM2", "A/1", "gA", "", grant("M", member))
			w.begin("n0", "M/1", "gM2", "", "m1")
			w.write("n1", "n0", "", w.name("rabot", w.dot("m1", 1)))
		}},
	{name: "D13 again", about: "and expelled again: the cut reaches back through prevLogs", void: "m2 m3 n2", surplus: "m2 m3 n2", shown: `tool ["rabot"] ""`,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m1"))
			w.do("gM2", "A/1", "gA", "", grant("M", member))
			w.begin("n0", "M/1", "gM2", "", "m1")
			w.write("n1", "n0", "", w.name("rabot", w.dot("m1", 1)))
			w.write("n2", "n1", "", w.name("poubelle", w.dot("n1", 0)))
			w.do("s", "A/1", "gA", "", w.cutting(remove("M"), "n1"))
		}},
	{name: "D14", about: "an honest change that depends on a void one", void: "m2 m3", surplus: "", shown: `tool ["tour"] "!"`,
		build: func(w *world) {
			mine(w)
			w.begin("a0", "A/1", "gA", "")
			w.write("a1", "a0", "m3", w.name("tour", w.dot("m2", 0)), typed(20, 0, "!"))
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m1"))
		}},
	{name: "D15", about: "text typed over a void insertion", void: "m3", surplus: "", shown: `tool ["scie sauteuse"] "bien !"`,
		build: func(w *world) {
			mine(w)
			w.begin("a0", "A/1", "gA", "")
			w.write("a1", "a0", "m3", typed(10, 0, "bien "), typed(25, 0, "!"))
			w.do("r", "B/1", "gB", "", w.cutting(remove("M"), "m2"))
		}},
	{name: "D15 adopted", about: "the same, then adopted", shown: `tool ["scie sauteuse"] "Attention bien aux doigts!"`,
		build: func(w *world) {
			mine(w)
			w.begin("a0", "A/1", "gA", "")
			w.write("a1", "a0", "m3", typed(10, 0, "bien "), typed(25, 0, "!"))
			w.do("r", "B/1", "gB", "", w.cutting(remove("M"), "m2"))
			w.do("gA2", "B/1", "gB", "", w.adopting("A", reader, "m3"))
		}},
	{name: "D16", about: "a device revoked with a cut; the person's other writes on", void: "m3", surplus: "m3", shown: `tool ["de M/2"] ""`,
		build: func(w *world) {
			mine(w)
			w.certify("M/2")
			w.do("v", "M", "gM", "", w.cutting(revoke("M/1"), "m2"))
			w.begin("n0", "M/2", "gM", "")
			w.write("n1", "n0", "m2", w.name("de M/2", w.dot("m2", 0)))
		}},
	{name: "D17", about: "reverted by list", void: "m2", shown: `tool ["scie"] "Attention aux doigts"`,
		build: func(w *world) {
			mine(w)
			w.do("v", "C/1", "gC", "", w.reverting("m2"))
		}},
	{name: "D18", about: "what is reverted at a tip isn't exchanged", void: "m2 m3", surplus: "m2 m3", shown: atFirst,
		build: func(w *world) {
			mine(w)
			w.do("v", "C/1", "gC", "", w.reverting("m2", "m3"))
		}},
	{name: "D19", about: "reverted, then adopted by name; by what comes after it, it isn't", void: "m2", shown: `tool ["scie"] "Attention aux doigts"`,
		build: func(w *world) {
			mine(w)
			w.do("v", "C/1", "gC", "", w.reverting("m2", "m3"))
			w.do("gA2", "B/1", "gB", "", w.adopting("A", reader, "m3"))
		}},
	{name: "D20", about: "a revert that the adoption hadn't seen stands", void: "m3", surplus: "m3", shown: named,
		build: func(w *world) {
			mine(w)
			w.do("v", "C/1", "gC", "gM", w.reverting("m3"))
			w.do("gA2", "B/1", "gB", "gM", w.adopting("A", reader, "m3"))
		}},
	{name: "D21", about: "a revert by one who is expelled and hadn't been seen to", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", remove("C"))
			w.do("v", "C/1", "gC", "gM", w.reverting("m2"))
		}},
	{name: "D22", about: "a removal that the adoption hadn't seen binds", void: "m2 m3", surplus: "m2 m3", shown: atFirst,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m1"))
			w.do("gM2", "A/1", "gA", "r", w.adopting("M", member, "m3"))
			w.do("s", "B/1", "gB", "r", w.cutting(remove("M"), "m1"))
		}},
	{name: "D23", about: "a later removal that saw the adoption takes it back", void: "m3", surplus: "m3", shown: named,
		build: func(w *world) {
			mine(w)
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m1"))
			w.do("gM2", "A/1", "gA", "", w.adopting("M", member, "m3"))
			w.do("s", "A/1", "gA", "", w.cutting(remove("M"), "m2"))
		}},
	{name: "D24", about: "a cut whose entry isn't stored has nothing inside", void: "m0 m1 m2 m3", surplus: "m0 m1 m2 m3", shown: nothing,
		build: func(w *world) {
			mine(w)
			r := remove("M")
			r.Cut = []crdt.ChangeID{{42}}
			w.do("r", "A/1", "gA", "", r)
		}},
	{name: "D25", about: "demoted: a steward's writing stands", shown: `tool ["de B"] ""`,
		build: func(w *world) {
			w.begin("b0", "B/1", "gB", "")
			w.write("b1", "b0", "", make0(), w.name("de B"))
			w.do("r", "A/1", "gA", "", demote("B"))
			w.do("gB2", "A/1", "gA", "", grant("B", member))
		}},
	{name: "D26", about: "a cut doesn't follow deps", void: "m2 m3", surplus: "", shown: `tool ["de N"] ""`,
		build: func(w *world) {
			mine(w)
			w.do("gN", "A/1", "gA", "", grant("N", member))
			w.begin("n0", "N/1", "gN", "")
			w.write("n1", "n0", "m3", w.name("de N", w.dot("m2", 0)))
			w.do("r", "A/1", "gA", "", w.cutting(remove("M"), "m1", "n1"))
		}},
	{name: "D27", about: "granted by one expelled, adopted, then removed: the later cut binds", void: "z2", surplus: "z2", shown: `tool ["de Z"] ""`,
		build: func(w *world) {
			w.do("gZ", "B/1", "gB", "gM", grant("Z", member))
			w.do("r", "A/1", "gA", "gM", remove("B"))
			w.begin("z0", "Z/1", "gZ", "")
			w.write("z1", "z0", "", make0(), w.name("de Z"))
			w.write("z2", "z1", "", w.name("poubelle", w.dot("z1", 1)))
			w.do("gZ2", "A/1", "gA", "", w.adopting("Z", member, "z2"))
			w.do("s", "A/1", "gA", "", w.cutting(remove("Z"), "z1"))
		}},
	{name: "D28", about: "what a revoked device wrote beyond the cut, adopted", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("v", "A/1", "gA", "", w.cutting(revoke("M/1"), "m1"))
			w.do("gM2", "A/1", "gA", "", w.adopting("M", member, "m3"))
		}},
	{name: "D29", about: "a junior's revocation of a device, annulled", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("v", "C/1", "gC", "", w.cutting(revoke("M/1"), "m1"))
			w.do("a", "A/1", "gA", "", w.removeAnnulling("C", "v"))
		}},
	{name: "D30", about: "a stolen board revoked for one it hosts: its others' logs stand", void: "u1", surplus: "u1", shown: `tool ["de V"] ""`,
		build: func(w *world) {
			for _, p := range []string{"U", "V"} {
				w.do("c"+p, p, "", "genesis", &oplog.Certify{Device: pub("Pi/1"), Person: pub(p), Hosted: true})
				w.do("g"+p, "A/1", "gA", "", grant(p, member))
			}
			w.begin("v0", "Pi/1", "gV", "cV")
			w.write("v1", "v0", "", make0(), w.name("de V"))
			w.begin("u0", "Pi/1", "gU", "cU")
			w.write("u1", "u0", "v1", w.name("de U", w.dot("v1", 1)))
			w.do("v", "U", "gU", "", w.cutting(&oplog.RevokeDevice{Device: pub("Pi/1"), Person: pub("U")}, "u0"))
		}},
	{name: "D31", about: "a revert, annulled by a senior", shown: all,
		build: func(w *world) {
			mine(w)
			w.do("v", "C/1", "gC", "", w.reverting("m2", "m3"))
			w.do("a", "A/1", "gA", "", &oplog.Remove{Keep: true, Annul: w.idsOf("v")})
		}},
}

func labels(prefix string, n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(prefix, i))
	}
	return strings.Join(all, " ")
}

func (s *dataScenario) world(tb testing.TB) *world {
	w := base(tb)
	s.build(w)
	return w
}
