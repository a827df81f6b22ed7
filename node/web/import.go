package web

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
	"navette/node/formats"
	"navette/storage"
)

// importRoutes take in a table of tools: a look first, then for good, and it
// can be taken back.
var importRoutes = []route{
	{"GET", "/share/import", member, everywhere, (*visit).chooseFile},
	{"POST", "/share/import", member, everywhere, (*visit).lookAtFile},
	{"POST", "/share/import/look", member, everywhere, (*visit).lookAgain},
	{"POST", "/share/import/do", member, everywhere, (*visit).importFile},
	{"POST", "/share/import/undo", member, everywhere, (*visit).undoImport},
	{"GET", "/share/export", anybody, everywhere, (*visit).exportTools},
}

// Files wait for a person's decision, and what was imported for their regret.
const (
	maxTable    = 8 << 20
	tablesKept  = 8
	tableKept   = time.Hour
	rowsLooked  = 10
	maxProblems = 50
)

// tables are the files that people look at, and the imports they may take back.
type tables struct {
	mu  sync.Mutex // guards all
	all map[string]*table
}

// A table is a file on its way in.
type table struct {
	person node.Author
	at     time.Time
	file   formats.File
	// Done: it was imported.
	mark string                    // where the feed stood before
	new  []crdt.ID                 // what came
	old  []crdt.ID                 // what was changed
	last map[crdt.ID]crdt.ChangeID // what each stood at after it
}

func (t *tables) keep(x *table) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = make(map[string]*table)
	}
	oldest := ""
	for id, y := range t.all {
		if x.at.Sub(y.at) > tableKept {
			delete(t.all, id)
		} else if oldest == "" || y.at.Before(t.all[oldest].at) {
			oldest = id
		}
	}
	if len(t.all) >= tablesKept {
		delete(t.all, oldest)
	}
	id := secret()
	t.all[id] = x
	return id
}

// find returns a table of the person; a problem if it isn't kept any more.
func (t *tables) find(id string, by node.Author) (*table, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.all[id]
	if x == nil || x.person.Person != by.Person {
		return nil, &problem{status: http.StatusGone, key: "problem.table"}
	}
	return x, nil
}

func (v *visit) chooseFile() error { return v.render("import", nil) }

