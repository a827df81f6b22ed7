package web

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/commons/ical"
	"navette/crdt/oplog"
	"navette/node"
)

// An item is what lists and searches need to know of a resource. What a page
// shows of it is read anew.
type item struct {
	id      crdt.ID
	title   string
	key     string // the title, folded
	order   string // what lists go by
	text    string // all that it shows, folded
	seen    string // its visibility; "" is public
	by      oplog.Key
	lamport uint64 // of its newest change
	updated *commons.Origin
	two     bool // two versions stand in it

	facets   map[string]string // of the fields that lists are narrowed by
	about    crdt.ID           // of a note or a loan: what it is about
	original crdt.ID           // of a translation
	event    *ical.Event
	capacity int            // of an event; -1 if it doesn't say
	taken    map[string]int // the sign-ups of an event, by instance
}

// facetsOf are the fields that lists are narrowed by, of each kind that the
// shelves hold.
var facetsOf = map[string][]string{
	"event":    nil,
	"loan":     {"back"},
	"note":     {"experience"},
	"page":     {"template", "language"},
	"person":   nil,
	"place":    {"type"},
	"proposal": {"type", "state"},
	"tool":     {"tag", "category", "condition", "location", "home", "loanable"},
}

// shelves keep the items of a commons, kind by kind, from when a kind is first
// asked for. They follow the feed: each asking brings them up to date first.
type shelves struct {
	mu       sync.Mutex // guards what follows
	commons  *node.Commons
	pos      uint64 // up to which the feed was followed
	standing int    // of the membership: another may change what counts
	of       map[string]*shelf
}

// A shelf is the items of a kind.
type shelf struct {
	items map[crdt.ID]*item
	// list is the items in order, made when it is asked for; nil if something
	// has changed since.
	list []*item
	// about is the items by what they are about.
	about map[crdt.ID][]*item
}

// shelf returns the items of a kind that whoever asks may see, by title. The
// caller doesn't change them.
func (v *visit) shelf(kind string) ([]*item, error) {
	if v.commons == nil {
		return nil, node.ErrNoCommons
	}
	list, _, err := v.s.shelves.list(v.commons, kind)
	return v.visible(list), err
}

// aboutIt returns the items of a kind that are about a resource and that
// whoever asks may see, the newest last.
func (v *visit) aboutIt(kind string, id crdt.ID) ([]*item, error) {
	_, about, err := v.s.shelves.list(v.commons, kind)
	list := slices.Clone(v.visible(about[id]))
	slices.SortFunc(list, func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.lamport, b.lamport), slices.Compare(a.id[:], b.id[:]))
	})
	return list, err
}

// visible leaves out what whoever asks may not see.
func (v *visit) visible(list []*item) []*item {
	hidden := func(it *item) bool { return !v.maySee(it.seen, it.by) }
	if !slices.ContainsFunc(list, hidden) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), hidden)
}

// maySee tells whether whoever asks may see a thing of that visibility.
func (v *visit) maySee(visibility string, by oplog.Key) bool {
	switch visibility {
	case "", "public":
		return true
	case "private":
		return v.session != nil && v.session.Person == by
	}
	return v.role >= oplog.RoleReader
}

func (s *shelves) list(c *node.Commons, kind string) (list []*item, about map[crdt.ID][]*item, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.follow(c); err != nil {
		return nil, nil, err
	}
	sh := s.of[kind]
	if sh == nil {
		sh = &shelf{items: make(map[crdt.ID]*item)}
		if err := c.Each(kind, func(d *crdt.Doc) error { sh.put(c, d); return nil }); err != nil {
			return nil, nil, err
		}
		s.of[kind] = sh
	}
	if sh.list == nil {
		sh.sort()
	}
	return sh.list, sh.about, nil
}

