package node

import (
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"sync"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node/markdown"
)

// A PageRef names a page where others are listed.
type PageRef struct {
	ID       crdt.ID
	Title    string
	Language string // "" if it doesn't say
}

// pageIndex remembers of each page what links and lists need, so that a
// question about one page doesn't read all. It is made of what is stored when
// it is first asked, and brought up to date whenever it is asked again.
type pageIndex struct {
	mu    sync.Mutex // guards what follows
	made  bool
	pos   uint64 // of the feed
	pages map[crdt.ID]*indexed
	names map[string][]crdt.ID // by what a page may be called, ascending
}

type indexed struct {
	PageRef
	original crdt.ID // zero if it is no translation
	names    []string
	links    []string // what its [[links]] say
}

// few is how many items of the feed are gone through one by one; after more,
// all pages are read again.
const few = 4096

// fresh brings the index up to date. The caller holds mu.
func (x *pageIndex) fresh(c *Commons) error {
	pos := c.log.Pos()
	if !x.made || pos-x.pos > few {
		x.made, x.pages, x.names = false, make(map[crdt.ID]*indexed), make(map[string][]crdt.ID)
		err := c.Each("page", func(d *crdt.Doc) error {
			x.put(d)
			return nil
		})
		if err != nil {
			return err
		}
		x.made, x.pos = true, pos
		return nil
	}
	touched, end, err := c.Touched(x.pos)
	if err != nil {
		return err
	}
	for _, id := range touched {
		d, err := c.log.Doc(id)
		if err != nil {
			return err
		}
		x.put(d)
	}
	x.pos = end
	return nil
}

// put makes the index say of a page what its document says now.
func (x *pageIndex) put(d *crdt.Doc) {
	id := d.ID()
	if was := x.pages[id]; was != nil {
		for _, n := range was.names {
			x.names[n] = slices.DeleteFunc(x.names[n], func(i crdt.ID) bool { return i == id })
			if len(x.names[n]) == 0 {
				delete(x.names, n)
			}
		}
		delete(x.pages, id)
	}
	if d.Kind() != "page" || d.Deleted() {
		return
	}
	p := &indexed{PageRef: ref(d), links: markdown.Links(commons.Body(d))}
	p.original, _ = commons.Original(d)
	file := commons.Text(d, "path")
	for _, n := range []string{p.Title, commons.Text(d, "title"), file, strings.TrimSuffix(file, path.Ext(file))} {
		if n = commons.Fold(n); n != "" && !slices.Contains(p.names, n) {
			p.names = append(p.names, n)
			at, _ := slices.BinarySearchFunc(x.names[n], id, compareIDs)
			x.names[n] = slices.Insert(x.names[n], at, id)
		}
	}
	x.pages[id] = p
}

func compareIDs(a, b crdt.ID) int { return slices.Compare(a[:], b[:]) }

func ref(d *crdt.Doc) PageRef {
	return PageRef{ID: d.ID(), Title: commons.View(d).Title, Language: commons.Text(d, "language")}
}

// find returns the page that [[target]] means.
func (x *pageIndex) find(target string) (crdt.ID, bool) {
	if id, ok := wholeID(target); ok {
		return id, x.pages[id] != nil
	}
	found := x.names[commons.Fold(target)]
	if len(found) == 0 {
		return crdt.ID{}, false
	}
	return found[0], true
}

func wholeID(text string) (id crdt.ID, ok bool) {
	b, err := hex.DecodeString(strings.ToLower(text))
	if err != nil || len(b) != len(id) {
		return id, false
	}
	return crdt.ID(b), true
}

// withPages calls fn with the index as of now.
func (c *Commons) withPages(fn func(*pageIndex)) error {
	c.pages.mu.Lock()
	defer c.pages.mu.Unlock()
	if err := c.pages.fresh(c); err != nil {
		return err
	}
	fn(&c.pages)
	return nil
}

// A Linked is one [[link]] of a page.
type Linked struct {
	Target string  // as it is written
	Page   PageRef // what it means; zero if there is none
	Kind   string  // of what it means: "page", or another where an id names it
}

// LinksOf returns what a page's [[links]] lead to, in order.
func (c *Commons) LinksOf(id crdt.ID) (out []Linked, err error) {
	var others []int
	err = c.withPages(func(x *pageIndex) {
		p := x.pages[id]
		if p == nil {
			return
		}
		for _, target := range p.links {
			l := Linked{Target: target}
			if to, ok := x.find(target); ok {
				l.Page, l.Kind = x.pages[to].PageRef, "page"
			} else if _, ok := wholeID(target); ok {
				others = append(others, len(out))
			}
			out = append(out, l)
		}
	})
	for _, i := range others {
		other, _ := wholeID(out[i].Target)
		if d, e := c.log.Doc(other); e == nil && d.Kind() != "" && !d.Deleted() {
			out[i].Page, out[i].Kind = ref(d), d.Kind()
		}
	}
	return out, err
}

// Backlinks returns the pages that link to a resource, by title.
func (c *Commons) Backlinks(id crdt.ID) (out []PageRef, err error) {
	err = c.withPages(func(x *pageIndex) {
		for _, p := range x.pages {
			if slices.ContainsFunc(p.links, func(target string) bool {
				if whole, ok := wholeID(target); ok {
					return whole == id
				}
				to, ok := x.find(target)
				return ok && to == id
			}) {
				out = append(out, p.PageRef)
			}
		}
	})
	byTitle(out)
	return out, err
}

func byTitle(list []PageRef) {
	slices.SortFunc(list, func(a, b PageRef) int {
		if c := strings.Compare(commons.Fold(a.Title), commons.Fold(b.Title)); c != 0 {
			return c
		}
		return compareIDs(a.ID, b.ID)
	})
}
