package web

import (
	"slices"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
)

// pageHistoryRoutes are what became of a page, sitting by sitting.
var pageHistoryRoutes = []route{
	{"GET", "/know/{id}/history", anybody, everywhere, (*visit).pageHistory},
	{"GET", "/know/{id}/compare", anybody, everywhere, (*visit).comparePage},
	{"GET", "/know/{id}/who", anybody, everywhere, (*visit).whoWrote},
	{"GET", "/know/{id}/original", member, everywhere, (*visit).sinceFollowed},
	{"POST", "/know/{id}/restore", member, everywhere, (*visit).restorePage},
}

// A sitting is what one person did to a page at a time.
type sitting struct {
	byline
	OnBehalf       string // whom they helped
	Version        string
	Did            string // created, changed, removed, restored
	Fields         []string
	Added, Deleted int
	Newest         bool
}

func (v *visit) sitting(r node.Revision) sitting {
	s := sitting{
		byline: byline{Who: v.commons.PersonName(r.Writer.Person)}, Version: r.Version.String(), Did: r.Did, Fields: r.Fields, Added: r.Added, Deleted: r.Deleted,
		OnBehalf: v.commons.PersonName(r.OnBehalf),
	}
	if s.Who == "" {
		s.Who = v.commons.PlaceName(r.Writer.Device)
	}
	if !r.To.IsZero() {
		s.When = r.To.In(v.zone())
	}
	return s
}

func (v *visit) pageHistory() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	list, err := v.commons.Revisions(t.doc.ID())
	if err != nil {
		return err
	}
	var out []sitting
	for i, r := range slices.Backward(list) {
		s := v.sitting(r)
		s.Newest = i == len(list)-1
		out = append(out, s)
	}
	part, pages := paged(v, out, historySize)
	return v.render("page-history", struct {
		Thing *thing
		List  []sitting
		Pager pager
	}{t, part, pages})
}

// linesAround is how many unchanged lines a comparison leaves around what
// changed.
const linesAround = 3

// A comparison is what differs between two versions of a page.
type comparison struct {
	Thing   *thing
	By      *sitting // who made the later one, if that is known
	Spans   []commons.Span
	Version string // the later one, to be brought back; "" is today's
	Same    bool
	Title   string // a key
	Stale   bool   // it compares what a translation follows
}

func (v *visit) comparePage() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	q := v.URL.Query()
	spans, err := v.commons.ComparePage(t.doc.ID(), q.Get("from"), q.Get("version"), linesAround)
	if err != nil {
		return err
	}
	c := comparison{Thing: t, Spans: spans, Version: q.Get("version"), Same: same(spans), Title: "compare.title"}
	if c.Version != "" {
		list, err := v.commons.Revisions(t.doc.ID())
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.Version.String() == c.Version {
				s := v.sitting(r)
				c.By = &s
			}
		}
	}
	return v.render("page-compare", c)
}

func same(spans []commons.Span) bool {
	return !slices.ContainsFunc(spans, func(s commons.Span) bool { return s.Did == commons.Came || s.Did == commons.Went })
}

// sinceFollowed shows what the original of a translation says since.
func (v *visit) sinceFollowed() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	spans, err := v.commons.SinceFollowed(t.doc.ID(), linesAround)
	if err != nil {
		return err
	}
	return v.render("page-compare", comparison{Thing: t, Spans: spans, Same: same(spans), Title: "compare.original", Stale: true})
}

// A passage is a piece of a page's text and who wrote it.
type passage struct {
	byline
	Text  string
	Shade int // tells those beside each other apart
}

func (v *visit) whoWrote() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	pieces, list, err := v.commons.Blame(t.doc.ID())
	if err != nil {
		return err
	}
	shades := make(map[string]int)
	var out []passage
	for _, p := range pieces {
		s := v.sitting(list[p.Revision])
		if _, known := shades[s.Who]; !known {
			shades[s.Who] = len(shades) % 6
		}
		out = append(out, passage{s.byline, p.Text, shades[s.Who]})
	}
	return v.render("page-who", struct {
		Thing *thing
		List  []passage
	}{t, out})
}

// restorePage gives a page the text that a version of it had. What was written
// since stays in its history.
func (v *visit) restorePage() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	version := v.FormValue("version")
	was := commons.BodyVersion(t.doc)
	err = v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) {
		text := "" // of before the first version
		if version != "" {
			old, _, err := v.commons.DocAt(d.ID(), version)
			if err != nil {
				return nil, err
			}
			text = commons.Body(old)
		}
		return commons.EditText(d, "body", commons.Body(d), text)
	})
	if err != nil {
		return err
	}
	m := &message{Key: "said.page_back"}
	if len(was) == 1 {
		m.Undo = v.undo("/know/"+t.ID+"/restore", t.Path)
		m.Undo.Fields.Set("version", firstOf(was))
	}
	return v.goSaying(t.Path, m)
}
