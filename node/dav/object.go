package dav

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/commons/ical"
	"navette/node"
	"navette/node/formats"
)

// get answers GET: an event, or all of a calendar.
func (x *session) get(w http.ResponseWriter, t target) error {
	switch {
	case t.level == calendarLevel && x.index.has(t.place):
		return x.sendAll(w, &t.place, x.index.title(t.place), x.index.tag(t.place))
	case t.level != objectLevel:
		return notFound()
	}
	o := x.index.at(t)
	if o == nil {
		return notFound()
	}
	text, err := x.data(o, nil)
	if err != nil {
		return err
	}
	x.send(w, text, o.tag)
	return nil
}

// send sends calendar data, unless the program has it.
func (x *session) send(w http.ResponseWriter, text []byte, tag string) {
	w.Header().Set("ETag", tag)
	if matches(x.request.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	_, _ = w.Write(text) // the program went away: there is nobody to tell
}

// matches tells whether a list of tags has one, or is "*".
func matches(list, tag string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimPrefix(strings.TrimSpace(part), "W/"); part == "*" || part == tag {
			return true
		}
	}
	return false
}

// precondition tells whether the If-Match and If-None-Match of the request hold
// for what is there; a nil object is nothing.
func (x *session) precondition(o *object) error {
	match, none := x.request.Header.Get("If-Match"), x.request.Header.Get("If-None-Match")
	if match != "" && (o == nil || !matches(match, o.tag)) || none != "" && o != nil && matches(none, o.tag) {
		return &refusal{status: http.StatusPreconditionFailed}
	}
	return nil
}

// mayWrite tells whether the person may change an event; a nil one is a new
// one.
func (x *session) mayWrite(o *object) error {
	if !x.writes {
		return &refusal{status: http.StatusForbidden, condition: "d:need-privileges", message: x.words.readOnly}
	}
	if x.hides(o) {
		return &refusal{status: http.StatusForbidden, condition: "d:need-privileges", message: x.words.foreign}
	}
	return nil
}

