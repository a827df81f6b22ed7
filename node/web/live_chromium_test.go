//go:build chromium

package web

import (
	"strings"
	"testing"

	"navette/crdt/commons"
	"navette/node/web/webtest"
)

// shownText is what stands in the editor.
const shownText = `[...document.querySelectorAll(".cm-line")].map((l) => { const c = l.cloneNode(true); c.querySelectorAll(".caret").forEach((x) => x.remove()); return c.textContent; }).join("\n")`

const allSaved = `document.getElementById("editor-state").dataset.state === "calm"`

// Two people write at one page at once: each sees what the other writes, both
// end with the same text, and so does the place.
func TestTwoPeopleWriteAtOnce(t *testing.T) {
	s := newSite(t)
	s.joins("Béa", "271828")
	id := s.add("page", "title=Recette", "body=# Recette\n\nUn œuf 🥚.\n\nDu sel.\n")
	path := s.url + pathOf("page", id) + "/edit"
	b := webtest.Start(t)
	ana, bea := b.Page(t, webtest.View{Width: 1024, Height: 768, Language: "fr"}), b.Page(t, webtest.View{Width: 360, Height: 740, Language: "fr"})
	s.signIn(ana, aSteward)
	s.signIn(bea, aMember)
	for _, p := range []*webtest.Page{ana, bea} {
		p.Open(path)
		p.Until(`!!document.querySelector(".cm-content")`)
	}
	ana.Until(`document.getElementById("editor-people").textContent.includes("Béa")`)

	toLineEnd(ana, 2)
	toLineEnd(bea, 4)
	for i := range 12 {
		ana.Type(string(rune('a' + i)))
		bea.Type(string(rune('A' + i)))
	}
	for _, want := range []string{"abcdefghijkl", "ABCDEFGHIJKL"} {
		ana.Until(shownText + `.includes("` + want + `")`)
		bea.Until(shownText + `.includes("` + want + `")`)
	}
	// At one place, both at once.
	for _, p := range []*webtest.Page{ana, bea} {
		for range 4 {
			p.Press("ArrowUp")
		}
		p.Press("End")
	}
	for range 8 {
		ana.Type("x")
		bea.Type("y")
	}
	var inAna, inBea string
	for _, p := range []*webtest.Page{ana, bea} {
		p.Until(shownText + `.split("\n")[0].replace(/[^xy]/g, "").length === 16`)
		p.Until(allSaved)
	}
	ana.Eval(shownText, &inAna)
	bea.Eval(shownText, &inBea)
	d, err := s.commons.Doc(id)
	if err != nil {
		t.Fatal(err)
	}
	if kept := commons.Body(d); inAna != inBea || strings.TrimRight(kept, "\n") != strings.TrimRight(inAna, "\n") {
		t.Errorf("Ana has %q\nBéa has %q\nthe place has %q", inAna, inBea, kept)
	}
	for name, p := range map[string]*webtest.Page{"Ana": ana, "Béa": bea} {
		for _, c := range p.Complaints() {
			t.Errorf("%s's browser complains: %s", name, c)
		}
		for _, v := range p.Axe() {
			t.Errorf("%s: %v", name, v)
		}
		p.Shot("editor-" + name + ".png")
	}
	bea.Open(s.url + "/")
	ana.Until(`document.getElementById("editor-people").textContent === ""`)
}

// toLineEnd puts the cursor to the end of a line, counted from 0.
func toLineEnd(p *webtest.Page, line int) {
	p.Eval(`document.querySelector(".cm-content").focus()`, nil)
	for range line {
		p.Press("ArrowDown")
	}
	p.Press("End")
}

// What is typed while there is no line stays, is said to be unsaved, and is
// sent when there is one again.
func TestTypingWithoutALine(t *testing.T) {
	s := newSite(t)
	id := s.add("page", "title=Recette", "body=Un œuf.\n")
	b := webtest.Start(t)
	p := b.Page(t, webtest.View{Width: 1024, Height: 768, Language: "fr"})
	s.signIn(p, aSteward)
	p.Open(s.url + pathOf("page", id) + "/edit")
	p.Until(`!!document.querySelector(".cm-content")`)
	p.Eval(`(() => { window.line = window.fetch; window.fetch = () => Promise.reject(new TypeError("no line")); })()`, nil)
	toLineEnd(p, 0)
	p.Type(" Du sel.")
	p.Until(`document.getElementById("editor-state").dataset.state === "bad"`)
	p.Shows("Pas encore enregistré")
	p.Eval(`(() => { window.fetch = window.line; })()`, nil)
	p.Until(allSaved)
	d, err := s.commons.Doc(id)
	if err != nil {
		t.Fatal(err)
	}
	if got := commons.Body(d); got != "Un œuf. Du sel.\n" {
		t.Errorf("the page says %q", got)
	}
}
