package web

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"navette/node"
)

// inParis puts the place into a time zone.
func (s *site) inParis() *site {
	s.write(node.PlaceOf(s.commons.Device()), "zone=Europe/Paris")
	return s
}

func TestAgendaByDayAndMonth(t *testing.T) {
	s := newSite(t).inParis()
	v := s.visitor()
	v.shows(v.get("/agenda", http.StatusOK), "L&#39;agenda est vide")
	s.add("event", "title=Atelier vélo", "start=2027-03-22T19:00", "end=2027-03-22T21:00", "location=Cour", "repeat=FREQ=WEEKLY;COUNT=4")
	s.add("event", "title=Fête", "start=2027-03-27", "end=2027-03-29")
	s.add("event", "title=Bureau", "start=2027-03-23T18:00", "visibility=members")
	s.add("event", "title=Londres", "start=2027-03-24T12:00 Europe/London", "capacity=8")
	page := v.get("/agenda?from=2027-03-20", http.StatusOK)
	// 19:00 stays 19:00 across the change of clocks, which is on 28 March.
	if got := strings.Count(page, "19\u00a0h\u00a000"); got != 4 {
		t.Errorf("19:00 is shown %d times; want 4", got)
	}
	v.shows(page, "Atelier vélo", "Cour", "samedi 27 mars", "dimanche 28 mars", "jour entier", "13\u00a0h\u00a000", "8 places libres")
	v.hides(page, "Bureau", "lundi 15 mars")
	v.shows(v.get("/agenda?from=2027-03-20&q=velo", http.StatusOK), "Atelier")
	v.hides(v.get("/agenda?from=2027-03-20&q=velo", http.StatusOK), "Fête")
	v.shows(v.get("/agenda?from=2030-01-01", http.StatusOK), "Rien dans ces semaines")
	month := v.get("/agenda/month?month=2027-03", http.StatusOK)
	v.shows(month, "mars 2027", "Atelier vélo", "month=2027-02", "month=2027-04")
	if got := strings.Count(month, "<tr>"); got != 6 {
		t.Errorf("the grid has %d rows; want the heading and five weeks", got)
	}
	if got := strings.Count(month, ">Fête<"); got != 2 {
		t.Errorf("a feast of two days is on %d days", got)
	}
	v.get("/agenda/month?month=nonsense", http.StatusOK)
}

func TestEventFromForm(t *testing.T) {
	s := newSite(t).inParis()
	ana := s.ana()
	page := ana.post("/agenda/new", http.StatusOK, "title=Soirée <b>", "day=2027-05-04", "from=19:00", "to=21:30", "repeat=monthly", "until=2027-12-31", "capacity=8", "location=Salle", "categories=jeux, thé")
	ana.shows(page, "est ajouté", "Soirée &lt;b&gt;", "19\u00a0h\u00a000", "21\u00a0h\u00a030", "Le premier mardi du mois, jusqu&#39;au vendredi 31 décembre 2027", "jeux", "Prochaines dates")
	id := s.items("event")[0].id
	path := pathOf("event", id)
	for field, want := range map[string]string{
		"start": "2027-05-04T19:00[Europe/Paris]", "end": "2027-05-04T21:30[Europe/Paris]", "repeat": "FREQ=MONTHLY;BYDAY=1TU;UNTIL=20271231T225959Z", "capacity": "8",
	} {
		if got := s.field(id, field); got != want {
			t.Errorf("%s = %q; want %q", field, got, want)
		}
	}
	form := ana.get(path+"/edit", http.StatusOK)
	ana.shows(form, `value="2027-05-04"`, `value="19:00"`, `value="21:30"`, `value="monthly" selected`, `value="2027-12-31"`)

	// A form sent back as it was changes nothing; the hour alone moves the hour.
	same := []string{"title=Soirée <b>", "was.title=Soirée <b>", "day=2027-05-04", "was.day=2027-05-04", "to=21:30", "was.to=21:30", "was.from=19:00", "repeat=monthly", "was.repeat=monthly", "until=2027-12-31", "was.until=2027-12-31"}
	ana.shows(ana.post(path+"/edit", http.StatusOK, append(same, "from=19:00")...), "Rien n&#39;a changé")
	changed := ana.post(path+"/edit", http.StatusOK, append(same, "from=20:00")...)
	ana.shows(changed, "C&#39;est enregistré")
	if got := s.field(id, "start"); got != "2027-05-04T20:00[Europe/Paris]" {
		t.Errorf("start = %q", got)
	}
	ana.undo(changed)
	if got := s.field(id, "start"); got != "2027-05-04T19:00[Europe/Paris]" {
		t.Errorf("start after undo = %q", got)
	}

	for name, tt := range map[string]struct{ fields, says string }{
		"no day":      {"title=x&day=&from=10:00", "n&#39;est pas un jour"},
		"no hour":     {"title=x&day=2027-05-04&from=tôt", "n&#39;est pas une heure"},
		"no start":    {"title=x&day=2027-05-04&to=10:00", "Il manque l&#39;heure de début"},
		"backwards":   {"title=x&day=2027-05-04&from=10:00&to=09:00", "La fin est avant le début"},
		"ends before": {"title=x&day=2027-05-04&from=10:00&repeat=weekly&until=2027-01-01", "La fin est avant le début"},
		"no title":    {"title=&day=2027-05-04", "Il manque"},
		"seats":       {"title=x&day=2027-05-04&capacity=plein", "ne va pas dans"},
	} {
		back := ana.post("/agenda/new", http.StatusUnprocessableEntity, append(strings.Split(tt.fields, "&"), "description=mes mots")...)
		if !strings.Contains(back, tt.says) || !strings.Contains(back, "mes mots") {
			t.Errorf("%s: the form doesn't come back with %q: %s", name, tt.says, text(back))
		}
	}
	page = ana.post("/agenda/new", http.StatusOK, "title=Camp", "day=2027-07-01", "last=2027-07-03")
	ana.shows(page, "jeudi 1er juillet 2027 – samedi 3 juillet 2027")
	camp := s.items("event")[0].id
	if got := s.field(camp, "end"); got != "2027-07-04" {
		t.Errorf("the camp ends %q; want the day after, as calendars have it", got)
	}
	ana.shows(ana.get(pathOf("event", camp)+"/edit", http.StatusOK), `name="last" value="2027-07-03"`)
}

