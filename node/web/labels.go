package web

import (
	"net/url"

	"navette/node/qr"
)

// labelRoutes are the labels that people print and stick on tools.
var labelRoutes = []route{
	{"GET", "/share/labels", anybody, everywhere, (*visit).labels},
}

// maxLabels is how many labels a sheet has: some twenty pages of paper.
const maxLabels = 400

// labelsPage is the labels of the tools that are asked for.
type labelsPage struct {
	Labels []label
	More   int // that aren't on the sheet
	Back   string
}

// A label says what a tool is, and leads to its page.
type label struct {
	Title, Tag string
	QR         *qr.Picture
}

// labels shows the labels of one tool, or of those that a search finds.
func (v *visit) labels() error {
	list, all, err := v.tools()
	if err != nil {
		return err
	}
	p := labelsPage{Back: "/share?" + v.asked().Encode()}
	if id := v.URL.Query().Get("id"); id != "" {
		list = nil
		for _, it := range all {
			if it.id.String() == id {
				list, p.Back = append(list, it), pathOf("tool", it.id)
			}
		}
	}
	p.More = max(0, len(list)-maxLabels)
	for _, it := range list[:len(list)-p.More] {
		picture, err := qr.Of(v.s.publicPage(v.Request) + "things/" + it.id.String())
		if err != nil {
			return err
		}
		p.Labels = append(p.Labels, label{it.title, it.facets["tag"], picture})
	}
	return v.render("labels", p)
}

// asked is the part of the query that says what is looked for.
func (v *visit) asked() url.Values {
	out := url.Values{}
	for _, name := range []string{"q", "category", "condition", "place", "sort"} {
		if s := v.URL.Query().Get(name); s != "" {
			out.Set(name, s)
		}
	}
	return out
}
