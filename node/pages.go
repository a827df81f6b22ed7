package node

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"slices"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node/markdown"
	"navette/storage"
)

// Paths say where the people's side shows things. Its functions return
// addresses that begin with "/"; the zero Paths show none.
type Paths struct {
	Resource func(kind string, id crdt.ID) string
	File     func(cid string) string // of an attachment
}

// HTML returns what a page says, as d has it, as HTML that may stand in ours.
// shift makes its headings so many levels smaller.
func (c *Commons) HTML(d *crdt.Doc, p Paths, shift int) (template.HTML, error) {
	files := commons.Attachments(d)
	o := markdown.Options{Shift: shift, File: func(target string) (string, bool) {
		if p.File == nil || !slices.ContainsFunc(files, func(a commons.Attachment) bool { return a.CID == target }) {
			return "", false
		}
		return p.File(target), true
	}}
	body := commons.Body(d)
	// What the links mean is looked up first: rendering takes its time, and
	// nobody should wait for it.
	hrefs := make(map[string]string)
	if p.Resource != nil {
		targets := markdown.Links(body)
		err := c.withPages(func(x *pageIndex) {
			for _, target := range targets {
				if id, ok := x.find(target); ok {
					hrefs[target] = p.Resource("page", id)
				}
			}
		})
		if err != nil {
			return "", err
		}
		for _, target := range targets {
			if id, ok := wholeID(target); ok && hrefs[target] == "" {
				if d, err := c.log.Doc(id); err == nil && d.Kind() != "" && !d.Deleted() {
					hrefs[target] = p.Resource(d.Kind(), id)
				}
			}
		}
	}
	o.Link = func(target string) (string, bool) { return hrefs[target], hrefs[target] != "" }
	return markdown.Render(body, o), nil
}

// A Translation is a page in one of its languages.
type Translation struct {
	PageRef
	Original bool // the others follow it
	// Stale tells that the original says something else since somebody last
	// said that the translation says the same: it is to be updated, and
	// SinceFollowed says by what.
	Stale bool
}

// Translations returns a page in all its languages, the original first; of a
// page without any, the page alone. It may be asked of each of them.
func (c *Commons) Translations(id crdt.ID) ([]Translation, error) {
	var out []Translation
	err := c.withPages(func(x *pageIndex) {
		p := x.pages[id]
		if p == nil {
			return
		}
		root := p
		if o := x.pages[p.original]; o != nil && o.original == (crdt.ID{}) {
			root = o
		}
		out = append(out, Translation{PageRef: root.PageRef, Original: true})
		var more []PageRef
		for _, t := range x.pages {
			if t != root && t.original == root.ID {
				more = append(more, t.PageRef)
			}
		}
		byTitle(more)
		slices.SortStableFunc(more, func(a, b PageRef) int { return slices.Compare([]byte(a.Language), []byte(b.Language)) })
		for _, t := range more {
			out = append(out, Translation{PageRef: t})
		}
	})
	if err != nil || len(out) < 2 {
		return out, err
	}
	original, err := c.Doc(out[0].ID)
	if err != nil {
		return nil, err
	}
	for i := range out[1:] {
		t := &out[i+1]
		d, err := c.Doc(t.ID)
		if err != nil {
			return nil, err
		}
		t.Stale = c.stale(original, commons.Follows(d))
	}
	return out, nil
}

// stale tells whether the original reads otherwise than the version followed.
func (c *Commons) stale(original *crdt.Doc, followed []crdt.ChangeID) bool {
	if slices.Equal(followed, commons.BodyVersion(original)) {
		return false
	}
	if len(followed) == 0 {
		return true
	}
	then, err := c.log.DocAt(original.ID(), followed...)
	// What isn't stored here is newer, or of another history: somebody looks.
	return err != nil || commons.Body(then) != commons.Body(original)
}

