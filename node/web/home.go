package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
)

var homeRoutes = []route{
	{"GET", "/", anybody, everywhere, (*visit).home},
}

// homePage is what the first page shows: what is to come, what wants a look,
// what is new, and what there is.
type homePage struct {
	Visitor bool // may ask to join
	Waiting bool // for a steward to let them in
	Look    []toLookAt
	Next    []happening
	Open    []openIdea
	News    []news
	Counts  []counted
}

// toLookAt is something that wants a look.
type toLookAt struct{ Path, Icon, Text string }

// openIdea is a proposal that isn't decided.
type openIdea struct{ Path, Title, State string }

// news is what somebody did.
type news struct {
	Path, Title, Kind string // the key of the kind's name
	By                string
	When              time.Time
	More              int // other things that they did at once
}

// counted is how many things of a kind there are.
type counted struct {
	Key  string
	N    int
	Path string
	Icon string
}

// How much of each the first page shows.
const (
	homeNext = 4
	homeOpen = 4
	homeNews = 6
	// homeAhead is how far it looks for what is next.
	homeAhead = 60 * 24 * time.Hour
)

func (v *visit) home() error {
	if v.commons == nil {
		return &problem{status: http.StatusServiceUnavailable, key: "problem.no_commons"}
	}
	counts, err := v.commons.Counts()
	if err != nil {
		return err
	}
	p := homePage{
		Visitor: v.session == nil, Waiting: v.session != nil && v.waiting(),
		Counts: []counted{
			{"count.tools", counts["tool"], "/share", "tool"},
			{"count.events", counts["event"], "/agenda", "calendar"},
			{"count.pages", counts["page"], "/know", "book"},
			{"count.places", counts["place"], "/share/places", "place"},
		},
	}
	next, err := v.happenings(v.now, v.now.Add(homeAhead), "")
	if err != nil {
		return err
	}
	p.Next = next[:min(homeNext, len(next))]
	if p.Open, err = v.openIdeas(); err != nil {
		return err
	}
	if p.Look, err = v.toLookAt(); err != nil {
		return err
	}
	if p.News, err = v.news(); err != nil {
		return err
	}
	return v.render("home", p)
}

// openIdeas are the newest proposals that wait for a decision.
func (v *visit) openIdeas() (out []openIdea, err error) {
	all, err := v.shelf("proposal")
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(it *item) bool {
		return closed(it) == 1 || it.facets["state"] == "draft"
	})
	slices.SortFunc(all, func(a, b *item) int {
		return cmp.Or(cmp.Compare(b.lamport, a.lamport), slices.Compare(a.id[:], b.id[:]))
	})
	for _, it := range all[:min(homeOpen, len(all))] {
		out = append(out, openIdea{pathOf("proposal", it.id), it.title, it.facets["state"]})
	}
	return out, nil
}

// toLookAt is what wants a look, of those who are members.
func (v *visit) toLookAt() (out []toLookAt, err error) {
	if v.role < oplog.RoleMember {
		return nil, nil
	}
	two, err := v.twoStand()
	if err != nil {
		return nil, err
	}
	if len(two) > 0 {
		out = append(out, toLookAt{"/versions", "two", v.say.count("look.two", len(two))})
	}
	if !steward.met(v.role) {
		return out, nil
	}
	asking := 0
	for _, a := range v.s.book.accounts() {
		if a.Asked != nil {
			asking++
		}
	}
	if asking > 0 {
		out = append(out, toLookAt{"/people", "people", v.say.count("look.asking", asking)})
	}
	if n := len(v.s.node.Examine()); n > 0 {
		out = append(out, toLookAt{"/health-check", "attention", v.say.count("look.health", n)})
	}
	return out, nil
}

// newsKinds are the kinds that the news tells of.
var newsKinds = []string{"tool", "event", "page", "place", "proposal"}

// news is what people did last, the newest first.
func (v *visit) news() (out []news, err error) {
	steps, err := v.commons.Recent(8 * homeNews)
	if err != nil {
		return nil, err
	}
	told := map[crdt.ID]bool{}
	for _, s := range slices.Backward(steps) {
		if s.Void {
			continue
		}
		n := news{}
		for _, id := range s.Resources {
			t, err := v.read("", id)
			if err != nil || t.Removed || told[id] || !slices.Contains(newsKinds, t.Kind) {
				continue // it may not be seen, or was told already
			}
			told[id] = true
			if n.Path == "" {
				n.Path, n.Title, n.Kind = t.Path, t.Title, "kind."+t.Kind
			} else {
				n.More++
			}
		}
		if n.Path == "" {
			continue
		}
		n.By = v.by(v.commons.Writer(s.Change.Log), s.Change.OnBehalf)
		n.When = v.written(s.Change.Wall)
		if out = append(out, n); len(out) == homeNews {
			break
		}
	}
	return out, nil
}
