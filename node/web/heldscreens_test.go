//go:build chromium

package web

import (
	"net/http"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
)

// heldScreens are those of what a place holds in common.
var heldScreens = []screen{
	{"tool", of("tool", "Tour à bois", ""), aMember},
	{"tool-visitor", of("tool", "Tour à bois", ""), aVisitor},
	{"tool-form", of("tool", "Tour à bois", "/edit"), aMember},
	{"tool-new", at("/share/new"), aMember},
	{"tool-history", of("tool", "Tour à bois", "/history"), aVisitor},
	{"inventory-found", at("/share?q=perceuse&category=Atelier&sort=tag"), aVisitor},
	{"inventory-nothing", at("/share?q=licorne"), aVisitor},
	{"labels", at("/share/labels?q=laser"), aVisitor},
	{"loans", at("/share/loans"), aMember},
	{"import", at("/share/import"), aMember},
	{"places", at("/share/places"), aVisitor},
	{"place", of("place", "La Plume", ""), aMember},
	{"place-form", of("place", "La Plume", "/edit"), aMember},
	{"agenda", at("/agenda?from=2031-03-01"), aMember},
	{"agenda-quiet", at("/agenda?from=2041-03-01"), aVisitor},
	{"month", at("/agenda/month?month=2031-03"), aVisitor},
	{"event", of("event", "Initiation laser", ""), aMember},
	{"event-weekly", of("event", "Café couture", ""), aVisitor},
	{"event-form", of("event", "Café couture", "/edit"), aMember},
	{"event-new", at("/agenda/new"), aMember},
	{"know", at("/know"), aMember},
	{"page", of("page", "Carnet de l'atelier", ""), aMember},
	{"page-new", at("/know/new"), aMember},
	{"page-edit", of("page", "Carnet de l'atelier", "/edit"), aMember},
	{"page-about", of("page", "Carnet de l'atelier", "/about"), aMember},
	{"page-history", of("page", "Carnet de l'atelier", "/history"), aMember},
	{"page-compare", of("page", "Carnet de l'atelier", "/compare"), aMember},
	{"page-who", of("page", "Carnet de l'atelier", "/who"), aVisitor},
	{"page-translate", of("page", "Carnet de l'atelier", "/translate"), aMember},
	{"page-stale", of("page", "The workshop's notebook", ""), aMember},
	{"page-original", of("page", "The workshop's notebook", "/original"), aMember},
	{"decide", at("/decide"), aMember},
	{"proposal", of("proposal", "Un four solaire", ""), aMember},
	{"proposal-answer", of("proposal", "Un four solaire", ""), aSteward},
	{"proposal-form", of("proposal", "Un four solaire", "/edit"), aMember},
}

// of is a page of a thing with that title.
func of(kind, title, rest string) func(*site) string {
	return func(s *site) string {
		if kind == "tool" && rest == "/history" {
			return "/things/" + s.titled(kind, title).String() + rest
		}
		return pathOf(kind, s.titled(kind, title)) + rest
	}
}

// titled is the thing of a kind with that title.
func (s *site) titled(kind, title string) crdt.ID {
	s.t.Helper()
	for _, it := range s.items(kind) {
		if it.title == title {
			return it.id
		}
	}
	s.t.Fatalf("no %s is called %q", kind, title)
	return crdt.ID{}
}

