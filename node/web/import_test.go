package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// send sends a file in a form.
func (b *browser) send(path, name, content string, want int) string {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.WriteField("token", b.token); err != nil {
		b.t.Fatal(err)
	}
	f, err := w.CreateFormFile("file", name)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		b.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, b.url+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", b.url)
	return b.do(r, want)
}

var tableName = regexp.MustCompile(`name="table" value="([^"]*)"`)

func tableOf(t *testing.T, page string) string {
	t.Helper()
	m := tableName.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page names no table: %s", text(page))
	}
	return "table=" + m[1]
}

func TestImportATable(t *testing.T) {
	s := newSite(t)
	ana := s.ana()
	table := "Nom;N° inventaire;Prix;Couleur\nPerceuse;P-1;12,50;bleue\nScie <b>;P-2;;rouge\n;;;\nRabot;P-3;cher;\n"
	look := ana.send("/share/import", "outils.csv", table, http.StatusOK)
	ana.shows(look, "2 nouveaux", "Rien n&#39;est encore fait", "« cher » ne va pas dans « Prix »", "Scie &lt;b&gt;", "gardée sous son nom")
	if n := len(s.items("tool")); n != 0 {
		t.Fatalf("looking made %d tools", n)
	}
	// The colour is the brand, says Ana.
	look = ana.post("/share/import/look", http.StatusOK, tableOf(t, look), "column.3=brand")
	ana.shows(look, "2 nouveaux")
	done := ana.post("/share/import/do", http.StatusOK, tableOf(t, look), "column.3=brand")
	ana.shows(done, "2 nouveaux, 0 modifié, 0 inchangé, 1 ligne laissée de côté", "Perceuse", "P-2")
	tools := s.items("tool")
	if len(tools) != 2 || s.field(tools[0].id, "brand") != "bleue" || s.field(tools[0].id, "price") != "12.5" {
		t.Fatalf("imported %d tools, brand %q, price %q", len(tools), s.field(tools[0].id, "brand"), s.field(tools[0].id, "price"))
	}

	again := ana.send("/share/import", "outils.csv", strings.Replace(table, "12,50", "13", 1), http.StatusOK)
	ana.shows(again, "0 nouveau", "2 modifiés")
	again = ana.post("/share/import/look", http.StatusOK, tableOf(t, again), "column.3=brand")
	ana.shows(again, "1 modifié", "1 inchangé")
	changed := ana.post("/share/import/do", http.StatusOK, tableOf(t, again), "column.3=brand")
	ana.shows(changed, "0 nouveau, 1 modifié, 1 inchangé")
	ana.shows(ana.undo(changed), "C&#39;est annulé")
	if got := s.field(tools[0].id, "price"); got != "12.5" {
		t.Errorf("price after undo = %q; want 12.5", got)
	}
	// The first import is taken back, but for what somebody changed since.
	s.write(tools[1].id, "location=Étage")
	left := ana.undo(done)
	ana.shows(left, "sauf pour", "Scie")
	if n := len(s.items("tool")); n == 2 && s.field(tools[0].id, "name") == "" {
		t.Errorf("after undo: %d tools", n)
	}

	ana.shows(ana.send("/share/import", "photo.csv", "\x89PNG\x00\x00\x00", http.StatusOK), "Enregistrer sous")
	ana.shows(ana.send("/share/import", "sans.csv", "Couleur\nbleu\n", http.StatusOK), "aucune colonne")
	ana.post("/share/import/do", http.StatusGone, "table=unknown")
	ana.send("/share/import", "gros.csv", strings.Repeat("x", maxTable+1), http.StatusRequestEntityTooLarge)
}

func TestExportGoesInAgain(t *testing.T) {
	s := newSite(t)
	s.add("tool", "name=Perceuse", "tag=P-1", "price=12,50")
	s.add("tool", "name=Coffre", "visibility=members")
	v, ana := s.visitor(), s.ana()
	csv := v.get("/share/export", http.StatusOK)
	v.shows(csv, "Perceuse", "12,5", "N° inventaire")
	v.hides(csv, "Coffre")
	ana.shows(ana.send("/share/import", "outils.csv", ana.get("/share/export", http.StatusOK), http.StatusOK), "2 inchangés")
}
