package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
)

// An input is one question of a form.
type input struct {
	Name    string
	Label   string // a key; "" is field.NAME
	Hint    string // a key; "" is none
	Kind    string // line (default), area, select, radio, check, date, clock or number
	Options []choice
	List    []string // suggestions
	Needed  bool

	Value string
	Was   string // what stood there when the form was made: it tells what was changed
	Wrong string // what is wrong with it, in words
}

// A choice is one of the answers of a select or radio.
type choice struct{ Value, Key, Text string }

// choices are those of a field, said by the keys that begin so: "condition.".
func choices(begin string, values ...string) []choice {
	out := make([]choice, len(values))
	for i, value := range values {
		out[i] = choice{Value: value, Key: choiceKey(begin, value)}
	}
	return out
}

// choiceKey is the key of the words for a value: condition.to_check.
func choiceKey(begin, value string) string {
	if value == "" {
		value = "none"
	}
	return begin + strings.ReplaceAll(value, " ", "_")
}

// A sheet is a form that is asked again with all that was typed, when it can't be taken.
type sheet struct {
	Kind    string
	Inputs  []*input
	Problem *sheetProblem // why it is asked again; nil the first time
	// Base names the version that the form was made from.
	Base string
}

type sheetProblem struct{ What, Hint string }

// sheet makes a form of inputs with what a resource has; with what was typed,
// where it comes back. d is nil for something new.
func (v *visit) sheet(kind string, inputs []input, d *crdt.Doc) *sheet {
	f := &sheet{Kind: kind}
	var r commons.Resource
	if d != nil {
		r = commons.View(d)
	}
	for _, in := range inputs {
		if in.Label == "" {
			in.Label = "field." + in.Name
		}
		if shown, ok := r.Get(in.Name); ok && in.Was == "" {
			in.Was = valueText(shown.Value)
		}
		if in.Value == "" {
			in.Value = in.Was
		}
		if v.Method == http.MethodPost {
			in.Value, in.Was = strings.ReplaceAll(v.FormValue(in.Name), "\r\n", "\n"), strings.ReplaceAll(v.FormValue("was."+in.Name), "\r\n", "\n")
		}
		f.Inputs = append(f.Inputs, &in)
	}
	return f
}

// inputTime is a time as a browser's input has it: without its zone.
func inputTime(s string) string {
	s, _, _ = strings.Cut(s, "[")
	return strings.TrimSuffix(s, "Z")
}

// Get returns an input by its name.
func (f *sheet) Get(name string) *input {
	i := slices.IndexFunc(f.Inputs, func(in *input) bool { return in.Name == name })
	if i < 0 {
		return nil
	}
	return f.Inputs[i]
}

// assigns are what the person changed, and nothing else: what others changed
// meanwhile stays.
func (f *sheet) assigns() (out []commons.Assign) {
	for _, in := range f.Inputs {
		if strings.TrimSpace(in.Value) == strings.TrimSpace(in.Was) {
			continue
		}
		a := commons.Assign{Field: in.Name, Text: strings.TrimSpace(in.Value)}
		if in.Kind == "check" && a.Text == "" {
			a.Text = "no"
		}
		a.Field, a.Key, _ = strings.Cut(a.Field, ".")
		out = append(out, a)
	}
	return out
}

// askAgain answers with the form as it was typed, and what is wrong with it.
// data is what its template shows, or makes that once f says what is wrong.
func (v *visit) askAgain(err error, f *sheet, template string, data any) error {
	p := problemOf(err)
	f.Problem = &sheetProblem{What: v.say.text(p.key, v.named(p)...)}
	if _, ok := words[p.key+".hint"]; ok {
		f.Problem.Hint = v.say.text(p.key+".hint", p.args...)
	}
	var field *commons.FieldError
	var input *inputError
	name := ""
	if errors.As(err, &input) {
		name = input.name
	} else if errors.As(err, &field) {
		name, _, _ = strings.Cut(field.Field, ".")
	}
	for _, in := range f.Inputs {
		if of, _, _ := strings.Cut(in.Name, "."); name != "" && (of == name || in.Name == name) {
			in.Wrong = f.Problem.What
		}
	}
	if p.status == http.StatusInternalServerError {
		v.s.o.Log.Error("a form failed", "path", v.URL.Path, "err", err)
	}
	if later, ok := data.(func() any); ok {
		data = later()
	}
	return v.renderAs(p.status, template, data)
}

