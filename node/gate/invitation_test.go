package gate

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"navette/crdt/oplog"
)

func sample() *Invitation {
	return &Invitation{
		Commons: oplog.CommonsID{1, 2, 3}, Seed: Seed{4, 5, 6},
		Doors: []Door{
			{Peer: pub("A/1"), Addrs: []string{"192.168.1.20:4242", "[fe80::1]:4242"}},
			{Peer: pub("B/1")},
		},
	}
}

func TestInvitationRoundTrip(t *testing.T) {
	full := sample()
	for i := range full.Doors {
		full.Doors[i].Addrs = []string{strings.Repeat("a", 255), "", "b", "c"}
	}
	for name, v := range map[string]*Invitation{
		"two doors": sample(), "no door": {Commons: oplog.CommonsID{9}}, "as much as fits": full,
	} {
		s := v.String()
		got, err := ParseInvitation(s)
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, v)
		}
	}
	over := sample()
	over.Doors[0].Addrs = append(over.Doors[0].Addrs, strings.Repeat("a", 256), "c", "d", "e")
	over.Doors = append(over.Doors, Door{Peer: pub("C/1")})
	got, err := ParseInvitation(over.String())
	if err != nil || len(got.Doors) != MaxHosts || len(got.Doors[0].Addrs) != MaxAddrs || got.Doors[0].Addrs[2] != "c" {
		t.Errorf("more than fits: %+v, %v; want 2 doors, 4 addresses, the long one left out", got, err)
	}
}

func TestParseInvitation(t *testing.T) {
	s := sample().String()
	mid := len(s) / 2
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"as written", s, nil},
		{"upper case", strings.ToUpper(s), nil},
		{"in a URL", "https://lafabrique.example/join#" + s, nil},
		{"broken by a mail program", " " + s[:20] + "\r\n  " + s[20:mid] + " " + s[mid:] + "\n", nil},
		{"nothing", "", ErrNotInvitation},
		{"a word", "bonjour", ErrNotInvitation},
		{"another scheme", "https://example.org/", ErrNotInvitation},
		{"the scheme alone", "navette:", ErrCutOff},
		{"one character", "navette:a", ErrCutOff},
		{"the last character missing", s[:len(s)-1], ErrCutOff},
		{"half of it", s[:mid], ErrCutOff},
		{"twice", s + s[len(scheme):], ErrCutOff},
		{"a character of no alphabet", s[:mid] + "1" + s[mid+1:], ErrMistyped},
		{"an accent", s[:mid] + "é" + s[mid+1:], ErrMistyped},
		{"another character", s[:mid] + string('a'+(s[mid]-'a'+1)%26) + s[mid+1:], ErrMistyped},
		{"a later version", "navette:" + base32Lower.EncodeToString([]byte{2, 0, 9, 1, 2, 3, 4, 5, 6}), ErrNewer},
		{"version 0", "navette:" + base32Lower.EncodeToString([]byte{0, 0, 9, 1, 2, 3, 4, 5, 6}), ErrMistyped},
		{"a length that can't be", "navette:" + base32Lower.EncodeToString([]byte{1, 0, 3}), ErrMistyped},
	} {
		v, err := ParseInvitation(c.in)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && v.String() != s {
			t.Errorf("%s: %s, want %s", c.name, v, s)
		}
	}
}

// TestMistypedAnywhere: no single wrong character goes unnoticed.
func TestMistypedAnywhere(t *testing.T) {
	for _, addr := range []string{"a:1", "aa:1", "aaa:1", "aaaa:1", "aaaaa:1"} { // each ending on other bits
		v := sample()
		v.Doors[1].Addrs = []string{addr}
		s := v.String()
		for i := len(scheme); i < len(s); i++ {
			for _, c := range "abcdefghijklmnopqrstuvwxyz234567" {
				in := s[:i] + string(c) + s[i+1:]
				if in == s {
					continue
				}
				if v, err := ParseInvitation(in); err == nil {
					t.Fatalf("character %d as %q: %+v, want an error", i, c, v)
				}
			}
		}
	}
}

func TestSeed(t *testing.T) {
	a, b := Seed{1}, Seed{2}
	if a.ID() == b.ID() || a.Key().Equal(b.Key()) {
		t.Error("two seeds, one ID or key")
	}
	in := a.Invite(oplog.RoleReader, 3, 4, "note")
	if in.ID != a.ID() || in.Public != oplog.PublicKey(a.Key()) || in.Role != oplog.RoleReader || in.Uses != 3 || in.Until != 4 || in.Note != "note" {
		t.Errorf("Invite = %+v", in)
	}
}

func FuzzInviteString(f *testing.F) {
	s := sample().String()
	f.Add(s)
	f.Add(strings.ToUpper(s))
	f.Add("x#" + s)
	f.Add(s[:40])
	f.Add("navette:")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseInvitation(s)
		if err != nil {
			for _, known := range []error{ErrNotInvitation, ErrCutOff, ErrMistyped, ErrNewer} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("%v is none of the errors", err)
		}
		again, err := ParseInvitation(v.String())
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Fatalf("%+v reads again as %+v, %v", v, again, err)
		}
	})
}
