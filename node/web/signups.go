package web

import (
	"errors"
	"net/http"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
)

// whoComes is whom a form signs up: somebody named, else whoever asks.
func (v *visit) whoComes() string {
	if who := strings.TrimSpace(v.FormValue("who")); who != "" && who != v.name {
		return who
	}
	return v.self().String()
}

// signUp gives somebody a seat, or a number on the waiting list.
func (v *visit) signUp() error {
	t, err := v.thing("event")
	if err != nil {
		return err
	}
	at, who := v.FormValue("at"), v.whoComes()
	if err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.SignUp(d, who, at) }); err != nil {
		var field *commons.FieldError
		if errors.As(err, &field) {
			return &problem{http.StatusUnprocessableEntity, "problem.who", []any{v.FormValue("who")}, err}
		}
		return err
	}
	d, err := v.commons.Doc(t.doc.ID())
	if err != nil {
		return err
	}
	m := &message{Key: "said.seat", Args: []any{v.who(who)}, Undo: v.undo(t.Path+"/cancel", atPath(t.Path, at))}
	m.Undo.Fields["at"], m.Undo.Fields["who"] = []string{at}, []string{who}
	for _, s := range commons.Seats(d, at) {
		if s.Who == commons.NormalWho(who) && s.Waiting > 0 {
			m.Key, m.Args = "said.waits", append(m.Args, s.Waiting)
		}
	}
	return v.goSaying(atPath(t.Path, at)+"#coming", m)
}

// cancelSignUp takes a sign-up back: whoever waits moves up.
func (v *visit) cancelSignUp() error {
	t, err := v.thing("event")
	if err != nil {
		return err
	}
	at, who := v.FormValue("at"), v.whoComes()
	if err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.CancelSignUp(d, who, at) }); err != nil {
		return err
	}
	return v.done(atPath(t.Path, at)+"#coming", "said.not_coming", v.who(who))
}

func atPath(path, at string) string {
	if at == "" {
		return path
	}
	return path + "?at=" + at
}