// named are the arguments of a problem, with the field's name as people know
// it in front.
func (v *visit) named(p *problem) []any {
	args := slices.Clone(p.args)
	if len(args) > 0 {
		if name, ok := args[0].(string); ok {
			if _, known := words["field."+name]; known {
				args[0] = v.say.text("field." + name)
			}
		}
	}
	return args
}

// wrong is an error about an input, in the words of a key.
func wrong(name, key string, args ...any) error {
	return &inputError{name, &problem{http.StatusUnprocessableEntity, key, args, nil}}
}

// An inputError says which input is wrong.
type inputError struct {
	name string
	*problem
}

func (e *inputError) Unwrap() error { return e.problem }

// edit carries out an intent on a thing, as it is then.
func (v *visit) edit(t *thing, intent func(*crdt.Doc) ([][]crdt.Edit, error)) error {
	return v.write(func() ([][]crdt.Edit, error) {
		d, err := v.commons.Doc(t.doc.ID())
		if err != nil {
			return nil, err
		}
		return intent(d)
	})
}

// sheetOf is sheet for a thing that may be nil.
func (v *visit) sheetOf(kind string, inputs []input, t *thing) *sheet {
	if t == nil {
		return v.sheet(kind, inputs, nil)
	}
	return v.sheet(kind, inputs, t.doc)
}

// fill shows a form, or, given what to do with it, does that; where it can't be
// done, the form is shown again as it was typed, with what is wrong.
func (v *visit) fill(f *sheet, template string, data any, do func(*sheet) error) error {
	if do == nil {
		return v.render(template, data)
	}
	if err := do(f); err != nil {
		return v.askAgain(err, f, template, data)
	}
	return nil
}

// save gives a thing what was changed in a form, and goes to its page, where it
// can be taken back.
func (v *visit) save(t *thing, f *sheet) error { return v.saveAssigns(t, f.assigns()) }

func (v *visit) saveAssigns(t *thing, in []commons.Assign) error {
	if len(in) == 0 {
		return v.done(t.Path, "said.same")
	}
	was, _ := v.commons.Mark()
	if err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Set(d, in, v.commons.Env()) }); err != nil {
		return err
	}
	u := v.undo("/things/"+t.ID+"/back", t.Path)
	u.Fields.Set("was", was)
	for _, a := range in {
		u.Fields.Add("field", strings.TrimSuffix(a.Field+"."+a.Key, "."))
	}
	return v.goSaying(t.Path, &message{Key: "said.saved", Undo: u})
}

// takeBack gives fields of a thing the values they had at a mark.
func (v *visit) takeBack() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	pos, ok := v.commons.ReadMark(v.FormValue("was"))
	if !ok {
		return node.ErrNoVersion
	}
	old, err := v.commons.DocThrough(t.doc.ID(), pos)
	if err != nil {
		return err
	}
	was := commons.View(old)
	var in []commons.Assign
	var files []commons.Attachment
	for _, name := range v.Form["field"] {
		if cid, ok := strings.CutPrefix(name, "attachments."); ok {
			for _, a := range commons.Attachments(old) {
				if a.CID == cid {
					files = append(files, a)
				}
			}
			continue
		}
		shown, _ := was.Get(name)
		a := commons.Assign{Text: valueText(shown.Value)}
		a.Field, a.Key, _ = strings.Cut(name, ".")
		if list, ok := shown.Value.([]any); ok {
			for _, x := range list {
				a.Items = append(a.Items, valueText(x))
			}
		}
		in = append(in, a)
	}
	err = v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) {
		if len(files) > 0 {
			return commons.Attach(d, files...)
		}
		return commons.Set(d, in, v.commons.Env())
	})
	if err != nil {
		return err
	}
	return v.done(v.back(), "said.undone")
}
