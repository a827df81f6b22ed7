package web

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"navette/crdt/commons"
	"navette/crdt/oplog"
)

// The set-up: nothing but it is answered before, a wrong code opens nothing,
// and whoever did it is the steward.
func TestSetup(t *testing.T) {
	s := newNode(t)
	v := s.visitor()
	v.shows(v.get("/share", http.StatusOK), "Code de mise en place")
	v.shows(v.post("/setup", http.StatusForbidden, "step=code", "code=AAAA-AAAA"), "pas le code affiché")
	v.post("/setup", http.StatusForbidden, "step=person", "code=", "place=P", "name=N", "wifi=us", "person=Eve", "pin=918273", "pin2=918273")

	code := "code=" + strings.ToLower(s.s.SetupCode())
	v.shows(v.post("/setup", http.StatusOK, "step=code", code, "lang=en"), "Where are you?", `<html lang="en"`)
	v.shows(v.post("/setup", http.StatusUnprocessableEntity, "step=place", code, "place=La Fabrique"), "each need a name")
	v.shows(v.post("/setup", http.StatusOK, "step=place", code, "place=La Fabrique", "name=Communs"), "Who uses this Wi-Fi?")
	all := []string{code, "place=La Fabrique", "name=Communs", "wifi=us"}
	v.post("/setup", http.StatusUnprocessableEntity, "step=wifi", code, "place=La Fabrique", "name=Communs", "wifi=nobody")
	v.shows(v.post("/setup", http.StatusOK, append(all, "step=wifi")...), "Who are you?")
	last := append(all, "step=person", "person=Ana")
	v.shows(v.post("/setup", http.StatusUnprocessableEntity, append(last, "pin=123456", "pin2=123456")...), "Anybody would guess")
	v.shows(v.post("/setup", http.StatusUnprocessableEntity, append(last, "pin=918273", "pin2=918274")...), "aren&#39;t the same", `value="Ana"`)
	v.shows(v.post("/setup", http.StatusOK, append(last, "pin=918273", "pin2=918273")...), "Welcome to La Fabrique", "It is ready", ">Ana<")
	v.shows(v.get("/me", http.StatusOK), "a steward")

	if got := s.s.SetupCode(); got != "" {
		t.Errorf("after the set-up there is still a code: %q", got)
	}
	v.shows(s.visitor().post("/setup", http.StatusOK, append(last, "pin=918273", "pin2=918273")...), "Bienvenue à La Fabrique")
	if all := s.s.node.All(); len(all) != 1 || all[0].Name() != "Communs" || all[0].Role() != oplog.RoleSteward {
		t.Errorf("there are %d commons, %q", len(all), all[0].Name())
	}
	s.visitor().signsIn("ANA", "918273")
}

// joins makes a person on a phone and lets them in.
func (s *site) joins(name, pin string) *browser {
	s.t.Helper()
	b := s.visitor()
	b.took(b.post("/join", http.StatusOK, "name="+name, "pin="+pin, "pin2="+pin))
	a := s.s.book.named(name)
	if a == nil {
		s.t.Fatalf("%s has no account", name)
	}
	if err := s.s.letIn(s.t.Context(), s.commons, a.Person); err != nil {
		s.t.Fatal(err)
	}
	return b
}

// A phone makes a person, who may write once a steward let them in, and signs
// in again later.
func TestHostedPerson(t *testing.T) {
	s := newSite(t)
	b := s.visitor()
	b.shows(b.post("/join", http.StatusUnprocessableEntity, "name=Béa", "pin=12345", "pin2=12345"), "trop court", `value="Béa"`)
	page := b.post("/join", http.StatusOK, "name= Béa\u202e ", "pin=271828", "pin2=271828")
	b.took(page)
	b.shows(page, "C&#39;est demandé", ">Béa<")
	b.shows(b.get("/help", http.StatusForbidden), "doit d&#39;abord vous faire entrer")
	b.shows(s.visitor().post("/join", http.StatusConflict, "name=BEA", "pin=271828", "pin2=271828"), "déjà « BEA »")
	a := s.s.book.named("bea")
	if err := s.s.letIn(t.Context(), s.commons, a.Person); err != nil {
		t.Fatal(err)
	}
	b.shows(b.get("/help", http.StatusOK), "Qui aidez-vous ?", "Ana")
	b.shows(b.post("/logout", http.StatusOK), "vous a oublié")
	b.token = ""
	b.get("/help", http.StatusForbidden)
	b.signsIn("Bea", "271828")
	b.get("/help", http.StatusOK)
	if got := s.commons.PersonName(a.Person); got != "Béa" {
		t.Errorf("the commons calls her %q", got)
	}
}

