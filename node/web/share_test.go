package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/commons"
)

// ana is the browser of the steward.
func (s *site) ana() *browser { return s.as(s.commons.Person()) }

// field is a field of a resource.
func (s *site) field(id crdt.ID, name string) string {
	s.t.Helper()
	d, err := s.commons.Doc(id)
	if err != nil {
		s.t.Fatal(err)
	}
	r := commons.View(d)
	f, _ := r.Get(name)
	return valueText(f.Value)
}

// hides checks that a page doesn't say something.
func (b *browser) hides(page string, unwanted ...string) {
	b.t.Helper()
	for _, w := range unwanted {
		if strings.Contains(page, w) {
			b.t.Errorf("the page shows %q: %s", w, text(page))
		}
	}
}

var undoForm = regexp.MustCompile(`(?s)<div class="said.*?action="([^"]*)".*?</form>`)
var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// undo presses the button of the message that a page begins with.
func (b *browser) undo(page string) string {
	b.t.Helper()
	m := undoForm.FindStringSubmatch(page)
	if m == nil {
		b.t.Fatalf("there is nothing to undo: %s", text(page))
	}
	var fields []string
	for _, h := range hiddenField.FindAllStringSubmatch(m[0], -1) {
		if h[1] != "token" {
			fields = append(fields, h[1]+"="+h[2])
		}
	}
	return b.post(m[1], http.StatusOK, fields...)
}

func TestInventory(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	v.shows(v.get("/share", http.StatusOK), "L&#39;inventaire est vide")
	v.hides(v.get("/share", http.StatusOK), "/share/new")
	s.add("tool", "name=Perceuses à colonne", "tag=FAB-001", "category=Bois", "condition=good", "location=Étage")
	s.add("tool", "name=Scie", "tag=FAB-002", "category=Bois", "condition=broken")
	s.add("tool", "name=Oscilloscope", "category=Électronique")
	s.add("tool", "name=Coffre", "visibility=members")
	all := v.get("/share", http.StatusOK)
	v.shows(all, "3 outils", "FAB-001", "en panne", "Étage")
	v.hides(all, "Coffre")
	ana.shows(ana.get("/share", http.StatusOK), "Coffre", "4 outils", "/share/new")

	for query, want := range map[string]string{
		"q=perceuse": "Perceuses", "q=DRILL": "Perceuses", "q=fab-002": "Scie", "category=%C3%89lectronique": "Oscilloscope", "condition=broken": "Scie",
		"q=scie&category=Bois&sort=tag": "Scie",
	} {
		page := v.get("/share?"+query, http.StatusOK)
		v.shows(page, want, "1 outil", "Tout montrer")
	}
	v.shows(v.get("/share?q=licorne", http.StatusOK), "Aucun outil ne répond")
}

func TestToolFromForm(t *testing.T) {
	s := newSite(t)
	ana := s.ana()
	ana.shows(ana.get("/share/new", http.StatusOK), `name="name"`, `name="condition"`)
	page := ana.post("/share/new", http.StatusOK, "name=Perceuse <script>alert(1)</script>", "tag=P-1", "price=12,50", "condition=good", "loanable=yes", "tags=bois, métal", "rules=Lunettes\n<b>obligatoires</b>")
	ana.shows(page, "est ajouté", "P-1", "12,5", "bois, métal", "&lt;b&gt;obligatoires")
	ana.hides(page, "<script>alert", "<b>oblig")
	list := s.items("tool")
	if len(list) != 1 {
		t.Fatalf("the shelf holds %d tools; want 1", len(list))
	}
	id := list[0].id

	// What can't be taken comes back with all that was typed.
	back := ana.post("/share/tools/"+id.String()+"/edit", http.StatusUnprocessableEntity, "name=", "was.name=Perceuse", "price=cher", "rules=Très\nlong à taper")
	ana.shows(back, "Très\nlong à taper", `value="cher"`, `aria-invalid="true"`)
	again := ana.post("/share/new", http.StatusUnprocessableEntity, "tag=P-9", "rules=encore")
	ana.shows(again, "Il manque", `value="P-9"`, "encore")

	// Only what was changed in the form is written.
	s.write(id, "brand=Bosch")
	page = ana.post("/share/tools/"+id.String()+"/edit", http.StatusOK, "name=Perceuse", "was.name=Perceuse <script>alert(1)</script>", "brand=", "condition=broken", "was.condition=good")
	ana.shows(page, "C&#39;est enregistré", "en panne")
	if got := s.field(id, "brand"); got != "Bosch" {
		t.Errorf("brand = %q; want the one that another wrote meanwhile", got)
	}
	ana.undo(page)
	if got := s.field(id, "condition"); got != "good" {
		t.Errorf("condition after undo = %q; want good", got)
	}

	page = ana.post("/things/"+id.String()+"/remove", http.StatusOK)
	ana.shows(page, "est retiré", "L&#39;inventaire est vide")
	ana.shows(ana.get("/share/tools/"+id.String(), http.StatusOK), "a été retiré", "Remettre")
	ana.shows(ana.undo(page), "est de retour", "P-1")
	ana.shows(ana.get("/things/"+id.String()+"/history", http.StatusOK), "a retiré", "a remis", "a créé", "marque")
}

