package dav

import (
	"net/http"
	"strings"

	"navette/crdt"
)

// A property of a resource of the tree: its value as XML; ok is false where it
// has none.
type property func(x *session, t target) (value string, ok bool)

func fixed(value string) property {
	return func(*session, target) (string, bool) { return value, true }
}

// The properties of each level. What is expensive, or no property of the
// resource itself, isn't sent unless it is asked for by name (RFC 4791 §5.2):
// the calendar's data is a matter of reports.
var properties = map[level]map[string]property{
	rootLevel:      {"d:resourcetype": fixed("<d:collection/>"), "d:displayname": fixed("Navette")},
	principalLevel: {"d:resourcetype": fixed("<d:collection/><d:principal/>"), "d:displayname": personName},
	homeLevel:      {"d:resourcetype": fixed("<d:collection/>"), "d:displayname": homeName},
	calendarLevel: {
		"d:resourcetype":                     fixed("<d:collection/><c:calendar/>"),
		"d:displayname":                      calendarName,
		"d:sync-token":                       syncToken,
		"cs:getctag":                         func(x *session, t target) (string, bool) { return escape(x.index.tag(t.place)), true },
		"d:supported-report-set":             fixed(supportedReports),
		"c:supported-calendar-component-set": fixed(`<c:comp name="VEVENT"/>`),
		"c:supported-calendar-data":          fixed(`<c:calendar-data content-type="text/calendar" version="2.0"/>`),
		"c:max-resource-size":                fixed("1048576"),
		"c:calendar-timezone":                calendarZone,
	},
	objectLevel: {
		"d:resourcetype":   fixed(""),
		"d:getetag":        objectTag,
		"d:getcontenttype": fixed("text/calendar; charset=utf-8; component=VEVENT"),
	},
}

// everywhere are the properties that each level has.
var everywhere = map[string]property{
	"d:current-user-principal":     fixed(href(principalPath)),
	"d:principal-URL":              fixed(href(principalPath)),
	"d:owner":                      fixed(href(principalPath)),
	"d:principal-collection-set":   fixed(href(principalPath)),
	"c:calendar-home-set":          fixed(href(homePath)),
	"d:current-user-privilege-set": privileges,
}

const supportedReports = "<d:supported-report><d:report><c:calendar-multiget/></d:report></d:supported-report>" +
	"<d:supported-report><d:report><c:calendar-query/></d:report></d:supported-report>" +
	"<d:supported-report><d:report><c:free-busy-query/></d:report></d:supported-report>" +
	"<d:supported-report><d:report><d:sync-collection/></d:report></d:supported-report>"

func personName(x *session, _ target) (string, bool) {
	return escape(x.c.PersonName(x.person)), true
}

func homeName(x *session, _ target) (string, bool) { return escape(x.c.Name()), true }

func calendarName(x *session, t target) (string, bool) { return escape(x.index.title(t.place)), true }

func syncToken(x *session, _ target) (string, bool) { return escape(x.token()), true }

func objectTag(x *session, t target) (string, bool) {
	o := x.index.at(t)
	if o == nil {
		return "", false
	}
	return escape(o.tag), true
}

func calendarZone(x *session, _ target) (string, bool) {
	text, ok := zoneText(x.c.Env().Zone)
	return escape(text), ok
}

// privileges are what the person may do there (RFC 3744 §5.4).
func privileges(x *session, t target) (string, bool) {
	names := []string{"d:read", "d:read-current-user-privilege-set", "c:read-free-busy"}
	switch {
	case !x.writes || t.level < calendarLevel:
	case t.level == calendarLevel:
		names = append(names, "d:bind", "d:unbind", "d:write-content")
	case !x.hides(x.index.at(t)):
		names = append(names, "d:write-content")
	}
	var b strings.Builder
	for _, name := range names {
		b.WriteString("<d:privilege><" + name + "/></d:privilege>")
	}
	return b.String(), true
}

// hides tells whether an event isn't shown to the person whole.
func (x *session) hides(o *object) bool {
	return o != nil && o.private && o.author != x.person
}

