package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestLabels(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	drill := s.add("tool", "name=Perceuse", "tag=P-1", "category=Bois")
	s.add("tool", "name=Scie", "category=Métal")
	s.add("tool", "name=Coffre", "visibility=members")
	page := v.get("/share/labels", http.StatusOK)
	v.shows(page, "Perceuse", "P-1", "Scie")
	v.hides(page, "Coffre")
	if got := strings.Count(page, `class="qr"`); got != 2 {
		t.Errorf("%d codes; want 2", got)
	}
	v.hides(v.get("/share/labels?category=Bois", http.StatusOK), "Scie")
	v.hides(v.get("/share/labels?id="+drill.String(), http.StatusOK), "Scie")
	v.shows(v.get("/share/labels?q=licorne", http.StatusOK), "Aucun outil")
	// The code leads to the tool's page.
	v.shows(v.get("/things/"+drill.String(), http.StatusOK), "<h1>Perceuse</h1>")
	v.get("/things/00112233445566778899aabbccddeeff", http.StatusNotFound)
	v.get("/things/nothing", http.StatusNotFound)
}
