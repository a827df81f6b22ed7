package web

import (
	"context"
	"net"
	"net/http"
	"testing"

	"navette/crdt"
	"navette/crdt/commons"
)

// The shelves hold what a reading from scratch finds, whatever happened since
// they were filled.
func TestShelvesFollow(t *testing.T) {
	s := newSite(t)
	kept := s.add("tool", "name=Perceuse")
	gone := s.add("tool", "name=Scie")
	if n := len(s.items("tool")); n != 2 {
		t.Fatalf("%d tools; want 2", n)
	}
	s.write(kept, "name=Visseuse")
	remove := func() ([][]crdt.Edit, error) {
		d, err := s.commons.Doc(gone)
		if err != nil {
			return nil, err
		}
		return commons.Remove(d)
	}
	if _, err := s.commons.Write(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
	s.add("tool", "name=Rabot")
	s.add("note", "about="+kept.String(), "text=Bien")
	check := func() {
		t.Helper()
		got := s.items("tool")
		fresh := &shelves{}
		want, _, err := fresh.list(s.commons, "tool")
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d tools on the shelf; want %d", len(got), len(want))
		}
		for i := range got {
			if got[i].id != want[i].id || got[i].text != want[i].text {
				t.Errorf("tool %d is %q; want %q", i, got[i].title, want[i].title)
			}
		}
	}
	check()
	_, about, err := s.s.shelves.list(s.commons, "note")
	if err != nil || len(about[kept]) != 1 {
		t.Errorf("%d notes about the tool, %v; want 1", len(about[kept]), err)
	}
	s.joins("Béa", "271828") // who comes is a change of membership
	check()
}

// Whoever comes first finds the shelves filled when they go on.
func TestShelvesAreWarm(t *testing.T) {
	s := newSite(t)
	s.add("tool", "name=Perceuse")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.s.Serve(ctx, l, nil) }()
	resp, err := http.Get("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for filled := false; !filled; {
		s.s.shelves.mu.Lock()
		filled = s.s.shelves.of["page"] != nil
		s.s.shelves.mu.Unlock()
	}
	cancel()
	if err := <-served; err != nil && err != http.ErrServerClosed {
		t.Error(err)
	}
}
