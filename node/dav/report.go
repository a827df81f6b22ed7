package dav

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"navette/crdt"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// report answers REPORT: which one, the body says.
func (x *session) report(w http.ResponseWriter, t target) error {
	if !x.exists(t) {
		return notFound()
	}
	request, err := readXML(x.request)
	if err != nil {
		return err
	}
	b := newBody("d:multistatus")
	switch {
	case request == nil:
		return &refusal{status: http.StatusBadRequest}
	case t.level != calendarLevel:
		return &refusal{status: http.StatusForbidden, condition: "d:supported-report"}
	case request.is("c:calendar-multiget"):
		err = x.multiget(b, request)
	case request.is("c:calendar-query"):
		err = x.query(b, t, request)
	case request.is("d:sync-collection"):
		err = x.sync(b, t, request)
	case request.is("c:free-busy-query"):
		return x.freeBusy(w, t, request)
	default:
		return &refusal{status: http.StatusForbidden, condition: "d:supported-report"}
	}
	if err != nil {
		return err
	}
	b.send(w, http.StatusMultiStatus)
	return nil
}

// calendarData is the property that is the event itself; reports alone have it.
const calendarData = "c:calendar-data"

// object writes the response about an event, with its data if that is wanted.
func (x *session) object(b *body, o *object, prop *element) error {
	a := ask{names: wanted(prop)}
	if data := prop.child(calendarData); data != nil {
		text, err := x.data(o, data)
		if err != nil {
			return err
		}
		a.data = string(text)
	}
	x.response(b, o.target, a)
	return nil
}

// missing writes that nothing is at an address.
func (b *body) missing(path string) {
	b.open("d:response")
	b.WriteString(href(path))
	b.status(http.StatusNotFound)
	b.close("d:response")
}

// multiget answers calendar-multiget (RFC 4791 §7.9).
func (x *session) multiget(b *body, request *element) error {
	for _, h := range request.all("d:href") {
		address := strings.TrimSpace(h.Text)
		u, err := url.Parse(address)
		if err != nil {
			b.missing(address)
			continue
		}
		t, ok := readPath(u.Path)
		o := x.index.at(t)
		if !ok || o == nil {
			b.missing(address)
			continue
		}
		if err := x.object(b, o, request.child("d:prop")); err != nil {
			return err
		}
	}
	return nil
}

// query answers calendar-query (RFC 4791 §7.8).
func (x *session) query(b *body, t target, request *element) error {
	f, err := readFilter(request.child("c:filter"), x.here())
	if err != nil {
		return err
	}
	for _, o := range x.index.within(&t.place) {
		if !f.mayMatch(o) {
			continue
		}
		ev, err := x.event(o)
		if err != nil {
			return err
		}
		if ev == nil || !f.match(ev) {
			continue
		}
		if err := x.object(b, o, request.child("d:prop")); err != nil {
			return err
		}
	}
	return nil
}

// tokenPrefix makes a URI of a mark, which a sync token has to be.
const tokenPrefix = "urn:navette:mark:"

func (x *session) token() string {
	x.index.mu.Lock()
	defer x.index.mu.Unlock()
	return tokenPrefix + x.c.MarkAt(x.index.pos)
}

// sync answers sync-collection (RFC 6578 §3.2): what is there if the program
// begins, else what changed since its token.
func (x *session) sync(b *body, t target, request *element) error {
	token := x.token() // before looking: what comes meanwhile is said again
	prop := request.child("d:prop")
	var objects []*object
	var gone []string
	if since := text(request.child("d:sync-token")); since == "" {
		objects = x.index.within(&t.place)
	} else {
		pos, ok := x.c.ReadMark(strings.TrimPrefix(since, tokenPrefix))
		if !ok || !strings.HasPrefix(since, tokenPrefix) {
			return &refusal{status: http.StatusForbidden, condition: "d:valid-sync-token"}
		}
		ids, _, err := x.c.Touched(pos)
		if err != nil {
			return err
		}
		objects, gone = x.changes(t.place, ids)
	}
	if limit := text(request.child("d:limit").child("d:nresults")); limit != "" {
		if n := number(limit); len(objects)+len(gone) > n {
			return &refusal{status: http.StatusInsufficientStorage, condition: "d:number-of-matches-within-limits"}
		}
	}
	for _, o := range objects {
		if err := x.object(b, o, prop); err != nil {
			return err
		}
	}
	for _, path := range gone {
		b.missing(path)
	}
	b.text("d:sync-token", token)
	return nil
}

// changes sorts what was touched into what a calendar has and what it hasn't,
// or hasn't any more.
func (x *session) changes(place crdt.ID, ids []crdt.ID) (there []*object, gone []string) {
	for _, id := range ids {
		o := x.index.of(id)
		if o == nil {
			continue
		}
		if here := o.target; !o.gone && here.place == place {
			there = append(there, o)
		} else {
			here.place = place
			gone = append(gone, here.path())
		}
	}
	slices.SortFunc(there, func(a, b *object) int { return cmp.Compare(a.target.name, b.target.name) })
	slices.Sort(gone)
	return there, gone
}

func text(e *element) string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}

// number reads a count; what isn't one is none.
func number(s string) int {
	n := 0
	for _, r := range s {
		if r < '0' || r > '9' || n > 1<<30 {
			return 0
		}
		n = n*10 + int(r-'0')
	}
	return n
}