// hold fills a place with things that show all that a screen can show.
func (s *site) hold() {
	ana, bea := s.ana(), s.as(s.s.book.named("Béa").Person)
	plume := s.add("place", "name=La Plume", "type=centre social", "address=12 rue du Moulin\n62360 Condette", "hours=mardi et jeudi de 14 h à 18 h", "latitude=50.65", "longitude=1.63", "contacts.phone=03 21 00 00 00", "shares=une salle, un vidéoprojecteur")
	s.add("place", "name=L'Étape", "type=salle des fêtes", "latitude=50.93", "longitude=1.74")
	s.write(s.titled("place", "La Fabrique"), "latitude=50.73", "longitude=1.61")
	lathe := s.add("tool", "name=Tour à bois", "tag=F-101", "category=Bois", "condition=to check", "location=Atelier bois / au fond", "home="+plume.String(),
		"brand=Record", "model=DML305", "price=640,50", "bought=2023-04-12", "rules=Lunettes obligatoires.\nPas de gants, cheveux attachés.", "clearance=tour à bois", "manual=https://example.org/dml305.pdf",
		"other-names=tour, wood lathe", "tags=bois, tournage", "loanable=yes", "description=Un tour d'établi pour des pièces jusqu'à 30 cm.", "custom.Puissance=370 W", "log+=2026-10-01 · Courroie changée")
	s.twice(lathe, "location", "Grande salle")
	ana.post("/things/"+lathe.String()+"/note", http.StatusOK, "experience=worked", "text=Parfait pour des toupies avec les enfants.")
	bea.post("/things/"+lathe.String()+"/note", http.StatusOK, "experience=tip", "text=Affûter la gouge avant : la pierre est dans le tiroir.")
	bea.post("/things/"+lathe.String()+"/note", http.StatusOK, "experience=failed", "text=Le mandrin glisse.")
	drill := s.items("tool")[0].id
	bea.post(pathOf("tool", drill)+"/lend", http.StatusOK, "borrower=Béa", "due=2031-01-01")
	bea.post(pathOf("tool", lathe)+"/lend", http.StatusOK, "borrower=Karim", "due=2024-01-01")

	laser := pathOf("event", s.add("event", "title=Initiation laser", "start=2031-03-08T14:00", "end=2031-03-08T16:00", "location=Salle laser", "capacity=2", "categories=formation, laser", "description=On apprend à régler, découper et nettoyer.\nVenir avec un dessin.", "url=https://example.org/laser"))
	for _, who := range []string{"who=Karim", "who=Lou", "", "who=Zoé"} {
		bea.post(laser+"/sign-up", http.StatusOK, who)
	}
	s.add("event", "title=Café couture", "start=2031-03-05T14:00", "end=2031-03-05T17:00", "location=La Plume", "repeat=FREQ=WEEKLY;UNTIL=20310630T215959Z", "capacity=8")
	s.add("event", "title=Fête du lieu", "start=2031-03-08", "end=2031-03-10")

	book := s.add("page", "title=Carnet de l'atelier", "template=good-practice", "language=fr", "authors=Ana, Béa", "licence=CC-BY-SA-4.0",
		"body=# Carnet de l'atelier\n\n## Ranger\n\nChaque outil a sa place : voir [[Régler la découpeuse 1]] et [[Une page à écrire]].\n\n## Nettoyer\n\n1. aspirer\n2. essuyer\n\n> Jamais d'air comprimé.\n\n## Réparer\n\n| panne | remède |\n|---|---|\n| bruit | graisser |\n\n## Prêter\n\n`code` et **gras**.\n")
	path := pathOf("page", book)
	bea.post(path+"/translate", http.StatusOK, "language=en", "title=The workshop's notebook")
	d, err := s.commons.Doc(book)
	if err != nil {
		s.t.Fatal(err)
	}
	bea.post(path+"/edit", http.StatusOK, bea.base(bea.get(path+"/edit", http.StatusOK)), "text="+strings.Replace(commons.Body(d), "aspirer", "aspirer, sans oublier les coins", 1))

	four := s.add("proposal", "title=Un four solaire", "type=proposal", "threshold=10", "deadline=2031-06-30", "body=## Pourquoi\n\nPour **cuire** sans gaz.\n\n- du bois\n- du verre\n")
	ana.post(pathOf("proposal", four)+"/support", http.StatusOK, "yes=1")
	bea.post("/things/"+four.String()+"/note", http.StatusOK, "text=Je peux apporter les vitres.")
	s.write(four, "state=in evaluation", "answer=On regarde où le poser.")
}
