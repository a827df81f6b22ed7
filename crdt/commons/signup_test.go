package commons

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"navette/crdt"
)

// The vectors are such that another implementation could run them.
func TestSeatsVectors(t *testing.T) {
	var cases []struct {
		Name, Instance string
		Capacity       *string
		SignUps        []struct {
			Key    string
			Values []struct {
				Yes            bool
				Lamport, Index uint64
				Change         string
			}
		} `json:"sign_ups"`
		Seats, Waiting []string
	}
	data, err := os.ReadFile(filepath.Join("testdata", "seats.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) {
			var signUps []crdt.MapEntry
			for _, s := range tt.SignUps {
				m := crdt.MapEntry{Key: crdt.Text(s.Key)}
				for _, v := range s.Values {
					e := crdt.Entry{Value: crdt.Bool(v.Yes), Stamp: crdt.Stamp{Lamport: v.Lamport}}
					e.Dot.Index = uint32(v.Index)
					if _, err := hex.Decode(e.Dot.Change[:], []byte(v.Change)); err != nil {
						t.Fatal(err)
					}
					m.Entries = append(m.Entries, e)
				}
				signUps = append(signUps, m)
			}
			capacity := -1
			if tt.Capacity != nil {
				capacity, _ = strconv.Atoi(*tt.Capacity)
			}
			seats, waiting := whoHas(settle(capacity, signUps, tt.Instance))
			if !slices.Equal(seats, tt.Seats) || !slices.Equal(waiting, tt.Waiting) {
				t.Errorf("seats %q, waiting %q; want %q, %q", seats, waiting, tt.Seats, tt.Waiting)
			}
		})
	}
}

// whoHas tells who has a seat and who waits, in order.
func whoHas(seats []Seat) (have, wait []string) {
	for _, s := range seats {
		if s.Waiting == 0 {
			have = append(have, s.Who)
		} else if wait = append(wait, s.Who); s.Waiting != len(wait) {
			wait = append(wait, "out of turn")
		}
	}
	return have, wait
}

func newWorkshop(t *testing.T, fields ...string) *site {
	t.Helper()
	id := crdt.ID{1}
	s := newSite(t, "A", id)
	s.do(Add(id, "event", assign(t, append([]string{"title=Laser", "start=2026-12-05T19:00"}, fields...)...), paris))
	return s
}

func TestSignUp(t *testing.T) {
	s := newWorkshop(t, "capacity=2")
	person := strings.Repeat("0a", 16)
	for _, who := range []string{" Ana ", strings.ToUpper(person), "Bob", "Ana"} {
		s.do(SignUp(s.doc, who, ""))
	}
	have, wait := whoHas(Seats(s.doc, ""))
	if want := []string{"Ana", person}; !slices.Equal(have, want) || !slices.Equal(wait, []string{"Bob"}) {
		t.Errorf("seats %q, waiting %q; want %q, Bob", have, wait, want)
	}
	if edits, err := SignUp(s.doc, "Ana", ""); len(edits) > 0 || err != nil {
		t.Errorf("signed up again: %v, %v; want no edits", edits, err)
	}
	s.shows("sign-ups.Ana", true)
	s.shows("capacity", json.Number("2"))

	s.do(CancelSignUp(s.doc, "Ana", ""))
	if have, wait = whoHas(Seats(s.doc, "")); !slices.Equal(have, []string{person, "Bob"}) || len(wait) > 0 {
		t.Errorf("after a cancellation: seats %q, waiting %q; want Bob moved up", have, wait)
	}
	s.do(SignUp(s.doc, "Ana", ""))
	if _, wait = whoHas(Seats(s.doc, "")); !slices.Equal(wait, []string{"Ana"}) {
		t.Errorf("signed up anew: waiting %q; want Ana at the end", wait)
	}

	s.do(SignUp(s.doc, "Ana", "20261212T190000/Europe/Paris"))
	if have, _ = whoHas(Seats(s.doc, "20261212T190000/Europe/Paris")); !slices.Equal(have, []string{"Ana"}) {
		t.Errorf("seats of another day: %q; want Ana", have)
	}
	// What the calendar says isn't touched, nor the other way.
	if ev := EventOf(s.doc).String(); strings.Contains(ev, "Ana") || !strings.Contains(ev, "SUMMARY:Laser") {
		t.Errorf("the calendar has %q", ev)
	}
	s.set("title=Découpe laser")
	if have, _ := whoHas(Seats(s.doc, "")); len(have) != 2 {
		t.Errorf("after an edit of the event: seats %q; want two", have)
	}
	for name, tt := range map[string]struct{ who, instance string }{
		"nobody": {"  ", ""}, "a long name": {strings.Repeat("x", 65), ""}, "an instance in the name": {"Ana@20261205", ""},
		"no instance": {"Ana", "demain"},
	} {
		if _, err := SignUp(s.doc, tt.who, tt.instance); !errors.Is(err, ErrValue) && !errors.Is(err, ErrBound) {
			t.Errorf("%s: %v; want %v", name, err, ErrValue)
		}
	}
	if _, err := SignUp(newTool(t, "name=x").doc, "Ana", ""); !errors.Is(err, ErrKind) {
		t.Errorf("a seat of a tool: %v; want %v", err, ErrKind)
	}
}