// SinceFollowed compares what a translation's original said when the
// translation followed it with what it says now, by words; lines is as for
// ComparePage. The error is ErrNotFound for a page that isn't a translation.
func (c *Commons) SinceFollowed(translation crdt.ID, lines int) ([]commons.Span, error) {
	d, original, err := c.withOriginal(translation)
	if err != nil {
		return nil, err
	}
	of := original.ID()
	then := crdt.NewDoc(of)
	if followed := commons.Follows(d); len(followed) > 0 {
		if then, err = c.log.DocAt(of, followed...); errors.Is(err, storage.ErrNotFound) {
			then, err = crdt.NewDoc(of), nil
		}
	}
	return compare(then, original, lines), err
}

// withOriginal reads a translation and the page that it translates. The error is
// ErrNotFound for a page that isn't a translation.
func (c *Commons) withOriginal(translation crdt.ID) (d, original *crdt.Doc, err error) {
	if d, err = c.Doc(translation); err != nil {
		return nil, nil, err
	}
	of, ok := commons.Original(d)
	if !ok {
		return nil, nil, ErrNotFound
	}
	original, err = c.Doc(of)
	return d, original, err
}

func compare(was, is *crdt.Doc, lines int) []commons.Span {
	spans := commons.DiffSpans(commons.Body(was), commons.Body(is))
	if lines >= 0 {
		spans = commons.Around(spans, lines)
	}
	return spans
}

// Translate makes a translation of a page, or of what that is a translation of,
// with its words to write over. The title may be "".
func (c *Commons) Translate(ctx context.Context, by Author, page crdt.ID, language, title string) (crdt.ID, error) {
	var id crdt.ID
	rand.Read(id[:])
	_, err := c.WriteAs(ctx, by, func() ([][]crdt.Edit, error) {
		d, err := c.Doc(page)
		if err != nil {
			return nil, err
		}
		if of, is := commons.Original(d); is {
			if d, err = c.Doc(of); err != nil {
				return nil, err
			}
		}
		return commons.Translate(id, d, language, title, c.env())
	})
	return id, err
}

// FollowOriginal says of a translation that it says the same as its original
// does now. The error is ErrNotFound for a page that isn't a translation.
func (c *Commons) FollowOriginal(ctx context.Context, by Author, page crdt.ID) error {
	_, err := c.WriteAs(ctx, by, func() ([][]crdt.Edit, error) {
		d, original, err := c.withOriginal(page)
		if err != nil {
			return nil, err
		}
		return commons.Follow(d, original)
	})
	return err
}

// ComparePage compares what a page says in two versions, by words. Versions are
// changes' ids or their beginnings; an empty to is today, an empty from the
// version before to's revision. lines is how many unchanged lines are left
// around what changed; below 0, all are.
func (c *Commons) ComparePage(id crdt.ID, from, to string, lines int) ([]commons.Span, error) {
	was, is, err := c.versions(id, from, to)
	if err != nil {
		return nil, err
	}
	return compare(was, is, lines), nil
}

// versions returns the two documents that a comparison is between.
func (c *Commons) versions(id crdt.ID, from, to string) (was, is *crdt.Doc, err error) {
	if to == "" {
		is, err = c.Doc(id)
	} else {
		is, _, err = c.DocAt(id, to)
	}
	if err != nil {
		return nil, nil, err
	}
	if from != "" {
		was, _, err = c.DocAt(id, from)
		return was, is, err
	}
	h, err := c.revisions(id)
	if err != nil {
		return nil, nil, err
	}
	n := len(h.list) - 1
	if to != "" {
		_, change, err := c.DocAt(id, to)
		if err != nil {
			return nil, nil, err
		}
		at, ok := h.of[change]
		if !ok { // it doesn't count any more
			was, err = c.beforeChange(id, change)
			return was, is, err
		}
		n = at
	}
	if n < 0 {
		return crdt.NewDoc(id), is, nil
	}
	was, err = c.Before(id, h.list[n])
	return was, is, err
}
