package web

import (
	"cmp"
	"slices"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
)

// shareRoutes are the inventory, and a tool of it.
var shareRoutes = []route{
	{"GET", "/share", anybody, everywhere, (*visit).inventory},
	{"GET", "/share/new", member, everywhere, (*visit).newTool},
	{"POST", "/share/new", member, everywhere, (*visit).addTool},
	{"GET", "/share/tools/{id}", anybody, everywhere, (*visit).tool},
	{"GET", "/share/tools/{id}/edit", member, everywhere, (*visit).editTool},
	{"POST", "/share/tools/{id}/edit", member, everywhere, (*visit).saveTool},
	{"POST", "/share/tools/{id}/log", member, everywhere, (*visit).addToLog},
}

// inventorySize is how many tools a page of the inventory has.
const inventorySize = 50

// An inventory is the tools that answer to what is asked.
type inventory struct {
	Query   string
	Filters []filter
	Sort    string
	Sorts   []choice
	Narrow  bool // something is asked for
	Rows    []toolRow
	Pager   pager
	// Labels is where the labels of what is found are.
	Labels string
}

// A filter narrows a list by a field.
type filter struct {
	Name    string
	Value   string
	Options []choice
}

// A toolRow is a tool in the inventory.
type toolRow struct {
	Path, Title, Tag, Category, Where, Condition string
	Out                                          *loanNow
}

func (v *visit) inventory() error {
	q := v.URL.Query()
	in := inventory{Query: strings.TrimSpace(q.Get("q")), Sort: q.Get("sort"), Sorts: choices("sort.", "", "tag", "new")}
	list, all, err := v.tools()
	if err != nil {
		return err
	}
	in.Narrow = len(list) < len(all) || in.Query != ""
	for _, name := range []string{"category", "condition", "place"} {
		in.Filters = append(in.Filters, v.filter(name, all, facetNames[name]))
	}
	in.Labels = "/share/labels?" + v.asked().Encode()
	out, err := v.loansOut()
	if err != nil {
		return err
	}
	var part []*item
	part, in.Pager = paged(v, list, inventorySize)
	homes := make(map[string]string)
	for _, it := range part {
		f := it.facets
		row := toolRow{
			Path: pathOf("tool", it.id), Title: it.title, Tag: f["tag"], Category: f["category"],
			Where: f["location"], Condition: f["condition"], Out: out[it.id],
		}
		if home := f["home"]; home != "" {
			if _, known := homes[home]; !known {
				homes[home] = v.nameOf(home)
			}
			row.Where = strings.Trim(homes[home]+" · "+row.Where, " ·")
		}
		in.Rows = append(in.Rows, row)
	}
	return v.render("inventory", in)
}

// facetNames are the facets that a filter narrows by.
var facetNames = map[string]string{"category": "category", "condition": "condition", "place": "home", "type": "type", "state": "state", "template": "template", "language": "language"}

// tools are the tools that a request asks for, in its order, and all there are.
func (v *visit) tools() (list, all []*item, err error) {
	if all, err = v.shelf("tool"); err != nil {
		return nil, nil, err
	}
	q := v.URL.Query()
	list = found(all, q.Get("q"))
	for _, name := range []string{"category", "condition", "place"} {
		list = narrowed(list, facetNames[name], q.Get(name))
	}
	switch q.Get("sort") {
	case "tag":
		list = slices.SortedStableFunc(slices.Values(list), func(a, b *item) int {
			return cmp.Or(cmp.Compare(len(a.facets["tag"]), len(b.facets["tag"])), cmp.Compare(a.facets["tag"], b.facets["tag"]))
		})
	case "new":
		list = slices.SortedStableFunc(slices.Values(list), func(a, b *item) int { return cmp.Compare(b.lamport, a.lamport) })
	}
	return list, all, nil
}

// narrowed leaves out of a list what has another value in a facet.
func narrowed(list []*item, facet, value string) []*item {
	if value == "" {
		return list
	}
	var out []*item
	for _, it := range list {
		if it.facets[facet] == value {
			out = append(out, it)
		}
	}
	return out
}

// maxOptions is how many values a filter offers.
const maxOptions = 100

// filter offers the values that a facet has in a list.
func (v *visit) filter(name string, list []*item, facet string) filter {
	f := filter{Name: name, Value: v.URL.Query().Get(name)}
	counts := make(map[string]int)
	for _, it := range list {
		if value := it.facets[facet]; value != "" {
			counts[value]++
		}
	}
	for value := range counts {
		c := choice{Value: value, Text: value}
		switch facet {
		case "home":
			c.Text = v.nameOf(value)
		case "condition", "state", "type", "template", "language":
			c.Text = v.say.known(facet+".", value)
		}
		if c.Text != "" {
			f.Options = append(f.Options, c)
		}
	}
	slices.SortFunc(f.Options, func(a, b choice) int {
		return cmp.Or(strings.Compare(commons.Fold(a.Text), commons.Fold(b.Text)), strings.Compare(a.Value, b.Value))
	})
	f.Options = f.Options[:min(len(f.Options), maxOptions)]
	return f
}

// toolPage is what the page of a tool shows.
type toolPage struct {
	*thing
	Home  string // the name of its home place
	Loans *loans
	Notes *notes
	Log   []string
}

