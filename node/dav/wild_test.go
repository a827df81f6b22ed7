package dav_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"navette/crdt/commons/ical"
	"navette/node/formats"
)

// Each event of the calendars that programs in the wild have written goes in
// and comes out equal in meaning, or is refused with the reason; never half.
func TestWildCalendars(t *testing.T) {
	d := newDesk(t)
	files, err := filepath.Glob("../formats/testdata/calendars/*.ics")
	if err != nil || len(files) == 0 {
		t.Fatalf("no calendars: %v", err)
	}
	kept, refused := 0, 0
	for i, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read, err := formats.ReadICS(formats.File{Data: b})
		if err != nil || len(read.Problems) > 0 || len(read.Records) == 0 {
			// Put as it is, it is refused with words.
			a := d.do("PUT", ours+"wild.ics", string(b))
			if a.status != http.StatusForbidden || !strings.Contains(a.body, "<c:") {
				t.Errorf("%s: status %d, %s; want a refusal", filepath.Base(file), a.status, a.body)
			}
			refused++
			continue
		}
		for j, r := range read.Records {
			var out bytes.Buffer
			if err := formats.WriteICS(&out, formats.Calendar{Events: []*ical.Event{r.Event}}); err != nil {
				t.Fatal(err)
			}
			address := ours + url.PathEscape(filepath.Base(file)[:5]+string(rune('a'+i%26))+string(rune('a'+i/26))+string(rune('a'+j%26))+string(rune('a'+j/26))) + ".ics"
			if same := d.do("PUT", address, out.String()); same.status != http.StatusCreated {
				if same.status == http.StatusForbidden && strings.Contains(same.body, "no-uid-conflict") {
					continue // another file has the same event
				}
				t.Errorf("%s, event %d: status %d\n%s", filepath.Base(file), j, same.status, same.body)
				continue
			}
			back := d.want(http.StatusOK, "GET", address, "")
			again, err := formats.ReadICS(formats.File{Data: []byte(back.body)})
			if err != nil || len(again.Records) != 1 {
				t.Errorf("%s, event %d: what came out can't be read: %v\n%s", filepath.Base(file), j, err, back.body)
				continue
			}
			if got, want := meaning(again.Records[0].Event), meaning(r.Event); got != want {
				t.Errorf("%s, event %d: came out as\n%s\nwant\n%s", filepath.Base(file), j, got, want)
			}
			kept++
		}
	}
	if kept < 40 || refused < 5 {
		t.Errorf("%d events were kept and %d files refused of %d; there should be more to compare", kept, refused, len(files))
	}
	t.Logf("%d events kept, %d files refused", kept, refused)
}

// meaning is what an event says, in one order, without what says when it was
// written.
func meaning(ev *ical.Event) string {
	var b strings.Builder
	list := ev.Exceptions
	if ev.Master != nil {
		list = append([]*ical.Component{ev.Master}, list...)
	}
	for _, c := range list {
		for line := range strings.SplitSeq(c.Canonical().String(), "\r\n") {
			if !strings.HasPrefix(line, "DTSTAMP") {
				b.WriteString(line + "\n")
			}
		}
	}
	return b.String()
}
