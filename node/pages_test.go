package node_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
)

// page makes a page called so, with that text.
func (p *place) page(title, body string, more ...commons.Assign) crdt.ID {
	p.v.Helper()
	id := commons.DerivedID("page", title)
	c := p.current()
	_, err := c.Write(p.v.Context(), func() ([][]crdt.Edit, error) {
		return commons.Add(id, "page", append(more, commons.Assign{Field: "title", Text: title}, commons.Assign{Field: "body", Text: body}), c.Env())
	})
	if err != nil {
		p.v.Fatalf("%s: add page %q: %v", p.name, title, err)
	}
	return id
}

// say makes a page read otherwise.
func (p *place) say(id crdt.ID, old, new string) {
	p.v.Helper()
	c := p.current()
	_, err := c.Write(p.v.Context(), func() ([][]crdt.Edit, error) {
		d, err := c.Doc(id)
		if err != nil {
			return nil, err
		}
		return commons.EditText(d, "body", commons.Body(d), strings.Replace(commons.Body(d), old, new, 1))
	})
	if err != nil {
		p.v.Fatalf("%s: say %q: %v", p.name, new, err)
	}
}

func (p *place) body(id crdt.ID) string {
	p.v.Helper()
	d, err := p.current().Doc(id)
	if err != nil {
		p.v.Fatal(err)
	}
	return commons.Body(d)
}

// told is revisions as people would tell them.
func (p *place) told(id crdt.ID) []string {
	p.v.Helper()
	c := p.current()
	list, err := c.Revisions(id)
	if err != nil {
		p.v.Fatal(err)
	}
	var out []string
	for _, r := range list {
		out = append(out, fmt.Sprintf("%s %s %d +%d -%d %v", c.PersonName(r.Writer.Person), c.PlaceName(r.Writer.Device), r.Changes, r.Added, r.Deleted, r.To.Sub(r.From)))
	}
	return out
}

func TestRevisionsAreSittings(t *testing.T) {
	inVillage(t, func(v *village) {
		<-time.After(27 * 366 * 24 * time.Hour) // clocks before this program was made don't count
		a, b := v.open("La Fabrique"), v.open("La Plume")
		c := a.found("Boulonnais")
		b.join(c)
		id := a.page("Charte", "un\n")
		<-time.After(time.Minute)
		a.say(id, "un", "un deux")
		v.within(time.Minute, a, b)
		b.say(id, "deux", "DEUX")
		<-time.After(time.Minute)
		v.within(time.Minute, a, b)
		a.say(id, "un", "Un")
		<-time.After(time.Hour)
		v.within(time.Minute, a, b)
		a.say(id, "\n", ".\n")
		v.within(time.Minute, a, b)
		want := []string{
			"Benoît La Plume 1 +4 -4 0s",
			"Ana La Fabrique 3 +10 -2 2m0s",
			"Ana La Fabrique 1 +1 -0 0s",
		}
		for _, p := range []*place{a, b} {
			if got := p.told(id); !slices.Equal(got, want) {
				v.Errorf("%s tells %q; want %q", p.name, got, want)
			}
		}

		passages, list, err := b.current().Blame(id)
		if err != nil {
			v.Fatal(err)
		}
		var got []string
		for _, p := range passages {
			got = append(got, fmt.Sprintf("%d %q", p.Revision, p.Text))
		}
		if want := []string{`1 "Un "`, `0 "DEUX"`, `2 "."`, `1 "\n"`}; !slices.Equal(got, want) {
			v.Errorf("the passages are %q; want %q", got, want)
		}

		for _, x := range []struct{ from, to, want string }{
			{"", "", "[added]."},
			{list[2].Version.String() + "^", "", "[added]."},
			{list[1].Version.String(), "", "[added]."},
			{"", list[0].Version.String(), "[removed]deux[added]DEUX"},
			{list[0].Version.String()[:12], list[1].Version.String()[:12], "[removed]un[added]Un"},
		} {
			spans, err := c.ComparePage(id, x.from, x.to, 0)
			if err != nil {
				v.Fatal(err)
			}
			got := ""
			for _, s := range spans {
				if s.Did == commons.Came || s.Did == commons.Went {
					got += "[" + s.Did + "]" + s.Text
				}
			}
			if got != x.want {
				v.Errorf("from %.8s to %.8s: %q; want %q", x.from, x.to, got, x.want)
			}
		}
	})
}

