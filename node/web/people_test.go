package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"navette/crdt/oplog"
	"navette/node"
)

// A steward lets in who asked, hands a code to who forgot theirs, and removes
// who left; a member sees who is there and can do none of it.
func TestPeople(t *testing.T) {
	s := newSite(t)
	bea := s.visitor()
	bea.took(bea.post("/join", http.StatusOK, "name=Béa", "pin=271828", "pin2=271828"))
	person := "person=" + s.s.book.named("Béa").Person.String()
	come := s.visitor()
	come.took(come.post("/join", http.StatusOK, "name=Côme", "pin=314159", "pin2=314159"))

	ana := s.as(s.commons.Person())
	ana.shows(ana.get("/", http.StatusOK), "2 personnes demandent à entrer")
	ana.shows(ana.get("/people", http.StatusOK), "Béa", "Côme", "Faire entrer")
	ana.shows(ana.post("/people/in", http.StatusOK, person), "Béa est maintenant membre")
	ana.post("/people/in", http.StatusNotFound, person)
	ana.shows(ana.post("/people/out", http.StatusOK, "person="+s.s.book.named("Côme").Person.String()), "La demande de Côme est effacée")
	if page := come.get("/", http.StatusOK); strings.Contains(page, ">Côme<") {
		t.Error("who was refused is still signed in")
	}

	page := bea.get("/people", http.StatusOK)
	bea.shows(page, "Ana", "Béa", "responsable", "membre")
	for _, path := range []string{"/people/in", "/people/code", "/people/remove", "/invite", "/devices/revoke"} {
		bea.post(path, http.StatusForbidden, person)
	}
	bea.get("/invite", http.StatusForbidden)

	code := shownCode.FindStringSubmatch(ana.post("/people/code", http.StatusOK, person))[1]
	again := s.visitor()
	again.post("/login", http.StatusForbidden, "name=Béa", "pin=271828")
	page = again.post("/code", http.StatusOK, "code="+code)
	again.took(page)
	again.shows(page, "Choisir un code secret")
	again.shows(again.post("/me/pin", http.StatusOK, "pin=161803", "pin2=161803"), "Le code secret est changé")
	s.visitor().signsIn("Béa", "161803")

	ana.shows(ana.post("/people/remove", http.StatusOK, person), "Béa n&#39;est plus membre")
	again.get("/people", http.StatusForbidden)
	ana.post("/people/remove", http.StatusForbidden, "person="+s.commons.Person().String())
}

var inviteLink = regexp.MustCompile(`navette:[^<\s]+`)

// An invitation is shown once, listed, and withdrawn.
func TestInvitations(t *testing.T) {
	s := newSite(t)
	ana := s.as(s.commons.Person())
	page := ana.post("/invite", http.StatusOK, "note=La Plume", "role=member", "uses=1", "days=30")
	if inviteLink.FindString(page) == "" {
		t.Fatalf("no link is shown: %s", text(page))
	}
	page = ana.get("/invite", http.StatusOK)
	ana.shows(page, "La Plume", "pas encore utilisée")
	if inviteLink.FindString(page) != "" {
		t.Error("the link is shown again")
	}
	id := s.commons.Invitations()[0].ID()
	ana.shows(ana.post("/invite/end", http.StatusOK, "id="+id), "annulée", "finie")
	ana.post("/invite", http.StatusUnprocessableEntity, "uses=many", "days=1")
}

// What people write runs nowhere: names, titles, notes, Markdown.
func TestWhatPeopleWriteIsText(t *testing.T) {
	s := newSite(t)
	const evil = `<script>alert(1)</script><img src=x onerror=alert(1)>"'>`
	s.add("tool", "name="+evil, "description="+evil, "location="+evil)
	s.add("event", "title="+evil, "start=2031-01-01 10:00", "location="+evil)
	s.add("proposal", "title="+evil, "body="+evil, "state=published")
	b := s.visitor()
	b.took(b.post("/join", http.StatusOK, "name="+evil, "pin=271828", "pin2=271828"))
	ana := s.as(s.commons.Person())
	for _, path := range []string{"/", "/share", "/agenda?from=2031-01-01", "/decide", "/people", "/share?q=" + "%3Cscript%3Ealert(1)%3C/script%3E", "/login?back=%22%3E%3Cscript%3E"} {
		page := ana.get(path, http.StatusOK)
		if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x") {
			t.Errorf("%s takes what people wrote for HTML", path)
		}
	}
}

// The doctor's words are there for each of its codes, and devices are listed.
func TestHealthAndDevices(t *testing.T) {
	s := newSite(t)
	s.joins("Béa", "271828")
	ana := s.as(s.commons.Person())
	ana.shows(ana.get("/health-check", http.StatusOK), "trousse de secours", "Aucune sauvegarde", "Seulement nous")
	ana.shows(ana.get("/devices", http.StatusOK), "La Fabrique", "cette machine", "héberge 1 personne")
	ana.post("/devices/revoke", http.StatusNotFound, "person="+s.commons.Person().String(), "device="+oplog.Key{1}.String()[:8])
	s.visitor().get("/health-check", http.StatusForbidden)
}

// Exchanges are shown to everybody, addresses to members, and a valise that was
// packed here is taken for what it is.
func TestExchanges(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.shows(v.get("/exchanges", http.StatusOK), s.commons.Fingerprint().String(), "Aucun autre lieu")
	v.get("/exchanges/valise", http.StatusForbidden)
	ana := s.as(s.commons.Person())
	valise := ana.get("/exchanges/valise", http.StatusOK)
	ana.shows(ana.send(valisePath, "v.navette", valise, http.StatusOK), "préparée ici")
	ana.shows(ana.send(valisePath, "v.navette", "no valise", http.StatusUnprocessableEntity), "pas une valise")
	ana.shows(ana.send(valisePath, "v.navette", valise[:20], http.StatusUnprocessableEntity), "abîmé")
}

// What leads to a person leads to the people.
func TestAPersonIsFound(t *testing.T) {
	s := newSite(t)
	id := node.PersonOf(s.commons.Person())
	ana := s.ana()
	ana.shows(ana.get("/things/"+id.String(), http.StatusOK), "<h1>Membres</h1>", "Ana")
}
