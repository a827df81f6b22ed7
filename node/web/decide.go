package web

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node/markdown"
)

// decideRoutes are ideas and proposals, who supports them and what they became.
var decideRoutes = []route{
	{"GET", "/decide", anybody, everywhere, (*visit).proposals},
	{"GET", "/decide/new", member, everywhere, (*visit).newProposal},
	{"POST", "/decide/new", member, everywhere, (*visit).addProposal},
	{"GET", "/decide/{id}", anybody, everywhere, (*visit).proposal},
	{"GET", "/decide/{id}/edit", member, everywhere, (*visit).editProposal},
	{"POST", "/decide/{id}/edit", member, everywhere, (*visit).saveProposal},
	{"POST", "/decide/{id}/support", member, everywhere, (*visit).support},
	{"POST", "/decide/{id}/answer", steward, trusted, (*visit).answerProposal},
}

type proposalsPage struct {
	Query   string
	Filters []filter
	Narrow  bool
	Rows    []proposalRow
	Pager   pager
}

type proposalRow struct {
	Path, Title, Type, State string
	By                       byline
	Supports, Comments       int
}

// proposalsSize is how many proposals a page of the list has.
const proposalsSize = 30

// proposals are listed by what changed last, what is still open first.
func (v *visit) proposals() error {
	q := v.URL.Query()
	all, err := v.shelf("proposal")
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(it *item) bool {
		return it.facets["state"] == "draft" && (v.session == nil || it.by != v.session.Person)
	})
	p := proposalsPage{Query: strings.TrimSpace(q.Get("q"))}
	list := narrowed(found(all, p.Query), "state", q.Get("state"))
	list = narrowed(list, "type", q.Get("type"))
	p.Narrow = len(list) < len(all) || p.Query != ""
	p.Filters = []filter{v.filter("type", all, "type"), v.filter("state", all, "state")}
	list = slices.SortedStableFunc(slices.Values(list), func(a, b *item) int {
		return cmp.Or(cmp.Compare(closed(a), closed(b)), cmp.Compare(b.lamport, a.lamport))
	})
	part, pages := paged(v, list, proposalsSize)
	p.Pager = pages
	for _, it := range part {
		d, err := v.commons.Doc(it.id)
		if err != nil {
			return err
		}
		comments, err := v.aboutIt("note", it.id)
		if err != nil {
			return err
		}
		r := commons.View(d)
		p.Rows = append(p.Rows, proposalRow{
			Path: pathOf("proposal", it.id), Title: it.title, Type: it.facets["type"], State: it.facets["state"],
			By: v.byline(r.Created), Supports: len(commons.Supports(d)), Comments: len(comments),
		})
	}
	return v.render("decide", p)
}

// closed is 1 for what needs nobody's support any more.
func closed(it *item) int {
	switch it.facets["state"] {
	case "accepted", "rejected", "withdrawn":
		return 1
	}
	return 0
}

type proposalPage struct {
	*thing
	Type, State string
	Body        template.HTML
	Supports    int
	Names       []string // of those who support it and have one
	Mine        bool     // whoever asks supports it
	Threshold   string
	Deadline    time.Time
	Notes       *notes
	Answer      *sheet // nil for whoever doesn't answer
	Open        bool   // it can be supported
}

