package web

import (
	"net/http"
	"time"

	"navette/crdt/oplog"
)

var signInRoutes = []route{
	{"GET", "/login", anybody, everywhere, (*visit).login},
	{"POST", "/login", anybody, everywhere, (*visit).signIn},
	{"GET", "/code", anybody, everywhere, (*visit).codeForm},
	{"POST", "/code", anybody, everywhere, (*visit).signInByCode},
	{"POST", "/logout", anybody, everywhere, (*visit).signOut},
	{"GET", "/join", anybody, everywhere, (*visit).joinForm},
	{"POST", "/join", anybody, everywhere, (*visit).ask},
}

// signInPage is what the pages to sign in and to ask to be let in show.
type signInPage struct {
	Back   string
	Closed bool   // not from here: Secure is where
	Secure string // "" if there is nowhere
	Only   bool   // others could read along: an honest line says so
	Name   string // typed before
	Shared bool
	Wrong  string // what was wrong with it; "" if nothing yet
}

func (v *visit) signInPage() signInPage {
	p := signInPage{Back: v.back(), Closed: !v.mayHaveSession(), Only: v.side == plain, Name: cleanName(v.FormValue("name")), Shared: v.FormValue("shared") != ""}
	if p.Closed {
		p.Secure = v.s.securePage(v.Request)
	}
	return p
}

// mayHaveSession tells whether one can sign in from where the request comes:
// not where anybody on the Wi-Fi could read the cookie.
func (v *visit) mayHaveSession() bool {
	_, wifi := v.s.book.setUp()
	return v.side != plain || wifi == onlyUs
}

func (v *visit) login() error { return v.render("login", v.signInPage()) }

// refuseSignIn shows a form again with what was wrong.
func (v *visit) refuseSignIn(name string, p signInPage, status int, wrong string) error {
	p.Wrong = wrong
	return v.renderAs(status, name, p)
}

// waits is how long the person has to wait before they may try again, in
// words; "" if not at all.
func (v *visit) waits(keys ...string) string {
	left := v.s.tries.left(v.now, keys...)
	if left <= 0 {
		return ""
	}
	return v.say.count("problem.wait", int((left+time.Minute-1)/time.Minute))
}

func (v *visit) signIn() error {
	p := v.signInPage()
	if p.Closed {
		return v.renderAs(http.StatusForbidden, "login", p)
	}
	byName, byAddress := "name "+plainCode(p.Name), "from "+addressOf(v.Request)
	if wait := v.waits(byName, byAddress); wait != "" {
		return v.refuseSignIn("login", p, http.StatusTooManyRequests, wait)
	}
	a := v.s.book.named(p.Name)
	sealed := ""
	if a != nil {
		sealed = a.PIN
	}
	ok, err := v.s.pins.holds(v.Context(), v.FormValue("pin"), sealed)
	if err != nil {
		return err
	}
	if !ok {
		v.s.tries.failed(v.now, byName, triesPerAccount)
		v.s.tries.failed(v.now, byAddress, triesPerAddress)
		return v.refuseSignIn("login", p, http.StatusForbidden, v.say.text("login.wrong"))
	}
	v.s.tries.succeeded(byName)
	return v.enter(a.Person, p.Shared, p.Back)
}

// enter begins a person's session, and goes on to a page.
func (v *visit) enter(person oplog.Key, shared bool, path string) error {
	if _, err := v.s.sessions.start(v.w, v.Request, v.side, person, shared); err != nil {
		return err
	}
	return v.done(path, "login.done")
}

func (v *visit) codeForm() error { return v.render("code", v.signInPage()) }

func (v *visit) signInByCode() error {
	p := v.signInPage()
	if p.Closed {
		return v.renderAs(http.StatusForbidden, "code", p)
	}
	byAddress := "from " + addressOf(v.Request)
	if wait := v.waits(byAddress); wait != "" {
		return v.refuseSignIn("code", p, http.StatusTooManyRequests, wait)
	}
	person, ok := v.s.passes.take(v.now, v.FormValue("code"))
	if !ok {
		v.s.tries.failed(v.now, byAddress, triesPerAddress)
		return v.refuseSignIn("code", p, http.StatusForbidden, v.say.text("code.wrong"))
	}
	if a := v.s.book.of(person); a == nil || a.PIN == "" {
		p.Back = "/me#pin" // who came in by a code sets a PIN for the next time
	}
	return v.enter(person, p.Shared, p.Back)
}

func (v *visit) signOut() error {
	if err := v.s.sessions.end(v.w, v.Request, v.side); err != nil {
		return err
	}
	v.w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	return v.done("/", "logout.done")
}

func (v *visit) joinForm() error { return v.render("join", v.signInPage()) }

// ask makes a person for somebody, who waits for a steward to let them in.
func (v *visit) ask() error {
	p := v.signInPage()
	if p.Closed || v.commons == nil {
		return v.renderAs(http.StatusForbidden, "join", p)
	}
	byAddress := "from " + addressOf(v.Request)
	if wait := v.waits(byAddress); wait != "" {
		return v.refuseSignIn("join", p, http.StatusTooManyRequests, wait)
	}
	pin := v.FormValue("pin")
	err := goodPIN(pin)
	switch {
	case p.Name == "":
		err = &problem{status: 422, key: "problem.no_name"}
	case v.s.book.named(p.Name) != nil:
		v.s.tries.failed(v.now, byAddress, triesPerAddress)
		err = &problem{status: 409, key: "problem.name_taken", args: []any{p.Name}}
	case err == nil && pin != v.FormValue("pin2"):
		err = &problem{status: 422, key: "problem.pin_other"}
	}
	if err != nil {
		x := problemOf(err)
		return v.refuseSignIn("join", p, x.status, v.say.text(x.key, x.args...))
	}
	sealed, err := v.s.pins.seal(v.Context(), pin)
	if err != nil {
		return err
	}
	person, err := v.commons.Host(v.Context())
	if err != nil {
		return err
	}
	asked := v.now
	v.s.tries.failed(v.now, byAddress, triesPerAddress) // one address makes few persons
	if err := v.s.book.add(account{Person: person, Name: p.Name, PIN: sealed, Asked: &asked}); err != nil {
		return err
	}
	if _, err := v.s.sessions.start(v.w, v.Request, v.side, person, p.Shared); err != nil {
		return err
	}
	return v.done(p.Back, "join.done")
}