func TestSignUpsAndWaitingList(t *testing.T) {
	s := newSite(t).inParis()
	v, ana := s.visitor(), s.ana()
	id := s.add("event", "title=Laser", "start=2037-05-04T19:00", "capacity=8")
	path := pathOf("event", id)
	ana.shows(ana.post(path+"/sign-up", http.StatusOK), "Ana a une place", "Vous avez une place", "Places prises : 1 sur 8")
	for i := range 7 {
		ana.post(path+"/sign-up", http.StatusOK, fmt.Sprintf("who=Personne %d", i+1))
	}
	page := ana.post(path+"/sign-up", http.StatusOK, "who=Zoé <script>alert(1)</script>")
	ana.shows(page, "nº 1", "1 personne attend", "Zoé &lt;script&gt;")
	ana.hides(page, "<script>alert")
	public := v.get(path, http.StatusOK)
	v.shows(public, "Places prises : 8 sur 8", "Les membres peuvent s&#39;inscrire")
	v.hides(public, "Zoé", "Personne 1")
	v.shows(v.get("/agenda?from=2037-05-01", http.StatusOK), "complet")
	page = ana.post(path+"/cancel", http.StatusOK)
	ana.shows(page, "ne vient plus")
	ana.hides(page, "1 personne attend")
	ana.shows(ana.post(path+"/sign-up", http.StatusUnprocessableEntity, "who="+strings.Repeat("x", 80)), "ne peut pas inscrire", "xxxx")
	v.post(path+"/sign-up", http.StatusForbidden)

	// Of an event that repeats, each date has its own seats.
	weekly := s.add("event", "title=Couture", "start=2037-05-05T14:00", "capacity=1", "repeat=FREQ=WEEKLY;COUNT=3")
	at := "20370512T140000/Europe/Paris"
	page = ana.post(pathOf("event", weekly)+"/sign-up", http.StatusOK, "at="+at)
	ana.shows(page, "mardi 12 mai 2037", "Places prises : 1 sur 1")
	ana.shows(ana.get(pathOf("event", weekly), http.StatusOK), "mardi 5 mai 2037", "Places prises : 0 sur 1")
}

func TestSubscribe(t *testing.T) {
	s := newSite(t)
	ana := s.ana()
	page := ana.post("/agenda/subscribe", http.StatusOK, "name=Gsm")
	ana.shows(page, "/cal/", ".ics", "Gsm")
	ana.hides(ana.get("/agenda/subscribe", http.StatusOK), ".ics")
	id := regexp.MustCompile(`name="id" value="([^"]*)"`).FindStringSubmatch(page)
	if id == nil {
		t.Fatal("the address can't be ended")
	}
	ana.hides(ana.post("/agenda/subscribe/end", http.StatusOK, "id="+id[1]), "Gsm")
	ana.post("/agenda/subscribe/end", http.StatusNotFound, "id="+id[1])

	page = ana.post("/agenda/subscribe", http.StatusOK, "name=Thunderbird", "use=calendar")
	ana.shows(page, "/dav/", "Ana", "lit et écrit")
	secret := regexp.MustCompile(`<strong class="code">([a-z0-9-]+)</strong>`).FindStringSubmatch(page)
	if secret == nil {
		t.Fatal("the page doesn't show the password")
	}
	if pass, _, ok := s.s.node.CheckPass(node.PassCalendar, secret[1]); !ok || pass.Name != "Thunderbird" {
		t.Errorf("the password opens %q, %v", pass.Name, ok)
	}
	ana.hides(ana.get("/agenda/subscribe", http.StatusOK), secret[1])
}

// A repetition that the form writes is the one that it reads.
func TestRepeatComesBack(t *testing.T) {
	s := newSite(t).inParis()
	ana := s.ana()
	for _, repeat := range []string{weekly, fortnightly, monthly, monthDaily} {
		ana.post("/agenda/new", http.StatusOK, "title="+repeat, "day=2027-01-31", "from=23:30", "to=23:45", "repeat="+repeat, "until=2027-06-30")
	}
	here, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range s.items("event") {
		rule := s.field(it.id, "repeat")
		if got, until := readRepeat(rule, here); got != it.title || until != "2027-06-30" {
			t.Errorf("%s: %q is read as %q until %q", it.title, rule, got, until)
		}
	}
	if got, _ := readRepeat("FREQ=YEARLY;BYMONTH=3", here); got != asItIs {
		t.Errorf("another calendar's rule is read as %q", got)
	}
}