// write sets fields in the name of Ana.
func (s *site) write(id crdt.ID, fields ...string) {
	s.t.Helper()
	var in []commons.Assign
	for _, f := range fields {
		a, err := commons.ParseAssign(f)
		if err != nil {
			s.t.Fatal(err)
		}
		in = append(in, a)
	}
	_, err := s.commons.Write(s.t.Context(), func() ([][]crdt.Edit, error) {
		d, err := s.commons.Doc(id)
		if err != nil {
			return nil, err
		}
		return commons.Set(d, in, s.commons.Env())
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestNotesAndLog(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	id := s.add("tool", "name=Perceuse")
	path := "/share/tools/" + id.String()
	page := ana.post("/things/"+id.String()+"/note", http.StatusOK, "experience=tip", "text=Mèche de 8 <img src=x onerror=alert(1)>")
	ana.shows(page, "Une astuce", "Mèche de 8 &lt;img", "Ana")
	ana.hides(page, "<img src=x")
	v.shows(v.get(path, http.StatusOK), "Mèche de 8", "Les membres peuvent en ajouter")
	ana.shows(ana.undo(page), "Personne n&#39;a encore raconté")
	ana.shows(ana.post("/things/"+id.String()+"/note", http.StatusUnprocessableEntity, "experience=worked", "text="), "Il manque")
	ana.shows(ana.post(path+"/log", http.StatusOK, "log=Courroie changée"), "Courroie changée")
	v.post("/things/"+id.String()+"/note", http.StatusForbidden, "text=x")
}

func TestLoans(t *testing.T) {
	s := newSite(t)
	ana := s.ana()
	id := s.add("tool", "name=Perceuse", "condition=good")
	path := "/share/tools/" + id.String()
	page := ana.post(path+"/lend", http.StatusOK, "borrower=Bob", "due=2020-01-02")
	ana.shows(page, "est prêté à Bob", "Emprunté par Bob", "en retard")
	ana.shows(ana.get("/share", http.StatusOK), "en retard")
	ana.shows(ana.get("/share/loans", http.StatusOK), "Perceuse", "Bob")
	action := regexp.MustCompile(`/share/loans/[0-9a-f]+/`).FindString(page)
	page = ana.post(action+"renew", http.StatusOK)
	ana.shows(page, "Prolongé", "emprunté")
	ana.hides(page, "en retard")
	page = ana.post(action+"return", http.StatusOK, "condition-in=to check")
	ana.shows(page, "il est revenu", "à vérifier", "Prêts passés")
	ana.shows(ana.undo(page), "Emprunté par Bob")
	ana.shows(ana.post(path+"/lend", http.StatusUnprocessableEntity, "borrower=", "due=2030-01-01"), "Il manque", "2030-01-01")
	ana.shows(ana.post(path+"/lend", http.StatusOK, "borrower=Ana", "due="), "Emprunté par Ana")
}

func TestTwoVersionsAreSettled(t *testing.T) {
	s := newSite(t)
	ana := s.ana()
	id := s.twice(s.add("tool", "name=Perceuse"), "name", "Visseuse", "Foreuse")
	page := ana.get("/share/tools/"+id.String(), http.StatusOK)
	ana.shows(page, "Deux versions", "Visseuse", "Foreuse", "Garder les deux")
	page = ana.post("/things/"+id.String()+"/versions", http.StatusOK, "field=name", "keep=both")
	ana.shows(page, "C&#39;est réglé")
	ana.hides(page, "Deux versions :")
	ana.post("/things/"+id.String()+"/versions", http.StatusConflict, "field=name", "keep=1")
}

// twice writes values into a register as people do who don't know of each
// other.
func (s *site) twice(id crdt.ID, field string, values ...string) crdt.ID {
	s.t.Helper()
	k, _ := commons.Lookup("tool")
	f, _ := k.Field(field)
	for _, value := range values {
		_, err := s.commons.Write(s.t.Context(), func() ([][]crdt.Edit, error) {
			return [][]crdt.Edit{{{Code: crdt.Set, Resource: id, Field: f.ID, Value: crdt.Text(value)}}}, nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return id
}

// items are those of a kind that Ana sees.
func (s *site) items(kind string) []*item {
	s.t.Helper()
	list, _, err := s.s.shelves.list(s.commons, kind)
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}
