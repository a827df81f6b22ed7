//go:build chromium

package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"navette/node/web/webtest"
)

// A phone without JavaScript: look a tool up, say how it went, sign up for a
// training and wait for a seat, write a page, support an idea.
func TestPhoneWithoutScripts(t *testing.T) {
	s := lively(t)
	laser := s.titled("event", "Initiation laser")
	b := webtest.Start(t)
	p := b.Page(t, webtest.View{Width: 360, Height: 740, Language: "fr", NoScript: true})
	s.signIn(p, aMember)

	p.Open(s.url + "/share")
	p.TabTo("#q")
	p.Type("perceuse")
	p.Follow(func() { p.Press("Enter") })
	p.Shows("Perceuse à colonne nº 1", "10 outils")
	p.TabTo("#tools a")
	p.Follow(func() { p.Press("Enter") })
	p.Shows("Perceuse à colonne", "Expériences")
	p.TabTo(".notes summary")
	p.Press("Enter")
	p.TabTo(".notes input[type=radio]") // the last, a remark
	p.Press("ArrowUp")
	p.TabTo(".notes textarea")
	p.Type("Mèche de 8")
	p.TabTo(".notes button.main")
	p.Follow(func() { p.Press("Enter") })
	p.Shows("C'est noté", "Une astuce", "Mèche de 8")

	p.Open(s.url + pathOf("event", laser))
	p.Shows("Places prises : 2 sur 2", "liste d'attente")
	p.Open(s.url + pathOf("event", s.titled("event", "Café couture")))
	p.TabTo("#coming button.main")
	p.Follow(func() { p.Press("Enter") })
	p.Shows("Vous avez une place")

	p.Open(s.url + pathOf("page", s.titled("page", "Régler la découpeuse 1")) + "/edit")
	p.TabTo("#page-text")
	p.Type("Bonjour. ")
	p.TabTo("button.main")
	p.Follow(func() { p.Press("Enter") })
	p.Shows("C'est enregistré", "Bonjour.")

	p.Open(s.url + pathOf("proposal", s.titled("proposal", "Un four solaire")))
	p.TabTo("#supports button.main")
	p.Follow(func() { p.Press("Enter") })
	p.Shows("Votre soutien est noté", "2 soutiens")
	for _, c := range p.Complaints() {
		t.Errorf("the browser complains: %s", c)
	}
}

// hostile are names and texts that mean to run.
var hostile = []string{
	`<script>window.ran=1</script>`, `"><img src=x onerror=window.ran=1>`, `'"><svg onload=window.ran=1>`, `javascript:window.ran=1`,
	`</textarea><script>window.ran=1</script>`, `</title><script>window.ran=1</script>`, `{{.}}<style>*{display:none}</style>`,
}

// Whatever people call things and write in them, none of it runs on any screen.
func TestHostileTextsDontRun(t *testing.T) {
	s := newSite(t)
	s.joins("Béa", "271828")
	bea := s.as(s.s.book.named("Béa").Person)
	var paths []string
	for i, h := range hostile {
		name := h[:min(len(h), 60)]
		tool := s.add("tool", "name="+name, "tag="+h, "category="+h, "location="+h, "description="+h, "rules="+h, "manual="+strings.ReplaceAll(h, " ", ""), "tags="+strings.ReplaceAll(h, ";", ""), "custom.x="+h, "log+="+h)
		bea.post("/things/"+tool.String()+"/note", http.StatusOK, "text="+h)
		bea.post(pathOf("tool", tool)+"/lend", http.StatusOK, "borrower="+name)
		event := s.add("event", "title="+h, fmt.Sprintf("start=2031-03-%02dT10:00", i+1), "location="+h, "description="+h, "categories="+strings.ReplaceAll(h, ";", ""), "url=javascript:window.ran=1", "sign-ups."+strings.ReplaceAll(name, "=", "")+"=yes")
		page := s.add("page", "title="+name, "body=# "+h+"\n\n"+h+"\n\n[x]("+h+") ![x]("+h+") [[x\"><script>window.ran=1</script>]] <"+h+">\n\n```\n"+h+"\n```\n", "authors="+strings.ReplaceAll(h, ";", ""), "source="+strings.ReplaceAll(h, " ", ""), "language=\"><script>")
		place := s.add("place", "name="+name, "address="+h, "type="+h, "contacts.web=javascript:window.ran=1", "hours="+h, fmt.Sprintf("latitude=%d", 50+i), "longitude=2")
		proposal := s.add("proposal", "title="+h, "body="+h+"\n\n[x](javascript:window.ran=1)", "answer="+h)
		bea.post("/things/"+proposal.String()+"/note", http.StatusOK, "text="+h)
		if i%3 == 0 {
			paths = append(paths, pathOf("tool", tool), pathOf("tool", tool)+"/edit", "/things/"+tool.String()+"/history", pathOf("event", event), pathOf("event", event)+"/edit",
				pathOf("page", page), pathOf("page", page)+"/edit", pathOf("page", page)+"/about", pathOf("page", page)+"/history", pathOf("page", page)+"/who", pathOf("page", page)+"/compare",
				pathOf("place", place), pathOf("place", place)+"/edit", pathOf("proposal", proposal), pathOf("proposal", proposal)+"/edit")
		}
	}
	paths = append(paths, "/", "/share", "/share/labels", "/share/loans", "/share/places", "/agenda?from=2031-03-01", "/agenda/month?month=2031-03", "/know", "/decide", "/share?q=%3Cscript%3Ewindow.ran=1%3C/script%3E", "/agenda?q=%22%3E%3Cscript%3Ewindow.ran=1%3C/script%3E")
	b := webtest.Start(t)
	p := b.Page(t, webtest.View{Width: 800, Height: 600, Language: "fr"})
	s.signIn(p, aMember)
	for _, path := range paths {
		p.Open(s.url + path)
		var ran bool
		p.Eval(`"ran" in window`, &ran)
		if ran {
			t.Errorf("%s: something that was written has run", path)
		}
		var shown bool
		p.Eval(`getComputedStyle(document.querySelector("main")).display !== "none"`, &shown)
		if !shown {
			t.Errorf("%s: something that was written has styled the page", path)
		}
		for _, r := range p.Requests() {
			if !strings.HasPrefix(r.URL, s.url+"/") && !strings.HasPrefix(r.URL, "data:") {
				t.Errorf("%s asks %s", path, r.URL)
			}
		}
	}
}
