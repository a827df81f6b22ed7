package dav

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/commons/ical"
	"navette/crdt/oplog"
	"navette/node"
	"navette/node/formats"
)

// nameProperty is where an event keeps the name that a program gave it, if that
// doesn't follow from its UID. Programs don't see it.
const nameProperty = "X-NAVETTE-NAME"

// An object is what the index knows of an event.
type object struct {
	target  target
	id      crdt.ID
	uid     string
	author  oplog.Key
	private bool
	gone    bool // taken away
	tag     string
	// When it takes place, from the first beginning to the last end; zero ends
	// are open.
	from, to time.Time
}

// An index is what calendar programs ask for again and again, of all events of
// a commons. It follows the feed.
type index struct {
	c *node.Commons

	mu      sync.Mutex
	built   bool
	pos     uint64 // what the index has of the feed
	objects map[crdt.ID]*object
	byPath  map[string]crdt.ID
	places  map[crdt.ID]string // those with a name
}

// few is how many items of the feed are gone through one by one; after more, as
// an import of tools brings, all events are read again.
const few = 4096

// refresh brings the index up to what is stored.
func (x *index) refresh() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, pos := x.c.Mark(); !x.built || pos-x.pos > few {
		return x.build()
	}
	ids, pos, err := x.c.Touched(x.pos)
	if err != nil {
		return err
	}
	for _, id := range ids {
		d, err := x.c.Doc(id)
		if err != nil && !errors.Is(err, node.ErrNotFound) {
			return err
		}
		if err == nil {
			x.put(d)
		}
	}
	x.pos = pos
	return nil
}

func (x *index) build() error {
	_, x.pos = x.c.Mark()
	x.objects, x.byPath, x.places = make(map[crdt.ID]*object), make(map[string]crdt.ID), make(map[crdt.ID]string)
	for _, kind := range []string{"event", "place"} {
		err := x.c.Each(kind, func(d *crdt.Doc) error {
			x.put(d)
			return nil
		})
		if err != nil {
			return err
		}
	}
	x.built = true
	return nil
}

func (x *index) put(d *crdt.Doc) {
	switch d.Kind() {
	case "place":
		delete(x.places, d.ID())
		if name := commons.Text(d, "title"); name != "" && !d.Deleted() {
			x.places[d.ID()] = name
		}
	case "event":
		if old := x.objects[d.ID()]; old != nil && x.byPath[old.target.path()] == d.ID() {
			delete(x.byPath, old.target.path())
		}
		o := x.objectOf(d)
		x.objects[d.ID()] = o
		if !o.gone {
			x.byPath[o.target.path()] = d.ID()
		}
	}
}

func (x *index) objectOf(d *crdt.Doc) *object {
	ev := commons.EventOf(d)
	o := &object{id: d.ID(), uid: ev.UID, gone: d.Deleted() || ev.Master == nil && len(ev.Exceptions) == 0}
	o.target = target{level: objectLevel, place: commons.Home(d), name: nameOf(d.ID(), ev)}
	if _, stamp, ok := d.Created(); ok {
		o.author = x.c.Writer(stamp.Log).Person
	}
	o.private = private(ev)
	o.tag = tagOf(calendarText(d, ev))
	o.from, o.to = span(ev)
	return o
}

// nameOf is the name in an event's address: the one that a program gave it,
// else its UID, else its id.
func nameOf(id crdt.ID, ev *ical.Event) string {
	for _, c := range components(ev) {
		if v := c.Text(nameProperty); plainName(v) {
			return v
		}
	}
	if plainName(ev.UID) {
		return ev.UID
	}
	return id.String()
}

// plainName tells whether a name can stand in an address as it is.
func plainName(s string) bool {
	return s != "" && len(s) <= 200 && s[0] != '.' && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\?#%`, r)
	})
}

func components(ev *ical.Event) []*ical.Component {
	var out []*ical.Component
	if ev.Master != nil {
		out = append(out, ev.Master)
	}
	return append(out, ev.Exceptions...)
}

func private(ev *ical.Event) bool {
	return slices.ContainsFunc(components(ev), func(c *ical.Component) bool {
		class := strings.ToUpper(c.Text("CLASS"))
		return class == "PRIVATE" || class == "CONFIDENTIAL"
	})
}

