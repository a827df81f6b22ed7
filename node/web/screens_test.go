//go:build chromium

package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"navette/node/web/webtest"
)

// who looks at a screen.
type viewer string

const (
	aVisitor viewer = "visitor"
	aMember  viewer = "member"
	aSteward viewer = "steward"
)

// A screen is a page that is looked at in every way: as people of both
// languages see it, on a phone and on a desktop, by day and by night.
type screen struct {
	name string // of its pictures
	path func(*site) string
	who  viewer
}

func at(path string) func(*site) string { return func(*site) string { return path } }

// ways are how each screen is looked at.
var ways = []struct {
	name  string
	view  webtest.View
	rules []string // of axe-core; none is all
}{
	{"fr-phone-light", webtest.View{Width: 360, Height: 740, Language: "fr"}, nil},
	{"fr-desktop-dark", webtest.View{Width: 1280, Height: 800, Language: "fr", Dark: true}, nil},
	// In the other language a page is built the same: what looks different is
	// how much room words take and what they stand on.
	{"en-phone-dark", webtest.View{Width: 360, Height: 740, Language: "en", Dark: true}, looks},
	{"en-desktop-light", webtest.View{Width: 1280, Height: 800, Language: "en"}, looks},
}

var looks = []string{"color-contrast", "document-title", "html-has-lang", "label", "link-name", "button-name", "target-size"}

// TestScreens looks at every screen: axe-core finds nothing, the browser
// complains of nothing, nothing is asked of another origin, nothing is wider
// than a small phone, and a picture is kept.
func TestScreens(t *testing.T) {
	b := webtest.Start(t)
	fresh := newNode(t)
	lookAt(t, b, fresh, screen{"setup", at("/setup"), aVisitor})
	s := lively(t)
	for _, sc := range append(screens, heldScreens...) {
		lookAt(t, b, s, sc)
	}
}

// lookAt looks at a screen in all ways.
func lookAt(t *testing.T, b *webtest.Browser, s *site, sc screen) {
	t.Run(sc.name, func(t *testing.T) {
		t.Parallel()
		p := b.Page(t, ways[0].view)
		s.signIn(p, sc.who)
		for _, way := range ways {
			p.Look(way.view)
			p.Open(s.url + sc.path(s))
			p.Shot(sc.name + "-" + way.name + ".png")
			for _, v := range p.Axe(way.rules...) {
				t.Errorf("%s: %v", way.name, v)
			}
			for _, c := range p.Complaints() {
				t.Errorf("%s: the browser complains: %s", way.name, c)
			}
			narrow := way.view
			narrow.Width = min(narrow.Width, 320)
			p.Look(narrow)
			var wide string
			p.Eval(widest, &wide)
			if wide != "" {
				t.Errorf("%s: wider than the screen: %s", way.name, wide)
			}
			for _, r := range p.Requests() {
				if !strings.HasPrefix(r.URL, s.url+"/") && !strings.HasPrefix(r.URL, "data:") {
					t.Errorf("%s: asks %s", way.name, r.URL)
				}
			}
		}
	})
}

// widest names an element that sticks out of the page, "" if none does. What
// scrolls by itself may.
const widest = `(() => {
	const w = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= w) return "";
	for (const e of document.querySelectorAll("body *")) if (e.getBoundingClientRect().right > w + 1 && !e.closest(".scroll, .unseen, .skip")) return e.outerHTML.slice(0, 200);
	return "";
})()`

// signIn gives a page the session of a viewer, as a cookie.
func (s *site) signIn(p *webtest.Page, who viewer) {
	person := s.commons
	if who == aVisitor || person == nil {
		return
	}
	b := s.as(s.commons.Person())
	if who == aMember {
		b = s.as(s.s.book.named("Béa").Person)
	}
	u, _ := url.Parse(s.url)
	for _, c := range b.client.Jar.Cookies(u) {
		p.Cookie(s.url, c.Name, c.Value)
	}
}

// lively is a place in which something has happened.
func lively(t *testing.T) *site {
	s := newSite(t)
	s.joins("Béa", "271828")
	s.visitor().post("/join", 200, "name=Côme", "pin=314159", "pin2=314159")
	for i := range 40 {
		s.add("tool", fmt.Sprintf("name=%s nº %d", []string{"Perceuse à colonne", "Découpeuse laser", "Scie sauteuse", "Fer à souder"}[i%4], i/4+1),
			fmt.Sprintf("tag=F-%03d", i), "category=Atelier", "location=Grande salle", "condition=good", "description=Un bel outil, à rendre propre.")
	}
	for i := range 6 {
		day := time.Now().AddDate(0, 0, 2*i+1).Format(time.DateOnly)
		s.add("event", fmt.Sprintf("title=Atelier réparation %d", i+1), "start="+day+" 18:00", "duration=PT2H", "location=La Fabrique")
		s.add("page", fmt.Sprintf("title=Régler la découpeuse %d", i+1), "body=# Avant de commencer\n\nFermer le capot.\n\n- vérifier l'air\n- regarder la lentille\n")
		s.add("proposal", fmt.Sprintf("title=Ouvrir le samedi %d", i+1), "type=idea", "state=published", "body=Pour que tout le monde puisse venir.")
	}
	s.hold()
	return s
}
