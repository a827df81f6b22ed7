package gate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
)

// An outcome is how one joiner fared at one host.
type outcome struct {
	joiner *Joiner
	step   HostStep // the host's last
	err    error    // the joiner's
	frames [][]byte // all of both, in order
}

// try lets a person join through a place's node and returns how it went. The
// host stores what it has to before it sends.
func (p *place) try(v Invitation, person string, edit func(*HostOptions, *JoinerOptions)) outcome {
	p.tb.Helper()
	h := HostOptions{
		Key: p.key, Peer: pub(person + "/1"), Nonce: [32]byte{1}, Wall: noon,
		House: func(id oplog.CommonsID) *House {
			if id == p.Commons.ID {
				return p.house()
			}
			return nil
		},
	}
	j := JoinerOptions{Invitation: v, Host: oplog.PublicKey(p.key), Person: seeded(person), Device: pub(person + "/1"), Nonce: [32]byte{2}, Wall: noon}
	if edit != nil {
		edit(&h, &j)
	}
	host := NewHost(h)
	joiner, frame := Join(j)
	a := outcome{joiner: joiner}
	for frame != nil && a.err == nil {
		a.frames = append(a.frames, frame)
		step, err := host.Receive(frame)
		if err != nil {
			p.tb.Fatalf("host: %v", err)
		}
		a.step, frame = step, nil
		for _, e := range step.Store {
			p.store(e)
		}
		for _, f := range step.Send {
			a.frames = append(a.frames, f)
			if frame, a.err = joiner.Receive(f); a.err != nil {
				break
			}
		}
	}
	return a
}

