package web

import (
	"net/http"
	"testing"
)

func TestProposals(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	v.shows(v.get("/decide", http.StatusOK), "La première peut être la vôtre")
	page := ana.post("/decide/new", http.StatusOK, "title=Un four <i>solaire</i>", "type=proposal", "body=# Pourquoi\n\n**Parce que** <script>alert(1)</script> [x](javascript:alert(1))", "threshold=10", "deadline=2037-01-02", "state=published")
	ana.shows(page, "est ajouté", "une proposition", "<strong>Parce que</strong>", "sur les 10 voulus", "vendredi 2 janvier 2037", "Un four &lt;i&gt;")
	ana.hides(page, "<script>alert", `href="javascript`)
	id := s.items("proposal")[0].id
	path := pathOf("proposal", id)

	page = ana.post(path+"/support", http.StatusOK, "yes=1")
	ana.shows(page, "Votre soutien est noté", "1 soutien", "Vous soutenez", "Ana")
	v.shows(v.get(path, http.StatusOK), "1 soutien", "Les membres peuvent soutenir")
	ana.shows(ana.undo(page), "Pas encore de soutien")
	ana.shows(ana.post("/things/"+id.String()+"/note", http.StatusOK, "text=Bonne idée"), "Bonne idée", "Commentaires")
	v.shows(v.get("/decide", http.StatusOK), "1 commentaire", "une proposition")
	v.shows(v.get("/decide?q=four&type=proposal", http.StatusOK), "solaire")
	v.shows(v.get("/decide?q=licorne", http.StatusOK), "Rien ne répond")

	// What others wrote into the text meanwhile stays.
	s.write(id, "body=# Pourquoi\n\nParce que le soleil brille.\n")
	page = ana.post(path+"/edit", http.StatusOK, "title=Un four solaire", "was.title=Un four <i>solaire</i>", "type=proposal", "was.type=proposal", "body=# Pourquoi pas\n\nParce que.\n", "was.body=# Pourquoi\n\nParce que.\n")
	ana.shows(page, "Pourquoi pas", "le soleil brille")

	page = ana.post(path+"/answer", http.StatusOK, "state=accepted", "answer=On le construit en mai")
	ana.shows(page, "acceptée", "On le construit en mai")
	ana.post(path+"/support", http.StatusConflict, "yes=1")
	back := ana.post("/decide/new", http.StatusUnprocessableEntity, "title=", "body=tout mon texte")
	ana.shows(back, "Il manque", "tout mon texte")
	v.post(path+"/support", http.StatusForbidden, "yes=1")
}

// A draft is its author's.
func TestDrafts(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	id := s.add("proposal", "title=Secret", "state=draft")
	v.get(pathOf("proposal", id), http.StatusNotFound)
	ana.shows(ana.get("/decide", http.StatusOK), "Secret", "brouillon")
	v.hides(v.get("/decide", http.StatusOK), "Secret")
}
