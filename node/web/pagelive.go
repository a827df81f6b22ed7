package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	crdttext "navette/crdt/text"
	"navette/node"
)

// liveRoutes are a page that several people write at once: level 1, with a
// script (editor/editor.js) in place of the plain text field.
//
// live is a stream of events, each a liveNews: a text to begin from, or steps
// that lead from one version to the next. type sends what was typed in the text
// of a version, and is answered once it is durable; point says where the cursor
// is. All positions count UTF-16; each splice counts what those before it left.
var liveRoutes = []route{
	{"GET", "/know/{id}/live", member, everywhere, (*visit).livePage},
	{"POST", "/know/{id}/type", member, everywhere, (*visit).typeInPage},
	{"POST", "/know/{id}/point", member, everywhere, (*visit).pointInPage},
}

// liveNews is what happened to an open page: see node.Edited.
type liveNews struct {
	Text   *string      `json:"text,omitempty"`
	At     string       `json:"at,omitempty"`
	Steps  []liveStep   `json:"steps,omitempty"`
	People []livePerson `json:"people,omitempty"`
	// Alone: nobody else has the page open, which People can't say.
	Alone bool `json:"alone,omitempty"`
}

type liveStep struct {
	At      string   `json:"at"`
	Client  string   `json:"client,omitempty"`
	Seq     uint64   `json:"seq,omitempty"`
	Splices []splice `json:"splices,omitempty"`
}

type livePerson struct {
	Name  string `json:"name"`
	Place string `json:"place,omitempty"`
	From  int    `json:"from"`
	To    int    `json:"to"`
}

// splice replaces so many units from a position on.
type splice struct {
	Pos int    `json:"pos"`
	Del int    `json:"del"`
	Ins string `json:"ins"`
}

func (v *visit) livePage() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	select {
	case v.s.streams <- struct{}{}:
		defer func() { <-v.s.streams }()
	default:
		return &problem{status: http.StatusServiceUnavailable, key: "problem.busy"}
	}
	q := v.URL.Query()
	e, err := v.commons.OpenPage(t.doc.ID(), q.Get("client"), v.name, node.TextVersion(q.Get("since")))
	if err != nil {
		return err
	}
	defer e.Close()
	out := http.NewResponseController(v.w)
	if err := out.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/event-stream")
	for {
		news, err := e.Next(v.Context())
		if err != nil {
			return nil // the browser went away, or this place stops
		}
		b, err := json.Marshal(newsOf(news))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(v.w, "data: %s\n\n", b); err != nil {
			return nil
		}
		if err := out.Flush(); err != nil {
			return nil
		}
	}
}

func newsOf(e node.Edited) liveNews {
	n := liveNews{Text: e.Text, At: string(e.At), Alone: e.People != nil && len(e.People) == 0}
	for _, s := range e.Steps {
		step := liveStep{At: string(s.At), Client: s.Client, Seq: s.Seq}
		for _, x := range s.Splices {
			step.Splices = append(step.Splices, splice{x.Pos, x.Del, x.Ins})
		}
		n.Steps = append(n.Steps, step)
	}
	for _, p := range e.People {
		n.People = append(n.People, livePerson{p.Name, p.Place, p.From, p.To})
	}
	return n
}

// typeInPage writes what was typed. What can't be written is refused as JSON,
// in words, with a status that says whether to try again: 409 was typed in a
// version that isn't known here.
func (v *visit) typeInPage() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	in := node.Typing{Client: v.FormValue("client"), Base: node.TextVersion(v.FormValue("base"))}
	var splices []splice
	in.Seq, err = strconv.ParseUint(v.FormValue("seq"), 10, 64)
	if err := errors.Join(err, json.Unmarshal([]byte(v.FormValue("splices")), &splices)); err != nil {
		return &problem{http.StatusBadRequest, "problem.form", nil, err}
	}
	for _, s := range splices {
		in.Splices = append(in.Splices, crdttext.Splice{Pos: s.Pos, Del: s.Del, Ins: s.Ins})
	}
	at, err := v.commons.EditPage(v.Context(), v.session.author(), t.doc.ID(), in)
	v.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err == nil {
		return json.NewEncoder(v.w).Encode(map[string]string{"at": string(at)})
	}
	p := problemOf(err)
	if errors.Is(err, node.ErrVersionGone) || errors.Is(err, node.ErrSplices) {
		p = &problem{http.StatusConflict, "problem.base", nil, err}
	}
	if p.status == http.StatusInternalServerError {
		v.s.o.Log.Error("typing in a page failed", "path", v.URL.Path, "err", err)
	}
	v.w.WriteHeader(p.status)
	return json.NewEncoder(v.w).Encode(map[string]string{"error": v.say.text(p.key, p.args...)})
}

// pointInPage says where somebody's cursor is. It is kept nowhere.
func (v *visit) pointInPage() error {
	t, err := v.thing("page")
	if err != nil {
		return err
	}
	from, errFrom := strconv.Atoi(v.FormValue("from"))
	to, errTo := strconv.Atoi(v.FormValue("to"))
	if errFrom == nil && errTo == nil {
		v.commons.PointAt(t.doc.ID(), v.FormValue("client"), node.TextVersion(v.FormValue("base")), from, to)
	}
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}