func TestJoin(t *testing.T) {
	for _, c := range []struct {
		name string
		host string // which device hosts
		role oplog.Role
	}{
		{"at a steward's", "A/1", oplog.RoleMember},
		{"at a doorkeeper's", "D/1", oplog.RoleMember},
		{"as a reader", "D/1", oplog.RoleReader},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := found(t, "Fabrique")
			p.enrol("D", oplog.RoleDoorkeeper)
			seed := Seed{7}
			p.sign("A/1", seed.Invite(c.role, 1, 0, ""))
			p.key = seeded(c.host)
			a := p.try(p.invitation(seed), "M", nil)
			if a.err != nil || !a.joiner.Done() || a.step.Refused != 0 || a.step.Person != pub("M") || a.step.Commons != p.Commons.ID {
				t.Fatalf("joiner: %v, done %v; host: %+v", a.err, a.joiner.Done(), a.step.Refused)
			}
			got := a.joiner.Joined()
			if got.Role != c.role || got.Commons != p.Commons || !bytes.Equal(got.Genesis, p.Genesis) {
				t.Errorf("joined as %v, want %v", got.Role, c.role)
			}
			if fmt.Sprint(got.State.Heads(), got.State.Members()) != fmt.Sprint(p.State.Heads(), p.State.Members()) {
				t.Error("the joiner's membership isn't the host's")
			}
			if len(got.Entries) != p.State.Len() {
				t.Errorf("%d entries to store, want %d", len(got.Entries), p.State.Len())
			}
			if d, ok := p.State.DeviceLive(pub("M/1")); !ok || d.Grant != got.Grant || d.Cert != got.Cert {
				t.Errorf("at the host the device is %+v, %v; want under %v", d, ok, got.Grant)
			}
			in, _ := p.State.Invitation(seed.ID())
			if in.Used != 1 {
				t.Errorf("invitation used %d times, want 1", in.Used)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	seed := Seed{7}
	for _, c := range []struct {
		name   string
		invite func() *oplog.Invite
		before func(*place)
		edit   func(*HostOptions, *JoinerOptions)
		want   Refusal // 0: let in
	}{
		{name: "unknown invitation", invite: func() *oplog.Invite { return Seed{8}.Invite(oplog.RoleMember, 0, 0, "") }, want: RefusedUnknown},
		{name: "unknown commons", edit: func(_ *HostOptions, j *JoinerOptions) { j.Invitation.Commons[0] ^= 1 }, want: RefusedUnknown},
		{name: "a forged key", invite: func() *oplog.Invite {
			in := seed.Invite(oplog.RoleMember, 0, 0, "")
			in.Public = pub("another")
			return in
		}, want: RefusedProof},
		{name: "proof for another host", edit: func(_ *HostOptions, j *JoinerOptions) { j.Host = pub("X/1") }, want: RefusedProof},
		{name: "a device that isn't the peer", edit: func(h *HostOptions, _ *JoinerOptions) { h.Peer = pub("X/1") }, want: RefusedProof},
		{name: "revoked", before: func(p *place) {
			in, _ := p.State.Invitation(seed.ID())
			p.sign("A/1", &oplog.RevokeInvite{Invite: in.ID})
		}, want: RefusedRevoked},
		{name: "by one who is no steward any more", before: func(p *place) {
			p.enrol("B", oplog.RoleSteward)
			p.sign("B/1", Seed{9}.Invite(oplog.RoleMember, 0, 0, ""))
			p.sign("A/1", &oplog.Remove{Target: pub("B")})
		}, edit: func(_ *HostOptions, j *JoinerOptions) { j.Invitation.Seed = Seed{9} }, want: RefusedRevoked},
		{name: "used up", invite: func() *oplog.Invite { return seed.Invite(oplog.RoleMember, 1, 0, "") },
			before: func(p *place) {
				if a := p.try(p.invitation(seed), "N", nil); a.err != nil {
					p.tb.Fatal(a.err)
				}
			}, want: RefusedUsedUp},
		{name: "the last use but one", invite: func() *oplog.Invite { return seed.Invite(oplog.RoleMember, 2, 0, "") },
			before: func(p *place) {
				if a := p.try(p.invitation(seed), "N", nil); a.err != nil {
					p.tb.Fatal(a.err)
				}
			}},
		{name: "expired", invite: func() *oplog.Invite { return seed.Invite(oplog.RoleMember, 0, noon.Seconds-1, "") }, want: RefusedExpired},
		{name: "in the last second", invite: func() *oplog.Invite { return seed.Invite(oplog.RoleMember, 0, noon.Seconds, "") }},
		{name: "expired, by a clock that nobody trusts", invite: func() *oplog.Invite { return seed.Invite(oplog.RoleMember, 0, noon.Seconds-1, "") },
			edit: func(h *HostOptions, _ *JoinerOptions) { h.Wall = crdt.Wall{Seconds: noon.Seconds} }},
		{name: "at a member's", before: func(p *place) {
			p.enrol("N", oplog.RoleMember)
			p.key = seeded("N/1")
		}, want: RefusedNotHere},
		{name: "at a doorkeeper's who was removed", before: func(p *place) {
			p.enrol("D", oplog.RoleDoorkeeper)
			p.sign("A/1", &oplog.Remove{Target: pub("D")})
			p.key = seeded("D/1")
		}, want: RefusedNotHere},
		{name: "removed since the invitation", before: func(p *place) { p.sign("A/1", &oplog.Remove{Target: pub("M")}) }, want: RefusedRemoved},
		{name: "retired since the invitation", before: func(p *place) { p.sign("A/1", &oplog.Remove{Target: pub("M"), Keep: true}) }},
		{name: "device revoked by a steward", before: func(p *place) {
			p.sign("A/1", &oplog.RevokeDevice{Device: pub("M/1"), Person: pub("M")})
		}, want: RefusedRemoved},
		{name: "device revoked by its person", before: func(p *place) {
			p.enrol("M", oplog.RoleMember)
			e, err := seal(p.State, seeded("M"), &oplog.MembershipChange{
				Commons: p.Commons.ID, Parents: p.State.Next(), Auth: mustGrant(p, "M"),
				Op: &oplog.RevokeDevice{Device: pub("M/1"), Person: pub("M")},
			})
			if err != nil {
				p.tb.Fatal(err)
			}
			p.store(e)
		}, want: RefusedRemoved},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := found(t, "Fabrique")
			if c.invite == nil {
				c.invite = func() *oplog.Invite { return seed.Invite(oplog.RoleMember, 0, 0, "") }
			}
			p.sign("A/1", c.invite())
			if c.before != nil {
				c.before(p)
			}
			n := p.State.Len()
			a := p.try(p.invitation(seed), "M", c.edit)
			if a.step.Refused != c.want {
				t.Errorf("host: %v, want %v", a.step.Refused, c.want)
			}
			if c.want == 0 {
				return
			}
			var got Refusal
			if !errors.As(a.err, &got) || got != c.want {
				t.Errorf("joiner: %v, want %v", a.err, c.want)
			}
			if p.State.Len() != n || len(a.step.Store) > 0 || a.joiner.Done() {
				t.Error("refused, and something was stored")
			}
			for _, f := range a.frames {
				if bytes.Contains(f, p.Commons.Secret[:]) || bytes.Contains(f, p.Genesis) {
					t.Error("refused, and told the secret")
				}
			}
		})
	}
}

