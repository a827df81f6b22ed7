package gate

import (
	"errors"
	"testing"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/membership"
	"navette/crdt/oplog"
)

// TestRequestsThatArent: a joiner that holds the link, and sends something else
// than a certificate of its own.
func TestRequestsThatArent(t *testing.T) {
	p := found(t, "Fabrique")
	seed := Seed{7}
	p.sign("A/1", seed.Invite(oplog.RoleMember, 0, 0, ""))
	genesis := []crdt.ChangeID{crdt.ChangeID(p.Commons.ID)}
	certify := func(device string) *oplog.MembershipChange {
		return &oplog.MembershipChange{Commons: p.Commons.ID, Parents: genesis, Op: &oplog.Certify{Device: pub(device), Person: pub("M")}}
	}
	orphan := certify("M/1")
	orphan.Parents = []crdt.ChangeID{{1}}
	foreign := certify("M/1")
	foreign.Commons[0] ^= 1
	for _, c := range []struct {
		name   string
		change *oplog.MembershipChange
		edit   func(*request)
		want   Refusal
	}{
		{"as it should be", certify("M/1"), nil, 0},
		{"of another device", certify("M/2"), nil, RefusedMalformed},
		{"with a signature that isn't", certify("M/1"), func(q *request) { q.sig[0] ^= 1 }, RefusedMalformed},
		{"on what isn't stored", orphan, nil, RefusedMalformed},
		{"of another commons", foreign, nil, RefusedMalformed},
		{"another op", &oplog.MembershipChange{Commons: p.Commons.ID, Parents: genesis, Auth: genesis[0], Op: &oplog.Leave{}}, nil, RefusedMalformed},
		{"no change at all", certify("M/1"), func(q *request) { q.cert = []byte{1} }, RefusedProof},
	} {
		t.Run(c.name, func(t *testing.T) {
			block, sig, err := c.change.Seal(seeded("M"))
			if err != nil {
				t.Fatal(err)
			}
			h := NewHost(HostOptions{Key: p.key, Peer: pub("M/1"), House: func(oplog.CommonsID) *House { return p.house() }})
			if _, err := h.Receive(cbor.AppendBytes(frameHead(frameHello, 1), make([]byte, 32))); err != nil {
				t.Fatal(err)
			}
			proof := oplog.JoinProof{Device: pub("M/1"), Host: pub("A/1"), Nonce: joinNonce([32]byte{}, [32]byte{})}
			proof.Sign(seed.Key(), p.Commons.ID, seed.ID(), pub("M"))
			q := &request{commons: p.Commons.ID, invitation: seed.ID(), cert: block, sig: sig, proof: proof.Proof}
			if c.edit != nil {
				c.edit(q)
			}
			step, err := h.Receive(q.frame())
			if err != nil || step.Refused != c.want || (len(step.Store) == 0) != (c.want != 0) {
				t.Errorf("%v, %v, %d to store; want %v", step.Refused, err, len(step.Store), c.want)
			}
		})
	}
}

// FuzzJoinProof: whatever a joiner without the link sends, it isn't let in,
// and hears one of the first two reasons.
func FuzzJoinProof(f *testing.F) {
	p := found(f, "Fabrique")
	seed := Seed{7}
	p.sign("A/1", seed.Invite(oplog.RoleMember, 0, 0, ""))
	v := p.invitation(seed)
	host := func() *Host {
		return NewHost(HostOptions{Key: p.key, Peer: pub("X/1"), Nonce: [32]byte{1}, House: func(id oplog.CommonsID) *House {
			if id == p.Commons.ID {
				return p.house()
			}
			return nil
		}})
	}
	j, hello := Join(JoinerOptions{Invitation: v, Host: pub("A/1"), Person: seeded("X"), Device: pub("X/1")})
	request, err := j.Receive(cbor.AppendBytes(frameHead(frameChallenge, 1), make([]byte, 32))) // a nonce that isn't the host's
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request)
	f.Add(request[:100])
	f.Add([]byte{0x86, 3})
	f.Fuzz(func(t *testing.T, frame []byte) {
		h := host()
		if _, err := h.Receive(hello); err != nil {
			t.Fatal(err)
		}
		step, err := h.Receive(frame)
		switch {
		case errors.Is(err, ErrProtocol):
		case err != nil:
			t.Fatalf("%v isn't ErrProtocol", err)
		case step.Refused != RefusedUnknown && step.Refused != RefusedProof, len(step.Store) > 0, len(step.Send) != 1:
			t.Fatalf("let in, or told too much: %+v", step)
		}
	})
}

// FuzzWelcome: whatever a host sends, the joiner says what is wrong with it.
func FuzzWelcome(f *testing.F) {
	p := found(f, "Fabrique")
	seed := Seed{7}
	p.sign("A/1", seed.Invite(oplog.RoleMember, 0, 0, ""))
	a := p.try(p.invitation(seed), "M", nil)
	f.Add(a.frames[1], a.frames[3], a.frames[4])
	f.Add(a.frames[1], RefusedBusy.Frame(), []byte{})
	f.Fuzz(func(t *testing.T, challenge, first, second []byte) {
		j, _ := Join(JoinerOptions{Invitation: p.invitation(seed), Host: pub("A/1"), Person: seeded("M"), Device: pub("M/1"), Nonce: [32]byte{2}, Wall: noon})
		for _, frame := range [][]byte{challenge, first, second} {
			_, err := j.Receive(frame)
			var refusal Refusal
			if err != nil && !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrWelcome) && !errors.As(err, &refusal) {
				t.Fatalf("%v is none of the errors", err)
			}
			if err != nil {
				return
			}
		}
		if j.Done() && j.Joined().State.StandingOf(pub("M/1")) != membership.Live {
			t.Fatal("done, and not in")
		}
	})
}