// exists tells whether there is something at a target.
func (x *session) exists(t target) bool {
	switch t.level {
	case calendarLevel:
		return x.index.has(t.place)
	case objectLevel:
		return x.index.at(t) != nil
	}
	return true
}

// propfind answers PROPFIND (RFC 4918 §9.1) of depth 0 or 1; what has no depth,
// or an infinite one, gets 1.
func (x *session) propfind(w http.ResponseWriter, t target) error {
	if !x.exists(t) {
		return notFound()
	}
	request, err := readXML(x.request)
	if err != nil {
		return err
	}
	targets := []target{t}
	if x.request.Header.Get("Depth") != "0" {
		targets = append(targets, x.children(t)...)
	}
	names := wanted(request.child("d:prop"))
	b := newBody("d:multistatus")
	for _, t := range targets {
		asked := names
		if asked == nil {
			asked = allNames(t.level)
		}
		x.response(b, t, ask{names: asked, bare: request.child("d:propname") != nil})
	}
	b.send(w, http.StatusMultiStatus)
	return nil
}

func (x *session) children(t target) (out []target) {
	switch t.level {
	case rootLevel:
		return []target{{level: principalLevel}, {level: homeLevel}}
	case homeLevel:
		for _, place := range x.index.calendars() {
			out = append(out, target{level: calendarLevel, place: place})
		}
	case calendarLevel:
		for _, o := range x.index.within(&t.place) {
			out = append(out, o.target)
		}
	}
	return out
}

// wanted are the names in a prop element; nil if there is none.
func wanted(prop *element) []string {
	if prop == nil {
		return nil
	}
	names := []string{}
	for i := range prop.Children {
		names = append(names, short(prop.Children[i].XMLName))
	}
	return names
}

func allNames(l level) (names []string) {
	for _, set := range []map[string]property{properties[l], everywhere} {
		names = append(names, sorted(set)...)
	}
	return names
}

// ask is which properties are wanted.
type ask struct {
	names []string
	bare  bool   // the names alone
	data  string // what calendar-data is, where it is wanted
}

// response writes what one target has of the properties asked for, and which
// of them it hasn't.
func (x *session) response(b *body, t target, a ask) {
	found, missing := &body{}, &body{}
	for _, name := range a.names {
		if name == calendarData && a.data != "" {
			found.text(name, a.data)
			continue
		}
		p := properties[t.level][name]
		if p == nil {
			p = everywhere[name]
		}
		if p == nil {
			missing.empty(name)
			continue
		}
		switch value, ok := p(x, t); {
		case !ok:
			missing.empty(name)
		case a.bare:
			found.empty(name)
		default:
			found.raw(name, value)
		}
	}
	b.open("d:response")
	b.WriteString(href(t.path()))
	b.propstat(found, http.StatusOK)
	if missing.Len() > 0 {
		b.propstat(missing, http.StatusNotFound)
	}
	b.close("d:response")
}

func (b *body) propstat(props *body, status int) {
	b.open("d:propstat")
	b.raw("d:prop", props.String())
	b.status(status)
	b.close("d:propstat")
}

// proppatch refuses each property that a program wants to set: names and
// colours are the places', and the program's own affair.
func (x *session) proppatch(w http.ResponseWriter, t target) error {
	if !x.exists(t) {
		return notFound()
	}
	request, err := readXML(x.request)
	if err != nil {
		return err
	}
	refused := &body{}
	if request != nil {
		for _, change := range request.Children {
			for _, name := range wanted(change.child("d:prop")) {
				refused.empty(name)
			}
		}
	}
	b := newBody("d:multistatus")
	b.open("d:response")
	b.WriteString(href(t.path()))
	b.propstat(refused, http.StatusForbidden)
	b.close("d:response")
	b.send(w, http.StatusMultiStatus)
	return nil
}

// tag changes when anything in a calendar does.
func (x *index) tag(place crdt.ID) string {
	var b strings.Builder
	for _, o := range x.within(&place) {
		b.WriteString(o.target.name + "\x00" + o.tag + "\n")
	}
	return strings.Trim(tagOf([]byte(b.String())), `"`)
}