// What a helper does is in the name of both.
func TestHelping(t *testing.T) {
	s := newSite(t)
	b := s.joins("Béa", "271828")
	ana := s.commons.Person()
	b.shows(b.post("/help", http.StatusOK, "person="+ana.String()), "Vous aidez Ana")
	v := s.s.visitOf(b)
	id := commons.DerivedID("tool", "drill")
	err := v.write(addTool(id, s.commons.Env()))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := s.commons.History(id)
	if err != nil || len(steps) != 1 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	if c := steps[0].Change; s.commons.Writer(c.Log).Person != s.s.book.named("Béa").Person || c.OnBehalf == nil || *c.OnBehalf != ana {
		t.Errorf("written by %v on behalf of %v", s.commons.Writer(c.Log).Person, c.OnBehalf)
	}
	b.shows(b.get("/things/"+id.String()+"/history", http.StatusOK), "Béa pour Ana, La Fabrique")
	if page := b.post("/help/end", http.StatusOK); strings.Contains(page, "Vous aidez") {
		t.Error("she still helps")
	}
	b.post("/help", http.StatusNotFound, "person="+oplog.Key{1}.String())
}

var shownCode = regexp.MustCompile(`class="code digits">([^<]+)<`)

// A code signs in once, on another device, and not after five minutes.
func TestCode(t *testing.T) {
	s := newSite(t)
	b := s.joins("Béa", "271828")
	code := shownCode.FindStringSubmatch(b.post("/me/code", http.StatusOK))[1]
	other := s.visitor()
	other.shows(other.post("/code", http.StatusForbidden, "code=AAAA-BBBB"), "ne vaut pas")
	other.shows(other.post("/code", http.StatusOK, "code="+strings.ToLower(strings.ReplaceAll(code, "-", " ")), "back=/"), "Bonjour", ">Béa<")
	s.visitor().post("/code", http.StatusForbidden, "code="+code)

	person := s.s.book.named("Béa").Person
	c := s.s.passes.give(time.Now(), person)
	if _, ok := s.s.passes.take(time.Now().Add(passFor+time.Second), c.Long); ok {
		t.Error("a code is good for longer than it says")
	}
	if got, ok := s.s.passes.take(time.Now(), c.Long); !ok || got != person {
		t.Errorf("take: %v, %v", got, ok)
	}
	if _, ok := s.s.passes.take(time.Now(), c.Short); ok {
		t.Error("the short form is good after the long one was used")
	}
}

// Guesses have to wait, whether the name exists or not, and answers are the
// same for both.
func TestGuesses(t *testing.T) {
	s := newSite(t)
	s.joins("Béa", "271828")
	said := map[string]string{}
	for _, name := range []string{"Béa", "Nemo"} {
		v := s.visitor()
		for range triesPerAccount {
			said[name] = strings.ReplaceAll(text(v.post("/login", http.StatusForbidden, "name="+name, "pin=000001")), name, "")
		}
		v.shows(v.post("/login", http.StatusTooManyRequests, "name="+name, "pin=271828"), "Attendez 1 minute")
	}
	if said["Béa"] != said["Nemo"] {
		t.Errorf("what is said of a name that exists is %q, of one that doesn't %q", said["Béa"], said["Nemo"])
	}
}

// A thousand guesses of one PIN take more than three hours, from any number of
// addresses.
func TestThousandGuesses(t *testing.T) {
	var tr tries
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := begin
	for range 1000 {
		now = now.Add(tr.left(now, "name BÉA"))
		tr.failed(now, "name BÉA", triesPerAccount)
		now = now.Add(time.Second)
	}
	if took := now.Sub(begin); took < 3*time.Hour {
		t.Errorf("1 000 guesses took %v, want more than three hours", took)
	}
}

