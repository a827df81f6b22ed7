package web

import (
	"net/http"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
)

// pageRoutes are writing a page, at level 0: a plain text that is sent whole,
// of which what was changed in it is written.
var pageRoutes = []route{
	{"GET", "/know/new", member, everywhere, (*visit).newPage},
	{"POST", "/know/new", member, everywhere, (*visit).addPage},
	{"GET", "/know/{id}/edit", member, everywhere, (*visit).editPage},
	{"POST", "/know/{id}/edit", member, everywhere, (*visit).savePage},
	{"GET", "/know/{id}/about", member, everywhere, (*visit).editAbout},
	{"POST", "/know/{id}/about", member, everywhere, (*visit).saveAbout},
	{"GET", "/know/{id}/translate", member, everywhere, (*visit).translateForm},
	{"POST", "/know/{id}/translate", member, everywhere, (*visit).translate},
	{"POST", "/know/{id}/follow", member, everywhere, (*visit).followOriginal},
}

// maxPage is what a page's text may come to in a form: its bound, and as much
// again for how a form writes letters that aren't English.
const maxPage = 4 << 20

// newPage asks for a title and what to begin from.
func (v *visit) newPage() error { return v.newPageForm(nil) }

func (v *visit) addPage() error {
	id := newID()
	return v.newPageForm(func(f *sheet) error {
		if err := v.write(func() ([][]crdt.Edit, error) { return commons.Add(id, "page", f.assigns(), v.commons.Env()) }); err != nil {
			return err
		}
		return v.goSaying(pathOf("page", id)+"/edit", &message{Key: "said.added", Args: []any{f.Get("title").Value}, Undo: v.undo("/things/"+id.String()+"/remove", "/know")})
	})
}

func (v *visit) newPageForm(do func(*sheet) error) error {
	inputs := []input{
		{Name: "title", Needed: true},
		{Name: "template", Label: "know.begin", Kind: "radio", Options: choices("template.", append([]string{""}, commons.Templates()...)...)},
		{Name: "language", Kind: "select", Options: v.languageChoices(), Value: v.say.tag()},
		{Name: "visibility", Kind: "select", Options: choices("visibility.", "", "members", "place", "private")},
	}
	if title := v.URL.Query().Get("title"); title != "" {
		inputs[0].Value = title
	}
	f := v.sheet("page", inputs, nil)
	return v.fill(f, "page-new", thingForm{Form: f, Back: "/know"}, do)
}

// offered are the languages that a page is offered to be in; any other can be
// kept.
var offered = []string{"fr", "en", "de", "es", "it", "nl", "pt", "ar", "uk", "br", "eu", "oc"}

func (v *visit) languageChoices() []choice { return choices("language.", offered...) }

// An editorPage is a page being written.
type editorPage struct {
	*thing
	Typed   string
	Base    string // the version that Typed is of, or that it was typed in
	Problem *sheetProblem
	// Nonce lets the editor's script bring its own styles.
	Nonce string
}

// Language is the page's, for the spelling to be checked in.
func (p editorPage) Language() string { return p.Text("language") }

func (v *visit) editPage() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	base, pos := v.commons.Mark()
	d, err := v.commons.DocThrough(t.doc.ID(), pos)
	if err != nil {
		return err
	}
	nonce := secret()
	v.w.Header().Set("Content-Security-Policy", headers["Content-Security-Policy"]+"; style-src 'self' 'nonce-"+nonce+"'")
	return v.render("page-edit", editorPage{thing: t, Typed: commons.Body(d), Base: base, Nonce: nonce})
}

