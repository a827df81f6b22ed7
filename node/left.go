package node

import (
	"context"
	"fmt"
	"unicode/utf8"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/text"
)

// VersionOf returns the version that a page's text is in.
func VersionOf(d *crdt.Doc) TextVersion { return versionOf(textOf(d).Heads()) }

// LeavePage makes a page read as somebody left it who began from an earlier
// version of it; what others wrote since, or write meanwhile, stays. The error
// is ErrVersionGone, or as for WriteAs.
func (c *Commons) LeavePage(ctx context.Context, by Author, id crdt.ID, base TextVersion, left string) error {
	heads, ok := base.heads()
	if !ok {
		return ErrVersionGone
	}
	_, err := c.WriteAs(ctx, by, func() ([][]crdt.Edit, error) {
		d, err := c.Doc(id)
		if err != nil {
			return nil, err
		}
		t := textOf(d)
		began, err := t.At(heads)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrVersionGone, err)
		}
		splices, _, err := t.Rebase(heads, text.DiffWords(began, left))
		if err != nil {
			return nil, fmt.Errorf("edit %v: %w", id, err)
		}
		return commons.EditSplices(d, "body", splices)
	})
	return err
}

// MaxTyped is how many bytes an edit of an open page may insert; of a longer
// text, an editor makes several.
const MaxTyped = 16 << 10

// Part returns as much of splices, which count units, as goes into one edit, and
// what remains to be done after it.
func Part(s []text.Splice, u text.Unit) (now, later []text.Splice) {
	room := MaxTyped
	for i, x := range s {
		if len(x.Ins) <= room && i < text.MaxSplices {
			room -= len(x.Ins)
			continue
		}
		at := min(room, len(x.Ins))
		for at > 0 && !utf8.RuneStart(x.Ins[at:][0]) {
			at--
		}
		now = append(now, s[:i]...)
		if at == 0 || i == text.MaxSplices {
			return now, append(later, s[i:]...)
		}
		now = append(now, text.Splice{Pos: x.Pos, Del: x.Del, Ins: x.Ins[:at]})
		later = append(later, text.Splice{Pos: x.Pos + u.Of(x.Ins[:at]), Ins: x.Ins[at:]})
		return now, append(later, s[i+1:]...)
	}
	return s, nil
}
