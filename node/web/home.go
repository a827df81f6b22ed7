package web

var homeRoutes = []route{
	{"GET", "/", anybody, everywhere, (*visit).home},
}

// homePage is what the first page shows.
type homePage struct {
	Counts []counted
}

// counted is how many things of a kind there are.
type counted struct {
	Key  string
	N    int
	Path string
	Icon string
}

func (v *visit) home() error {
	if v.commons == nil {
		return &problem{status: 503, key: "problem.no_commons"}
	}
	counts, err := v.commons.Counts()
	if err != nil {
		return err
	}
	return v.render("home", homePage{Counts: []counted{
		{"count.tools", counts["tool"], "/share", "tool"},
		{"count.events", counts["event"], "/agenda", "calendar"},
		{"count.pages", counts["page"], "/know", "book"},
	}})
}