func mustGrant(p *place, person string) crdt.ChangeID {
	id, _, ok := p.State.GrantOf(pub(person))
	if !ok {
		p.tb.Fatalf("%s has no grant", person)
	}
	return id
}

// TestJoinAgain: a joiner whose welcome was lost gets it again, without a
// second grant; so does one who brings another device.
func TestJoinAgain(t *testing.T) {
	p := found(t, "Fabrique")
	seed := Seed{7}
	p.sign("A/1", seed.Invite(oplog.RoleMember, 1, 0, ""))
	first := p.try(p.invitation(seed), "M", nil)
	n := p.State.Len()
	again := p.try(p.invitation(seed), "M", func(_ *HostOptions, j *JoinerOptions) { j.Wall.Seconds++ })
	if first.err != nil || again.err != nil || !again.joiner.Done() {
		t.Fatalf("%v, %v", first.err, again.err)
	}
	if p.State.Len() != n || again.joiner.Joined().Grant != first.joiner.Joined().Grant {
		t.Errorf("%d changes, were %d: another grant", p.State.Len(), n)
	}
	other := p.try(p.invitation(seed), "M", func(h *HostOptions, j *JoinerOptions) { h.Peer, j.Device = pub("M/2"), pub("M/2") })
	if other.err != nil || p.State.Len() != n+1 {
		t.Errorf("another device: %v, %d changes, want %d", other.err, p.State.Len(), n+1)
	}
}

// TestJoinLarge: a membership of many frames.
func TestJoinLarge(t *testing.T) {
	p := found(t, "Fabrique")
	seed := Seed{7}
	p.sign("A/1", seed.Invite(oplog.RoleMember, 0, 0, ""))
	for range 1500 {
		p.sign("A/1", Seed{byte(p.State.Len()), byte(p.State.Len() >> 8)}.Invite(oplog.RoleReader, 0, 0, strings.Repeat("n", 200)))
	}
	a := p.try(p.invitation(seed), "M", nil)
	if a.err != nil || !a.joiner.Done() {
		t.Fatalf("%v, done %v", a.err, a.joiner.Done())
	}
	if len(a.step.Send) < 3 {
		t.Errorf("%d frames, want several", len(a.step.Send))
	}
	for _, f := range a.step.Send {
		if len(f) > maxFrame {
			t.Errorf("a frame of %d bytes", len(f))
		}
	}
}

