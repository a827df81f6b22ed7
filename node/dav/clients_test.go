//go:build netns

package dav_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/commons"
)

// run runs a program that people use, with a home of its own.
func run(t *testing.T, home, input, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "LC_ALL=C.UTF-8", "TZ=Europe/Paris", "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_CACHE_HOME="+home)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const pythonClient = `
import sys, caldav, datetime
url, password = sys.argv[1:]
client = caldav.DAVClient(url=url, username="ana", password=password)
principal = client.principal()
calendars = {c.name: c for c in principal.calendars()}
print("calendars:", ", ".join(sorted(calendars)))
cal = calendars["La Fabrique"]
made = cal.save_event("""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
BEGIN:VEVENT
UID:python-1
DTSTAMP:20261101T120000Z
DTSTART;TZID=Europe/Paris:20261201T190000
DTEND;TZID=Europe/Paris:20261201T210000
RRULE:FREQ=WEEKLY;COUNT=6
SUMMARY:Atelier soudure
END:VEVENT
END:VCALENDAR
""")
token = cal.objects_by_sync_token(load_objects=True)
print("first sync:", len(list(token)))
found = cal.date_search(start=datetime.datetime(2026, 12, 8, 0, 0), end=datetime.datetime(2026, 12, 9, 0, 0), expand=False)
print("found:", len(found))
ev = cal.event_by_uid("python-1")
ev.vobject_instance.vevent.summary.value = "Atelier soudure TIG"
ev.save()
delta = cal.objects_by_sync_token(token.sync_token, load_objects=True)
changed = list(delta)
print("delta:", len(changed), changed[0].vobject_instance.vevent.summary.value)
cal.save_event("""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
BEGIN:VEVENT
UID:python-2
DTSTAMP:20261101T120000Z
DTSTART;VALUE=DATE:20261224
SUMMARY:Fermé
END:VEVENT
END:VCALENDAR
""").delete()
print("left:", sorted(str(e.vobject_instance.vevent.summary.value) for e in cal.events()))
`

// python3-caldav discovers, creates, searches, edits, follows and deletes.
func TestPythonCaldav(t *testing.T) {
	d := newDesk(t)
	home := t.TempDir()
	script := filepath.Join(home, "client.py")
	write(t, script, pythonClient)
	got := run(t, home, "", "/usr/bin/python3", script, d.url+"/dav/", d.password)
	want := `calendars: Communs du Boulonnais, La Fabrique
first sync: 1
found: 1
delta: 1 Atelier soudure TIG
left: ['Atelier soudure TIG']
`
	if got != want {
		t.Errorf("the program says\n%s\nwant\n%s", got, want)
	}
	doc, err := d.c.Doc(commons.DerivedID("event", "python-1"))
	if err != nil || commons.EventOf(doc).Master.Text("SUMMARY") != "Atelier soudure TIG" {
		t.Errorf("the commons doesn't hold what the program wrote: %v", err)
	}
}

// vdirsyncer and khal: a calendar is kept as files, an event typed in khal
// arrives, one edited on either side goes to the other, one taken away goes.
func TestVdirsyncerAndKhal(t *testing.T) {
	d := newDesk(t)
	home := t.TempDir()
	write(t, filepath.Join(home, "vdirsyncer/config"), `[general]
status_path = "`+home+`/status"
[pair agenda]
a = "here"
b = "there"
collections = ["commons"]
conflict_resolution = "a wins"
[storage here]
type = "filesystem"
path = "`+home+`/calendars"
fileext = ".ics"
[storage there]
type = "caldav"
url = "`+d.url+`/dav/"
username = "ana"
password = "`+d.password+`"
`)
	write(t, filepath.Join(home, "khal/config"), `[calendars]
[[commons]]
path = `+home+`/calendars/commons
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
`)
	sync := func() { t.Helper(); run(t, home, "", "vdirsyncer", "sync") }
	agenda := func(from, to string) string {
		t.Helper()
		return run(t, home, "", "khal", "list", "--format", "{start-time} {title}", "--day-format", "{date}", from, to)
	}
	run(t, home, strings.Repeat("y\n", 8), "vdirsyncer", "discover")

	d.want(http.StatusCreated, "PUT", ours+"fete.ics", event("fete", "Fête du quartier", saturday, until, "RRULE:FREQ=WEEKLY;COUNT=3"))
	sync()
	if got, want := agenda("2026-12-01", "2026-12-31"), "2026-12-05\n14:00 Fête du quartier\n2026-12-12\n14:00 Fête du quartier\n2026-12-19\n14:00 Fête du quartier\n"; got != want {
		t.Errorf("khal shows\n%s\nwant\n%s", got, want)
	}
	run(t, home, "", "khal", "new", "-a", "commons", "2026-12-07", "18:30", "20:00", "Conseil")
	sync()
	titles := func() (out []string) {
		t.Helper()
		err := d.c.Each("event", func(doc *crdt.Doc) error {
			if !doc.Deleted() {
				out = append(out, commons.EventOf(doc).Master.Text("SUMMARY"))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(out)
		return out
	}
	if got := titles(); !slices.Equal(got, []string{"Conseil", "Fête du quartier"}) {
		t.Fatalf("the commons holds %v", got)
	}
	a := d.want(http.StatusOK, "GET", ours+"fete.ics", "")
	d.want(http.StatusNoContent, "PUT", ours+"fete.ics", strings.Replace(a.body, "Fête du quartier", "Grande fête", 1), "If-Match: "+a.header.Get("ETag"))
	sync()
	if got, want := agenda("2026-12-05", "2026-12-07"), "2026-12-05\n14:00 Grande fête\n2026-12-07\n18:30 Conseil\n"; got != want {
		t.Errorf("khal shows\n%s\nwant\n%s", got, want)
	}
	if err := os.Remove(filepath.Join(home, "calendars/commons/fete.ics")); err != nil {
		t.Fatal(err)
	}
	sync()
	if got := titles(); !slices.Equal(got, []string{"Conseil"}) {
		t.Errorf("after the file was removed the commons holds %v", got)
	}
}