// A sign-up and a cancellation made without knowledge of each other leave the
// sign-up; whoever signs up at two places has one seat.
func TestSignUpAtTwoPlaces(t *testing.T) {
	a := newWorkshop(t, "capacity=1")
	a.do(SignUp(a.doc, "Ana", ""))
	b := a.with("B")
	a.do(CancelSignUp(a.doc, "Ana", ""))
	b.do(CancelSignUp(b.doc, "Ana", ""))
	b.set("location=Étage")
	b.do(SignUp(b.doc, "Ana", ""))
	b.do(SignUp(b.doc, "Bob", ""))
	a.do(SignUp(a.doc, "Bob", ""))
	a.meet(b)
	have, wait := whoHas(Seats(a.doc, ""))
	if !slices.Equal(have, []string{"Bob"}) || !slices.Equal(wait, []string{"Ana"}) {
		t.Errorf("seats %q, waiting %q; want Bob, who signed up at A before anybody there knew of Ana's, then Ana", have, wait)
	}
}

// Whatever is done where, all places agree who has a seat, nobody has two, and
// no seat stays empty while somebody waits.
func TestSeatsLaws(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := newWorkshop(t, "capacity="+strconv.Itoa(rapid.IntRange(0, 4).Draw(r, "capacity")))
		sites := []*site{a, a.with("B"), a.with("C")}
		for range rapid.IntRange(1, 12).Draw(r, "acts") {
			s := sites[rapid.IntRange(0, 2).Draw(r, "site")]
			who := rapid.SampledFrom([]string{"Ana", "Bob", "Cé", "Dan"}).Draw(r, "who")
			switch rapid.IntRange(0, 3).Draw(r, "act") {
			case 0, 1:
				s.do(SignUp(s.doc, who, ""))
			case 2:
				s.do(CancelSignUp(s.doc, who, ""))
			case 3:
				s.meet(sites[rapid.IntRange(0, 2).Draw(r, "other")])
			}
		}
		sites[0].meet(sites[1])
		sites[1].meet(sites[2])
		sites[0].meet(sites[2])
		have, wait := whoHas(Seats(sites[0].doc, ""))
		for _, s := range sites[1:] {
			if h, w := whoHas(Seats(s.doc, "")); !slices.Equal(h, have) || !slices.Equal(w, wait) {
				r.Fatalf("one place has %q, %q; another %q, %q", have, wait, h, w)
			}
		}
		all := slices.Sorted(slices.Values(append(slices.Clone(have), wait...)))
		if len(slices.Compact(slices.Clone(all))) != len(all) || len(wait) > 0 && len(have) != Capacity(a.doc) {
			r.Fatalf("seats %q, waiting %q of %d", have, wait, Capacity(a.doc))
		}
	})
}
