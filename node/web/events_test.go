package web

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// stream reads events until ctx ends; each is its id.
func (b *browser) stream(ctx context.Context, since, lastID string) <-chan string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/events?since="+since, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		b.t.Fatalf("the stream answered %d, %s", resp.StatusCode, kind)
	}
	ids := make(chan string, 16)
	go func() {
		defer resp.Body.Close()
		defer close(ids)
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				ids <- id
			}
		}
	}()
	return ids
}

// A change is said once, and to who comes back after it, whatever they last
// heard; who knows all hears nothing.
func TestEvents(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	start, _ := s.commons.Mark()
	v := s.visitor()
	ids := v.stream(ctx, start, "")
	s.add("tool", "name=Perceuse")
	first, ok := <-ids
	if !ok || first == start {
		t.Fatalf("after a change the stream says %q, %v", first, ok)
	}
	if now, _ := s.commons.Mark(); first != now {
		t.Errorf("the event is %q, the feed stands at %q", first, now)
	}
	for _, tt := range []struct{ name, since, lastID string }{
		{"the page is older", start, ""},
		{"the browser comes back", "", start},
		{"what it heard last is of another life of the store", "", "1234567890abcdef.7"},
		{"nonsense", "", "\"><script>"},
	} {
		if got, ok := <-v.stream(ctx, tt.since, tt.lastID); !ok || got != first {
			t.Errorf("%s: told %q, %v; want %q", tt.name, got, ok, first)
		}
	}
	up := v.stream(ctx, first, "")
	s.add("tool", "name=Scie")
	second, _ := s.commons.Mark()
	if got := <-up; got != second {
		t.Errorf("who knew all is told %q first, want %q", got, second)
	}
}

// Streams don't take the place of pages: there are so many and no more.
func TestEventsAreBounded(t *testing.T) {
	s := newSite(t)
	for range maxStreams {
		s.s.streams <- struct{}{}
	}
	s.visitor().get("/events", http.StatusServiceUnavailable)
	s.visitor().get("/", http.StatusOK)
}
