package web

import (
	"net/http"
	"slices"
	"strings"

	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node/qr"
)

var meRoutes = []route{
	{"GET", "/me", anybody, everywhere, (*visit).me},
	{"POST", "/me/pin", anybody, everywhere, (*visit).setPIN},
	{"POST", "/me/code", anybody, everywhere, (*visit).ownCode},
	{"GET", "/help", member, everywhere, (*visit).helpForm},
	{"POST", "/help", member, everywhere, (*visit).help},
	{"POST", "/help/end", member, everywhere, (*visit).endHelp},
}

// mePage is what a person sees of themselves.
type mePage struct {
	Name, Words string
	Role        string // the key of its name
	Waiting     bool   // for a steward to let them in
	HasPIN      bool
	Code        *code // just made
	QR          *qr.Picture
	Wrong       string
	Shared      bool
	Only        bool
}

// signedIn is nil for a person, and a problem for a visitor.
func (v *visit) signedIn() error {
	if v.session == nil {
		return &problem{status: http.StatusForbidden, key: "problem.sign_in"}
	}
	return nil
}

func (v *visit) mePage() mePage {
	p := mePage{Name: v.name, Words: keyWords(v.session.Person), Role: "role." + v.role.String(), Shared: v.session.Shared, Only: v.side == plain}
	if a := v.s.book.of(v.session.Person); a != nil {
		p.HasPIN, p.Waiting = a.PIN != "", a.Asked != nil
	}
	return p
}

func (v *visit) me() error {
	if v.session == nil {
		return v.goTo("/login?back=/me")
	}
	return v.render("me", v.mePage())
}

// setPIN gives the person another PIN. Who has one must know it.
func (v *visit) setPIN() error {
	if err := v.signedIn(); err != nil {
		return err
	}
	refuse := func(status int, wrong string, args ...any) error {
		p := v.mePage()
		p.Wrong = v.say.text(wrong, args...)
		return v.renderAs(status, "me", p)
	}
	a := v.s.book.of(v.session.Person)
	if a == nil {
		a = &account{Person: v.session.Person, Name: v.name}
		if err := v.s.book.add(*a); err != nil {
			return err
		}
	}
	key := "name " + plainCode(a.Name)
	if a.PIN != "" {
		if wait := v.waits(key); wait != "" {
			p := v.mePage()
			p.Wrong = wait
			return v.renderAs(http.StatusTooManyRequests, "me", p)
		}
		ok, err := v.s.pins.holds(v.Context(), v.FormValue("old"), a.PIN)
		if err != nil {
			return err
		}
		if !ok {
			v.s.tries.failed(v.now, key, triesPerAccount)
			return refuse(http.StatusForbidden, "me.pin.wrong")
		}
	}
	pin := v.FormValue("pin")
	if err := goodPIN(pin); err != nil {
		x := problemOf(err)
		return refuse(x.status, x.key, x.args...)
	}
	if pin != v.FormValue("pin2") {
		return refuse(http.StatusUnprocessableEntity, "problem.pin_other")
	}
	sealed, err := v.s.pins.seal(v.Context(), pin)
	if err != nil {
		return err
	}
	if err := v.s.book.change(a.Person, func(a *account) { a.PIN = sealed }); err != nil {
		return err
	}
	return v.done("/me", "me.pin.done")
}

// ownCode shows a code that signs the person in on another screen.
func (v *visit) ownCode() error {
	if err := v.signedIn(); err != nil {
		return err
	}
	p := v.mePage()
	c := v.s.passes.give(v.now, v.session.Person)
	picture, err := qr.Of(v.s.publicPage(v.Request) + "code#" + c.Long)
	if err != nil {
		return err
	}
	p.Code, p.QR = &c, picture
	return v.render("me", p)
}

// helpPage is whom one can help.
type helpPage struct{ People []helped }

type helped struct {
	Key, Name, Words string
}

func (v *visit) helpForm() error {
	var p helpPage
	for _, m := range v.commons.MemberList() {
		name := v.commons.PersonName(m.Person)
		if m.Person != v.session.Person && name != "" {
			p.People = append(p.People, helped{m.Person.String(), name, keyWords(m.Person)})
		}
	}
	slices.SortFunc(p.People, func(a, b helped) int { return strings.Compare(commons.Fold(a.Name), commons.Fold(b.Name)) })
	return v.render("help", p)
}

// help begins to act for somebody: what is done from then on names both.
func (v *visit) help() error {
	var person oplog.Key
	if err := person.UnmarshalText([]byte(v.FormValue("person"))); err != nil || person == v.session.Person || v.commons.RoleOf(person) == oplog.RoleNone {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	if err := v.s.sessions.helps(v.Request, v.side, &person); err != nil {
		return err
	}
	return v.done("/", "help.begun", v.commons.PersonName(person))
}

func (v *visit) endHelp() error {
	if err := v.s.sessions.helps(v.Request, v.side, nil); err != nil {
		return err
	}
	return v.done("/", "help.ended")
}