// lookAtFile keeps the file that was sent and shows what it would do.
func (v *visit) lookAtFile() error {
	f, head, err := v.FormFile("file")
	if err != nil {
		return &problem{http.StatusUnprocessableEntity, "problem.file", nil, err}
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	x := &table{person: v.session.author(), at: v.now, file: formats.File{Name: head.Filename, Data: data}}
	return v.look(v.s.tables.keep(x), x)
}

func (v *visit) lookAgain() error {
	x, err := v.s.tables.find(v.FormValue("table"), v.session.author())
	if err != nil {
		return err
	}
	return v.look(v.FormValue("table"), x)
}

// A look is what an import would do.
type look struct {
	Table, File             string
	Columns                 []lookColumn
	Fields                  []choice
	New, Changed, Unchanged int
	Rows                    []lookRow
	More                    int // rows that aren't shown
	Problems                []string
	MoreProblems            int
}

// A lookColumn is a column of the file and the field it goes to.
type lookColumn struct{ Name, Heading, Field string }

type lookRow struct {
	Did, Title string
	Fields     []string
}

// look shows what an import of a table would do.
func (v *visit) look(id string, x *table) error {
	p := look{Table: id, File: x.file.Name}
	result := v.readTable(x)
	for i, c := range result.Columns {
		if c.Field != "" {
			p.Columns = append(p.Columns, lookColumn{Name: "column." + strconv.Itoa(i), Heading: c.Heading, Field: c.Field})
		}
	}
	p.Fields = v.columnChoices()
	note := func(r commons.Planned) {
		switch r.State {
		case commons.New:
			p.New++
		case commons.Changed:
			p.Changed++
		default:
			p.Unchanged++
			return
		}
		if len(p.Rows) < rowsLooked {
			p.Rows = append(p.Rows, lookRow{string(r.State), r.Name, r.Fields})
		} else {
			p.More++
		}
	}
	problems := v.problemsOf(result)
	err := v.commons.Import(v.Context(), result.Records, node.Import{DryRun: true, Progress: never, Each: func(r commons.Planned) {
		problems = append(problems, v.problemsIn(r)...)
		if r.State == commons.Refused {
			return
		}
		note(r)
	}})
	if err != nil {
		return err
	}
	p.Problems = problems[:min(len(problems), maxProblems)]
	p.MoreProblems = len(problems) - len(p.Problems)
	return v.render("import-look", p)
}

func never(int, int) error { return nil }

// readTable reads the file, with its columns as the person has put them.
func (v *visit) readTable(x *table) formats.Result {
	read := func(columns map[string]string) formats.Result {
		return formats.Read([]formats.File{x.file}, formats.Options{As: "tools", Map: columns})
	}
	result := read(nil)
	given := make(map[string]string)
	for i, c := range result.Columns {
		field := v.FormValue("column." + strconv.Itoa(i))
		if field == "custom" {
			field = "custom." + strings.TrimSpace(c.Heading)
		}
		if field != "" && field != c.Field && given[field] == "" {
			given[field] = c.Heading
		}
	}
	if len(given) == 0 {
		return result
	}
	return read(given)
}

// columnChoices are the fields that a column may go to.
func (v *visit) columnChoices() []choice {
	k, _ := commons.Lookup("tool")
	var out []choice
	for _, f := range k.Fields {
		if f.Type == commons.RegisterType || f.Type == commons.SetType {
			out = append(out, choice{Value: f.Name, Text: v.say.fieldName(f.Name)})
		}
	}
	slices.SortFunc(out, func(a, b choice) int {
		return cmp.Compare(commons.Fold(a.Text), commons.Fold(b.Text))
	})
	return append(out, choice{Value: "custom", Text: v.say.text("import.custom")})
}

// problemsOf are what couldn't be read of a file, in words.
func (v *visit) problemsOf(r formats.Result) (out []string) {
	for _, p := range r.Problems {
		key := "import.problem." + p.Code
		if p.Code == formats.CodeFile {
			switch {
			case errors.Is(p.Err, formats.ErrNoName):
				key = "import.problem.unnamed"
			case errors.Is(p.Err, formats.ErrEmpty):
				key = "import.problem.empty"
			case errors.Is(p.Err, formats.ErrBinary):
				key = "import.problem.binary"
			}
		}
		args := make([]any, len(p.Args))
		for i, a := range p.Args {
			args[i] = a
		}
		out = append(out, v.atLine(p.Line, v.say.text(key, args...)))
	}
	return out
}

// problemsIn are what can't be taken of a row, in words.
func (v *visit) problemsIn(r commons.Planned) (out []string) {
	for _, err := range append([]error{r.Err}, r.Left...) {
		var twice *commons.RepeatError
		switch {
		case err == nil:
		case errors.As(err, &twice):
			out = append(out, v.atLine(r.Line, v.say.text("import.problem.twice", twice.Key, twice.Line)))
		default:
			p := problemOf(err)
			out = append(out, v.atLine(r.Line, v.say.text(p.key, v.named(p)...)))
		}
	}
	if r.State == commons.Gone {
		out = append(out, v.atLine(r.Line, v.say.text("import.problem.gone", r.Name)))
	}
	return out
}

func (v *visit) atLine(line int, text string) string {
	if line == 0 {
		return text
	}
	return v.say.text("import.line", line) + " " + text
}

// importFile takes the table in.
func (v *visit) importFile() error {
	x, err := v.s.tables.find(v.FormValue("table"), v.session.author())
	if err != nil {
		return err
	}
	done := &table{person: x.person, at: v.now, last: make(map[crdt.ID]crdt.ChangeID)}
	done.mark, _ = v.commons.Mark()
	unchanged, left := 0, 0
	result := v.readTable(x)
	left = len(result.Problems)
	err = v.commons.Import(v.Context(), result.Records, node.Import{By: x.person, Progress: never, Each: func(r commons.Planned) {
		switch r.State {
		case commons.New:
			done.new = append(done.new, r.ID)
		case commons.Changed:
			done.old = append(done.old, r.ID)
		case commons.Refused:
			left++
		default:
			unchanged++
		}
	}})
	if err != nil && !errors.Is(err, storage.ErrFull) || len(done.new)+len(done.old) == 0 && err != nil {
		return err
	}
	for _, id := range slices.Concat(done.new, done.old) {
		d, err := v.commons.Doc(id)
		if err != nil {
			return err
		}
		done.last[id], _, _ = d.Updated()
	}
	m := &message{Key: "said.imported", Bad: err != nil, Args: []any{
		v.say.count("import.new", len(done.new)), v.say.count("import.changed", len(done.old)), v.say.count("import.unchanged", unchanged), v.say.count("import.left", left),
	}}
	if err != nil {
		m.Key = "said.imported.part"
	}
	if len(done.new)+len(done.old) > 0 {
		m.Undo = v.undo("/share/import/undo", "/share")
		m.Undo.Fields.Set("table", v.s.tables.keep(done))
	}
	return v.goSaying("/share", m)
}

// undoImport takes back what an import did, except where somebody has changed
// the same things since.
func (v *visit) undoImport() error {
	x, err := v.s.tables.find(v.FormValue("table"), v.session.author())
	if err != nil {
		return err
	}
	pos, ok := v.commons.ReadMark(x.mark)
	if !ok {
		return node.ErrNoVersion
	}
	kept := make(map[crdt.ID]bool)
	var intents []func() ([][]crdt.Edit, error)
	back := func(id crdt.ID, undo func(*crdt.Doc) ([][]crdt.Edit, error)) {
		intents = append(intents, func() ([][]crdt.Edit, error) {
			d, err := v.commons.Doc(id)
			if err != nil {
				return nil, err
			}
			if newest, _, _ := d.Updated(); newest != x.last[id] {
				kept[id] = true
				return nil, nil
			}
			return undo(d)
		})
	}
	for _, id := range x.new {
		back(id, commons.Remove)
	}
	for _, id := range x.old {
		back(id, func(d *crdt.Doc) ([][]crdt.Edit, error) {
			old, err := v.commons.DocThrough(id, pos)
			if err != nil {
				return nil, err
			}
			return commons.RestoreAt(d, old)
		})
	}
	errs, err := v.commons.WriteAllAs(v.Context(), v.session.author(), intents)
	if err := errors.Join(err, errors.Join(errs...)); err != nil {
		return fmt.Errorf("undo an import: %w", err)
	}
	if len(kept) > 0 {
		return v.done("/share", "said.import_undone_but", v.say.count("count.tools", len(kept)))
	}
	return v.done("/share", "said.undone")
}

// exportTools sends the inventory as a table.
func (v *visit) exportTools() error {
	list, err := v.shelf("tool")
	if err != nil {
		return err
	}
	var all []commons.Resource
	for _, it := range list {
		d, err := v.commons.Doc(it.id)
		if err != nil {
			return err
		}
		all = append(all, commons.View(d))
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+v.say.text("share.file")+`.csv"`)
	return formats.WriteCSV(v.w, "tool", all, formats.Table{French: v.say == french, Title: v.nameOf})
}
