package web

import (
	"bufio"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"navette/crdt/commons"
)

var baseField = regexp.MustCompile(`name="base" value="([^"]*)"`)

// base is the version that the form of a page says it is of.
func (b *browser) base(page string) string {
	b.t.Helper()
	m := baseField.FindStringSubmatch(page)
	if m == nil {
		b.t.Fatalf("the form names no version: %s", text(page))
	}
	return "base=" + m[1]
}

func TestPages(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	v.shows(v.get("/know", http.StatusOK), "Pas encore de pages")
	edit := ana.post("/know/new", http.StatusOK, "title=Affûter <b>", "template=good-practice", "language=fr", "was.language=")
	ana.shows(edit, "est ajouté", "# Affûter &lt;b&gt;", "<textarea")
	id := s.items("page")[0].id
	path := pathOf("page", id)
	page := ana.post(path+"/edit", http.StatusOK, ana.base(edit), "text=# Affûter\r\n\r\n**Doucement** <script>alert(1)</script> ![x](https://ailleurs.example/x.png) [[Rien]]\r\n")
	ana.shows(page, "C&#39;est enregistré", "<strong>Doucement</strong>", "bonne pratique")
	ana.hides(page, "<script>alert", "<img src=\"https")
	v.shows(v.get(path, http.StatusOK), "Doucement")
	v.shows(v.get("/know?q=affuter&template=good-practice", http.StatusOK), "Affûter", "1 page", "français")
	v.shows(v.get("/know?q=licorne", http.StatusOK), "Aucune page")

	ana.shows(ana.undo(page), "Cette version est de retour")
	history := v.get(path+"/history", http.StatusOK)
	v.shows(history, "Ana", "a créé la page", "lettres ajoutées")
	v.shows(v.get(path+"/who", http.StatusOK), "Ana", "Affûter")
	ana.get(path+"/compare?version=ffff", http.StatusNotFound)
}

// Two people who write the same page at once lose nothing, and see it.
func TestPageWrittenByTwo(t *testing.T) {
	s := newSite(t)
	ana, bob := s.ana(), s.ana()
	id := s.add("page", "title=Recette", "body=Un œuf.\n\nDu sel.\n")
	path := pathOf("page", id)
	a, b := ana.get(path+"/edit", http.StatusOK), bob.get(path+"/edit", http.StatusOK)
	ana.post(path+"/edit", http.StatusOK, ana.base(a), "text=Deux œufs.\n\nDu sel.\n")
	merged := bob.post(path+"/edit", http.StatusOK, bob.base(b), "text=Un œuf.\n\nDu sel et du poivre.\n")
	bob.shows(merged, "Réunies automatiquement", "<ins>", "poivre")
	want := "Deux œufs.\n\nDu sel et du poivre.\n"
	d, err := s.commons.Doc(id)
	if err != nil {
		t.Fatal(err)
	}
	if got := commons.Body(d); got != want {
		t.Errorf("the page says %q; want %q", got, want)
	}
	// Sent again as it was, it changes nothing.
	again := bob.get(path+"/edit", http.StatusOK)
	bob.shows(bob.post(path+"/edit", http.StatusOK, bob.base(again), "text="+want), "Rien n&#39;a changé")
}

// What can't be saved comes back whole.
func TestNoWordOfAPageIsLost(t *testing.T) {
	s := newSite(t)
	ana := s.ana()
	id := s.add("page", "title=Recette")
	path := pathOf("page", id)
	long := strings.Repeat("mot ", 1<<18) + "dernier mot"
	base := ana.base(ana.get(path+"/edit", http.StatusOK))
	for name, tt := range map[string]struct {
		base, text string
		status     int
		says       string
	}{
		"too long":           {base, long, http.StatusUnprocessableEntity, "trop long"},
		"an unknown version": {"base=1.9999", "mes mots, dernier mot", http.StatusConflict, "n&#39;est plus connue"},
	} {
		page := ana.post(path+"/edit", tt.status, tt.base, "text="+tt.text)
		if !strings.Contains(page, tt.says) || !strings.Contains(page, "dernier mot") {
			t.Errorf("%s: the page doesn't say %q, or lost words: %.300s", name, tt.says, text(page))
		}
	}
	// A session that is over, too.
	token := ana.token
	ana.token = "another"
	page := ana.post(path+"/edit", http.StatusForbidden, base, "text=mes mots")
	ana.token = token
	ana.shows(page, "mes mots", "ouverte depuis trop longtemps")
	s.write(id, "title=Recette 2")
	ana.post("/things/"+id.String()+"/remove", http.StatusOK)
	ana.shows(ana.post(path+"/edit", http.StatusConflict, base, "text=mes mots"), "mes mots", "retiré entre-temps")
}

