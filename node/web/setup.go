package web

import (
	"crypto/subtle"
	"net/http"
	"time"
)

var setupRoutes = []route{
	{"GET", setupPath, anybody, everywhere, (*visit).setup},
	{"POST", setupPath, anybody, everywhere, (*visit).setupStep},
}

const setupPath = "/setup"

// SetupCode is what opens the first page to whoever read it on the screen of
// this machine; "" once the set-up is done. Until then nothing else is
// answered, so that no visitor can take the node.
func (s *Server) SetupCode() string {
	if done, _ := s.book.setUp(); done {
		return ""
	}
	return s.setupCode
}

// setupPage is one of the screens of the set-up: code, place, wifi, person. The
// answers so far travel along in hidden fields, since there is no session yet
// to keep them, and nothing is done before the last.
type setupPage struct {
	Step                 string
	At                   int // which one it is, from 1
	Code                 string
	Place, Name          string
	WiFi, Person         string
	Wrong                string
	NameFixed            bool // the commons has its name already
	Plain, Secure, Blind bool // the side; nobody can sign in from here afterwards
}

// setupSteps are the screens in their order.
var setupSteps = []string{"code", "place", "wifi", "person"}

func (v *visit) setupPage(step string) setupPage {
	p := setupPage{
		Step: step, Code: v.FormValue("code"), WiFi: v.FormValue("wifi"),
		Place: cleanName(v.FormValue("place")), Name: cleanName(v.FormValue("name")), Person: cleanName(v.FormValue("person")),
		Plain: v.side == plain,
	}
	for i, s := range setupSteps {
		if s == step {
			p.At = i + 1
		}
	}
	if c := v.commons; c != nil && !v.s.node.SelfMade(c) {
		p.NameFixed, p.Name = true, c.Name()
		if p.Place == "" {
			p.Place = c.PlaceName(c.Device())
		}
		if p.Person == "" {
			p.Person = c.PersonName(c.Person())
		}
	}
	return p
}

func (v *visit) setup() error {
	if v.s.SetupCode() == "" {
		return v.goTo("/")
	}
	return v.render("setup", v.setupPage("code"))
}

// again shows a screen of the set-up with what is wrong in it.
func (v *visit) again(step string, status int, wrong string, args ...any) error {
	p := v.setupPage(step)
	p.Wrong = v.say.text(wrong, args...)
	return v.renderAs(status, "setup", p)
}

func (v *visit) setupStep() error {
	want := v.s.SetupCode()
	if want == "" {
		return v.goTo("/")
	}
	byAddress := "from " + addressOf(v.Request)
	if left := v.s.tries.left(v.now, byAddress); left > 0 {
		p := v.setupPage("code")
		p.Wrong = v.say.count("problem.wait", int((left+time.Minute-1)/time.Minute))
		return v.renderAs(http.StatusTooManyRequests, "setup", p)
	}
	if subtle.ConstantTimeCompare([]byte(plainCode(v.FormValue("code"))), []byte(plainCode(want))) != 1 {
		v.s.tries.failed(v.now, byAddress, triesPerAddress)
		return v.again("code", http.StatusForbidden, "setup.code.wrong")
	}
	switch step := v.FormValue("step"); step {
	case "code":
		if l, ok := tongues[v.FormValue("lang")]; ok {
			v.say = l
			v.setLanguage(l)
		}
		return v.render("setup", v.setupPage("place"))
	case "place":
		p := v.setupPage(step)
		if p.Place == "" || p.Name == "" {
			return v.again(step, http.StatusUnprocessableEntity, "setup.place.missing")
		}
		return v.render("setup", v.setupPage("wifi"))
	case "wifi":
		if w := v.FormValue("wifi"); w != onlyUs && w != anyone {
			return v.again(step, http.StatusUnprocessableEntity, "setup.wifi.missing")
		}
		return v.render("setup", v.setupPage("person"))
	case "person":
		return v.finishSetup()
	}
	return &problem{status: http.StatusBadRequest, key: "problem.form"}
}

// finishSetup does all that the set-up asked for.
func (v *visit) finishSetup() error {
	p := v.setupPage("person")
	if p.Place == "" || p.Name == "" || p.WiFi != onlyUs && p.WiFi != anyone {
		return &problem{status: http.StatusBadRequest, key: "problem.form"}
	}
	pin := v.FormValue("pin")
	err := goodPIN(pin)
	switch {
	case p.Person == "":
		err = &problem{status: 422, key: "problem.no_name"}
	case err == nil && pin != v.FormValue("pin2"):
		err = &problem{status: 422, key: "problem.pin_other"}
	}
	if err != nil {
		x := problemOf(err)
		return v.again("person", x.status, x.key, x.args...)
	}
	sealed, err := v.s.pins.seal(v.Context(), pin)
	if err != nil {
		return err
	}
	c, err := v.s.node.SetUp(v.Context(), p.Name, p.Place, p.Person)
	if err != nil {
		return err
	}
	err = v.s.book.edit(func(in *bookFile) error {
		if in.SetUp {
			return &problem{status: http.StatusConflict, key: "setup.over"}
		}
		in.SetUp, in.WiFi = true, p.WiFi
		in.Accounts = []*account{{Person: c.Person(), Name: p.Person, PIN: sealed}}
		return nil
	})
	if err != nil {
		return err
	}
	if v.mayHaveSession() {
		if _, err := v.s.sessions.start(v.w, v.Request, v.side, c.Person(), false); err != nil {
			return err
		}
	}
	return v.done("/", "setup.done")
}