func (v *visit) tool() error {
	t, err := v.thing("tool")
	if err != nil {
		return err
	}
	p, err := v.toolPage(t)
	if err != nil {
		return err
	}
	return v.render("tool", p)
}

func (v *visit) toolPage(t *thing) (p *toolPage, err error) {
	p = &toolPage{thing: t, Home: v.nameOf(t.Text("home")), Log: t.List("log")}
	if p.Notes, err = v.notesOn(t); err != nil {
		return nil, err
	}
	p.Loans, err = v.loansOf(t)
	return p, err
}

// toolInputs is what a tool is asked, in the order of the form; what comes after
// the first few is folded away.
func (v *visit) toolInputs() ([]input, error) {
	list, err := v.shelf("tool")
	if err != nil {
		return nil, err
	}
	places, err := v.placeChoices()
	if err != nil {
		return nil, err
	}
	return []input{
		{Name: "name", Needed: true},
		{Name: "tag", Hint: "field.tag.hint"},
		{Name: "category", List: valuesOf(list, "category")},
		{Name: "condition", Kind: "select", Options: choices("condition.", "", "good", "to check", "broken", "retired")},
		{Name: "location", Hint: "field.location.hint", List: valuesOf(list, "location")},
		{Name: "description", Kind: "area"},
		{Name: "rules", Kind: "area", Hint: "field.rules.hint"},
		{Name: "loanable", Kind: "check"},
		{Name: "bookable", Kind: "check"},
		{Name: "home", Kind: "select", Options: places},
		{Name: "other-names", Hint: "field.other-names.hint"},
		{Name: "brand"},
		{Name: "model"},
		{Name: "serial"},
		{Name: "clearance", Hint: "field.clearance.hint"},
		{Name: "manual", Hint: "field.manual.hint"},
		{Name: "price"},
		{Name: "bought", Kind: "date"},
		{Name: "tags", Hint: "field.tags.hint"},
		{Name: "notes", Kind: "area"},
		{Name: "visibility", Kind: "select", Options: choices("visibility.", "", "members", "place", "private")},
	}, nil
}

// maxSuggestions is how many values a line of a form suggests.
const maxSuggestions = 60

// valuesOf are the values of a facet, the most frequent first.
func valuesOf(list []*item, facet string) []string {
	counts := make(map[string]int)
	for _, it := range list {
		if value := it.facets[facet]; value != "" {
			counts[value]++
		}
	}
	out := make([]string, 0, len(counts))
	for value := range counts {
		out = append(out, value)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	return out[:min(len(out), maxSuggestions)]
}

// placeChoices are the places, and none.
func (v *visit) placeChoices() ([]choice, error) {
	list, err := v.shelf("place")
	out := []choice{{Key: "choice.none"}}
	for _, it := range list {
		out = append(out, choice{Value: it.id.String(), Text: it.title})
	}
	return out, err
}

// thingForm is what the form of a thing shows.
type thingForm struct {
	Thing *thing // nil for a new one
	Form  *sheet
	Back  string
}

func (v *visit) newTool() error { return v.toolForm(nil, nil) }

func (v *visit) addTool() error {
	id := newID()
	return v.toolForm(nil, func(f *sheet) error {
		err := v.write(func() ([][]crdt.Edit, error) { return commons.Add(id, "tool", f.assigns(), v.commons.Env()) })
		if err != nil {
			return err
		}
		return v.goSaying(pathOf("tool", id), &message{Key: "said.added", Args: []any{f.Get("name").Value}, Undo: v.undo("/things/"+id.String()+"/remove", "/share")})
	})
}

// toolForm shows the form of a tool, or, given what to do with it, does that;
// if it can't be done, the form is shown again as it was typed.
func (v *visit) toolForm(t *thing, do func(*sheet) error) error {
	inputs, err := v.toolInputs()
	if err != nil {
		return err
	}
	data := thingForm{Thing: t, Back: "/share", Form: v.sheetOf("tool", inputs, t)}
	if t != nil {
		data.Back = t.Path
	}
	return v.fill(data.Form, "tool-form", data, do)
}

func (v *visit) editTool() error {
	t, err := v.thing("tool")
	if err != nil {
		return err
	}
	return v.toolForm(t, nil)
}

func (v *visit) saveTool() error {
	t, err := v.thing("tool")
	if err != nil {
		return err
	}
	return v.toolForm(t, func(f *sheet) error { return v.save(t, f) })
}

// addToLog adds a line to a tool's log: what was done to it stays as it was
// said.
func (v *visit) addToLog() error {
	t, err := v.thing("tool")
	if err != nil {
		return err
	}
	f := v.sheet("tool", logInputs, nil)
	line := f.assigns()
	for i := range line {
		line[i].How = commons.Include
		line[i].Text = v.now.In(v.zone()).Format("2006-01-02") + " · " + line[i].Text
	}
	if err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Set(d, line, v.commons.Env()) }); err != nil {
		return v.askAgain(err, f, "form-again", thingForm{t, f, t.Path})
	}
	return v.done(t.Path+"#log", "said.logged")
}

var logInputs = []input{{Name: "log", Label: "log.add", Needed: true}}
