package dav_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"navette/node"
	"navette/node/dav"
	"navette/storage/memkv"
)

// Whatever a program sends, it gets an answer, and no server error.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ method, path, body string }{
		{"PROPFIND", "/dav/", `<d:propfind xmlns:d="DAV:"><d:allprop/></d:propfind>`},
		{"PROPFIND", ours, `<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><x xmlns=""/></d:prop></d:propfind>`},
		{"REPORT", ours, `<d:sync-collection xmlns:d="DAV:"><d:sync-token>urn:navette:mark:1.2</d:sync-token></d:sync-collection>`},
		{"REPORT", ours, `<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="20260101T000000Z"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`},
		{"REPORT", ours, `<c:calendar-multiget xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:d="DAV:"><d:href>/dav/calendars/commons/a.ics</d:href><d:href>%zz</d:href></c:calendar-multiget>`},
		{"REPORT", ours, `<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:time-range start="20260101T000000Z" end="20260201T000000Z"/></c:free-busy-query>`},
		{"PUT", ours + "b.ics", event("b", "b", saturday, "RRULE:FREQ=YEARLY")},
		{"MOVE", ours + "a.ics", ""},
		{"PROPPATCH", ours, `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname/></d:prop></d:set></d:propertyupdate>`},
	} {
		f.Add(seed.method, seed.path, seed.body)
	}
	n, err := node.Open(node.Options{Dir: f.TempDir(), Store: memkv.New(memkv.Options{})})
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, node.Links{}) }()
	f.Cleanup(func() { cancel(); <-done })
	c, err := n.Found(f.Context(), "Communs", "La Fabrique", "Ana", false)
	if err != nil {
		f.Fatal(err)
	}
	_, password, err := c.AddPass(node.PassCalendar, c.Person(), "Phone", nil)
	if err != nil {
		f.Fatal(err)
	}
	server := dav.New(n)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "http://localhost/", strings.NewReader(body))
		if err != nil {
			return // no method
		}
		r.URL.Path = path
		r.SetBasicAuth("ana", password)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusInsufficientStorage {
			said, _ := io.ReadAll(w.Body)
			t.Errorf("%s %s: status %d: %s", method, path, w.Code, said)
		}
	})
}
