package gate

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

func TestFound(t *testing.T) {
	p := found(t, "Fabrique")
	genesis, err := oplog.DecodeCommonsGenesis(p.Genesis)
	if err != nil {
		t.Fatal(err)
	}
	if genesis.ID != p.Commons.ID || genesis.Name != "Fabrique" || !slices.Equal(genesis.Roots, []oplog.Key{pub("R")}) {
		t.Errorf("genesis %+v", genesis)
	}
	s := membership.New(genesis)
	for _, e := range p.Entries {
		m, err := s.Admit(e.Block, e.Sig)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add(m); err != nil || m.ID != e.ID {
			t.Fatal(err, m.ID, e.ID)
		}
	}
	d, ok := s.DeviceLive(pub("A/1"))
	if !ok || d.Person != pub("A") || d.Role != oplog.RoleSteward || d.Cert != p.Cert || d.Grant != p.Founded.Grant {
		t.Errorf("the founder's device is %+v, %v", d, ok)
	}
	if len(s.Members()) != 1 {
		t.Errorf("%d members, want 1", len(s.Members()))
	}
	_, err = Found(Founding{Name: strings.Repeat("x", oplog.MaxName+1), Root: seeded("R"), Person: seeded("A"), Device: pub("A/1")})
	if !errors.Is(err, oplog.ErrInvalid) {
		t.Errorf("a name that is too long: %v, want ErrInvalid", err)
	}
	_, err = Found(Founding{Root: seeded("R"), Person: seeded("A"), Device: pub("A")})
	if !errors.Is(err, ErrNotAllowed) {
		t.Errorf("a device key that is the person's: %v, want ErrNotAllowed", err)
	}
}

func TestAuthor(t *testing.T) {
	p := found(t, "Fabrique")
	p.enrol("M", oplog.RoleMember)
	sign := func(signer string, op oplog.MemberOp) error {
		_, err := Author{State: p.State, Key: seeded(signer), Wall: noon}.Sign(op)
		return err
	}
	if err := sign("R", &oplog.Remove{Target: pub("A")}); err != nil {
		t.Errorf("root removes: %v", err)
	}
	if err := sign("M/1", &oplog.Leave{}); err != nil {
		t.Errorf("a member leaves: %v", err)
	}
	if err := sign("M/1", &oplog.Remove{Target: pub("A")}); !errors.Is(err, ErrNotAllowed) || !errors.Is(err, oplog.ErrInadmissible) {
		t.Errorf("a member removes: %v, want ErrNotAllowed for being inadmissible", err)
	}
	if err := sign("X/1", &oplog.Leave{}); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("a stranger leaves: %v, want ErrNotAllowed", err)
	}
	// A steward has certified M's device, unasked: M's node goes on acting for M.
	p.enrol("S", oplog.RoleSteward)
	unasked, err := Certify(p.State, seeded("S"), pub("M/1"), false, noon)
	if err != nil {
		t.Fatal(err)
	}
	p.store(unasked)
	for person, want := range map[string]oplog.Key{"M": pub("M"), "": pub("S")} {
		a := Author{State: p.State, Key: seeded("M/1"), Wall: noon}
		if person != "" {
			a.Person = pub(person)
		}
		e, err := a.Sign(&oplog.Leave{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := oplog.DecodeMembershipChange(e.Block)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.State.Granted(m.Auth); err != nil || got != want {
			t.Errorf("acting for %q, a device signs for %v, %v; want %v", person, got, err, want)
		}
	}
	part := p.sign("A/1", &oplog.CutPart{Cut: p.State.Heads()})
	if err := sign("A/1", &oplog.Remove{Target: pub("M"), Parts: []crdt.ChangeID{part.ID}}); err != nil {
		t.Errorf("a removal: %v", err)
	}
}

func TestLimiter(t *testing.T) {
	var l Limiter
	at := func(ip string, now time.Duration, want bool) {
		t.Helper()
		if got := l.Allow(ip, now); got != want {
			t.Errorf("%s at %v: %v, want %v", ip, now, got, want)
		}
	}
	for range 3 {
		at("10.0.0.1", 0, true)
	}
	at("10.0.0.1", 59*time.Second, false)
	at("10.0.0.2", 59*time.Second, true)
	at("10.0.0.1", time.Minute, true)
	for i := range 24 {
		at(string(rune('a'+i)), time.Minute, true)
	}
	at("z", time.Minute, true) // the 30th of the hour
	at("y", 59*time.Minute, false)
	at("y", time.Hour, true) // the first three are forgotten
	at("x", time.Hour, true)
	at("w", time.Hour, true)
	at("v", time.Hour, false)
}

func TestKit(t *testing.T) {
	seed := secret("root")
	kit := Kit(seed)
	if n := len(strings.Fields(kit)); n != KitWords {
		t.Fatalf("%d words, want %d", n, KitWords)
	}
	for name, text := range map[string]string{
		"as written": kit, "upper case": strings.ToUpper(kit), "one a line": strings.ReplaceAll(kit, " ", "\n  "),
	} {
		if got, err := ParseKit(text); err != nil || got != seed {
			t.Errorf("%s: %x, %v; want %x", name, got, err, seed)
		}
	}
	words := strings.Fields(kit)
	swapped := slices.Clone(words)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	strange := slices.Clone(words)
	strange[4] = "navette3"
	for name, c := range map[string]struct {
		text, says string
	}{
		"a word missing":  {strings.Join(words[1:], " "), "23 words"},
		"nothing":         {"", "0 words"},
		"not on the list": {strings.Join(strange, " "), "word 5"},
		"two swapped":     {strings.Join(swapped, " "), "another place"},
	} {
		if _, err := ParseKit(c.text); !errors.Is(err, ErrKit) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want ErrKit that says %q", name, err, c.says)
		}
	}
}
