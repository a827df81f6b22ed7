package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"navette/node"
	"navette/node/qr"
)

// subscribeRoutes are how people get the agenda into the program they have.
var subscribeRoutes = []route{
	{"GET", "/agenda/subscribe", member, everywhere, (*visit).subscribe},
	{"POST", "/agenda/subscribe", member, everywhere, (*visit).makePass},
	{"POST", "/agenda/subscribe/end", member, everywhere, (*visit).endPass},
}

// subscribePage is the calendar addresses and passwords that a person has, and
// what was just made, which nobody can show again.
type subscribePage struct {
	Address  string // of a link, or of the account that a password is for
	QR       *qr.Picture
	Webcal   template.URL // the address as phones open it in their agenda
	Name     string       // whose account
	Password string
	Passes   []calendarPass
}

type calendarPass struct {
	ID, Name   string
	Writes     bool
	Made, Used time.Time
}

func (v *visit) subscribe() error { return v.showPasses(subscribePage{}) }

func (v *visit) showPasses(p subscribePage) error {
	for _, pass := range v.commons.Passes() {
		if pass.Owner() == v.session.Person {
			p.Passes = append(p.Passes, calendarPass{pass.ID, pass.Name, pass.Use == node.PassCalendar, pass.Made.In(v.zone()), pass.Used.In(v.zone())})
		}
	}
	return v.render("agenda-subscribe", p)
}

// makePass makes an address to subscribe to, or a password to read and write
// with, and shows it once.
func (v *visit) makePass() error {
	name := cleanName(v.FormValue("name"))
	if name == "" {
		name = v.say.text("subscribe.unnamed")
	}
	use := node.PassLink
	if v.FormValue("use") == string(node.PassCalendar) {
		use = node.PassCalendar
	}
	_, secret, err := v.commons.AddPass(use, v.session.Person, name, nil)
	if err != nil {
		return err
	}
	page := v.s.publicPage(v.Request)
	if use == node.PassCalendar {
		return v.showPasses(subscribePage{Address: page + "dav/", Name: v.commons.PersonName(v.session.Person), Password: secret})
	}
	p := subscribePage{Address: page + "cal/" + secret + ".ics"}
	_, rest, _ := strings.Cut(p.Address, "://")
	p.Webcal = template.URL("webcal://" + rest) // a scheme that html/template doesn't know
	if p.QR, err = qr.Of(p.Address); err != nil {
		return err
	}
	return v.showPasses(p)
}

// endPass makes an address or a password of one's own useless.
func (v *visit) endPass() error {
	id := v.FormValue("id")
	own := slices.ContainsFunc(v.commons.Passes(), func(p node.Pass) bool { return p.ID == id && p.Owner() == v.session.Person })
	if !own {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	if _, err := v.commons.RevokePass(id); err != nil {
		return err
	}
	return v.done("/agenda/subscribe", "said.link_ended")
}