func TestLinksAndBacklinks(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		c := a.found("Boulonnais")
		drill := a.add("Perceuse")
		charter := a.page("Charte du lieu", "Voir [[atelier/laser]], [["+drill.String()+"]] et [[Rien]].\n")
		laser := a.page("Le laser", "Selon la [[charte du lieu]].\n", commons.Assign{Field: "path", Text: "atelier/laser.md"})
		back := func(id crdt.ID) string {
			v.Helper()
			refs, err := c.Backlinks(id)
			if err != nil {
				v.Fatal(err)
			}
			var out []string
			for _, r := range refs {
				out = append(out, r.Title)
			}
			return strings.Join(out, ", ")
		}
		if got := back(laser) + " | " + back(charter) + " | " + back(drill); got != "Charte du lieu | Le laser | Charte du lieu" {
			v.Errorf("backlinks: %s", got)
		}
		links, err := c.LinksOf(charter)
		if err != nil || len(links) != 3 || links[0].Page.ID != laser || links[1].Kind != "tool" || links[1].Page.ID != drill || links[2].Kind != "" {
			v.Errorf("links: %+v, %v", links, err)
		}

		// Called otherwise, it isn't what is meant any more; and what is written
		// later is seen.
		a.set(charter, "title", "Notre charte")
		if got := back(charter); got != "" {
			v.Errorf("backlinks of what is called otherwise: %s", got)
		}
		a.say(laser, "charte du lieu", "NOTRE CHARTE|la charte")
		if got := back(charter); got != "Le laser" {
			v.Errorf("backlinks: %s; want Le laser", got)
		}
		paths := node.Paths{Resource: func(kind string, id crdt.ID) string { return "/" + kind + "/" + id.String() }}
		d, err := c.Doc(laser)
		if err != nil {
			v.Fatal(err)
		}
		html, err := c.HTML(d, paths, 1)
		if want := `<p>Selon la <a href="/page/` + charter.String() + `" class="within" rel="nofollow">la charte</a>.</p>` + "\n"; err != nil || string(html) != want {
			v.Errorf("HTML = %q, %v; want %q", html, err, want)
		}
		if d, err = c.Doc(charter); err != nil {
			v.Fatal(err)
		}
		if html, err = c.HTML(d, paths, 1); err != nil || !strings.Contains(string(html), `href="/tool/`+drill.String()) || !strings.Contains(string(html), `class="missing">Rien<`) {
			v.Errorf("HTML = %q, %v; want links to a tool and to nothing", html, err)
		}

		_, err = c.Write(v.Context(), func() ([][]crdt.Edit, error) {
			d, err := c.Doc(laser)
			if err != nil {
				return nil, err
			}
			return commons.Remove(d)
		})
		if err != nil {
			v.Fatal(err)
		}
		if got := back(charter); got != "" {
			v.Errorf("backlinks from what was removed: %s", got)
		}
	})
}

func TestTranslationsAreToBeUpdated(t *testing.T) {
	inVillage(t, func(v *village) {
		a, b := v.open("La Fabrique"), v.open("La Plume")
		c := a.found("Boulonnais")
		b.join(c)
		fr := a.page("Charte", "On range.\n", commons.Assign{Field: "language", Text: "fr"})
		self := node.Author{Person: c.Person()}
		en, err := c.Translate(v.Context(), self, fr, "en", "Charter")
		if err != nil {
			v.Fatal(err)
		}
		a.say(en, "On range", "We tidy up")
		v.within(time.Minute, a, b)
		stand := func(p *place, id crdt.ID) string {
			v.Helper()
			list, err := p.current().Translations(id)
			if err != nil {
				v.Fatal(err)
			}
			out := ""
			for _, x := range list {
				out += fmt.Sprintf("%s %s %v %v; ", x.Language, x.Title, x.Original, x.Stale)
			}
			return out
		}
		fresh, stale := "fr Charte true false; en Charter false false; ", "fr Charte true false; en Charter false true; "
		for _, p := range []*place{a, b} {
			for _, id := range []crdt.ID{fr, en} {
				if got := stand(p, id); got != fresh {
					v.Errorf("%s: %s; want %s", p.name, got, fresh)
				}
			}
		}
		b.say(fr, "range", "range tout")
		v.within(time.Minute, a, b)
		if got := stand(a, fr); got != stale {
			v.Errorf("after a change: %s; want %s", got, stale)
		}
		spans, err := c.SinceFollowed(en, -1)
		if want := []commons.Span{{Did: commons.Kept, Text: "On range"}, {Did: commons.Came, Text: " tout"}, {Did: commons.Kept, Text: ".\n"}}; err != nil || !slices.Equal(spans, want) {
			v.Errorf("since then: %v, %v; want %v", spans, err, want)
		}
		// Taken back, it says the same again.
		b.say(fr, " tout", "")
		v.within(time.Minute, a, b)
		if got := stand(a, en); got != fresh {
			v.Errorf("after it was taken back: %s; want %s", got, fresh)
		}
		b.say(fr, "range", "range bien")
		v.within(time.Minute, a, b)
		if err := c.FollowOriginal(v.Context(), self, en); err != nil {
			v.Fatal(err)
		}
		if got := stand(a, en); got != fresh {
			v.Errorf("after it was said to follow: %s; want %s", got, fresh)
		}
		if err := c.FollowOriginal(v.Context(), self, fr); err == nil {
			v.Error("the original follows something")
		}
	})
}