// savePage writes what was changed in the text that the person saw. What others
// wrote into it meanwhile stays, and is shown.
func (v *visit) savePage() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	typed := strings.ReplaceAll(v.FormValue("text"), "\r\n", "\n")
	again := func(err error) error {
		f := &sheet{Kind: "page"}
		return v.askAgain(err, f, "page-edit", func() any { return editorPage{thing: t, Typed: typed, Base: v.FormValue("base"), Problem: f.Problem} })
	}
	pos, ok := v.commons.ReadMark(v.FormValue("base"))
	if !ok {
		return again(&problem{http.StatusConflict, "problem.base", nil, node.ErrNoVersion})
	}
	old, err := v.commons.DocThrough(t.doc.ID(), pos)
	if err != nil {
		return again(err)
	}
	saw := commons.Body(old)
	if strings.HasSuffix(saw, "\n") && !strings.HasSuffix(typed, "\n") {
		typed += "\n"
	}
	met := "" // what others made of it meanwhile
	err = v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) {
		met = commons.Body(d)
		return commons.EditText(d, "body", saw, typed)
	})
	if err != nil {
		return again(err)
	}
	switch {
	case met != saw:
		return v.goSaying(t.Path+"/compare?from="+firstOf(commons.BodyVersion(old)), &message{Key: "said.merged"})
	case typed == saw:
		return v.done(t.Path, "said.same")
	}
	u := v.undo("/know/"+t.ID+"/restore", t.Path)
	u.Fields.Set("version", firstOf(commons.BodyVersion(old)))
	m := &message{Key: "said.saved", Undo: u}
	if len(commons.BodyVersion(old)) != 1 {
		m.Undo = nil // its text is of several versions: the history has them
	}
	return v.goSaying(t.Path, m)
}

// firstOf is the first of the changes that a text stands at; "" if there is
// none.
func firstOf(changes []crdt.ChangeID) string {
	if len(changes) == 0 {
		return ""
	}
	return changes[0].String()
}

// aboutInputs is what is asked of a page beside its text.
func (v *visit) aboutInputs() []input {
	licences := []choice{{Key: "choice.none"}}
	for _, l := range commons.Licences() {
		licences = append(licences, choice{Value: l, Text: l})
	}
	return []input{
		{Name: "title"},
		{Name: "language", Kind: "select", Options: append([]choice{{Key: "choice.none"}}, v.languageChoices()...)},
		{Name: "template", Kind: "select", Options: choices("template.", append([]string{""}, commons.Templates()...)...)},
		{Name: "authors", Hint: "field.tags.hint"},
		{Name: "licence", Kind: "select", Options: licences},
		{Name: "source"},
		{Name: "tags", Hint: "field.tags.hint"},
		{Name: "visibility", Kind: "select", Options: choices("visibility.", "", "members", "place", "private")},
	}
}

func (v *visit) editAbout() error { return v.aboutForm(nil) }

func (v *visit) saveAbout() error {
	return v.aboutForm(func(t *thing, f *sheet) error { return v.save(t, f) })
}

func (v *visit) aboutForm(do func(*thing, *sheet) error) error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	inputs := v.aboutInputs()
	for i, in := range inputs { // what was chosen elsewhere stays a choice
		if value := t.Text(in.Name); in.Kind == "select" && value != "" && !offers(in.Options, value) {
			inputs[i].Options = append(in.Options, choice{Value: value, Text: value})
		}
	}
	f := v.sheetOf("page", inputs, t)
	data := thingForm{t, f, t.Path}
	if do == nil {
		return v.render("page-about", data)
	}
	return v.fill(f, "page-about", data, func(f *sheet) error { return do(t, f) })
}

func offers(list []choice, value string) bool {
	for _, c := range list {
		if c.Value == value {
			return true
		}
	}
	return false
}

func (v *visit) translateForm() error { return v.translation(nil) }

func (v *visit) translate() error {
	return v.translation(func(t *thing, f *sheet) error {
		id, err := v.commons.Translate(v.Context(), v.session.author(), t.doc.ID(), f.Get("language").Value, strings.TrimSpace(f.Get("title").Value))
		if err != nil {
			return err
		}
		return v.goSaying(pathOf("page", id)+"/edit", &message{Key: "said.translation", Undo: v.undo("/things/"+id.String()+"/remove", t.Path)})
	})
}

func (v *visit) translation(do func(*thing, *sheet) error) error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	f := v.sheet("page", []input{{Name: "language", Kind: "select", Options: v.languageChoices(), Needed: true}, {Name: "title", Label: "know.title_there"}}, nil)
	data := thingForm{t, f, t.Path}
	if do == nil {
		return v.render("page-translate", data)
	}
	return v.fill(f, "page-translate", data, func(f *sheet) error { return do(t, f) })
}

// followOriginal says of a translation that it says the same as its original.
func (v *visit) followOriginal() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	if err := v.commons.FollowOriginal(v.Context(), v.session.author(), t.doc.ID()); err != nil {
		return err
	}
	return v.done(t.Path, "said.follows")
}