func (v *visit) proposal() error {
	t, err := v.thing("proposal")
	if err != nil {
		return err
	}
	p := proposalPage{
		thing: t, Type: cmp.Or(t.Text("type"), commons.DefaultProposalType), State: cmp.Or(t.Text("state"), commons.DefaultProposalState),
		Body: markdown.Render(t.Text("body"), markdown.Options{Shift: 1}), Threshold: t.Text("threshold"),
	}
	if p.State == "draft" && (v.session == nil || v.author(t.doc) != v.session.Person) {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	p.Deadline, _ = time.ParseInLocation(time.DateOnly, t.Text("deadline"), v.zone())
	p.Open = p.State == "published" || p.State == "in evaluation"
	for _, id := range commons.Supports(t.doc) {
		p.Supports++
		p.Mine = p.Mine || v.session != nil && id == v.self()
		if name := v.who(id.String()); v.role >= oplog.RoleReader && name != v.say.text("someone") {
			p.Names = append(p.Names, name)
		}
	}
	slices.Sort(p.Names)
	if p.Notes, err = v.notesOn(t); err != nil {
		return err
	}
	if v.role >= oplog.RoleSteward {
		p.Answer = v.sheet("answer", answerInputs, t.doc)
	}
	return v.render("proposal", p)
}

var answerInputs = []input{
	{Name: "state", Label: "decide.becomes", Kind: "select", Options: choices("state.", "published", "in evaluation", "accepted", "rejected")},
	{Name: "answer", Kind: "area"},
}

func proposalInputs() []input {
	return []input{
		{Name: "title", Needed: true},
		{Name: "type", Label: "decide.type", Kind: "radio", Options: choices("type.", "idea", "proposal", "petition"), Value: commons.DefaultProposalType},
		{Name: "body", Kind: "area", Hint: "markdown.hint"},
		{Name: "threshold", Kind: "number", Hint: "decide.threshold.hint"},
		{Name: "deadline", Kind: "date"},
		{Name: "state", Label: "decide.state", Kind: "select", Options: choices("state.", "published", "draft", "withdrawn"), Value: commons.DefaultProposalState},
		{Name: "visibility", Kind: "select", Options: choices("visibility.", "", "members", "place", "private")},
	}
}

func (v *visit) newProposal() error { return v.proposalForm(nil, nil) }

func (v *visit) addProposal() error {
	id := newID()
	return v.proposalForm(nil, func(f *sheet) error {
		err := v.write(func() ([][]crdt.Edit, error) { return commons.Add(id, "proposal", f.assigns(), v.commons.Env()) })
		if err != nil {
			return err
		}
		return v.goSaying(pathOf("proposal", id), &message{Key: "said.added", Args: []any{f.Get("title").Value}, Undo: v.undo("/things/"+id.String()+"/remove", "/decide")})
	})
}

func (v *visit) editProposal() error {
	t, err := v.thing("proposal")
	if err != nil {
		return err
	}
	return v.proposalForm(t, nil)
}

// saveProposal writes what was changed; into a text that others changed
// meanwhile, only what was changed in it.
func (v *visit) saveProposal() error {
	t, err := v.thing("proposal")
	if err != nil {
		return err
	}
	return v.proposalForm(t, func(f *sheet) error {
		body := f.Get("body")
		in := slices.DeleteFunc(f.assigns(), func(a commons.Assign) bool { return a.Field == "body" })
		if body.Value != body.Was {
			err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.EditText(d, "body", body.Was, body.Value) })
			if err != nil {
				return err
			}
			if len(in) == 0 {
				return v.done(t.Path, "said.saved")
			}
		}
		return v.saveAssigns(t, in)
	})
}

func (v *visit) proposalForm(t *thing, do func(*sheet) error) error {
	inputs := proposalInputs()
	data := thingForm{Thing: t, Back: "/decide"}
	if t != nil {
		data.Back = t.Path
		// A state that isn't the author's to choose stays as it is.
		if state := t.Text("state"); state == "in evaluation" || state == "accepted" || state == "rejected" {
			inputs = slices.DeleteFunc(inputs, func(in input) bool { return in.Name == "state" })
		}
	}
	data.Form = v.sheetOf("proposal", inputs, t)
	return v.fill(data.Form, "proposal-form", data, do)
}

// support adds whoever asks to those who support a proposal, or takes them out.
func (v *visit) support() error {
	t, err := v.thing("proposal")
	if err != nil {
		return err
	}
	yes := v.FormValue("yes") != ""
	if yes && closed(itemOf(v.commons, t.doc)) == 1 {
		return &problem{status: http.StatusConflict, key: "problem.closed"}
	}
	who := v.self()
	if err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Support(d, who, yes) }); err != nil {
		return err
	}
	m := &message{Key: "said.supported", Undo: v.undo("/decide/"+t.ID+"/support", t.Path)}
	if !yes {
		m.Key = "said.unsupported"
		m.Undo.Fields.Set("yes", "1")
	}
	return v.goSaying(t.Path, m)
}

// answerProposal says what became of a proposal.
func (v *visit) answerProposal() error {
	t, err := v.thing("proposal")
	if err != nil {
		return err
	}
	f := v.sheet("answer", answerInputs, t.doc)
	return v.fill(f, "form-again", thingForm{t, f, t.Path}, func(f *sheet) error { return v.save(t, f) })
}