func TestTranslations(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	id := s.add("page", "title=Recette", "language=fr", "body=Un œuf.\n")
	path := pathOf("page", id)
	edit := ana.post(path+"/translate", http.StatusOK, "language=en", "title=Recipe")
	ana.shows(edit, "La traduction commence", "Un œuf.")
	var there string
	for _, it := range s.items("page") {
		if it.id != id {
			there = pathOf("page", it.id)
		}
	}
	ana.post(there+"/edit", http.StatusOK, ana.base(edit), "text=An egg.\n")
	v.shows(v.get(path, http.StatusOK), "anglais", there)
	v.hides(v.get(there, http.StatusOK), "à mettre à jour")
	base := ana.base(ana.get(path+"/edit", http.StatusOK))
	ana.post(path+"/edit", http.StatusOK, base, "text=Deux œufs.\n")
	v.shows(v.get(there, http.StatusOK), "Traduction à mettre à jour")
	ana.shows(ana.get(there+"/original", http.StatusOK), "<ins>", "Deux")
	ana.hides(ana.post(there+"/follow", http.StatusOK), "Traduction à mettre à jour")
}

func TestBacklinksAndAbout(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	id := s.add("page", "title=Recette", "body=Un œuf.\n")
	s.add("page", "title=Menu", "body=Voir [[Recette]].\n")
	s.add("page", "title=Carnet secret", "visibility=members", "body=Voir [[Recette]].\n")
	path := pathOf("page", id)
	page := v.get(path, http.StatusOK)
	v.shows(page, "Pages qui mènent ici", "Menu")
	v.hides(page, "Carnet secret")
	page = ana.post(path+"/about", http.StatusOK, "title=Omelette", "was.title=Recette", "authors=Ana, Bob", "licence=CC-BY-SA-4.0", "source=javascript:alert(1)")
	ana.shows(page, "Omelette", "CC-BY-SA-4.0", "Ana, Bob")
	ana.hides(page, `href="javascript`)
	ana.shows(ana.undo(page), "Recette")
}

// What an editor sends is written once, moved over what others did, or refused
// in words.
func TestTypingOverTheWire(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	id := s.add("page", "title=Recette", "body=Un œuf.\n")
	path := pathOf("page", id)
	r, err := http.NewRequest(http.MethodGet, s.url+path+"/live?client=c1", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := ana.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var news liveNews
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &news); err != nil || news.Text == nil || *news.Text != "Un œuf.\n" {
		t.Fatalf("the stream begins with %q, %v", line, err)
	}
	typed := []string{"client=c1", "seq=1", "base=" + news.At, `splices=[{"pos":6,"del":0,"ins":" dur"}]`}
	for range 2 { // sent again, as after a lost answer
		ana.shows(ana.post(path+"/type", http.StatusOK, typed...), `"at":"v`)
	}
	if d, err := s.commons.Doc(id); err != nil || commons.Body(d) != "Un œuf dur.\n" {
		t.Errorf("the page says %q, %v", commons.Body(d), err)
	}
	for name, tt := range map[string]struct {
		fields []string
		status int
	}{
		"an unknown version": {[]string{"client=c1", "seq=2", "base=vAAAA", `splices=[{"pos":0,"del":0,"ins":"x"}]`}, http.StatusConflict},
		"beyond the end":     {[]string{"client=c1", "seq=2", "base=" + news.At, `splices=[{"pos":900,"del":0,"ins":"x"}]`}, http.StatusConflict},
		"not a number":       {[]string{"client=c1", "seq=x", "base=" + news.At, `splices=[]`}, http.StatusBadRequest},
		"no splices":         {[]string{"client=c1", "seq=2", "base=" + news.At, `splices={`}, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) { ana.post(path+"/type", tt.status, tt.fields...) })
	}
	v.post(path+"/type", http.StatusForbidden, typed...)
	v.get(path+"/live?client=c2", http.StatusForbidden)
	ana.post(path+"/point", http.StatusNoContent, "client=c1", "base="+news.At, "from=1", "to=2")
	ana.post("/things/"+id.String()+"/remove", http.StatusOK)
	ana.shows(ana.post(path+"/type", http.StatusConflict, "client=c9", "seq=1", "base="+news.At, `splices=[{"pos":0,"del":0,"ins":"x"}]`), "retiré")
}
