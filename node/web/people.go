package web

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"navette/crdt/oplog"
	"navette/node"
	"navette/node/qr"
)

var peopleRoutes = []route{
	{"GET", "/people", member, everywhere, (*visit).people},
	{"POST", "/people/in", steward, trusted, (*visit).letSomebodyIn},
	{"POST", "/people/out", steward, trusted, (*visit).refuseSomebody},
	{"POST", "/people/code", steward, trusted, (*visit).codeForSomebody},
	{"POST", "/people/remove", steward, trusted, (*visit).removeSomebody},
	{"GET", "/devices", member, everywhere, (*visit).devices},
	{"POST", "/devices/revoke", steward, trusted, (*visit).revokeDevice},
	{"GET", "/invite", steward, trusted, (*visit).invitations},
	{"POST", "/invite", steward, trusted, (*visit).invite},
	{"POST", "/invite/end", steward, trusted, (*visit).endInvitation},
}

// letIn makes somebody who asked a member, and writes down their name.
func (s *Server) letIn(ctx context.Context, c *node.Commons, person oplog.Key) error {
	a := s.book.of(person)
	if a == nil || a.Asked == nil {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	if _, err := c.Grant(ctx, person, oplog.RoleMember, nil); err != nil {
		return err
	}
	if err := c.CallPerson(ctx, person, a.Name); err != nil {
		return err
	}
	return s.book.change(person, func(a *account) { a.Asked = nil })
}

// peoplePage is who is here, and who would like to be.
type peoplePage struct {
	Asking []asking
	People []somebody
	Here   bool // stewards act from here
	Code   *codeFor
}

// asking is somebody who waits to be let in.
type asking struct {
	Key, Name, Words string
	Asked            time.Time
}

// somebody is a person of the commons.
type somebody struct {
	Key, Name, Words, Role string
	Since                  time.Time
	By                     string
	Self, Account          bool
	Place                  string // of the first device
}

// codeFor is a code that a steward hands to somebody.
type codeFor struct {
	Name string
	code
	QR *qr.Picture
}

func (v *visit) peoplePage() peoplePage {
	p := peoplePage{Here: steward.met(v.role)}
	if p.Here {
		for _, a := range v.s.book.accounts() {
			if a.Asked != nil {
				p.Asking = append(p.Asking, asking{a.Person.String(), a.Name, keyWords(a.Person), *a.Asked})
			}
		}
	}
	for _, x := range v.commons.People() {
		one := somebody{
			Key: x.Key.String(), Name: cmp.Or(x.Name, v.say.text("by.somebody")), Words: keyWords(x.Key), Role: "role." + x.Role.String(),
			Since: x.Since, Self: x.Key == v.session.Person, Account: v.s.book.of(x.Key) != nil,
		}
		if !x.Root {
			one.By = v.commons.PersonName(x.By)
		}
		if len(x.Devices) > 0 {
			one.Place = x.Devices[0].Place
		}
		p.People = append(p.People, one)
	}
	return p
}

func (v *visit) people() error { return v.render("people", v.peoplePage()) }

// person is the person that a form is about.
func (v *visit) person() (key oplog.Key, err error) {
	if key.UnmarshalText([]byte(v.FormValue("person"))) != nil {
		return key, &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	return key, nil
}

func (v *visit) letSomebodyIn() error {
	key, err := v.person()
	if err != nil {
		return err
	}
	if err := v.s.letIn(v.Context(), v.commons, key); err != nil {
		return err
	}
	return v.done("/people", "people.in.done", v.commons.PersonName(key))
}

// refuseSomebody forgets somebody who asked.
func (v *visit) refuseSomebody() error {
	key, err := v.person()
	if err != nil {
		return err
	}
	a := v.s.book.of(key)
	if a == nil || a.Asked == nil {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	if err := v.s.book.drop(key); err != nil {
		return err
	}
	if err := v.s.sessions.endAll(key); err != nil {
		return err
	}
	return v.done("/people", "people.out.done", a.Name)
}

// codeForSomebody shows a code that signs a person in who has forgotten theirs:
// it takes the old PIN away.
func (v *visit) codeForSomebody() error {
	key, err := v.person()
	if err != nil {
		return err
	}
	a := v.s.book.of(key)
	if a == nil {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	if key != v.session.Person {
		if err := v.s.book.change(key, func(a *account) { a.PIN = "" }); err != nil {
			return err
		}
	}
	c := codeFor{Name: a.Name, code: v.s.passes.give(v.now, key)}
	if c.QR, err = qr.Of(v.s.publicPage(v.Request) + "code#" + c.Long); err != nil {
		return err
	}
	p := v.peoplePage()
	p.Code = &c
	return v.render("people", p)
}

// removeSomebody ends a person's membership. What they wrote stays.
func (v *visit) removeSomebody() error {
	key, err := v.person()
	if err != nil {
		return err
	}
	name := v.commons.PersonName(key)
	if _, err := v.commons.Remove(v.Context(), key, node.RemoveOptions{Keep: v.FormValue("expel") == ""}); err != nil {
		return err
	}
	if err := v.s.book.drop(key); err != nil {
		return err
	}
	if err := v.s.sessions.endAll(key); err != nil {
		return err
	}
	return v.done("/people", "people.remove.done", name)
}

// deviceRow is a device of the commons.
type deviceRow struct {
	Key, Person       string
	Place, Who, Words string
	Hosted            int // so many persons that have no machine of their own
	Here, Self        bool
	Met               time.Time
	Revocable         bool // from here, by whoever asks
}

func (v *visit) devices() error {
	var rows []deviceRow
	hosted := map[string]int{}
	for _, p := range v.commons.People() {
		for _, d := range p.Devices {
			if d.Hosted {
				hosted[d.Key.String()]++
				continue
			}
			rows = append(rows, deviceRow{
				Key: d.Key.String(), Person: d.Person.String(), Place: cmp.Or(d.Place, v.say.text("device.unnamed")), Who: p.Name, Words: keyWords(d.Key),
				Here: d.Here, Self: d.Self, Met: d.Met, Revocable: steward.met(v.role) && !d.Self,
			})
		}
	}
	for i := range rows {
		rows[i].Hosted = hosted[rows[i].Key]
	}
	return v.render("devices", rows)
}

// revokeDevice ends that a device acts for a person: it is lost or stolen.
func (v *visit) revokeDevice() error {
	key, err := v.person()
	if err != nil {
		return err
	}
	var device oplog.Key
	if device.UnmarshalText([]byte(v.FormValue("device"))) != nil || device == v.commons.Device() {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	if _, err := v.commons.RevokeDevice(v.Context(), device, key); err != nil {
		return err
	}
	return v.done("/devices", "device.revoke.done", v.commons.PlaceName(device))
}

// invitePage is the invitations that there are, and the one just made.
type invitePage struct {
	List []invitation
	Link string // just made; "" if none
	QR   *qr.Picture
}

type invitation struct {
	ID, Note, Role, By string
	Used               int
	Uses               uint64 // 0: any number
	Made, Until        time.Time
	Open               bool
}

func (v *visit) invitePage() (p invitePage) {
	for _, i := range v.commons.Invitations() {
		p.List = append([]invitation{{
			ID: i.ID(), Note: cleanName(i.Invite.Note), Role: "role." + i.Invite.Role.String(), By: i.Name,
			Used: i.Used, Uses: i.Invite.Uses, Made: i.Made, Until: i.Until, Open: i.Open(v.now),
		}}, p.List...)
	}
	return p
}

func (v *visit) invitations() error { return v.render("invite", v.invitePage()) }

// invite makes an invitation for another machine, and shows it once.
func (v *visit) invite() error {
	uses, err := strconv.ParseUint(v.FormValue("uses"), 10, 16)
	days, err2 := strconv.ParseUint(v.FormValue("days"), 10, 12)
	if err != nil || err2 != nil {
		return &problem{status: http.StatusUnprocessableEntity, key: "problem.form"}
	}
	role := oplog.RoleMember
	if v.FormValue("role") == "reader" {
		role = oplog.RoleReader
	}
	var until time.Time
	if days > 0 {
		until = v.now.Add(time.Duration(days) * 24 * time.Hour)
	}
	link, _, err := v.commons.Invite(v.Context(), role, uses, until, cleanName(v.FormValue("note")))
	if err != nil {
		return err
	}
	p := v.invitePage()
	p.Link = link
	if p.QR, err = qr.Of(link); err != nil {
		return err
	}
	return v.render("invite", p)
}

// endInvitation withdraws an invitation.
func (v *visit) endInvitation() error {
	i, err := v.commons.FindInvitation(v.FormValue("id"))
	if err != nil {
		return &problem{http.StatusNotFound, "problem.nothing", nil, err}
	}
	if err := v.commons.Uninvite(v.Context(), i.Invitation.ID); err != nil {
		return err
	}
	return v.done("/invite", "invite.end.done")
}
