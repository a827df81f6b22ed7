package web

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
)

// thingRoutes are what can be done with a thing of any kind.
var thingRoutes = []route{
	{"GET", "/things/{id}", anybody, everywhere, (*visit).goToThing},
	{"GET", "/things/{id}/history", anybody, everywhere, (*visit).thingHistory},
	{"POST", "/things/{id}/remove", member, everywhere, (*visit).removeThing},
	{"POST", "/things/{id}/restore", member, everywhere, (*visit).restoreThing},
	{"POST", "/things/{id}/back", member, everywhere, (*visit).takeBack},
	{"POST", "/things/{id}/note", member, everywhere, (*visit).addNote},
}

// noTime is the day on which nothing is late yet.
var noTime time.Time

// A thing is a resource as a page shows it.
type thing struct {
	ID      string
	Kind    string
	Title   string
	Path    string
	Removed bool
	// Updating: it may hold for a moment what no longer counts.
	Updating bool
	Created  byline
	Updated  byline
	// Two are the fields in which two versions stand.
	Two   []twoVersions
	Files []fileShown // where the page of the thing shows them

	doc *crdt.Doc
	r   commons.Resource
}

// A byline is who did something, and when.
type byline struct {
	Who  string
	When time.Time // zero if no clock said
}

// It is the thing itself, for templates that see it within a page.
func (t *thing) It() *thing { return t }

// Text is a field as a form has it, "" if it is empty.
func (t *thing) Text(name string) string {
	f, _ := t.r.Get(name)
	return valueText(f.Value)
}

// List is a field of several values.
func (t *thing) List(name string) (out []string) {
	f, _ := t.r.Get(name)
	list, _ := f.Value.([]any)
	for _, x := range list {
		out = append(out, valueText(x))
	}
	return out
}

// Entries are the entries of a map.
func (t *thing) Entries(name string) (out []entry) {
	for _, f := range t.r.Fields {
		if of, _, _ := strings.Cut(f.Name, "."); of == name && f.Key != "" {
			out = append(out, entry{f.Key, valueText(f.Value)})
		}
	}
	return out
}

// An entry is one entry of a map.
type entry struct{ Name, Text string }

// listPaths are the lists that things are in, by kind.
var listPaths = map[string]string{
	"event": "/agenda", "page": "/know", "person": "/people", "place": "/share/places", "proposal": "/decide", "tool": "/share",
}

// pathOf is the page of a thing.
func pathOf(kind string, id crdt.ID) string {
	switch kind {
	case "tool":
		return "/share/tools/" + id.String()
	case "event", "page", "proposal", "place":
		return listPaths[kind] + "/" + id.String()
	}
	return "/things/" + id.String()
}