// TestWelcomeThatIsnt: what a broken or lying host sends is refused.
func TestWelcomeThatIsnt(t *testing.T) {
	p := found(t, "Fabrique")
	seed := Seed{7}
	p.sign("A/1", seed.Invite(oplog.RoleMember, 0, 0, ""))
	good := p.try(p.invitation(seed), "M", nil)
	other, err := Found(Founding{Name: "Other", Root: seeded("R"), Person: seeded("A"), Device: pub("A/1"), Secret: secret("Fabrique")})
	if err != nil {
		t.Fatal(err)
	}
	stranger := found(t, "Fabrique") // the same genesis, nobody invited
	entries := good.joiner.Joined().Entries
	house := func(edit func(*House)) *House {
		h := *p.house()
		edit(&h)
		return &h
	}
	same := func(*House) {}
	for _, c := range []struct {
		name   string
		frames [][]byte
		want   error
	}{
		{"as it should be", welcome(house(same), entries), nil},
		{"another commons", welcome(house(func(h *House) { h.Genesis = other.Genesis }), entries), ErrWelcome},
		{"a genesis that isn't one", welcome(house(func(h *House) { h.Genesis = []byte{1} }), entries), ErrWelcome},
		{"another secret", welcome(house(func(h *House) { h.Secret[0] ^= 1 }), entries), ErrWelcome},
		{"no changes", welcome(house(same), nil), ErrWelcome},
		{"no grant for the joiner", welcome(house(same), stranger.Entries), ErrWelcome},
		{"no certificate", welcome(house(same), without(entries, good.joiner.Joined().Cert)), ErrWelcome},
		{"not in causal order", welcome(house(same), append(entries[1:len(entries):len(entries)], entries[0])), ErrWelcome},
		{"a bit of a signature flipped", welcome(house(same), flipped(entries)), ErrWelcome},
		{"more changes than announced", append(welcome(house(same), entries[:2])[:1], welcome(house(same), entries)[1:]...), ErrProtocol},
		{"an empty frame of changes", [][]byte{welcome(house(same), entries)[0], cbor.AppendArray(frameHead(frameChanges, 1), 0)}, ErrProtocol},
		{"a frame too many", append(welcome(house(same), entries), welcome(house(same), entries)[0]), ErrProtocol},
		{"changes before the welcome", welcome(house(same), entries)[1:], ErrProtocol},
		{"no frame at all", [][]byte{{0xff}}, ErrProtocol},
		{"endless changes", [][]byte{cbor.AppendUint(cbor.AppendBytes(cbor.AppendBytes(frameHead(frameWelcome, 3), p.Genesis), p.Commons.Secret[:]), maxChanges+1)}, ErrWelcome},
		{"busy after all", [][]byte{RefusedBusy.Frame()}, RefusedBusy},
		{"a reason of a later version", [][]byte{Refusal(99).Frame()}, Refusal(99)},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, _ := Join(JoinerOptions{Invitation: p.invitation(seed), Host: pub("A/1"), Person: seeded("M"), Device: pub("M/1"), Wall: noon})
			if _, err := j.Receive(good.frames[1]); err != nil {
				t.Fatal(err)
			}
			var err error
			for _, f := range c.frames {
				if _, err = j.Receive(f); err != nil {
					break
				}
			}
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func without(entries []Entry, id crdt.ChangeID) (rest []Entry) {
	for _, e := range entries {
		if e.ID != id {
			rest = append(rest, e)
		}
	}
	return rest
}

func flipped(entries []Entry) []Entry {
	last := len(entries) - 1
	bad := append([]Entry(nil), entries...)
	bad[last].Sig[0] ^= 1
	return bad
}

func TestHostRefusesFrames(t *testing.T) {
	p := found(t, "Fabrique")
	hello := cbor.AppendBytes(frameHead(frameHello, 1), make([]byte, 32))
	for name, frames := range map[string][][]byte{
		"nothing":                 {nil},
		"a challenge":             {cbor.AppendBytes(frameHead(frameChallenge, 1), make([]byte, 32))},
		"a short nonce":           {cbor.AppendBytes(frameHead(frameHello, 1), make([]byte, 31))},
		"more after the nonce":    {append(bytes.Clone(hello), 0)},
		"hello twice":             {hello, hello},
		"a request cut off":       {hello, (&request{}).frame()[:90]},
		"a request too many":      {hello, (&request{}).frame(), (&request{}).frame()},
		"a request with one more": {hello, append((&request{}).frame(), 0)},
	} {
		h := NewHost(HostOptions{Key: p.key, House: func(oplog.CommonsID) *House { return p.house() }})
		for i, f := range frames {
			_, err := h.Receive(f)
			if last := i == len(frames)-1; last != errors.Is(err, ErrProtocol) {
				t.Errorf("%s: frame %d: %v", name, i+1, err)
			}
		}
	}
	broken := p.house()
	broken.Stored = func() ([]Entry, error) { return nil, errors.New("disk") }
	p.sign("A/1", Seed{7}.Invite(oplog.RoleMember, 0, 0, ""))
	a := p.try(p.invitation(Seed{7}), "M", nil)
	h := NewHost(HostOptions{Key: p.key, Peer: pub("M/1"), Nonce: [32]byte{1}, Wall: noon, House: func(oplog.CommonsID) *House { return broken }})
	if _, err := h.Receive(a.frames[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Receive(a.frames[2]); err == nil || errors.Is(err, ErrProtocol) {
		t.Errorf("membership that can't be read: %v, want that error", err)
	}
}