// calendarText is the event as a program gets it. The same document gives the
// same bytes, so that their hash tells whether it changed.
func calendarText(d *crdt.Doc, ev *ical.Event) []byte {
	stamp := time.Unix(0, 0)
	if _, made, ok := d.Created(); ok {
		stamp = time.Unix(int64(min(made.Wall.Seconds, 1<<40)), 0)
	}
	var b bytes.Buffer
	// A bytes.Buffer takes everything.
	_ = formats.WriteICS(&b, formats.Calendar{Events: []*ical.Event{shownEvent(ev)}, Stamp: stamp, Zones: time.LoadLocation})
	return b.Bytes()
}

// shownEvent is the event without what is ours.
func shownEvent(ev *ical.Event) *ical.Event {
	out := &ical.Event{UID: ev.UID, Zones: ev.Zones}
	for _, c := range components(ev) {
		shown := *c
		shown.Properties = slices.DeleteFunc(slices.Clone(c.Properties), func(p ical.Property) bool { return p.Name == nameProperty })
		if c == ev.Master {
			out.Master = &shown
		} else {
			out.Exceptions = append(out.Exceptions, &shown)
		}
	}
	return out
}

func tagOf(text []byte) string {
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// span tells when an event takes place: an end is known for one that takes
// place once.
func span(ev *ical.Event) (from, to time.Time) {
	if ev.Master == nil || len(ev.Exceptions) > 0 || ev.Master.Get("RRULE") != nil || ev.Master.Get("RDATE") != nil {
		return from, to
	}
	all, err := ev.Occurrences(ical.Window{
		From: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Max: 1, Zones: time.LoadLocation,
	})
	if err != nil || len(all) == 0 {
		return from, to
	}
	// Whose wall a floating time is on isn't known: a day on either side.
	return all[0].Start.AddDate(0, 0, -1), all[0].End.AddDate(0, 0, 1)
}

// within returns the objects of a calendar, by name; of a nil one, all.
func (x *index) within(place *crdt.ID) []*object {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []*object
	for _, o := range x.objects {
		if !o.gone && (place == nil || o.target.place == *place) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *object) int {
		return cmp.Or(strings.Compare(a.target.name, b.target.name), slices.Compare(a.id[:], b.id[:]))
	})
	return out
}

// at returns the object at an address; nil if there is none.
func (x *index) at(t target) *object {
	x.mu.Lock()
	defer x.mu.Unlock()
	id, ok := x.byPath[t.path()]
	if !ok {
		return nil
	}
	return x.objects[id]
}

// of returns what the index has of an event, also one that is gone.
func (x *index) of(id crdt.ID) *object {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.objects[id]
}

// withUID returns the event of a UID, rather one that isn't gone; nil if there
// is none.
func (x *index) withUID(uid string) (found *object) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, o := range x.objects {
		if o.uid == uid && (found == nil || found.gone && !o.gone) {
			found = o
		}
	}
	return found
}

// calendars are the places that have a calendar: those with events, and the
// one that this node is in. The one without a place comes first.
func (x *index) calendars() []crdt.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	has := map[crdt.ID]bool{}
	if here := node.PlaceOf(x.c.Device()); x.places[here] != "" {
		has[here] = true
	}
	for _, o := range x.objects {
		if !o.gone && o.target.place != (crdt.ID{}) {
			has[o.target.place] = true
		}
	}
	out := []crdt.ID{{}}
	for id := range has {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b crdt.ID) int { return slices.Compare(a[:], b[:]) })
	return out
}

// has tells whether a place has a calendar, or may have one.
func (x *index) has(place crdt.ID) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if place == (crdt.ID{}) || x.places[place] != "" {
		return true
	}
	for _, o := range x.objects {
		if !o.gone && o.target.place == place {
			return true
		}
	}
	return false
}

// title is what people call a calendar.
func (x *index) title(place crdt.ID) string {
	if place == (crdt.ID{}) {
		return x.c.Name()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return cmp.Or(x.places[place], place.String()[:8])
}
