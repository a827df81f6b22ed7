package web

import (
	"net/http"
	"testing"
)

// A disk that is full loses nobody a word: every form comes back as it was
// typed, and is taken once there is room.
func TestFormsOnAFullDisk(t *testing.T) {
	s := newSite(t)
	ana := s.ana()
	tool := s.add("tool", "name=Perceuse")
	event := s.add("event", "title=Laser", "start=2037-05-04T19:00")
	page := s.add("page", "title=Recette")
	proposal := s.add("proposal", "title=Four")
	base := ana.base(ana.get(pathOf("page", page)+"/edit", http.StatusOK))
	forms := []struct {
		path   string
		fields []string
	}{
		{"/share/new", []string{"name=Scie", "rules=mes mots"}},
		{pathOf("tool", tool) + "/edit", []string{"name=Perceuse", "was.name=Perceuse", "rules=mes mots"}},
		{pathOf("tool", tool) + "/log", []string{"log=mes mots"}},
		{pathOf("tool", tool) + "/lend", []string{"borrower=mes mots"}},
		{"/things/" + tool.String() + "/note", []string{"text=mes mots"}},
		{"/share/places/new", []string{"name=Ici", "address=mes mots"}},
		{"/agenda/new", []string{"title=Fête", "day=2037-01-01", "description=mes mots"}},
		{pathOf("event", event) + "/sign-up", []string{"who=mes mots"}},
		{"/know/new", []string{"title=mes mots"}},
		{pathOf("page", page) + "/edit", []string{base, "text=mes mots"}},
		{"/decide/new", []string{"title=Idée", "body=mes mots"}},
		{pathOf("proposal", proposal) + "/edit", []string{"title=Four", "was.title=Four", "body=mes mots"}},
	}
	s.disk.SetFree(1 << 20)
	for _, f := range forms {
		ana.shows(ana.post(f.path, http.StatusInsufficientStorage, f.fields...), "mes mots", "plus assez de place")
	}
	s.disk.SetFree(1 << 40)
	for _, f := range forms {
		ana.shows(ana.post(f.path, http.StatusOK, f.fields...), "mes mots")
	}
}