// With anybody on the Wi-Fi no session is ever begun over plain HTTP, and one
// that there was counts no more.
func TestAnybodyOnTheWiFi(t *testing.T) {
	s := newSite(t)
	s.joins("Béa", "271828")
	wifi := s.onWiFi()
	b := wifi.visitor()
	b.signsIn("Béa", "271828")
	b.get("/help", http.StatusOK)
	if err := s.s.book.edit(func(in *bookFile) error { in.WiFi = anyone; return nil }); err != nil {
		t.Fatal(err)
	}
	b.get("/help", http.StatusForbidden)
	b = wifi.visitor()
	b.shows(b.post("/login", http.StatusForbidden, "name=Béa", "pin=271828"), "adresse protégée")
	b.shows(b.get("/code", http.StatusOK), "adresse protégée")
	b.post("/code", http.StatusForbidden, "code="+s.s.passes.give(time.Now(), s.s.book.named("Béa").Person).Short)
	b.post("/join", http.StatusForbidden, "name=Zoé", "pin=271828", "pin2=271828")
	u, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	if c := b.client.Jar.Cookies(u); len(c) != 0 {
		t.Errorf("cookies were set over plain HTTP: %v", c)
	}
}

// Calendar programs are answered by their own server: not for a page elsewhere
// that sends a browser there, and with anybody on the Wi-Fi their passwords
// take TLS.
func TestCalendarsPassTheGuard(t *testing.T) {
	s := newSite(t)
	s.s.o.Calendars = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	ask := func(on side, path, site string) int {
		r := httptest.NewRequest("PROPFIND", "http://"+map[side]string{loopback: "127.0.0.1", plain: "192.0.2.7", secure: "192.0.2.7"}[on]+":80"+path, nil)
		r.RemoteAddr = map[side]string{loopback: "127.0.0.1:999", plain: "192.0.2.9:999", secure: "192.0.2.9:999"}[on]
		if on == secure {
			r.TLS = new(tls.ConnectionState)
		}
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		s.s.calendars(w, r)
		return w.Code
	}
	for _, wifi := range []string{onlyUs, anyone} {
		if err := s.s.book.edit(func(in *bookFile) error { in.WiFi = wifi; return nil }); err != nil {
			t.Fatal(err)
		}
		for _, on := range sides {
			for _, path := range []string{"/dav/", "/cal/x.ics", "/.well-known/caldav"} {
				want := http.StatusTeapot
				if wifi == anyone && on == plain && path != "/cal/x.ics" {
					want = http.StatusForbidden
				}
				if got := ask(on, path, ""); got != want {
					t.Errorf("%s, %v, %s: %d, want %d", wifi, on, path, got, want)
				}
				if got := ask(on, path, "cross-site"); got != http.StatusForbidden {
					t.Errorf("%s, %v, %s, from a page elsewhere: %d, want %d", wifi, on, path, got, http.StatusForbidden)
				}
			}
		}
	}
}

// Stewards act as members where others could read the cookie.
func TestStewardsOnPlainHTTP(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		name string
		on   side
		want oplog.Role
	}{{"this machine", loopback, oplog.RoleSteward}, {"the Wi-Fi", plain, oplog.RoleMember}, {"TLS", secure, oplog.RoleSteward}}
	for _, tt := range tests {
		if got := s.s.roleOf(s.commons, s.commons.Person(), tt.on); got != tt.want {
			t.Errorf("%s: the steward is %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"  Ana \t Bel\u200b ":       "Ana Bel",
		"Be\u0301a":                 "Béa",
		"\u202eanA":                 "anA",
		"\x00\n":                    "",
		strings.Repeat("é", 70):     strings.Repeat("é", 64),
		"👩\u200d🔬 Marie":            "👩🔬 Marie",
		"<script>alert(1)</script>": "<script>alert(1)</script>",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("cleanName(%q) = %q, want %q", in, got, want)
		}
	}
}
