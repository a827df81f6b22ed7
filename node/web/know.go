package web

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
	"navette/node/markdown"
)

// knowRoutes are the pages: their list, and one to read.
var knowRoutes = []route{
	{"GET", "/know", anybody, everywhere, (*visit).know},
	{"GET", "/know/{id}", anybody, everywhere, (*visit).readPage},
}

// knowSize is how many pages the list shows at once.
const knowSize = 40

type knowPage struct {
	Query   string
	Filters []filter
	Narrow  bool
	Rows    []pageRow
	Pager   pager
}

type pageRow struct {
	Path, Title, Template, Language string
	Updated                         byline
}

// know lists the pages, those that changed last first, unless something is
// looked for: then what is found in titles first.
func (v *visit) know() error {
	q := v.URL.Query()
	all, err := v.shelf("page")
	if err != nil {
		return err
	}
	p := knowPage{Query: strings.TrimSpace(q.Get("q"))}
	list := found(all, p.Query)
	for _, name := range []string{"template", "language"} {
		list = narrowed(list, name, q.Get(name))
		p.Filters = append(p.Filters, v.filter(name, all, name))
	}
	p.Narrow = len(list) < len(all) || p.Query != ""
	if p.Query == "" {
		list = slices.SortedStableFunc(slices.Values(list), func(a, b *item) int { return cmp.Compare(b.lamport, a.lamport) })
	}
	part, pages := paged(v, list, knowSize)
	p.Pager = pages
	for _, it := range part {
		p.Rows = append(p.Rows, pageRow{
			Path: pathOf("page", it.id), Title: it.title, Template: it.facets["template"], Language: it.facets["language"],
			Updated: v.byline(it.updated),
		})
	}
	return v.render("know", p)
}

// A pageShown is a page to read.
type pageShown struct {
	*thing
	Body         template.HTML
	Titled       bool // the text begins with its title
	Outline      []markdown.Heading
	Languages    []language
	Original     string // the path of the page that this translates; "" for an original
	Stale        bool   // the original says something else by now
	Links        []link // pages that link here
	Template     string
	Notes        *notes
	Translatable bool
}

// A language is a page in one of its languages.
type language struct {
	Path, Language, Title string
	Here, Stale           bool
}

// A link leads to a page.
type link struct{ Path, Title string }

// outlined is how many headings a page has to have for them to be listed.
const outlined = 4

func (v *visit) readPage() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	p := pageShown{thing: t, Template: t.Text("template")}
	p.Outline = markdown.Outline(commons.Body(t.doc))
	shift := 1
	if p.Titled = beginsWith(p.Outline, t.Title); p.Titled {
		shift = 0
	}
	if p.Body, err = v.commons.HTML(t.doc, v.paths(t.doc.ID()), shift); err != nil {
		return err
	}
	if len(p.Outline) < outlined {
		p.Outline = nil
	}
	if p.Languages, err = v.languages(t.doc.ID()); err != nil {
		return err
	}
	if of, ok := commons.Original(t.doc); ok {
		p.Original = pathOf("page", of)
		p.Stale = slices.ContainsFunc(p.Languages, func(l language) bool { return l.Here && l.Stale })
	}
	p.Translatable = p.Original == ""
	back, err := v.commons.Backlinks(t.doc.ID())
	if err != nil {
		return err
	}
	for _, b := range back {
		if title := v.nameOf(b.ID.String()); title != "" && b.ID != t.doc.ID() {
			p.Links = append(p.Links, link{pathOf("page", b.ID), title})
		}
	}
	if p.Notes, err = v.notesOn(t); err != nil {
		return err
	}
	return v.render("page", p)
}

// beginsWith tells whether a text begins with a title as a heading of the first
// level, of which it has no other.
func beginsWith(outline []markdown.Heading, title string) bool {
	return len(outline) > 0 && outline[0].Level == 1 && strings.TrimSpace(outline[0].Text) == title &&
		!slices.ContainsFunc(outline[1:], func(h markdown.Heading) bool { return h.Level == 1 })
}

// paths say where a page links to.
func (v *visit) paths(id crdt.ID) node.Paths {
	return node.Paths{Resource: pathOf, File: func(cid string) string { return "/things/" + id.String() + "/files/" + cid }}
}

// languages are a page in all its languages that whoever asks may see; none for
// a page that has just one.
func (v *visit) languages(id crdt.ID) (out []language, err error) {
	all, err := v.commons.Translations(id)
	if err != nil || len(all) < 2 {
		return nil, err
	}
	for _, t := range all {
		if title := v.nameOf(t.ID.String()); title != "" {
			out = append(out, language{pathOf("page", t.ID), t.Language, title, t.ID == id, t.Stale})
		}
	}
	return out, nil
}