// put makes an event say what the body does, and makes it if it isn't there.
func (x *session) put(w http.ResponseWriter, t target) error {
	if t.level != objectLevel || !x.index.has(t.place) {
		return &refusal{status: http.StatusForbidden, condition: "c:calendar-collection-location-ok", message: x.words.noCreate}
	}
	if !plainName(t.name) {
		return &refusal{status: http.StatusBadRequest}
	}
	record, err := x.readEvent()
	if err != nil {
		return err
	}
	old := x.index.at(t)
	same := x.index.withUID(record.Event.UID)
	switch {
	case old != nil && old.uid != record.Event.UID:
		return &refusal{status: http.StatusForbidden, condition: "c:no-uid-conflict", inner: href(old.target.path())}
	case old == nil && same != nil && !same.gone && same.target.place == t.place:
		return &refusal{status: http.StatusForbidden, condition: "c:no-uid-conflict", inner: href(same.target.path())}
	}
	if err := x.mayWrite(same); err != nil {
		return err
	}
	name(record.Event, t.name)
	id := commons.DerivedID("event", record.Key)
	if same != nil {
		id = same.id
	}
	_, err = x.write(func() ([][]crdt.Edit, error) {
		if err := x.index.refresh(); err != nil {
			return nil, err
		}
		if err := x.precondition(x.index.at(t)); err != nil {
			return nil, err
		}
		d, err := x.c.Doc(id)
		if err != nil && !errors.Is(err, node.ErrNotFound) {
			return nil, err
		}
		changes, left := commons.PutInCalendar(id, d, record.Event, t.place, x.c.Env())
		if len(left) > 0 {
			return nil, left[0]
		}
		return changes, nil
	})
	if err != nil {
		return x.refused(err)
	}
	// No tag: what is kept isn't the bytes that came (RFC 4791 §5.3.4).
	if old == nil {
		w.WriteHeader(http.StatusCreated)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
	return nil
}

// name notes the name that a program gave an event, if it isn't the one that
// the event would have.
func name(ev *ical.Event, name string) {
	if c := components(ev)[0]; name != ev.UID {
		c.Properties = append(c.Properties, ical.Property{Name: nameProperty, Value: ical.Escape(name)})
	}
}

// readEvent reads the one event that a body holds. Nothing of it is left out in
// silence: what can't be kept refuses it.
func (x *session) readEvent() (commons.Record, error) {
	bad := func(condition, message string) (commons.Record, error) {
		return commons.Record{}, &refusal{status: http.StatusForbidden, condition: condition, message: message}
	}
	if kind := x.request.Header.Get("Content-Type"); kind != "" && !strings.HasPrefix(strings.ToLower(kind), "text/calendar") {
		return bad("c:supported-calendar-data", kind)
	}
	b, err := io.ReadAll(http.MaxBytesReader(nil, x.request.Body, maxObject))
	if err != nil {
		return commons.Record{}, err
	}
	found, err := formats.ReadICS(formats.File{Data: b})
	if err != nil {
		return bad("c:valid-calendar-data", err.Error())
	}
	for _, p := range found.Problems {
		switch p.Code {
		case formats.CodeNotEvent:
			return bad("c:supported-calendar-component", x.words.oneEvent)
		case formats.CodeStart:
			return bad("c:valid-calendar-data", x.words.badEvent)
		default:
			return bad("c:valid-calendar-data", fmt.Sprintf(x.words.badLine, p.Line, strings.Join(p.Args, " ")))
		}
	}
	if len(found.Records) != 1 {
		return bad("c:valid-calendar-object-resource", x.words.oneEvent)
	}
	if bytes.Contains(b, []byte("\nMETHOD:")) { // an invitation is no event of a calendar (RFC 4791 §4.1)
		return bad("c:valid-calendar-object-resource", x.words.oneEvent)
	}
	return found.Records[0], nil
}

// delete takes an event away. A calendar stays: it is a place's.
func (x *session) delete(w http.ResponseWriter, t target) error {
	if t.level != objectLevel {
		return &refusal{status: http.StatusForbidden, condition: "d:need-privileges", message: x.words.noCreate}
	}
	o := x.index.at(t)
	if o == nil {
		return notFound()
	}
	if err := x.mayWrite(o); err != nil {
		return err
	}
	_, err := x.write(func() ([][]crdt.Edit, error) {
		d, err := x.current(t)
		if err != nil {
			return nil, err
		}
		return commons.Remove(d)
	})
	if err != nil {
		return x.refused(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// current is the document at a target as it is when it is written to, if the
// request is about that.
func (x *session) current(t target) (*crdt.Doc, error) {
	if err := x.index.refresh(); err != nil {
		return nil, err
	}
	o := x.index.at(t)
	if o == nil {
		return nil, notFound()
	}
	if err := x.precondition(o); err != nil {
		return nil, err
	}
	return x.c.Doc(o.id)
}

// move gives an event to another place, under another name if need be.
func (x *session) move(w http.ResponseWriter, t target) error {
	o := x.index.at(t)
	if t.level != objectLevel || o == nil {
		return notFound()
	}
	u, err := url.Parse(x.request.Header.Get("Destination"))
	if err != nil {
		return &refusal{status: http.StatusBadRequest}
	}
	to, ok := readPath(u.Path)
	switch {
	case !ok || to.level != objectLevel || !x.index.has(to.place):
		return &refusal{status: http.StatusForbidden, condition: "c:calendar-collection-location-ok", message: x.words.noCreate}
	case x.index.at(to) != nil:
		return &refusal{status: http.StatusPreconditionFailed}
	}
	if err := x.mayWrite(o); err != nil {
		return err
	}
	_, err = x.write(func() ([][]crdt.Edit, error) {
		d, err := x.current(t)
		if err != nil {
			return nil, err
		}
		return commons.MoveHome(d, to.place)
	})
	if err != nil {
		return x.refused(err)
	}
	// Where the name isn't the one asked for, the program finds it at its next
	// look.
	w.Header().Set("Location", target{level: objectLevel, place: to.place, name: t.name}.path())
	w.WriteHeader(http.StatusCreated)
	return nil
}

// refused says in words why an event can't be kept as it is.
func (x *session) refused(err error) error {
	var field *commons.FieldError
	if errors.As(err, &field) {
		return &refusal{status: http.StatusForbidden, condition: "c:valid-calendar-data", message: field.Error()}
	}
	if errors.Is(err, commons.ErrRemoved) {
		return &refusal{status: http.StatusNotFound, message: x.words.removed}
	}
	return err
}

// write writes in the name of the person whose password it is.
func (x *session) write(intent func() ([][]crdt.Edit, error)) ([]crdt.ChangeID, error) {
	return x.c.WriteAs(x.request.Context(), node.Author{Person: x.person}, intent)
}
