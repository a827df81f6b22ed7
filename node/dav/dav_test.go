package dav_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/node/dav"
	"navette/storage/memkv"
)

// desk is a node with a calendar server, and a program that knows a password.
type desk struct {
	*testing.T
	node     *node.Node
	c        *node.Commons
	url      string
	password string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	n, err := node.Open(node.Options{Dir: t.TempDir(), Store: memkv.New(memkv.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, node.Links{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	c, err := n.Found(t.Context(), "Communs du Boulonnais", "La Fabrique", "Ana", false)
	if err != nil {
		t.Fatal(err)
	}
	_, password, err := c.AddPass(node.PassCalendar, c.Person(), "Phone", nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(dav.New(n))
	t.Cleanup(server.Close)
	return &desk{t, n, c, server.URL, password}
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// do asks, with headers as "Name: value".
func (d *desk) do(method, path, body string, headers ...string) reply {
	d.Helper()
	r, err := http.NewRequestWithContext(d.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	r.SetBasicAuth("ana", d.password)
	r.Header.Set("Accept-Language", "en")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	if strings.Contains(res.Header.Get("Content-Type"), "xml") {
		if err := xml.Unmarshal(b, new(struct{ XMLName xml.Name })); err != nil {
			d.Fatalf("%s %s: the answer isn't XML: %v\n%s", method, path, err, b)
		}
	}
	return reply{res.StatusCode, res.Header, string(b)}
}

// want asks and fails unless the status is that.
func (d *desk) want(status int, method, path, body string, headers ...string) reply {
	d.Helper()
	a := d.do(method, path, body, headers...)
	if a.status != status {
		d.Fatalf("%s %s: status %d; want %d\n%s", method, path, a.status, status, a.body)
	}
	return a
}

var hrefs = regexp.MustCompile(`<d:href>([^<]*)</d:href>`)

// addresses are those that a multistatus has responses for.
func (a reply) addresses() (out []string) {
	for _, part := range strings.Split(a.body, "<d:response>")[1:] {
		if m := hrefs.FindStringSubmatch(part); m != nil {
			out = append(out, m[1])
		}
	}
	return out
}

// inner is what stands in the first element of that name.
func inner(a reply, name string) string {
	_, rest, ok := strings.Cut(a.body, "<"+name+">")
	if !ok {
		return ""
	}
	v, _, _ := strings.Cut(rest, "</"+name+">")
	return v
}

func event(uid, title string, lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VEVENT\r\nUID:" + uid +
		"\r\nDTSTAMP:20261101T120000Z\r\nSUMMARY:" + title + "\r\n" + strings.Join(append(lines, ""), "\r\n") +
		"END:VEVENT\r\nEND:VCALENDAR\r\n"
}

const (
	saturday = "DTSTART;TZID=Europe/Paris:20261205T140000"
	until    = "DTEND;TZID=Europe/Paris:20261205T160000"
	ours     = "/dav/calendars/commons/"
)

// A program that knows the host alone finds its way to the calendars.
func TestDiscovery(t *testing.T) {
	d := newDesk(t)
	a := d.want(http.StatusMovedPermanently, "PROPFIND", "/.well-known/caldav", "")
	a = d.want(http.StatusMultiStatus, "PROPFIND", a.header.Get("Location"),
		`<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>`, "Depth: 0")
	principal := hrefs.FindStringSubmatch(inner(a, "d:current-user-principal"))[1]
	a = d.want(http.StatusMultiStatus, "PROPFIND", principal,
		`<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-home-set/><d:displayname/></d:prop></d:propfind>`, "Depth: 0")
	if got := inner(a, "d:displayname"); got != "Ana" {
		t.Errorf("the person is called %q; want Ana", got)
	}
	home := hrefs.FindStringSubmatch(inner(a, "c:calendar-home-set"))[1]
	a = d.want(http.StatusMultiStatus, "PROPFIND", home, `<d:propfind xmlns:d="DAV:" xmlns:x="urn:x"><d:prop>
		<d:resourcetype/><d:displayname/><d:sync-token/><d:current-user-privilege-set/><x:unheard/></d:prop></d:propfind>`, "Depth: 1")
	here := "/dav/calendars/" + node.PlaceOf(d.c.Device()).String() + "/"
	if got := a.addresses(); !slices.Equal(got, []string{home, ours, here}) {
		t.Errorf("calendars: %v; want %v", got, []string{home, ours, here})
	}
	for _, want := range []string{"<c:calendar/>", "La Fabrique", "Communs du Boulonnais", `<unheard xmlns="urn:x"></unheard>`, "<d:write-content/>"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the calendars don't say %s\n%s", want, a.body)
		}
	}
}

// What is put comes out, is listed, changed under its tag, and taken away.
func TestObjects(t *testing.T) {
	d := newDesk(t)
	address := ours + "atelier.ics"
	d.want(http.StatusCreated, "PUT", address, event("atelier", "Atelier", saturday, until), "If-None-Match: *", "Content-Type: text/calendar; charset=utf-8")
	d.want(http.StatusPreconditionFailed, "PUT", address, event("atelier", "Autre", saturday, until), "If-None-Match: *")
	a := d.want(http.StatusOK, "GET", address, "")
	tag := a.header.Get("ETag")
	for _, want := range []string{"SUMMARY:Atelier", saturday, "TZID:Europe/Paris"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the event lacks %s:\n%s", want, a.body)
		}
	}
	d.want(http.StatusNotModified, "GET", address, "", "If-None-Match: "+tag)
	d.want(http.StatusNoContent, "PUT", address, event("atelier", "Atelier laser", saturday, until), "If-Match: "+tag)
	d.want(http.StatusPreconditionFailed, "PUT", address, event("atelier", "Trop tard", saturday, until), "If-Match: "+tag)
	d.want(http.StatusPreconditionFailed, "DELETE", address, "", "If-Match: "+tag)
	if a := d.want(http.StatusOK, "GET", address, ""); !strings.Contains(a.body, "SUMMARY:Atelier laser") {
		t.Errorf("the change is not there:\n%s", a.body)
	}
	if steps, err := d.c.History(commons.DerivedID("event", "atelier")); err != nil || len(steps) != 2 {
		t.Errorf("the event has %d steps, %v; want 2", len(steps), err)
	}
	d.want(http.StatusForbidden, "PUT", ours+"other.ics", event("atelier", "Doublon", saturday, until))
	d.want(http.StatusNoContent, "DELETE", address, "")
	d.want(http.StatusNotFound, "GET", address, "")
	d.want(http.StatusNotFound, "DELETE", address, "")
	d.want(http.StatusCreated, "PUT", address, event("atelier", "De retour", saturday, until))
	if a := d.want(http.StatusOK, "GET", address, ""); !strings.Contains(a.body, "De retour") {
		t.Errorf("put again, it is\n%s", a.body)
	}
}

// A name that doesn't follow from the UID is kept, and nobody sees that it is.
func TestNames(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"8d2f-11", "été à la mer", "a+b@c"} {
		address := ours + strings.ReplaceAll(name, " ", "%20") + ".ics"
		if name == "été à la mer" {
			d.want(http.StatusBadRequest, "PUT", address, event("u-"+name, "Fête", saturday))
			continue
		}
		d.want(http.StatusCreated, "PUT", address, event("u-"+name, "Fête", saturday))
		a := d.want(http.StatusOK, "GET", address, "")
		if strings.Contains(a.body, "X-NAVETTE") {
			t.Errorf("the name shows:\n%s", a.body)
		}
		d.want(http.StatusNoContent, "PUT", address, event("u-"+name, "Fête d'hiver", saturday), "If-Match: "+a.header.Get("ETag"))
	}
}

// Places have calendars of their own; an event belongs to one.
func TestPlaces(t *testing.T) {
	d := newDesk(t)
	place := node.PlaceOf(d.c.Device())
	theirs := "/dav/calendars/" + place.String() + "/"
	d.want(http.StatusCreated, "PUT", theirs+"a.ics", event("a", "Ici", saturday))
	d.want(http.StatusNotFound, "GET", ours+"a.ics", "")
	doc, err := d.c.Doc(commons.DerivedID("event", "a"))
	if err != nil || commons.Home(doc) != place {
		t.Errorf("the event belongs to %v, %v; want %v", commons.Home(doc), err, place)
	}
	// As programs move: put there, take away here.
	d.want(http.StatusCreated, "PUT", ours+"a.ics", event("a", "Partout", saturday))
	d.want(http.StatusNotFound, "DELETE", theirs+"a.ics", "")
	d.want(http.StatusOK, "GET", ours+"a.ics", "")
	d.want(http.StatusCreated, "MOVE", ours+"a.ics", "", "Destination: "+d.url+theirs+"a.ics")
	d.want(http.StatusOK, "GET", theirs+"a.ics", "")
	d.want(http.StatusForbidden, "PUT", "/dav/calendars/"+crdt.ID{9}.String()+"/b.ics", event("b", "Nulle part", saturday))
	d.want(http.StatusForbidden, "DELETE", theirs, "")
	d.want(http.StatusMethodNotAllowed, "MKCALENDAR", "/dav/calendars/new/", "")
}

// A token tells what changed since; one that isn't this store's is refused.
func TestSync(t *testing.T) {
	d := newDesk(t)
	sync := func(token string) (reply, string) {
		t.Helper()
		a := d.want(http.StatusMultiStatus, "REPORT", ours, `<d:sync-collection xmlns:d="DAV:"><d:sync-token>`+token+
			`</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`)
		return a, inner(a, "d:sync-token")
	}
	for _, uid := range []string{"a", "b", "c"} {
		d.want(http.StatusCreated, "PUT", ours+uid+".ics", event(uid, uid, saturday))
	}
	a, token := sync("")
	if got := a.addresses(); len(got) != 3 {
		t.Errorf("at first: %v; want 3", got)
	}
	d.want(http.StatusNoContent, "PUT", ours+"b.ics", event("b", "changed", saturday))
	d.want(http.StatusNoContent, "DELETE", ours+"c.ics", "")
	a, next := sync(token)
	if got := a.addresses(); !slices.Equal(got, []string{ours + "b.ics", ours + "c.ics"}) || strings.Count(a.body, "404 Not Found") != 1 {
		t.Errorf("what changed: %v; want b and c, which is gone\n%s", got, a.body)
	}
	if a, _ := sync(next); len(a.addresses()) != 0 {
		t.Errorf("nothing changed, and it says %v", a.addresses())
	}
	for _, token := range []string{"urn:navette:mark:dead.3", "urn:navette:mark:", "http://x/", token + "99999"} {
		a := d.want(http.StatusForbidden, "REPORT", ours, `<d:sync-collection xmlns:d="DAV:"><d:sync-token>`+token+`</d:sync-token><d:prop/></d:sync-collection>`)
		if !strings.Contains(a.body, "<d:valid-sync-token>") {
			t.Errorf("token %q: %s", token, a.body)
		}
	}
	a = d.want(http.StatusInsufficientStorage, "REPORT", ours, `<d:sync-collection xmlns:d="DAV:"><d:sync-token/><d:limit><d:nresults>1</d:nresults></d:limit><d:prop/></d:sync-collection>`)
	if !strings.Contains(a.body, "number-of-matches-within-limits") {
		t.Errorf("more than it wants: %s", a.body)
	}
}

// The tag of a calendar changes with its events, not with other things.
func TestTag(t *testing.T) {
	d := newDesk(t)
	tag := func() string {
		a := d.want(http.StatusMultiStatus, "PROPFIND", ours, `<d:propfind xmlns:d="DAV:" xmlns:cs="http://calendarserver.org/ns/"><d:prop><cs:getctag/></d:prop></d:propfind>`, "Depth: 0")
		return inner(a, "cs:getctag")
	}
	before := tag()
	_, err := d.c.Write(t.Context(), func() ([][]crdt.Edit, error) {
		return commons.Add(crdt.ID{1}, "tool", []commons.Assign{{Field: "name", Text: "Laser"}}, d.c.Env())
	})
	if err != nil {
		t.Fatal(err)
	}
	if tag() != before {
		t.Error("a tool changed the calendar's tag")
	}
	d.want(http.StatusCreated, "PUT", ours+"a.ics", event("a", "a", saturday))
	if tag() == before {
		t.Error("a new event didn't change the calendar's tag")
	}
}

// Which of three events a query finds: one in December, one in January, one
// every Tuesday from September on with an exception.
func TestQuery(t *testing.T) {
	d := newDesk(t)
	d.want(http.StatusCreated, "PUT", ours+"dec.ics", event("dec", "Atelier été", saturday, until, "CATEGORIES:bois", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT1H", "END:VALARM"))
	d.want(http.StatusCreated, "PUT", ours+"jan.ics", event("jan", "Réunion", "DTSTART;VALUE=DATE:20270112"))
	weekly := event("tue", "Permanence", "DTSTART;TZID=Europe/Paris:20260901T190000", "DTEND;TZID=Europe/Paris:20260901T200000", "RRULE:FREQ=WEEKLY;BYDAY=TU")
	weekly = strings.Replace(weekly, "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:tue\r\nDTSTAMP:20261101T120000Z\r\nRECURRENCE-ID;TZID=Europe/Paris:20261208T190000\r\n"+
		"DTSTART;TZID=Europe/Paris:20261209T190000\r\nDTEND;TZID=Europe/Paris:20261209T203000\r\nSUMMARY:Permanence déplacée\r\nEND:VEVENT\r\nEND:VCALENDAR", 1)
	d.want(http.StatusCreated, "PUT", ours+"tue.ics", weekly)
	for _, c := range []struct{ name, filter, want string }{
		{"all", ``, "dec jan tue"},
		{"events", `<c:comp-filter name="VEVENT"/>`, "dec jan tue"},
		{"tasks", `<c:comp-filter name="VTODO"/>`, ""},
		{"that day", `<c:comp-filter name="VEVENT"><c:time-range start="20261205T000000Z" end="20261206T000000Z"/></c:comp-filter>`, "dec"},
		{"a Tuesday in summer time", `<c:comp-filter name="VEVENT"><c:time-range start="20260908T170000Z" end="20260908T180000Z"/></c:comp-filter>`, "tue"},
		{"an hour later", `<c:comp-filter name="VEVENT"><c:time-range start="20260908T180000Z" end="20260908T190000Z"/></c:comp-filter>`, ""},
		{"the Tuesday that was moved", `<c:comp-filter name="VEVENT"><c:time-range start="20261208T000000Z" end="20261209T000000Z"/></c:comp-filter>`, ""},
		{"where it was moved to", `<c:comp-filter name="VEVENT"><c:time-range start="20261209T000000Z" end="20261210T000000Z"/></c:comp-filter>`, "tue"},
		{"from then on", `<c:comp-filter name="VEVENT"><c:time-range start="20270101T000000Z"/></c:comp-filter>`, "jan tue"},
		{"by a word, whatever its accents", `<c:comp-filter name="VEVENT"><c:prop-filter name="SUMMARY"><c:text-match>ETE</c:text-match></c:prop-filter></c:comp-filter>`, "dec"},
		{"without that word", `<c:comp-filter name="VEVENT"><c:prop-filter name="SUMMARY"><c:text-match negate-condition="yes">permanence</c:text-match></c:prop-filter></c:comp-filter>`, "dec jan"},
		{"to the letter", `<c:comp-filter name="VEVENT"><c:prop-filter name="SUMMARY"><c:text-match collation="i;octet">ete</c:text-match></c:prop-filter></c:comp-filter>`, ""},
		{"without categories", `<c:comp-filter name="VEVENT"><c:prop-filter name="CATEGORIES"><c:is-not-defined/></c:prop-filter></c:comp-filter>`, "jan tue"},
		{"with an alarm", `<c:comp-filter name="VEVENT"><c:comp-filter name="VALARM"/></c:comp-filter>`, "dec"},
		{"by a parameter", `<c:comp-filter name="VEVENT"><c:prop-filter name="DTSTART"><c:param-filter name="TZID"/></c:prop-filter></c:comp-filter>`, "dec tue"},
	} {
		a := d.want(http.StatusMultiStatus, "REPORT", ours, `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR">`+
			c.filter+`</c:comp-filter></c:filter></c:calendar-query>`, "Depth: 1")
		var got []string
		for _, address := range a.addresses() {
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(address, ours), ".ics"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v; want %s", c.name, got, c.want)
		}
	}
	a := d.want(http.StatusMultiStatus, "REPORT", ours, `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data>
		<c:expand start="20261201T000000Z" end="20261216T000000Z"/></c:calendar-data></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">
		<c:time-range start="20261201T000000Z" end="20261216T000000Z"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`)
	for _, want := range []string{"DTSTART:20261201T180000Z", "DTSTART:20261209T180000Z", "RECURRENCE-ID:20261208T180000Z", "DTSTART:20261215T180000Z", "DTSTART:20261205T130000Z"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("expanded, %s isn't there\n%s", want, a.body)
		}
	}
	if strings.Contains(a.body, "RRULE") {
		t.Error("expanded, a rule is left")
	}
	a = d.want(http.StatusOK, "REPORT", ours, `<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:time-range start="20261204T000000Z" end="20261206T000000Z"/></c:free-busy-query>`)
	if !strings.Contains(a.body, "FREEBUSY:20261205T130000Z/20261205T150000Z") {
		t.Errorf("busy times:\n%s", a.body)
	}
	a = d.want(http.StatusMultiStatus, "REPORT", ours, fmt.Sprintf(`<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop>
		<d:href>%sdec.ics</d:href><d:href>%snone.ics</d:href></c:calendar-multiget>`, ours, ours))
	if !strings.Contains(a.body, "SUMMARY:Atelier été") || strings.Count(a.body, "404 Not Found") != 1 {
		t.Errorf("two asked for, one there:\n%s", a.body)
	}
}

// What can't be kept whole is refused, with the line that it is about.
func TestRefused(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ name, body, condition, says string }{
		{"no calendar", "hello", "c:valid-calendar-data", ""},
		{"nothing", "", "c:valid-calendar-data", ""},
		{"a task", strings.ReplaceAll(event("a", "a"), "VEVENT", "VTODO"), "c:supported-calendar-component", "One event"},
		{"two events", strings.Replace(event("a", "a", saturday), "END:VCALENDAR", strings.TrimPrefix(event("b", "b", saturday), "BEGIN:VCALENDAR"), 1), "", ""},
		{"no start", event("a", "a", "DTSTART:yesterday"), "c:valid-calendar-data", "no start"},
		{"a bad line", event("a", "a", saturday, "what is this"), "c:valid-calendar-data", "Line 9"},
		{"an invitation", strings.Replace(event("a", "a", saturday), "VERSION", "METHOD:REQUEST\r\nVERSION", 1), "c:valid-calendar-object-resource", ""},
		{"a value too long", event("a", strings.Repeat("x", 60<<10), saturday), "c:valid-calendar-data", "more than the 49024"},
	} {
		a := d.want(http.StatusForbidden, "PUT", ours+"a.ics", c.body)
		if !strings.Contains(a.body, c.condition) || !strings.Contains(a.body, c.says) {
			t.Errorf("%s: %s; want %s and %q", c.name, a.body, c.condition, c.says)
		}
	}
	d.want(http.StatusForbidden, "PUT", ours+"a.ics", event("a", "a", saturday), "Content-Type: application/json")
	d.want(http.StatusRequestEntityTooLarge, "PUT", ours+"a.ics", event("a", strings.Repeat("x", 2<<20), saturday))
	d.want(http.StatusBadRequest, "PROPFIND", ours, "<not xml")
	d.want(http.StatusNotFound, "GET", "/dav/elsewhere", "")
	if n := len(d.c.MemberList()); n != 1 {
		t.Fatal(n)
	}
	a := d.want(http.StatusMultiStatus, "PROPPATCH", ours, `<d:propertyupdate xmlns:d="DAV:" xmlns:a="http://apple.com/ns/ical/"><d:set><d:prop><a:calendar-color>#ff0000</a:calendar-color></d:prop></d:set></d:propertyupdate>`)
	if !strings.Contains(a.body, "403 Forbidden") {
		t.Errorf("a colour: %s", a.body)
	}
	d.password = "wrong"
	a = d.want(http.StatusUnauthorized, "PROPFIND", "/dav/", "")
	if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") || !strings.Contains(a.body, "app password") {
		t.Errorf("a wrong password: %v %s", a.header, a.body)
	}
}

// Private events are whole for who made them, and times for others; a secret
// address shows times to everybody, and nothing once it is revoked.
func TestPrivate(t *testing.T) {
	d := newDesk(t)
	d.want(http.StatusCreated, "PUT", ours+"p.ics", event("p", "Chez le médecin", saturday, until, "CLASS:PRIVATE", "LOCATION:Rue X", "DESCRIPTION:secret"))
	d.want(http.StatusCreated, "PUT", ours+"q.ics", event("q", "Portes ouvertes", saturday, until))
	if a := d.want(http.StatusOK, "GET", ours+"p.ics", ""); !strings.Contains(a.body, "médecin") {
		t.Errorf("to who made it:\n%s", a.body)
	}
	pass, secret, err := d.c.AddPass(node.PassLink, d.c.Person(), "Poster", nil)
	if err != nil {
		t.Fatal(err)
	}
	address := "/cal/" + secret + ".ics"
	a := d.want(http.StatusOK, "GET", address, "")
	for _, hidden := range []string{"médecin", "Rue X", "secret"} {
		if strings.Contains(a.body, hidden) {
			t.Errorf("the link shows %q:\n%s", hidden, a.body)
		}
	}
	for _, shown := range []string{"SUMMARY:Busy", "Portes ouvertes", "X-WR-CALNAME:Communs du Boulonnais", saturday} {
		if !strings.Contains(a.body, shown) {
			t.Errorf("the link doesn't show %q:\n%s", shown, a.body)
		}
	}
	d.want(http.StatusNotModified, "GET", address, "", "If-None-Match: "+a.header.Get("ETag"))
	d.want(http.StatusMethodNotAllowed, "PUT", address, event("p", "x", saturday))
	if _, err := d.c.RevokePass(pass.ID); err != nil {
		t.Fatal(err)
	}
	d.want(http.StatusNotFound, "GET", address, "")
	// Somebody else of the commons, whose key this node keeps, sees a time and
	// leaves it alone; what they make is theirs.
	guest, err := d.c.Host(t.Context())
	if err == nil {
		_, err = d.c.Grant(t.Context(), guest, oplog.RoleMember, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, mine, err := d.c.AddPass(node.PassCalendar, d.c.Person(), "Phone", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, theirs, err := d.c.AddPass(node.PassCalendar, guest, "Tablet", nil)
	if err != nil {
		t.Fatal(err)
	}
	d.password = theirs
	if a := d.want(http.StatusOK, "GET", ours+"p.ics", ""); strings.Contains(a.body, "médecin") || !strings.Contains(a.body, "SUMMARY:Busy") {
		t.Errorf("to another:\n%s", a.body)
	}
	d.want(http.StatusForbidden, "PUT", ours+"p.ics", event("p", "Rien", saturday))
	d.want(http.StatusForbidden, "DELETE", ours+"p.ics", "")
	d.want(http.StatusCreated, "PUT", ours+"r.ics", event("r", "Secret", saturday, "CLASS:CONFIDENTIAL"))
	d.password = mine
	if a := d.want(http.StatusOK, "GET", ours+"r.ics", ""); strings.Contains(a.body, "SUMMARY:Secret") {
		t.Errorf("what the other made is theirs:\n%s", a.body)
	}
	// A password of somebody who isn't of the commons is none.
	_, stranger, err := d.c.AddPass(node.PassCalendar, oplog.Key{1}, "?", nil)
	if err != nil {
		t.Fatal(err)
	}
	d.password = stranger
	d.want(http.StatusUnauthorized, "GET", ours+"p.ics", "")
}

// After more has come than is gone through one by one, what programs see is as
// it is now.
func TestAfterAnImport(t *testing.T) {
	d := newDesk(t)
	d.want(http.StatusCreated, "PUT", ours+"a.ics", event("a", "Avant", saturday))
	d.want(http.StatusCreated, "PUT", ours+"b.ics", event("b", "Retiré", saturday))
	var tools []func() ([][]crdt.Edit, error)
	for i := range 5000 {
		tools = append(tools, func() ([][]crdt.Edit, error) {
			name := fmt.Sprintf("Outil %d", i)
			return commons.Add(commons.DerivedID("tool", name), "tool", []commons.Assign{{Field: "name", Text: name}}, d.c.Env())
		})
	}
	if _, err := d.c.WriteAll(t.Context(), tools); err != nil {
		t.Fatal(err)
	}
	_, err := d.c.Write(t.Context(), func() ([][]crdt.Edit, error) {
		a, err := d.c.Doc(commons.DerivedID("event", "a"))
		if err != nil {
			return nil, err
		}
		return commons.Set(a, []commons.Assign{{Field: "title", Text: "Après"}}, d.c.Env())
	})
	if err == nil {
		_, err = d.c.Write(t.Context(), func() ([][]crdt.Edit, error) {
			b, err := d.c.Doc(commons.DerivedID("event", "b"))
			if err != nil {
				return nil, err
			}
			return commons.Remove(b)
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if a := d.want(http.StatusOK, "GET", ours+"a.ics", ""); !strings.Contains(a.body, "SUMMARY:Après") {
		t.Errorf("the event reads\n%s", a.body)
	}
	d.want(http.StatusNotFound, "GET", ours+"b.ics", "")
}
