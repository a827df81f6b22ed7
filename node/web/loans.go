package web

import (
	"slices"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
)

// loanRoutes are lending a tool and taking it back.
var loanRoutes = []route{
	{"POST", "/share/tools/{id}/lend", member, everywhere, (*visit).lend},
	{"GET", "/share/loans", member, everywhere, (*visit).allLoans},
	{"POST", "/share/loans/{id}/return", member, everywhere, (*visit).takeIn},
	{"POST", "/share/loans/{id}/renew", member, everywhere, (*visit).renew},
}

// A loanNow is how a loan stands.
type loanNow struct {
	ID       string
	Borrower string
	Out      time.Time
	Back     time.Time // zero while it is out
	Due      time.Time // zero if no day was said
	Late     bool
	Tool     string // the name
	Path     string // of the tool
	In, From string // the condition it came back and went out in
	Form     *sheet // to take it in
}

// loans are those of a tool.
type loans struct {
	Out  []*loanNow // not back yet: more than one if it was lent at two places
	Past []*loanNow // the newest first
	Lend *sheet
}

// pastLoans is how many loans of the past a tool shows.
const pastLoans = 10

// loansOf are the loans of a tool.
func (v *visit) loansOf(t *thing) (*loans, error) {
	out := &loans{Lend: v.sheet("loan", v.lendInputs(), nil)}
	list, err := v.aboutIt("loan", t.doc.ID())
	if err != nil {
		return nil, err
	}
	for _, it := range slices.Backward(list) {
		d, err := v.commons.Doc(it.id)
		if err != nil {
			return nil, err
		}
		l := v.loanNow(d)
		if l.Back.IsZero() {
			out.Out = append(out.Out, l)
		} else if len(out.Past) < pastLoans {
			out.Past = append(out.Past, l)
		}
	}
	return out, nil
}

// loansOut are the loans that aren't back, by tool.
func (v *visit) loansOut() (map[crdt.ID]*loanNow, error) {
	list, err := v.shelf("loan")
	if err != nil {
		return nil, err
	}
	out := make(map[crdt.ID]*loanNow)
	for _, it := range list {
		if it.facets["back"] != "" {
			continue
		}
		d, err := v.commons.Doc(it.id)
		if err != nil {
			return nil, err
		}
		out[it.about] = v.loanNow(d)
	}
	return out, nil
}

func (v *visit) loanNow(d *crdt.Doc) *loanNow {
	now := v.now.In(v.zone())
	at := commons.LoanOf(d, now)
	l := &loanNow{
		ID: d.ID().String(), Borrower: v.who(at.Borrower), Late: at.State == commons.LoanLate,
		Path: pathOf("tool", at.Tool), From: commons.Text(d, "condition-out"), In: commons.Text(d, "condition-in"),
		Out: v.instant(commons.Text(d, "out")), Form: v.sheet("loan", takeInInputs, nil),
	}
	if at.State == commons.LoanBack {
		l.Back = v.instant(commons.Text(d, "back"))
	}
	l.Due, _ = time.ParseInLocation(time.DateOnly, at.Due, v.zone())
	return l
}

// instant reads a time as fields hold it; the zero time if it is none.
func (v *visit) instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.In(v.zone())
}

func (v *visit) lendInputs() []input {
	in := input{Name: "borrower", Label: "loan.borrower", Hint: "loan.borrower.hint", Needed: true}
	if v.name != "" {
		in.Value = v.name
	}
	return []input{in, {Name: "due", Label: "loan.due", Kind: "date", Value: v.now.In(v.zone()).AddDate(0, 0, 7).Format(time.DateOnly)}}
}

var takeInInputs = []input{{Name: "condition-in", Label: "loan.condition", Kind: "select", Options: choices("condition.", "good", "to check", "broken")}}

// lend gives a tool out.
func (v *visit) lend() error {
	t, err := v.thing("tool")
	if err != nil {
		return err
	}
	f := v.sheet("loan", v.lendInputs(), nil)
	id := newID()
	in := []commons.Assign{{Field: "tool", Text: t.ID}, {Field: "out", Text: v.now.UTC().Format(time.RFC3339)}, {Field: "condition-out", Text: t.Text("condition")}}
	for _, a := range f.assigns() {
		if a.Field == "borrower" && a.Text == v.name && v.session != nil {
			a.Text = v.self().String() // a name may be another's as well
		}
		in = append(in, a)
	}
	if err := v.write(func() ([][]crdt.Edit, error) { return commons.Add(id, "loan", in, v.commons.Env()) }); err != nil {
		return v.askAgain(err, f, "form-again", thingForm{t, f, t.Path})
	}
	return v.goSaying(t.Path, &message{Key: "said.lent", Args: []any{t.Title, f.Get("borrower").Value}, Undo: v.undo("/things/"+id.String()+"/remove", t.Path)})
}

// takeIn notes that what was lent is back, and in which condition.
func (v *visit) takeIn() error {
	t, err := v.thing("loan")
	if err != nil {
		return err
	}
	f := v.sheet("loan", takeInInputs, nil)
	in := append(f.assigns(), commons.Assign{Field: "back", Text: v.now.UTC().Format(time.RFC3339)})
	was, _ := v.commons.Mark()
	if err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Set(d, in, v.commons.Env()) }); err != nil {
		return err
	}
	tool := v.loanNow(t.doc).Path
	if id := commons.LoanOf(t.doc, v.now).Tool; f.Get("condition-in").Value != "" {
		// What comes back broken is broken from then on.
		condition := []commons.Assign{{Field: "condition", Text: f.Get("condition-in").Value}}
		if of, err := v.read("tool", id); err == nil && !of.Removed {
			if err := v.edit(of, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Set(d, condition, v.commons.Env()) }); err != nil {
				return err
			}
		}
	}
	u := v.undo("/things/"+t.ID+"/back", tool)
	u.Fields.Set("was", was)
	u.Fields["field"] = []string{"back", "condition-in"}
	return v.goSaying(tool, &message{Key: "said.returned", Undo: u})
}

// renew lets a loan go on for another week.
func (v *visit) renew() error {
	t, err := v.thing("loan")
	if err != nil {
		return err
	}
	now := v.now.In(v.zone())
	from := v.loanNow(t.doc).Due
	if from.Before(now) {
		from = now
	}
	due := from.AddDate(0, 0, 7)
	in := []commons.Assign{{Field: "renewals", How: commons.Include, Text: due.Format(time.DateOnly)}}
	if err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Set(d, in, v.commons.Env()) }); err != nil {
		return err
	}
	return v.done(v.loanNow(t.doc).Path, "said.renewed", v.say.day(due))
}

// allLoans are the tools that are out, the latest to be back first.
func (v *visit) allLoans() error {
	list, err := v.shelf("loan")
	if err != nil {
		return err
	}
	var out []*loanNow
	for _, it := range list {
		if it.facets["back"] != "" {
			continue
		}
		d, err := v.commons.Doc(it.id)
		if err != nil {
			return err
		}
		l := v.loanNow(d)
		if l.Tool = v.nameOf(it.about.String()); l.Tool != "" {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b *loanNow) int { return a.Due.Compare(b.Due) })
	return v.render("loans", out)
}