// follow brings the shelves up to date. The caller holds mu.
func (s *shelves) follow(c *node.Commons) error {
	if standing := c.Standing(); s.commons != c || s.standing != standing {
		s.commons, s.standing, s.of, s.pos = c, standing, make(map[string]*shelf), c.Changes()
		return nil
	}
	if s.pos == c.Changes() {
		return nil
	}
	ids, end, err := c.Touched(s.pos)
	if err != nil {
		return err
	}
	for _, id := range ids {
		d, err := c.Doc(id)
		if err != nil {
			return err
		}
		if sh := s.of[d.Kind()]; sh != nil {
			sh.put(c, d)
		}
	}
	s.pos = end
	return nil
}

// warmed are the kinds that people look at first, and maxWarm how many things
// of them there may be for the shelves to be filled unasked.
var warmed = []string{"tool", "event", "page"}

const maxWarm = 20_000

// warm fills the shelves once somebody has come, while they read the first
// page: filling them takes the time of some ten pages. Where nobody comes,
// nothing is kept.
func (s *Server) warm(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-s.visited:
	}
	all := s.node.All()
	if len(all) == 0 {
		return
	}
	counts, err := all[0].Counts()
	if err != nil || counts["tool"]+counts["event"]+counts["page"] > maxWarm {
		return
	}
	for _, kind := range warmed {
		if ctx.Err() != nil {
			return
		}
		if _, _, err := s.shelves.list(all[0], kind); err != nil {
			return // whoever asks for it is told
		}
	}
}

// put puts a resource on the shelf as it is now, or takes it off.
func (sh *shelf) put(c *node.Commons, d *crdt.Doc) {
	sh.list, sh.about = nil, nil
	if d.Deleted() {
		delete(sh.items, d.ID())
		return
	}
	sh.items[d.ID()] = itemOf(c, d)
}

func itemOf(c *node.Commons, d *crdt.Doc) *item {
	r := commons.View(d)
	it := &item{
		id: d.ID(), title: r.Title, key: commons.Fold(r.Title), order: commons.SortKey(r.Title), text: commons.SearchText(&r),
		seen: commons.Text(d, "visibility"), facets: make(map[string]string), updated: r.Updated,
	}
	if _, s, ok := d.Created(); ok {
		it.by = c.Writer(s.Log).Person
	}
	if _, s, ok := d.Updated(); ok {
		it.lamport = s.Lamport
	}
	it.two = r.Versions > 0 && len(commons.Conflicts(d)) > 0
	for _, name := range facetsOf[r.Kind] {
		if f, ok := r.Get(name); ok {
			it.facets[name] = valueText(f.Value)
		}
	}
	switch r.Kind {
	case "event":
		it.event, it.capacity, it.taken = commons.EventOf(d), commons.Capacity(d), commons.SignedUp(d)
	case "note":
		it.about, _ = commons.About(d)
	case "loan":
		it.about = commons.LoanOf(d, noTime).Tool
	case "page":
		it.original, _ = commons.Original(d)
	}
	return it
}

func (sh *shelf) sort() {
	sh.list = make([]*item, 0, len(sh.items))
	sh.about = make(map[crdt.ID][]*item)
	for _, it := range sh.items {
		sh.list = append(sh.list, it)
		if it.about != (crdt.ID{}) {
			sh.about[it.about] = append(sh.about[it.about], it)
		}
	}
	slices.SortFunc(sh.list, byTitle)
}

func byTitle(a, b *item) int {
	return cmp.Or(strings.Compare(a.order, b.order), slices.Compare(a.id[:], b.id[:]))
}

// found returns those of a list that answer a query, what has it in its title
// first.
func found(list []*item, query string) []*item {
	q := commons.ParseQuery(query)
	if q.Empty() {
		return list
	}
	var titled, others []*item
	for _, it := range list {
		switch {
		case !q.Match(it.text):
		case q.Match(it.key):
			titled = append(titled, it)
		default:
			others = append(others, it)
		}
	}
	return append(titled, others...)
}

// valueText writes a value as a form has it.
func valueText(value any) string {
	switch x := value.(type) {
	case string:
		return x
	case bool:
		return map[bool]string{true: "yes", false: "no"}[x]
	case json.Number:
		return x.String()
	case []any:
		parts := make([]string, len(x))
		for i, p := range x {
			parts[i] = valueText(p)
		}
		return strings.Join(parts, ", ")
	}
	return ""
}