// resourceID is the id in the path of a request.
func (v *visit) resourceID() (id crdt.ID, err error) {
	b, err := hex.DecodeString(v.PathValue("id"))
	if err != nil || len(b) != len(id) {
		return id, &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	return crdt.ID(b), nil
}

// thing reads the resource that a request is about, which is of that kind; ""
// is any.
func (v *visit) thing(kind string) (*thing, error) {
	if v.commons == nil {
		return nil, node.ErrNoCommons
	}
	id, err := v.resourceID()
	if err != nil {
		return nil, err
	}
	return v.read(kind, id)
}

// read reads a resource that whoever asks may see.
func (v *visit) read(kind string, id crdt.ID) (*thing, error) {
	d, err := v.commons.Doc(id)
	if err != nil {
		return nil, err
	}
	t := v.asThing(d)
	if t.Kind == "" || kind != "" && t.Kind != kind || !v.maySee(t.Text("visibility"), v.author(d)) {
		return nil, fmt.Errorf("%w: %v", node.ErrNotFound, id)
	}
	return t, nil
}

func (v *visit) asThing(d *crdt.Doc) *thing {
	r := commons.View(d)
	t := &thing{ID: r.ID, Kind: r.Kind, Title: r.Title, Path: pathOf(r.Kind, d.ID()), Removed: r.Deleted, doc: d, r: r}
	t.Created, t.Updated = v.byline(r.Created), v.byline(r.Updated)
	t.Two = v.twoVersions(d)
	t.Updating = v.commons.Awaiting(d.ID())
	return t
}

// author is who made a resource.
func (v *visit) author(d *crdt.Doc) oplog.Key {
	_, s, _ := d.Created()
	return v.commons.Writer(s.Log).Person
}

func (v *visit) byline(o *commons.Origin) (b byline) {
	if o == nil {
		return b
	}
	var log crdt.LogID
	if raw, err := hex.DecodeString(o.Log); err == nil && len(raw) == len(log) {
		b.Who = v.writer(crdt.LogID(raw))
	}
	if o.Time != nil {
		b.When = o.Time.In(v.zone())
	}
	return b
}

// writer is what people call whoever writes a log: the person, else the place.
func (v *visit) writer(log crdt.LogID) string {
	w := v.commons.Writer(log)
	if name := v.commons.PersonName(w.Person); name != "" {
		return name
	}
	return v.commons.PlaceName(w.Device)
}

// written is what a writer's clock said, at the place; zero if it had none, or one
// that nobody can mean.
func (v *visit) written(w crdt.Wall) time.Time {
	if w.Quality == crdt.QualityUnknown || w.Seconds >= 1<<37 {
		return time.Time{}
	}
	return time.Unix(int64(w.Seconds), 0).In(v.zone())
}

// zone is the time zone of the place, read once a visit.
func (v *visit) zone() *time.Location {
	if v.tz != nil {
		return v.tz
	}
	v.tz = time.Local
	if v.commons != nil {
		if name := v.commons.Env().Zone; name != "" {
			if loc, err := loadZone(name); err == nil {
				v.tz = loc
			}
		}
	}
	return v.tz
}

// nameOf is what people call a resource; "" for one that they may not see.
func (v *visit) nameOf(id string) string {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != len(crdt.ID{}) {
		return ""
	}
	t, err := v.read("", crdt.ID(raw))
	if err != nil {
		return ""
	}
	return t.Title
}

// who is what people call a person, given by an id or a name (commons.Who).
func (v *visit) who(text string) string {
	if len(text) == 2*len(crdt.ID{}) {
		if raw, err := hex.DecodeString(text); err == nil {
			if d, err := v.commons.Doc(crdt.ID(raw)); err == nil && d.Kind() == "person" {
				return commons.Text(d, "name")
			}
			return v.say.text("someone")
		}
	}
	return text
}

// self is the id by which whoever asks signs up, supports and borrows, that of
// whom they help if they do; zero for a visitor.
func (v *visit) self() (id crdt.ID) {
	if v.session == nil {
		return id
	}
	if by := v.session.author(); by.OnBehalf != nil {
		return node.PersonOf(*by.OnBehalf)
	}
	return node.PersonOf(v.session.Person)
}

// newID draws the id of something that a person makes.
func newID() (id crdt.ID) {
	rand.Read(id[:])
	return id
}

func (v *visit) goToThing() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	path := t.Path
	switch t.Kind {
	case "note":
		if id, ok := commons.About(t.doc); ok {
			path = "/things/" + id.String()
		}
	case "loan":
		path = pathOf("tool", commons.LoanOf(t.doc, v.now).Tool)
	case "person":
		path = listPaths["person"]
	}
	if strings.HasPrefix(path, "/things/"+t.ID) {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	return v.goTo(path)
}

// removeThing takes a thing away, and says how to get it back.
func (v *visit) removeThing() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	if err := v.edit(t, commons.Remove); err != nil {
		return err
	}
	to := listPaths[t.Kind]
	if to == "" {
		to = v.back()
	}
	return v.goSaying(to, &message{Key: "said.removed", Args: []any{t.Title}, Undo: v.undo("/things/"+t.ID+"/restore", t.Path)})
}

// undo is a form that takes something back, and comes back to a page then.
func (v *visit) undo(path, back string) *undo {
	return &undo{Path: path, Fields: url.Values{"back": {back}}}
}

func (v *visit) restoreThing() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	if err := v.edit(t, commons.Restore); err != nil {
		return err
	}
	to := v.back()
	if to == "/" {
		to = t.Path
	}
	return v.done(to, "said.restored", t.Title)
}

// A step is one change in the history of a thing, in words.
type step struct {
	byline
	Did    string
	Fields []string // the names of fields
}

// historySize is how many steps a page shows.
const historySize = 100

// thingHistory shows what became of a thing, the newest first.
func (v *visit) thingHistory() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	steps, err := v.steps(t)
	if err != nil {
		return err
	}
	part, pages := paged(v, steps, historySize)
	return v.render("history", struct {
		Thing *thing
		Steps []step
		Pager pager
	}{t, part, pages})
}

// steps are what became of a thing, the newest first.
func (v *visit) steps(t *thing) (out []step, err error) {
	history, err := v.commons.History(t.doc.ID())
	if err != nil {
		return nil, err
	}
	for _, h := range slices.Backward(history) {
		change := h.Change.Data()
		s := step{
			Did:    commons.Did(change, t.doc.ID()),
			byline: byline{v.by(v.commons.Writer(h.Change.Log), h.Change.OnBehalf), v.written(h.Change.Wall)},
		}
		named := make(map[string]bool)
		for _, f := range commons.Touched(t.Kind, change, t.doc.ID()) {
			name, _, _ := strings.Cut(f, ".")
			named[name] = true
		}
		if s.Did == "changed" {
			s.Fields = slices.Sorted(maps.Keys(named))
		}
		out = append(out, s)
	}
	return out, nil
}
